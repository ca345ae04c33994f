#!/usr/bin/env python3
"""The stand-in of Customer.io: batches with refused entries, single customers, segments."""
from dialect import Dialect, basic, run


def identify(who, **attributes):
    return {"type": "person", "action": "identify", "identifiers": {"id": who}, "attributes": attributes}


class CustomerIo(Dialect):
    vendor = "customerio"
    login = basic("site", "key")

    def batch(self, status, *rows):
        return self.expect(status, "POST", "/api/v2/batch", {"batch": list(rows)})

    def test_refused_entries_are_told_by_index(self):
        self.batch(200, identify("u1", email="ada@x.example"), identify("u2"))
        wrong = self.batch(207, identify("u1", email="no"), identify("u2", tier="gold"), identify("u" * 151))
        self.assertEqual([one["batch_index"] for one in wrong["errors"]], [0, 2])
        self.assertEqual(self.records("people")[1], {"id": "u2", "tier": "gold"})
        self.batch(400, identify("u1", email="no"))

    def test_updates(self):
        self.batch(200, identify("u1", tier="gold", city="Rome", _timestamp=100))
        self.batch(200, identify("u1", city="", _timestamp=200), identify("u9", _update=True), identify("u1", tier="old", _timestamp=50))
        self.assertEqual(self.records("people"), [{"id": "u1", "tier": "gold"}])
        self.batch(200, {"type": "person", "action": "delete", "identifiers": {"id": "u1"}})
        self.assertEqual(self.records("people"), [])

    def test_events_and_objects(self):
        event = {"type": "person", "action": "event", "identifiers": {"id": "u1"}, "name": "bought", "id": "01E4C4CT6YDC7Y5M7FE1GWWPQJ"}
        self.batch(200, event, event)
        self.assertEqual(len(self.records("events")), 1)
        self.batch(200, {"type": "object", "action": "identify", "identifiers": {"object_type_id": "1", "object_id": "acme"}, "attributes": {"n": 1}})
        self.assertEqual(self.records("objects"), [{"n": 1}])

    def test_single_customers_and_segments(self):
        self.expect(200, "PUT", "/api/v1/customers/u1", {"email": "ada@x.example"})
        self.expect(200, "POST", "/api/v1/customers/u1/events", {"name": "bought", "data": {}})
        self.expect(200, "POST", "/api/v1/segments/7/add_customers", {"ids": ["u1", "u2"]})
        self.expect(200, "POST", "/api/v1/segments/7/remove_customers", {"ids": ["u1"]})
        self.assertEqual([one["id"] for one in self.records("segments")], ["u2"])
        self.expect(200, "DELETE", "/api/v1/customers/u1")
        self.assertEqual(self.records("people"), [])

    def test_sizes_and_login(self):
        self.batch(413, *[identify("u" + str(n), text="x" * 30000) for n in range(20)])
        self.assert_login_is_needed("POST", "/api/v2/batch")


if __name__ == "__main__":
    run()
