"""One project, several machines, its state in a real PostgreSQL or in a bucket: one behaviour for both. What one has done the other knows, and who dies, is
paused or is cut off writes nothing that another would trip over.

A machine is a place for copies of its own (PENSTOCK_CACHE)."""

import datetime
import hashlib
import json
import os
import re
import signal
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration"), os.path.join(HERE, "..", "stores"), os.path.join(HERE, "..", "alerts"),
                os.path.join(HERE, "..", "server")]

from conditional_s3 import ConditionalS3  # noqa: E402
from harness import FAILED, PARTIAL, ROOT, STOPPED, USAGE, PipeTest, main, person  # noqa: E402
from receivers import Receiver  # noqa: E402
from served import Served  # noqa: E402
from servers import PASSWORD, Postgres  # noqa: E402

SERVER = None


class SharedTest(PipeTest):
    lease = "4s"

    def setUp(self):
        super().setUp()
        self.begin()
        self.project.write("penstock.yaml", {"project": "e2e", "state": self.url()})

    def cache(self, machine):
        return {"PENSTOCK_CACHE": self.project.path("machines", machine), "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "s3-secret-5f0a"}

    def on(self, machine, *arguments, code=0):
        return self.call(*arguments, code=code, **self.cache(machine))

    def run_on(self, machine, *arguments, code=0, **expected):
        answer = self.on(machine, "run", "contacts", "--json", *arguments, code=code)
        self.assertEqual(len(answer.results), 1, answer)
        return self.check_counts(answer.results[0], expected, answer)

    def start_on(self, machine, *arguments):
        process = self.project.start(*arguments, **self.cache(machine))
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_for_rows(self, at_least):
        self.wait_until(lambda: self.sandbox.stats()["rows"] >= at_least)



class OnPostgres:
    """The state in PostgreSQL."""

    @classmethod
    def setUpClass(cls):
        global SERVER
        SERVER = SERVER or Postgres()

    def begin(self):
        self.schema = "s" + re.sub(r"\W", "_", self.id().rsplit(".", 1)[-1])[:40]
        SERVER.sql(f"drop schema if exists {self.schema} cascade")

    def url(self, **more):
        return f"{SERVER.url(**more)}?schema={self.schema}&lease={self.lease}"

    def stored(self, what):
        return int(SERVER.sql(f"select count(*) from {self.schema}.{what}"))

    def fingerprint(self):
        return SERVER.sql(f"select name, digest, written from {self.schema}.files order by 1")

    def names_in_state(self):
        return SERVER.sql(f"select name from {self.schema}.files order by 1").split("\n")

    def assert_nothing_is_left_over(self):
        self.assertEqual(self.stored("uploads"), 0)
        contents = int(SERVER.sql(f"select count(distinct content) from {self.schema}.chunks"))
        self.assertEqual(contents, len(self.names_in_state()))

    def largest(self):
        return int(SERVER.sql(f"select max(size) from {self.schema}.files"))

    def stop_server(self):
        SERVER.kill()

    def start_server(self):
        SERVER.start()


class OnBucket:
    """The state in an S3-compatible bucket."""

    def begin(self):
        self.store = ConditionalS3()
        self.addCleanup(self.store.close)

    def url(self):
        return f"s3://{self.store.bucket}/some/prefix?endpoint={self.store.url}&lease={self.lease}"

    def heads(self):
        return {key: json.loads(body) for key, body in self.store.objects.items() if "/heads/" in key}

    def fingerprint(self):
        # A part without a head that names it is nothing: whoever takes the lease next removes it.
        return {key: hashlib.md5(body).hexdigest() for key, body in self.store.objects.items() if "/parts/" not in key}

    def names_in_state(self):
        names = [file["name"] for head in self.heads().values() for file in head["files"]]
        return sorted(names + [key.removeprefix("some/prefix/") for key in self.store.objects if "/operations/" in key])

    def assert_nothing_is_left_over(self):
        wanted = {"some/prefix/" + part["key"] for head in self.heads().values() for file in head["files"]
                  for part in file["parts"]}
        self.assertEqual({key for key in self.store.objects if "/parts/" in key}, wanted)

    def largest(self):
        return max(map(len, self.store.objects.values()))

    def stop_server(self):
        self.store.down = True

    def start_server(self):
        self.store.down = False


class Machines:
    def test_what_one_machine_did_the_other_knows(self):
        self.rows = [person(number) for number in range(50)] + [person(99, email="not an address")]
        first = self.run_on("a", code=3, accepted=50, rejected=1)
        self.run_on("b", waiting=1, sent=0, requests=0)
        self.rows = [person(number, city="Bonn" if number == 7 else "Ulm") for number in range(50)]
        self.run_on("b", accepted=1, changed=1, unchanged=49)
        self.run_on("a", sent=0, unchanged=50)
        self.assertEqual(self.records("city")["p7@example.com"], "Bonn")
        runs = self.on("c", "runs", "--json").objects
        self.assertEqual([one["accepted"] for one in runs], [0, 1, 0, 50])
        operations = self.on("c", "log", first["run"], "--json").objects
        self.assertEqual(len(operations), 51)
        trace = self.on("d", "trace", "contacts", "7").out
        self.assertIn("Bonn", trace)
        status = self.on("e", "status", "--json").objects[0]
        self.assertEqual(status["sync"], "contacts")
        planned = self.on("f", "plan", "contacts", "--json").objects[0]
        self.check_counts(planned, {"added": 0, "changed": 0, "unchanged": 50})

    def test_a_place_for_copies_is_used_again_and_two_at_once_have_two(self):
        self.rows = [person(1)]
        self.run_on("a", accepted=1)
        self.run_on("a", sent=0)
        state = os.listdir(self.project.path("machines", "a"))
        self.assertEqual(len(state), 1)
        self.assertEqual(os.listdir(self.project.path("machines", "a", state[0])), ["0"])
        self.assertFalse(os.path.exists(self.project.path(".penstock", "penstock.db")))

    def test_nothing_is_left_of_a_run_but_its_snapshot_and_its_history(self):
        self.rows = [person(number) for number in range(10)]
        self.run_on("a", accepted=10)
        names = self.names_in_state()
        self.assertFalse([name for name in names if name.endswith(("journal", "plan.parquet"))], names)
        self.assertTrue([name for name in names if name.startswith("operations/contacts/")], names)
        self.assert_nothing_is_left_over()

    def test_a_large_snapshot_travels_in_parts(self):
        self.rows = [person(number, email=f"p{number}@{'long' * 10}.example.com") for number in range(20_000)]
        self.run_on("a", "--baseline")
        self.assertGreater(self.largest(), 1 << 20)
        self.run_on("b", sent=0, unchanged=20_000)

    def test_runs_are_undone_from_another_machine(self):
        self.project.sync(before="keep")
        self.rows = [person(1), person(2)]
        self.run_on("a", accepted=2)
        self.rows = [person(1, city="Bonn"), person(2)]
        run = self.run_on("a", accepted=1)["run"]
        self.on("b", "undo", run, "--json")
        self.assertEqual(self.records("city")["p1@example.com"], "Ulm")

    def test_an_outage_that_one_machine_told_is_over_for_all(self):
        hook = Receiver()
        self.addCleanup(hook.stop)
        self.project.write("alerts/ops.yaml", {"type": "webhook", "url": hook.url})
        self.project.sync(alerts=["ops"])
        self.rows = [person(1)]
        os.rename(self.project.path("data", "people.csv"), self.project.path("data", "gone.csv"))
        self.on("one", "run", "--alert", code=FAILED)
        self.on("two", "run", "--alert", code=FAILED)
        self.assertEqual([came.json["outages"][0]["saying"] for came in hook.take()], ["broke"])
        os.rename(self.project.path("data", "gone.csv"), self.project.path("data", "people.csv"))
        self.on("three", "run", "--alert")
        self.assertEqual([came.json["outages"][0]["saying"] for came in hook.take()], ["recovered"])
        [listed] = self.on("one", "alert", "list", "--json").objects
        self.assertEqual(listed["open"], [])

    def test_approvals_are_shared(self):
        self.project.sync(approve="required")
        self.rows = [person(1)]
        plan = self.project.path("plan.parquet")
        self.on("a", "plan", "contacts", "--out", plan)
        self.on("b", "run", "--plan", plan, code=STOPPED)
        self.on("a", "approve", plan, "--by", "Ada")
        self.on("b", "run", "--plan", plan)
        self.assertEqual(self.on("c", "runs", "--json").objects[0]["approved_by"], "Ada")


class Deaths:
    sandbox_options = ("--latency", "30ms")

    def setUp(self):
        super().setUp()
        self.project.sync(batch={"rows": 10, "concurrency": 2})
        self.rows = [person(number) for number in range(600)]

    def assert_all_there(self):
        self.assertEqual(self.records("city"), {row["email"]: row["city"] for row in self.rows})
        created = [match for operation, match, _ in self.writes() if operation == "create"]
        self.assertEqual(len(created), len(set(map(str, created))), "a record was made twice")

    def test_a_run_that_was_killed_is_resumed_elsewhere(self):
        process = self.start_on("a", "run", "contacts")
        self.wait_for_rows(60)
        process.kill()
        process.wait()
        sent = self.sandbox.stats()["rows"]
        answer = self.on("b", "run", "contacts")
        self.assertIn("did not come to its end", answer.text)
        self.assert_all_there()
        statuses = sorted(one["status"] for one in self.on("c", "runs", "--json").objects)
        self.assertEqual(statuses, ["interrupted", "succeeded"])
        self.assertGreater(sent, 0)
        self.run_on("a", sent=0, unchanged=600)

    def test_a_run_that_lives_is_not_waited_for(self):
        self.rows = [person(number) for number in range(3000)]
        process = self.start_on("a", "run", "contacts")
        self.wait_for_rows(20)
        answer = self.on("b", "run", "contacts", code=FAILED)
        self.assert_refused(answer, "is being run by run", str(process.pid))
        self.assertIsNone(process.poll(), "it was waited for")
        self.assertEqual(process.wait(), 0)
        self.assert_all_there()

    def test_who_was_paused_and_comes_back_writes_nothing(self):
        process = self.start_on("a", "run", "contacts")
        self.wait_for_rows(60)
        process.send_signal(signal.SIGSTOP)
        self.rows = [person(number, city="Bonn") for number in range(600)]
        self.on("b", "run", "contacts")
        self.assert_all_there()
        before = self.fingerprint()
        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, out + err)
        self.assertIn("lease", out + err)
        self.assertEqual(before, self.fingerprint())
        # What it had handed to the network before it was paused may still arrive, and no more: two batches.
        stale = [one for one in self.records("city").values() if one != "Bonn"]
        self.assertLessEqual(len(stale), 20)
        runs = {one["run"]: one["status"] for one in self.on("c", "runs", "--json").objects}
        self.assertEqual(sorted(runs.values()), ["interrupted", "succeeded"])

    def test_a_server_that_restarts_in_the_middle(self):
        self.lease = "30s"
        self.project.write("penstock.yaml", {"project": "e2e", "state": self.url()})
        process = self.start_on("a", "run", "contacts", "--json")
        self.wait_for_rows(60)
        self.stop_server()
        self.start_server()
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, out + err)
        self.assertEqual(json.loads(out.strip().split("\n")[-1])["accepted"], 600)
        self.assert_all_there()
        self.run_on("b", sent=0, unchanged=600)

    def test_a_server_that_does_not_come_back_in_time_ends_the_run(self):
        process = self.start_on("a", "run", "contacts")
        self.wait_for_rows(60)
        self.stop_server()
        try:
            out, err = process.communicate(timeout=120)
        finally:
            self.start_server()
        self.assertEqual(process.returncode, 1, out + err)
        self.on("b", "run", "contacts")
        self.assert_all_there()


