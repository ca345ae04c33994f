"""Addresses that people enter by the API lead to the public only; the operator's own files lead anywhere."""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration"), os.path.join(HERE, "..", "stores")]

from access_test import PASSWORD  # noqa: E402
from harness import PROGRAM, environment, main, person  # noqa: E402
from served import ServedTest  # noqa: E402


def private_name():
    """A name that is not plainly one of this machine, and leads to it all the same."""
    for name in (socket.gethostname(), "ip6-localhost", "ip6-loopback"):
        try:
            addresses = {one[4][0] for one in socket.getaddrinfo(name, 80)}
        except OSError:
            continue
        if all(address.startswith(("127.", "10.", "192.168.", "::1")) for address in addresses):
            return name
    return None


class Listener:
    """Counts who connects; answers nothing."""

    def __init__(self, family=socket.AF_INET):
        self.socket = socket.create_server(("127.0.0.1" if family == socket.AF_INET else "::1", 0), family=family)
        self.port = self.socket.getsockname()[1]
        self.received = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                connection = self.socket.accept()[0]
                connection.settimeout(2)
                try:
                    self.received.append(connection.recv(100))
                except OSError:
                    self.received.append(b"")
                connection.close()
            except OSError:
                return


class Hook(http.server.BaseHTTPRequestHandler):
    """A destination that leads elsewhere."""

    def do_POST(self):
        self.server.asked += 1
        self.send_response(307)
        self.send_header("Location", self.server.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Addresses(ServedTest):
    def setUp(self):
        super().setUp()
        self.rows = [person(1)]
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "the operator's")
        self.heard = Listener()
        self.addCleanup(self.heard.socket.close)

    def git(self, *arguments):
        subprocess.run(["git", "-C", self.project.directory, "-c", "user.name=o", "-c", "user.email=o@example.com", *arguments],
                       check=True, capture_output=True)

    def start(self, *options, users=True, **more):
        if users:
            subprocess.run([PROGRAM, "-C", self.project.directory, "user", "add", "eve", "--role", "editor"], input=PASSWORD + "\n",
                           text=True, check=True, capture_output=True, env=environment())
        self.served = self.serve(*options, **more)
        self.headers = {}
        if users:
            reply = self.served.post("/session", {"user": "eve", "password": PASSWORD})
            self.headers = {"Cookie": reply.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": reply.json["csrf_token"]}

    def ask(self, method, path, body=None):
        return self.served.call(method, path, body, self.headers)

    def save(self, path, content):
        text = content if isinstance(content, str) else json.dumps(content)
        # What is there already is edited as the pages do it: with the version that was opened.
        there = self.ask("GET", f"/files/content?path={path}")
        edit = {"path": path, "text": text} | ({"version": there.json["version"]} if there.status == 200 else {})
        return self.ask("POST", "/files/commit", {"edits": [edit], "message": "by eve"})

    def crm(self, url, name="crm2"):
        return self.save(f"destinations/{name}.yaml", {"type": "hubspot", "access_token": "${env:HUBSPOT_TOKEN}", "base_url": url})

    def check(self, name="crm2", kind="destinations"):
        reply = self.ask("POST", f"/{kind}/{name}/check")
        return json.dumps(reply.json)

    def test_what_plainly_leads_inside_is_not_saved(self):
        self.start()
        port = self.heard.port
        for url in (f"http://127.0.0.1:{port}", f"http://localhost:{port}", f"http://LOCALHOST.:{port}/", f"http://2130706433:{port}",
                    f"http://0x7f.1:{port}", f"http://[::1]:{port}", f"http://[::ffff:127.0.0.1]:{port}", "http://169.254.169.254/latest",
                    "http://10.1.2.3", "https://user:pw@192.168.1.1/x", f"http://127%2e0.0.1:{port}",
                    f"${{env:NONE:-http://127.0.0.1:{port}}}"):
            with self.subTest(url):
                reply = self.crm(url)
                self.assertEqual(reply.status, 422, reply)
                self.assertEqual(reply.headers["Content-Type"], "application/problem+json")
                self.assertRegex(reply.json["title"], r"^destinations/crm2.yaml:1:\d+: base_url: .* leads to ")
                self.assertIn("--allow-address", reply.json["remedy"])
                self.assertEqual(reply.json["diagnostics"][0]["file"], "destinations/crm2.yaml")
                validated = self.ask("POST", "/files/validate", {"edits": [{"path": "destinations/crm2.yaml", "text": json.dumps(
                    {"type": "hubspot", "access_token": "x", "base_url": url})}]}).json
                self.assertFalse(validated["valid"])
                self.assertFalse(os.path.exists(self.project.path("destinations/crm2.yaml")))
        for path, content in (
                ("sources/inside.yaml", {"type": "postgres", "url": "postgres://x@10.0.0.1/shop"}),
                ("sources/inside.yaml", {"type": "postgres", "url": "host=127.0.0.1 dbname=shop"}),
                ("sources/inside.yaml", {"type": "mysql", "url": "mysql://x@localhost/shop"}),
                ("sources/inside.yaml", {"type": "clickhouse", "url": "http://127.0.0.1:8123"}),
                ("destinations/inside.yaml", {"type": "redis", "url": "redis://127.0.0.1"}),
                ("destinations/inside.yaml", {"type": "kafka", "brokers": "b.example.com:9092,127.0.0.1:9092"}),
                ("alerts/inside.yaml", {"type": "webhook", "url": "http://169.254.169.254/"}),
                ("alerts/inside.yaml", {"type": "email", "to": "a@example.com", "from": "b@example.com", "host": "127.0.0.1"})):
            with self.subTest(content):
                reply = self.save(path, content)
                self.assertEqual((reply.status, reply.json["type"]), (422, "address"), reply)
        self.assertEqual(self.heard.received, [])

    def test_a_name_that_leads_inside_is_refused_when_it_is_connected_to(self):
        name = private_name()
        if name is None:
            self.skipTest("no name of this machine leads inside")
        listener = self.heard if "ip6" not in name else Listener(socket.AF_INET6)
        self.start()
        self.assertEqual(self.crm(f"http://{name}:{listener.port}").status, 200)
        self.assertIn("may not be reached", self.check())
        for source, url in (("postgres", f"postgres://x@{name}:{listener.port}/shop"), ("mysql", f"mysql://x@{name}:{listener.port}/shop"),
                            ("clickhouse", f"http://{name}:{listener.port}")):
            with self.subTest(source):
                self.assertEqual(self.save(f"sources/{source}.yaml", {"type": source, "url": url}).status, 200)
                self.assertIn("may not be reached", self.check(source, "sources"))
        self.assertEqual(self.save("alerts/hook.yaml", {"type": "webhook", "url": f"http://{name}:{listener.port}/"}).status, 200)
        self.assertIn("may not be reached", json.dumps(self.ask("POST", "/alerts/hook/test").json))
        self.assertEqual(self.save("alerts/mail.yaml", {"type": "email", "to": "a@example.com", "from": "b@example.com", "host": name,
                                                        "port": listener.port, "tls": "none"}).status, 200)
        self.assertIn("may not be reached", json.dumps(self.ask("POST", "/alerts/mail/test").json))
        self.assertEqual([text for text in listener.received if text], [], "nothing was ever sent there")

    def test_rows_go_to_no_store_inside(self):
        name = private_name()
        if name is None:
            self.skipTest("no name of this machine leads inside")
        listener = self.heard if "ip6" not in name else Listener(socket.AF_INET6)
        self.start()
        at = f"{name}:{listener.port}"
        for kind, settings in (
                ("postgres", {"url": f"postgres://x@{at}/shop"}), ("mysql", {"url": f"mysql://x@{at}/shop"})):
            with self.subTest(kind):
                self.assertEqual(self.save(f"destinations/{kind}.yaml", {"type": kind} | settings).status, 200)
                self.assertIn("may not be reached", self.check(kind), self.served.log[-2000:])
        self.assertEqual([text for text in listener.received if text], [])

    def test_the_operators_own_files_lead_anywhere(self):
        self.start()
        # Something was entered, so the guard is there.
        self.assertEqual(self.crm("https://crm.example.com").status, 200)
        self.assertNotIn("may not be reached", self.check("crm"))
        run = self.ask("POST", "/runs", {"sync": "contacts"}).json["run"]
        self.served.token, headers = None, self.headers
        ended = self.wait_for(lambda: (one := self.ask("GET", f"/runs/{run}").json)["status"] not in ("queued", "running") and one)
        self.assertEqual((ended["status"], ended["accepted"]), ("succeeded", 1), ended)
        self.assertTrue(headers)
        # An editor may change such a file, and what it leads to stays the operator's.
        reply = self.save("destinations/crm.yaml", {"type": "hubspot", "access_token": "${env:HUBSPOT_TOKEN}", "base_url": self.sandbox.url,
                                                    "rate_share": "50%"})
        self.assertEqual(reply.status, 200, reply)
        self.assertNotIn("may not be reached", self.check("crm"))
        # But not to another port there.
        reply = self.save("destinations/crm.yaml", {"type": "hubspot", "access_token": "x", "base_url": f"http://127.0.0.1:{self.heard.port}"})
        self.assertEqual(reply.status, 422)
        # What a variable holds is the operator's word.
        self.assertEqual(self.crm("${env:INSIDE}", "crm3").status, 200)

    def test_variables_are_the_operators(self):
        self.start(INSIDE=self.sandbox.url, PART="127.0.0.1")
        self.assertEqual(self.crm("https://crm.example.com").status, 200)
        self.assertEqual(self.crm("${env:INSIDE}", "crm3").status, 200)
        self.assertNotIn("may not be reached", self.check("crm3"))
        # A part of an address is not.
        self.assertEqual(self.crm(f"http://${{env:PART}}:{self.heard.port}", "crm4").status, 200)
        self.assertIn("may not be reached", self.check("crm4"))

    def test_a_connector_that_makes_its_address_of_parts(self):
        self.start()
        with open(os.path.join(HERE, "..", "..", "connectors", "webhook.yaml"), encoding="utf-8") as file:
            own = file.read().replace('"{setting.url}"', f'"http://{{setting.url}}.0.1:{self.heard.port}"')
        self.assertIn("}.0.1:", own)
        reply = self.save("connectors/parts.yaml", own.replace("name: webhook", "name: parts"))
        self.assertEqual(reply.status, 200, reply)
        reply = self.save("destinations/parts.yaml", {"type": "parts", "url": "https://127.0"})
        self.assertEqual(self.heard.received, [])

    def test_what_the_operator_allows_is_reached(self):
        self.start("--allow-address", "127.0.0.1", "--allow-address", "10.0.0.0/8")
        self.assertEqual(self.crm(self.sandbox.url.replace("127.0.0.1", "localhost")).status, 200)
        self.assertNotIn("may not be reached", self.check())
        self.assertEqual(self.crm("http://10.255.0.1", "crm3").status, 200)
        self.assertEqual(self.crm("http://192.168.0.1", "crm4").status, 422)
        self.served.stop()
        self.start(users=False, PENSTOCK_ALLOW_ADDRESSES="127.0.0.1,::1")
        self.assertEqual(self.served.get("/syncs").status, 401)

    def test_what_was_entered_stays_so(self):
        """After a restart, and for whoever else works on the same state."""
        name = private_name()
        if name is None:
            self.skipTest("no name of this machine leads inside")
        self.start()
        self.assertEqual(self.crm(self.sandbox.url.replace("127.0.0.1", name)).status, 200)
        self.project.sync("two", destination="crm2")
        self.served.stop()
        self.served = self.serve()
        reply = self.served.post("/session", {"user": "eve", "password": PASSWORD})
        self.headers = {"Cookie": reply.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": reply.json["csrf_token"]}
        self.assertIn("may not be reached", self.check())
        run = self.ask("POST", "/runs", {"sync": "two"}).json["run"]
        ended = self.wait_for(lambda: (one := self.ask("GET", f"/runs/{run}").json)["status"] not in ("queued", "running") and one)
        self.assertEqual(ended["status"], "failed", ended)
        self.assertIn("may not be reached", json.dumps(ended))
        self.assertEqual(self.sandbox.records(), {})
        # A command is the operator's.
        self.run_sync(sync="two", accepted=1)

    def test_a_redirect_leads_nowhere(self):
        hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        hook.asked, hook.elsewhere = 0, f"http://127.0.0.2:{self.heard.port}/"
        threading.Thread(target=hook.serve_forever, daemon=True).start()
        self.addCleanup(hook.server_close)
        self.addCleanup(hook.shutdown)
        self.start("--allow-address", "127.0.0.1")
        self.assertEqual(self.save("alerts/hook.yaml", {"type": "webhook", "url": f"http://127.0.0.1:{hook.server_port}/"}).status, 200)
        self.ask("POST", "/alerts/hook/test")
        self.assertGreaterEqual(hook.asked, 1)
        self.assertEqual(self.heard.received, [])

    def test_without_users_whoever_is_there_is_the_operator(self):
        self.start(users=False)
        self.assertEqual(self.crm(self.sandbox.url.replace("127.0.0.1", "localhost")).status, 200)
        self.assertNotIn("may not be reached", self.check())

    def test_ranges_that_are_none(self):
        with self.assertRaises(RuntimeError) as refused:
            self.serve("--allow-address", "10.0.0.0/8x")
        self.assertIn("is not a range of addresses", str(refused.exception))


if __name__ == "__main__":
    main()
