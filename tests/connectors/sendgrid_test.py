"""SendGrid as a destination, tried against its sandbox."""

import json

from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class Base(VendorTest):
    vendor = "sendgrid"
    options = ("--job-time", "20ms")
    settings = {"api_key": SECRET}


class SendGridTest(Base):
    def test_contacts_hold_the_model(self):
        self.project.sync(match={"email": "email"},
                          fields={"first_name": "name", "custom_fields.e1_T": "city"})
        self.rows = [person(1), person(2), person(3)]
        self.call("check")
        self.plan_sync(added=3, to_send=3)
        self.run_sync(accepted=3)
        held = self.held_by("contacts", "email")
        self.assertEqual(sorted(held), ["p1@example.com", "p2@example.com", "p3@example.com"])
        self.assertEqual(held["p1@example.com"]["custom_fields"], {"e1_T": "Ulm"})
        self.assert_quiet(unchanged=3)
        self.rows = [person(1), person(2, city="Bonn"), person(3)]
        self.run_sync(changed=1, accepted=1)
        held = self.held_by("contacts", "email")
        self.assertEqual(len(held), 3)
        self.assertEqual(held["p2@example.com"]["custom_fields"], {"e1_T": "Bonn"})

    def test_who_left_is_removed(self):
        self.project.sync(mode="mirror", match={"email": "email"}, fields={"first_name": "name"}, guard={"max_removed": "100%"})
        self.rows = [person(1), person(2), person(3, email="P3@Example.com")]
        self.run_sync(accepted=3)
        self.sandbox.call("DELETE", f"/v3/marketing/contacts?ids={self.contact('p2@example.com')}")
        self.rows = [person(1)]
        self.run_sync(removed=2, accepted=2)
        self.assertEqual(list(self.held_by("contacts", "email")), ["p1@example.com"])
        self.assert_quiet()

    def contact(self, email):
        found = self.sandbox.call("POST", "/v3/marketing/contacts/search/emails", {"emails": [email]})
        return json.loads(found)["result"][email]["contact"]["id"]

    def test_a_field_that_is_not_there_is_refused_with_the_reason(self):
        self.project.sync(match={"email": "email"}, fields={
            "first_name": "name", "custom_fields.e9_T": {"from": "city", "null": "omit"}})
        self.rows = [person(1, city=None), person(2), person(3, email="no address")]
        run = self.run_sync(code=PARTIAL, invalid=1, accepted=1, rejected=1)
        self.assertIn("unknown custom field id: e9_T", self.reason(2, run))
        self.assertEqual(sorted(self.held_by("contacts", "email")), ["p1@example.com"])


class RefusalsTest(Base):
    options = (*Base.options, "--fail", "100%")

    def test_an_import_with_refusals_is_rejected(self):
        """An import with a refused contact counts as rejected; it is never taken for written."""
        self.project.sync(match={"email": "email"}, fields={"first_name": "name"})
        self.rows = [person(1), person(2)]
        self.run_sync(code=PARTIAL, accepted=0, rejected=2)
        self.assertEqual(self.sandbox.records("contacts"), {})


if __name__ == "__main__":
    main()