class MachinesOnPostgres(OnPostgres, Machines, SharedTest):
    pass


class MachinesOnBucket(OnBucket, Machines, SharedTest):
    pass


class DeathsOnPostgres(OnPostgres, Deaths, SharedTest):
    pass


class DeathsOnBucket(OnBucket, Deaths, SharedTest):
    pass


class Plans(OnPostgres, SharedTest):
    def test_a_plan_of_the_service_is_run_by_any_machine(self):
        self.rows = [person(1), person(2)]
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        self.project.write("destinations/silent.yaml", {
            "type": "hubspot", "access_token": "${env:HUBSPOT_TOKEN}",
            "base_url": f"http://127.0.0.1:{silent.getsockname()[1]}"})
        self.project.sync("busy", destination="silent")
        served = Served(self.project, "--runs", "1", **self.cache("one"))
        self.addCleanup(served.stop, signal.SIGKILL)
        plan = served.post("/plans", {"sync": "contacts"}).json["id"]
        self.wait_until(lambda: served.get(f"/plans/{plan}").json["state"] == "ready")
        busy = served.post("/runs", {"sync": "busy"}).json["run"]
        self.wait_until(lambda: served.get(f"/runs/{busy}").json["status"] == "running")
        other = Served(self.project, command="worker", **self.cache("other"))
        self.addCleanup(other.stop, signal.SIGKILL)
        run = served.post("/runs", {"plan": plan}).json["run"]
        self.wait_until(lambda: served.get(f"/runs/{run}").json["status"] not in ("queued", "running"))
        answer = served.get(f"/runs/{run}").json
        self.assertEqual((answer["status"], answer["accepted"]), ("succeeded", 2), answer)
        self.assertIn(run, other.log)
        self.assertEqual(len(self.records()), 2)


