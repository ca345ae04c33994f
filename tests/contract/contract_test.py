#!/usr/bin/env python3
"""What Penstock sends to HubSpot, and what the sandbox answers, held to the vendor's own API description.

Every kind of request goes through Prism, which is loaded with the vendor's files (../shared/contracts beside the
repository, or PENSTOCK_CONTRACTS) and stands in front of the sandbox: no violation on either side."""
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest

from servers import CONTRACTS, PENSTOCK, PRISM, Prism, Recorder, Sandbox, listens, wait_until

DESCRIPTIONS = os.path.join(CONTRACTS, "hubspot")
SKIPPED = 77


class Project:
    """A project in a temporary directory: one model from a CSV file, one sync."""

    def __init__(self, url, sync, columns, rows, token="test-token", key="id"):
        self.directory = tempfile.TemporaryDirectory(prefix="penstock-contract-")
        self.columns = columns
        self.write("penstock.yaml", "project: contract\n")
        self.write("sources/warehouse.yaml", "type: duckdb\nfiles: { rows: rows.csv }\n")
        self.write("models/rows.yaml", f"source: warehouse\nprimary_key: {key}\ntable: rows\n")
        self.write("destinations/crm.yaml", f"type: hubspot\naccess_token: {token}\nbase_url: {url}\n")
        self.write("syncs/rows.yaml", "model: rows\ndestination: crm\n" + sync)
        self.set_rows(rows)

    def write(self, path, text):
        path = os.path.join(self.directory.name, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def set_rows(self, rows):
        self.write("rows.csv", "\n".join(",".join(map(str, row)) for row in [self.columns, *rows]) + "\n")

    def penstock(self, *arguments):
        done = subprocess.run([PENSTOCK, "-C", self.directory.name, *arguments], capture_output=True, text=True,
                              timeout=120, check=False)
        return done.returncode, done.stdout, done.stderr

    def run(self, *arguments):
        code, out, err = self.penstock("run", "--json", *arguments)
        results = [json.loads(line) for line in out.splitlines() if '"event":"result"' in line]
        if not results:
            raise AssertionError(f"run ended with {code}:\n{out}{err}")
        return code, results[-1]


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.parts = []
        cls.sandbox = cls.start(Sandbox())
        objects = cls.start(Prism(os.path.join(DESCRIPTIONS, "crm.objects.v3.json"), cls.sandbox.url))
        properties = cls.start(Prism(os.path.join(DESCRIPTIONS, "crm.properties.v3.json"), cls.sandbox.url))
        cls.prisms = {"objects": objects.port, "properties": properties.port}
        for prism in (objects, properties):
            wait_until("Prism", lambda prism=prism: listens(prism.port))
        cls.recorder = cls.start(Recorder(
            lambda path, _: (properties.port if path.startswith("/crm/v3/properties") else objects.port, path)))

    @classmethod
    def start(cls, part):
        cls.parts.append(part)
        return part

    @classmethod
    def tearDownClass(cls):
        for part in reversed(cls.parts):
            part.stop()

    def setUp(self):
        self.sandbox.call("POST", "/_sandbox/reset")
        self.recorder.take()

    def project(self, *arguments, **options):
        project = Project(self.recorder.url, *arguments, **options)
        self.addCleanup(project.directory.cleanup)
        return project

    def exchanges(self, *wanted):
        """Those since the last call: without a violation, and of at least the kinds that are wanted."""
        taken = self.recorder.take()
        bad = [str(exchange) for exchange in taken if exchange.violations]
        self.assertEqual(bad, [], "\n".join(bad))
        kinds = {f"{exchange.path.split('/')[-1]} {exchange.status}" for exchange in taken}
        self.assertLessEqual(set(wanted), kinds, [f"{each.method} {each.path} {each.status}" for each in taken])
        return taken

    def counts(self, result):
        return {name: result[name] for name in ("accepted", "rejected", "skipped", "in_doubt") if result[name]}

    # ---- The modes

    def test_upsert_by_a_unique_field_with_one_bad_row(self):
        project = self.project("object: contacts\nmode: upsert\nmatch: { email: email }\n"
                               "fields: { firstname: name, score: score, since: since, vip: vip }\n",
                               ["id", "email", "name", "score", "since", "vip"],
                               [[1, "ada@x.example", "Ada", "1.50", "2026-01-02", "true"],
                                [2, "ben@", "Ben", 2, "2026-01-03", "false"],
                                [3, "carla@x.example", "Carla", "", "2026-01-04", "true"]])
        code, result = project.run()
        self.assertEqual((code, self.counts(result)), (3, {"accepted": 2, "rejected": 1}))
        self.exchanges("upsert 207")
        project.set_rows([[1, "ada@x.example", "Ada", 9, "2026-01-02", "true"],
                          [3, "carla@x.example", "Carla", "", "2026-01-04", "true"]])
        code, result = project.run()
        self.assertEqual((code, self.counts(result)), (0, {"accepted": 1}))
        self.exchanges("upsert 200")

    def test_fields_that_are_not_always_written(self):
        project = self.project("object: contacts\nmode: upsert\nmatch: { email: email }\n"
                               "fields: { firstname: name, source: { value: warehouse, write: on_create },"
                               " phone: { from: phone, write: if_empty, null: omit } }\n",
                               ["id", "email", "name", "phone"],
                               [[1, "ada@x.example", "Ada", "+1"], [2, "ben@x.example", "Ben", ""]])
        self.sandbox.call("POST", "/crm/v3/objects/contacts", {"properties": {"email": "ada@x.example", "phone": "+9"}})
        code, result = project.run()
        self.assertEqual((code, self.counts(result)), (0, {"accepted": 2}))
        self.exchanges("create 207", "read 200", "update 200")
        phones = {each["properties"]["email"]: each["properties"].get("phone") for each in self.sandbox.records("contacts")}
        self.assertEqual(phones, {"ada@x.example": "+9", "ben@x.example": None})

    def test_upsert_by_search(self):
        project = self.project("object: companies\nmode: upsert\nmatch: { domain: domain }\nfields: { name: name }\n",
                               ["id", "domain", "name"],
                               [[number, f"c{number}.example", f"Company {number}"] for number in range(1, 151)])
        code, result = project.run()
        self.assertEqual((code, self.counts(result)), (0, {"accepted": 150}))
        self.exchanges("search 200", "create 201")
        project.set_rows([[1, "c1.example", "One"], [2, "c2.example", "Two"]])
        code, result = project.run()
        self.assertEqual((code, self.counts(result)), (0, {"accepted": 2}))
        self.exchanges("update 200")

    def test_insert_skips_what_is_there(self):
        self.sandbox.call("POST", "/crm/v3/objects/contacts", {"properties": {"email": "ada@x.example"}})
        project = self.project("object: contacts\nmode: insert\nmatch: { email: email }\nfields: { firstname: name }\n",
                               ["id", "email", "name"], [[1, "ada@x.example", "Ada"], [2, "ben@x.example", "Ben"]])
        code, result = project.run()
        self.assertEqual((code, self.counts(result)), (0, {"accepted": 1, "skipped": 1}))
        self.exchanges("create 207")

    def test_append(self):
        project = self.project("object: tickets\nmode: append\nfields: { subject: name }\n",
                               ["id", "name"], [[1, "It rains"], [2, "It pours"]])
        self.assertEqual(self.counts(project.run()[1]), {"accepted": 2})
        self.exchanges("create 201")

    def test_update_only_what_is_there(self):
        self.sandbox.call("POST", "/crm/v3/objects/contacts", {"properties": {"email": "ada@x.example"}})
        project = self.project("object: contacts\nmode: update\nmatch: { email: email }\nfields: { firstname: name }\n",
                               ["id", "email", "name"], [[1, "ada@x.example", "Ada"], [2, "ben@x.example", "Ben"]])
        code, result = project.run()
        self.assertEqual((code, self.counts(result)), (0, {"accepted": 1, "skipped": 1}))
        self.exchanges("read 207", "update 200")

    def test_mirror_archives_what_left(self):
        project = self.project("object: contacts\nmode: mirror\nmatch: { email: email }\nfields: { firstname: name }\n",
                               ["id", "email", "name"], [[1, "ada@x.example", "Ada"], [2, "ben@x.example", "Ben"]])
        project.run()
        project.set_rows([[1, "ada@x.example", "Ada"]])
        code, result = project.run()
        self.assertEqual((code, self.counts(result)), (0, {"accepted": 1}))
        self.exchanges("archive 204")
        self.assertEqual(len(self.sandbox.records("contacts")), 1)

    def test_clearing_what_left(self):
        project = self.project("object: contacts\nmode: upsert\nmatch: { email: email }\nfields: { firstname: name }\n"
                               "on_removed: clear\n",
                               ["id", "email", "name"], [[1, "ada@x.example", "Ada"], [2, "ben@x.example", "Ben"]])
        project.run()
        project.set_rows([[1, "ada@x.example", "Ada"]])
        self.assertEqual(self.counts(project.run()[1]), {"accepted": 1})
        self.exchanges("update 200")

    def test_delete(self):
        self.sandbox.call("POST", "/crm/v3/objects/contacts", {"properties": {"email": "ada@x.example"}})
        project = self.project("object: contacts\nmode: delete\nmatch: { email: email }\n",
                               ["id", "email"], [[1, "ada@x.example"]])
        self.assertEqual(self.counts(project.run()[1]), {"accepted": 1})
        self.exchanges("read 200", "archive 204")

    def test_match_on_the_record_id(self):
        ids = [json.loads(self.sandbox.call("POST", "/crm/v3/objects/deals", {"properties": {"dealname": name}})[1])["id"]
               for name in ("a", "b")]
        project = self.project("object: deals\nmode: update\nmatch: { hs_object_id: crm_id }\nfields: { amount: amount }\n",
                               ["id", "crm_id", "amount"], [[1, ids[0], "10.50"], [2, ids[1], 7], [3, 999999, 1]])
        code, result = project.run()
        self.assertEqual((code, self.counts(result)), (0, {"accepted": 2, "skipped": 1}))
        self.exchanges("update 207")

    def test_a_changed_match_value_is_followed(self):
        project = self.project("object: contacts\nmode: upsert\nmatch: { email: email }\nfields: { firstname: name }\n",
                               ["id", "email", "name"], [[1, "ada@x.example", "Ada"]])
        project.run()
        project.set_rows([[1, "ada@y.example", "Ada"]])
        self.assertEqual(self.counts(project.run()[1]), {"accepted": 1})
        self.exchanges("update 200")
        self.assertEqual([each["properties"]["email"] for each in self.sandbox.records("contacts")], ["ada@y.example"])

    def test_records_are_read_by_their_ids(self):
        one = json.loads(self.sandbox.call("POST", "/crm/v3/objects/contacts", {"properties": {"email": "ada@x.example", "firstname": "Ada"}})[1])
        body = {"properties": ["email", "firstname", "phone"], "propertiesWithHistory": [], "inputs": [{"id": one["id"]}, {"id": "987654321"}]}
        connection = http.client.HTTPConnection("127.0.0.1", self.recorder.port, timeout=30)
        connection.request("POST", "/crm/v3/objects/contacts/batch/read", json.dumps(body),
                           {"Content-Type": "application/json", "Authorization": "Bearer test-token"})
        told = json.loads(connection.getresponse().read())
        connection.close()
        self.exchanges("read 207")
        self.assertEqual([(each["id"], each["properties"]["firstname"]) for each in told["results"]], [(one["id"], "Ada")])
        self.assertEqual(told["errors"][0]["context"]["ids"], ["987654321"])

    # ---- Discovery

    def test_discovery(self):
        project = self.project("object: contacts\nmode: upsert\nmatch: { email: email }\nfields: { firstname: name }\n",
                               ["id", "email", "name"], [[1, "ada@x.example", "Ada"]])
        code, out, err = project.penstock("check", "--connect")
        self.assertEqual(code, 0, out + err)
        self.assertEqual(project.penstock("discover", "crm", "contacts")[0], 0)
        self.exchanges("contacts 200")

    # ---- Refusals

    def test_a_request_that_is_refused_as_a_whole_is_split(self):
        project = self.project("object: contacts\nmode: upsert\nmatch: { email: email }\n"
                               "fields: { firstname: name, hs_lead_status: status }\n",
                               ["id", "email", "name", "status"],
                               [[1, "ada@x.example", "Ada", "NEW"], [2, "ben@x.example", "Ben", "NO SUCH STATUS"],
                                [3, "carla@x.example", "Carla", "OPEN"]])
        code, result = project.run()
        self.assertEqual((code, self.counts(result)), (3, {"accepted": 2, "rejected": 1}))
        self.exchanges("upsert 400", "upsert 200")

    def test_a_refused_login(self):
        self.sandbox.call("POST", "/_sandbox/token", {"token": "revoked-token", "state": "revoked"})
        project = self.project("object: contacts\nmode: upsert\nmatch: { email: email }\nfields: { firstname: name }\n",
                               ["id", "email", "name"], [[1, "ada@x.example", "Ada"]], token="revoked-token")
        code, result = project.run()
        self.assertEqual((code, result["status"]), (1, "failed"))
        self.exchanges("upsert 401")

    def test_a_limit_that_others_have_used_up(self):
        def use_up():
            for _ in range(48):
                self.sandbox.call("GET", "/crm/v3/properties/contacts/email")

        others = [threading.Thread(target=use_up) for _ in range(4)]
        for other in others:
            other.start()
        for other in others:
            other.join()
        project = self.project("object: contacts\nmode: upsert\nmatch: { email: email }\nfields: { firstname: name }\n",
                               ["id", "email", "name"], [[1, "ada@x.example", "Ada"]])
        code, result = project.run()
        self.assertEqual((code, self.counts(result)), (0, {"accepted": 1}))
        self.assertGreaterEqual(result["throttled"], 1)
        self.exchanges("upsert 429", "upsert 200")

    def test_a_failure_that_passes(self):
        self.sandbox.call("POST", "/_sandbox/fault", {"path": "/batch/upsert", "kind": "status", "status": 503, "count": 1})
        project = self.project("object: contacts\nmode: upsert\nmatch: { email: email }\nfields: { firstname: name }\n",
                               ["id", "email", "name"], [[1, "ada@x.example", "Ada"]])
        self.assertEqual(self.counts(project.run()[1]), {"accepted": 1})
        self.exchanges("upsert 503", "upsert 200")

    # ---- Proof that Prism judges

    def violations(self, port, method, path, body):
        recorder = Recorder(lambda path, _: (port, path))
        try:
            connection = http.client.HTTPConnection("127.0.0.1", recorder.port, timeout=30)
            connection.request(method, path, json.dumps(body), {"Content-Type": "application/json",
                                                                "Authorization": "Bearer test-token"})
            connection.getresponse().read()
            connection.close()
            return " ".join(recorder.take()[0].violations)
        finally:
            recorder.stop()

    def test_wrong_requests_are_noticed(self):
        for operation in ("upsert", "update", "create", "read", "archive"):
            path = f"/crm/v3/objects/contacts/batch/{operation}"
            self.assertIn("request", self.violations(self.prisms["objects"], "POST", path, {"inputs": [{"id": 5}]}), path)
        self.assertIn("request", self.violations(self.prisms["objects"], "POST", "/crm/v3/objects/contacts/search", {}))
        self.assertIn("request", self.violations(self.prisms["properties"], "POST", "/crm/v3/properties/contacts", {}))

    def test_wrong_replies_are_noticed(self):
        self.sandbox.call("POST", "/_sandbox/fault", {"path": "/batch/archive", "status": 400, "body": {"oops": 1}})
        found = self.violations(self.prisms["objects"], "POST", "/crm/v3/objects/contacts/batch/archive",
                                {"inputs": [{"id": "5"}]})
        self.assertIn("response", found)


def missing():
    if not os.path.isdir(DESCRIPTIONS):
        return f"the vendor's API descriptions are not in {DESCRIPTIONS}"
    if not os.access(PRISM, os.X_OK):
        return "Prism is not installed: run ./dev setup"
    return None


if __name__ == "__main__":
    if missing():
        print("skipped:", missing())
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv)
