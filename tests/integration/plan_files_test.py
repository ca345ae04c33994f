"""Plans that are kept, reviewed, approved and sent as they stand; and guards that a person passes once."""

import os
import stat

from duck import Duck
from harness import PARTIAL, STOPPED, USAGE, PipeTest, main, person


class PlanFileTest(PipeTest):
    def setUp(self):
        super().setUp()
        self.file = self.project.path("plan.parquet")

    def keep(self, *arguments, sync="contacts", **expected):
        """Plans into self.file."""
        answer = self.call("plan", sync, "--out", self.file, "--json", *arguments)
        return self.check_counts(answer.objects[0], expected, answer)

    def run_plan(self, *arguments, code=0, **expected):
        answer = self.call("run", "--plan", self.file, "--json", *arguments, code=code)
        return self.check_counts(answer.results[0], expected, answer)

    def assert_moved(self, *words):
        """The plan is refused with these words, by `run` and by `plan --read`, and nothing is sent."""
        before = self.row_requests()
        result = self.run_plan(code=STOPPED, status="stopped", guard="plan_moved", sent=0)
        shown = self.call("plan", "--read", self.file, "--json", code=STOPPED).objects[0]
        self.assertFalse(shown["holds"])
        for word in words:
            self.assertIn(word, result["error"])
            self.assertIn(word, shown["moved"])
        self.assertIn("plan again", self.call("run", "--plan", self.file, code=STOPPED).text)
        self.assertEqual(self.row_requests(), before)

    def rewrite(self, select, target=None):
        """The file as somebody may have edited it, with its metadata as they were."""
        with Duck() as duck:
            entries = duck.query("select cast(key as varchar), decode(value) from parquet_kv_metadata("
                                 f"'{self.file}') where starts_with(cast(key as varchar), 'penstock_')")
            quoted = ", ".join("{}: '{}'".format(key, value.replace("'", "''")) for key, value in entries)
            duck.query(f"copy ({select.format(file=self.file)}) to '{self.file}.edited' "
                       f"(format parquet, kv_metadata {{{quoted}}})")
        os.replace(self.file + ".edited", target or self.file)


