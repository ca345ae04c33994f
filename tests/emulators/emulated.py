"""Destinations that stand-ins of others' making play: what tests of shipped connectors against npm's emulators stand on.

They know less than our own stand-ins (no limits, few refusals), but nobody here has written them: a mistake that our
stand-in shares with our connector is seen here.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "integration"))
# pylint: disable=wrong-import-position
from harness import PARTIAL, ROOT, PipeTest, environment, person  # noqa: E402,F401

PROGRAMS = os.path.join(ROOT, ".deps", "npm", "node_modules", ".bin")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def need(program):
    path = os.path.join(PROGRAMS, program)
    if not os.access(path, os.X_OK):
        raise unittest.SkipTest(f"npm {program} is not there (./dev setup; it needs Node 20)")
    return path


class Emulator:
    """A server of npm's on a port of its own."""

    def __init__(self, command, **env):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment(**env))

    def wait_for(self, port):
        end = time.monotonic() + 30
        while True:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if self.process.poll() is not None or time.monotonic() > end:
                self.log.seek(0)
                raise RuntimeError(f"the emulator did not start:\n{self.log.read().decode(errors='replace')}")
            time.sleep(0.05)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


def main():
    """Nothing that could be tried is no success: ctest shows it as skipped."""
    result = unittest.main(verbosity=2, exit=False).result
    sys.exit(1 if not result.wasSuccessful() else 77 if result.testsRun == 0 else 0)


class EmulatedTest(PipeTest):
    """A subclass names its connector, how the emulator is started, and the token that it takes."""

    vendor = None
    service = None  # of `emulate`; or start() is its own
    token = "test_token_admin"
    settings = {}
    sync = {}

    @classmethod
    def start(cls, port):
        return Emulator([need("emulate"), "--port", str(port), "-s", cls.service])

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        port = free_port()
        emulator = cls.start(port)
        cls.addClassCleanup(emulator.stop)
        emulator.wait_for(port)
        cls.url = f"http://127.0.0.1:{port}"

    def setUp(self):
        super().setUp()
        self.project.write("destinations/crm.yaml", {"type": self.vendor, "base_url": self.url} | self.settings)
        self.write_sync()

    def write_sync(self, name="contacts", **more):
        self.project.sync(name, **({"guard": {"max_removed": "100%"}, "batch": {"concurrency": 1}} | self.sync | more))

    def call(self, *arguments, **more):
        return super().call(*arguments, **({"EMULATOR_TOKEN": self.token} | more))

    def ask(self, method, path, body=None, content="application/json", **headers):
        """What the emulator says to somebody else."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers={
            "Authorization": f"Bearer {self.token}", "Content-Type": content} | headers)
        with urllib.request.urlopen(request, timeout=20) as reply:
            return json.load(reply)
