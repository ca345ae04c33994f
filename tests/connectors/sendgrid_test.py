"""SendGrid as a destination, tried against its sandbox."""

import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
# pylint: disable=wrong-import-position
from harness import PARTIAL, TOKEN, PipeTest, main, person  # noqa: E402


class Base(PipeTest):
    sandbox_options = ("--vendor", "sendgrid", "--job-time", "20ms")

    def setUp(self):
        super().setUp()
        directory = os.environ.get("PENSTOCK_CONNECTORS")
        if directory:
            self.project.write("connectors/sendgrid.yaml", "")
            shutil.copy(os.path.join(directory, "sendgrid.yaml"), self.project.path("connectors"))
        self.project.write("destinations/crm.yaml", {"type": "sendgrid", "base_url": self.sandbox.url,
                "api_key": TOKEN})

    def held(self, object_name, by):
        """What the vendor holds: {value of `by`: properties}."""
        return {one[by]: one for one in self.sandbox.records(object_name).values()}

    def reason(self, key, run):
        """The vendor's words for a row that it refused."""
        refused = [one for one in self.operations(run["run"]) if one["key"] == str(key)]
        self.assertEqual([one["outcome"] for one in refused], ["rejected"])
        return f"{refused[0]}"


class SendGridTest(Base):
    def test_contacts_hold_the_model(self):
        self.project.sync(match={"email": "email"},
                          fields={"first_name": "name", "custom_fields.e1_T": "city"})
        self.rows = [person(1), person(2), person(3)]
        self.call("check")
        self.plan_sync(added=3, to_send=3)
        self.run_sync(accepted=3)
        held = self.held("contacts", "email")
        self.assertEqual(sorted(held), ["p1@example.com", "p2@example.com", "p3@example.com"])
        self.assertEqual(held["p1@example.com"]["custom_fields"], {"e1_T": "Ulm"})
        self.assert_quiet(unchanged=3)
        self.rows = [person(1), person(2, city="Bonn"), person(3)]
        self.run_sync(changed=1, accepted=1)
        held = self.held("contacts", "email")
        self.assertEqual(len(held), 3)
        self.assertEqual(held["p2@example.com"]["custom_fields"], {"e1_T": "Bonn"})

    def test_a_field_that_is_not_there_is_refused_with_the_reason(self):
        self.project.sync(match={"email": "email"}, fields={
            "first_name": "name", "custom_fields.e9_T": {"from": "city", "null": "omit"}})
        self.rows = [person(1, city=None), person(2), person(3, email="no address")]
        run = self.run_sync(code=PARTIAL, invalid=1, accepted=1, rejected=1)
        self.assertIn("unknown custom field id: e9_T", self.reason(2, run))
        self.assertEqual(sorted(self.held("contacts", "email")), ["p1@example.com"])


class RefusalsTest(Base):
    sandbox_options = ("--vendor", "sendgrid", "--job-time", "20ms", "--fail", "100%")

    def test_an_import_with_refusals_is_rejected(self):
        """An import with a refused contact counts as rejected; it is never taken for written."""
        self.project.sync(match={"email": "email"}, fields={"first_name": "name"})
        self.rows = [person(1), person(2)]
        self.run_sync(code=PARTIAL, accepted=0, rejected=2)
        self.assertEqual(self.sandbox.records("contacts"), {})


if __name__ == "__main__":
    main()
