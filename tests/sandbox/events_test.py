#!/usr/bin/env python3
"""The stand-ins of Mixpanel and Segment."""
from dialect import Dialect, basic, run


class Mixpanel(Dialect):
    vendor = "mixpanel"
    login = basic("user", "secret")

    @staticmethod
    def event(number, **more):
        return {"event": "Bought", "properties": {"time": 1767000000, "distinct_id": f"u{number}", "$insert_id": f"i{number}", **more}}

    def test_import(self):
        at = "/import?strict=1&project_id=1"
        self.assertEqual(self.expect(200, "POST", at, [self.event(1), self.event(1)])["num_records_imported"], 2)
        self.assertEqual(len(self.records("events")), 1)
        wrong = self.expect(400, "POST", at, [self.event(2), {"event": "x", "properties": {"$insert_id": "i3"}}])
        self.assertEqual([(one["index"], one["field"]) for one in wrong["failed_records"]], [(1, "properties.time")])
        self.expect(413, "POST", at, [self.event(n) for n in range(2001)])
        self.assert_login_is_needed("POST", at, body=[])

    def test_profiles(self):
        def engage(**words):
            return self.expect(200, "POST", "/engage?verbose=1", [{"$token": "t", "$distinct_id": "u1", **words}])

        self.assertEqual(engage(**{"$set": {"tier": "gold", "n": 1}})["status"], 1)
        engage(**{"$unset": ["tier"]})
        self.assertEqual(self.records("profiles"), [{"n": 1}])
        engage(**{"$delete": ""})
        self.assertEqual(self.records("profiles"), [])


class Segment(Dialect):
    vendor = "segment"
    login = basic("key", "")

    def test_events_are_kept_once(self):
        event = {"type": "track", "userId": "u1", "event": "Bought", "messageId": "m1"}
        self.expect(200, "POST", "/v1/batch", {"batch": [event, event, {"type": "identify", "userId": "u1", "traits": {"tier": "gold"}}]})
        self.assertEqual((len(self.records("events")), self.records("people")), (2, [{"tier": "gold"}]))
        self.expect(200, "POST", "/v1/identify", {"userId": "u1", "traits": {"tier": "silver"}})
        self.assertEqual(self.records("people"), [{"tier": "silver"}])

    def test_what_is_wrong_vanishes(self):
        self.expect(200, "POST", "/v1/batch", {"batch": [{"type": "track", "event": "x"}]}, judge=False)
        self.assertEqual(self.records("events"), [])
        self.expect(413, "POST", "/v1/batch", {"batch": [{"type": "track", "event": "x" * 600000}]})
        self.assert_login_is_needed("POST", "/v1/batch")


if __name__ == "__main__":
    run()
