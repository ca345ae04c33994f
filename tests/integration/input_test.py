"""Bad input: a clear error with its place and a remedy, the right exit code, and nothing half-done."""

import os

from duck import Duck
from harness import DONE, FAILED, PARTIAL, USAGE, PipeTest, main, person


class BadInput(PipeTest):
    """After each refusal the destination has seen no row, and the next good run sends everything."""

    def setUp(self):
        super().setUp()
        self.rows = [person(1), person(2)]

    def refused(self, *words, code=USAGE, command=("run", "contacts")):
        answer = self.call(*command, code=code)
        self.assert_refused(answer, *words)
        self.assertIn("→" if code != USAGE else "", answer.err + answer.out, answer)
        self.assertEqual(self.sandbox.stats()["rows"], 0)
        return answer


class BadFiles(BadInput):
    def test_yaml_that_cannot_be_read(self):
        self.project.write("syncs/contacts.yaml", "model: people\n  destination: [crm\n")
        for command in (["check"], ["plan"], ["run"]):
            self.refused("syncs/contacts.yaml:", command=command)

    def test_an_unknown_field_with_the_nearest_name(self):
        self.project.sync(fieds={"firstname": "name"})
        self.refused("syncs/contacts.yaml:", "fieds", "fields")

    def test_a_wrong_type(self):
        self.project.sync(match_change=7)
        self.refused("syncs/contacts.yaml:", "match_change", "follow")

    def test_a_wrong_mode_with_the_nearest_name(self):
        self.project.sync(mode="upsrt")
        self.refused("syncs/contacts.yaml:", "upsrt", "upsert")

    def test_all_mistakes_at_once(self):
        self.project.sync(mode="upsrt", on_removed="remove")
        self.project.write("models/people.yaml", {"source": "warehous", "primary_key": "id", "sql": "select 1"})
        answer = self.refused("upsrt", "on_removed", "warehous")
        self.assertRegex(answer.err, r"3 (errors|mistakes)")

    def test_a_model_that_does_not_exist(self):
        self.project.sync(model="peple")
        self.refused("syncs/contacts.yaml:", "peple", "people")

    def test_an_object_that_does_not_exist(self):
        self.project.write("connectors/tiny.yaml", "")
        self.project.sync(match={"hs_object_id": "id"}, mode="update", object="")
        self.refused("syncs/contacts.yaml:")

    def test_a_project_without_files(self):
        self.project.remove()
        answer = self.project.call("run")
        self.assertEqual(answer.code, USAGE, answer)
        self.assert_refused(answer, self.project.directory, "penstock init")

    def test_a_project_without_syncs(self):
        os.remove(self.project.path("syncs/contacts.yaml"))
        self.refused("no syncs", command=["run"])

    def test_a_variable_that_is_not_set(self):
        self.project.write("destinations/crm.yaml", {"type": "hubspot", "access_token": "${env:E2E_NOT_SET}",
                                                     "base_url": self.sandbox.url})
        self.refused("E2E_NOT_SET", "crm")


