#!/usr/bin/env python3
"""The stand-in of Airtable: ten records a request, all or nothing, upsert on fields."""
import urllib.parse

from dialect import Dialect, run

TABLE = "/v0/app1/People"


class Airtable(Dialect):
    vendor = "airtable"
    options = ("--limit", "none")

    def write(self, status, method, *rows, **members):
        return self.expect(status, method, TABLE, {"records": list(rows), **members})

    def upsert(self, status, *rows):
        return self.write(status, "PATCH", *[{"fields": row} for row in rows], performUpsert={"fieldsToMergeOn": ["Email"]})

    def test_upsert(self):
        done = self.upsert(200, {"Email": "ada@x.example", "n": 1, "gone": "x"}, {"Email": "b@x.example"})
        self.assertEqual((len(done["createdRecords"]), done["updatedRecords"]), (2, []))
        done = self.upsert(200, {"Email": "ada@x.example", "gone": None}, {"Email": "c@x.example"})
        self.assertEqual(done["updatedRecords"], [done["records"][0]["id"]])
        self.assertEqual(self.records("app1/People")[0], {"Email": "ada@x.example", "n": 1})

    def test_all_or_nothing(self):
        wrong = self.write(422, "POST", {"fields": {"Email": "ada@x.example"}}, {"fields": {"Email": "no"}})
        self.assertEqual(wrong["error"]["type"], "INVALID_VALUE_FOR_COLUMN")
        self.assertEqual(self.records("app1/People"), [])
        self.write(422, "POST", *[{"fields": {}}] * 11)

    def test_several_hits_refuse_an_upsert(self):
        self.write(200, "POST", {"fields": {"Email": "ada@x.example"}}, {"fields": {"Email": "ada@x.example"}})
        self.assertIn("more than one", self.upsert(422, {"Email": "ada@x.example"})["error"]["message"])

    def test_update_find_delete(self):
        first, second = [one["id"] for one in self.write(200, "POST", {"fields": {"Email": "it's@x.example", "n": 1}}, {"fields": {"Email": "b@x.example"}})["records"]]
        self.write(200, "PUT", {"id": first, "fields": {"Email": "it's@x.example"}})
        self.assertEqual(self.records("app1/People")[0], {"Email": "it's@x.example"})
        formula = urllib.parse.urlencode({"filterByFormula": "OR({Email}='it\\'s@x.example',{Email}='b@x.example')"})
        self.assertEqual(len(self.expect(200, "GET", f"{TABLE}?{formula}", judge=False)["records"]), 2)
        self.expect(200, "DELETE", f"{TABLE}?records[]={first}&records[]={second}", judge=False)
        self.assertEqual(self.records("app1/People"), [])
        self.write(422, "PATCH", {"id": first, "fields": {}})

    def test_records_by_their_ids(self):
        ids = [one["id"] for one in self.write(200, "POST", *[{"fields": {"Email": f"p{n}@x.example", "n": n}} for n in range(3)])["records"]]
        formula = f"FIND(RECORD_ID(),'{ids[2]},recNone0000000000,{ids[0]}')>0"
        found = self.expect(200, "POST", TABLE + "/listRecords", {"filterByFormula": formula, "pageSize": 100})["records"]
        self.assertEqual([(one["id"], one["fields"]["n"]) for one in found], [(ids[0], 0), (ids[2], 2)])

    def test_login(self):
        self.assert_login_is_needed("GET", TABLE)


class AirtableAtItsLimit(Dialect):
    described = "nowhere"  # limits are told in words only
    vendor = "airtable"

    def test_is_quiet_for_a_while(self):
        statuses = [self.send("GET", TABLE).status for _ in range(8)]
        self.assertEqual(statuses[:5] + statuses[-1:], [200] * 5 + [429])
        self.assertEqual(self.send("GET", "/v0/app2/Other").status, 429)


if __name__ == "__main__":
    run()
