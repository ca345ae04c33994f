#!/usr/bin/env python3
"""The receiver of webhooks: any path, any method."""
from dialect import Dialect, run


class Webhook(Dialect):
    vendor = "webhook"
    login = {}

    def test_keeps_what_it_gets(self):
        self.expect(200, "POST", "/hooks/a%20b?x=1", {"id": 1})
        self.expect(200, "PUT", "/", [{"id": 2}, {"id": 3}])
        self.expect(200, "PATCH", "/lines", '{"id":4}\n{"id":5}\n')
        self.expect(200, "DELETE", "/gone")
        self.assertEqual([one["id"] for one in self.records("rows")], [1, 2, 3, 4, 5])
        first = self.records("requests")[0]
        self.assertEqual((first["method"], first["path"], first["query"], first["body"]), ("POST", "/hooks/a b", "x=1", '{"id": 1}'))
        self.assertEqual(self.stats()["rows"], 5)

    def test_takes_a_key_once(self):
        for _ in range(2):
            self.expect(200, "POST", "/", {"id": 1}, headers={"Idempotency-Key": "k"})
        self.assertEqual(len(self.records("rows")), 1)

    def test_faults(self):
        self.sandbox.call("POST", "/_sandbox/fault", {"path": "/", "status": 410, "count": 1})
        self.expect(410, "POST", "/", {"id": 1})
        self.expect(200, "POST", "/", {"id": 1})


if __name__ == "__main__":
    run()