class Budgets(OnPostgres, SharedTest):
    sandbox_options = ("--latency", "5ms")

    def limit(self, rates):
        """HubSpot with another limit, which it does not tell."""
        with open(os.path.join(ROOT, "connectors", "hubspot.yaml"), encoding="utf-8") as file:
            own = file.read().replace("connector: hubspot", "connector: own_hubspot")
        head, _, rest = own.partition("\nlimits:\n")
        own = (f"{head}\nlimits: {{ crm: {{ rates: [{{ rate: {rates} }}] }}, search: {{ rates: [{{ rate: 5/s }}] }} }}"
               f"\nobjects:{rest.partition(chr(10) + 'objects:')[2]}")
        self.project.write("connectors/own_hubspot.yaml", own)
        self.project.write("destinations/crm.yaml", {"type": "own_hubspot", "access_token": "${env:HUBSPOT_TOKEN}",
                                                     "base_url": self.sandbox.url, "rate_share": "100%"})

    def test_machines_share_an_accounts_limit(self):
        self.limit("20/2s")
        self.rows = [person(number) for number in range(30)]
        names = ["contacts", "second", "third"]
        for name in names:
            self.project.model(f"select * replace ('{name}-' || email as email) from people", name=name)
            self.project.sync(name=name, model=name, batch={"rows": 1})
        begun = time.monotonic()
        for process in [self.start_on(name, "run", name, "--json") for name in names]:
            out, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, out + err)
        self.assertEqual(len(self.records()), 90)
        # Five windows' worth: four pass before the last can go.
        self.assertGreaterEqual(time.monotonic() - begun, 8)
        # A request counts from its end on: at the destination any 21 are further apart than the window.
        times = sorted(datetime.datetime.fromisoformat(one["at"]) for one in self.sandbox.history())
        for earlier, later in zip(times, times[20:]):
            self.assertGreaterEqual((later - earlier).total_seconds(), 2)

    def test_a_days_allowance_is_spent_once(self):
        self.limit("[1000/s, 5/1d]")
        self.rows = [person(number) for number in range(12)]
        self.project.sync(batch={"rows": 1})
        self.on("a", "run", "contacts", code=PARTIAL)
        self.assertEqual(len(self.records()), 5)
        plan = self.on("b", "plan", "contacts", "--json").objects[0]
        self.assertEqual(plan["quota"]["left"], 0)
        answer = self.on("b", "run", "contacts", code=PARTIAL)
        self.assertIn("5/d requests is used up until 20", answer.text)
        self.assertEqual(len(self.records()), 5)


