"""A project in a git repository, its remote, and others who push there."""

import base64
import http.server
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("PENSTOCK_PROGRAM", os.path.join(ROOT, "build", "penstock"))
TOKEN = "glpat-4c1f77"  # must not be in anything that is printed

FILES = {
    "penstock.yaml": "project: acme\ngit: { branch: main, token: \"${env:GIT_TOKEN:-}\" }\n",
    "sources/warehouse.yaml": "type: duckdb\nfiles: { people: people.csv }\n",
    "models/people.sql": "-- source: warehouse\n-- primary_key: id\nselect * from people\n",
    "destinations/crm.yaml": "type: hubspot\naccess_token: \"${env:CRM_TOKEN:-x}\"\n",
    "syncs/contacts.yaml": ("model: people\ndestination: crm\nobject: contacts\nmode: upsert\n"
                            "match: { email: email }\nfields: { firstname: name }\n"),
    ".gitignore": ".penstock\n",
    "people.csv": "id,email,name\n1,a@example.com,Ann\n",
}


class Answer:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return f"exit {self.code}\n--- out\n{self.out}--- err\n{self.err}"


class Places:
    """A bare remote, the project's clone `here`, and another clone `there`."""

    def __init__(self, files=None):
        self.base = tempfile.mkdtemp(prefix="penstock-git-")
        self.remote, self.here, self.there = (os.path.join(self.base, name) for name in ("remote.git", "here", "there"))
        self.env = {**os.environ, "HOME": os.path.join(self.base, "home"), "NO_COLOR": "1", "GIT_CONFIG_NOSYSTEM": "1",
                    "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.com",
                    "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.com"}
        for name in ("SSH_AUTH_SOCK", "http_proxy", "https_proxy"):
            self.env.pop(name, None)
        os.makedirs(self.env["HOME"])
        self.git(self.base, "init", "-q", "--bare", "-b", "main", self.remote)
        self.git(self.base, "clone", "-q", self.remote, self.here)
        self.git(self.here, "checkout", "-q", "-B", "main")
        for path, text in (files or FILES).items():
            self.write(path, text)
        self.git(self.here, "add", ".")
        self.git(self.here, "commit", "-q", "-m", "The project")
        self.git(self.here, "push", "-q", "-u", "origin", "main")
        self.git(self.base, "clone", "-q", self.remote, self.there)

    def remove(self):
        shutil.rmtree(self.base, ignore_errors=True)

    def git(self, directory, *arguments, check=True):
        done = subprocess.run(["git", "-C", directory, *arguments], env=self.env, capture_output=True, text=True,
                              check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def write(self, path, text, at=None):
        whole = os.path.join(at or self.here, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, path):
        try:
            with open(os.path.join(self.here, path), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def commit_there(self, message="Theirs", **files):
        """Somebody else changes files (by path) and pushes."""
        self.git(self.there, "pull", "-q", "--rebase")
        for path, text in files.items():
            self.write(path, text, at=self.there)
        self.git(self.there, "add", "-A")
        self.git(self.there, "commit", "-q", "-m", message)
        self.git(self.there, "push", "-q")

    def call(self, *arguments, **env):
        done = subprocess.run([PROGRAM, *arguments], cwd=self.here, env={**self.env, **env}, capture_output=True,
                              text=True, timeout=120, check=False)
        return Answer(done)


class GitOverHttp:
    """The remote by HTTP: git's own server program behind a small server that asks for a token."""

    def __init__(self, base, env, token=TOKEN, late=0.0):
        place = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self):
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size) if size else self.chunks()
                place.requests.append(self.path)
                wanted = "Basic " + base64.b64encode(f"git:{token}".encode()).decode()
                if token and self.headers.get("Authorization") != wanted:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="git"')
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if place.silent:
                    place.silent.wait(late)
                self.forward(body)

            def chunks(self):
                body = b""
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return body
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def forward(self, body):
                url = urllib.parse.urlsplit(self.path)
                done = subprocess.run(
                    ["git", "http-backend"], input=body, capture_output=True, check=False,
                    env={**env, "GIT_PROJECT_ROOT": base, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": url.path,
                         "QUERY_STRING": url.query, "REQUEST_METHOD": self.command, "REMOTE_USER": "git",
                         "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                         "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                         "CONTENT_LENGTH": str(len(body))})
                head, _, content = done.stdout.partition(b"\r\n\r\n")
                status, fields = 200, []
                for line in head.decode().split("\r\n"):
                    name, _, value = line.partition(": ")
                    if name == "Status":
                        status = int(value.split()[0])
                    elif name:
                        fields.append((name, value))
                self.send_response(status)
                for name, value in fields:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

        self.requests, self.silent = [], None
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/remote.git"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class GitOverSsh:
    """The remote by SSH: a real sshd on a free port, which knows one key."""

    def __init__(self, places):
        sshd = shutil.which("sshd") or "/usr/sbin/sshd"
        self.place = os.path.join(places.base, "ssh")
        os.makedirs(self.place)
        self.key = os.path.join(self.place, "key")
        for name in ("host", "key", "stranger"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(self.place, name)], check=True)
        shutil.copy(self.key + ".pub", os.path.join(self.place, "authorized"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = os.path.join(self.place, "config")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"ListenAddress 127.0.0.1:{self.port}\nHostKey {self.place}/host\nPidFile none\n"
                       f"AuthorizedKeysFile {self.place}/authorized\nStrictModes no\nPermitRootLogin yes\n"
                       "PasswordAuthentication no\nUsePAM no\n")
        os.makedirs("/run/sshd", exist_ok=True)
        self.process = subprocess.Popen([sshd, "-D", "-e", "-f", config], stderr=subprocess.PIPE)
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        self.url = f"ssh://{user}@127.0.0.1:{self.port}{places.remote}"
        self.known_hosts = os.path.join(places.env["HOME"], ".ssh", "known_hosts")
        os.makedirs(os.path.dirname(self.known_hosts), exist_ok=True)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            if self.process.poll() is not None:
                raise RuntimeError(self.process.stderr.read().decode())
            threading.Event().wait(0.05)

    def know_host(self, key="host"):
        with open(f"{self.place}/{key}.pub", encoding="utf-8") as file:
            kind, text = file.read().split()[:2]
        with open(self.known_hosts, "w", encoding="utf-8") as file:
            file.write(f"[127.0.0.1]:{self.port} {kind} {text}\n")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()
