"""Mixpanel: profiles and events."""

from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class Mixpanel(VendorTest):
    vendor = "mixpanel"
    settings = {"project_id": "1", "project_token": SECRET, "user": "u", "password": SECRET}
    sync = {"object": "profiles", "match": {"$distinct_id": "id"}, "mode": "mirror",
            "fields": {"$email": "email", "$name": "name", "city": "city"}}

    def test_profiles_hold_the_model(self):
        self.rows = [person(1), person(2, city=None)]
        self.run_sync(accepted=2)
        self.assertEqual(self.held("profiles"), [{"$email": "p1@example.com", "$name": "Person 1", "city": "Ulm"},
                                                 {"$email": "p2@example.com", "$name": "Person 2"}])
        self.rows = [person(1, name="Ada"), person(2, city=None)]
        self.run_sync(changed=1, accepted=1)
        self.rows = [person(1, name="Ada")]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(self.held("profiles"), [{"$email": "p1@example.com", "$name": "Ada", "city": "Ulm"}])
        self.assert_quiet()

    def test_events_are_imported_once(self):
        self.project.sync(name="events", object="events", mode="append", match=None, guard=None,
                          fields={"event": {"value": "Signed up"}, "distinct_id": "email", "time": "seen", "city": "city"})
        def row(number, **more):
            return person(number, seen="2026-11-01 10:00:00", **more)

        self.rows = [row(1), row(2, city=None), row(3) | {"seen": None}]
        result = self.run_sync(sync="events", code=PARTIAL, accepted=2, rejected=1)
        self.assertEqual(self.refused(result), {"3": "'properties.time' is invalid: must be specified"})
        self.rows = [row(1), row(2), row(4)]
        self.run_sync(sync="events", accepted=1)
        held = self.held("events")
        self.assertEqual([(one["event"], one["distinct_id"], one["time"]) for one in held],
                         [("Signed up", f"p{number}@example.com", 1793527200000) for number in (1, 2, 4)])
        self.assertEqual(held[0]["city"], "Ulm")


if __name__ == "__main__":
    main()
