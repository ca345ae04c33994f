"""Who may do what: each route with each role, logins, tokens, sessions, other sites."""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration")]

from harness import PROGRAM, environment, main, person  # noqa: E402
from served import Served, ServedTest  # noqa: E402

PASSWORD = "correct horse battery staple 7"

# The least role for each route, written apart from routes.cpp.
VIEWER = {("GET", path) for path in (
    "/project", "/schemas/{kind}", "/files", "/files/content", "/git", "/git/log", "/sources", "/sources/{name}/tables",
    "/models", "/models/{name}/preview", "/destinations", "/destinations/{name}/objects",
    "/destinations/{name}/objects/{object}", "/connectors", "/connectors/{name}", "/transforms", "/syncs", "/syncs/{name}",
    "/syncs/{name}/refused", "/syncs/{name}/rows/{key}", "/plans/{id}", "/plans/{id}/rows", "/runs", "/runs/{id}",
    "/runs/{id}/operations", "/events", "/alerts")} | {("DELETE", "/session")}
EDITOR = {("POST", path) for path in (
    "/files/validate", "/files/commit", "/git/pull", "/git/push", "/git/rollback", "/sources/{name}/check", "/preview",
    "/destinations/{name}/check", "/syncs/{name}/pause", "/syncs/{name}/resume", "/syncs/{name}/settle", "/plans",
    "/plans/{id}/approve", "/runs", "/runs/{id}/cancel", "/alerts/{name}/test")}
OPEN = {("GET", "/session"), ("POST", "/session"), ("GET", "/session/provider"), ("GET", "/session/provider/callback")}


class Access(ServedTest):
    def add_user(self, name, role):
        done = subprocess.run([PROGRAM, "-C", self.project.directory, "user", "add", name, "--role", role],
                              input=PASSWORD + "\n", text=True, capture_output=True, env=environment(), check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def setUp(self):
        super().setUp()
        self.rows = [person(1)]
        for role in ("admin", "editor", "viewer"):
            self.add_user(role, role)
        self.served = self.serve()

    def login(self, name, password=PASSWORD):
        return self.served.post("/session", {"user": name, "password": password})

    def session(self, name):
        """(cookie, CSRF token)"""
        reply = self.login(name)
        self.assertEqual(reply.status, 200, reply)
        cookie = reply.headers["Set-Cookie"].split(";")[0]
        self.assertIn("HttpOnly", reply.headers["Set-Cookie"])
        return {"Cookie": cookie, "X-CSRF-Token": reply.json["csrf_token"]}

    def test_each_route_for_each_role(self):
        sessions = {role: self.session(role) for role in ("viewer", "editor", "admin")}
        rank = {"nobody": 0, "viewer": 1, "editor": 2, "admin": 3}
        for method, path in self.paths_of_description():
            least = ("nobody" if (method, path) in OPEN else "viewer" if (method, path) in VIEWER else
                     "editor" if (method, path) in EDITOR else "admin")
            filled = path
            for name in ("name", "id", "key", "kind", "object"):
                filled = filled.replace("{" + name + "}", "nonesuch")
            for role in rank:
                if path == "/events" and rank[role] >= rank[least] or path == "/session":
                    continue
                reply = self.served.call(method, filled, {} if method != "GET" else None, sessions.get(role, {}))
                with self.subTest(method=method, path=path, role=role, least=least):
                    if rank[role] >= rank[least]:
                        self.assertNotIn(reply.status, (401, 403), reply)
                    else:
                        self.assertEqual(reply.status, 401 if role == "nobody" else 403, reply)

    def test_nobody_comes_in_without_a_login(self):
        for path in ("/syncs", "/runs", "/events", "/audit"):
            self.assertEqual(self.served.get(path).status, 401)
        self.assertEqual(self.served.call("GET", "/metrics").status, 401)
        self.assertEqual(self.served.call("GET", "/healthz").status, 200)
        session = self.served.get("/session").json
        self.assertEqual((session["authenticated"], session["login_needed"]), (False, True))

    def test_wrong_passwords_are_told_nothing_and_slowed_down(self):
        texts = set()
        for name in ("admin", "nobody"):
            reply = self.login(name, "wrong password 1234")
            self.assertEqual(reply.status, 401)
            texts.add(reply.json["title"])
        self.assertEqual(len(texts), 1, texts)
        for _ in range(8):
            reply = self.login("viewer", "wrong password 1234")
        self.assertEqual(reply.status, 429, reply)
        self.assertGreaterEqual(int(reply.headers["Retry-After"]), 1)

    def test_what_changes_something_needs_the_pages_token(self):
        session = self.session("editor")
        cookie = {"Cookie": session["Cookie"]}
        self.assertEqual(self.served.call("GET", "/syncs", None, cookie).status, 200)
        self.assertEqual(self.served.call("POST", "/runs", {"sync": "contacts"}, cookie).status, 403)
        self.assertEqual(self.served.call("POST", "/runs", {"sync": "contacts"},
                                          session | {"Origin": "https://evil.example"}).status, 403)
        self.assertEqual(self.served.call("POST", "/runs", {"sync": "contacts"}, session).status, 202)

    def test_names_that_others_made_do_not_lead_here(self):
        reply = self.served.call("GET", "/syncs", None, {"Host": "evil.example"})
        self.assertEqual(reply.status, 403)

    def test_tokens_and_the_audit_log(self):
        admin = self.session("admin")
        added = self.served.call("POST", "/tokens", {"name": "deploy", "role": "editor"}, admin)
        self.assertEqual(added.status, 201, added)
        token = {"Authorization": "Bearer " + added.json["token"]}
        self.assertEqual(self.served.call("POST", "/runs", {"sync": "contacts"}, token).status, 202)
        self.assertEqual(self.served.call("GET", "/users", None, token).status, 403)
        self.assertNotIn(added.json["token"], self.served.call("GET", "/tokens", None, admin).body)
        self.assertEqual(self.served.call("DELETE", "/tokens/deploy", None, admin).status, 204)
        self.assertEqual(self.served.call("GET", "/syncs", None, token).status, 401)
        entries = self.served.call("GET", "/audit", None, admin).json
        actions = {entry["action"] for entry in entries}
        self.assertIn("run.start", actions)
        self.assertTrue(any("deploy" in entry.get("target", "") + entry["who"] for entry in entries))
        for text in (PASSWORD, added.json["token"]):
            self.assertNotIn(text, json.dumps(entries))
            self.assertNotIn(text, self.served.log)

    def test_others_reach_it_only_where_somebody_can_log_in(self):
        self.served.stop()
        bare = type(self.project)(self.sandbox.url)
        self.addCleanup(bare.remove)
        bare.rows([person(1)])
        bare.model()
        bare.sync()
        with self.assertRaises(RuntimeError) as refused:
            Served(bare, listen="0.0.0.0:0")
        self.assertIn("penstock user add", str(refused.exception))

    def test_a_role_that_changes_holds_at_once(self):
        admin, editor = self.session("admin"), self.session("editor")
        self.assertEqual(self.served.call("PATCH", "/users/editor", {"role": "viewer"}, admin).status, 200)
        self.assertEqual(self.served.call("POST", "/runs", {"sync": "contacts"}, editor).status, 403)
        self.assertEqual(self.served.call("DELETE", "/users/editor", None, admin).status, 204)
        self.assertEqual(self.served.call("GET", "/syncs", None, editor).status, 401)
        self.assertEqual(self.served.call("DELETE", "/users/admin", None, admin).status, 400)


if __name__ == "__main__":
    main()
