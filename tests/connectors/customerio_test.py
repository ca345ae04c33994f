"""Customer.io as a destination: people and events, tried against the sandbox."""

from kinds_of_vendor import People
from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class CustomerIo(People, VendorTest):
    vendor = "customerio"
    kept = "people"
    told_by, column = "id", "id"
    settings = {"site_id": "site", "api_key": SECRET}
    sync = {"object": "people", "match": {"id": "id"}, "fields": {"email": "email", "city": "city"}}

    def cities(self):
        return {one["id"]: one.get("city") for one in self.sandbox.records("people").values()}

    def test_only_changes_go(self):
        self.call("check")
        self.rows = [person(1), person(2), person("x" * 151, email="x@example.com")]
        self.plan_sync(added=3)
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn("longer than 150 bytes", str(self.operations(result["run"])))
        self.rows = [person(1, city="Bonn"), person(2)]
        self.run_sync(changed=1, accepted=1, sent=1)
        self.assertEqual(self.cities(), {"1": "Bonn", "2": "Ulm"})
        self.assert_quiet()

    def test_all_rows_of_a_request_are_refused(self):
        self.rows = [person("x" * 151, email="x@example.com"), person("y" * 151, email="y@example.com")]
        self.run_sync(code=PARTIAL, accepted=0, rejected=2)

    def test_mirror_update_and_delete(self):
        self.write_sync(mode="mirror", guard={"max_removed": "100%"})
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(accepted=3)
        self.rows = [person(1), person(2)]
        self.run_sync(removed=1, accepted=1)
        self.project.sync("updates", object="people", mode="update", match={"email": "email"}, fields={"city": "city"})
        self.rows = [person(1, city="Bonn"), person(2), person(9)]
        self.run_sync(sync="updates", accepted=3)
        self.assertEqual(self.cities(), {"1": "Bonn", "2": "Ulm"})

    def test_events(self):
        self.project.sync("events", object="events", mode="append", match=None, fields={
            "name": {"value": "signed up"}, "id": "id", "timestamp": {"value": "2026-11-23T14:13:11Z"}, "city": "city"})
        self.rows = [person(1), person("x" * 151, email="x@example.com")]
        self.run_sync(sync="events", code=PARTIAL, accepted=1, rejected=1)
        self.rows = [person(1), person(2)]
        self.run_sync(sync="events", accepted=1)
        self.assertEqual(sorted((one["name"], one["person"]["id"], one["attributes"]["city"])
                                for one in self.sandbox.records("events").values()),
                         [("signed up", "1", "Ulm"), ("signed up", "2", "Ulm")])

    def test_people_of_a_segment(self):
        for field, value in (("id", "id"), ("email", "email")):
            self.write_sync(field, object="segments/7", mode="mirror", match={field: value}, fields={field: value})
            self.rows = [person(1), person(2)]
            self.run_sync(sync=field, accepted=2, requests=1)
            self.rows = [person(2)]
            self.run_sync(sync=field, removed=1, accepted=1)
        self.assertEqual(sorted(one["id"] for one in self.held("segments")), ["2", "p2@example.com"])


if __name__ == "__main__":
    main()
