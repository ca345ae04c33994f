"""The doors: what check, schema, init, status, runs, log and trace show; JSON; exit codes."""

import json
import os
import re

from harness import DONE, FAILED, PARTIAL, USAGE, PipeTest, Project, main, person

PLAN_KEYS = {"sync", "rows", "added", "changed", "removed", "unchanged", "invalid", "waiting", "requests", "seconds"}
RESULT_KEYS = PLAN_KEYS | {"event", "run", "status", "sent", "accepted", "rejected", "skipped", "in_doubt", "throttled"}
OPERATION_KEYS = {"run", "sync", "key", "operation", "outcome", "attempt", "status", "error", "at"}


class Json(PipeTest):
    def setUp(self):
        super().setUp()
        self.rows = [person(1), person(2, email="bad"), person(3), person(3), person(4)]

    def test_plan_has_the_keys_of_the_contract(self):
        plan = self.plan_sync(rows=5, added=3, invalid=2)
        self.assertLessEqual(PLAN_KEYS, set(plan))

    def test_run_has_the_keys_of_the_contract(self):
        result = self.run_sync(code=PARTIAL, status="partial", rows=5, added=3, invalid=2, sent=3, accepted=2, rejected=1)
        self.assertLessEqual(RESULT_KEYS, set(result))

    def test_every_line_on_standard_output_is_an_object(self):
        for arguments in (["plan"], ["run"], ["status"], ["runs"]):
            for line in self.project.call(*arguments, "--json").out.splitlines():
                self.assertIsInstance(json.loads(line), dict)

    def test_progress_objects_say_that_they_are(self):
        answer = self.project.call("run", "--json")
        for one in answer.objects[:-1]:
            self.assertEqual(one["event"], "progress")

    def test_log_has_the_keys_of_the_contract(self):
        run = self.run_sync(code=PARTIAL)["run"]
        operations = self.operations(run)
        self.assertEqual(len(operations), 3)
        for one in operations:
            self.assertLessEqual(OPERATION_KEYS, set(one))
            self.assertRegex(one["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        [refused] = self.operations(run, "--rejected")
        self.assertEqual((refused["key"], refused["outcome"], refused["status"]), ("2", "rejected", 207))
        self.assertEqual(refused["error"]["code"], "INVALID_EMAIL")
        self.assertIn("Email address bad is invalid", refused["error"]["message"])

    def test_runs_are_listed_newest_first(self):
        first = self.run_sync(code=PARTIAL)["run"]
        self.rows = [person(1)]
        second = self.run_sync()["run"]
        runs = self.call("runs", "--json").objects
        self.assertEqual([run["run"] for run in runs], [second, first])
        for run in runs:
            self.check_counts(run, {})
        self.assertEqual([run["status"] for run in runs], ["succeeded", "partial"])
        self.assertEqual(len(self.call("runs", "contacts", "--limit", "1", "--json").objects), 1)

    def test_status_shows_each_sync(self):
        self.project.sync("other", schedule={"every": "15m"})
        self.run_sync(code=PARTIAL)
        status = {one["sync"]: one for one in self.call("status", "--json").objects}
        self.assertEqual((status["contacts"]["accepted"], status["contacts"]["waiting"]), (2, 1))
        self.assertEqual(status["contacts"]["last_run"]["status"], "partial")
        self.assertNotIn("last_run", status["other"])

    def test_an_error_is_an_object_too(self):
        answer = self.call("run", "contcts", "--json", code=USAGE)
        self.assertEqual(answer.objects[-1]["event"], "error")
        self.assertIn("contcts", answer.objects[-1]["message"])

    def test_a_key_of_several_kinds_of_characters_is_still_json(self):
        self.rows = [person('"\\\u2028é\n', email="a@example.com")]
        run = self.run_sync(accepted=1)["run"]
        self.assertEqual([one["key"] for one in self.operations(run)], ['"\\\u2028é\n'])


class Texts(PipeTest):
    """What people read. Enough of it to notice when it says something else, not every word."""

    def test_a_plan_reads_like_a_diff(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.project.sync(mode="mirror")
        self.rows = [person(1, city="Bonn"), person(3)]
        text = self.call("plan", "contacts").out
        for line in (r"\+ +1 added", r"~ +1 changed", r"- +1 removed", r"\+ 3", r"~ 1", r"- 2", r"city: 'Ulm' → 'Bonn'",
                     r"3 rows in \d requests?, about"):
            self.assertRegex(text, line)
        self.assertNotIn("firstname: 'Person 1' → 'Person 1'", text)

    def test_a_run_sums_up_and_names_the_next_command(self):
        self.rows = [person(1), person(2, email="bad"), person(3, email="worse")]
        text = self.call("run", "contacts", code=PARTIAL).out
        for line in ("partial", "1 accepted", "2 rejected", "2×", "INVALID_EMAIL", "key 2, 3", "penstock trace contacts"):
            self.assertIn(line, text)

    def test_the_command_that_a_run_names_works(self):
        self.rows = [person("a b'c", email="bad")]
        text = self.call("run", "contacts", code=PARTIAL).out
        command = re.search(r"next: penstock (.*?)   or   penstock (.*)", text)
        for words in command.groups():
            answer = os.popen(f"'{self.project.command()[0]}' -C '{self.project.directory}' {words} 2>&1").read()
            self.assertIn("INVALID_EMAIL", answer)

    def test_trace_tells_a_rows_story(self):
        self.rows = [person(1, email="bad")]
        self.run_sync(code=PARTIAL)
        text = self.call("trace", "contacts", "1").out
        for words in ("1", "rejected", "INVALID_EMAIL", "refused 1 time", "penstock retry", "/batch/upsert"):
            self.assertIn(words, text)
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        text = self.call("trace", "contacts", "1").out
        self.assertIn("accepted: nothing is sent until the row changes", text)
        self.assertEqual(len(self.call("trace", "contacts", "1", "--json").objects[0]["operations"]), 2)

    def test_trace_of_a_key_nobody_knows(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.assertIn("never sent", self.call("trace", "contacts", "99").out)

    def test_log_of_a_run_that_does_not_exist(self):
        self.assert_refused(self.call("log", "20200101-000000-none", code=USAGE), "there is no run", "penstock runs")

    def test_log_of_a_run_that_sent_nothing(self):
        self.rows = []
        run = self.run_sync()["run"]
        self.assertIn("this run sent nothing", self.call("log", run).err)

    def test_log_of_one_key(self):
        self.rows = [person(1), person(2)]
        run = self.run_sync()["run"]
        self.assertEqual([one["key"] for one in self.operations(run, "--key", "2")], ["2"])

    def test_questions_before_the_first_run_write_nothing(self):
        for arguments in (["runs"], ["status"], ["check"]):
            self.call(*arguments)
        self.assertFalse(os.path.exists(self.project.path(".penstock")))

    def test_quiet_says_nothing_but_results(self):
        self.rows = [person(1)]
        answer = self.call("--quiet", "run", "contacts")
        self.assertEqual(answer.err, "")
        self.assertIn("succeeded", answer.out)

    def test_there_is_no_colour_in_a_pipe(self):
        self.rows = [person(1)]
        for arguments in (["plan"], ["run"], ["runs"], ["status"]):
            answer = self.call(*arguments)
            self.assertNotIn("\x1b", answer.out + answer.err)


class Doors(PipeTest):
    def test_help_and_version(self):
        commands = ["init", "check", "plan", "run", "retry", "status", "runs", "log", "trace", "schema", "connector",
                    "discover", "sandbox"]
        text = self.call("--help").out
        for command in commands:
            self.assertIn(command, text)
            self.assertIn("penstock", self.call(command, "--help").out)
        self.assertRegex(self.call("--version").out, r"\d+\.\d+\.\d+")

    def test_usage_errors_exit_with_2(self):
        for arguments in ([], ["rnu"], ["run", "--nonsense"], ["run", "--limit", "x"], ["run", "--limit", "0"],
                          ["run", "--limit", "-1"], ["trace", "contacts"]):
            answer = self.project.call(*arguments)
            self.assertEqual(answer.code, USAGE, answer)
            self.assertTrue(answer.err.strip(), answer)

    def test_the_nearest_sync_is_named(self):
        self.assert_refused(self.call("run", "contcts", code=USAGE), "there is no sync 'contcts'", "contacts")

    def test_check_is_content_with_a_good_project(self):
        answer = self.call("check")
        self.assertIn("1 sync", answer.err)

    def test_check_connect_reads_the_source_and_asks_the_destination(self):
        self.rows = [person(1)]
        self.call("check", "--connect")
        self.project.sync(fields={"firstname": "name", "frstname": "name"})
        answer = self.call("check", "--connect", code=USAGE)
        self.assert_refused(answer, "syncs/contacts.yaml", "frstname", "firstname")

    def test_check_connect_with_a_bad_login(self):
        self.rows = [person(1)]
        self.sandbox.call("POST", "/_sandbox/token", {"token": "nobody", "state": "revoked"})
        answer = self.call("check", "--connect", code=FAILED, HUBSPOT_TOKEN="nobody")
        self.assert_refused(answer, "revoked", "crm")

    def test_check_warns_of_references_that_lead_nowhere(self):
        self.project.write("destinations/crm.yaml", {"type": "hubspot", "access_token": "${env:E2E_NOT_SET}"})
        answer = self.call("check")
        self.assertIn("E2E_NOT_SET", answer.err)

    def test_schemas_are_json_schemas(self):
        self.assertIn("properties", self.call("schema", "sync").out)
        for kind in ("project", "source", "model", "destination", "sync", "alert"):
            self.assertIsInstance(json.loads(self.call("schema", kind).out), dict)
        json.loads(self.call("schema").out)
        self.assert_refused(self.call("schema", "snyc", code=USAGE), "sync")

    def test_connectors_are_listed_and_shown(self):
        self.assertIn("hubspot", self.call("connector", "list").out)
        text = self.call("connector", "show", "hubspot").out
        for words in ("access_token", "contacts", "190/10s"):
            self.assertIn(words, text)
        self.assert_refused(self.call("connector", "show", "hubspt", code=USAGE), "hubspot")

    def test_discover_lists_objects_and_fields(self):
        self.assertIn("contacts", self.call("discover", "crm").out)
        self.assertIn("firstname", self.call("discover", "crm", "contacts").out)
        fields = {one["field"]: one for one in self.call("discover", "crm", "contacts", "--json").objects}
        self.assertFalse(fields["firstname"]["unique"])

    def test_the_starter_runs_as_it_is(self):
        project = Project(self.sandbox.url, directory=self.project.path("started"))
        project.remove()
        self.assertEqual(project.call("init", project.directory).code, DONE)
        path = project.path("destinations/crm.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("http://127.0.0.1:8080", text)
        project.write("destinations/crm.yaml", text.replace("http://127.0.0.1:8080", self.sandbox.url))
        self.assertEqual(project.call("check", "--connect").code, DONE)
        # One row has half an address, on purpose: its README goes on from there.
        answer = project.call("run", "--json")
        result = answer.results[0]
        self.assertEqual((answer.code, result["accepted"], result["rejected"]), (PARTIAL, 19, 1), answer)
        self.assertEqual(project.call("run", "--json").results[0]["sent"], 0)
        self.assertEqual(len(self.sandbox.records()), 19)
        self.assertIn("INVALID_EMAIL", project.call("trace", "customers_to_crm", "9").out)

    def test_init_does_not_overwrite_a_project(self):
        answer = self.project.call("init", self.project.directory)
        self.assertNotEqual(answer.code, DONE)
        self.assertTrue(os.path.exists(self.project.path("syncs/contacts.yaml")))

    def test_a_reader_that_goes_away_does_not_end_a_run(self):
        self.rows = [person(number) for number in range(300)]
        program, *arguments = self.project.command("run", "contacts", "--json")
        os.system(f"HUBSPOT_TOKEN=x '{program}' {' '.join(arguments)} | head -c 1 >/dev/null")
        self.run_sync(unchanged=300, sent=0)


if __name__ == "__main__":
    main()
