#!/usr/bin/env python3
"""The stand-ins that take messages: SendGrid, Twilio, Microsoft Teams, Discord."""
from dialect import Dialect, basic, form, run

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class SendGrid(Dialect):
    vendor = "sendgrid"

    def upsert(self, *contacts):
        job = self.expect(202, "PUT", "/v3/marketing/contacts", {"contacts": list(contacts)})["job_id"]
        return self.until(lambda: self.expect(200, "GET", f"/v3/marketing/contacts/imports/{job}"), lambda seen: seen["status"] != "pending")

    def test_contacts(self):
        done = self.upsert({"email": "ada@x.example", "custom_fields": {"e1_T": "gold"}})
        self.assertEqual((done["status"], done["results"]["created_count"]), ("completed", 1))
        done = self.upsert({"email": "ADA@x.example", "first_name": "Ada"}, {"email": "no"})
        self.assertEqual((done["status"], done["results"]["errored_count"]), ("errored", 1))
        found = self.expect(200, "POST", "/v3/marketing/contacts/search/emails", {"emails": ["ada@x.example", "b@x.example"]})["result"]
        self.assertEqual((list(found), found["ada@x.example"]["contact"]["custom_fields"]), (["ada@x.example"], {"e1_T": "gold"}))
        self.expect(202, "DELETE", "/v3/marketing/contacts?ids=" + found["ada@x.example"]["contact"]["id"])
        self.assertEqual(self.records("contacts"), [])
        self.expect(400, "PUT", "/v3/marketing/contacts", {"contacts": [{"email": "a@x.example", "custom_fields": {"e9_T": "x"}}]})
        self.assert_login_is_needed("GET", "/v3/marketing/lists")

    def test_mail(self):
        mail = {"personalizations": [{"to": [{"email": "ada@x.example"}]}], "from": {"email": "us@x.example"}, "subject": "Hi",
                "content": [{"type": "text/plain", "value": "Hello"}]}
        self.expect(202, "POST", "/v3/mail/send", mail)
        self.assertEqual(self.records("mails")[0]["subject"], "Hi")


class Twilio(Dialect):
    vendor = "twilio"
    account = "AC" + "0" * 32
    login = basic(account, "token")

    def post(self, status, **fields):
        return self.expect(status, "POST", f"/2010-04-01/Accounts/{self.account}/Messages.json", form(**fields), headers=FORM)

    def test_messages(self):
        made = self.post(201, To="+14155551234", From="+14155550000", Body="Hi")
        self.assertTrue(made["sid"].startswith("SM"))
        self.assertEqual(self.post(400, To="4155", From="+1", Body="x")["code"], 21211)
        self.assertEqual(self.post(400, To="+14155551234", From="+1")["code"], 21602)
        self.assertEqual(len(self.records("messages")), 1)
        self.assert_login_is_needed("GET", f"/2010-04-01/Accounts/{self.account}/Messages.json")


class Teams(Dialect):
    vendor = "teams"
    options = ("--limit", "none")
    login = {}

    def test_cards(self):
        card = {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "body": []}}]}
        self.expect(202, "POST", "/workflows/abc?sig=x", card)
        self.expect(400, "POST", "/workflows/abc?sig=x", {"attachments": []})
        self.expect(413, "POST", "/workflows/abc?sig=x", {"text": "x" * 30000})
        self.assertEqual(len(self.records("messages")), 1)


class Discord(Dialect):
    vendor = "discord"
    login = {}

    def test_messages_and_their_limit(self):
        self.expect(204, "POST", "/api/webhooks/1/token", {"content": "Hi"})
        self.assertEqual(self.expect(200, "POST", "/api/webhooks/1/token?wait=true", {"content": "Hi"})["content"], "Hi")
        self.assertEqual(self.expect(400, "POST", "/api/webhooks/1/token", {"content": ""})["code"], 50006)
        statuses = [self.send("POST", "/api/webhooks/1/token", {"content": "x"}).status for _ in range(3)]
        self.assertEqual(statuses, [204, 204, 429])
        self.expect(401, "POST", "/api/v10/channels/2/messages", {"content": "x"})
        for _ in range(2):
            self.expect(200, "POST", "/api/v10/channels/3/messages", {"content": "n", "nonce": "1", "enforce_nonce": True}, login={"Authorization": "Bot t"})
        self.assertEqual(len(self.records("messages")), 5)


if __name__ == "__main__":
    run()
