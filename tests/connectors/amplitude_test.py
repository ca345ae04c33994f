"""Amplitude as a destination: its stand-in must hold exactly the model."""

import json

from of_vendor import FAILED, PARTIAL, SECRET, USAGE, VendorTest, main, person


class AmplitudeTest(VendorTest):
    vendor = "amplitude"
    settings = {"api_key": SECRET}


class Events(AmplitudeTest):
    def setUp(self):
        super().setUp()
        self.project.model(sql="select id, nullif(name, '') as name, timestamp '2026-01-02 03:04:05' as at, city "
                               "from people")
        self.project.sync(object="events", mode="append", match=None,
                          fields={"user_id": "id", "event_type": "name", "time": "at", "city": "city"})

    def test_each_key_once(self):
        self.rows = [person(1), person(2)]
        self.call("check")
        self.plan_sync(added=2, to_send=2)
        self.run_sync(accepted=2)
        own = self.held_by("events", "user_id")["1"]
        self.assertRegex(own["insert_id"], "^[0-9a-f-]{32,36}$")
        self.assertEqual((own["event_type"], own["time"], own["event_properties"]), ("Person 1", 1767323045000, {"city": "Ulm"}))
        self.rows = [person(2), person(3)]
        self.run_sync(accepted=1)
        self.assertEqual(set(self.held_by("events", "user_id")), {"1", "2", "3"})

    def test_large_plans_take_the_batch_upload(self):
        self.project.sync(object="events", mode="append", match=None, batch={"bulk": "always"},
                          fields={"user_id": "id", "event_type": "name", "time": "at"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.assertIn("/batch", self.sandbox.stats()["by_path"])

    def test_named_events_are_rejected_and_the_others_go_again(self):
        self.rows = [person(number, name="" if number == 4 else "seen") for number in range(1, 9)]
        result = self.run_sync(code=PARTIAL, accepted=7, rejected=1)
        self.assertEqual(self.outcomes(result["run"])["4"], "rejected")
        self.assertIn("event_type", self.call("log", result["run"], "--json").out)
        self.assertEqual(set(self.held_by("events", "user_id")), set("1235678"))

    def test_a_refused_key_ends_the_run(self):
        self.rows = [person(1), person(2)]
        self.sandbox.fault(path="/2/httpapi", count=1, status=400, body=json.dumps({"code": 400, "error": "Invalid API key"}))
        self.run_sync(code=FAILED, accepted=0, rejected=0)
        self.run_sync(accepted=2)

    def test_a_repeated_request_writes_nothing_twice(self):
        self.rows = [person(1), person(2)]
        self.sandbox.fault(path="/2/httpapi", count=1, after=True, kind="status", status=503)
        self.run_sync(accepted=2)
        self.assertEqual(len(self.sandbox.records("events")), 2)

    def test_a_throttled_user_waits_and_the_others_go_on(self):
        refusal = {"code": 429, "error": "Too many requests for some devices and users", "eps_threshold": 30,
                   "throttled_users": {"2": 31}, "throttled_events": [1]}
        self.sandbox.fault(path="/2/httpapi", count=1, status=429, body=json.dumps(refusal))
        self.rows = [person(1), person(2), person(3)]
        process = self.project.start("run", "contacts", "--json")
        self.wait_until(lambda: len(self.sandbox.records("events")) == 2)
        process.kill()
        process.communicate()
        self.assertEqual(set(self.held_by("events", "user_id")), {"1", "3"})
        self.assertEqual(self.sandbox.stats()["throttled"], 1)


class Properties(AmplitudeTest):
    def test_of_users(self):
        self.project.sync(object="users", match={"user_id": "email"}, fields={"name": "name", "city": "city"})
        self.rows = [person(1, name="Zo\u00eb & \"co\" + 1%"), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual(self.sandbox.records("users"), {
            "p1@example.com": {"name": "Zo\u00eb & \"co\" + 1%", "city": "Ulm"},
            "p2@example.com": {"name": "Person 2", "city": "Ulm"}})
        self.assert_quiet(unchanged=2)
        self.rows = [person(1, name="Ada"), person(2)]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.sandbox.records("users")["p1@example.com"], {"name": "Ada", "city": "Ulm"})

    def test_of_devices_and_groups(self):
        self.rows = [person(1), person(2)]
        self.project.sync("devices", object="users", match={"device_id": "id"}, fields={"city": "city"})
        self.run_sync(sync="devices", accepted=2)
        self.assertEqual(self.sandbox.records("users"), {"1": {"city": "Ulm"}, "2": {"city": "Ulm"}})
        self.project.sync("groups", object="groups/company", match={"group_value": "name"}, fields={"city": "city"})
        self.run_sync(sync="groups", accepted=2)
        self.assertEqual(self.sandbox.records("groups"), {"company:Person 1": {"city": "Ulm"},
                                                          "company:Person 2": {"city": "Ulm"}})

    def test_users_cannot_be_looked_up(self):
        self.rows = [person(1)]
        self.project.sync(object="users", mode="update", match={"user_id": "email"}, fields={"city": "city"})
        self.call("run", "contacts", code=USAGE)


if __name__ == "__main__":
    main()
