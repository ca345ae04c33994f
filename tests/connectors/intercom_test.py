"""Intercom as a destination: contacts, companies and events, tried against the sandbox."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
# pylint: disable=wrong-import-position
from harness import PARTIAL, TOKEN, PipeTest, Sandbox, main, person  # noqa: E402


class Intercom(PipeTest):
    sandbox_options = ("--vendor", "intercom")

    def setUp(self):
        super().setUp()
        own = os.environ.get("PENSTOCK_CONNECTORS")
        if own:
            os.makedirs(self.project.path("connectors"))
            shutil.copy(os.path.join(own, "intercom.yaml"), self.project.path("connectors"))
        self.destination()
        self.contacts()

    def destination(self):
        self.project.write("destinations/crm.yaml", {"type": "intercom", "access_token": TOKEN, "base_url": self.sandbox.url})

    def refuse_some(self):
        """From now on the vendor refuses some rows, always the same."""
        self.sandbox = Sandbox(*self.sandbox_options, "--fail", "40%")
        self.addCleanup(self.sandbox.stop)
        self.destination()

    def contacts(self, **more):
        self.project.sync(**({"match": {"email": "email"}, "fields": {"name": "name", "custom_attributes.city": "city"}} | more))

    def cities(self):
        return {one["email"]: one.get("custom_attributes", {}).get("city") for one in self.sandbox.records().values()}

    def test_bad_rows_are_refused_alone(self):
        self.refuse_some()
        self.rows = [person(key) for key in range(1, 11)]
        result = self.run_sync(code=PARTIAL)
        refused = {one["key"] for one in self.operations(result["run"]) if one["outcome"] == "rejected"}
        self.assertIn("refused by the sandbox", str(self.operations(result["run"])))
        self.assertEqual(result["rejected"], len(refused))
        self.assertTrue(0 < len(refused) < 10)
        good = sorted(person(key)["email"] for key in range(1, 11) if str(key) not in refused)
        self.assertEqual(sorted(one["email"] for one in self.sandbox.records("contacts").values()), good)

    def test_only_changes_go(self):
        self.call("check")
        self.rows = [person(1), person(2)]
        self.plan_sync(added=2)
        self.run_sync(accepted=2)
        self.rows = [person(1, city="Bonn"), person(2)]
        self.run_sync(changed=1, accepted=1, sent=1)
        self.assertEqual(self.cities(), {"p1@example.com": "Bonn", "p2@example.com": "Ulm"})
        self.assert_quiet()

    def test_mirror_insert_and_records_that_are_there(self):
        self.sandbox.call("POST", "/contacts", {"email": "p1@example.com", "role": "user"})
        self.contacts(mode="insert")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=1, skipped=1)
        self.contacts(mode="mirror", guard={"max_removed": "100%"})
        self.run_sync(sync="contacts")
        self.rows = [person(1)]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(list(self.cities()), ["p1@example.com"])

    def test_companies_and_events(self):
        self.project.sync("companies", object="companies", match={"company_id": "id"}, fields={"name": "name"})
        self.project.sync("events", object="events", mode="append", match=None, fields={
            "event_name": {"value": "signed up"}, "created_at": {"value": "2026-11-23T14:13:11Z"}, "email": "email",
            "metadata.city": "city"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.run_sync(sync="companies", accepted=2)
        self.assertEqual({one["company_id"]: one["name"] for one in self.sandbox.records("companies").values()},
                         {"1": "Person 1", "2": "Person 2"})
        self.rows = [person(1), person(2), person(9)]
        self.run_sync(sync="events", code=PARTIAL, accepted=2, rejected=1)
        self.assertEqual([one["created_at"] for one in self.sandbox.records("events").values()], [1795443191] * 2)


if __name__ == "__main__":
    main()
