"""Who gets alerts in tests: a server that answers as it is told and keeps what came, and a real mail server."""

import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "integration"))
# pylint: disable=wrong-import-position
from harness import DONE, FAILED, PARTIAL, ROOT, STOPPED, USAGE, PipeTest, environment, person  # noqa: E402,F401

MODULES = os.path.join(ROOT, ".deps", "npm", "node_modules")


class Came:
    """A request: its path, headers and body."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body, self.at = path, headers, body, time.monotonic()

    @property
    def json(self):
        return json.loads(self.body)

    def is_signed_with(self, secret):
        expected = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(self.headers.get("X-Penstock-Signature", ""), expected)


class Receiver:
    """An HTTP server. `answers` are given one after another, the last one for ever: (status, headers, body), or "hang" or
    "reset"."""

    def __init__(self, *answers):
        self.answers, self.came, self.lock = list(answers) or [(200, {}, "ok")], [], threading.Lock()
        self.let_go = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with receiver.lock:
                    receiver.came.append(Came(self.path, dict(self.headers), body))
                    answer = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                if answer == "hang":
                    receiver.let_go.wait(120)
                if isinstance(answer, str):
                    self.close_connection = True
                    return
                status, headers, text = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()

    def take(self):
        with self.lock:
            came, self.came = self.came, []
        return came


class Certificate:
    """A certificate for 127.0.0.1 that signs itself."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="penstock-mail-")
        self.key = os.path.join(self.directory.name, "key.pem")
        self.cert = os.path.join(self.directory.name, "cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", self.key, "-out", self.cert], check=True, capture_output=True)

    def stop(self):
        self.directory.cleanup()


class MailServer:
    """mail_server.js with these settings."""

    def __init__(self, **settings):
        self.process = subprocess.Popen(["node", os.path.join(HERE, "mail_server.js"), json.dumps(settings)], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env=environment(NODE_PATH=MODULES))
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.port = json.loads(self.lines.get(timeout=30))["port"]

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    @staticmethod
    def missing():
        if not os.path.isdir(os.path.join(MODULES, "smtp-server")):
            return "npm smtp-server is not there: run ./dev setup"
        return None

    def mail(self):
        """The next one that came, taken apart, with `envelope` as the server saw it."""
        envelope = json.loads(self.lines.get(timeout=30))
        message = email.message_from_bytes(envelope["text"].encode("latin1"), policy=email.policy.default)
        message.envelope = envelope
        return message

    def is_empty(self):
        return self.lines.empty()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class AlertTest(PipeTest):
    """The sync `contacts` tells the alert `ops`, which a test declares."""

    def setUp(self):
        super().setUp()
        self.rows = [person(1), person(2)]

    def receiver(self, *answers):
        receiver = Receiver(*answers)
        self.addCleanup(receiver.stop)
        return receiver

    def alert(self, name="ops", sync="contacts", **settings):
        self.project.write(f"alerts/{name}.yaml", settings)
        self.project.sync(sync, alerts=[name])

    def break_source(self, name="people"):
        os.rename(self.project.path("data", f"{name}.csv"), self.project.path("data", f"{name}.gone"))

    def mend_source(self, name="people"):
        os.rename(self.project.path("data", f"{name}.gone"), self.project.path("data", f"{name}.csv"))

    def run_and_tell(self, *syncs, code=DONE, **env):
        return self.call("run", *syncs, "--alert", code=code, **env)
