"""Klaviyo as a destination: profiles one by one and in jobs, and events, tried against the sandbox."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
# pylint: disable=wrong-import-position
from harness import PARTIAL, TOKEN, PipeTest, Sandbox, main, person  # noqa: E402


class Klaviyo(PipeTest):
    sandbox_options = ("--vendor", "klaviyo", "--job-time", "20ms")

    def setUp(self):
        super().setUp()
        own = os.environ.get("PENSTOCK_CONNECTORS")
        if own:
            os.makedirs(self.project.path("connectors"))
            shutil.copy(os.path.join(own, "klaviyo.yaml"), self.project.path("connectors"))
        self.destination()
        self.profiles()

    def destination(self):
        self.project.write("destinations/crm.yaml", {"type": "klaviyo", "api_key": TOKEN, "base_url": self.sandbox.url})

    def refuse_some(self):
        """From now on the vendor refuses some rows, always the same."""
        self.sandbox = Sandbox(*self.sandbox_options, "--fail", "40%")
        self.addCleanup(self.sandbox.stop)
        self.destination()

    def profiles(self, **more):
        self.project.sync(**({"object": "profiles", "match": {"email": "email"},
                              "fields": {"first_name": "name", "properties.city": "city"}} | more))

    def cities(self):
        return {one["email"]: one["properties"]["city"] for one in self.sandbox.records("profiles").values()}

    def test_bad_rows_are_refused_alone(self):
        self.refuse_some()
        self.rows = [person(key) for key in range(1, 11)]
        result = self.run_sync(code=PARTIAL)
        refused = {one["key"] for one in self.operations(result["run"]) if one["outcome"] == "rejected"}
        self.assertIn("refused by the sandbox", str(self.operations(result["run"])))
        self.assertEqual(result["rejected"], len(refused))
        self.assertTrue(0 < len(refused) < 10)
        good = sorted(person(key)["email"] for key in range(1, 11) if str(key) not in refused)
        self.assertEqual(sorted(one["email"] for one in self.sandbox.records("profiles").values()), good)

    def test_only_changes_go(self):
        self.call("check")
        self.rows = [person(1), person(2)]
        self.plan_sync(added=2)
        self.run_sync(accepted=2)
        self.rows = [person(1, city="Bonn"), person(2)]
        self.run_sync(changed=1, accepted=1, sent=1)
        self.assertEqual(self.cities(), {"p1@example.com": "Bonn", "p2@example.com": "Ulm"})
        self.assert_quiet()

    def test_a_job_tells_of_its_rows(self):
        self.refuse_some()
        self.profiles(batch={"bulk": "always"})
        self.rows = [person(key) for key in range(1, 11)]
        result = self.run_sync(code=PARTIAL)
        refused = {one["key"] for one in self.operations(result["run"]) if one["outcome"] == "rejected"}
        self.assertIn("refused by the sandbox", str(self.operations(result["run"])))
        self.assertEqual(result["rejected"], len(refused))
        self.assertTrue(0 < len(refused) < 10)
        good = sorted(person(key)["email"] for key in range(1, 11) if str(key) not in refused)
        self.assertEqual(sorted(one["email"] for one in self.sandbox.records("profiles").values()), good)
        self.assertIn("/api/profile-bulk-import-jobs", str(self.sandbox.stats()["by_path"]))

    def test_insert_and_update(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.project.sync("inserts", object="profiles", mode="insert", match={"email": "email"}, fields={"properties.city": "city"})
        self.project.sync("updates", object="profiles", mode="update", match={"email": "email"}, fields={"properties.city": "city"})
        self.rows = [person(1, city="Bonn"), person(2)]
        self.run_sync(sync="inserts", accepted=1, skipped=1)
        self.rows = [person(2, city="Bonn"), person(3)]
        self.run_sync(sync="updates", accepted=1, skipped=1)
        self.assertEqual(self.cities(), {"p1@example.com": "Ulm", "p2@example.com": "Bonn"})

    def test_events(self):
        self.project.sync("events", object="events", mode="append", match=None, fields={
            "metric": {"value": "Signed Up"}, "unique_id": "id", "email": "email", "city": "city"})
        self.rows = [person(1)]
        self.run_sync(sync="events", accepted=1)
        self.run_sync(sync="events", sent=0)
        self.assertEqual([(one["metric"], one["profile"], one["properties"]) for one in self.sandbox.records("events").values()],
                         [("Signed Up", {"email": "p1@example.com"}, {"city": "Ulm"})])


if __name__ == "__main__":
    main()
