"""PostgreSQL as a destination: the table must hold exactly the model."""

import json
import time

from pipe import DONE, FAILED, PARTIAL, USAGE, StoreTest, main, person
from servers import PASSWORD, Postgres

PEOPLE = "id bigint, email text unique, name text, phone text, city text, note text default 'by default'"


class PostgresTest(StoreTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Postgres()
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        super().setUp()
        self.sql("drop schema if exists crm cascade; create schema crm")
        self.sql(f"create table crm.people ({PEOPLE})")
        self.destination()
        self.sync()

    def destination(self, **more):
        self.project.write("destinations/crm.yaml",
                           {"type": "postgres", "url": "${env:PG_URL}", "connections": 2} | more)

    def sync(self, **settings):
        self.project.sync(**({"object": "crm.people", "fields": {"id": "id", "name": "name", "city": "city"}} | settings))

    def call(self, *arguments, code=DONE, **env):
        answer = super().call(*arguments, code=code, **({"PG_URL": self.server.url()} | env))
        self.assertNotIn(PASSWORD, answer.out + answer.err, "the password is shown")
        return answer

    def drift(self, code=DONE, **expected):
        answer = self.call("drift", "contacts", "--json", code=code)
        [result] = answer.results
        self.assertEqual({name: result[name] for name in expected}, expected, answer)
        return {(one["key"], one.get("field")): one.get("theirs") for one in answer.objects if "event" not in one}

    def sql(self, statement):
        return self.server.sql(statement)

    def table(self, columns="email, name, city", table="crm.people"):
        text = self.sql(f"select coalesce(json_agg(json_build_array({columns}) order by {columns.split(',')[0]}), '[]') "
                        f"from {table}")
        return [tuple(row) for row in json.loads(text)]

    def model_as_table(self):
        return sorted((row["email"], row["name"], row["city"]) for row in self.rows)


class Modes(PostgresTest):
    def test_upsert_makes_the_table_the_model(self):
        self.sql("insert into crm.people (email, name, phone) values ('p1@example.com', 'old', '123'), ('z', 'theirs', '')")
        self.rows = [person(1), person(2, name="Zoë \t\\N \"quoted\" 日本\n", city=None)]
        self.run_sync(added=2, accepted=2)
        self.assertEqual(self.table(), self.model_as_table() + [("z", "theirs", None)])
        self.assertEqual(self.table("email, phone, note"), [
            ("p1@example.com", "123", "by default"), ("p2@example.com", None, "by default"), ("z", "", "by default")])
        self.assert_quiet(unchanged=2)
        self.rows = [person(1, city="Bonn"), person(2, name="Zoë")]
        self.run_sync(changed=2, accepted=2)
        self.assertEqual([row[:3] for row in self.table()[:2]], [
            ("p1@example.com", "Person 1", "Bonn"), ("p2@example.com", "Zoë", "Ulm")])

    def test_mirror_removes_what_the_model_lost(self):
        self.sync(mode="mirror", guard={"empty_model": "allow"})
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(accepted=3)
        self.sql("insert into crm.people (email) values ('theirs')")
        self.rows = [person(2)]
        self.run_sync("--json", removed=2, accepted=2)
        self.assertEqual([row[0] for row in self.table()], ["p2@example.com", "theirs"])

    def test_insert_leaves_rows_alone_that_are_there(self):
        self.sql("insert into crm.people (email, name) values ('p1@example.com', 'by hand')")
        self.sync(mode="insert")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=1, skipped=1)
        self.assertEqual(self.table("email, name"), [("p1@example.com", "by hand"), ("p2@example.com", "Person 2")])

    def test_update_makes_no_rows(self):
        self.sql("insert into crm.people (email, name) values ('p1@example.com', 'by hand')")
        self.sync(mode="update")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=1, skipped=1)
        self.assertEqual(self.table("email, name"), [("p1@example.com", "Person 1")])
        self.rows = [person(1, city="Bonn"), person(2)]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.table("email, city"), [("p1@example.com", "Bonn")])

    def test_delete_removes_what_the_model_lists(self):
        self.sql("insert into crm.people (email) values ('p1@example.com'), ('p2@example.com'), ('p3@example.com')")
        self.sync(mode="delete", fields=None)
        self.rows = [person(1), person(3), person(9)]
        self.run_sync(sent=3, accepted=3)
        self.assertEqual(self.table("email"), [("p2@example.com",)])

    def test_append_needs_no_match(self):
        self.sql("create table crm.events (id bigint, name text)")
        self.sync(object="crm.events", mode="append", match=None, fields={"id": "id", "name": "name"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(2, name="changed"), person(3)]
        self.run_sync(accepted=1)
        self.assertEqual(self.table("id, name", "crm.events"), [(1, "Person 1"), (2, "Person 2"), (3, "Person 3")])

    def test_a_match_without_an_index_is_looked_up(self):
        self.sql("create table crm.loose (email text, name text); insert into crm.loose values ('p1@example.com', 'old'), "
                 "('p3@example.com', 'a'), ('p3@example.com', 'b')")
        self.sync(object="crm.loose", fields={"name": "name"})
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertEqual(self.table("email, name", "crm.loose"), [
            ("p1@example.com", "Person 1"), ("p2@example.com", "Person 2"), ("p3@example.com", "a"), ("p3@example.com", "b")])

    def test_what_others_changed_is_found(self):
        self.rows = [person(1, name="Zoë \"日本\" \\ b"), person(2, city=None), person(3)]
        self.run_sync(accepted=3)
        self.assertEqual(self.drift(compared=3, gone=0), {})
        self.sql("update crm.people set city = 'Bonn' where email = 'p2@example.com'")
        self.sql("delete from crm.people where email = 'p3@example.com'")
        self.assertEqual(self.drift(code=PARTIAL, compared=3, drifted=1, gone=1), {("2", "city"): "Bonn", ("3", None): None})

    def test_a_changed_match_is_followed(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(1, email="new@example.com")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.table("email, name"), [("new@example.com", "Person 1")])
        self.rows = [person(1, email="new@example.com", name="Again")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.table("email, name"), [("new@example.com", "Again")])

    def test_removed_rows_can_be_cleared(self):
        self.sync(on_removed="clear", guard={"empty_model": "allow"}, fields={"email": "email", "name": "name"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(2)]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(self.table("email, name"), [("p1@example.com", None), ("p2@example.com", "Person 2")])

    def test_fields_written_on_create_and_if_empty(self):
        self.sql("insert into crm.people (email, name, phone) values ('p1@example.com', 'by hand', null)")
        self.sync(fields={"name": {"from": "name", "write": "if_empty"}, "phone": {"from": "phone", "write": "if_empty"},
                          "note": {"value": "first", "write": "on_create"}, "city": "city"})
        self.rows = [person(1, phone="49"), person(2, phone="50")]
        self.run_sync(accepted=2)
        self.assertEqual(self.table("email, name, phone, note, city"), [
            ("p1@example.com", "by hand", "49", "by default", "Ulm"), ("p2@example.com", "Person 2", "50", "first", "Ulm")])

    def test_a_row_that_somebody_deleted_comes_back_whole(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.sql("delete from crm.people where email = 'p1@example.com'")
        self.rows = [person(1, city="Bonn"), person(2)]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.table(), [("p1@example.com", "Person 1", "Bonn"), ("p2@example.com", "Person 2", "Ulm")])


class Values(PostgresTest):
    def test_every_type_arrives_exactly(self):
        self.sql("""create table crm.all_types (k uuid primary key, n numeric, n2 numeric(38,10), i bigint, f double precision,
                    b boolean, d date, t time, ts timestamp, tz timestamptz, j jsonb, j1 json, a int[], ta text[], na numeric[],
                    ja jsonb[], raw bytea, txt text, en text)""")
        self.project.model(sql="""select 1 as id, uuid '6c3c1b1e-0d5e-4f0a-9d0f-3f9a5a3f0001' as k,
            cast('12345678901234567890123456.7890123450' as decimal(38,10)) as n, 9223372036854775807 as i, 0.1::double as f,
            true as b, date '2024-02-29' as d, time '23:59:59.123456' as t, timestamp '2026-01-02 03:04:05.123456' as ts,
            timestamptz '2026-01-02 03:04:05.5+00' as tz, {'a': [1, 2], 'b': 'x"y'} as j, [1, null, 3] as a,
            ['a,b', 'c"d', 'e\\f', null, 'Zoë'] as ta, [[1.50, 2.25], [3.10, 4.00]] as na, [{'x': 1}] as ja,
            '\\x00\\xFF\\x10'::blob as raw, 'tab	\\N line' || chr(10) as txt""")
        names = ["n", "i", "f", "b", "d", "t", "ts", "tz", "j", "a", "ta", "na", "ja", "raw", "txt"]
        self.sync(object="crm.all_types", match={"k": "k"},
                  fields={name: name for name in names} | {"n2": "n", "j1": "j", "en": "txt"})
        self.project.rows([person(1)])
        self.run_sync(accepted=1)
        got = self.sql("select n, n2, i, f, b, d, t, ts, tz at time zone 'UTC', j, j1, a, ta, na, ja, raw from crm.all_types")
        self.assertEqual(got.split("|"), [
            "12345678901234567890123456.7890123450", "12345678901234567890123456.7890123450", "9223372036854775807", "0.1",
            "t", "2024-02-29", "23:59:59.123456", "2026-01-02 03:04:05.123456", "2026-01-02 03:04:05.5",
            '{"a": [1, 2], "b": "x\\"y"}', '{"a":[1,2],"b":"x\\"y"}', "{1,NULL,3}", '{"a,b","c\\"d","e\\\\f",NULL,Zoë}',
            "{{1.50,2.25},{3.10,4.00}}", '{"{\\"x\\": 1}"}', "\\x00ff10"])
        self.assertEqual(json.loads(self.sql("select to_json(txt) from crm.all_types")), "tab\t\\N line\n")
        self.assertEqual(self.drift(compared=1, gone=0), {}, "values are told as they were sent")
        self.run_sync("--full", accepted=1)

    def test_nulls_clear_and_are_omitted(self):
        self.sync(fields={"name": "name", "city": {"from": "city", "null": "omit"}})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(1, name=None, city=None)]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.table(), [("p1@example.com", None, "Ulm")])


