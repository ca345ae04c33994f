"""One story: a model that changes, runs of it that are killed, and what must hold in the end.

A story drives the real program against a real sandbox and knows at every moment what the model says. In the end it
lets the runs finish and judges, from the sandbox's own history and from the records that the runs left:

  - the destination holds exactly the model (an upsert never removes: there it holds the model and what left it),
  - no payload was written after a newer one of the same row,
  - what was written is accounted for by an operation, and what was accepted was written,
  - nothing is written twice unless the run before was in doubt about it,
  - the next plan is empty, nothing is left behind, and no run counts as running.
"""

import collections
import glob
import os
import random
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from duck import Duck
from harness import Project, Sandbox, environment

Write = collections.namedtuple("Write", "seq operation key version")


class Broken(AssertionError):
    """A rule that did not hold. The text says which story, so that it can be told again."""


class Kind:
    """What is synced, and how the sandbox shows it."""

    def __init__(self, name, settings, match, sick, object_name="contacts", follows=False, removes=True, once=False):
        self.name, self.settings, self.match, self.sick = name, settings, match, sick
        self.object_name, self.follows, self.removes, self.once = object_name, follows, removes, once


# `phone` carries the row's key and `city` its version, so that every write tells which payload it is.
_FIELDS = {"phone": "id", "city": "version"}
# An option that does not exist: the destination refuses the whole request for it, and nothing names the row.
_OPTION = {"lifecyclestage": "health"}

KINDS = [
    Kind("upsert", {"mode": "upsert", "match": {"email": "address"}, "fields": _FIELDS | _OPTION}, "email",
         ("lead", "nonsense"), follows=True, removes=False),
    Kind("mirror", {"mode": "mirror", "match": {"email": "address"}, "fields": _FIELDS | _OPTION}, "email",
         ("lead", "nonsense"), follows=True),
    Kind("unique", {"mode": "mirror", "match": {"customer_no": "address"}, "fields": _FIELDS | {"email": "health"}},
         "customer_no", (None, "refused within a reply")),
    Kind("search", {"mode": "mirror", "object": "companies", "match": {"domain": "address"},
                    "fields": _FIELDS | _OPTION}, "domain", ("lead", "nonsense"), object_name="companies", follows=True),
    Kind("append", {"mode": "append", "object": "tickets", "match": None,
                    "fields": {"subject": "id", "content": "version"}}, "subject", ("", ""), object_name="tickets",
         removes=False, once=True),
]


