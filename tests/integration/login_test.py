"""Logins that fetch tokens: a server of tokens written by others (npm oauth2-mock-server), the real program, and a
connector of the project's own in front of the sandbox."""

import glob
import http.server
import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

from harness import DONE, FAILED, ROOT, USAGE, PipeTest, environment, main, person

SERVER = os.path.join(ROOT, ".deps", "npm", "node_modules", ".bin", "oauth2-mock-server")
SECRETS = {"CLIENT_SECRET": "cs-41e0b7d2", "REFRESH_TOKEN": "rt-first-9d3c55", "PASSWORD": "pw-77aa01c3"}


def knows_statements():
    package = os.path.join(ROOT, ".deps", "npm", "node_modules", "oauth2-mock-server", "package.json")
    if not os.path.exists(package):
        return False
    with open(package, encoding="utf-8") as file:
        return int(json.load(file)["version"].split(".")[0]) >= 9


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class TokenServer:
    """oauth2-mock-server, behind a door that keeps what was asked, and can refuse in its place."""

    def __init__(self):
        port = free_port()
        self.process = subprocess.Popen([SERVER, "-a", "127.0.0.1", "-p", str(port)], stdout=subprocess.PIPE, text=True,
                                        env=environment())
        for line in self.process.stdout:
            if "listening" in line.lower():
                break
        else:
            raise RuntimeError("oauth2-mock-server does not start: see what it says by hand")
        self.asked, self.replies, self.refusal = [], [], None
        outer = self

        class Door(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fields = dict(urllib.parse.parse_qsl(body.decode()))
                outer.asked.append({"fields": fields, "authorization": self.headers.get("Authorization")})
                status, text = outer.refusal or outer.forward(port, self.path, body, self.headers)
                outer.replies.append(text)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.door = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.door.server_address[1]}"
        threading.Thread(target=self.door.serve_forever, daemon=True).start()

    @staticmethod
    def forward(port, path, body, headers):
        kept = {name: headers[name] for name in ("Content-Type", "Authorization", "Accept") if headers.get(name)}
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, method="POST", headers=kept)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def given(self, name):
        """What the replies held under this name."""
        return [one for text in self.replies for one in re.findall(f'"{name}":"([^"]+)"', text)]

    def stop(self):
        self.door.shutdown()
        self.door.server_close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@unittest.skipUnless(os.access(SERVER, os.X_OK), "npm oauth2-mock-server is not there (./dev setup)")
class TokenTest(PipeTest):
    def setUp(self):
        super().setUp()
        self.tokens = TokenServer()
        self.addCleanup(self.tokens.stop)
        self.rows = [person(number) for number in range(250)]
        os.environ.update(SECRETS)  # the harness hands on what it is told only
        self.addCleanup(lambda: [os.environ.pop(name) for name in SECRETS])

    def log_in_by(self, auth, **destination):
        """The sandbox's own vendor, with another login: a connector of the project."""
        with open(os.path.join(ROOT, "connectors", "hubspot.yaml"), encoding="utf-8") as file:
            text = file.read().replace("connector: hubspot", "connector: harbour").replace("title: HubSpot", "title: Harbour")
        before, rest = text.split("\nauth:", 1)
        after = rest[rest.index("\nbase:"):]
        text = before.replace("\nsettings:\n", "\nsettings:\n"
                              "  token_url: { type: url, required: true, help: Where tokens are. }\n"
                              "  key: { type: text, secret: true, help: A private key. }\n"
                              "  password: { type: text, secret: true, help: A password. }\n")
        self.project.write("connectors/harbour.yaml", f"{text}\nauth: {auth}{after}")
        self.project.write("destinations/crm.yaml", {"type": "harbour", "base_url": self.sandbox.url, "client_id": "us",
                                                     "client_secret": "${env:CLIENT_SECRET}",
                                                     "token_url": self.tokens.url + "/token"} | destination)

    def call(self, *arguments, code=DONE, **env):
        answer = super().call(*arguments, code=code, **(SECRETS | env))
        self.assert_no_secret(answer.out + answer.err)
        return answer

    def assert_no_secret(self, text):
        for secret in [*SECRETS.values(), *self.tokens.given("access_token"), *self.tokens.given("refresh_token")]:
            self.assertNotIn(secret, text)

    def assert_no_secret_is_kept(self):
        """In no file of the state directory but that of the login itself."""
        for path in glob.glob(self.project.path(".penstock", "**"), recursive=True):
            if os.path.isfile(path) and "/logins/" not in path:
                with open(path, "rb") as file:
                    self.assert_no_secret(file.read().decode(errors="replace"))


