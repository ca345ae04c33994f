"""What must not matter: where the project lies, the machine's time zone, the type a value happens to have."""

import os
import subprocess
import unittest

from duck import Duck
from harness import PROGRAM, PipeTest, Project, Sandbox, environment, main, person


class Places(unittest.TestCase):
    """A project in a directory whose name means something to shells, to SQL, or to file patterns."""

    def whole_life(self, name):
        sandbox = Sandbox()
        self.addCleanup(sandbox.stop)
        outer = Project(sandbox.url)
        self.addCleanup(outer.remove)
        project = Project(sandbox.url, directory=outer.path(name))
        project.model()
        project.sync(mode="mirror")
        project.rows([person(1), person(2, email="bad")])
        run = project.call("run", "--json")
        self.assertEqual((run.code, len(run.results)), (3, 1), run)
        project.rows([person(1, city="Bonn")])
        for arguments, words in ((["plan"], "'Ulm' → 'Bonn'"), (["run"], "1 accepted"), (["trace", "contacts", "1"], "upsert"),
                                 (["log", run.results[0]["run"]], "INVALID_EMAIL"), (["status"], "contacts")):
            answer = project.call(*arguments)
            self.assertEqual(answer.code, 0, answer)
            self.assertIn(words, answer.out, answer)

    def test_blanks_and_quotes(self):
        self.whole_life("it's a \"project\"")

    def test_file_patterns(self):
        self.whole_life("all [of] *them?")

    def test_other_alphabets(self):
        self.whole_life("Übung 测试")

    def test_characters_of_addresses(self):
        self.whole_life("50%25 #1?a=b&c")


class Directories(PipeTest):
    def test_the_project_may_be_named_relative_to_where_one_stands(self):
        self.rows = [person(1)]
        above, name = os.path.split(self.project.directory)
        done = subprocess.run([PROGRAM, "-C", name, "run", "--quiet"], cwd=above, env=environment(), capture_output=True)
        self.assertEqual(done.returncode, 0, done)
        done = subprocess.run([PROGRAM, "run", "--quiet"], cwd=self.project.directory, env=environment(),
                              capture_output=True)
        self.assertEqual(done.returncode, 0, done)
        self.run_sync(unchanged=1, sent=0)


class TimeZones(PipeTest):
    def test_the_machines_time_zone_changes_nothing(self):
        self.project.model("select id, email, timestamptz '2024-05-01 12:00:00+00' as at, date '2024-05-01' as day, "
                           "timestamp '2024-05-01 12:00:00' as local, cast(id as int) + 0.5 as half from people")
        self.project.sync(fields={"at": "at", "day": "day", "local": "local", "half": "half",
                                  "shown": {"sql": "strftime(local, '%H:%M')"}})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        for zone in ("America/New_York", "Asia/Kolkata", "UTC"):
            answer = self.call("run", "contacts", "--json", TZ=zone, LC_ALL="de_DE.UTF-8")
            self.check_counts(answer.results[0], {"unchanged": 1, "sent": 0}, answer)


