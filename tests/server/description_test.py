"""The service is what api/openapi.yaml says: every answer goes through a validating proxy (Prism) that has read it."""

import http.client
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration"), os.path.join(HERE, "..", "contract")]

import servers  # noqa: E402
from harness import ROOT, main, person  # noqa: E402
from served import ServedTest  # noqa: E402


class Description(ServedTest):
    def setUp(self):
        super().setUp()
        self.rows = [person(1), person(2), person(3, email="none")]
        self.served = self.serve()
        self.prism = servers.Prism(os.path.join(ROOT, "api", "openapi.yaml"), f"{self.served.url}/api/v1")
        self.addCleanup(self.prism.stop)
        servers.wait_until("Prism", lambda: servers.listens(self.prism.port))

    def through(self, method, path, body=None, status=200):
        connection = http.client.HTTPConnection("127.0.0.1", self.prism.port, timeout=60)
        connection.request(method, path, None if body is None else json.dumps(body),
                           {"Content-Type": "application/json"} | (
                               {} if path.startswith("/session") else {"Authorization": "Bearer", "Cookie": "penstock_session=x"}))
        reply = connection.getresponse()
        text = reply.read().decode()
        violations = reply.headers.get("sl-violations")
        connection.close()
        self.assertEqual(reply.status, status, f"{method} {path}: {text[:2000]}")
        self.assertIsNone(violations, f"{method} {path}: {violations}\n{text[:3000]}")
        return json.loads(text) if text else None

    def test_a_linter_finds_nothing(self):
        linter = os.path.join(ROOT, ".deps", "npm", "node_modules", ".bin", "spectral")
        if not os.path.exists(linter):
            self.skipTest("needs spectral: ./dev setup installs it")
        done = subprocess.run([linter, "lint", "--fail-severity", "hint", "--ruleset", os.path.join(HERE, "openapi_rules.yaml"),
                               os.path.join(ROOT, "api", "openapi.yaml")], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_answers_are_as_described(self):
        run = self.through("POST", "/runs", {"sync": "contacts"}, 202)["run"]
        self.ended_run(self.served, run)
        plan = self.through("POST", "/plans", {"sync": "contacts"}, 202)["id"]
        self.wait_for(lambda: self.served.get(f"/plans/{plan}").json["state"] == "ready")
        for path in ("/session", "/project", "/files", "/files/content?path=syncs/contacts.yaml", "/git", "/schemas/sync",
                     "/sources", "/sources/warehouse/tables", "/models", "/models/people/preview", "/destinations",
                     "/destinations/crm/objects", "/destinations/crm/objects/contacts", "/connectors", "/connectors/hubspot",
                     "/transforms", "/syncs", "/syncs/contacts", "/syncs/contacts/refused", "/syncs/contacts/rows/1",
                     "/syncs/contacts/rows/3", f"/plans/{plan}", f"/plans/{plan}/rows", "/runs", f"/runs/{run}",
                     f"/runs/{run}/operations", "/alerts", "/users", "/tokens", "/secrets", "/audit"):
            with self.subTest(path=path):
                self.through("GET", path)
        self.through("POST", "/sources/warehouse/check")
        self.through("POST", "/destinations/crm/check")
        self.through("POST", "/preview", {"model": "people", "limit": 2})
        self.through("POST", "/files/validate", {"edits": [{"path": "syncs/contacts.yaml", "text": "nonsense: 1"}]})
        self.through("POST", "/syncs/contacts/pause")
        self.through("POST", "/syncs/contacts/resume")
        self.through("POST", "/runs", {"sync": "nonesuch"}, 404)
        self.through("GET", "/session/provider?next=/runs", None, 404)
        self.through("GET", "/runs/nonesuch", None, 404)
        self.through("POST", "/tokens", {"name": "ci", "role": "viewer"}, 201)
        self.through("DELETE", "/tokens/ci", None, 204)

    def test_wrong_answers_would_be_noticed(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.prism.port, timeout=60)
        connection.request("POST", "/plans", json.dumps({"samples": "many"}), {"Content-Type": "application/json"})
        reply = connection.getresponse()
        reply.read()
        self.assertIsNotNone(reply.headers.get("sl-violations"))
        connection.close()


if __name__ == "__main__":
    if not os.access(servers.PRISM, os.X_OK):
        print("Prism is not there: ./dev setup installs it")
        sys.exit(77)
    main()