CLIENT = ('{ type: oauth2, grant: client_credentials, token_url: "{setting.token_url}", '
          'client_id: "{setting.client_id}", client_secret: "{setting.client_secret}", scope: a b }')


class ClientCredentials(TokenTest):
    def test_one_token_serves_a_run(self):
        self.log_in_by(CLIENT)
        self.run_sync(accepted=250)
        self.assertEqual([one["fields"] for one in self.tokens.asked],
                         [{"grant_type": "client_credentials", "client_id": "us", "client_secret": SECRETS["CLIENT_SECRET"],
                           "scope": "a b"}])
        self.assert_no_secret_is_kept()

    def test_as_a_basic_login(self):
        self.log_in_by(CLIENT.replace("scope: a b", "send: basic"))
        self.run_sync(accepted=250)
        self.assertEqual(self.tokens.asked[0]["fields"], {"grant_type": "client_credentials"})
        self.assertTrue(self.tokens.asked[0]["authorization"].startswith("Basic "))

    def test_a_refusal_in_the_middle_is_mended_without_a_word(self):
        self.log_in_by(CLIENT)
        self.sandbox.fault(path="/batch/upsert", status=401, count=1,
                           body={"status": "error", "category": "EXPIRED_AUTHENTICATION", "message": "expired"})
        result = self.run_sync(accepted=250, rejected=0, failed=0)
        self.assertEqual(len(self.tokens.asked), 2)
        self.assertEqual(len(self.records("firstname")), 250)
        self.assertEqual({one["attempt"] for one in self.operations(result["run"])}, {1}, "no attempt was spent")
        self.assert_no_secret_is_kept()

    def test_a_second_refusal_stops_with_one_message(self):
        self.log_in_by(CLIENT)
        self.sandbox.fault(path="/batch/upsert", status=401, count=-1,
                           body={"status": "error", "category": "EXPIRED_AUTHENTICATION", "message": "not you again"})
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, "Harbour says: not you again", "mend the login")
        self.assertEqual((answer.out + answer.err).count("not you again"), 1, answer)

    def test_no_token_stops_with_one_message(self):
        self.log_in_by(CLIENT)
        self.tokens.refusal = (401, '{"error":"invalid_client","error_description":"who is cs-41e0b7d2?"}')
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, "Harbour gives no token: invalid_client: who is ***?", "client id, secret")
        self.assertEqual(len(self.tokens.asked), 1)
        self.assertEqual(self.sandbox.stats()["requests"], 0)
        self.tokens.refusal = None
        self.run_sync(accepted=250)

    def test_fields_are_discovered_with_the_login(self):
        self.log_in_by(CLIENT)
        self.assertIn("firstname", self.call("discover", "crm", "contacts").out)
        self.call("check", "--connect")

    def test_a_setting_that_is_missing_is_said_at_its_place(self):
        self.log_in_by(CLIENT, client_secret=None)
        self.project.write("destinations/crm.yaml", {"type": "harbour", "base_url": self.sandbox.url, "client_id": "us",
                                                     "token_url": self.tokens.url + "/token"})
        answer = self.call("check", code=USAGE)
        self.assert_refused(answer, "destinations/crm.yaml:", "the login of Harbour needs", "client_secret")


REFRESH = ('{ type: oauth2, grant: refresh_token, token_url: "{setting.token_url}", client_id: "{setting.client_id}", '
           'client_secret: "{setting.client_secret}", refresh_token: "{setting.refresh_token}" }')