class Types(PipeTest):
    """A column gets another type in the warehouse, and every value reads the same: nothing has changed."""

    def setUp(self):
        super().setUp()
        self.project.sync(fields={"phone": "phone"})
        self.rows = [person(number, phone=str(number)) for number in range(3)]
        self.run_sync(accepted=3)

    def retyped(self, expression, key="id"):
        self.project.model(f"select {key} as id, email, {expression} as phone from people")
        return self.project.call("run", "contacts", "--confirm", "model_columns", "--json")

    def test_a_text_that_becomes_an_integer(self):
        answer = self.retyped("phone::int")
        self.check_counts(answer.results[0], {"status": "succeeded", "rows": 3}, answer)
        self.assertEqual(sorted(self.records("phone").values()), ["0", "1", "2"])
        self.assert_quiet(unchanged=3)

    def test_an_integer_that_becomes_wider(self):
        self.retyped("phone::int")
        answer = self.retyped("phone::bigint")
        self.check_counts(answer.results[0], {"unchanged": 3, "sent": 0}, answer)

    def test_a_type_and_a_mapping_that_change_at_once(self):
        self.project.sync(fields={"phone": "phone", "city": {"value": "Ulm"}})
        answer = self.retyped("phone::double")
        self.check_counts(answer.results[0], {"status": "succeeded", "rows": 3, "changed": 3, "accepted": 3}, answer)
        answer = self.retyped("[phone::int]")
        self.check_counts(answer.results[0], {"status": "succeeded", "rows": 3}, answer)
        answer = self.retyped("{'a': phone}")
        self.check_counts(answer.results[0], {"status": "succeeded", "rows": 3}, answer)
        answer = self.retyped("phone")
        self.check_counts(answer.results[0], {"status": "succeeded", "rows": 3}, answer)
        self.assertEqual(sorted(self.records("phone").values()), ["0", "1", "2"])

    def test_values_that_do_not_fit_the_old_type_any_more(self):
        self.retyped("phone::int")
        self.rows = [person(number, phone="none" if number == 1 else str(number)) for number in range(3)]
        answer = self.retyped("phone")
        self.check_counts(answer.results[0], {"status": "succeeded", "rows": 3}, answer)
        self.assertEqual(sorted(self.records("phone").values()), ["0", "2", "none"])
        self.assert_quiet(unchanged=3)

    def test_a_key_that_becomes_an_integer_is_the_same_key(self):
        answer = self.retyped("phone", key="id::int")
        self.check_counts(answer.results[0], {"unchanged": 3, "added": 0, "removed": 0}, answer)


class Names(PipeTest):
    def test_columns_of_any_name(self):
        self.project.model('select id as "the ""key""", email as "E-Mail", name as "select", city as "%s \'x\'" '
                           "from people", key='the "key"')
        self.project.sync(match={"email": "E-Mail"}, fields={"firstname": "select", "city": "%s 'x'"})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(1, city="Bonn")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.records("firstname", "city"), {"p1@example.com": {"firstname": "Person 1", "city": "Bonn"}})

    def test_columns_are_found_whatever_their_letter_case(self):
        self.project.model('select id as "ID", email as "Email", name, city from people', key="id")
        self.project.sync(match={"email": "EMAIL"}, fields={"firstname": "NAME"})
        self.rows = [person(1)]
        self.run_sync(accepted=1)

    def test_tables_named_like_our_own(self):
        for name in ("stage", "removed", "refused", "repeated", "outcomes", "warehouse", "temp"):
            self.project.csv_source(name)
            self.project.rows([person(1)], name=name)
            self.project.model(f'select * from "{name}"')
            self.plan_sync(rows=1)

    def test_database_tables_named_like_our_own(self):
        with Duck(self.project.path("w.duckdb")) as duck:
            for name in ("stage", "removed", "refused", "repeated"):
                duck.query(f"create table {name} as select 1 as id, 'a@example.com' as email, 'A' as name, 'x' as phone, "
                           "'y' as city")
        self.project.write("sources/warehouse.yaml", {"type": "duckdb", "path": "w.duckdb"})
        for name in ("stage", "removed", "refused", "repeated"):
            self.project.model(f"select * from {name}")
            self.plan_sync(rows=1, added=1)


class Sizes(PipeTest):
    def test_a_key_of_ten_thousand_characters(self):
        self.rows = [person("k" * 10_000, email="a@example.com"), person("k" * 9_999 + "l", email="b@example.com")]
        self.run_sync(accepted=2)
        self.assert_quiet(unchanged=2)

    def test_thirty_thousand_rows(self):
        self.rows = [person(number) for number in range(30_000)]
        self.run_sync(accepted=30_000, requests=300)
        self.rows = [person(number, city="Bonn" if number % 1000 == 0 else "Ulm") for number in range(30_000)]
        self.run_sync(changed=30, accepted=30, requests=1)

    def test_two_hundred_fields(self):
        columns = ", ".join(f"id || '-{number}' as f{number}" for number in range(200))
        self.project.model(f"select id, email, {columns} from people")
        self.project.sync(fields={f"f{number}": f"f{number}" for number in range(200)})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.assertEqual(self.records("f199"), {"p1@example.com": "1-199"})
        self.assert_quiet()


if __name__ == "__main__":
    main()
