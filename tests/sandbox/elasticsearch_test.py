#!/usr/bin/env python3
"""The stand-in of Elasticsearch: bulk lines, documents, a search for terms."""
import json

from dialect import Dialect, run


class Elasticsearch(Dialect):
    vendor = "elasticsearch"
    login = {"Authorization": "ApiKey key"}

    def bulk(self, *lines, status=200):
        return self.expect(status, "POST", "/_bulk", "".join(json.dumps(line) + "\n" for line in lines), headers={"Content-Type": "application/x-ndjson"})

    @staticmethod
    def at(operation, number):
        return {operation: {"_index": "people", "_id": str(number)}}

    def test_bulk(self):
        done = self.bulk(self.at("index", 1), {"name": "Ada", "n": 1}, self.at("create", 1), {"name": "x"}, self.at("update", 2), {"doc": {"n": 1}},
                         self.at("update", 3), {"doc": {"n": 3}, "doc_as_upsert": True}, self.at("index", 4), {"n": "many"}, self.at("delete", 9))
        self.assertTrue(done["errors"])
        self.assertEqual([one["status"] for item in done["items"] for one in item.values()], [201, 409, 404, 201, 400, 404])
        done = self.bulk(self.at("index", 1), {"name": "Eve"})
        self.assertEqual((done["errors"], self.records("people")[0]), (False, {"name": "Eve"}))

    def test_search_and_documents(self):
        self.bulk(self.at("index", 1), {"name": "Ada"}, self.at("index", 2), {"name": "Ada"})
        found = self.expect(200, "POST", "/people/_search", {"query": {"terms": {"name.keyword": ["Ada", "Ben"]}}})
        self.assertEqual([one["_id"] for one in found["hits"]["hits"]], ["1", "2"])
        told = self.expect(200, "POST", "/people/_mget", {"ids": ["2", "9"]})["docs"]
        self.assertEqual([(one["_id"], one["found"], one.get("_source")) for one in told], [("2", True, {"name": "Ada"}), ("9", False, None)])
        self.expect(200, "DELETE", "/people/_doc/1")
        self.expect(404, "GET", "/people/_doc/1")
        self.expect(201, "PUT", "/people/_doc/5", {"name": "C"})

    def test_refusals(self):
        self.expect(400, "POST", "/_bulk", '{"index":{}}', headers={"Content-Type": "application/x-ndjson"})
        self.assert_login_is_needed("POST", "/_bulk")


if __name__ == "__main__":
    run()
