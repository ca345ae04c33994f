"""Klaviyo as a destination: profiles one by one and in jobs, and events, tried against the sandbox."""

from kinds_of_vendor import People
from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class Klaviyo(People, VendorTest):
    vendor = "klaviyo"
    kept = "profiles"
    options = ("--job-time", "20ms")
    settings = {"api_key": SECRET}
    sync = {"object": "profiles", "match": {"email": "email"},
            "fields": {"first_name": "name", "properties.city": "city"}}

    def cities(self):
        return {one["email"]: one["properties"]["city"] for one in self.sandbox.records("profiles").values()}

    def test_a_job_tells_of_its_rows(self):
        self.refuse_some()
        self.write_sync(batch={"bulk": "always"})
        self.rows = [person(key) for key in range(1, 11)]
        self.assert_refused_alone(self.run_sync(code=PARTIAL))
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

    def test_what_is_there_is_read(self):
        self.rows = [person(1, name="Zoë \"日本\" \\ b"), person(2), person(3)]
        self.run_sync(accepted=3)
        self.assert_read("properties.city")

    def test_events(self):
        self.project.sync("events", object="events", mode="append", match=None, fields={
            "metric": {"value": "Signed Up"}, "unique_id": "id", "email": "email", "city": "city"})
        self.rows = [person(1)]
        self.run_sync(sync="events", accepted=1)
        self.run_sync(sync="events", sent=0)
        self.assertEqual([(one["metric"], one["profile"], one["properties"]) for one in self.sandbox.records("events").values()],
                         [("Signed Up", {"email": "p1@example.com"}, {"city": "Ulm"})])

    def test_members_of_a_list(self):
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(accepted=3)
        ids = {one["email"]: key for key, one in self.sandbox.records("profiles").items()}
        profile = [ids[f"p{number}@example.com"] for number in (1, 2, 3)]
        self.write_sync("members", object="lists/L1", mode="mirror", match={"id": "id"}, fields={"id": "id"})
        self.rows = [person(profile[0]), person(profile[1])]
        self.run_sync(sync="members", accepted=2)
        self.rows = [person(profile[1]), person(profile[2]), person("00000000-0000-4000-8000-000000000000")]
        self.run_sync(sync="members", code=PARTIAL, removed=1, accepted=2, rejected=1)
        self.assertEqual(sorted(one["profile"] for one in self.held("list_L1")), sorted(profile[1:]))
        self.write_sync("joiners", object="lists/L1", mode="update", match={"email": "email"}, fields={"email": "email"})
        self.rows = [person(1), person(9)]
        self.run_sync(sync="joiners", accepted=1, skipped=1)
        self.assertEqual(len(self.held("list_L1")), 3)
        self.write_sync("leavers", object="lists/L1", mode="delete", match={"email": "email"}, fields=None)
        self.rows = [person(1)]
        self.run_sync(sync="leavers", accepted=1)
        self.assertEqual(len(self.held("list_L1")), 2)


if __name__ == "__main__":
    main()
