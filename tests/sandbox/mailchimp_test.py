#!/usr/bin/env python3
"""The stand-in of Mailchimp: members in batches and one by one."""
import hashlib

from dialect import Dialect, basic, run


class Mailchimp(Dialect):
    vendor = "mailchimp"
    login = basic("any", "key-us1")

    def batch(self, *members, update=True):
        return self.expect(200, "POST", "/3.0/lists/L1", {"members": list(members), "update_existing": update})

    def test_batches(self):
        done = self.batch({"email_address": "Ada@x.example", "status": "subscribed", "merge_fields": {"FNAME": "Ada", "LNAME": "L"}}, {"email_address": "no"})
        self.assertEqual((done["total_created"], done["error_count"], done["errors"][0]["email_address"]), (1, 1, "no"))
        done = self.batch({"email_address": "ada@x.example", "merge_fields": {"FNAME": ""}}, {"email_address": "ADA@x.example"})
        self.assertEqual((done["total_updated"], done["error_count"]), (1, 1))
        self.assertEqual(self.records("list_L1")[0]["merge_fields"], {"LNAME": "L"})
        done = self.batch({"email_address": "ada@x.example", "status": "subscribed"}, update=False)
        self.assertEqual(done["errors"][0]["error_code"], "ERROR_CONTACT_EXISTS")
        self.expect(400, "POST", "/3.0/lists/L1", {"members": [{}] * 501})

    def test_single_members_are_known_by_md5(self):
        at = "/3.0/lists/L1/members/" + hashlib.md5(b"test@example.com").hexdigest()
        self.assertTrue(at.endswith("55502f40dc8b7c769880b10874abc9d0"))
        self.expect(404, "PATCH", at, {"merge_fields": {}})
        made = self.expect(200, "PUT", at, {"email_address": "Test@example.com", "status_if_new": "subscribed"})
        self.assertEqual((made["id"], made["status"]), ("55502f40dc8b7c769880b10874abc9d0", "subscribed"))
        self.expect(204, "POST", at + "/tags", {"tags": [{"name": "vip", "status": "active"}]})
        self.expect(200, "POST", "/3.0/lists/L1/segments/9", {"members_to_add": ["test@example.com", "x@x.example"]})
        reply = self.send("POST", "/3.0/lists/L1/members", {"email_address": "test@example.com", "status": "subscribed"})
        self.assertEqual((reply.status, reply.json["title"], reply.headers["content-type"]), (400, "Member Exists", "application/problem+json"))
        self.expect(204, "DELETE", at)
        self.assertEqual(self.records("list_L1"), [])

    def test_login(self):
        self.assert_login_is_needed("GET", "/3.0/ping")


if __name__ == "__main__":
    run()
