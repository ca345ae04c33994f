#!/usr/bin/env python3
"""The stand-in of Klaviyo: profiles one by one and in jobs, lists, events."""
import urllib.parse

from dialect import Dialect, run


def profile(**attributes):
    return {"type": "profile", "attributes": attributes}


class Klaviyo(Dialect):
    vendor = "klaviyo"
    login = {"Authorization": "Klaviyo-API-Key pk_test", "revision": "2026-07-15"}

    def send(self, method, path, body=None, headers=None, **options):
        return super().send(method, path, body, {**(headers or {}), **({"Content-Type": "application/vnd.api+json"} if body else {})}, **options)

    def start(self, *profiles, **relationships):
        data = {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": list(profiles)}}}
        if relationships:
            data["relationships"] = relationships
        made = self.expect(202, "POST", "/api/profile-bulk-import-jobs", {"data": data})["data"]
        at = f"/api/profile-bulk-import-jobs/{made['id']}"
        done = self.until(lambda: self.expect(200, "GET", at)["data"]["attributes"], lambda seen: seen["status"] == "complete")
        return done, self.expect(200, "GET", at + "/import-errors")["data"]

    def find(self, name, *values):
        quoted = ",".join(f'"{value}"' for value in values)
        path = "/api/profiles?" + urllib.parse.urlencode({"filter": f"any({name},[{quoted}])", "page[size]": 100})
        return self.expect(200, "GET", path)["data"]

    def test_import_job(self):
        done, errors = self.start(profile(email="ada@x.example", properties={"tier": "gold"}), profile(email="no"),
                                  lists={"data": [{"type": "list", "id": "L1"}]})
        self.assertEqual((done["completed_count"], done["failed_count"]), (1, 1))
        self.assertEqual(errors[0]["attributes"]["original_payload"], {"email": "no"})
        self.assertEqual(len(self.records("list_L1")), 1)
        self.start(profile(email="ADA@x.example", first_name="Ada", properties={"n": 1}))
        self.assertEqual(self.records("profiles"), [{"email": "ADA@x.example", "first_name": "Ada", "properties": {"tier": "gold", "n": 1}}])

    def test_single_profiles(self):
        made = self.expect(201, "POST", "/api/profile-import", {"data": profile(email="ada@x.example", first_name="A")})["data"]
        self.expect(200, "POST", "/api/profile-import", {"data": profile(email="ada@x.example", first_name=None)})
        conflict = self.expect(409, "POST", "/api/profiles", {"data": profile(email="ada@x.example")})
        self.assertEqual(conflict["errors"][0]["meta"]["duplicate_profile_id"], made["id"])
        self.expect(200, "PATCH", f"/api/profiles/{made['id']}", {"data": {"type": "profile", "id": made["id"], "attributes": {"last_name": "L"}}})
        self.assertEqual(self.records("profiles"), [{"email": "ada@x.example", "last_name": "L"}])
        wrong = self.expect(400, "POST", "/api/profile-import", {"data": profile(email="ada")})
        self.assertEqual(wrong["errors"][0]["source"]["pointer"], "/data/attributes/email")
        self.assertEqual(len(self.find("email", "ada@x.example", "b")), 1)
        told = self.find("id", "01NONE", made["id"])
        self.assertEqual([(one["id"], one["attributes"]["last_name"]) for one in told], [(made["id"], "L")])

    def test_lists(self):
        made = self.expect(201, "POST", "/api/profile-import", {"data": profile(email="ada@x.example")})["data"]["id"]
        body = {"data": [{"type": "profile", "id": made}]}
        self.expect(204, "POST", "/api/lists/L1/relationships/profiles", body)
        self.assertEqual(len(self.records("list_L1")), 1)
        self.expect(204, "DELETE", "/api/lists/L1/relationships/profiles", body)
        self.assertEqual(self.records("list_L1"), [])

    def test_events(self):
        body = {"data": {"type": "event", "attributes": {"metric": {"data": {"type": "metric", "attributes": {"name": "Bought"}}}, "unique_id": "1",
                                                         "profile": {"data": profile(email="ada@x.example")}, "properties": {"n": 1}}}}
        self.expect(202, "POST", "/api/events", body)
        self.expect(202, "POST", "/api/events", body)
        self.assertEqual(len(self.records("events")), 1)

    def test_login_and_limit_headers(self):
        self.assert_login_is_needed("GET", "/api/profiles")
        self.assertEqual(self.send("GET", "/api/profiles").headers["ratelimit-limit"], "750")


if __name__ == "__main__":
    run()
