#!/usr/bin/env python3
"""The stand-in of Meta's custom audiences: members come and go, or are replaced."""
import hashlib
import json

from dialect import Dialect, form, run


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Meta(Dialect):
    vendor = "meta"

    def change(self, method, rows, path="users", status=200, schema=("EMAIL", "FN"), **more):
        return self.expect(status, method, f"/v25.0/77/{path}", {"payload": {"schema": list(schema), "data": rows}, **more})

    def test_members_come_and_go(self):
        ada, ben = [digest("ada@x.example"), digest("ada")], [digest("ben@x.example"), ""]
        done = self.change("POST", [ada, ben, ["ben@x.example", ""]])
        self.assertEqual((done["num_received"], done["num_invalid_entries"], done["audience_id"]), (3, 1, "77"))
        self.change("POST", [ada])
        self.assertEqual(len(self.records("audience_77")), 2)
        self.change("DELETE", [ada, [digest("z"), ""]])
        self.assertEqual([one["values"] for one in self.records("audience_77")], [ben])

    def test_a_form_will_do(self):
        payload = {"schema": "EMAIL_SHA256", "data": [digest("a@x.example")]}
        self.expect(200, "POST", "/v25.0/77/users", form(payload=json.dumps(payload), access_token="t"), login=False,
                    headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(len(self.records("audience_77")), 1)

    def test_everything_is_replaced_in_one_session(self):
        self.change("POST", [[digest("old"), ""]])
        for number, last in ((1, False), (2, True)):
            self.change("POST", [[digest(str(number)), ""]], "usersreplace",
                        session={"session_id": 9, "batch_seq": number, "last_batch_flag": last})
        self.assertEqual([one["values"][0] for one in self.records("audience_77")], [digest("1"), digest("2")])

    def test_refusals(self):
        self.assertEqual(self.change("POST", [["x"]], status=400)["error"]["error_subcode"], 1713230)
        self.change("POST", [["x", "y"]], status=400, schema=("EMAIL", "SHOE"))
        self.change("POST", [[digest("a")]] * 10001, status=400, schema=("EMAIL",))
        wrong = self.expect(400, "POST", "/v25.0/77/users", {"payload": {}}, login=False)
        self.assertEqual(wrong["error"]["code"], 190)

    def test_audiences_and_usage(self):
        made = self.expect(200, "POST", "/v25.0/act_1/customaudiences", {"name": "Buyers", "subtype": "CUSTOM"}, judge=False)
        self.assertTrue(made["id"].isdigit())
        usage = json.loads(self.send("GET", "/v25.0/77", judge=False).headers["x-business-use-case-usage"])
        self.assertEqual(usage["1"][0]["type"], "custom_audience")


class MetaAtItsLimit(Dialect):
    described = "nowhere"  # limits are told in words only
    vendor = "meta"
    options = ("--limit", "1/1m")

    def test_refuses_more_with_400(self):
        self.expect(200, "GET", "/v25.0/77")
        reply = self.send("GET", "/v25.0/77")
        self.assertEqual((reply.status, reply.json["error"]["code"], reply.json["error"]["is_transient"]), (400, 80003, True))


if __name__ == "__main__":
    run()