class Refusals(PostgresTest):
    def test_one_bad_row_of_a_batch_is_refused_alone(self):
        self.sql("alter table crm.people add check (name <> 'bad'), alter phone type integer using null")
        self.sync(fields={"name": "name", "phone": "phone", "city": "city"})
        self.rows = [person(number, phone=str(number)) for number in range(200)]
        self.rows[17]["name"] = "bad"
        self.rows[99]["phone"] = "no number"
        self.rows = list(self.rows)
        result = self.run_sync(code=PARTIAL, accepted=198, rejected=2)
        self.assertEqual(len(self.table()), 198)
        refused = {one["key"]: one["error"] for one in self.operations(result["run"]) if one["outcome"] == "rejected"}
        self.assertEqual(set(refused), {"17", "99"})
        self.assertIn("23514", json.dumps(refused["17"]))
        self.assertIn("invalid input syntax for type integer", json.dumps(refused["99"]))

    def test_matches_that_are_the_same_there_do_not_stop_the_others(self):
        self.sql("create table crm.numbers (n numeric primary key, name text)")
        self.sync(object="crm.numbers", match={"n": "phone"}, fields={"name": "name"})
        self.rows = [person(1, phone="1.0"), person(2, phone="1.00"), person(3, phone="3")]
        self.run_sync(accepted=3)
        self.assertEqual([int(row[0]) for row in self.table("n, name", "crm.numbers")], [1, 3])

    def test_a_wrong_password_is_one_clear_error(self):
        self.rows = [person(1)]
        answer = self.call("run", "contacts", code=FAILED, PG_URL=self.server.url(password="wrong"))
        self.assertIn("password authentication failed", answer.text)
        self.assertNotIn("wrong@", answer.text)

    def test_a_missing_table_column_database_and_right(self):
        self.rows = [person(1)]
        self.sync(object="crm.nobody")
        self.assertIn('relation "crm.nobody" does not exist', self.call("run", "contacts", code=USAGE).text)
        self.sync(fields={"nmae": "name"})
        self.assertIn("has no column 'nmae'", self.call("run", "contacts", code=FAILED).text)
        self.sync()
        self.assertIn('database "nowhere" does not exist',
                      self.call("run", "contacts", code=USAGE, PG_URL=self.server.url(database="nowhere")).text)
        self.sql("drop role if exists weak; create role weak login password 'weak-e2e'; grant usage on schema crm to weak")
        weak = f"host=127.0.0.1 port={self.server.port} user=weak password=weak-e2e dbname=postgres"
        self.assertIn("permission denied for table people", self.call("run", "contacts", code=FAILED, PG_URL=weak).text)

    def test_a_server_that_is_down_is_named(self):
        self.rows = [person(1)]
        url = "postgresql://penstock@127.0.0.1:9/postgres"
        answer = self.call("run", "contacts", code=FAILED, PG_URL=url)
        self.assertIn("127.0.0.1", answer.text)
        self.assertEqual(self.table(), [])

    def test_discover_lists_the_columns(self):
        fields = {one["field"]: one for one in self.call("discover", "crm", "crm.people", "--json").objects}
        self.assertEqual(list(fields), ["id", "email", "name", "phone", "city", "note"])
        self.assertTrue(fields["email"]["unique"])
        self.assertEqual(fields["id"]["type"], "bigint")


