"""What a contract test puts between Penstock and a vendor: the sandbox, Prism in front of it as a validating proxy, and
in front of both a recorder that keeps every exchange with what Prism found wrong with it."""
import http.client
import http.server
import json
import os
import socket
import subprocess
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PENSTOCK = os.environ.get("PENSTOCK_PROGRAM", os.path.join(ROOT, "build", "penstock"))
PRISM = os.path.join(ROOT, ".deps", "npm", "node_modules", ".bin", "prism")
CONTRACTS = os.environ.get("PENSTOCK_CONTRACTS", os.path.join(os.path.dirname(ROOT), "shared", "contracts"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, ready, seconds=60):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise RuntimeError(f"{what} is not ready after {seconds} s")
        time.sleep(0.05)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    def __init__(self, *command, **options):
        self.process = subprocess.Popen(command, **options)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


class Sandbox(Process):
    """`penstock sandbox` on a port of its own."""

    def __init__(self, *options):
        super().__init__(PENSTOCK, "sandbox", "--quiet", "--listen", "127.0.0.1:0", *options,
                         stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url.startswith("http"):
            raise RuntimeError("the sandbox does not start")
        self.port = urllib.parse.urlsplit(self.url).port

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {"Content-Type": "application/json", "Authorization": "Bearer test-token"})
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        return reply.status, text

    def records(self, kind):
        return [json.loads(line) for line in self.call("GET", f"/_sandbox/records/{kind}")[1].splitlines()]


class Prism(Process):
    """A validating proxy: forwards everything, and tells in a header what the vendor's description does not allow."""

    def __init__(self, description, upstream):
        self.port = free_port()
        super().__init__(PRISM, "proxy", "-h", "127.0.0.1", "-p", str(self.port), description, upstream,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Exchange:
    def __init__(self, method, path, request, status, reply, violations):
        self.method, self.path, self.request = method, path, request
        self.status, self.reply, self.violations = status, reply, violations

    def __str__(self):
        found = "\n".join(f"    {violation}" for violation in self.violations)
        return (f"{self.method} {self.path} -> {self.status}\n{found}\n"
                f"    request: {self.request[:600]}\n    reply: {self.reply[:600]}")


def violations_in(header):
    """The header is a JSON array, cut off when it is very long."""
    if not header:
        return []
    try:
        return [f"{'.'.join(map(str, one.get('location', [])))}: {one.get('message')}" for one in json.loads(header)]
    except ValueError:
        return [header[:2000]]


class Recorder:
    """Passes requests on to the port and path that `route` gives for their path and method, and keeps what came of them. Without a
    port it answers itself, with nothing. `instead_of` is a text in replies and what takes its place: an address."""

    def __init__(self, route):
        self.route, self.exchanges, self.instead_of = route, [], None
        self.lock, self.local = threading.Lock(), threading.local()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                recorder.pass_on(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def pass_on(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        # Bodies travel plain: Prism does not read compressed ones.
        headers = {name: value for name, value in handler.headers.items()
                   if name.lower() not in ("host", "connection", "accept-encoding", "expect", "content-length")}
        port, path = self.route(handler.path, handler.command)
        if not port:
            handler.send_response(204)
            handler.end_headers()
            return
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(handler.command, path, body if body else None, headers)
            reply = connection.getresponse()
            text = reply.read()
        finally:
            connection.close()
        if self.instead_of:
            text = text.replace(*(each.encode() for each in self.instead_of))
        violations = violations_in(reply.getheader("sl-violations"))
        with self.lock:
            self.exchanges.append(Exchange(handler.command, handler.path, body.decode("utf-8", "replace"), reply.status,
                                           text.decode("utf-8", "replace"), violations))
        handler.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("sl-violations", "connection", "transfer-encoding", "content-length", "date", "server"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    def take(self):
        with self.lock:
            taken, self.exchanges = self.exchanges, []
        return taken