class KeptPlans(PlanFileTest):
    def test_a_kept_plan_is_sent_as_it_stands(self):
        self.rows = [person(number) for number in range(5)]
        plan = self.keep(added=5, to_send=5, out=self.file)
        shown = self.call("plan", "--read", self.file, "--json").objects[0]
        self.check_counts(shown, {"added": 5, "to_send": 5, "holds": True, "digest": plan["digest"], "file": self.file})
        self.assertEqual(self.sandbox.stats()["requests"], 0)
        result = self.run_plan(status="succeeded", added=5, accepted=5, plan=plan["digest"])
        self.assertEqual(len(self.records()), 5)
        [line] = self.call("runs", "--json").objects
        self.assertEqual((line["run"], line["plan"]), (result["run"], plan["digest"]))
        self.assert_quiet()

    def test_people_and_tools_can_read_it(self):
        self.project.model(pii=["phone"])
        self.rows = [person(1, phone="0731 1"), person(2)]
        answer = self.call("plan", "contacts", "--out", self.file)
        self.assert_refused(answer, "penstock run --plan", "in clear", "only you can read it")
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        with Duck() as duck:
            self.assertEqual(duck.query(f"select change, key, \"fields.phone\", \"match.email\" from '{self.file}' order by key"),
                             [("added", "1", "0731 1", "p1@example.com"), ("added", "2", None, "p2@example.com")])
            facts = dict(duck.query(f"select decode(key), decode(value) from parquet_kv_metadata('{self.file}')"))
        self.assertEqual({name: facts["penstock_" + name] for name in ("format", "format_version", "project", "sync", "kind",
                                                                      "generation", "last_run")},
                         {"format": "penstock plan", "format_version": "1", "project": "e2e", "sync": "contacts",
                          "kind": "run", "generation": "0", "last_run": ""})
        self.assertNotIn("0731", self.call("plan", "--read", self.file).text, "shown masked")
        self.assertFalse([name for name in os.listdir(self.project.directory) if name.endswith(".new")])

    def test_a_plan_of_changes_and_removals(self):
        self.project.sync(mode="mirror")
        self.rows = [person(number) for number in range(4)]
        self.run_sync(accepted=4)
        self.rows = [person(0), person(1, city="Bonn"), person(2), person(9)]
        self.keep(added=1, changed=1, removed=1)
        self.run_plan(added=1, changed=1, removed=1, accepted=3)
        self.assertEqual(self.records("city")["p1@example.com"], "Bonn")
        self.assert_quiet()

    def test_a_full_plan_and_one_of_a_key(self):
        self.rows = [person(number) for number in range(3)]
        self.keep("--key", "1", to_send=1)
        self.run_plan(sent=1)
        self.run_sync(sent=2)
        self.keep("--full", to_send=3)
        self.run_plan(kind="full", sent=3)

    def test_nothing_to_send(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.keep(to_send=0)
        self.run_plan(status="succeeded", sent=0)

    def test_invalid_rows_are_not_in_the_way(self):
        self.rows = [person(1), person(2, email=None)]
        self.keep(added=1, invalid=1)
        self.run_plan(code=PARTIAL, accepted=1, invalid=1)

    def test_names_that_would_be_patterns_or_differ_in_case(self):
        self.project.sync(fields={"firstname": "name", "City": "city", "city": "city"})
        self.rows = [person(1)]
        self.file = self.project.path("plan [1]*?'s.parquet")
        self.keep(added=1)
        # The sandbox has no property `City`; that it was asked says that the plan holds.
        self.run_plan(code=PARTIAL, rejected=1)

    def test_values_of_all_types(self):
        self.project.sync(fields={"firstname": {"sql": "1.50::decimal(30,2)"}, "phone": {"sql": "timestamptz '2026-01-01 00:00:00Z'"},
                                  "city": {"sql": "[1, 2]"}, "company": {"sql": "170141183460469231731687303715884105727::hugeint"},
                                  "jobtitle": {"sql": "1.5::double"}, "zip": {"sql": "date '2026-01-01'"}})
        self.rows = [person(1)]
        self.keep(added=1)
        self.run_plan(accepted=1)


    def test_all_rows_at_once(self):
        os.mkdir(self.project.path("out"))
        self.project.write("destinations/crm.yaml", {"type": "files", "directory": self.project.path("out")})
        self.project.sync(object="people", mode="replace", match={"id": "id"}, fields={"name": "name", "city": "city"})
        self.rows = [person(number) for number in range(300)]
        self.keep(added=300, to_send=300)
        self.run_plan(accepted=300)
        self.rows = [person(number, city="Bonn" if number == 7 else "Ulm") for number in range(300)]
        self.keep(changed=1, unchanged=299, to_send=300)
        kept = self.rows
        self.rows = [person(number, city="Bonn") for number in range(300)]
        self.assertIn("299 rows of the plan have changed", self.run_plan(code=STOPPED, guard="plan_moved")["error"])
        self.rows = kept
        self.run_plan(changed=1, unchanged=299, accepted=300)


class WhatMoved(PlanFileTest):
    def setUp(self):
        super().setUp()
        self.rows = [person(number) for number in range(20)]
        self.run_sync(accepted=20)
        self.rows = [person(number, city="Bonn" if number < 8 else "Ulm") for number in range(20)]
        self.keep(changed=8)

    def test_rows(self):
        self.rows = [person(number, city="Bonn" if number < 5 else "Kiel" if number < 9 else "Ulm") for number in range(21)]
        self.assert_moved("3 rows of the plan have changed since (keys 5, 6, 7)", "2 rows are new (keys 8, 20)")

    def test_rows_that_went_back(self):
        self.rows = [person(number, city="Bonn" if number < 7 else "Ulm") for number in range(20)]
        self.assert_moved("1 row is not to be sent any more (key 7)")

    def test_many_rows(self):
        self.rows = [person(number, city="Kiel") for number in range(20)]
        self.assert_moved("8 rows of the plan have changed since (keys 0, 1, 2, 3, 4, ...)", "12 rows are new")

    def test_rows_that_do_not_matter(self):
        self.rows = [person(number, city="Bonn" if number < 8 else "Ulm") for number in range(19)]
        self.assertEqual(self.run_plan(changed=8, removed=1, sent=8)["status"], "succeeded")

    def test_the_mapping(self):
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": {"sql": "upper(city)"}})
        self.assert_moved("the mapping changed")

    def test_settings_of_the_sync_and_the_destination(self):
        self.project.sync(on_removed="delete")
        self.assert_moved("the sync's settings changed")
        self.project.sync()
        self.project.write("destinations/crm.yaml", {"type": "hubspot", "access_token": "${env:HUBSPOT_TOKEN}",
                                                     "base_url": self.sandbox.url, "account": "starter"})
        self.assert_moved("the destination changed")

    def test_the_snapshot(self):
        run = self.run_sync("--limit", "1", sent=1)["run"]
        self.assert_moved(f"run {run} has moved on")

    def test_a_plan_is_sent_once(self):
        self.run_plan(sent=8)
        self.assert_moved("has moved on")

    def test_an_edited_file(self):
        self.rewrite("select * replace ('Mainz' as \"fields.city\") from '{file}'")
        self.assert_moved("was changed after it was written")
        self.assert_refused(self.call("approve", self.file, code=USAGE), "was changed after it was written")

    def test_a_row_taken_out_or_put_in_twice(self):
        self.rewrite("select * from '{file}' where key <> '3'")
        self.assert_moved("was changed after it was written")
        self.keep(changed=8)
        self.rewrite("select * from '{file}' union all select * from '{file}'")
        self.assert_moved("was changed after it was written")

    def test_a_limit_that_was_edited(self):
        with Duck() as duck:
            entries = duck.query(f"select decode(key), decode(value) from parquet_kv_metadata('{self.file}')")
            quoted = ", ".join("{}: '{}'".format(key, value) for key, value in entries if key.startswith("penstock"))
            duck.query(f"copy (from '{self.file}' limit 2) to '{self.file}.x' (format parquet, kv_metadata "
                       f"{{{quoted}, penstock_limit: '2'}})")
        os.replace(self.file + ".x", self.file)
        self.assert_moved("was changed after it was written")


class Limits(PlanFileTest):
    def test_the_rows_of_the_file_go_and_no_others(self):
        self.rows = [person(number) for number in range(9)]
        self.keep("--limit", "3", added=9, to_send=3)
        with Duck() as duck:
            keys = {key for [key] in duck.query(f"select key from '{self.file}'")}
        # New rows elsewhere do not matter, wherever they stand in the model.
        self.rows = [person(number) for number in range(20, 30)] + [person(number) for number in range(9)]
        result = self.run_plan(sent=3, accepted=3)
        self.assertEqual(set(self.outcomes(result["run"])), keys)
        self.assertEqual(set(self.records()), {f"p{key}@example.com" for key in keys})
        self.run_sync(sent=16)

    def test_one_of_them_changed(self):
        self.rows = [person(number) for number in range(9)]
        self.keep("--limit", "3")
        self.rows = [person(number, city="Bonn") for number in range(9)]
        self.assert_moved("3 rows of the plan have changed since")


class WrongInput(PlanFileTest):
    def refuse(self, *words):
        for command in (("run", "--plan"), ("plan", "--read"), ("approve",)):
            answer = self.call(*command, self.file, code=USAGE)
            self.assert_refused(answer, *words)
        self.assertEqual(self.sandbox.stats()["requests"], 0)

    def test_no_such_file(self):
        self.refuse("there is no plan file", "plan.parquet")

    def test_a_directory(self):
        self.file = self.project.directory
        self.refuse("is a directory")

    def test_not_parquet(self):
        self.project.write("plan.parquet", "hello")
        self.refuse("plan.parquet cannot be read")

    def test_parquet_of_others(self):
        with Duck() as duck:
            duck.query(f"copy (select 1 as a) to '{self.file}' (format parquet, kv_metadata {{x: 'y'}})")
        self.refuse("plan.parquet is no plan of penstock")

    def test_cut_off(self):
        self.rows = [person(number) for number in range(100)]
        self.keep()
        with open(self.file, "rb") as file:
            whole = file.read()
        for size in (0, 3, 100, len(whole) // 2, len(whole) - 1):
            with open(self.file, "wb") as file:
                file.write(whole[:size])
            self.refuse("plan.parquet cannot be read")

    def test_damaged_in_the_middle(self):
        self.rows = [person(number) for number in range(100)]
        self.keep()
        with open(self.file, "r+b") as file:
            file.seek(200)
            file.write(bytes(64))
        answer = self.call("approve", self.file, code=USAGE)
        self.assert_refused(answer, "plan.parquet")

    def test_of_another_project(self):
        self.rows = [person(1)]
        self.keep()
        self.project.write("penstock.yaml", {"project": "other"})
        self.refuse("is a plan of the project 'e2e', not of 'other'")

    def test_of_a_sync_that_is_gone(self):
        self.rows = [person(1)]
        self.keep()
        os.rename(self.project.path("syncs", "contacts.yaml"), self.project.path("syncs", "people.yaml"))
        self.refuse("the sync 'contacts', which this project does not have")

    def test_of_a_newer_version(self):
        self.rows = [person(1)]
        self.keep()
        with Duck() as duck:
            duck.query(f"copy (from '{self.file}') to '{self.file}.x' (format parquet, kv_metadata "
                       "{penstock_format: 'penstock plan', penstock_format_version: '2'})")
        os.replace(self.file + ".x", self.file)
        self.refuse("has format version 2")

    def test_options_that_do_not_go_together(self):
        self.rows = [person(1)]
        self.keep()
        for options in (["contacts"], ["--full"], ["--baseline"], ["--limit", "1"], ["--key", "1"]):
            self.call("run", "--plan", self.file, *options, code=USAGE)
        for options in (["contacts"], ["--full"], ["--out", "x"]):
            self.call("plan", "--read", self.file, *options, code=USAGE)
        self.project.sync("second")
        self.assert_refused(self.call("plan", "--out", self.file, code=USAGE), "--out keeps the plan of one sync", "2")
        self.assert_refused(self.call("plan", "no_such", "--out", self.file, code=USAGE), "there is no sync")

    def test_a_place_where_nothing_can_be_written(self):
        self.rows = [person(1)]
        answer = self.project.call("plan", "contacts", "--out", self.project.path("none", "plan.parquet"))
        self.assertNotEqual(answer.code, 0, answer)
        self.assertIn("none/plan.parquet", answer.text)
        self.project.write("taken/x", "")
        answer = self.project.call("plan", "contacts", "--out", self.project.path("taken"))
        self.assertNotEqual(answer.code, 0, answer)
        self.assertIn("taken", answer.text)
        self.assertFalse([name for name in os.listdir(self.project.directory) if ".new" in name])


class Approvals(PlanFileTest):
    def setUp(self):
        super().setUp()
        self.project.sync(approve="required")
        self.rows = [person(1), person(2)]

    def test_nothing_goes_without_an_approved_plan(self):
        answer = self.call("run", "contacts", "--json", code=STOPPED)
        self.check_counts(answer.results[0], {"status": "stopped", "guard": "approve", "sent": 0})
        for command in (["run", "contacts", "--full"], ["retry", "contacts"], ["run", "contacts", "--key", "1"],
                        ["run", "contacts", "--confirm", "all"]):
            answer = self.call(*command, code=STOPPED)
            self.assert_refused(answer, "approve", "penstock plan contacts --out FILE")
        self.assertEqual(self.row_requests(), {})

    def test_an_approved_plan_is_sent_and_its_run_says_who_approved(self):
        plan = self.keep(to_send=2)
        self.run_plan(code=STOPPED, status="stopped", guard="approve")
        approval = self.call("approve", self.file, "--by", "ann", "--note", "#412", "--json").objects[0]
        self.assertEqual((approval["digest"], approval["approved_by"], approval["note"], approval["sync"]),
                         (plan["digest"], "ann", "#412", "contacts"))
        self.call("approve", self.file, "--by", "bob")
        self.assertEqual(self.call("plan", "--read", self.file, "--json").objects[0]["approved_by"], "ann, bob")
        result = self.run_plan(accepted=2, approved_by="ann, bob")
        [line] = [one for one in self.call("runs", "--json").objects if one["run"] == result["run"]]
        self.assertEqual(line["approved_by"], "ann, bob")
        self.assertIn("approved by ann", self.call("runs").out)

    def test_an_approval_is_of_one_plan(self):
        self.keep()
        self.call("approve", self.file)
        self.rows = [person(1), person(2), person(3)]
        self.keep()
        self.run_plan(code=STOPPED, guard="approve")
        self.rows = [person(1)]
        self.keep(to_send=1)
        self.call("approve", self.file)
        self.rows = [person(2)]
        self.run_plan(code=STOPPED, guard="plan_moved")

    def test_the_system_knows_who_approves(self):
        self.keep()
        approval = self.call("approve", self.file, "--json").objects[0]
        self.assertTrue(approval["approved_by"])

    def test_nothing_to_send_needs_no_approval(self):
        self.keep()
        self.call("approve", self.file)
        self.run_plan(accepted=2)
        self.run_sync(status="succeeded", sent=0)
        self.run_sync("--baseline", sent=0)

    def test_waiting_rows_are_approved_as_well(self):
        self.sandbox.fault(path="/crm/v3/objects/contacts/batch/upsert", kind="status", status=400, count=1)
        self.rows = [person(1)]
        self.keep()
        self.call("approve", self.file)
        self.run_plan(code=PARTIAL, rejected=1)
        self.keep("--retry", to_send=1)
        self.call("approve", self.file)
        self.run_plan(kind="retry", accepted=1)


class Confirmed(PlanFileTest):
    def stopped(self, guard, *arguments):
        answer = self.call("run", "contacts", "--json", *arguments, code=STOPPED)
        self.check_counts(answer.results[0], {"status": "stopped", "guard": guard, "sent": 0})
        self.assertIn(f"--confirm {guard}", self.call("run", "contacts", *arguments, code=STOPPED).text)
        plan = self.call("plan", "contacts", "--json").objects[0]
        self.assertEqual(plan["guard"]["name"], guard)

    def test_a_guard_is_passed_once_and_the_run_says_so(self):
        self.project.sync(guard={"max_added": 1, "max_changed": "10%"})
        self.rows = [person(1), person(2)]
        self.stopped("max_added")
        result = self.run_sync("--confirm", "max_added", accepted=2, confirmed="max_added")
        [line] = [one for one in self.call("runs", "--json").objects if one["run"] == result["run"]]
        self.assertEqual(line["confirmed"], "max_added")
        self.assertIn("confirmed max_added", self.call("runs").out)
        self.rows = [person(1, city="Bonn"), person(2), person(3), person(4)]
        self.stopped("max_changed")
        self.run_sync("--confirm", "max_changed", code=STOPPED, guard="max_added")
        self.run_sync("--confirm", "max_changed,max_added", accepted=3, confirmed="max_changed,max_added")
        self.rows = [person(1), person(2), person(3), person(4)]
        self.run_sync("--confirm", "all", accepted=1, confirmed="all")

    def test_unknown_guards(self):
        self.rows = [person(1)]
        answer = self.call("run", "contacts", "--confirm", "max_remved", code=USAGE)
        self.assert_refused(answer, "max_remved", "max_removed", "max_requests", "empty_model")
        for name in ("plan_moved", "approve", ""):
            self.call("run", "contacts", "--confirm", name, code=USAGE)
        self.assertEqual(self.sandbox.stats()["requests"], 0)

    def test_requests(self):
        self.project.sync(guard={"max_requests": 2})
        self.rows = [person(number) for number in range(201)]
        self.stopped("max_requests")
        self.run_sync("--limit", "200", sent=200)

    def test_a_share_of_the_day(self):
        self.project.sync(guard={"max_quota": "0.0001%"})
        self.rows = [person(number) for number in range(10)]
        self.stopped("max_quota")
        self.project.sync(guard={"max_quota": "50%"})
        self.run_sync(accepted=10)

    def test_a_destination_that_declares_no_day(self):
        self.project.write("destinations/crm.yaml", {"type": "webhook", "url": self.sandbox.url + "/hook"})
        self.project.sync(object="rows", match=None, mode="append", guard={"max_quota": "50%"})
        self.rows = [person(1)]
        answer = self.call("check")
        self.assert_refused(answer, "max_quota", "declares no limit of a day")
        self.assert_refused(self.call("plan", "contacts"), "declares no limit of a day")

    def test_invalid_rows(self):
        self.project.sync(guard={"max_invalid": "10%"})
        self.rows = [person(1), person(2, email=None)]
        self.stopped("max_invalid")
        self.run_sync("--confirm", "max_invalid", code=PARTIAL, accepted=1)

    def test_a_share_of_added_rows_is_of_those_that_were_there(self):
        self.project.sync(guard={"max_added": "50%"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(number) for number in range(1, 5)]
        self.stopped("max_added")

    def test_an_empty_model(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = []
        self.stopped("empty_model")
        self.run_sync("--confirm", "empty_model", removed=1)

    def test_a_plan_that_a_guard_stops(self):
        self.project.sync(guard={"max_added": 1})
        self.rows = [person(1), person(2)]
        self.keep()
        self.run_plan(code=STOPPED, guard="max_added")
        self.run_plan("--confirm", "max_added", accepted=2, confirmed="max_added")


if __name__ == "__main__":
    main()
