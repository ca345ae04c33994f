"""What a test needs to stand in a user's place: the program, a sandbox, a project, and what came of a command.

    class Something(PipeTest):
        def test_a_rule(self):
            self.rows = [person(1), person(2)]
            self.run_sync(accepted=2)
            self.assertEqual(self.records(), {...})

Every test has a sandbox and a project of its own; nothing is shared. Every JSON result is checked against the sums
that docs promise, whatever else the test looks at.
"""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("PENSTOCK_PROGRAM", os.path.join(ROOT, "build", "penstock"))
TOKEN = "pat-e2e-7f3a91c2"  # searched for in everything that is kept and shown
NULL = r"\N"  # how the tests' CSV files say NULL

DONE, FAILED, USAGE, PARTIAL, STOPPED, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 4, 130, 143

SUMS = {
    "rows": ("added", "changed", "unchanged", "invalid", "waiting"),
    "sent": ("accepted", "rejected", "skipped", "in_doubt"),
}


def person(number, **values):
    """A row of the model that most tests use."""
    row = {"id": number, "email": f"p{number}@example.com", "name": f"Person {number}", "phone": None, "city": "Ulm"}
    row.update(values)
    return row


def http(method, url, body=None):
    """(status, text) of a request; the sandbox wants a token on the vendor's paths."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {TOKEN}-by-hand", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


class Sandbox:
    """`penstock sandbox` on a free port, without limits unless asked for some."""

    def __init__(self, *options, history=True, limit="none"):
        command = [PROGRAM, "sandbox", "--quiet", "--listen", "127.0.0.1:0", *options]
        command += ["--history"] if history else []
        command += ["--limit", limit] if limit else []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
        self.url = self.process.stdout.readline().strip()
        if not self.url.startswith("http://"):
            raise RuntimeError(f"the sandbox did not start: {self.url!r}")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def call(self, method, path, body=None):
        status, text = http(method, self.url + path, body)
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {text}")
        return text

    def _lines(self, path):
        return [json.loads(line) for line in self.call("GET", path).split("\n") if line]

    def records(self, object_name="contacts"):
        """Live records as {id: properties}."""
        return {one["id"]: one["properties"] for one in self._lines(f"/_sandbox/records/{object_name}")}

    def history(self, object_name="contacts"):
        return self._lines(f"/_sandbox/history/{object_name}")

    def stats(self):
        return json.loads(self.call("GET", "/_sandbox/stats"))

    def fault(self, **fault):
        self.call("POST", "/_sandbox/fault", fault)

    def create(self, object_name="contacts", **properties):
        """A record that another program made; its id."""
        reply = self.call("POST", f"/crm/v3/objects/{object_name}", {"properties": properties, "associations": []})
        return json.loads(reply)["id"]

    def edit(self, record_id, object_name="contacts", **properties):
        self.call("PATCH", f"/crm/v3/objects/{object_name}/{record_id}", {"properties": properties})

    def delete(self, record_id, object_name="contacts"):
        self.call("DELETE", f"/crm/v3/objects/{object_name}/{record_id}")

    def define(self, object_name, field, unique=False):
        body = {"name": field, "label": field, "type": "string", "fieldType": "text",
                "groupName": "information", "hasUniqueValue": unique}
        # A sandbox that is told to fail some requests does not spare this one.
        path = f"/crm/v3/properties/{object_name}"
        while (reply := http("POST", self.url + path, body))[0] == 503:
            pass
        if reply[0] >= 400:
            raise RuntimeError(f"POST {path}: {reply[0]} {reply[1]}")


def environment(**more):
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LSAN_OPTIONS", "ASAN_OPTIONS", "TSAN_OPTIONS") if name in os.environ}
    return env | {"HUBSPOT_TOKEN": TOKEN, "TERM": "dumb", "LC_ALL": "C.UTF-8"} | more


class Answer:
    """What a command printed, and how it ended."""

    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    def __str__(self):
        return f"$ {' '.join(self.command)}\nexit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"

    @property
    def text(self):
        """Everything that a person saw."""
        return self.out + self.err

    @property
    def objects(self):
        return [json.loads(line) for line in self.out.split("\n") if line.startswith("{")]

    @property
    def results(self):
        return [one for one in self.objects if one.get("event") == "result"]


class Project:
    """A directory of project files. Settings are given as dicts: JSON is YAML as well."""

    def __init__(self, base_url, directory=None):
        self.directory = directory or tempfile.mkdtemp(prefix="penstock-e2e-")
        self.base_url = base_url
        self.write("penstock.yaml", {"project": "e2e"})
        self.write("destinations/crm.yaml",
                   {"type": "hubspot", "access_token": "${env:HUBSPOT_TOKEN}", "base_url": base_url})
        self.csv_source()

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def write(self, name, content):
        """Atomically, so that a run in progress reads the file whole, old or new."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        text = content if isinstance(content, (str, bytes)) else json.dumps(content, indent=1)
        with open(path + ".new", "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.replace(path + ".new", path)

    def csv_source(self, name="people"):
        """A table of texts; the tests' models cast where they want something else."""
        options = {"all_varchar": "true", "header": "true", "nullstr": NULL, "quote": '"', "escape": '"', "delim": ",",
                   "max_line_size": "20000000"}
        table = {"path": f"data/{name}.csv", "format": "csv", "options": options}
        self.write("sources/warehouse.yaml", {"type": "duckdb", "files": {name: table}})

    def rows(self, rows, columns=None, name="people"):
        """The model's rows: dicts with the same keys."""
        columns = columns or (list(rows[0]) if rows else list(person(1)))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([NULL if row[column] is None else row[column] for column in columns])
        self.write(f"data/{name}.csv", text.getvalue())

    def model(self, sql="select * from people", key="id", name="people", **more):
        self.write(f"models/{name}.yaml", {"source": "warehouse", "primary_key": key, "sql": sql} | more)

    def sync(self, name="contacts", **settings):
        given = {"model": "people", "destination": "crm", "object": "contacts", "mode": "upsert",
                 "match": {"email": "email"},
                 "fields": {"firstname": "name", "phone": "phone", "city": "city"}} | settings
        self.write(f"syncs/{name}.yaml", {key: value for key, value in given.items() if value is not None})

    # ---- commands

    def command(self, *arguments):
        return [PROGRAM, "-C", self.directory, *map(str, arguments)]

    def call(self, *arguments, timeout=120, **env):
        command = self.command(*arguments)
        done = subprocess.run(command, capture_output=True, timeout=timeout, env=environment(**env))
        return Answer(command, done.returncode, done.stdout.decode(errors="replace"),
                      done.stderr.decode(errors="replace"))

    def start(self, *arguments, **env):
        return subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=environment(**env))

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)


