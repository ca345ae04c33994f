#!/usr/bin/env python3
"""The stand-in of Braze: users, events, catalogs, deletion."""
from dialect import Dialect, run


class Braze(Dialect):
    vendor = "braze"

    def track(self, status=201, **body):
        return self.expect(status, "POST", "/users/track", body)

    def test_attributes_report_bad_rows_by_index(self):
        done = self.track(attributes=[{"external_id": "u1", "email": "ada@x.example", "tier": None},
                                      {"external_id": "u2", "email": "ada"}, {"first_name": "nobody"}])
        self.assertEqual(done["attributes_processed"], 1)
        self.assertEqual([(one["input_array"], one["index"]) for one in done["errors"]], [("attributes", 1), ("attributes", 2)])
        self.assertEqual(self.records("users"), [{"external_id": "u1", "email": "ada@x.example"}])
        self.assertEqual((self.stats()["rows"], self.stats()["rejected"]), (3, 2))

    def test_null_clears_and_words_change(self):
        self.track(attributes=[{"external_id": "u1", "n": 1, "tags": ["a"], "city": "Rome", "deep": {"a": 1}}])
        self.track(attributes=[{"external_id": "u1", "n": {"inc": 2}, "tags": {"add": ["b"]}, "city": None,
                                "deep": {"b": 2}, "_merge_objects": True}])
        self.assertEqual(self.records("users"), [{"external_id": "u1", "n": 3, "tags": ["a", "b"], "deep": {"a": 1, "b": 2}}])

    def test_update_only(self):
        self.track(attributes=[{"external_id": "u1", "_update_existing_only": True}, {"user_alias": {"alias_name": "a", "alias_label": "l"}}])
        self.assertEqual(self.records("users"), [])

    def test_events_and_purchases(self):
        done = self.track(events=[{"external_id": "u1", "name": "signed_up", "time": "2026-01-02T03:04:05Z"}, {"external_id": "u1"}],
                          purchases=[{"external_id": "u1", "product_id": "p", "currency": "EUR", "price": 9.5, "time": "2026-01-02T03:04:05Z"}])
        self.assertEqual((done["events_processed"], done["purchases_processed"], len(done["errors"])), (1, 1, 1))

    def test_batches_are_limited(self):
        self.assertIn("limited to 75", self.track(400, attributes=[{"external_id": str(n)} for n in range(76)])["message"])
        self.track(400)

    def test_delete_and_export(self):
        self.track(attributes=[{"external_id": "u1", "email": "A@x.example"}, {"external_id": "u2", "email": "a@x.example"}])
        found = self.expect(201, "POST", "/users/export/ids", {"email_address": "a@x.example", "fields_to_export": ["external_id"]})
        self.assertEqual(len(found["users"]), 2)
        self.assertEqual(self.expect(201, "POST", "/users/delete", {"external_ids": ["u1", "u9"]})["deleted"], 1)
        found = self.expect(201, "POST", "/users/export/ids", {"external_ids": ["u1", "u2"], "fields_to_export": ["email"]})
        self.assertEqual((len(found["users"]), found["invalid_user_ids"]), (1, ["u1"]))

    def test_custom_attributes_are_exported_apart(self):
        self.track(attributes=[{"external_id": "u1", "first_name": "Ada", "tier": "gold", "n": None}])
        found = self.expect(201, "POST", "/users/export/ids", {"external_ids": ["u1"], "fields_to_export": ["external_id", "first_name", "custom_attributes"]})
        self.assertEqual(found["users"], [{"external_id": "u1", "first_name": "Ada", "custom_attributes": {"tier": "gold"}}])
        wrong = self.expect(400, "POST", "/users/export/ids", {"external_ids": ["u1"], "fields_to_export": ["tier"]})
        self.assertIn("'tier' is not a valid field", wrong["message"])

    def test_subscriptions_and_catalogs(self):
        self.expect(201, "POST", "/v2/subscription/status/set", {"subscription_groups": [
            {"subscription_group_id": "g", "subscription_state": "subscribed", "external_ids": ["u1", "u2"]}]})
        self.assertEqual({one["state"] for one in self.records("subscriptions")}, {"subscribed"})
        self.sandbox.call("POST", "/_sandbox/reset")
        self.expect(202, "PUT", "/catalogs/shoes/items", {"items": [{"id": "a", "name": "Boot"}]}, judge=False)
        self.assertEqual(self.records("catalog_shoes"), [{"id": "a", "name": "Boot"}])

    def test_login_and_limit_headers(self):
        self.assert_login_is_needed("POST", "/users/track")
        reply = self.send("POST", "/users/track", {"attributes": [{"external_id": "u"}]})
        self.assertEqual((reply.headers["x-ratelimit-limit"], reply.headers["x-ratelimit-remaining"]), ("3000", "2999"))
        self.assertGreater(int(reply.headers["x-ratelimit-reset"]), 1_700_000_000)


class BrazeAtItsLimit(Dialect):
    described = "nowhere"  # limits are told in words only
    vendor = "braze"
    options = ("--limit", "2/1m")

    def test_refuses_more(self):
        for status in (201, 201, 429):
            reply = self.send("POST", "/users/track", {"attributes": [{"external_id": "u"}]})
            self.assertEqual(reply.status, status)
        self.assertEqual(reply.json, {"message": "You have exceeded your rate limit"})
        self.assertEqual(self.stats()["throttled"], 1)


if __name__ == "__main__":
    run()
