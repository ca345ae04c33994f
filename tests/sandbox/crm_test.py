#!/usr/bin/env python3
"""The stand-ins of Pipedrive, Attio and Notion."""
from dialect import Dialect, run


class Pipedrive(Dialect):
    vendor = "pipedrive"
    login = {"x-api-token": "token"}

    def test_persons(self):
        made = self.expect(201, "POST", "/api/v2/persons", {"name": "Ada", "emails": [{"value": "Ada@x.example", "primary": True}], "custom_fields": {"a": 1}})["data"]
        self.expect(201, "POST", "/api/v2/persons", {"name": "Twin", "emails": [{"value": "ada@x.example"}]})
        found = self.expect(200, "GET", "/api/v2/persons/search?term=ada@x.example&fields=email&exact_match=true")["data"]["items"]
        self.assertEqual([one["item"]["name"] for one in found], ["Ada", "Twin"])
        changed = self.expect(200, "PATCH", f"/api/v2/persons/{made['id']}", {"name": "Eve", "custom_fields": {"b": 2}})["data"]
        self.assertEqual((changed["name"], changed["custom_fields"]), ("Eve", {"a": 1, "b": 2}))
        self.expect(400, "POST", "/api/v2/persons", {"emails": []})
        told = self.expect(200, "GET", f"/api/v2/persons?limit=100&ids={made['id']},99")["data"]
        self.assertEqual([(one["id"], one["custom_fields"]) for one in told], [(made["id"], {"a": 1, "b": 2})])
        self.expect(400, "GET", "/api/v2/persons?ids=" + ",".join(map(str, range(101))))
        self.expect(200, "DELETE", f"/api/v2/persons/{made['id']}")
        self.expect(404, "PATCH", f"/api/v2/persons/{made['id']}", {"name": "x"})
        self.assert_login_is_needed("GET", "/api/v2/deals")


class Attio(Dialect):
    vendor = "attio"
    path = "/v2/objects/people/records"

    def put(self, status=200, **values):
        return self.expect(status, "PUT", self.path + "?matching_attribute=email_addresses", {"data": {"values": values}})

    def test_assert(self):
        made = self.put(email_addresses=["Ada@x.example"], name=["Ada"])["data"]["id"]["record_id"]
        self.assertEqual(self.put(email_addresses=["ada@x.example"], name=[])["data"]["id"]["record_id"], made)
        self.assertEqual(self.records("people"), [{"email_addresses": ["ada@x.example"]}])
        self.put(400, email_addresses=["no"])
        self.put(email_addresses=["b@x.example"])
        self.assertEqual(self.put(400, email_addresses=["ada@x.example", "b@x.example"])["code"], "multiple_match_results")

    def test_records(self):
        made = self.expect(200, "POST", self.path, {"data": {"values": {"email_addresses": ["a@x.example"]}}})["data"]["id"]["record_id"]
        self.expect(409, "POST", self.path, {"data": {"values": {"email_addresses": ["A@x.example"]}}}, judge=False)
        self.expect(200, "PATCH", f"{self.path}/{made}", {"data": {"values": {"name": ["Ada"]}}})
        self.assertEqual(len(self.expect(200, "POST", self.path + "/query", {"filter": {"email_addresses": "a@x.example"}})["data"]), 1)
        self.expect(200, "DELETE", f"{self.path}/{made}")
        self.expect(404, "GET", f"{self.path}/{made}")
        self.assert_login_is_needed("GET", f"{self.path}/{made}")


class Notion(Dialect):
    vendor = "notion"
    options = ("--limit", "none")
    login = {"Authorization": "Bearer test-token", "Notion-Version": "2025-09-03"}
    parent = {"type": "data_source_id", "data_source_id": "6f2e1c0e-0000-4000-8000-000000000001"}

    @staticmethod
    def title(text):
        return {"title": [{"type": "text", "text": {"content": text}}]}

    def test_pages(self):
        made = self.expect(200, "POST", "/v1/pages", {"parent": self.parent, "properties": {"Name": self.title("Ada"), "Email": {"email": "a@x.example"}}}, allow=("^request",))
        self.expect(200, "PATCH", f"/v1/pages/{made['id']}", {"properties": {"Email": {"email": None}, "Score": {"number": 2}}}, allow=("^request",))
        self.assertEqual(self.records("pages"), [{"Name": "Ada", "Score": 2}])
        query = {"filter": {"property": "Name", "title": {"equals": "Ada"}}}
        self.assertEqual(len(self.expect(200, "POST", f"/v1/data_sources/{self.parent['data_source_id']}/query", query, allow=("^request",))["results"]), 1)
        self.expect(400, "POST", "/v1/pages", {"parent": self.parent, "properties": {"Shoe": {"number": 1}}})
        self.expect(400, "POST", "/v1/pages", {"parent": self.parent, "properties": {"Email": {"email": "no"}}})
        told = self.expect(200, "GET", f"/v1/pages/{made['id']}")
        self.assertEqual((told["in_trash"], told["properties"]["Score"]["number"]), (False, 2))
        self.expect(200, "PATCH", f"/v1/pages/{made['id']}", {"archived": True}, allow=("^request",))
        self.assertTrue(self.expect(200, "GET", f"/v1/pages/{made['id']}")["in_trash"])
        self.expect(404, "GET", "/v1/pages/6f2e1c0e-0000-4000-8000-000000000009")
        self.assertEqual(self.records("pages"), [])

    def test_login(self):
        self.assert_login_is_needed("GET", "/v1/pages/x")


class NotionAtItsLimit(Dialect):
    described = "nowhere"  # limits are told in words only
    vendor = "notion"
    login = Notion.login

    def test_refuses_more(self):
        statuses = [self.send("GET", "/v1/data_sources/x").status for _ in range(4)]
        self.assertEqual(statuses, [200, 200, 200, 429])


if __name__ == "__main__":
    run()
