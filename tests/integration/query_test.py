"""Questions to the operation logs: `query` in SQL, `log` across runs, `trace` with attempts and values before."""

import csv
import io
import os
import subprocess
import time

from harness import DONE, FAILED, PARTIAL, TOKEN, USAGE, PipeTest, main, person


class Query(PipeTest):
    def setUp(self):
        super().setUp()
        self.rows = [person(1), person(2, email="bad"), person(3)]
        self.first = self.run_sync(code=PARTIAL)["run"]
        self.rows = [person(1, name="Other"), person(2, email="bad"), person(3)]
        self.second = self.run_sync()["run"]

    def ask(self, sql, *arguments, code=DONE):
        return self.call("query", sql, "--json", *arguments, code=code)

    def refuse(self, sql, *words, code=USAGE):
        answer = self.call("query", sql, code=code)
        self.assert_refused(answer, *words)
        return answer

    def test_all_runs_are_asked_at_once(self):
        rows = self.ask("select run, outcome, count(*) as n from operations group by all").objects
        self.assertCountEqual(rows, [{"run": self.first, "outcome": "accepted", "n": 2},
                                     {"run": self.first, "outcome": "rejected", "n": 1},
                                     {"run": self.second, "outcome": "accepted", "n": 1}])

    def test_requests_runs_and_waiting_rows(self):
        [row] = self.ask("select count(*) as n, count(distinct run) as runs, sum(rows) as sent from requests where operation = 'upsert'").objects
        self.assertEqual((row["runs"], int(row["sent"])), (2, 4))
        runs = self.ask("select run, status, accepted, finished > started as ended from runs order by started").objects
        self.assertEqual(runs, [{"run": self.first, "status": "partial", "accepted": 2, "ended": True},
                                {"run": self.second, "status": "succeeded", "accepted": 1, "ended": True}])
        [row] = self.ask("select sync, key, kind, attempts, code from waiting").objects
        self.assertEqual(row, {"sync": "contacts", "key": "2", "kind": "rejected", "attempts": 1, "code": "INVALID_EMAIL"})

    def test_what_joins_says_together(self):
        [row] = self.ask("select o.key, r.url, o.payload->>'firstname' as name from operations o join requests r using (sync, run, request) "
                         f"where o.run = '{self.second}'").objects
        self.assertEqual((row["key"], row["name"]), ("1", "Other"))
        self.assertIn("/crm/v3/objects/contacts", row["url"])

    def test_types_are_json_types(self):
        [row] = self.ask("select 1 as i, 1.5::double as d, true as b, null as n, 'x\"y' as t, [1, 2] as l, {'a': 1} as s, "
                         "timestamp '2026-11-27 10:00:00' as at").objects
        self.assertEqual(row, {"i": 1, "d": 1.5, "b": True, "n": None, "t": 'x"y', "l": [1, 2], "s": {"a": 1}, "at": "2026-11-27 10:00:00"})

    def test_columns_of_one_name_are_told_apart(self):
        self.assertEqual(self.ask("select 1 as a, 2 as a, 3 as a").objects, [{"a": 1, "a_2": 2, "a_3": 3}])

    def test_csv(self):
        answer = self.call("query", "select 'a,b' as x, 'say \"hi\"' as y, null as z, '' as w, 'two\nlines' as v", "--csv")
        self.assertEqual(answer.out, 'x,y,z,w,v\n"a,b","say ""hi""",,"","two\nlines"\n')
        self.assertEqual(list(csv.reader(io.StringIO(answer.out)))[1], ["a,b", 'say "hi"', "", "", "two\nlines"])

    def test_a_table_for_people_and_its_limit(self):
        answer = self.call("query", "select range as n from range(1500)")
        self.assertEqual(len(answer.out.splitlines()), 1001)
        self.assertIn("the first 1000 rows; --limit for more", answer.err)
        answer = self.call("query", "select range as n from range(1500) order by n desc", "--limit", "2")
        self.assertEqual(answer.out.split(), ["n", "1499", "1498"])
        self.assertEqual(len(self.ask("select * from range(1500)").objects), 1500)
        self.assertEqual(self.call("query", "select 1 where false").err.strip(), "no rows")

    def test_from_standard_input(self):
        command = self.project.command("query", "-", "--json")
        done = subprocess.run(command, input="select 7 as n -- a remark\n;\n", capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout, '{"n":7}\n', done.stderr)

    def test_only_of_some_syncs(self):
        self.project.sync("again")
        self.call("run", "again", code=PARTIAL)
        self.assertEqual(self.ask("select distinct sync from operations order by sync").objects, [{"sync": "again"}, {"sync": "contacts"}])
        self.assertEqual(self.ask("select distinct sync from operations", "--sync", "again").objects, [{"sync": "again"}])
        self.call("query", "select 1", "--sync", "nonsense", code=USAGE)

    def test_mistakes_are_shown_at_their_place(self):
        self.refuse("select outcom from operations", "outcom", "outcome", "LINE 1", "^")
        self.refuse("selekt 1", "selekt", "LINE 1")
        self.refuse("select *\nfrom nowhere", "nowhere", "LINE 2")
        self.refuse("", "empty")
        self.refuse("select 1; select 2", "one SELECT", "2 statements")

    def test_it_reads_nothing_else(self):
        self.project.write("secret.csv", "a,b\n1,2\n")
        database = self.project.path(".penstock", "penstock.db")
        for sql in (f"select * from read_csv('{self.project.path('secret.csv')}')", f"select * from '{self.project.path('secret.csv')}'",
                    "select * from read_text('/etc/passwd')", f"select * from read_blob('{database}')", "select * from glob('/etc/*')",
                    f"select * from read_text('{self.project.path('.penstock', 'operations', 'contacts')}/../../penstock.db')",
                    "select * from read_csv('http://127.0.0.1:9/x.csv')", "select getenv('HOME')"):
            with self.subTest(sql):
                answer = self.project.call("query", sql)
                self.assertEqual(answer.code, USAGE, answer)
                self.assertNotIn("root:", answer.text)

    def test_it_writes_nothing(self):
        target = self.project.path("out.csv")
        log = self.project.path(".penstock", "operations", "contacts", self.first + ".parquet")
        with open(log, "rb") as file:
            before = file.read()
        for sql in (f"copy operations to '{target}'", f"copy (select 1) to '{log}'", "create table x(i int)", "insert into runs(run) values ('x')",
                    "delete from runs", "attach 'x.db'", "set enable_external_access = true", "reset lock_configuration",
                    "install httpfs", "load httpfs", "export database 'x'",
                    f"explain analyze copy (select 1) to '{target}'", "begin", "checkpoint"):
            with self.subTest(sql):
                answer = self.project.call("query", sql)
                self.assertEqual(answer.code, USAGE, answer)
        self.assertFalse(os.path.exists(target))
        with open(log, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_it_ends_when_its_time_is_over(self):
        begin = time.monotonic()
        answer = self.call("query", "select count(*) from range(1000000) a, range(1000000) b where a.range % 7 = b.range % 11", "--timeout", "500ms",
                           code=FAILED)
        self.assertLess(time.monotonic() - begin, 10)
        self.assert_refused(answer, "took longer than 0.5 s", "--timeout")
        self.call("query", "select 1", "--timeout", "soon", code=USAGE)

    def test_its_memory_is_bounded(self):
        answer = self.project.call("query", "select count(distinct md5(range::varchar)) as n from range(3000000)", "--memory", "64MB", "--json")
        # It spills, or says that it cannot.
        self.assertIn(answer.code, (DONE, USAGE, FAILED), answer)
        if answer.code == DONE:
            self.assertEqual(answer.objects, [{"n": 3000000}])
        else:
            self.assert_refused(answer, "memory")

    def test_before_the_first_run_there_are_no_rows(self):
        project = self.project
        project.sync("never")
        for view in ("operations", "requests", "runs", "waiting"):
            self.assertEqual(self.ask(f"select * from {view}", "--sync", "never").objects, [])
        self.assertEqual(self.ask("select outcome, \"at\", payload, tries from operations", "--sync", "never").objects, [])

    def test_personal_values_are_masked_and_secrets_are_not_there(self):
        self.project.model(pii=["email", "name"])
        self.rows = [person(1, name="Very Private", email="private@example.com"), person(2, email="bad")]  # which waits
        self.run_sync()
        run = self.call("runs", "--json").objects[0]["run"]
        answer = self.ask(f"select * from operations join requests using (sync, run, request) where run = '{run}'")
        self.assertTrue(answer.objects)
        for never in ("Very Private", "private@example.com", TOKEN):
            self.assertNotIn(never, answer.out)


class LogAcrossRuns(PipeTest):
    def setUp(self):
        super().setUp()
        self.project.sync("again")
        self.rows = [person(1), person(2, email="bad"), person(3)]
        self.first = self.run_sync(code=PARTIAL)["run"]
        self.other = self.run_sync(code=PARTIAL, sync="again")["run"]
        self.rows = [person(1, name="Other"), person(2, email="bad", name="Still bad"), person(3)]
        self.second = self.run_sync(code=PARTIAL)["run"]

    def log(self, *arguments):
        return [(one["run"], one["key"]) for one in self.call("log", "--json", *arguments).objects]

    def test_a_row_across_runs_newest_first(self):
        self.assertEqual(self.log("--sync", "contacts", "--key", "2"), [(self.second, "2"), (self.first, "2")])
        self.assertEqual(len(self.log("--key", "2")), 3)

    def test_by_error_and_outcome(self):
        self.assertEqual({run for run, _ in self.log("--error", "INVALID_EMAIL")}, {self.first, self.second, self.other})
        self.assertEqual(self.log("--error", "NONE_SUCH"), [])
        self.assertEqual({key for _, key in self.log("--rejected")}, {"2"})
        self.assertEqual(set(self.log("--outcome", "accepted", "--sync", "contacts")),
                         {(self.first, "1"), (self.first, "3"), (self.second, "1")})
        self.assertEqual(len(self.log("--search", "email ADDRESS bad")), 3)

    def test_by_time(self):
        self.assertEqual(self.log("--until", "2020-01-01"), [])
        self.assertEqual(len(self.log("--since", "2020-01-01")), len(self.log()))
        self.assertEqual(len(self.log("--since", "1h")), len(self.log()))
        self.assert_refused(self.call("log", "--since", "yesterday", code=USAGE), "--since", "yesterday", "7d")

    def test_page_by_page(self):
        everything = self.log()
        self.assertEqual(len(everything), 8)
        pages = [self.log("--limit", 3, "--offset", offset) for offset in (0, 3, 6)]
        self.assertEqual([len(page) for page in pages], [3, 3, 2])
        self.assertEqual(sum(pages, []), everything)
        answer = self.call("log", "--limit", 3)
        self.assertEqual(len(answer.out.splitlines()), 4)
        self.assertIn("--offset 3", answer.err)

    def test_filters_of_one_run(self):
        self.assertEqual(self.log(self.first, "--outcome", "accepted", "--limit", 1, "--offset", 1), [(self.first, "3")])
        self.assertEqual(self.log(self.first, "--error", "INVALID_EMAIL"), [(self.first, "2")])
        self.call("log", self.first, "--sync", "contacts", code=USAGE)


class TraceForDebugging(PipeTest):
    def trace(self, key="1"):
        [trace] = self.call("trace", "contacts", key, "--json").objects
        return trace["operations"]

    def test_values_before_and_after(self):
        self.rows = [person(1, city="Ulm")]
        self.run_sync()
        self.rows = [person(1, city="Bonn")]
        self.run_sync()
        self.rows = [person(1, city="Bonn", name=None)]
        self.run_sync()
        created, moved, cleared = self.trace()
        self.assertNotIn("before", created)
        self.assertEqual((moved["before"]["city"], moved["payload"]["city"]), ("Ulm", "Bonn"))
        self.assertEqual((cleared["before"]["firstname"], cleared["payload"]["firstname"]), ("Person 1", None))

    def test_values_that_were_read_before_they_were_overwritten(self):
        self.project.model(pii="name")
        self.project.sync(before="keep")
        self.rows = [person(1, city="Ulm")]
        self.run_sync()
        self.sandbox.edit(self.record_id("p1@example.com"), city="Somebody's", firstname="Theirs")
        self.rows = [person(1, city="Bonn", name="New")]
        self.run_sync()
        created, changed = self.trace()
        self.assertEqual((created["before"], created["before_from"]), ({}, "destination"))
        self.assertEqual(changed["before_from"], "destination")
        self.assertEqual((changed["before"]["city"], changed["before"]["firstname"]), ("Somebody's", "•••"))
        self.assertIn("read there", self.call("trace", "contacts", "1").out)

    def test_a_refused_row_changes_nothing_of_what_is_before(self):
        self.rows = [person(1)]
        self.run_sync()
        self.rows = [person(1, email="bad", name="Refused")]
        self.run_sync(code=PARTIAL)
        self.rows = [person(1, name="Third")]
        self.run_sync()
        self.assertEqual([one.get("before", {}).get("firstname") for one in self.trace()], [None, "Person 1", "Person 1"])

    def test_each_attempt_with_its_time_and_reply(self):
        self.rows = [person(1)]
        path = "/crm/v3/objects/contacts/batch/upsert"
        self.sandbox.fault(path=path, kind="status", status=503, count=2)
        self.run_sync(accepted=1)
        [operation] = self.trace()
        self.assertEqual((operation["outcome"], operation["attempt"]), ("accepted", 3))
        tries, last = operation["tries"], operation["request"]
        self.assertEqual([one["status"] for one in tries], [503, 503])
        self.assertEqual(last["status"], 200)
        numbers = [one["number"] for one in tries + [last]]
        self.assertEqual(numbers, sorted(set(numbers)))
        times = [one["at"] for one in tries + [last]]
        self.assertEqual(times, sorted(times))
        for one in tries:
            self.assertEqual(one["method"], "POST")
            self.assertTrue(one["url"].endswith(path), one)
            self.assertIn("latency_ms", one)
            self.assertIn("p1@example.com", one["body"])
            self.assertIn("content-type", one["reply_headers"])
        self.assertIn("Content-Type", tries[0]["headers"])

    def test_a_wait_for_the_limit_is_an_attempt_to_be_seen(self):
        self.rows = [person(1)]
        self.sandbox.fault(path="/crm/v3/objects/contacts/batch/upsert", kind="status", status=429, count=1)
        self.run_sync(accepted=1, throttled=1)
        [operation] = self.trace()
        self.assertEqual(operation["attempt"], 1)
        self.assertEqual([one["status"] for one in operation["tries"]], [429])

    def test_a_reply_that_never_came(self):
        self.rows = [person(1)]
        self.sandbox.fault(path="/crm/v3/objects/contacts/batch/upsert", kind="reset", count=1)
        self.run_sync(accepted=1)
        [operation] = self.trace()
        [lost] = operation["tries"]
        self.assertEqual(lost["status"], 0)
        self.assertTrue(lost["error"], lost)

    def test_secrets_and_personal_values_are_nowhere(self):
        self.project.model(pii=["email", "name"])
        self.rows = [person(1, name="Very Private", email="private@example.com"), person(2, email="bad")]
        self.sandbox.fault(path="/crm/v3/objects/contacts/batch/upsert", kind="status", status=503, count=1)
        self.run_sync(code=PARTIAL)
        text = self.call("trace", "contacts", "1", "--json").out + self.call("trace", "contacts", "2").out
        self.assertIn("tries", text)
        self.assertIn("•••", text)
        for never in ("Very Private", "private@example.com", TOKEN, "Authorization", "Bearer"):
            self.assertNotIn(never, text)

    def test_people_see_the_attempts(self):
        self.rows = [person(1)]
        self.sandbox.fault(path="/crm/v3/objects/contacts/batch/upsert", kind="status", status=503, count=1)
        self.run_sync()
        text = self.call("trace", "contacts", "1").out
        self.assertIn("status 503", text)
        self.assertIn("status 200", text)


class KeptBySize(PipeTest):
    def test_the_oldest_logs_go_first(self):
        runs = []
        for number in range(4):
            self.rows = [person(one, name=f"Name {number}") for one in range(1, 50)]
            runs.append(self.run_sync()["run"])
            time.sleep(1.05)  # runs are named by their second
        directory = self.project.path(".penstock", "operations", "contacts")
        self.assertEqual(len(os.listdir(directory)), 4)
        size = sum(os.path.getsize(self.project.path(".penstock", kind, "contacts", runs[-1] + ".parquet")) for kind in ("operations", "requests"))
        self.project.write("penstock.yaml", {"project": "e2e", "max_size": f"{int(size * 2.5)}B"})
        self.rows = [person(one, name="Last") for one in range(1, 50)]
        last = self.run_sync()["run"]
        self.assertEqual(sorted(os.listdir(directory)), [runs[3] + ".parquet", last + ".parquet"])
        self.assertEqual(sorted(os.listdir(self.project.path(".penstock", "requests", "contacts"))), sorted(os.listdir(directory)))
        self.assertEqual(len(self.call("runs", "--json").objects), 5, "the history stays")
        self.assertEqual(self.operations(runs[0]), [])


if __name__ == "__main__":
    main()
