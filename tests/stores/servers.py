"""Real servers of Debian's packages, on free ports of the loopback, in directories of their own."""

import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

PASSWORD = "s3cret-e2e-91c2"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def find_program(*patterns):
    """The newest file that fits one of the patterns; a bare name is looked for in the PATH and where servers live."""
    for pattern in patterns:
        if "/" not in pattern:
            found = shutil.which(pattern, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
            if found:
                return found
        else:
            found = sorted(glob.glob(pattern))
            if found:
                return found[-1]
    return None


class Missing(unittest.SkipTest):
    """A server's package is not installed. Where PENSTOCK_SERVERS=required stands (CI), that is a failure."""


def need(program, package):
    if program:
        return program
    if os.environ.get("PENSTOCK_SERVERS") == "required":
        raise RuntimeError(f"this test needs the package {package}: ./dev setup installs it")
    raise Missing(f"needs the package {package}: ./dev setup installs it")


def as_nobody(command):
    """Servers that refuse to run as root run as nobody."""
    if os.getuid() != 0:
        return command
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]


class Server:
    """A process with a directory, which start() starts again after kill()."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="penstock-server-")
        if os.getuid() == 0:
            shutil.chown(self.directory, "nobody", "nogroup")
        self.port = free_port()
        self.process = None

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def launch(self, command, **more):
        with open(self.path("server.log"), "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True,
                                            cwd=self.directory, **more)

    def wait_until(self, ready, seconds=60):
        end = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > end:
                with open(self.path("server.log"), encoding="utf-8", errors="replace") as log:
                    raise RuntimeError(f"{self.process.args[0]} did not start:\n{log.read()[-3000:]}")
            time.sleep(0.02)

    def answers(self):
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        """Kills the server and all its children at once."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def remove(self):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


