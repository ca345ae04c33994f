#!/usr/bin/env python3
"""`penstock connector test`: a good declaration passes, and each kind of mistake in one is found by its behaviour."""

import json
import os
import subprocess
import tempfile
import unittest

from harness import DONE, FAILED, PROGRAM, USAGE

QUAY = """connector: quay
title: Quay
summary: People.
facts: 2026-11
settings:
  api_key: { type: text, secret: true, required: true, help: The API key. }
  base_url: { type: url, default: "https://api.quay.example", help: Where the API is. }
auth: { type: bearer, token: "{setting.api_key}" }
base: "{setting.base_url}"
limits: { all: { rates: [{ rate: 10/s }] } }
objects: { people: { title: People, match: { email: unique } } }
routes: { unique: { find: find, read: read, create: create, update: update, delete: remove } }
operations:
  create:
    request: POST /people
    limit: all
    rows: 20
    bytes: 20KB
    repeatable: false
    body: { people: { each_row: { email: "{match}", attributes: "{fields}" } } }
    replies: &writes
      - status: 200
        is: rows
        rows:
          - { each: results, by: position, where: { status: ok }, is: accepted, record_id: id }
          - { each: results, by: position, where: { status: error }, is: rejected, code: code, message: message, codes: { EXISTS: exists } }
  update:
    request: PATCH /people
    limit: all
    rows: 20
    bytes: 20KB
    body: { people: { each_row: { id: "{record_id}", attributes: "{fields}" } } }
    replies: *writes
  remove:
    request: DELETE /people/{record_id}
    limit: all
    replies: [{ status: [200, 404], is: accepted }]
  find:
    request: GET /people?emails={matches|join}
    limit: all
    rows: 20
    find: { each: people, record_id: id, value: email }
    replies: [{ status: 200, is: accepted }]
  read:
    request: GET /people/{record_id}
    limit: all
    find: { each: "", record_id: id, value: id, fields: attributes }
    replies: [{ status: 200, is: accepted }, { status: 404, is: missing }]
replies:
  - { status: 401, is: auth, message: error }
  - { status: 429, is: throttled, message: error }
  - { status: [400, 413, 422], is: split, message: error }
  - { status: 404, is: rejected, message: error }
  - { status: 5xx, is: retry, message: error }
"""


class Behaviours(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="penstock-e2e-")
        self.addCleanup(place.cleanup)
        self.file = os.path.join(place.name, "quay.yaml")

    def call(self, *arguments):
        return subprocess.run([PROGRAM, "connector", "test", *arguments], capture_output=True, text=True, timeout=120,
                              check=False, cwd=os.path.dirname(self.file))

    def try_file(self, text, code):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)
        done = self.call(self.file, "--json")
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def failing(self, *changes):
        """The behaviours that fail when parts of the declaration are other ones."""
        text = QUAY
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        return {each["behaviour"] for each in self.try_file(text, FAILED) if each["result"] == "FAILED"}

    def test_a_good_one_passes(self):
        results = self.try_file(QUAY, DONE)
        self.assertEqual({each["result"] for each in results}, {"ok", "not applicable"})
        held = {each["behaviour"] for each in results if each["result"] == "ok"}
        for behaviour in ("rows are written", "NULL", "unicode", "batches: one row, all, one more", "bytes of a request",
                          "each row its own reply", "one row spoils a request", "too fast", "the login is refused",
                          "replies that are lost", "several records are found", "what is there is read"):
            self.assertIn(behaviour, held)
        self.assertEqual({each["mode"] for each in results}, {"insert", "update", "upsert", "mirror", "append", "delete"})
        for each in results:
            self.assertEqual("why" in each, each["result"] != "ok", each)
        table = self.call(self.file)
        self.assertIn("ok     too fast", table.stdout)
        self.assertIn("not applicable: it is no job", table.stdout)

    def test_mistakes_are_found(self):
        throttled, auth = "  - { status: 429, is: throttled, message: error }\n", "  - { status: 401, is: auth, message: error }\n"
        self.assertEqual(self.failing((throttled, "")), {"too fast"})
        self.assertEqual(self.failing((auth, "")), {"the login is refused"})
        self.assertEqual(self.failing(("is: split", "is: rejected")), {"one row spoils a request"})
        # What is not there would be a record that holds nothing.
        self.assertEqual(self.failing((", { status: 404, is: missing }", "")), {"what is there is read"})
        # A rule that comes first hides the others: what was refused would count as accepted.
        self.assertIn("each row its own reply",
                      self.failing(("    replies: &writes\n", "    replies: &writes\n      - { status: 2xx, is: accepted }\n")))
        # Where the id of a record is said to be, a reply has none.
        self.assertIn("rows are written", self.failing(("where: { status: ok }, is: accepted", "where: { status: present }, is: rejected")))

    def test_wrong_files_and_names(self):
        done = self.call("nowhere.yaml")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("nowhere.yaml", done.stderr)
        done = self.call("stripes")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("did you mean 'stripe'?", done.stderr)
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(QUAY.replace("is: throttled", "is: throtled"))
        done = self.call(self.file)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("quay.yaml:", done.stderr)
        self.assertIn("did you mean 'throttled'?", done.stderr)

    def test_shipped_ones_are_found_by_name(self):
        done = self.call("stripe")
        self.assertEqual(done.returncode, DONE, done.stdout)
        self.assertIn("stripe: ", done.stdout)


if __name__ == "__main__":
    unittest.main()
