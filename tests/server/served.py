"""`penstock serve` on a test's project, and a client of its API."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration")]

from harness import PROGRAM, PipeTest, environment  # noqa: E402


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:2000]}"


class Served:
    """The service; stopped at the latest with the test."""

    def __init__(self, project, *options, listen="127.0.0.1:0", command="serve", **more):
        self.log_path = project.path(f"{command}-{time.monotonic_ns()}.log")
        self.log_file = open(self.log_path, "wb")  # noqa: SIM115: it lives as long as the process
        arguments = [PROGRAM, "-C", project.directory, command, "--log-format", "json", *options]
        if command == "serve":
            arguments += ["--listen", listen]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=self.log_file, text=True,
                                        env=environment(**more))
        self.url = self.process.stdout.readline().strip() if command == "serve" else ""
        if command == "serve" and not self.url.startswith("http"):
            self.process.wait()
            raise RuntimeError(f"it did not start:\n{self.log}")
        self.token = None

    @property
    def log(self):
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def call(self, method, path, body=None, headers=None, raw=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = dict(headers or {})
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        data = raw if raw is not None else None if body is None else json.dumps(body)
        connection.request(method, path if path.startswith("/") and path.startswith(("/api", "/health", "/ready", "/metrics", "/mcp", "/hooks"))
                           else "/api/v1" + path, body=data, headers=headers)
        answer = connection.getresponse()
        reply = Reply(answer.status, dict(answer.getheaders()), answer.read().decode())
        connection.close()
        return reply

    def get(self, path, **query):
        return self.call("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def post(self, path, body=None, **headers):
        return self.call("POST", path, body, headers)

    def stop(self, sig=signal.SIGTERM, seconds=60):
        if self.process.poll() is None:
            self.process.send_signal(sig)
        code = self.process.wait(timeout=seconds)
        self.process.stdout.close()
        self.log_file.close()
        return code


class Events:
    """Listens to /events on a thread of its own."""

    def __init__(self, served, run=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        headers = {"Authorization": f"Bearer {served.token}"} if served.token else {}
        self.connection.request("GET", "/api/v1/events" + (f"?run={run}" if run else ""), headers=headers)
        self.answer = self.connection.getresponse()
        self.seen = []
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        event, data = "", ""
        try:
            for line in self.answer:
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    event = text[7:]
                elif text.startswith("data: "):
                    data = text[6:]
                elif not text and event:
                    self.seen.append((event, json.loads(data)))
                    event = ""
        except (OSError, ValueError, AttributeError):
            return

    def of(self, event):
        return [data for name, data in self.seen if name == event]

    def close(self):
        try:
            self.connection.sock.shutdown(2)
        except (OSError, AttributeError):
            pass
        self.thread.join(10)
        self.connection.close()


class ServedTest(PipeTest):
    """A project with one sync `contacts`, and the service on it."""

    def serve(self, *options, **more):
        served = Served(self.project, *options, **more)
        self.addCleanup(served.stop, signal.SIGKILL)
        return served

    def ended_run(self, served, run, seconds=60):
        end = time.monotonic() + seconds
        while True:
            reply = served.get(f"/runs/{run}")
            self.assertEqual(reply.status, 200, reply)
            if reply.json["status"] not in ("queued", "running"):
                return reply.json
            self.assertLess(time.monotonic(), end, f"run {run} does not end: {reply}\n{served.log}")
            time.sleep(0.05)

    def wait_for(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while not (value := condition()):
            self.assertLess(time.monotonic(), end, "it does not come true")
            time.sleep(0.05)
        return value

    @staticmethod
    def paths_of_description():
        """(method, path) of api/openapi.yaml, read as text: it needs no YAML library."""
        with open(os.path.join(HERE, "..", "..", "api", "openapi.yaml"), encoding="utf-8") as file:
            text = file.read().split("\npaths:\n")[1].split("\ncomponents:\n")[0]
        path, found = "", []
        for line in text.splitlines():
            if match := re.match(r"  (/[^:]*):$", line):
                path = match.group(1)
            elif match := re.match(r"    (get|post|put|patch|delete):$", line):
                found.append((match.group(1).upper(), path))
        return found
