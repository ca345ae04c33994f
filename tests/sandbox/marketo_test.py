#!/usr/bin/env python3
"""The stand-in of Marketo: errors inside of HTTP 200, leads, lists, custom objects, imports."""
import urllib.parse

from dialect import Dialect, run


class Marketo(Dialect):
    vendor = "marketo"

    def leads(self, *rows, **members):
        return self.expect(200, "POST", "/rest/v1/leads.json", {"action": "createOrUpdate", "lookupField": "email", "input": list(rows), **members})

    def test_leads_are_written_in_order(self):
        done = self.leads({"email": "ada@x.example", "firstName": "Ada"}, {"email": "ada"}, {"firstName": "no"})
        self.assertEqual([one["status"] for one in done["result"]], ["created", "skipped", "skipped"])
        done = self.leads({"email": "ADA@x.example", "firstName": None}, {"email": "b@x.example"})
        self.assertEqual([one["status"] for one in done["result"]], ["updated", "created"])
        self.assertEqual(self.records("leads")[0], {"email": "ADA@x.example"})

    def test_actions(self):
        self.leads({"email": "a@x.example"})
        self.leads({"email": "a@x.example"}, action="createDuplicate")
        codes = [self.leads({"email": "a@x.example"})["result"][0]["reasons"][0]["code"],
                 self.leads({"email": "a@x.example"}, action="createOnly")["result"][0]["reasons"][0]["code"],
                 self.leads({"email": "z@x.example"}, action="updateOnly")["result"][0]["reasons"][0]["code"]]
        self.assertEqual(codes, ["1007", "1007", "1004"])

    def test_whole_requests_fail_inside_200(self):
        def code(*rows, action="createOrUpdate"):
            reply = self.expect(200, "POST", "/rest/v1/leads.json", {"action": action, "lookupField": "email", "input": rows},
                                allow=("required property 'result'", "^request.body.action"))
            self.assertFalse(reply["success"])
            return reply["errors"][0]["code"]

        self.assertEqual(code(*[{"email": f"u{n}@x.example"} for n in range(301)]), "1003")
        self.assertEqual(code({"email": "a@x.example"}, action="merge"), "1001")
        self.sandbox.call("POST", "/_sandbox/token", {"token": "test-token", "state": "expired"})
        self.assertEqual(code({"email": "a@x.example"}), "602")

    def test_find_and_delete(self):
        ids = [one["id"] for one in self.leads({"email": "a@x.example"}, {"email": "b@x.example"})["result"]]
        found = self.expect(200, "GET", "/rest/v1/leads.json?filterType=email&filterValues=a@x.example,c@x.example&fields=id,email")
        self.assertEqual(found["result"], [{"id": ids[0], "email": "a@x.example"}])
        query = urllib.parse.urlencode({"filterType": "id", "filterValues": ",".join(map(str, ids)), "fields": "email"})
        found = self.expect(200, "POST", "/rest/v1/leads.json?_method=GET", query, judge=False,
                            headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(len(found["result"]), 2)
        done = self.expect(200, "POST", "/rest/v1/leads/delete.json", {"input": [{"id": ids[0]}, {"id": 99}]})
        self.assertEqual([one["status"] for one in done["result"]], ["deleted", "skipped"])

    def test_lists(self):
        lead = self.leads({"email": "a@x.example"})["result"][0]["id"]
        done = self.expect(200, "POST", "/rest/v1/lists/7/leads.json", {"input": [{"id": lead}, {"id": 99}]})
        self.assertEqual([one["status"] for one in done["result"]], ["added", "skipped"])
        done = [self.expect(200, "DELETE", "/rest/v1/lists/7/leads.json", {"input": [{"id": lead}]}, judge=False)["result"][0] for _ in range(2)]
        self.assertEqual((done[0]["status"], done[1]["reasons"][0]["code"]), ("removed", "1015"))

    def test_custom_objects(self):
        body = {"action": "createOrUpdate", "dedupeBy": "dedupeFields", "input": [{"externalId": "1", "colour": "red"}, {"colour": "blue"}]}
        done = self.expect(200, "POST", "/rest/v1/customobjects/car_c.json", body)
        self.assertEqual([one["status"] for one in done["result"]], ["created", "skipped"])
        self.assertEqual(self.expect(200, "POST", "/rest/v1/customobjects/car_c.json", body)["result"][0]["status"], "updated")
        done = self.expect(200, "POST", "/rest/v1/customobjects/car_c/delete.json", {"deleteBy": "dedupeFields", "input": [{"externalId": "1"}]})
        self.assertEqual(done["result"][0]["status"], "deleted")

    def test_bulk_import(self):
        body = ("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"leads.csv\"\r\nContent-Type: text/csv\r\n\r\n"
                "email,firstName\r\na@x.example,Ada\r\nbad,Ben\r\n\r\n--b--\r\n")
        done = self.expect(200, "POST", "/bulk/v1/leads.json?format=csv&lookupField=email", body,
                           headers={"Content-Type": "multipart/form-data; boundary=b"}, judge=False)
        batch = done["result"][0]["batchId"]
        done = self.until(lambda: self.expect(200, "GET", f"/bulk/v1/leads/batch/{batch}.json")["result"][0],
                          lambda seen: seen["status"] == "Complete")
        self.assertEqual((done["numOfLeadsProcessed"], done["numOfRowsFailed"]), (1, 1))
        text = self.expect(200, "GET", f"/bulk/v1/leads/batch/{batch}/failures.json")
        self.assertIn("Import Failure Reason", text)
        self.assertIn("bad", text)

    def test_tokens(self):
        query = "/identity/oauth/token?grant_type=client_credentials&client_id=c&client_secret="
        token = self.expect(200, "GET", query + "s", login=False)
        self.assertEqual(token["expires_in"], 3599)
        self.expect(401, "GET", query, login=False)
        reply = self.send("POST", "/rest/v1/leads.json", {"input": []}, login=False, judge=False)
        self.assertEqual((reply.status, reply.json["errors"][0]["code"]), (200, "600"))


class MarketoAtItsLimit(Dialect):
    described = "nowhere"  # limits are told in words only
    vendor = "marketo"
    options = ("--limit", "1/1m")

    def test_refuses_more_inside_200(self):
        at = "/rest/v1/leads.json?filterType=email&filterValues=a"
        self.assertTrue(self.expect(200, "GET", at)["success"])
        self.assertEqual(self.expect(200, "GET", at)["errors"][0]["code"], "606")


if __name__ == "__main__":
    run()