class Postgres(Server):
    def __init__(self):
        super().__init__()
        self.initdb = need(find_program("/usr/lib/postgresql/*/bin/initdb"), "postgresql")
        self.programs = os.path.dirname(self.initdb)
        self.data = self.path("data")
        with open(self.path("password"), "w", encoding="utf-8") as file:
            file.write(PASSWORD)
        os.chmod(self.path("password"), 0o644)
        subprocess.run(as_nobody([self.initdb, "-D", self.data, "-U", "penstock", "-A", "scram-sha-256", "-E", "UTF8",
                                  "--locale=C.UTF-8", "--no-sync", f"--pwfile={self.path('password')}"]),
                       check=True, capture_output=True, cwd=self.directory)
        self.start()

    def start(self):
        # A killed server's backends may take a moment to let go of the memory that they share.
        for attempt in range(50):
            self.launch(as_nobody([os.path.join(self.programs, "postgres"), "-D", self.data, "-p", str(self.port), "-h",
                                   "127.0.0.1", "-k", self.directory, "-c", "fsync=off", "-c", "max_connections=40"]))
            try:
                self.wait_until(self.is_ready)
                return
            except RuntimeError:
                if attempt == 49:
                    raise
                time.sleep(0.2)

    def is_ready(self):
        return self.psql("select 1", check=False).returncode == 0

    def psql(self, sql, check=True):
        done = subprocess.run([os.path.join(self.programs, "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
                               "-p", str(self.port), "-U", "penstock", "-d", "postgres", "-c", sql],
                              capture_output=True, text=True, check=False, env=os.environ | {"PGPASSWORD": PASSWORD})
        if check and done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done

    def sql(self, statement):
        return self.psql(statement).stdout.rstrip("\n")

    def url(self, password=PASSWORD, database="postgres"):
        return f"postgresql://penstock:{password}@127.0.0.1:{self.port}/{database}"


class MariaDb(Server):
    def __init__(self):
        super().__init__()
        install = need(find_program("mariadb-install-db"), "mariadb-server")
        self.daemon = need(find_program("mariadbd"), "mariadb-server")
        self.client = need(find_program("mariadb"), "mariadb-server")
        self.data = self.path("data")
        subprocess.run(as_nobody([install, "--no-defaults", f"--datadir={self.data}", "--skip-test-db",
                                  "--auth-root-authentication-method=normal"]),
                       check=True, capture_output=True, cwd=self.directory)
        self.start()
        self.root(f"create user penstock@'%' identified by '{PASSWORD}'; create database crm; "
                  "grant all on crm.* to penstock@'%'")

    def start(self):
        self.launch(as_nobody([self.daemon, "--no-defaults", f"--datadir={self.data}", f"--socket={self.path('sock')}",
                               f"--port={self.port}", "--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=2",
                               f"--pid-file={self.path('pid')}", "--character-set-server=utf8mb4",
                               "--collation-server=utf8mb4_general_ci"]))
        self.wait_until(lambda: self.root("select 1", check=False).returncode == 0)

    def root(self, sql, check=True):
        done = subprocess.run([self.client, "--no-defaults", f"--socket={self.path('sock')}", "-uroot", "-N", "-B", "-r",
                               "--default-character-set=utf8mb4", "-e", sql], capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done

    def sql(self, statement):
        return self.root("use crm; " + statement).stdout.rstrip("\n")

    def url(self, password=PASSWORD, database="crm"):
        return f"mysql://penstock:{password}@127.0.0.1:{self.port}/{database}"


class Redis(Server):
    def __init__(self):
        super().__init__()
        self.daemon = need(find_program("redis-server"), "redis-server")
        self.start()

    def start(self):
        self.launch([self.daemon, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes",
                     "--appendfsync", "always", "--dir", self.directory, "--requirepass", PASSWORD])
        self.wait_until(self.is_ready)

    def is_ready(self):
        try:
            return self.ask("PING") == "PONG"
        except (OSError, RuntimeError):
            return False

    def ask(self, *words):
        """One command; strings decoded, lists as lists."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as one:
            with one.makefile("rwb") as file:
                for command in (("AUTH", PASSWORD), words):
                    file.write(b"*%d\r\n" % len(command))
                    for word in command:
                        data = str(word).encode()
                        file.write(b"$%d\r\n%s\r\n" % (len(data), data))
                file.flush()
                self._reply(file)
                return self._reply(file)

    def _reply(self, file):
        line = file.readline().rstrip(b"\r\n").decode()
        kind, rest = line[:1], line[1:]
        if kind == "-":
            raise RuntimeError(rest)
        if kind == ":":
            return int(rest)
        if kind == "$":
            if rest == "-1":
                return None
            data = file.read(int(rest))
            file.read(2)
            return data.decode()
        if kind == "*":
            return [self._reply(file) for _ in range(int(rest))]
        return rest

    def hash(self, key):
        flat = self.ask("HGETALL", key)
        return dict(zip(flat[::2], flat[1::2]))

    def url(self, password=PASSWORD):
        return f"redis://:{password}@127.0.0.1:{self.port}/0"


class ClickHouse(Server):
    """Debian's ClickHouse, with users of several rights. A cluster `all` has it as its only shard; join() makes one of several."""

    PROFILES = {
        "default": {},
        "fixed": {"readonly": 1},  # may set nothing
        "partial": {"readonly": 1, "result_overflow_mode": "break", "max_result_rows": 10},
        # These may be told otherwise.
        "cut": {"result_overflow_mode": "break", "max_result_rows": 10},
        "lenient": {"skip_unavailable_shards": 1},
    }

    def __init__(self):
        super().__init__()
        self.daemon = need(find_program("clickhouse-server"), "clickhouse-server")
        self.tcp_port = free_port()
        self.shards = [self]
        self.configure()
        self.start()

    def configure(self):
        shards = "".join(f"<shard><replica><host>127.0.0.1</host><port>{one.tcp_port}</port><user>penstock</user>"
                         f"<password>{PASSWORD}</password></replica></shard>" for one in self.shards)
        self.write("config.xml", f"""<yandex>
<logger><level>warning</level><console>1</console></logger>
<http_port>{self.port}</http_port><tcp_port>{self.tcp_port}</tcp_port><listen_host>127.0.0.1</listen_host>
<path>{self.path("data")}/</path><tmp_path>{self.path("tmp")}/</tmp_path>
<users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>67108864</mark_cache_size><remote_servers><all>{shards}</all></remote_servers></yandex>""")
        profiles = "".join(f"<{name}>" + "".join(f"<{key}>{value}</{key}>" for key, value in settings.items()) + f"</{name}>"
                           for name, settings in self.PROFILES.items())
        users = {"penstock": ("default", ""), "fixed": ("fixed", ""), "partial": ("partial", ""), "cut": ("cut", ""),
                 "lenient": ("lenient", ""),
                 "stranger": ("default", "<allow_databases><database>elsewhere</database></allow_databases>")}
        entries = "".join(f"<{name}><password>{PASSWORD}</password><networks><ip>127.0.0.1</ip></networks><profile>{profile}"
                          f"</profile><quota>default</quota>{more}</{name}>" for name, (profile, more) in users.items())
        self.write("users.xml", f"<yandex><profiles>{profiles}</profiles><users>{entries}</users>"
                                "<quotas><default></default></quotas></yandex>")

    @staticmethod
    def join(servers):
        for one in servers:
            one.kill()
            one.shards = servers
            one.configure()
        for one in servers:
            one.start()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), 0o644)

    def start(self):
        self.launch(as_nobody([self.daemon, f"--config-file={self.path('config.xml')}"]))
        self.wait_until(self.is_ready)

    def is_ready(self):
        try:
            return self.sql("select 1") == "1"
        except OSError:
            return False

    def sql(self, statement, **parameters):
        """One statement; its rows as tab-separated text."""
        return self.ask(statement, **parameters).decode().rstrip("\n")

    def ask(self, statement, **parameters):
        query = urllib.parse.urlencode({"user": "penstock", "password": PASSWORD} | parameters)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/?{query}", statement.encode(), timeout=60) as reply:
                return reply.read()
        except urllib.error.HTTPError as refusal:
            raise RuntimeError(refusal.read().decode()) from refusal

    def url(self):
        return f"http://127.0.0.1:{self.port}"


