#!/usr/bin/env python3
"""Alerts by email, to a real mail server (npm smtp-server): encrypted in every way, with logins, and refused in every way."""

import re
import sys

from receivers import DONE, FAILED, AlertTest, Certificate, MailServer
from harness import main

PASSWORD = "sm7p-p4ss-word"
certificate = None


class Mail(AlertTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        global certificate  # pylint: disable=global-statement
        certificate = Certificate()
        cls.addClassCleanup(certificate.stop)

    def server(self, encrypted=True, **settings):
        files = {"key": certificate.key, "cert": certificate.cert} if encrypted else {}
        server = MailServer(**files, **settings)
        self.addCleanup(server.stop)
        return server

    def alert_by(self, server, **settings):
        self.alert(**({"type": "email", "to": ["ops@example.com"], "from": "Penstock <penstock@example.com>", "host": "127.0.0.1",
                       "port": server.port} | settings))

    def try_it(self, code=DONE, trusted=True):
        answer = self.call("alert", "test", code=code, PENSTOCK_CA_FILE=certificate.cert if trusted else "", SMTP_PASSWORD=PASSWORD)
        self.assertNotIn(PASSWORD, answer.out + answer.err)
        return answer

    def told(self, server, **settings):
        self.alert_by(server, **settings)
        answer = self.try_it()
        self.assertIn("250", answer.out)
        return server.mail()

    def refused(self, server, *words, trusted=True, **settings):
        self.alert_by(server, **settings)
        answer = self.try_it(code=FAILED, trusted=trusted)
        for word in words:
            self.assertIn(word, answer.out)

    # ---- How it gets there

    def test_starttls(self):
        self.assertTrue(self.told(self.server()).envelope["encrypted"])

    def test_encrypted_from_the_start(self):
        self.assertTrue(self.told(self.server(secure=True), tls="implicit").envelope["encrypted"])

    def test_in_clear(self):
        self.assertFalse(self.told(self.server(encrypted=False), tls="none").envelope["encrypted"])

    def test_a_login(self):
        server = self.server(user="penstock", password=PASSWORD)
        mail = self.told(server, user="penstock", password="${env:SMTP_PASSWORD}")
        self.assertEqual(mail.envelope["user"], "penstock")

    # ---- How it does not

    def test_no_certificate_that_is_trusted(self):
        self.refused(self.server(), "certificate of 127.0.0.1", "PENSTOCK_CA_FILE", trusted=False)

    def test_no_encryption_where_it_is_asked_for(self):
        server = self.server(encrypted=False)
        self.refused(server, "offers no encryption by STARTTLS")
        self.assertTrue(server.is_empty())

    def test_a_wrong_password(self):
        server = self.server(user="penstock", password="another")
        self.refused(server, "refuses the login", "wrong name or password", user="penstock", password="${env:SMTP_PASSWORD}")
        self.assertTrue(server.is_empty())

    def test_no_password_in_clear(self):
        self.refused(self.server(encrypted=False), "would be sent a password in clear", host="192.0.2.1", tls="none", user="penstock",
                     password="${env:SMTP_PASSWORD}")

    def test_a_mail_that_is_refused(self):
        self.refused(self.server(refuse="5.7.1 looks like spam"), "looks like spam")

    def test_an_address_that_is_refused_is_told_and_the_others_get_it(self):
        server = self.server(unknown=["gone@example.com"])
        self.alert_by(server, to=["gone@example.com", "ops@example.com"])
        self.assertIn("nobody of that name here", self.try_it().out)
        self.assertEqual(server.mail().envelope["to"], ["ops@example.com"])
        self.refused(server, "nobody of that name here", to=["gone@example.com"])

    def test_what_is_refused_for_now_is_sent_again(self):
        server = self.server(busy=2)
        self.told(server)
        self.assertEqual((server.mail()["Subject"], server.mail()["Subject"]), ("[e2e] Test of the alert 'ops'",) * 2)

    def test_nobody_listens(self):
        server = self.server()
        server.stop()
        self.refused(server, "cannot be reached")

    # ---- What it says

    def test_what_is_in_a_mail(self):
        self.project.write("penstock.yaml", {"project": "e2e", "public_url": "https://penstock.example.com"})
        server = self.server()
        self.alert_by(server, to=["ops@example.com", "Dätä Leute <data@example.com>"], **{"from": "Pénstock, Ops <penstock@example.com>"})
        self.break_source()
        self.run_and_tell(code=FAILED, PENSTOCK_CA_FILE=certificate.cert)
        broke = server.mail()
        self.assertEqual(broke.envelope["from"], "penstock@example.com")
        self.assertEqual(broke.envelope["to"], ["ops@example.com", "data@example.com"])
        self.assertEqual([(one.display_name, one.addr_spec) for one in broke["From"].addresses], [("Pénstock, Ops", "penstock@example.com")])
        self.assertEqual([one.display_name for one in broke["To"].addresses], ["", "Dätä Leute"])
        self.assertEqual(broke["Subject"], "[e2e] contacts: the source 'warehouse' cannot be read")
        self.assertIsNotNone(broke["Date"].datetime)
        self.assertEqual(broke["Auto-Submitted"], "auto-generated")
        self.assertEqual(broke.get_content_type(), "multipart/alternative")
        plain, page = [part.get_content() for part in broke.iter_parts()]
        for word in ("people.csv", "penstock check --connect", "https://penstock.example.com/runs/", "Since:"):
            self.assertIn(word, plain)
            self.assertIn(word.rstrip(":"), page)
        self.assertNotIn("\n.", broke.envelope["text"])
        self.assertLessEqual(max(map(len, broke.envelope["text"].split("\r\n"))), 998)
        self.mend_source()
        self.run_and_tell(PENSTOCK_CA_FILE=certificate.cert)
        over = server.mail()
        self.assertEqual(over["Subject"], "[e2e] Recovered: contacts works again")
        self.assertEqual(over["References"], broke["References"], "both belong to one thread")
        self.assertNotEqual(over["Message-ID"], broke["Message-ID"])

    def test_what_others_say_ends_no_header(self):
        # A model's name cannot hold a line feed; what a source says can, and stands in the body only.
        server = self.server()
        self.alert_by(server)
        self.project.model(sql="select * replace (cast(error('a\r\nBcc: evil@example.com\r\n<script>x</script>') as varchar) as city) from people")
        self.run_and_tell(code=FAILED, PENSTOCK_CA_FILE=certificate.cert)
        mail = server.mail()
        self.assertNotIn("Bcc", mail)
        self.assertEqual(mail.envelope["to"], ["ops@example.com"])
        page = list(mail.iter_parts())[1].get_content()
        self.assertIn("&lt;script&gt;", page)
        self.assertNotRegex(page, re.compile("<script", re.IGNORECASE))


if __name__ == "__main__":
    if MailServer.missing():
        print("skipped:", MailServer.missing())
        sys.exit(77)
    main()
