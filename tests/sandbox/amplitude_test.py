#!/usr/bin/env python3
"""The stand-in of Amplitude: events, properties, throttled users."""
import json

from dialect import Dialect, basic, form, run

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Amplitude(Dialect):
    vendor = "amplitude"
    login = {}

    def upload(self, status, *events, path="/2/httpapi"):
        return self.expect(status, "POST", path, {"api_key": "key", "events": list(events)})

    @staticmethod
    def event(number, **more):
        return {"user_id": f"user-{number}", "event_type": "signed_up", "time": 1_767_000_000_000, "insert_id": f"i{number}", **more}

    def test_events_are_ingested_once(self):
        self.assertEqual(self.upload(200, self.event(1), self.event(2))["events_ingested"], 2)
        self.assertEqual(self.upload(200, self.event(1), self.event(3), path="/batch")["events_ingested"], 1)

    def test_nothing_is_taken_when_one_is_bad(self):
        wrong = self.upload(400, self.event(1), {"user_id": "user-2"}, self.event(3, time="soon"), self.event(4, user_id="x"))
        self.assertEqual((wrong["missing_field"], wrong["events_with_missing_fields"]), ("event_type", {"event_type": [1]}))
        self.assertEqual((wrong["events_with_invalid_fields"], wrong["events_with_invalid_id_lengths"]), ({"time": [2]}, {"user_id": [3]}))
        self.assertEqual(self.records("events"), [])
        self.assertIn("API key", self.expect(400, "POST", "/2/httpapi", {"api_key": "", "events": [self.event(1)]})["error"])

    def test_too_many(self):
        self.upload(413, *[self.event(n) for n in range(2001)])

    def test_identify(self):
        def identify(path, *rows):
            return self.expect(200, "POST", path, form(api_key="key", identification=json.dumps(rows)), headers=FORM)

        identify("/identify", {"user_id": "user-1", "user_properties": {"$set": {"tier": "gold", "n": 1}, "$append": {"tags": "a"}}})
        identify("/identify", {"user_id": "user-1", "user_properties": {"$setOnce": {"tier": "x"}, "$add": {"n": 2}, "$unset": {"tags": "-"}}})
        self.assertEqual(self.records("users"), [{"tier": "gold", "n": 3}])
        identify("/groupidentify", {"group_type": "org", "group_value": "acme", "group_properties": {"plan": "pro"}})
        self.assertEqual(self.records("groups"), [{"plan": "pro"}])

    def test_cohorts_and_deletion(self):
        login = basic("key", "secret")
        self.expect(200, "POST", "/api/3/cohorts/upload", {"name": "c", "app_id": 1, "id_type": "BY_USER_ID", "ids": ["a"], "owner": "o", "published": True}, login=login)
        self.expect(401, "POST", "/api/3/cohorts/upload", {})
        self.expect(200, "POST", "/api/2/deletions/users", {"user_ids": ["a"], "requester": "r"}, login=login)


class AmplitudeAtItsLimit(Dialect):
    described = "nowhere"  # limits are told in words only
    vendor = "amplitude"
    login = {}

    def test_one_user_is_throttled(self):
        events = [Amplitude.event(n, user_id="busy-user") for n in range(901)] + [Amplitude.event(5000)]
        reply = self.expect(429, "POST", "/2/httpapi", {"api_key": "key", "events": events})
        self.assertEqual((list(reply["throttled_users"]), reply["throttled_events"], reply["eps_threshold"]), (["busy-user"], [900], 30))


if __name__ == "__main__":
    run()
