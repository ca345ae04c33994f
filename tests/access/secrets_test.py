"""Secrets by the command line; and what outer stores hold, asked of stand-ins that look at every request."""

import base64
import datetime
import hashlib
import hmac
import http.server
import json
import os
import random
import re
import subprocess
import threading
import unittest
import urllib.parse

from program import DONE, FAILED, PENSTOCK, USAGE, ProgramTest

TOKEN = "sk_live_0123456789"


class Receiver:
    """Serves respond(method, path, headers, body) -> (status, text) on loopback, and remembers what it got."""

    def __init__(self, respond):
        requests = self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                requests.append((self.command, self.path, dict(self.headers.items()), body))
                status, text = respond(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = handle_any

            def log_message(self, *arguments):
                pass

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self.httpd.server_address[1]}"
        self.url = "http://" + self.host

    def stop(self):
        self.httpd.shutdown()
        self.httpd.server_close()


class SecretsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.hooks = self.receiver(lambda *request: (200, "{}"))
        self.write("sources/w.yaml", {"type": "duckdb", "files": {"people": "people.csv"}})
        self.write("people.csv", "id,name\n1,Ada\n")
        self.write("models/people.yaml", {"source": "w", "primary_key": "id", "sql": "select id, name from people"})
        self.write("syncs/s.yaml", {"model": "people", "destination": "hooks", "object": "people", "mode": "upsert",
                                    "match": {"id": "id"}, "fields": {"name": "name"}})

    def receiver(self, respond):
        receiver = Receiver(respond)
        self.addCleanup(receiver.stop)
        return receiver

    def destination(self, token):
        self.write("destinations/hooks.yaml", {"type": "webhook", "url": self.hooks.url, "auth": "bearer", "token": token})

    def set(self, name, value, **more):
        return self.penstock("secret", "set", name, given=value, **more)

    def sent(self):
        """The login of the one request that a run sent."""
        self.hooks.requests.clear()
        self.penstock("run", "s", "--full")
        (_, _, headers, _), = self.hooks.requests
        return headers["Authorization"]