class BadModels(BadInput):
    def test_a_file_that_is_missing(self):
        os.remove(self.project.path("data/people.csv"))
        self.refused("sources/warehouse.yaml:", "data/people.csv", code=FAILED)

    def test_sql_that_cannot_be_read(self):
        self.project.model("selct * from people")
        self.refused("models/people.yaml:", "selct")

    def test_sql_of_several_statements(self):
        self.project.model("select * from people; drop table people")
        self.refused("models/people.yaml:")

    def test_sql_that_writes(self):
        self.project.model(f"copy (select 1) to '{self.project.path('written')}'")
        self.refused("models/people.yaml:")
        self.assertFalse(os.path.exists(self.project.path("written")))

    def test_a_table_that_does_not_exist(self):
        self.project.model("select * from peple")
        self.refused("models/people.yaml:", "peple", "people")

    def test_a_column_that_vanished(self):
        self.run_sync(accepted=2)
        self.project.rows(self.rows, columns=["id", "email", "name", "phone"])
        answer = self.call("run", "contacts", code=USAGE)
        self.assert_refused(answer, "syncs/contacts.yaml:", "no column 'city'", "its columns are")
        self.assertEqual(self.sandbox.stats()["rows"], 2)
        self.project.rows(self.rows)
        self.assert_quiet(unchanged=2)

    def test_a_primary_key_that_does_not_exist(self):
        self.project.model(key="idd")
        self.refused("models/people.yaml:", "idd", "id")

    def test_an_expression_that_does_not_fit(self):
        self.project.sync(fields={"firstname": {"sql": "name + date '2020-01-01'"}})
        self.refused("syncs/contacts.yaml:", "expression")

    def test_a_value_that_cannot_be_converted_ends_the_run_before_anything_is_sent(self):
        self.project.model("select id, email, name, phone, city::int as city from people")
        self.refused("Ulm", code=FAILED)
        self.rows = [person(1, city="1"), person(2, city="2")]
        self.run_sync(accepted=2)

    def test_invalid_utf8_in_a_file(self):
        self.project.write("data/people.csv", b"id,email,name,phone,city\n1,a@example.com,M\xfcller,1,Ulm\n")
        self.refused("people.csv", "utf-8", code=FAILED)

    def test_a_row_with_too_many_values(self):
        rows = "".join(f"{number},p{number}@example.com,Ada,1,Ulm\n" for number in range(50))
        self.project.write("data/people.csv", "id,email,name,phone,city\n" + rows + "99,a@example.com,Ada,1,Ulm,x,x\n")
        self.refused("people.csv", code=FAILED)

    def test_a_parquet_file_that_is_cut_off(self):
        with Duck() as duck:
            duck.query(f"copy (select * from range(9)) to '{self.project.path('data/cut.parquet')}'")
        with open(self.project.path("data/cut.parquet"), "r+b") as file:
            file.truncate(100)
        self.project.write("sources/warehouse.yaml", {"type": "duckdb", "files": {"people": "data/cut.parquet"}})
        self.refused("cut.parquet", code=FAILED)

    def test_a_database_that_is_missing(self):
        self.project.write("sources/warehouse.yaml", {"type": "duckdb", "path": "none.duckdb"})
        self.refused("sources/warehouse.yaml:", "none.duckdb", "create it", code=FAILED)
        self.assertFalse(os.path.exists(self.project.path("none.duckdb")))

    def test_a_database_that_is_no_database(self):
        self.project.write("none.duckdb", "this is no database" * 1000)
        self.project.write("sources/warehouse.yaml", {"type": "duckdb", "path": "none.duckdb"})
        self.refused("none.duckdb", code=FAILED)

    def test_a_database_that_another_process_writes_to(self):
        path = self.project.path("held.duckdb")
        with Duck(path) as duck:
            duck.query("create table people as select 1 as id, 'a@example.com' as email, 'Ada' as name, "
                       "null::varchar as phone, 'Ulm' as city")
            self.project.write("sources/warehouse.yaml", {"type": "duckdb", "path": "held.duckdb"})
            self.refused("held.duckdb", code=FAILED)
        self.run_sync(accepted=1)

    def test_models_of_every_kind_of_file(self):
        rows = "select 1 as id, 'a@example.com' as email, 'Ada' as name, null::varchar as phone, 'Ulm' as city"
        with Duck() as duck:
            for ending in ("parquet", "json", "csv"):
                duck.query(f"copy ({rows}) to '{self.project.path('data/one.' + ending)}'")
        for ending in ("parquet", "json", "csv"):
            self.project.write("sources/warehouse.yaml", {"type": "duckdb", "files": {"people": f"data/one.{ending}"}})
            self.plan_sync(rows=1, added=1)

    def test_an_empty_model_the_first_time_is_no_mistake(self):
        self.rows = []
        self.run_sync(rows=0, status="succeeded")


class BadValues(PipeTest):
    def test_a_value_of_ten_megabytes_is_that_rows_trouble_alone(self):
        self.rows = [person(1), person(2, name="x" * 10_000_000), person(3)]
        answer = self.project.call("run", "contacts", "--json")
        self.assertEqual(answer.code, PARTIAL, str(answer)[:2000])
        [result] = answer.results
        self.check_counts(result, {"rows": 3, "accepted": 2})
        self.assertEqual(result["rejected"] + result["invalid"], 1)
        self.assertEqual(set(self.records()), {"p1@example.com", "p3@example.com"})
        self.assertLess(len(self.project.call("trace", "contacts", "2").out), 2_000_000)

    def test_many_large_values_are_sent_in_requests_that_the_destination_takes(self):
        self.rows = [person(number, name="x" * 60_000) for number in range(150)]
        self.run_sync(accepted=150)
        self.assertEqual(len(self.records()), 150)

    def test_numbers_that_json_has_no_word_for_are_invalid(self):
        self.project.model("select id, email, case when id = '2' then 'nan'::double else 1.5 end as score from people")
        self.project.sync(fields={"score": "score"})
        self.rows = [person(1), person(2)]
        self.run_sync(code=PARTIAL, invalid=1, accepted=1)

    def test_a_property_that_is_read_only_is_named(self):
        self.project.sync(fields={"hs_object_id": "name"})
        self.rows = [person(1)]
        run = self.run_sync(code=PARTIAL, rejected=1)
        [refused] = self.operations(run["run"], "--rejected")
        self.assertIn("hs_object_id", refused["error"]["message"])

    def test_nested_values_travel_as_json_text(self):
        self.project.model("select id, email, {'a': [1, 2], 'b': null} as thing from people")
        self.project.sync(fields={"thing": "thing"})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.assertEqual(self.records("thing"), {"p1@example.com": '{"a":[1,2],"b":null}'})
        self.assert_quiet()


class Tables(PipeTest):
    """A DuckDB file as the warehouse."""

    def test_a_table_is_read_while_nobody_writes(self):
        path = self.project.path("warehouse.duckdb")
        with Duck(path) as duck:
            duck.query("create table people as select range as id, 'p' || range || '@example.com' as email, "
                       "'n' as name, null as phone, 'Ulm' as city from range(1000)")
        self.project.write("sources/warehouse.yaml", {"type": "duckdb", "path": "warehouse.duckdb"})
        self.project.write("models/people.yaml", {"source": "warehouse", "primary_key": "id", "table": "people"})
        self.run_sync(accepted=1000, requests=10)
        with Duck(path) as duck:
            duck.query("update people set city = 'Bonn' where id % 100 = 0")
        self.run_sync(changed=10, accepted=10, requests=1)
        self.assertEqual(self.call("run", code=DONE).code, DONE)


if __name__ == "__main__":
    main()