class RefreshTokens(TokenTest):
    def test_each_run_uses_the_token_that_the_last_one_got(self):
        self.log_in_by(REFRESH, refresh_token="${env:REFRESH_TOKEN}")
        self.run_sync(accepted=250)
        self.rows = [person(number, city="Bonn") for number in range(250)]
        self.run_sync(accepted=250)
        used = [one["fields"]["refresh_token"] for one in self.tokens.asked]
        given = self.tokens.given("refresh_token")
        self.assertEqual(used, [SECRETS["REFRESH_TOKEN"], *given[:-1]])
        path = self.project.path(".penstock", "logins", "crm.json")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assert_no_secret_is_kept()

    def test_a_new_one_in_the_environment_wins(self):
        self.log_in_by(REFRESH, refresh_token="${env:REFRESH_TOKEN}")
        self.run_sync(accepted=250)
        self.rows = [person(number, city="Bonn") for number in range(250)]
        self.call("run", "contacts", REFRESH_TOKEN="rt-by-a-person")
        self.assertEqual(self.tokens.asked[-1]["fields"]["refresh_token"], "rt-by-a-person")


class Others(TokenTest):
    def test_password(self):
        self.log_in_by('{ type: oauth2, grant: password, token_url: "{setting.token_url}", user: ana, '
                       'password: "{setting.password}", extra: { realm: north } }', password="${env:PASSWORD}")
        self.run_sync(accepted=250)
        self.assertEqual(self.tokens.asked[0]["fields"], {"grant_type": "password", "username": "ana",
                                                          "password": SECRETS["PASSWORD"], "realm": "north"})

    @unittest.skipUnless(knows_statements(), "this oauth2-mock-server knows no signed statements (it is for Node 18)")
    def test_a_signed_statement(self):
        key = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], check=True,
                             capture_output=True, text=True).stdout
        self.project.write("key.pem", key)
        self.log_in_by('{ type: oauth2, grant: jwt_bearer, token_url: "{setting.token_url}", jwt: { '
                       'issuer: "{setting.client_id}", subject: ana@x.example, audience: "{setting.token_url}", '
                       'private_key: "{setting.key}" } }', key="${file:key.pem}")
        self.run_sync(accepted=250)
        self.assertEqual(self.tokens.asked[0]["fields"]["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer")
        self.assertEqual(self.tokens.asked[0]["fields"]["assertion"].count("."), 2)
        self.assert_no_secret(key)


class ShippedConnector(PipeTest):
    """HubSpot's own OAuth, with the sandbox giving the tokens."""

    def test_a_refresh_token_in_place_of_an_access_token(self):
        self.rows = [person(number) for number in range(300)]
        self.project.write("destinations/crm.yaml", {"type": "hubspot", "base_url": self.sandbox.url, "account": "oauth",
                                                     "client_id": "id", "client_secret": "secret-of-the-app",
                                                     "refresh_token": "refresh-me"})
        self.run_sync(accepted=300)
        self.assertEqual(self.sandbox.stats()["by_path"]["/oauth/v1/token"], 1)

    def test_a_refresh_token_that_was_revoked(self):
        self.rows = [person(1)]
        self.project.write("destinations/crm.yaml", {"type": "hubspot", "base_url": self.sandbox.url, "account": "oauth",
                                                     "client_id": "id", "client_secret": "secret-of-the-app",
                                                     "refresh_token": "refresh-me"})
        self.sandbox.call("POST", "/_sandbox/token", {"token": "refresh-me", "state": "revoked"})
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, "HubSpot gives no token: BAD_AUTH_CODE", "connect at the vendor again")

    def test_neither_is_said(self):
        self.project.write("destinations/crm.yaml", {"type": "hubspot", "base_url": self.sandbox.url})
        answer = self.call("check", code=USAGE)
        self.assert_refused(answer, "the login of HubSpot needs access_token", "or client_id, client_secret and refresh_token")


if __name__ == "__main__":
    sys.exit(main())
