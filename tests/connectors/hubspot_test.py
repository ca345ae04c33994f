"""HubSpot beyond its records, which most other tests are about: members of lists, and associations."""

import json

from kinds_of_vendor import SeveralHands
from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class HubSpot(VendorTest):
    vendor = "hubspot"
    settings = {"access_token": SECRET}

    def contacts(self, count):
        return [self.sandbox.create(email=f"p{number}@example.com") for number in range(1, count + 1)]

    def members(self, name="7"):
        found = json.loads(self.sandbox.call("GET", f"/crm/v3/lists/{name}/memberships"))
        return sorted(one["recordId"] for one in found["results"])

    def test_members_of_a_list_come_and_go(self):
        ids = self.contacts(3)
        self.write_sync(object="lists/7", mode="mirror", match={"hs_object_id": "id"}, fields={"hs_object_id": "id"})
        self.rows = [person(one) for one in ids[:2]]
        self.call("check")
        self.run_sync(accepted=2, requests=1)
        self.assertEqual(self.members(), sorted(ids[:2]))
        self.assert_quiet()
        self.rows = [person(one) for one in (ids[1], ids[2], "987654321")]
        result = self.run_sync(code=PARTIAL, added=2, removed=1, accepted=2, rejected=1)
        self.assertIn("RECORD_NOT_FOUND", self.reason("987654321", result))
        self.assertEqual(self.members(), sorted(ids[1:]))

    def test_members_by_email(self):
        ids = self.contacts(2)
        self.write_sync(object="lists/8", mode="update", match={"email": "email"}, fields={"email": "email"})
        self.rows = [person(1), person(2), person(9)]
        self.run_sync(accepted=2, skipped=1)
        self.assertEqual(self.members("8"), sorted(ids))
        self.write_sync("leavers", object="lists/8", mode="delete", match={"email": "email"}, fields=None)
        self.rows = [person(1)]
        self.run_sync(sync="leavers", accepted=1)
        self.assertEqual(self.members("8"), ids[1:])

    def test_associations(self):
        ids = self.contacts(2)
        firm = self.sandbox.create("companies", name="Acme")
        self.write_sync(object="associations/contacts", mode="upsert", options={"to": "companies"},
                        match={"from": "id", "to": "phone"}, fields={"to": "phone"})
        self.rows = [person(one, phone=firm) for one in ids] + [person("987654321", phone=firm)]
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertEqual(self.outcomes(result["run"])["987654321"], "rejected")
        self.assertEqual(self.pairs(), sorted((one, firm) for one in ids))

    def pairs(self):
        return sorted((one["from"], one["to"]) for one in self.held("contacts_to_companies"))

    def test_associations_are_taken_apart(self):
        ids = self.contacts(2)
        firms = [self.sandbox.create("companies", name=name) for name in ("Acme", "Ajax")]
        self.write_sync(object="associations/contacts", mode="mirror", match={"from": "id", "to": "phone"}, fields=None)
        self.rows = [person(one, phone=firms[0]) for one in ids]
        self.run_sync(accepted=2, requests=1)
        # One moves to the other company, one leaves.
        self.rows = [person(ids[0], phone=firms[1])]
        self.run_sync(changed=1, removed=1, accepted=2)
        self.assertEqual(self.pairs(), [(ids[0], firms[1])])
        self.assert_quiet()

    def test_ends_of_associations_are_found_by_properties(self):
        ids = self.contacts(3)
        acme = self.sandbox.create("companies", domain="acme.example")
        self.write_sync(object="associations/contacts", mode="mirror", match={"from": "email", "to": "phone"}, fields=None,
                        options={"from_by": "email", "to_by": "domain"})
        self.rows = [person(1, phone="acme.example"), person(2, phone="ACME.example"), person(3, phone="ajax.example"),
                     person(9, phone="acme.example")]
        self.call("check")
        # One look-up for each end, and one request for both pairs.
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=2, requests=3)
        self.assertIn("ajax.example", self.reason(3, result))
        self.assertIn("NO_REFERENCE", self.reason(9, result))
        self.assertEqual(self.pairs(), sorted((one, acme) for one in ids[:2]))
        # What was not there has come, and a row is tried again; one moves, one goes.
        ajax = self.sandbox.create("companies", domain="ajax.example")
        self.rows = [person(1, phone="ajax.example"), person(3, phone="ajax.example")]
        self.run_sync(command="retry", accepted=3, removed=1)
        self.assertEqual(self.pairs(), sorted((one, ajax) for one in (ids[0], ids[2])))
        self.assert_quiet()

    def test_an_end_that_several_records_have_is_refused(self):
        self.contacts(1)
        for name in ("Acme", "Acme"):
            self.sandbox.create("companies", name=name)
        self.write_sync(object="associations/contacts", mode="upsert", match={"from": "email", "to": "phone"}, fields=None,
                        options={"from_by": "email", "to_by": "name"})
        self.rows = [person(1, phone="Acme")]
        self.assertIn("SEVERAL_REFERENCES", self.reason(1, self.run_sync(code=PARTIAL, rejected=1)))


class Hands(SeveralHands, VendorTest):
    vendor = "hubspot"
    settings = {"access_token": SECRET}
    kept, told_by, field = "contacts", "email", "city"
    sync = {"match": {"email": "email"}, "fields": {"firstname": "name", "city": "city"}}


if __name__ == "__main__":
    main()