class Crashes(PostgresTest):
    def run_with_a_crash(self, sync, rows, table):
        """Kills the server once rows have arrived, starts it again, and lets the run go on."""
        self.sync(**sync)
        self.rows = [person(number) for number in range(rows)]
        process = self.project.start("run", "contacts", "--json", PG_URL=self.server.url())
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        while process.poll() is None:
            if int(self.sql(f"select count(*) from {table}")) > 0:
                break
            time.sleep(0.01)
        self.server.kill()
        self.server.start()
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def test_an_upsert_survives_the_death_of_its_server(self):
        sync = {"mode": "mirror", "batch": {"rows": 500}}
        code, out, err = self.run_with_a_crash(sync, 40000, "crm.people")
        if code != DONE:
            self.run_sync()
        self.assertEqual(self.sql("select count(*), count(distinct email) from crm.people"), "40000|40000", out + err)
        self.assertEqual(self.table(), self.model_as_table())

    def test_rows_are_not_appended_twice(self):
        self.sql("create table crm.events (id bigint, name text)")
        sync = {"object": "crm.events", "mode": "append", "match": None, "fields": {"id": "id", "name": "name"},
                "batch": {"rows": 200}}
        self.destination(batches_table="crm.batches")
        code, out, err = self.run_with_a_crash(sync, 20000, "crm.events")
        if code != DONE:
            self.run_sync()
        self.assertEqual(self.sql("select count(*), count(distinct id) from crm.events"), "20000|20000", out + err)


if __name__ == "__main__":
    main()