class PipeTest(unittest.TestCase):
    """A project with one sync, `contacts`, of the model `people`, and a sandbox to send it to."""

    sandbox_options = ()
    maxDiff = None

    def setUp(self):
        self.sandbox = Sandbox(*self.sandbox_options)
        self.addCleanup(self.sandbox.stop)
        self.project = Project(self.sandbox.url)
        self.addCleanup(self.project.remove)
        self.project.model()
        self.project.sync()

    # ---- the model

    @property
    def rows(self):
        return self._rows

    @rows.setter
    def rows(self, rows):
        self._rows = rows
        self.project.rows(rows)

    # ---- commands, with their results checked

    def call(self, *arguments, code=DONE, **env):
        answer = self.project.call(*arguments, **env)
        self.assertEqual(answer.code, code, answer)
        self.assertNotIn(TOKEN, answer.out + answer.err, "the token is shown")
        return answer

    def run_sync(self, *arguments, code=DONE, sync="contacts", command="run", **expected):
        """Runs the sync; every keyword is a member of the result and its value."""
        answer = self.call(command, sync, *arguments, "--json", code=code)
        self.assertEqual(len(answer.results), 1, answer)
        return self.check_counts(answer.results[0], expected, answer)

    def plan_sync(self, *arguments, sync="contacts", **expected):
        answer = self.call("plan", sync, *arguments, "--json")
        self.assertEqual(len(answer.objects), 1, answer)
        return self.check_counts(answer.objects[0], expected, answer)

    def check_counts(self, result, expected, answer=""):
        for total, parts in SUMS.items():
            if total in result:
                self.assertEqual(result[total], sum(result[part] for part in parts), f"{total} does not add up\n{answer}")
        self.assertEqual({name: result.get(name) for name in expected}, expected, answer)
        return result

    def assert_quiet(self, sync="contacts", **expected):
        """The next run has nothing to do, and asks nothing of the destination."""
        before = self.row_requests()
        self.plan_sync(sync=sync, **({"added": 0, "changed": 0, "removed": 0, "to_send": 0} | expected))
        self.run_sync(sync=sync, sent=0, requests=0, added=0, changed=0)
        self.assertEqual(self.row_requests(), before)

    def row_requests(self):
        """Requests that carried rows or looked for records: not the questions which fields there are."""
        return {path: count for path, count in self.sandbox.stats()["by_path"].items() if "/properties/" not in path}

    def operations(self, run, *arguments):
        return self.call("log", run, "--json", *arguments).objects

    def outcomes(self, run):
        return {one["key"]: one["outcome"] for one in self.operations(run)}

    def assert_refused(self, answer, *words):
        """A message with each of the words, and a remedy or a hint."""
        for word in words:
            self.assertIn(word, answer.err + answer.out, answer)

    def wait_until(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, "waited in vain")
            time.sleep(0.01)

    # ---- the destination

    def records(self, *fields, by="email", object_name="contacts"):
        """{value of `by`: its fields}; a single field's value alone. All fields when none is named."""
        found = {}
        for properties in self.sandbox.records(object_name).values():
            key = properties.get(by)
            self.assertNotIn(key, found, "two records")
            own = {name: value for name, value in properties.items() if not name.startswith("hs_") and name not in
                   ("createdate", "lastmodifieddate")}
            found[key] = properties.get(fields[0]) if len(fields) == 1 else (
                {name: properties.get(name) for name in fields} if fields else own)
        return found

    def record_id(self, value, by="email", object_name="contacts"):
        ids = [one for one, own in self.sandbox.records(object_name).items() if own.get(by) == value]
        self.assertEqual(len(ids), 1, f"records with {by} = {value}")
        return ids[0]

    def writes(self, object_name="contacts"):
        """What took effect there since this was asked last: (operation, match, properties)."""
        all_writes = self.sandbox.history(object_name)
        seen = getattr(self, "_seen_writes", {}).get(object_name, 0)
        self._seen_writes = getattr(self, "_seen_writes", {}) | {object_name: len(all_writes)}
        return [(one["operation"], one["match"], one["properties"]) for one in all_writes[seen:]]


def main():
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"there is no program {PROGRAM}: build it, or set PENSTOCK_PROGRAM")
    unittest.main(verbosity=2)