class Errors(OnPostgres, SharedTest):
    def refused(self, url, *words, code):
        self.rows = [person(1)]
        self.project.write("penstock.yaml", {"project": "e2e", "state": url})
        answer = self.on("a", "run", "contacts", code=code)
        self.assert_refused(answer, *words)
        self.assertTrue("→" in answer.err or "= " in answer.err, "no remedy")
        for secret in ("wrong-secret", "pw-", PASSWORD):
            self.assertNotIn(secret, answer.text)
        return answer

    def test_a_wrong_password(self):
        self.refused(self.url(password="wrong-secret"), "password", code=USAGE)

    def test_no_such_database(self):
        self.refused(self.url(database="nowhere"), "nowhere", "create the database", code=USAGE)

    def test_nobody_listens(self):
        self.refused("postgres://penstock:wrong-secret@127.0.0.1:1/x", "127.0.0.1:1", "refused", code=FAILED)

    def test_no_grant_to_make_the_tables(self):
        SERVER.sql("do $$ begin create role poor login password 'pw-poor'; exception when duplicate_object then null; end $$")
        url = self.url().replace("penstock:", "poor:").replace(SERVER.url().split(":")[2].split("@")[0], "pw-poor")
        self.refused(url, "permission denied", "CREATE SCHEMA", code=USAGE)
        SERVER.sql(f"create schema {self.schema} authorization poor")
        self.on("a", "run", "contacts")

    def test_words_that_are_not_known(self):
        for url, word in ((self.url() + "&lease=1s", "lease"), (SERVER.url() + "?schema=a-b", "schema")):
            self.refused(url, word, code=USAGE)

    def test_a_state_of_a_newer_version(self):
        self.rows = [person(1)]
        self.on("a", "run", "contacts")
        SERVER.sql(f"update {self.schema}.format set version = 999")
        self.refused(self.url(), "newer version", code=FAILED)


class BucketErrors(OnBucket, SharedTest):
    def test_a_login_that_is_refused(self):
        self.rows = [person(1)]
        self.store.refuse = True
        answer = self.on("a", "run", "contacts", code=USAGE)
        self.assert_refused(answer, "AccessDenied", "AWS_SECRET_ACCESS_KEY", "→")
        self.assertNotIn("s3-secret-5f0a", answer.text)

    def test_no_login_and_no_such_bucket(self):
        self.rows = [person(1)]
        answer = self.call("run", "contacts", code=USAGE)
        self.assert_refused(answer, "needs a login", "AWS_ACCESS_KEY_ID")
        self.project.write("penstock.yaml", {"project": "e2e", "state": f"s3://nowhere?endpoint={self.store.url}"})
        self.assert_refused(self.on("a", "run", "contacts", code=USAGE), "NoSuchBucket", "create the bucket")


if __name__ == "__main__":
    try:
        main()
    finally:
        if SERVER is not None:
            SERVER.remove()
