#!/usr/bin/env python3
"""The stand-in of Salesforce: collections, rows, queries, bulk jobs, login."""
import csv
import io
import urllib.parse

from dialect import Dialect, form, run

BASE = "/services/data/v62.0"


def contact(last="Lovelace", **fields):
    return {"attributes": {"type": "Contact"}, "LastName": last, **fields}


class Salesforce(Dialect):
    vendor = "salesforce"

    def collection(self, method, path, records, status=200, **members):
        return self.expect(status, method, f"{BASE}/composite/sobjects{path}", {"allOrNone": False, "records": records, **members})

    def query(self, soql):
        return self.expect(200, "GET", f"{BASE}/query?q=" + urllib.parse.quote(soql))["records"]

    def test_insert_reports_each_row(self):
        done = self.collection("POST", "", [contact(Email="ada@x.example"), contact(Email="ada@"), {"attributes": {"type": "Contact"}}])
        self.assertEqual([one["success"] for one in done], [True, False, False])
        self.assertTrue(done[0]["id"].startswith("003") and len(done[0]["id"]) == 18)
        self.assertEqual(done[1]["errors"][0]["statusCode"], "INVALID_EMAIL_ADDRESS")
        self.assertEqual(done[2]["errors"][0], {"statusCode": "REQUIRED_FIELD_MISSING", "fields": ["LastName"],
                                                "message": "Required fields are missing: [LastName]"})
        self.assertEqual(self.stats()["rejected"], 2)

    def test_all_or_none_rolls_back(self):
        done = self.collection("POST", "", [contact(), contact(Email="no")], allOrNone=True)
        self.assertEqual([one["errors"][0]["statusCode"] for one in done],
                         ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_EMAIL_ADDRESS"])
        self.assertEqual(self.records("Contact"), [])

    def test_upsert_by_external_id(self):
        rows = [contact(Ext__c="a", FirstName="Ada"), contact(Ext__c="b")]
        self.assertEqual([one["created"] for one in self.collection("PATCH", "/Contact/Ext__c", rows)], [True, True])
        rows = [contact(Ext__c="a", FirstName=None), contact(Ext__c="c"), contact(Ext__c="c")]
        done = self.collection("PATCH", "/Contact/Ext__c", rows)
        self.assertEqual([one.get("created") for one in done], [False, None, None])
        self.assertEqual(done[2]["errors"][0]["statusCode"], "DUPLICATE_VALUE")
        self.assertEqual(self.records("Contact")[0], {"Ext__c": "a", "LastName": "Lovelace"})
        self.assertEqual(self.collection("PATCH", "/Contact/Email", rows, 404)[0]["errorCode"], "NOT_FOUND")

    def test_update_and_delete_by_id(self):
        first, second = [one["id"] for one in self.collection("POST", "", [contact(), contact("Hopper")])]
        done = self.collection("PATCH", "", [contact("King", id=first[:15]), contact("X", id="003000000000099AAA"), contact("X", id="5")])
        self.assertEqual([one["success"] for one in done], [True, False, False])
        self.assertEqual([one["errors"][0]["statusCode"] for one in done[1:]], ["ENTITY_IS_DELETED", "MALFORMED_ID"])
        done = self.expect(200, "DELETE", f"{BASE}/composite/sobjects?ids={first},{second},{second}&allOrNone=false")
        self.assertEqual([one["success"] for one in done], [True, True, True])
        self.assertEqual(self.records("Contact"), [])

    def test_parents_by_external_id(self):
        account = self.collection("POST", "", [{"attributes": {"type": "Account"}, "Name": "Acme", "Ext__c": "A1"}])[0]["id"]
        done = self.collection("POST", "", [contact(Account={"Ext__c": "A1"}), contact(Account={"Ext__c": "A2"})])
        self.assertEqual([one["success"] for one in done], [True, False])
        self.assertEqual(self.records("Contact")[0]["AccountId"], account)

    def test_batches_are_limited(self):
        self.assertEqual(self.collection("POST", "", [contact()] * 201, 400)[0]["errorCode"], "EXCEEDED_ID_LIMIT")
        self.assertEqual(self.records("Contact"), [])

    def test_queries(self):
        self.collection("POST", "", [contact(Email="ada@x.example"), contact("O'Hara", Email="ADA@x.example"), contact("Ben")])
        found = self.query("SELECT Id, Email FROM Contact WHERE Email IN ('ada@x.example','b')")
        self.assertEqual(len(found), 2)
        self.assertEqual(set(found[0]), {"attributes", "Id", "Email"})
        self.assertEqual([one["LastName"] for one in self.query("SELECT LastName FROM Contact WHERE LastName = 'O\\'Hara'")], ["O'Hara"])
        self.assertEqual(len(self.query(f"SELECT Id FROM Contact WHERE Id IN ('{found[0]['Id']}')")), 1)
        wrong = self.expect(400, "GET", f"{BASE}/query?q=DELETE")
        self.assertEqual(wrong[0]["errorCode"], "MALFORMED_QUERY")

    def read(self, ids, fields, status=200):
        return self.expect(status, "POST", f"{BASE}/composite/sobjects/Contact", {"ids": ids, "fields": fields})

    def test_records_by_their_ids(self):
        self.collection("POST", "", [{"attributes": {"type": "Account"}, "Name": "Acme", "Ext__c": "A1"}])
        made = self.collection("POST", "", [contact(Email="ada@x.example", Account={"Ext__c": "A1"}), contact("Ben")])
        ids = [one["id"] for one in made]
        found = self.read([ids[1][:15], "003000000000999AAA", "nonsense", ids[0]], ["id", "LastName", "email", "Account.Ext__c"])
        self.assertEqual([one and (one["Id"], one["LastName"], one.get("Email")) for one in found],
                         [(ids[1], "Ben", None), None, None, (ids[0], "Lovelace", "ada@x.example")])
        self.assertEqual((found[0]["Account"], found[3]["Account"]["Ext__c"]), (None, "A1"))
        self.assertEqual(self.read([ids[0]] * 2001, ["Id"], 400)[0]["errorCode"], "EXCEEDED_ID_LIMIT")
        again = self.expect(400, "GET", f"{BASE}/query?q=SELECT+Id,Name,id+FROM+Contact")
        self.assertIn("duplicate field selected", again[0]["message"])

    def test_single_rows(self):
        made = self.expect(201, "POST", f"{BASE}/sobjects/Contact", {"LastName": "Ada"})
        self.expect(204, "PATCH", f"{BASE}/sobjects/Contact/{made['id']}", {"FirstName": "A"})
        self.expect(201, "PATCH", f"{BASE}/sobjects/Contact/Ext__c/7", {"LastName": "Ben"})
        self.expect(200, "PATCH", f"{BASE}/sobjects/Contact/Ext__c/7", {"LastName": "Carl"})
        self.expect(201, "POST", f"{BASE}/sobjects/Contact", {"LastName": "Twin", "Ext__c": "7"})
        self.assertEqual(len(self.expect(300, "PATCH", f"{BASE}/sobjects/Contact/Ext__c/7", {"LastName": "D"})), 2)
        self.expect(404, "PATCH", f"{BASE}/sobjects/Contact/Ext__c/9?updateOnly=true", {"LastName": "E"})
        self.expect(204, "DELETE", f"{BASE}/sobjects/Contact/{made['id']}")
        self.expect(404, "DELETE", f"{BASE}/sobjects/Contact/{made['id']}")
        fields = {one["name"]: one for one in self.expect(200, "GET", f"{BASE}/sobjects/Contact/describe")["fields"]}
        self.assertTrue(fields["Ext__c"]["externalId"] and fields["Email"]["idLookup"])

    def bulk(self, operation, text, **members):
        job = self.expect(200, "POST", f"{BASE}/jobs/ingest", {"object": "Contact", "operation": operation, "contentType": "CSV",
                                                               "lineEnding": "LF", **members})
        self.assertEqual(job["state"], "Open")
        at = f"{BASE}/jobs/ingest/{job['id']}"
        self.expect(201, "PUT", at + "/batches", text, headers={"Content-Type": "text/csv"})
        self.assertEqual(self.expect(200, "PATCH", at, {"state": "UploadComplete"})["state"], "UploadComplete")
        done = self.until(lambda: self.expect(200, "GET", at), lambda seen: seen["state"] == "JobComplete")
        results = [list(csv.DictReader(io.StringIO(self.expect(200, "GET", f"{at}/{kind}"))))
                   for kind in ("successfulResults", "failedResults")]
        return done, *results

    def test_bulk_upsert(self):
        done, good, bad = self.bulk("upsert", 'Ext__c,LastName,Email,FirstName\na,"Love, ""Ada""",a@x.example,Ada\nb,,b@x.example,\n'
                                    'c,Carl,nothing,C\n', externalIdFieldName="Ext__c")
        self.assertEqual((done["numberRecordsProcessed"], done["numberRecordsFailed"]), (3, 2))
        self.assertEqual([(one["Ext__c"], one["sf__Created"], one["LastName"]) for one in good], [("a", "true", 'Love, "Ada"')])
        self.assertEqual([one["sf__Error"].split(":")[0] for one in bad], ["REQUIRED_FIELD_MISSING", "INVALID_EMAIL_ADDRESS"])
        _, good, _ = self.bulk("upsert", "Ext__c,LastName,Email,FirstName\na,,#N/A,Augusta\n", externalIdFieldName="Ext__c")
        self.assertEqual(good[0]["sf__Created"], "false")
        self.assertEqual(self.records("Contact"), [{"Ext__c": "a", "LastName": 'Love, "Ada"', "FirstName": "Augusta"}])
        _, good, _ = self.bulk("hardDelete", f"Id\n{good[0]['sf__Id']}\n")
        self.assertEqual(self.records("Contact"), [])

    def test_login(self):
        self.assert_login_is_needed("GET", f"{BASE}/limits")
        token = self.expect(200, "POST", "/services/oauth2/token", form(grant_type="client_credentials", client_id="c", client_secret="s"),
                            headers={"Content-Type": "application/x-www-form-urlencoded"}, login=False)
        self.assertNotIn("expires_in", token)
        self.expect(200, "GET", f"{BASE}/limits", login={"Authorization": "Bearer " + token["access_token"]})
        self.sandbox.call("POST", "/_sandbox/token", {"token": token["access_token"], "state": "expired"})
        wrong = self.expect(401, "GET", f"{BASE}/limits", login={"Authorization": "Bearer " + token["access_token"]})
        self.assertEqual(wrong[0]["errorCode"], "INVALID_SESSION_ID")

    def test_usage_is_told(self):
        reply = self.send("GET", f"{BASE}/limits")
        self.assertEqual(reply.headers["sforce-limit-info"], "api-usage=1/100000")


if __name__ == "__main__":
    run()