class Story:
    def __init__(self, kind, seed, rows=60):
        self.kind, self.seed, self.random = kind, seed, random.Random(seed)
        self.sandbox = Sandbox("--latency", "3ms", "--fail-requests", "2%", "--seed", str(seed))
        self.project = Project(self.sandbox.url)
        self.rows, self.gone, self.version, self.next_key, self.kills = {}, {}, 0, 1, 0
        if kind.name == "unique":
            self.sandbox.define("contacts", "customer_no", unique=True)
        self.project.model()
        # Small batches and few at a time, so that a run is long enough to be struck in the middle.
        self.project.sync("story", batch={"rows": 7, "concurrency": 3}, guard={"empty_model": "allow"}, **kind.settings)
        for _ in range(rows):
            self.add()
        self.publish()

    def close(self):
        self.sandbox.stop()
        self.project.remove()

    # ---- the model

    def add(self):
        self.version += 1
        key, self.next_key = self.next_key, self.next_key + 1
        self.rows[key] = {"id": key, "address": f"k{key}.example" if self.kind.match == "domain" else f"k{key}@example.com",
                          "version": self.version, "health": self.kind.sick[0]}

    def change(self):
        """One thing happens to the model."""
        key = self.random.choice(list(self.rows)) if self.rows else None
        what = self.random.random()
        if what < 0.2 or key is None:
            self.add()
        elif what < 0.3 and self.gone:
            self.come_back(self.random.choice(list(self.gone)))
        elif what < 0.5 and len(self.rows) > 20:
            self.gone[key] = self.rows.pop(key)
        elif what < 0.6:
            sick = self.rows[key]["health"] != self.kind.sick[0]
            self.rows[key]["health"] = self.kind.sick[0 if sick else 1]
            self.touch(key)
        elif what < 0.7 and self.kind.follows:
            self.rows[key]["address"] = f"n{self.version}-" + self.rows[key]["address"].split("-")[-1]
            self.touch(key)
        else:
            self.touch(key)

    def come_back(self, key):
        """As it was, or changed meanwhile."""
        self.rows[key] = self.gone.pop(key)
        if self.random.random() < 0.5:
            self.touch(key)

    def touch(self, key):
        self.version += 1
        self.rows[key]["version"] = self.version

    def publish(self):
        self.project.rows(list(self.rows.values()), columns=["id", "address", "version", "health"])

    # ---- runs

    def run_and_kill(self, killer, **env):
        """A run that `killer(story, process)` ends, or that is faster. Says whether it was ended."""
        process = subprocess.Popen(self.project.command("run", "story", "--quiet"), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=environment(**env))
        killer(self, process)
        killed = process.wait(timeout=60) == -9
        self.kills += killed
        return killed

    def run(self, *arguments):
        answer = self.project.call("run", "story", "--json", *arguments)
        if answer.code not in (0, 3) or len(answer.results) != 1:
            self.fail(f"a run did not go through\n{answer}")
        return answer.results[0]

    def finish(self):
        """Everybody is healthy again; runs go on until one has nothing to do."""
        for key, row in self.rows.items():
            if row["health"] != self.kind.sick[0]:
                row["health"] = self.kind.sick[0]
                self.touch(key)
        self.publish()
        for _ in range(12):
            result = self.run()
            if result["sent"] + result["failed"] == 0:
                return result
        return self.fail("the runs do not come to rest")

    def fail(self, message):
        kept = self.project.directory + "-broken"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.project.directory, kept)
        raise Broken(f"story '{self.kind.name}' of seed {self.seed} after {self.kills} kills: {message}\n"
                     f"the project as it was then: {kept}")

    # ---- what must hold

    def judge(self):
        self.finish()
        writes, operations = self.writes(), self.operations()
        self.destination_holds_the_model()
        self.nothing_went_stale(writes)
        self.all_is_accounted_for(writes, operations)
        self.nothing_is_left_behind()

    def writes(self):
        """The creates and updates that took effect, in their order."""
        names = ("subject", "content") if self.kind.once else ("phone", "city")
        found = []
        for one in self.sandbox.history(self.kind.object_name):
            key, version = (one["properties"].get(name) for name in names)
            if key is not None and version is not None:
                found.append(Write(one["seq"], one["operation"], int(key), int(version)))
        return found

    def operations(self):
        """(key, change, outcome, version) of every row of every run."""
        files = self.project.path(".penstock", "operations", "story", "*.parquet")
        if not glob.glob(files):
            return []
        version = "content" if self.kind.once else "city"
        with Duck() as duck:
            rows = duck.query(f'select key, "change", outcome, payload->>\'{version}\' from read_parquet(\'{files}\', '
                              "union_by_name = true)")
        return [(int(key), change, outcome, None if payload is None else int(payload))
                for key, change, outcome, payload in rows]

    def destination_holds_the_model(self):
        if self.kind.once:
            return  # judged by what was written how often
        there = {}
        for record, own in self.sandbox.records(self.kind.object_name).items():
            if own.get(self.kind.match) in there:
                self.fail(f"two records with {self.kind.match} = {own.get(self.kind.match)}")
            there[own.get(self.kind.match)] = (int(own["phone"]), int(own["city"]))
        wanted = {row["address"]: (row["id"], row["version"]) for row in self.rows.values()}
        lacking = {address: (row, there.get(address)) for address, row in wanted.items() if there.get(address) != row}
        if lacking:
            self.fail(f"the model says, the destination holds: {lacking}")
        left = {row["address"] for row in self.gone.values()}
        beyond = {address: row for address, row in there.items() if address not in wanted}
        if not self.kind.removes:
            beyond = {address: row for address, row in beyond.items() if row[0] not in self.gone}
        if beyond:
            self.fail(f"the destination holds what the model does not: {beyond} (left the model: {sorted(left)})")

    def nothing_went_stale(self, writes):
        newest = {}
        for write in writes:
            if write.version < newest.get(write.key, 0):
                self.fail(f"row {write.key}: version {write.version} was written after {newest[write.key]}")
            newest[write.key] = write.version

    def all_is_accounted_for(self, writes, operations):
        written = collections.Counter((write.key, write.version) for write in writes)
        outcomes = collections.defaultdict(collections.Counter)
        removed = collections.Counter()
        for key, change, outcome, version in operations:
            if change == "removed":
                removed[key] += 1
            else:
                outcomes[key, version][outcome] += 1
        for row, times in written.items():
            noted = outcomes[row]
            if times > noted["accepted"] + noted["in_doubt"]:
                self.fail(f"row {row[0]}, version {row[1]}: written {times} times, noted as {dict(noted)}")
            if self.kind.once and times > 1:
                self.fail(f"row {row[0]} was appended {times} times")
        for row, noted in outcomes.items():
            if noted["accepted"] and not written[row]:
                self.fail(f"row {row[0]}, version {row[1]}: noted as {dict(noted)}, never written")
            if noted["accepted"] > 1 + noted["in_doubt"] + removed[row[0]]:
                self.fail(f"row {row[0]}, version {row[1]}: sent again although it was accepted: {dict(noted)}")

    def nothing_is_left_behind(self):
        plan = self.project.call("plan", "story", "--json").objects[0]
        waiting = 0 if not self.kind.once else plan["waiting"]
        if plan["to_send"] or plan["changed"] or plan["added"] or plan["waiting"] != waiting:
            self.fail(f"the next plan is not empty: {plan}")
        runs = self.project.call("runs", "--limit", "10000", "--json").objects
        unfinished = [run["run"] for run in runs if run["status"] == "running"]
        if unfinished:
            self.fail(f"these runs ended long ago, and count as running: {unfinished}")
        state = self.project.path(".penstock")
        left = [name for name in os.listdir(os.path.join(state, "syncs", "story")) if name not in ("lock", "snapshot", "owners", "columns.json")]
        left += os.listdir(os.path.join(state, "tmp"))
        left += glob.glob(os.path.join(state, "*", "story", "*.new"))
        if left:
            self.fail(f"files are left behind: {left}")
