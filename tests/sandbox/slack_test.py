#!/usr/bin/env python3
"""The stand-in of Slack: messages and their limits, look-ups, webhooks."""
import urllib.parse

from dialect import Dialect, form, run

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Slack(Dialect):
    vendor = "slack"
    options = ("--limit", "none")

    def call(self, method, verb="POST", fails=False, **arguments):
        # The description has failures under another status than the 200 with which they come.
        allow = ("^response",) if fails else ()
        if verb == "GET":
            reply = self.expect(200, "GET", f"/api/{method}?" + urllib.parse.urlencode(arguments), allow=allow)
        else:
            reply = self.expect(200, "POST", f"/api/{method}", form(**arguments), headers=FORM, allow=allow)
        self.assertEqual(reply["ok"], not fails)
        return reply

    def test_messages(self):
        done = self.call("chat.postMessage", channel="C00000001", text="Hello *you*")
        self.assertTrue(done["ok"])
        self.assertEqual(self.records("messages")[0]["text"], "Hello *you*")
        json_body = {"channel": "#random", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}]}
        self.assertTrue(self.expect(200, "POST", "/api/chat.postMessage", json_body, judge=False)["ok"])
        self.assertTrue(self.call("chat.update", channel="C00000001", ts=done["ts"], text="Bye")["ok"])
        self.assertTrue(self.call("chat.delete", channel="C00000001", ts=done["ts"])["ok"])

    def test_errors_come_with_200(self):
        errors = [self.call("chat.postMessage", fails=True, **arguments)["error"] for arguments in
                  ({"channel": "C9", "text": "x"}, {"channel": "C00000003", "text": "x"}, {"channel": "C00000001"},
                   {"channel": "C00000001", "blocks": "[{}]"}, {"channel": "C00000001", "text": "x" * 40001})]
        self.assertEqual(errors, ["channel_not_found", "is_archived", "no_text", "invalid_blocks", "msg_too_long"])
        self.assertEqual(self.stats()["rejected"], 5)

    def test_look_ups(self):
        user = self.call("users.lookupByEmail", "GET", email="ada@x.example")["user"]["id"]
        self.assertEqual(self.call("users.lookupByEmail", "GET", email="Ada@x.example")["user"]["id"], user)
        self.assertEqual(self.call("users.lookupByEmail", "GET", True, email="ada@y.example")["error"], "users_not_found")
        self.assertTrue(self.call("chat.postMessage", channel=user, text="hi")["channel"].startswith("D"))
        first = self.call("conversations.list", "GET", limit=2)
        self.assertEqual(len(first["channels"]), 2)
        rest = self.call("conversations.list", "GET", limit=2, cursor=first["response_metadata"]["next_cursor"])
        self.assertEqual(([one["name"] for one in rest["channels"]], rest["response_metadata"]["next_cursor"]), (["archived"], ""))

    def test_login(self):
        reply = self.send("POST", "/api/chat.postMessage", {"channel": "C00000001", "text": "x"}, login=False, judge=False)
        self.assertEqual((reply.status, reply.json["error"]), (200, "not_authed"))

    def test_webhooks(self):
        self.assertEqual(self.send("POST", "/services/T/B/x", {"text": "hi"}, login=False).text, "ok")
        reply = self.send("POST", "/services/T/B/x", {"text": ""}, login=False)
        self.assertEqual((reply.status, reply.text), (400, "no_text"))


class SlackAtItsLimit(Dialect):
    described = "nowhere"  # limits are told in words only
    vendor = "slack"

    def test_each_channel_has_its_own(self):
        statuses = [self.send("POST", "/api/chat.postMessage", {"channel": channel, "text": "x"}).status
                    for channel in ("C00000001", "C00000002", "C00000001")]
        self.assertEqual(statuses, [200, 200, 429])
        reply = self.send("POST", "/api/chat.postMessage", {"channel": "C00000001", "text": "x"})
        self.assertEqual((reply.json, reply.headers["retry-after"]), ({"ok": False, "error": "ratelimited"}, "1"))


if __name__ == "__main__":
    run()
