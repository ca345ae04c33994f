"""Login at a provider (OpenID Connect) through the real service: there, back, and what is not let in."""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration")]

from harness import ROOT, main, person  # noqa: E402
from served import Served, ServedTest  # noqa: E402

MODULES = os.path.join(ROOT, ".deps", "npm", "node_modules")
START, BACK = "/api/v1/session/provider", "/api/v1/session/provider/callback"
SECRET = "client-secret-5b1d77"


class Browser:
    """Keeps cookies of the service, follows nothing by itself."""

    def __init__(self, served):
        self.served, self.cookies = served, {}

    def get(self, path, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=60)
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        connection.request("GET", path, headers=sent | (headers or {}))
        answer = connection.getresponse()
        self.status, self.body = answer.status, answer.read().decode()
        self.location, self.set = answer.getheader("Location"), answer.headers.get_all("Set-Cookie") or []
        for cookie in self.set:
            name, value = cookie.split(";")[0].split("=", 1)
            if "Max-Age=0" in cookie:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        connection.close()
        return self

    def session(self):
        return json.loads(self.get("/api/v1/session").body)


def at_provider(url):
    """Where the provider sends the browser of somebody who has just logged in there."""
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    try:
        urllib.request.build_opener(Stay).open(url, timeout=60)
    except urllib.error.HTTPError as redirect:
        return urllib.parse.urlsplit(redirect.headers["Location"])
    raise AssertionError("the provider does not send the browser back")


