"""Webhook: any HTTP API gets each row as its sync says."""

import base64
import hashlib
import hmac
import json

from of_vendor import PARTIAL, USAGE, VendorTest, main, person


class WebhookTest(VendorTest):
    vendor = "webhook"
    settings = {"base_url": None, "url": "{sandbox}"}

    def to(self, target, **settings):
        self.project.sync(**({"object": target, "match": {"id": "id"}, "fields": {"name": "name", "city": "city"},
                              "options": {"path": "v1/people"}} | settings))

    def requests(self):
        return [(one["method"], one["path"], json.loads(one["body"]) if one["body"] else None) for one in self.held("requests")]

    def header(self, name):
        return [one["headers"].get(name) for one in self.held("requests")]

    def test_a_post_for_each_row_that_changes(self):
        self.to("people", options={"path": "v1/people", "body": {"id": "{key}", "data": "{fields}"}})
        self.rows = [person(1), person(2)]
        self.plan_sync(added=2, to_send=2)
        self.run_sync(accepted=2)
        self.assertEqual(sorted(body["id"] for _, _, body in self.requests()), ["1", "2"])
        self.rows = [person(1), person(2, city="Bonn")]
        self.run_sync(changed=1, accepted=1)
        method, path, body = self.requests()[-1]
        self.assertEqual((method, path, body["id"], body["data"]["city"]), ("POST", "/v1/people", "2", "Bonn"))
        keys = self.header("idempotency-key")
        self.assertTrue(all(len(key) == 32 for key in keys), keys)
        self.assertEqual(len(set(keys)), 3)
        self.plan_sync(to_send=0)

    def test_the_body_is_the_fields_unless_said_otherwise(self):
        self.to("people", mode="append", match=None)
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.assertEqual(self.requests(), [("POST", "/v1/people", {"name": "Person 1", "city": "Ulm"})])

    def test_a_body_that_lists_rows_has_nothing_of_one_row_beside_the_list(self):
        # It once ended the program.
        self.to("people", options={"path": "v1/people", "body": {"all": {"each_row": "{fields}"}, "one": "{field.name}"}})
        self.rows = [person(1)]
        for command in ("check", "run"):
            answer = self.call(*((command,) if command == "check" else (command, "contacts")), code=USAGE)
            self.assertIn("outside of `each_row`", answer.out + answer.err)

    def test_put_and_delete_at_an_address_of_the_row(self):
        self.to("put/people", mode="mirror", guard={"max_removed": "100%"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(2)]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(sorted((method, path) for method, path, _ in self.requests()),
                         [("DELETE", "/v1/people/1"), ("PUT", "/v1/people/1"), ("PUT", "/v1/people/2")])

    def test_arrays_and_lines(self):
        for number, target in enumerate(("batch/people", "ndjson/people")):
            self.project.sync(name=f"s{number}", object=target, mode="append", match=None, fields={"id": "id", "name": "name"})
            self.rows = [person(1), person(2), person(3)]
            self.run_sync(sync=f"s{number}", accepted=3, requests=1)
        self.assertEqual(sorted(one["id"] for one in self.held("rows")), ["1", "1", "2", "2", "3", "3"])
        self.assertEqual(len(self.held("requests")), 2)

    def test_logins(self):
        self.to("people")
        given = {"bearer": ({"token": "t0k"}, "authorization", "Bearer t0k"),
                 "basic": ({"user": "ada", "password": "pw"}, "authorization", "Basic YWRhOnB3"),
                 "header": ({"token": "k3y", "header": "X-Key"}, "x-key", "k3y")}
        for number, (auth, (settings, name, value)) in enumerate(given.items()):
            self.destination(auth=auth, **settings)
            self.rows = [person(1, city=str(number))]
            self.run_sync(accepted=1)
            self.assertEqual(self.header(name)[-1], value)

    def test_bodies_are_signed(self):
        self.to("people", mode="append", match=None)
        self.destination(auth="signed", token="whsec_" + base64.b64encode(b"a secret").decode())
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        request = self.held("requests")[0]
        sent = request["headers"]
        signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.{request['body']}"
        digest = hmac.new(b"a secret", signed.encode(), hashlib.sha256).digest()
        self.assertEqual(sent["webhook-signature"], "v1," + base64.b64encode(digest).decode())

    def test_a_refused_row_is_found_in_its_batch(self):
        self.refuse_some("20%")
        self.to("batch/people")
        self.rows = [person(number) for number in range(20)]
        result = self.run_sync(code=PARTIAL)
        self.assertTrue(0 < result["rejected"] < 20, result)
        self.assertEqual(len({one["name"] for one in self.held("rows")}), result["accepted"])
        self.assert_refused(self.call("log", result["run"]), "refused by the sandbox")


if __name__ == "__main__":
    main()
