"""Segment: traits of users and events, in batches."""

from of_vendor import SECRET, VendorTest, main, person


class Segment(VendorTest):
    vendor = "segment"
    settings = {"write_key": SECRET}
    sync = {"object": "identify", "match": {"userId": "id"}, "mode": "upsert", "guard": None,
            "fields": {"email": "email", "name": "name", "city": "city"}}

    def test_traits(self):
        self.rows = [person(1), person(2, city=None)]
        self.run_sync(accepted=2, requests=1)
        self.rows = [person(1, name="Ada"), person(2, city=None)]
        self.run_sync(changed=1, accepted=1)
        self.rows = [person(1), person(2, city=None)]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.held("people"), [{"email": "p1@example.com", "name": "Person 1", "city": "Ulm"},
                                               {"email": "p2@example.com", "name": "Person 2"}])
        self.assert_quiet()

    def test_groups(self):
        self.project.sync(name="firms", object="group", match={"groupId": "city"}, fields={"userId": "id", "name": "name"})
        self.rows = [person(1)]
        self.run_sync(sync="firms", accepted=1)
        self.assertEqual([(one["type"], one["groupId"], one["userId"], one["traits"]) for one in self.held("events")],
                         [("group", "Ulm", "1", {"name": "Person 1"})])

    def test_events(self):
        self.project.sync(name="events", object="track", mode="append", match=None,
                          fields={"event": {"value": "Signed up"}, "userId": "id", "timestamp": "seen", "city": "city"})
        self.rows = [person(1, seen="2026-11-01 10:00:00"), person(2, seen="2026-11-02")]
        self.run_sync(sync="events", accepted=2)
        self.rows = self.rows + [person(3, seen=None)]
        self.run_sync(sync="events", accepted=1)
        held = self.held("events")
        self.assertEqual([(one["type"], one["event"], one["userId"]) for one in held],
                         [("track", "Signed up", str(number)) for number in (1, 2, 3)])
        self.assertEqual(held[0]["timestamp"], "2026-11-01T10:00:00Z")
        self.assertEqual(held[0]["properties"], {"city": "Ulm"})
        self.assertEqual(len({one["messageId"] for one in held}), 3)


if __name__ == "__main__":
    main()
