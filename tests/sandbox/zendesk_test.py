#!/usr/bin/env python3
"""The stand-in of Zendesk: jobs, single records, look-ups."""
from dialect import Dialect, basic, run

API = "/api/v2/"


class Zendesk(Dialect):
    vendor = "zendesk"
    login = basic("ada@x.example/token", "secret")

    def finish(self, status, method, path, body=None):
        started = self.expect(status, method, API + path, body)["job_status"]
        self.assertEqual((started["status"], started["results"]), ("queued", None))
        done = self.until(lambda: self.expect(200, "GET", f"{API}job_statuses/{started['id']}")["job_status"],
                          lambda seen: seen["status"] == "completed")
        return done["results"]

    def test_users_are_created_and_updated_by_a_job(self):
        users = [{"name": "Ada", "email": "ada@x.example", "external_id": "A1", "user_fields": {"tier": "gold", "n": 1}},
                 {"name": "Ben", "email": "ben"}, {"email": "c@x.example"}]
        done = self.finish(200, "POST", "users/create_or_update_many", {"users": users})
        self.assertEqual([one.get("status") or one["success"] for one in done], ["Created", False, False])
        self.assertIn("not properly formatted", done[1]["details"])
        done = self.finish(200, "POST", "users/create_or_update_many", {"users": [{"external_id": "a1", "user_fields": {"n": None}, "email": "new@x.example"}]})
        self.assertEqual(done[0]["status"], "Updated")
        user = self.records("users")[0]
        self.assertEqual((user["external_id"], user["email"], user["user_fields"]["tier"]), ("a1", "ada@x.example", "gold"))

    def test_updates_need_what_is_there(self):
        self.finish(200, "POST", "users/create_many", {"users": [{"name": "Ada", "external_id": "1"}]})
        done = self.finish(200, "PUT", "users/update_many", {"users": [{"external_id": "1", "name": "A"}, {"external_id": "2", "name": "B"}]})
        self.assertEqual([one["success"] for one in done], [True, False])
        done = self.finish(200, "DELETE", "users/destroy_many?external_ids=1,2")
        self.assertEqual([one["success"] for one in done], [True, False])
        self.assertEqual(self.records("users"), [])

    def test_organizations_have_unique_names(self):
        done = self.finish(200, "POST", "organizations/create_many", {"organizations": [{"name": "Acme", "external_id": "1"}, {"name": "acme"}]})
        self.assertEqual(["error" in one for one in done], [False, True])
        found = self.expect(200, "GET", API + "organizations/show_many?external_ids=1,2")["organizations"]
        self.assertEqual([one["name"] for one in found], ["Acme"])
        self.expect(200, "POST", API + "organizations/create_or_update", {"organization": {"external_id": "1", "name": "Acme 2"}})
        self.expect(201, "POST", API + "organizations/create_or_update", {"organization": {"external_id": "2", "name": "Bolt"}})
        self.expect(422, "POST", API + "organizations", {"organization": {"name": "Bolt"}})

    def test_records_by_their_ids(self):
        self.finish(200, "POST", "users/create_many", {"users": [{"name": "Ada", "user_fields": {"tier": "gold"}}, {"name": "Ben"}]})
        ids = [one["id"] for one in self.sandbox.records("users")]
        self.finish(200, "DELETE", f"users/destroy_many?ids={ids[1]}")
        found = self.expect(200, "GET", f"{API}users/show_many?ids={ids[0]},{ids[1]},99")["users"]
        self.assertEqual([(one["name"], one["active"]) for one in found], [("Ada", True), ("Ben", False)])
        self.assertEqual(found[0]["user_fields"], {"tier": "gold"})
        self.finish(200, "POST", "tickets/create_many", {"tickets": [{"subject": "Rain", "comment": {"body": "wet"}}]})
        ticket = self.sandbox.records("tickets")[0]["id"]
        self.assertEqual([one["subject"] for one in self.expect(200, "GET", f"{API}tickets/show_many?ids={ticket},99")["tickets"]], ["Rain"])
        self.expect(400, "GET", f"{API}users/show_many?ids=" + ",".join(map(str, range(101))))

    def test_look_ups_may_hit_several(self):
        self.finish(200, "POST", "users/create_many", {"users": [{"name": "Ada", "email": "a@x.example"}, {"name": "Ada", "email": "b@x.example"}]})
        self.assertEqual(len(self.expect(200, "GET", API + "users/search?query=name:Ada")["users"]), 2)
        self.assertEqual(len(self.expect(200, "GET", API + "users/search?query=email:a@x.example")["users"]), 1)
        self.assertEqual(self.expect(200, "GET", API + "users/search?external_id=none")["users"], [])

    def test_tickets_and_custom_objects(self):
        done = self.finish(200, "POST", "tickets/create_many", {"tickets": [{"subject": "Rain", "comment": {"body": "wet"}}, {"subject": "none"}]})
        self.assertEqual(["error" in one for one in done], [False, True])
        job = {"job": {"action": "create_or_update_by_external_id", "items": [{"external_id": "b1", "name": "Boot"}]}}
        self.finish(201, "POST", "custom_objects/shoe/jobs", job)
        job = {"job": {"action": "delete_by_external_id", "items": ["b1", "b2"]}}
        self.assertEqual([one["success"] for one in self.finish(201, "POST", "custom_objects/shoe/jobs", job)], [True, False])

    def test_batches_and_jobs_are_limited(self):
        self.expect(400, "POST", API + "users/create_many", {"users": [{"name": "n"}] * 101})
        last = [self.send("POST", API + "users/create_many", {"users": [{"name": "n"}]}, judge=False) for _ in range(31)][-1]
        if last.status == 429:  # a slow machine finishes the first ones meanwhile
            self.assertEqual((last.json["error"], "retry-after" in last.headers), ("TooManyJobs", True))

    def test_login_and_json_suffix(self):
        self.assert_login_is_needed("GET", API + "users/search?external_id=1")
        reply = self.send("GET", API + "users/search.json?external_id=1", judge=False)
        self.assertEqual((reply.status, reply.headers["x-rate-limit"]), (200, "400"))


class ZendeskAtItsLimit(Dialect):
    described = "nowhere"  # limits are told in words only
    vendor = "zendesk"
    login = Zendesk.login
    options = ("--limit", "1/1m")

    def test_refuses_more(self):
        self.expect(200, "GET", API + "users/search?external_id=1")
        reply = self.send("GET", API + "users/search?external_id=1")
        self.assertEqual((reply.status, int(reply.headers["retry-after"]) > 50), (429, True))


if __name__ == "__main__":
    run()
