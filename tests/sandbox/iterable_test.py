#!/usr/bin/env python3
"""The stand-in of Iterable: users in bulk, events, lists, catalogs."""
from dialect import Dialect, run


class Iterable(Dialect):
    vendor = "iterable"
    login = {"Api-Key": "key"}

    def update(self, *users):
        return self.expect(200, "POST", "/api/users/bulkUpdate", {"users": list(users)})

    def test_refused_rows_are_listed_by_identifier(self):
        done = self.update({"email": "ada@x.example", "dataFields": {"n": 1, "deep": {"a": 1}}}, {"userId": "u2", "preferUserId": True})
        self.assertEqual((done["successCount"], done["failCount"]), (2, 0))
        done = self.update({"email": "ADA@x.example", "mergeNestedObjects": True, "dataFields": {"deep": {"b": 2}}},
                           {"email": "b@x.example", "dataFields": {"n": "one"}})
        self.assertEqual((done["successCount"], done["failedUpdates"]["invalidDataEmails"]), (1, ["b@x.example"]))
        self.assertEqual(self.records("users")[0]["deep"], {"a": 1, "b": 2})
        done = self.expect(200, "POST", "/api/users/bulkUpdate", {"users": [{"email": "no"}]}, allow=("^request",))
        self.assertEqual(done["failedUpdates"]["invalidEmails"], ["no"])

    def test_single_users(self):
        self.expect(200, "POST", "/api/users/update", {"email": "ada@x.example", "dataFields": {"tier": "gold"}})
        self.expect(200, "POST", "/api/users/updateEmail", {"currentEmail": "ada@x.example", "newEmail": "eve@x.example"})
        self.assertEqual(self.expect(200, "GET", "/api/users/eve@x.example")["user"]["dataFields"]["tier"], "gold")
        self.expect(200, "DELETE", "/api/users/eve@x.example")
        self.assertEqual(self.expect(200, "GET", "/api/users/eve@x.example", judge=False), {})

    def test_events_lists_and_catalogs(self):
        event = {"email": "ada@x.example", "eventName": "bought", "id": "1", "dataFields": {}}
        self.assertEqual(self.expect(200, "POST", "/api/events/trackBulk", {"events": [event, event]})["successCount"], 2)
        self.assertEqual(len(self.records("events")), 1)
        body = {"listId": 7, "subscribers": [{"email": "ada@x.example"}]}
        self.expect(200, "POST", "/api/lists/subscribe", body)
        self.assertEqual(len(self.records("list_7")), 1)
        self.expect(200, "POST", "/api/lists/unsubscribe", body)
        self.assertEqual(self.records("list_7"), [])
        self.expect(202, "POST", "/api/catalogs/shoes/items", {"documents": {"a": {"n": 1}}}, judge=False)

    def test_limits_and_login(self):
        self.expect(400, "POST", "/api/users/bulkUpdate", {"users": [{"email": f"u{n}@x.example"} for n in range(1001)]})
        self.assert_login_is_needed("POST", "/api/users/update")


if __name__ == "__main__":
    run()
