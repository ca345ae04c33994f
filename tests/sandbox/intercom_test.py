#!/usr/bin/env python3
"""The stand-in of Intercom: contacts one by one, search, companies, events."""
from dialect import Dialect, run


class Intercom(Dialect):
    vendor = "intercom"
    login = {"Authorization": "Bearer test-token", "Intercom-Version": "2.14"}

    def create(self, status=200, **fields):
        return self.expect(status, "POST", "/contacts", {"role": "user", **fields})

    def find(self, field, *values):
        query = {"field": field, "operator": "IN", "value": list(values)} if len(values) > 1 else {"field": field, "operator": "=", "value": values[0]}
        return self.expect(200, "POST", "/contacts/search", {"query": query, "pagination": {"per_page": 150}})["data"]

    def test_contacts(self):
        made = self.create(external_id="1", email="ada@x.example", custom_attributes={"tier": "gold", "n": 1})
        changed = self.expect(200, "PUT", f"/contacts/{made['id']}", {"name": "Ada", "custom_attributes": {"tier": "silver"}})
        self.assertEqual((changed["name"], changed["custom_attributes"]), ("Ada", {"tier": "silver", "n": 1}))
        conflict = self.create(409, external_id="1")
        self.assertIn(made["id"], conflict["errors"][0]["message"])
        self.create(400, email="no")
        self.expect(200, "DELETE", f"/contacts/{made['id']}")
        self.expect(404, "PUT", f"/contacts/{made['id']}", {"name": "x"})

    def test_search(self):
        self.create(external_id="1", email="ada@x.example")
        self.create(external_id="2", email="ada@x.example", role="lead")
        self.assertEqual(len(self.find("email", "ada@x.example")), 2)
        self.assertEqual([one["external_id"] for one in self.find("external_id", "2", "3")], ["2"])
        self.assertEqual(self.find("external_id", "9"), [])

    def test_companies_events_and_objects(self):
        self.create(external_id="1")
        self.expect(200, "POST", "/companies", {"company_id": "c1", "name": "Acme"})
        self.expect(200, "POST", "/companies", {"company_id": "c1", "name": "Acme 2"})
        self.assertEqual([one["name"] for one in self.records("companies")], ["Acme 2"])
        event = {"event_name": "bought", "created_at": 1767000000, "user_id": "1"}
        self.expect(202, "POST", "/events", event)
        self.expect(202, "POST", "/events", event)
        self.assertEqual(len(self.records("events")), 1)
        self.expect(200, "POST", "/custom_object_instances/Order", {"external_id": "o1", "custom_attributes": {"n": "1"}})

    def test_records_by_their_ids(self):
        made = self.create(external_id="1", custom_attributes={"tier": "gold"})
        self.assertEqual(self.expect(200, "GET", f"/contacts/{made['id']}")["custom_attributes"], {"tier": "gold"})
        self.expect(404, "GET", "/contacts/0123456789abcdef01234567")
        firm = self.expect(200, "POST", "/companies", {"company_id": "c1", "name": "Acme", "custom_attributes": {"tier": "gold"}})
        self.assertEqual(self.expect(200, "GET", f"/companies/{firm['id']}"), firm)
        # The description has a list there, as for the other parameters; by company_id it is the company itself.
        self.assertEqual(self.expect(200, "GET", "/companies?company_id=c1", allow=("^response",)), firm)
        self.expect(404, "GET", "/companies?company_id=c2")
        self.expect(404, "GET", "/companies/0123456789abcdef01234567")

    def test_login_and_limit_headers(self):
        self.assert_login_is_needed("POST", "/contacts")
        self.assertEqual(self.send("GET", "/data_attributes").headers["x-ratelimit-limit"], "1667")


class IntercomAtItsLimit(Dialect):
    described = "nowhere"  # limits are told in words only
    vendor = "intercom"
    options = ("--limit", "1/1m", "--search-lag", "1h")

    def test_refuses_more_and_searches_lag(self):
        self.expect(200, "POST", "/contacts", {"external_id": "1"})
        self.assertEqual(self.expect(429, "POST", "/contacts", {"external_id": "2"})["errors"][0]["code"], "rate_limit_exceeded")


if __name__ == "__main__":
    run()
