"""Three workers on their own addresses, one PostgreSQL, one destination; many syncs run while workers are killed,
paused and let go on, ways between any two are cut, and the server is killed and started, in random order.

In the end nothing is lost, nothing was made twice, and the destination never saw more than its limit.

PENSTOCK_CHAOS_SECONDS=600 for longer, PENSTOCK_SEED=N for the same disturbances in the same order."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration"), os.path.join(HERE, "..", "stores")]

import network  # noqa: E402
from harness import PROGRAM, ROOT, Project, Sandbox, environment  # noqa: E402
from servers import PASSWORD, Postgres, as_nobody  # noqa: E402

SECONDS = float(os.environ.get("PENSTOCK_CHAOS_SECONDS", "45"))
LEASE = 4
SYNCS, ROWS = 20, 60
APPENDS = range(15, SYNCS)  # the others are upserts
LIMIT = 40  # requests in 2 seconds


class NetworkPostgres(Postgres):
    """A server on a node of the network."""

    def __init__(self, node):
        self.node = node
        super().__init__()

    def start(self):
        with open(os.path.join(self.data, "pg_hba.conf"), "a", encoding="utf-8") as rules:
            rules.write(f"host all all {network.PREFIX}0/24 scram-sha-256\n")
        for _ in range(50):
            self.launch(self.node.within(as_nobody(
                [os.path.join(self.programs, "postgres"), "-D", self.data, "-p", "5432", "-h", self.node.address, "-k",
                 self.directory, "-c", "max_connections=60", "-c", "fsync=off"])))
            try:
                self.wait_until(self.is_ready)
                return
            except RuntimeError:
                time.sleep(0.2)
        raise RuntimeError("the server does not start")

    def psql(self, sql, check=True):
        done = subprocess.run([os.path.join(self.programs, "psql"), "-XAtq", "-h", self.node.address, "-U", "penstock",
                               "-d", "postgres", "-c", sql], capture_output=True, text=True,
                              env=os.environ | {"PGPASSWORD": PASSWORD, "PGCONNECT_TIMEOUT": "3"})
        if check and done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done

    def url(self, password=PASSWORD, database="postgres"):
        return f"postgresql://penstock:{password}@{self.node.address}:5432/{database}"


class NetworkSandbox(Sandbox):
    def __init__(self, node):
        self.process = subprocess.Popen(
            node.within([PROGRAM, "sandbox", "--quiet", "--listen", f"{node.address}:8080", "--history", "--limit",
                         "none", "--latency", "20ms", "--threads", "2"]), stdout=subprocess.PIPE, text=True,
            env=environment())
        self.url = f"http://{node.address}:8080"
        line = self.process.stdout.readline()
        if not line.startswith("http"):
            raise RuntimeError(f"the sandbox did not start: {line!r}")


class Worker:
    """A machine that runs syncs for as long as it is wanted; its process may die at any time."""

    def __init__(self, node, project, seed):
        self.node, self.project = node, project
        self.random = random.Random(seed)
        self.process, self.wanted, self.ends = None, True, {}
        self.errors = []
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def command(self, names):
        return self.node.within([PROGRAM, "-C", self.project.directory, "run", *names, "--json", "--quiet"])

    def work(self):
        while self.wanted:
            names = [f"sync{number}" for number in self.random.sample(range(SYNCS), 6)]
            self.process = subprocess.Popen(
                self.command(names), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env=environment(PENSTOCK_CACHE=self.project.path("machines", self.node.name)))
            out, err = self.process.communicate()
            code = self.process.returncode
            self.ends[code] = self.ends.get(code, 0) + 1
            if code not in (0, 1, 3, -signal.SIGKILL):
                self.errors.append(f"exit {code}: {out[-1000:]}{err[-1000:]}")

    def signal(self, which):
        process = self.process
        if process is not None and process.poll() is None:
            process.send_signal(which)

    def stop(self):
        self.wanted = False
        self.signal(signal.SIGCONT)
        self.thread.join()


class Machine(Worker):
    """One that is left running: the service, or one more worker. It is started again when it is dead."""

    def __init__(self, node, project, seed, *arguments):
        self.arguments = arguments
        super().__init__(node, project, seed)

    def work(self):
        log = self.project.path(f"{self.node.name}.log")
        while self.wanted:
            with open(log, "ab") as file:
                self.process = subprocess.Popen(
                    self.node.within([PROGRAM, "-C", self.project.directory, *self.arguments, "--runs", "4"]),
                    stdout=file, stderr=file, env=environment(PENSTOCK_CACHE=self.project.path("machines", self.node.name)))
            code = self.process.wait()
            self.ends[code] = self.ends.get(code, 0) + 1
            if code not in (0, 1, -signal.SIGKILL, -signal.SIGTERM):
                with open(log, encoding="utf-8", errors="replace") as file:
                    self.errors.append(f"exit {code}: {file.read()[-2000:]}")
            time.sleep(0.2)

    def stop(self):
        self.wanted = False
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        self.thread.join()


class Chaos(unittest.TestCase):
    def setUp(self):
        network.skip_unless_root()
        self.seed = int(os.environ.get("PENSTOCK_SEED", random.randrange(1 << 30)))
        self.random = random.Random(self.seed)
        self.net = network.Network()
        self.addCleanup(self.net.close)
        self.database_node, self.destination = self.net.add("database"), self.net.add("destination")
        self.server = NetworkPostgres(self.database_node)
        self.addCleanup(self.server.remove)
        self.sandbox = NetworkSandbox(self.destination)
        self.addCleanup(self.sandbox.stop)
        self.project = Project(self.sandbox.url)
        self.addCleanup(self.project.remove)
        self.make_project()
        self.paused = {}

    def make_project(self):
        self.project.write("penstock.yaml", {"project": "chaos", "state": f"{self.server.url()}?lease={LEASE}s"})
        with open(os.path.join(ROOT, "connectors", "hubspot.yaml"), encoding="utf-8") as file:
            own = file.read().replace("connector: hubspot", "connector: own_hubspot")
        head, _, rest = own.partition("\nlimits:\n")
        self.project.write("connectors/own_hubspot.yaml",
                           f"{head}\nlimits: {{ crm: {{ rates: [{{ rate: {LIMIT}/2s }}] }}, search: {{ rates: [{{ rate: "
                           f"5/s }}] }} }}\nobjects:{rest.partition(chr(10) + 'objects:')[2]}")
        self.project.write("destinations/crm.yaml", {
            "type": "own_hubspot", "access_token": "${env:HUBSPOT_TOKEN}", "base_url": self.sandbox.url,
            "rate_share": "100%"})
        self.model = {number: {key: 0 for key in range(ROWS)} for number in range(SYNCS)}
        for number in range(SYNCS):
            name = f"sync{number}"
            self.project.model(f"select * from people where sync = '{number}'", name=name)
            settings = {"model": name, "batch": {"rows": 5, "concurrency": 2}}
            if number in APPENDS:
                settings |= {"mode": "append", "object": "tickets", "match": None, "in_doubt": "hold",
                             "fields": {"subject": "email", "content": "city"}}
            self.project.sync(name, **settings)
        self.publish()

    def email(self, number, key):
        return f"p{key}@s{number}.example.com"

    def publish(self):
        self.project.rows([{"id": key, "sync": number, "email": self.email(number, key), "name": f"Person {key}",
                            "phone": "1", "city": f"version {version}"}
                           for number, rows in self.model.items() for key, version in rows.items()])

    def change(self):
        for _ in range(40):
            rows = self.model[self.random.randrange(SYNCS)]
            rows[self.random.choice(list(rows))] += 1
        for number in APPENDS:
            self.model[number][len(self.model[number])] = 0
        self.publish()

    # ---- what happens to them

    def disturb(self):
        what = self.random.choice(("kill", "pause", "pause", "cut", "cut", "heal", "restart", "go on", "go on"))
        worker = self.random.choice(self.workers)
        if what == "kill":
            worker.signal(signal.SIGKILL)
        elif what == "pause":
            worker.signal(signal.SIGSTOP)
            self.paused[worker] = worker.process
        elif what == "go on":
            self.let_go_on()
        elif what == "cut":
            one, other = self.random.sample(list(self.net.nodes.values()), 2)
            self.net.cut(one, other)
            what = f"cut {one.name} from {other.name}"
        elif what == "heal":
            self.net.heal()
        elif what == "restart":
            self.server.kill()
            time.sleep(self.random.uniform(0, 2))
            self.server.start()
        self.told.append(f"{what} {worker.node.name}" if what in ("kill", "pause") else what)

    def let_go_on(self):
        for worker in self.paused:
            worker.signal(signal.SIGCONT)
        self.paused.clear()

    def test_three_workers(self):
        self.workers = [Worker(self.net.add(f"worker{number}"), self.project, self.seed + number)
                        for number in range(3)]
        self.live_through()

    def test_a_service_and_two_workers(self):
        for number in range(SYNCS):
            path = self.project.path("syncs", f"sync{number}.yaml")
            with open(path, encoding="utf-8") as file:
                sync = json.load(file)
            self.project.write(f"syncs/sync{number}.yaml", sync | {"schedule": {"every": "3s", "jitter": "3s"}})
        kinds = (("serve", "--listen", "127.0.0.1:0"), ("worker",), ("worker",))
        self.workers = [Machine(self.net.add(f"machine{number}"), self.project, self.seed + number, *kind)
                        for number, kind in enumerate(kinds)]
        self.live_through()
        # What the queue had is done, or told to be over: also what one had that was killed at the very end.
        last = Machine(self.net.add("last"), self.project, self.seed, "worker")
        end = time.monotonic() + 60
        while self.runs_that_are("taken") > 0 and time.monotonic() < end:
            time.sleep(0.2)
        last.stop()
        self.assertEqual(self.runs_that_are("taken"), 0)
        self.assertGreater(self.runs_that_are("ended"), SYNCS)

    def runs_that_are(self, state):
        return int(self.server.psql(f"select count(*) from penstock.queue where state = '{state}'").stdout)

    def live_through(self):
        self.told = []
        begun = time.monotonic()
        try:
            while time.monotonic() - begun < SECONDS:
                self.disturb()
                self.change()
                time.sleep(self.random.uniform(0.2, 2))
                if len(self.told) % 6 == 0:
                    self.net.heal()
                    self.let_go_on()
        finally:
            self.net.heal()
            self.let_go_on()
            for worker in self.workers:
                worker.stop()
        story = f"seed {self.seed}: {', '.join(self.told)}; ends: {[worker.ends for worker in self.workers]}"
        print(story, flush=True)
        self.assertEqual([error for worker in self.workers for error in worker.errors], [], story)
        self.finish(story)
        self.judge(story)

    def finish(self, story):
        """One more machine brings all to its end."""
        for _ in range(3):
            done = subprocess.run([PROGRAM, "-C", self.project.directory, "run", "--json", "--quiet"], text=True,
                                  capture_output=True, timeout=300,
                                  env=environment(PENSTOCK_CACHE=self.project.path("machines", "last")))
            results = [json.loads(line) for line in done.stdout.split("\n") if '"event":"result"' in line]
            if len(results) == SYNCS and all(one["status"] in ("succeeded", "partial") for one in results):
                return
        self.fail(f"{story}\n{done.stdout[-3000:]}{done.stderr[-2000:]}")

    def judge(self, story):
        contacts = {}
        for one in self.sandbox.records("contacts").values():
            self.assertNotIn(one["email"], contacts, f"two records; {story}")
            contacts[one["email"]] = one["city"]
        wanted = {self.email(number, key): f"version {version}" for number, rows in self.model.items()
                  if number not in APPENDS for key, version in rows.items()}
        wrong = {email: (contacts.get(email), city) for email, city in wanted.items() if contacts.get(email) != city}
        for one in self.sandbox.history("contacts"):
            if one["match"] in wrong:
                print(one, flush=True)
        self.assertEqual(wrong, {}, f"(there, wanted); {story}")
        # What must not happen twice: what was in doubt is held for a person, everything else is there once.
        subjects = [one["subject"] for one in self.sandbox.records("tickets").values()]
        self.assertEqual(len(subjects), len(set(subjects)), f"appended twice; {story}")
        lost = {self.email(number, key): number for number in APPENDS for key in self.model[number]}
        for subject in subjects:
            lost.pop(subject)
        held = int(subprocess.run([PROGRAM, "-C", self.project.directory, "status", "--json"], text=True,
                                  capture_output=True, check=True,
                                  env=environment(PENSTOCK_CACHE=self.project.path("machines", "last"))
                                  ).stdout.count('"in_doubt":')) if lost else 0
        status = subprocess.run([PROGRAM, "-C", self.project.directory, "status", "--json"], text=True, check=True,
                                capture_output=True,
                                env=environment(PENSTOCK_CACHE=self.project.path("machines", "last"))).stdout
        held = sum(json.loads(line).get("in_doubt", 0) for line in status.split("\n") if line)
        self.assertLessEqual(len(lost), held, f"rows that are neither there nor in doubt: {sorted(lost)[:5]}; {story}")
        self.judge_limit(story)
        running = self.server.psql("select count(*) from penstock.runs where status = 'running'").stdout.strip()
        self.assertEqual(running, "0", story)

    def judge_limit(self, story):
        """The sandbox tells writes with their times; those of one request came together."""
        import datetime
        requests = {}
        for kind in ("contacts", "tickets"):
            for one in self.sandbox.history(kind):
                requests.setdefault(one.get("request", one["at"]), datetime.datetime.fromisoformat(one["at"]))
        times = sorted(requests.values())
        most = 0
        for i, first in enumerate(times):
            j = i
            while j < len(times) and (times[j] - first).total_seconds() < 2:
                j += 1
            most = max(most, j - i)
        print(f"{len(times)} requests that wrote; at most {most} in 2 seconds (limit {LIMIT})", flush=True)
        self.assertLessEqual(most, LIMIT, story)


if __name__ == "__main__":
    network.enter()
    if not shutil.which("nsenter"):
        sys.exit(77)
    unittest.main(verbosity=2)
