"""The program on a project of its own, for the tests of users and secrets."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PENSTOCK = os.path.abspath(os.environ.get("PENSTOCK_PROGRAM", os.path.join(ROOT, "build", "penstock")))
DONE, FAILED, USAGE = 0, 1, 2
# What a machine's own environment may say must not be part of a test.
OTHERS = ("PENSTOCK_", "VAULT_", "AWS_", "GOOGLE_", "CLOUDSDK_", "GCE_")


class Done:
    def __init__(self, process):
        self.code, self.out, self.err = process.returncode, process.stdout, process.stderr
        self.text = self.out + self.err

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


class ProgramTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.project = tempfile.mkdtemp(prefix="penstock-access-")
        self.addCleanup(shutil.rmtree, self.project, True)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
        self.environment["NO_COLOR"] = "1"
        self.write("penstock.yaml", "project: acme\n")

    def path(self, name):
        return os.path.join(self.project, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text if isinstance(text, str) else json.dumps(text))

    def read(self, name, mode="r"):
        with open(self.path(name), mode) as file:
            return file.read()

    def mode(self, name):
        return os.stat(self.path(name)).st_mode & 0o777

    def penstock(self, *arguments, given="", code=DONE, **variables):
        """Runs the program, which must end with the code (or one of them); what it was given on standard input must never come
        back from it."""
        done = Done(subprocess.run([PENSTOCK, "-C", self.project, *arguments], input=given, capture_output=True, text=True,
                                   timeout=60, env=self.environment | variables, check=False))
        self.assertIn(done.code, code if isinstance(code, tuple) else (code,), f"penstock {' '.join(arguments)}\n{done.text}")
        if len(given) > 3:
            self.assertNotIn(given.strip(), done.text)
        if code != DONE:  # a run that failed is a result, and so on standard output
            self.assertRegex(done.text, "error: |failed")
        return done