@unittest.skipUnless(os.path.isdir(os.path.join(MODULES, "oauth2-mock-server")), "npm oauth2-mock-server is not there (./dev setup)")
class ProviderLogin(ServedTest):
    def setUp(self):
        super().setUp()
        self.rows = [person(1)]
        self.claims_file = self.project.path("claims.json")
        self.says(email="anna@example.com", email_verified=True, groups=["ops"])
        self.provider = subprocess.Popen([shutil.which("node"), os.path.join(HERE, "..", "access", "provider.mjs"), MODULES,
                                          self.claims_file], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.provider.stdout.close)
        self.addCleanup(self.provider.wait)
        self.addCleanup(self.provider.kill)
        self.issuer = self.provider.stdout.readline().strip()
        self.served = self.open_service()
        self.browser = Browser(self.served)

    def says(self, **claims):
        with open(self.claims_file, "w", encoding="utf-8") as file:
            json.dump(claims, file)

    def open_service(self, *options, **more):
        variables = {"PENSTOCK_OIDC_ISSUER": self.issuer, "PENSTOCK_OIDC_CLIENT_ID": "penstock", "PENSTOCK_OIDC_NAME": "Acme SSO",
                     "PENSTOCK_OIDC_CLIENT_SECRET": SECRET, "PENSTOCK_OIDC_ROLE_CLAIM": "groups",
                     "PENSTOCK_OIDC_ROLES": "staff=viewer,ops=admin"} | more
        import socket
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        served = Served(self.project, *options, listen=f"127.0.0.1:{port}", **variables)
        self.addCleanup(served.stop, 9)
        return served

    def go_there(self, browser, page="/syncs/contacts"):
        browser.get(f"{START}?{urllib.parse.urlencode({'next': page})}")
        self.assertEqual(browser.status, 303, browser.body)
        self.assertTrue(browser.location.startswith(self.issuer), browser.location)
        back = at_provider(browser.location)
        self.assertEqual(f"http://{back.netloc}{back.path}", self.served.url + BACK)
        return back.query

    def log_in(self, browser, page="/syncs/contacts"):
        query = self.go_there(browser, page)
        return browser.get(f"{BACK}?{query}")

    def refused(self, browser, why, page="/syncs/contacts"):
        """The browser was led back to the page it wanted, which is told why, and nobody is logged in."""
        self.assertEqual((browser.status, browser.location), (303, page))
        self.assertNotIn("penstock_session", browser.cookies)
        session = browser.session()
        self.assertFalse(session["authenticated"])
        self.assertRegex(session["trouble"]["title"], why)
        self.assertTrue(session["trouble"]["remedy"])
        for secret in (SECRET, *browser.cookies.values()):
            self.assertNotIn(secret, session["trouble"]["title"] + session["trouble"]["remedy"])

    def test_there_and_back(self):
        session = self.browser.session()
        self.assertEqual((session["authenticated"], session["login_needed"]), (False, True))
        self.assertEqual(session["provider"], {"name": "Acme SSO"})
        self.assertEqual(self.browser.get("/api/v1/syncs").status, 401)
        self.log_in(self.browser)
        self.assertEqual((self.browser.status, self.browser.location), (303, "/syncs/contacts"), self.browser.body)
        cookie = next(one for one in self.browser.set if one.startswith("penstock_session="))
        for word in ("HttpOnly", "SameSite=Lax", "Path=/;"):
            self.assertIn(word, cookie)
        self.assertEqual(set(self.browser.cookies), {"penstock_session"})
        session = self.browser.session()
        self.assertEqual((session["user"], session["role"]), ("anna@example.com", "admin"))
        self.assertNotIn("trouble", session)
        headers = {"Cookie": f"penstock_session={self.browser.cookies['penstock_session']}"}
        self.assertEqual(self.served.call("POST", "/runs", {"sync": "contacts"}, headers).status, 403)
        headers["X-CSRF-Token"] = session["csrf_token"]
        self.assertEqual(self.served.call("POST", "/runs", {"sync": "contacts"}, headers).status, 202)
        audit = json.loads(self.browser.get("/api/v1/audit").body)
        self.assertIn(("anna@example.com", "login", "ok"), {(one["who"], one["action"], one["result"]) for one in audit})
        self.assertEqual(self.served.call("DELETE", "/session", None, headers).status, 204)
        self.assertEqual(self.browser.get("/api/v1/syncs").status, 401)
        self.assertNotIn(SECRET, self.served.log)

    def test_roles_are_the_providers_at_each_login(self):
        self.log_in(self.browser)
        self.says(email="anna@example.com", email_verified=True, groups=["staff", "others"])
        self.log_in(self.browser)
        self.assertEqual(self.browser.session()["role"], "viewer")
        self.says(email="anna@example.com", email_verified=True, groups=["others"])
        self.refused(self.log_in(Browser(self.served)), "role")
        self.says(email="anna@example.com", email_verified=False, groups=["ops"])
        self.refused(self.log_in(Browser(self.served)), "verified")

    def test_what_was_not_begun_here_is_refused(self):
        query = urllib.parse.parse_qs(self.go_there(self.browser))
        code, state = query["code"][0], query["state"][0]
        cookies = dict(self.browser.cookies)
        old = re.sub(r"^\d+", "1700000000", cookies["penstock_oidc"])
        other = Browser(self.served)
        self.go_there(other)
        for title, changed, words, why in (
                ("another state", cookies, {"code": code, "state": state[:-1] + ("A" if state[-1] != "A" else "B")}, "state"),
                ("no state", cookies, {"code": code}, "state"),
                ("no cookie", {}, {"code": code, "state": state}, "cookie"),
                ("an old cookie", cookies | {"penstock_oidc": old}, {"code": code, "state": state}, "too long ago"),
                ("a cookie of another browser", other.cookies, {"code": code, "state": state}, "state"),
                ("no code", cookies, {"state": state}, "code"),
                ("another provider", cookies, {"code": code, "state": state, "iss": "https://evil.example"}, "another provider"),
                ("the provider says no", cookies, {"state": state, "error": "access_denied"}, "access_denied")):
            with self.subTest(title):
                self.browser.cookies = dict(changed)
                self.browser.get(f"{BACK}?{urllib.parse.urlencode(words)}")
                self.refused(self.browser, why, "/syncs/contacts" if changed else "/")
                for text in (code, state):
                    self.assertNotIn(text, self.browser.body + urllib.parse.unquote("".join(self.browser.set)))
        for text in (code, state, cookies["penstock_oidc"]):
            self.assertNotIn(text, self.served.log)
        admin = Browser(self.served)
        self.log_in(admin)
        refused = [one for one in json.loads(admin.get("/api/v1/audit").body) if one["result"].startswith("refused")]
        self.assertEqual(len(refused), 8)
        self.assertEqual({(one["who"], one["action"], one["address"]) for one in refused}, {("(provider)", "login", "127.0.0.1")})

    def test_whoever_fails_often_waits(self):
        for _ in range(20):
            self.browser.get(f"{BACK}?code=x&state=y")
        self.refused(self.browser.get(f"{START}?next=/runs"), "too many logins", "/runs")
        self.assertIn("wait", self.browser.session()["trouble"]["remedy"])

    def test_only_pages_of_our_own_are_led_to(self):
        for wanted, leads_to in (("/runs?status=failed&x=%2F", "/runs?status=failed&x=%2F"), ("//evil.example", "/"), ("/\\evil.example", "/"),
                                 ("https://evil.example/", "/"), ("/\t/evil.example", "/"), ("javascript:alert(1)", "/"),
                                 ("/api/v1/session", "/"), ("", "/"), ("/x\r\nSet-Cookie: a=b", "/"), ("/" + "x" * 2000, "/")):
            with self.subTest(wanted):
                self.assertEqual(self.log_in(Browser(self.served), wanted).location, leads_to)
        self.go_there(self.browser)
        self.browser.cookies["penstock_login_wanted"] = "%2F%2Fevil.example"
        self.assertEqual(self.browser.get(f"{BACK}?state=x").location, "/")

    def test_a_user_with_a_password_is_not_taken_over(self):
        from access_test import PASSWORD
        from harness import PROGRAM, environment
        subprocess.run([PROGRAM, "-C", self.project.directory, "user", "add", "anna@example.com", "--role", "viewer"],
                       input=PASSWORD + "\n", text=True, check=True, capture_output=True, env=environment())
        self.refused(self.log_in(self.browser), "another user")

    def test_a_provider_that_is_away(self):
        self.provider.kill()
        self.provider.wait()
        self.refused(self.browser.get(f"{START}?next=/runs"), "login provider", "/runs")

    def test_another_name_of_the_machine(self):
        self.browser.get(f"{START}?next=/runs", {"Host": f"localhost:{self.served.port}"})
        self.assertEqual(self.browser.location, f"{self.served.url}{START}?moved=1&next=%2Fruns")

    def test_behind_a_proxy(self):
        self.served.stop()
        self.served = self.open_service("--public-url", "https://sync.example.com/")
        browser = Browser(self.served)
        self.assertTrue(browser.session()["login_needed"])
        browser.get(f"{START}?next=/runs", {"Host": "sync.example.com"})
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(browser.location).query)
        self.assertEqual(query["redirect_uri"], [f"https://sync.example.com{BACK}"])
        self.assertTrue(all("Secure" in cookie for cookie in browser.set), browser.set)

    def test_what_cannot_work_does_not_start(self):
        for options, listen, message in (
                ([], "127.0.0.1:0", "--public-url"), ([], "0.0.0.0:7070", "--public-url"),
                (["--public-url", "http://sync.example.com"], "127.0.0.1:0", "https://"),
                (["--public-url", "https://sync.example.com/penstock"], "127.0.0.1:0", "without a path"),
                (["--public-url", "sync.example.com"], "127.0.0.1:0", "without a path")):
            with self.subTest(options=options, listen=listen), self.assertRaises(RuntimeError) as refused:
                Served(self.project, *options, listen=listen, PENSTOCK_OIDC_ISSUER=self.issuer, PENSTOCK_OIDC_CLIENT_ID="penstock",
                       PENSTOCK_OIDC_DEFAULT_ROLE="viewer")
            self.assertIn(message, str(refused.exception))

    def test_without_a_provider(self):
        self.served.stop()
        self.served = self.serve()
        self.assertNotIn("provider", self.served.get("/session").json)
        self.assertEqual(self.served.get("/session/provider").status, 404)
        self.assertEqual(self.served.get("/session/provider/callback").status, 404)


if __name__ == "__main__":
    main()