class OwnFile(SecretsTest):
    def test_what_is_set_is_sent_and_seen_nowhere(self):
        self.destination("${secret:hooks/token}")
        self.assertIn("the secret hooks/token is not known", self.penstock("check").err)
        done = self.penstock("run", "s", code=USAGE)
        self.assertIn("penstock secret set hooks/token", done.text)
        done = self.set("hooks/token", TOKEN + "\n")
        self.assertIn("secret hooks/token set", done.out)
        self.assertIn("a new key is in", done.text)
        self.assertNotIn("warning", self.penstock("check").err)
        self.assertEqual(self.sent(), "Bearer " + TOKEN)
        for name in ("secrets", "secret.key", "secrets.lock"):
            self.assertEqual(self.mode(".penstock/" + name), 0o600, name)
        self.assertIn("replaced", self.set("hooks/token", "other-token").out)
        self.assertEqual(self.sent(), "Bearer other-token")
        for base, _, names in os.walk(self.project):
            for name in names:
                with open(os.path.join(base, name), "rb") as file:
                    kept = file.read()
                for value in (TOKEN, "other-token"):
                    self.assertNotIn(value.encode(), kept, name)
        for command in (["log"], ["trace", "s", "1"], ["runs"], ["plan"], ["check"], ["secret", "list"]):
            if command == ["log"]:
                command = ["log", self.penstock("runs", "--json").lines()[0]["run"]]
            self.assertNotIn("other-token", self.penstock(*command).text)

    def test_list_tells_names_times_and_uses(self):
        self.destination("${secret:hooks/token}")
        only, = self.penstock("secret", "list", "--json").lines()
        self.assertEqual(sorted(only), ["secret", "used_by"])
        self.assertRegex(" ".join(only["used_by"]), r"^destinations/hooks.yaml:1:\d+$")
        self.assertRegex(self.penstock("secret", "list").out, r"hooks/token +not set +destinations/hooks.yaml:1")
        self.set("hooks/token", TOKEN)
        self.assertIn("nothing refers to it yet", self.set("unused", TOKEN).err)
        listed = {each["secret"]: each for each in self.penstock("secret", "list", "--json").lines()}
        self.assertEqual(sorted(listed), ["hooks/token", "unused"])
        self.assertRegex(listed["hooks/token"]["set_at"], r"^20\d\d-")
        self.assertEqual(listed["unused"]["used_by"], [])
        self.assertIn("still refers to it", self.penstock("secret", "remove", "hooks/token").err)
        self.penstock("secret", "remove", "unused")
        self.assertIn("did you mean", self.set("hooks/token", TOKEN) and
                      self.penstock("secret", "remove", "hooks/tokn", code=USAGE).err)

    def test_wrong_inputs(self):
        self.set("a", TOKEN)
        for arguments, given, expected in [
                (("set", "a b"), TOKEN, "cannot be the name"), (("set", "x" * 129), TOKEN, "cannot be the name"),
                (("set", "a"), "", "nothing was given"), (("set", "a"), "\n", "nothing was given"),
                (("set", "a"), "x" * (65 << 10), "longer than 64 KiB"), (("remove", "b"), "", "there is no secret")]:
            with self.subTest(arguments=arguments, given=given[:10]):
                self.assertIn(expected, self.penstock("secret", *arguments, given=given, code=USAGE).err)
        for arguments in (("secret",), ("secret", "get", "a"), ("secret", "set"), ("secret", "set", "a", TOKEN)):
            self.assertEqual(subprocess.run([PENSTOCK, "-C", self.project, *arguments], capture_output=True, check=False,
                                            stdin=subprocess.DEVNULL).returncode, USAGE)

    def test_values_of_many_lines(self):
        self.destination("${secret:pem}")
        self.set("pem", "first\nsecond\n")
        self.assertIn("error", self.penstock("run", "s", code=(FAILED, USAGE)).text)  # no header can hold it
        self.set("pem", "first\r\n")
        self.assertEqual(self.sent(), "Bearer first")

    def test_keys_of_the_environment(self):
        self.destination("${secret:t}")
        key = os.urandom(32)
        forms = [key.hex(), base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode().rstrip("=")]
        self.environment["PENSTOCK_SECRET_KEY"] = forms[0]
        self.set("t", TOKEN)
        self.assertFalse(os.path.exists(self.path(".penstock/secret.key")))
        for form in forms:
            self.environment["PENSTOCK_SECRET_KEY"] = form
            self.assertEqual(self.sent(), "Bearer " + TOKEN)
        del self.environment["PENSTOCK_SECRET_KEY"]
        self.assertIn("there is no key", self.penstock("run", "s", "--full", code=USAGE).text)
        self.write("key", forms[1] + "\n")
        self.environment["PENSTOCK_SECRET_KEY_FILE"] = self.path("key")
        self.assertEqual(self.sent(), "Bearer " + TOKEN)
        for bad, expected in [("xyz", "holds no key"), (os.urandom(32).hex(), "another key")]:
            for command in (("run", "s", "--full"), ("secret", "remove", "t")):
                done = self.penstock(*command, code=USAGE, PENSTOCK_SECRET_KEY=bad)
                self.assertIn(expected, done.err)
                self.assertNotIn(bad, done.text)
            self.assertIn(expected, self.set("u", TOKEN, code=USAGE, PENSTOCK_SECRET_KEY=bad).err)

    def test_rekey(self):
        self.destination("${secret:t}")
        self.assertIn("no secrets yet", self.penstock("secret", "rekey", code=USAGE).err)
        self.set("t", TOKEN)
        before = self.read(".penstock/secret.key")
        self.assertIn("1 secret encrypted", self.penstock("secret", "rekey").out)
        self.assertNotEqual(self.read(".penstock/secret.key"), before)
        self.assertEqual(self.sent(), "Bearer " + TOKEN)
        key = os.urandom(32).hex()
        old = re.findall(r"^[^#].*$", self.read(".penstock/secret.key"), re.MULTILINE)[0]
        done = self.penstock("secret", "rekey", code=USAGE, PENSTOCK_SECRET_KEY=old)
        self.assertIn("PENSTOCK_NEW_SECRET_KEY", done.err)
        done = self.penstock("secret", "rekey", PENSTOCK_SECRET_KEY=old, PENSTOCK_NEW_SECRET_KEY=key)
        self.assertIn("must be in PENSTOCK_SECRET_KEY", done.err)
        self.environment["PENSTOCK_SECRET_KEY"] = key
        self.assertEqual(self.sent(), "Bearer " + TOKEN)

    def test_damage_is_told(self):
        self.destination("${secret:t}")
        self.set("t", TOKEN)
        good = self.read(".penstock/secrets", "rb")
        seed = random.randrange(1 << 30)
        draw = random.Random(seed)
        for _ in range(25):
            bad = bytearray(good)
            if draw.random() < 0.5:
                bad = bad[:draw.randrange(len(bad))]
            else:
                bad[draw.randrange(len(bad))] ^= 1 << draw.randrange(8)
            with open(self.path(".penstock/secrets"), "wb") as file:
                file.write(bad)
            done = subprocess.run([PENSTOCK, "-C", self.project, "run", "s", "--full"], capture_output=True, text=True,
                                  env=self.environment, check=False, errors="replace")
            self.assertIn(done.returncode, (FAILED, USAGE), f"seed {seed}: {done.stdout}{done.stderr}")
            self.assertRegex(done.stdout + done.stderr, "error: |failed")
        self.assertEqual(self.hooks.requests, [], f"seed {seed}")

    def test_git_would_commit_the_key(self):
        subprocess.run(["git", "init", "-q", self.project], check=True)
        self.assertIn("git would commit", self.set("t", TOKEN).err)
        self.write(".gitignore", ".penstock/\n")
        self.penstock("secret", "remove", "t")
        self.assertNotIn("git would commit", self.penstock("secret", "rekey").err)

    def test_many_at_once(self):
        self.set("seed", TOKEN)
        codes = []

        def one(i):
            codes.append(subprocess.run([PENSTOCK, "-C", self.project, "secret", "set", f"s{i}"], input=f"value-{i}", text=True,
                                        capture_output=True, env=self.environment, check=False).returncode)

        threads = [threading.Thread(target=one, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(codes, [DONE] * 8)
        self.assertEqual(len(self.penstock("secret", "list", "--json").lines()), 10 - 1)


class Vault(SecretsTest):
    def setUp(self):
        super().setUp()
        self.destination("${vault:secret/hooks#token}")
        self.logins = 0
        self.store = self.receiver(self.answer)
        self.environment["VAULT_ADDR"] = self.store.url

    def answer(self, method, path, headers, body):
        if path == "/v1/auth/approle/login":
            given = json.loads(body)
            good = method == "POST" and given == {"role_id": "r1", "secret_id": "s1"}
            self.logins += 1
            return (200, json.dumps({"auth": {"client_token": "hvs.role"}})) if good else (400, '{"errors":["no"]}')
        if headers.get("x-vault-token") not in ("hvs.root", "hvs.role"):
            return 403, '{"errors":["permission denied"]}'
        if (method, path) == ("GET", "/v1/secret/data/hooks"):
            return 200, json.dumps({"data": {"data": {"token": TOKEN, "n": 5}, "metadata": {"version": 2}}})
        return 404, '{"errors":[]}'

    def test_a_token_opens_it(self):
        self.environment["VAULT_TOKEN"] = "hvs.root"
        self.assertEqual(self.sent(), "Bearer " + TOKEN)
        self.assertEqual(len(self.store.requests), 1)
        self.destination("x-${vault:secret/hooks#n}-${vault:secret/hooks#token}")
        self.store.requests.clear()
        self.assertEqual(self.sent(), "Bearer x-5-" + TOKEN)
        self.assertEqual(len(self.store.requests), 1, "asked once")

    def test_a_role_opens_it(self):
        self.environment |= {"VAULT_ROLE_ID": "r1", "VAULT_SECRET_ID": "s1"}
        self.assertEqual(self.sent(), "Bearer " + TOKEN)
        self.environment["VAULT_SECRET_ID"] = "wrong"
        done = self.penstock("run", "s", "--full", code=FAILED)
        self.assertIn("AppRole is refused", done.text)
        self.assertNotIn("wrong", done.text)

    def test_what_is_told(self):
        self.store.requests.clear()
        self.assertNotIn("warning", self.penstock("check").err)
        self.assertEqual(self.store.requests, [], "checking files asks nobody")
        self.assertIn("VAULT_TOKEN is not set", self.penstock("run", "s", "--full", code=USAGE).text)
        self.environment["VAULT_TOKEN"] = "hvs.old"
        done = self.penstock("run", "s", "--full", code=FAILED)
        self.assertIn("HashiCorp Vault, asked for secret/hooks: permission denied", done.text)
        self.assertNotIn("hvs.old", done.text)
        self.environment["VAULT_TOKEN"] = "hvs.root"
        self.destination("${vault:secret/hooks#tok}")
        self.assertIn("${vault:secret/hooks#tok} has no such field", self.penstock("run", "s", "--full", code=USAGE).text)
        self.destination("${vault:secret/other#token}")
        self.assertIn("has no secret secret/other#token", self.penstock("run", "s", "--full", code=USAGE).text)
        self.destination("${vault:secret/other}")
        self.assertIn("write ${vault:PATH#FIELD}", self.penstock("check", code=USAGE).err)
        self.destination("${vault:secret/hooks#token}")
        self.environment["VAULT_ADDR"] = "http://127.0.0.1:1"
        self.assertIn("asked for secret/hooks", self.penstock("run", "s", "--full", code=FAILED).text)
        self.assertEqual(self.hooks.requests, [])


def aws_signature(method, host, path, headers, body, secret):
    """As a receiver computes it (AWS Signature Version 4)."""
    login = dict(re.findall(r"(\w+)=([^,\s]+)", headers["authorization"]))
    _, day, region, service, _ = login["Credential"].split("/")
    names = login["SignedHeaders"].split(";")
    lines = "".join(f"{name}:{' '.join((host if name == 'host' else headers[name]).split())}\n" for name in names)
    canonical = "\n".join([method, urllib.parse.quote(path), "", lines, login["SignedHeaders"],
                           hashlib.sha256(body.encode()).hexdigest()])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], f"{day}/{region}/{service}/aws4_request",
                         hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return login, hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


class Aws(SecretsTest):
    def setUp(self):
        super().setUp()
        self.destination("${aws-sm:prod/hooks#token}")
        self.store = self.receiver(self.answer)
        self.environment |= {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI", "AWS_SESSION_TOKEN": "st",
                             "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.store.url}

    def answer(self, method, path, headers, body):
        login, expected = aws_signature(method, headers["host"], path, headers, body, "wJalrXUtnFEMI")
        at = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        is_now = abs((datetime.datetime.now(datetime.timezone.utc) - at).total_seconds()) < 300
        signed = {"host", "x-amz-date", "x-amz-target", "content-type", "x-amz-security-token"} <= set(login["SignedHeaders"].split(";"))
        if login["Signature"] != expected or not is_now or not signed:
            return 400, '{"__type":"InvalidSignatureException","message":"The request signature does not match"}'
        if headers["x-amz-target"] != "secretsmanager.GetSecretValue" or headers["content-type"] != "application/x-amz-json-1.1":
            return 400, '{"__type":"UnknownOperationException"}'
        name = json.loads(body)["SecretId"]
        if name == "prod/hooks":
            return 200, json.dumps({"Name": name, "SecretString": json.dumps({"token": TOKEN})})
        if name == "plain":
            return 200, json.dumps({"Name": name, "SecretString": TOKEN})
        return 400, '{"__type":"ResourceNotFoundException","Message":"no"}'

    def test_signed_requests_open_it(self):
        self.assertEqual(self.sent(), "Bearer " + TOKEN)
        self.destination("${aws-sm:plain}")
        self.assertEqual(self.sent(), "Bearer " + TOKEN)

    def test_what_is_told(self):
        self.destination("${aws-sm:none}")
        self.assertIn("AWS Secrets Manager has no secret none", self.penstock("run", "s", "--full", code=USAGE).text)
        self.destination("${aws-sm:plain#token}")
        self.assertIn("is no object of JSON", self.penstock("run", "s", "--full", code=USAGE).text)
        self.environment["AWS_SECRET_ACCESS_KEY"] = "not-the-key"
        done = self.penstock("run", "s", "--full", code=FAILED)
        self.assertIn("InvalidSignatureException", done.text)
        self.assertNotIn("not-the-key", done.text)
        del self.environment["AWS_REGION"]
        self.assertIn("AWS_REGION is not set", self.penstock("run", "s", "--full", code=USAGE).text)


class Google(SecretsTest):
    def setUp(self):
        super().setUp()
        self.destination("${gcp-sm:projects/p1/secrets/hooks}")
        self.store = self.receiver(self.answer)
        self.environment["CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"] = self.store.url + "/"
        subprocess.run(["openssl", "genrsa", "-out", self.path("key.pem"), "2048"], check=True, capture_output=True)
        subprocess.run(["openssl", "rsa", "-in", self.path("key.pem"), "-pubout", "-out", self.path("public.pem")], check=True,
                       capture_output=True)
        self.write("account.json", {"type": "service_account", "client_email": "p@p1.iam", "private_key_id": "k1",
                                    "private_key": self.read("key.pem"), "token_uri": self.store.url + "/token"})

    def is_signed(self, jwt):
        text, _, signature = jwt.rpartition(".")
        with open(self.path("signature"), "wb") as file:
            file.write(base64.urlsafe_b64decode(signature + "=="))
        done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", self.path("public.pem"), "-signature", self.path("signature")],
                              input=text.encode(), capture_output=True, check=False)
        return done.returncode == 0

    def answer(self, method, path, headers, body):
        if path == "/token":
            given = urllib.parse.parse_qs(body)
            jwt = given["assertion"][0]
            claims = json.loads(base64.urlsafe_b64decode(jwt.split(".")[1] + "=="))
            good = (given["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"] and self.is_signed(jwt) and
                    claims["iss"] == "p@p1.iam" and claims["aud"] == self.store.url + "/token" and
                    claims["scope"] == "https://www.googleapis.com/auth/cloud-platform")
            return (200, '{"access_token":"ya29.a","expires_in":3599}') if good else (400, '{"error":"invalid_grant"}')
        if path.startswith("/computeMetadata/"):
            good = headers.get("metadata-flavor") == "Google"
            return (200, '{"access_token":"ya29.m","expires_in":3599}') if good else (403, "")
        if headers.get("authorization") not in ("Bearer ya29.a", "Bearer ya29.m", "Bearer ya29.given"):
            return 401, "{}"
        if (method, path) == ("GET", "/v1/projects/p1/secrets/hooks/versions/latest:access"):
            return 200, json.dumps({"name": "n", "payload": {"data": base64.b64encode(TOKEN.encode()).decode()}})
        return 404, "{}"

    def test_a_service_account_opens_it(self):
        self.environment["GOOGLE_APPLICATION_CREDENTIALS"] = self.path("account.json")
        self.assertEqual(self.sent(), "Bearer " + TOKEN)

    def test_the_machine_opens_it(self):
        self.environment["GCE_METADATA_HOST"] = self.store.host
        self.assertEqual(self.sent(), "Bearer " + TOKEN)
        self.environment["GOOGLE_OAUTH_ACCESS_TOKEN"] = "ya29.given"
        self.assertEqual(self.sent(), "Bearer " + TOKEN)

    def test_what_is_told(self):
        self.environment["GOOGLE_OAUTH_ACCESS_TOKEN"] = "ya29.old"
        done = self.penstock("run", "s", "--full", code=FAILED)
        self.assertIn("Google Secret Manager, asked for projects/p1/secrets/hooks: status 401", done.text)
        self.assertNotIn("ya29.old", done.text)
        self.environment["GOOGLE_OAUTH_ACCESS_TOKEN"] = "ya29.given"
        self.destination("${gcp-sm:projects/p1/secrets/none/versions/2}")
        self.assertIn("has no secret projects/p1/secrets/none/versions/2", self.penstock("run", "s", "--full", code=USAGE).text)
        del self.environment["GOOGLE_OAUTH_ACCESS_TOKEN"]
        self.environment["GOOGLE_APPLICATION_CREDENTIALS"] = self.path("people.csv")
        self.assertIn("is not the key of a service account", self.penstock("run", "s", "--full", code=USAGE).text)


if __name__ == "__main__":
    unittest.main()