class Sftp(Server):
    """proftpd with one user of its own file, whose home is `files`."""

    def __init__(self):
        super().__init__()
        self.daemon = need(find_program("proftpd"), "proftpd-core")
        need(find_program("/usr/lib/proftpd/mod_sftp.so"), "proftpd-mod-crypto")
        self.files = self.path("files")
        os.mkdir(self.files)
        os.chmod(self.files, 0o777)
        os.chmod(self.directory, 0o755)
        key = self.path("host_key")
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"], check=True, capture_output=True)
        os.chmod(key, 0o600)
        uid, gid = (65534, 65534) if os.getuid() == 0 else (os.getuid(), os.getgid())
        crypted = subprocess.run(["openssl", "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True).stdout.strip()
        with open(self.path("passwd"), "w", encoding="utf-8") as file:
            file.write(f"penstock:{crypted}:{uid}:{gid}::{self.files}:/bin/false\n")
        os.chmod(self.path("passwd"), 0o600)
        with open(self.path("proftpd.conf"), "w", encoding="utf-8") as file:
            file.write(f"""
LoadModule mod_sftp.c
ServerType standalone
ServerName test
Port {self.port}
DefaultAddress 127.0.0.1
{"User nobody" if os.getuid() == 0 else ""}
{"Group nogroup" if os.getuid() == 0 else ""}
PidFile {self.path("pid")}
ScoreboardFile {self.path("scoreboard")}
DelayEngine off
UseIPv6 off
WtmpLog off
RequireValidShell off
AuthOrder mod_auth_file.c
AuthUserFile {self.path("passwd")}
SFTPEngine on
SFTPHostKey {key}
SFTPLog none
""")
        self.start()
        scan = subprocess.run(["ssh-keyscan", "-p", str(self.port), "-t", "rsa", "127.0.0.1"], check=False,
                              capture_output=True, text=True)
        self.known_hosts = self.path("known_hosts")
        with open(self.known_hosts, "w", encoding="utf-8") as file:
            file.write(scan.stdout)

    def start(self):
        self.launch([self.daemon, "-n", "-q", "-c", self.path("proftpd.conf")])
        self.wait_until(self.answers)

    def url(self):
        return f"sftp://penstock@127.0.0.1:{self.port}{self.files}"


class S3(Server):
    """An object store of npm's, which knows keys but not their signatures of version 4; it keeps objects as files. One bucket: `bucket`."""

    ACCESS_KEY, SECRET_KEY = "S3RVER", "S3RVER"

    def __init__(self):
        super().__init__()
        program = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), ".deps", "npm",
                               "node_modules", ".bin", "s3rver")
        self.program = need(program if os.access(program, os.X_OK) else None, "s3rver (npm)")
        self.bucket = "exports"
        self.start()

    def start(self):
        self.launch([self.program, "-a", "127.0.0.1", "-p", str(self.port), "-d", self.path("data"), "--configure-bucket",
                     self.bucket])
        self.wait_until(self.answers)

    def objects(self):
        """{name: bytes}"""
        top, ending = self.path("data", self.bucket), "._S3rver_object"
        found = {}
        for directory, _, names in os.walk(top):
            for name in names:
                path = os.path.join(directory, name)
                if name.endswith(ending):
                    with open(path, "rb") as file:
                        found[os.path.relpath(path, top)[:-len(ending)]] = file.read()
        return found

    def empty(self):
        for entry in os.scandir(self.path("data", self.bucket)):
            shutil.rmtree(entry.path) if entry.is_dir() else os.unlink(entry.path)

    def url(self):
        return f"http://127.0.0.1:{self.port}"
