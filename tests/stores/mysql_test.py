"""MariaDB as a destination: the table must hold exactly the model."""

import json
import time

from pipe import DONE, FAILED, PARTIAL, USAGE, StoreTest, main, person
from servers import PASSWORD, MariaDb

PEOPLE = ("id bigint, email varchar(100) collate utf8mb4_bin unique, name varchar(100), phone varchar(20), city varchar(50), "
          "note varchar(20) default 'by default'")


class MysqlTest(StoreTest):
    @classmethod
    def setUpClass(cls):
        cls.server = MariaDb()
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        super().setUp()
        self.sql("drop database crm; create database crm")
        self.sql(f"create table people ({PEOPLE})")
        self.project.write("destinations/crm.yaml", {"type": "mysql", "url": "${env:MYSQL_URL}", "connections": 2})
        self.sync()

    def sync(self, **settings):
        self.project.sync(**({"object": "people", "fields": {"id": "id", "name": "name", "city": "city"}} | settings))

    def call(self, *arguments, code=DONE, **env):
        answer = super().call(*arguments, code=code, **({"MYSQL_URL": self.server.url()} | env))
        self.assertNotIn(PASSWORD, answer.out + answer.err, "the password is shown")
        return answer

    def drift(self, code=DONE, **expected):
        answer = self.call("drift", "contacts", "--json", code=code)
        [result] = answer.results
        self.assertEqual({name: result[name] for name in expected}, expected, answer)
        return {(one["key"], one.get("field")): one.get("theirs") for one in answer.objects if "event" not in one}

    def sql(self, statement):
        return self.server.sql(statement)

    def table(self, columns="email, name, city", table="people"):
        text = self.sql(f"select json_array({columns}) from {table} order by {columns.split(',')[0]}")
        return [tuple(json.loads(line)) for line in text.split("\n") if line]

    def model_as_table(self):
        return sorted((row["email"], row["name"], row["city"]) for row in self.rows)


class Modes(MysqlTest):
    def test_upsert_makes_the_table_the_model(self):
        self.sql("insert into people (email, name, phone) values ('p1@example.com', 'old', '123'), ('z', 'theirs', '')")
        self.rows = [person(1), person(2, name="Zoë 'quoted' \\ \"日本\" 🎉", city=None)]
        self.run_sync(added=2, accepted=2)
        self.assertEqual(self.table(), self.model_as_table() + [("z", "theirs", None)])
        self.assertEqual(self.table("email, phone, note"), [
            ("p1@example.com", "123", "by default"), ("p2@example.com", None, "by default"), ("z", "", "by default")])
        self.assert_quiet(unchanged=2)
        self.rows = [person(1, city="Bonn"), person(2, name="Zoë")]
        self.run_sync(changed=2, accepted=2)
        self.assertEqual(self.table()[:2], [("p1@example.com", "Person 1", "Bonn"), ("p2@example.com", "Zoë", "Ulm")])

    def test_mirror_insert_update_delete_append(self):
        self.sync(mode="mirror")
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(accepted=3)
        self.rows = [person(2), person(3)]
        self.project.sync(object="people", mode="mirror", fields={"id": "id", "name": "name", "city": "city"},
                          guard={"max_removed": "100%"})
        self.run_sync(removed=1, accepted=1)
        self.assertEqual([row[0] for row in self.table()], ["p2@example.com", "p3@example.com"])
        self.project.sync(name="inserts", object="people", mode="insert", fields={"name": "name"})
        self.rows = [person(2, name="new"), person(4)]
        self.run_sync(sync="inserts", accepted=1, skipped=1)
        self.project.sync(name="updates", object="people", mode="update", fields={"city": "city"})
        self.rows = [person(2, city="Bonn"), person(9)]
        self.run_sync(sync="updates", accepted=1, skipped=1)
        self.assertEqual(self.table(), [("p2@example.com", "Person 2", "Bonn"), ("p3@example.com", "Person 3", "Ulm"),
                                        ("p4@example.com", "Person 4", None)])
        self.project.sync(name="deletes", object="people", mode="delete", fields=None)
        self.rows = [person(2), person(4)]
        self.run_sync(sync="deletes", accepted=2)
        self.assertEqual([row[0] for row in self.table()], ["p3@example.com"])
        self.sql("create table events (id bigint, name text)")
        self.project.sync(name="appends", object="events", mode="append", match=None, fields={"id": "id", "name": "name"})
        self.rows = [person(1), person(2)]
        self.run_sync(sync="appends", accepted=2)
        self.rows = [person(2, name="x"), person(3)]
        self.run_sync(sync="appends", accepted=1)
        self.assertEqual(self.table("id, name", "events"), [(1, "Person 1"), (2, "Person 2"), (3, "Person 3")])

    def test_what_others_changed_is_found(self):
        self.rows = [person(1, name="Zoë \"日本\" \\ b"), person(2, city=None), person(3)]
        self.run_sync(accepted=3)
        self.assertEqual(self.drift(compared=3, gone=0), {})
        self.sql("update people set city = 'Bonn' where email = 'p2@example.com'")
        self.sql("delete from people where email = 'p3@example.com'")
        self.assertEqual(self.drift(code=PARTIAL, compared=3, drifted=1, gone=1), {("2", "city"): "Bonn", ("3", None): None})

    def test_a_changed_match_is_followed(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(1, email="new@example.com")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.table("email, name"), [("new@example.com", "Person 1")])

    def test_fields_written_if_empty(self):
        self.sql("insert into people (email, name) values ('p1@example.com', 'by hand')")
        self.sync(fields={"name": {"from": "name", "write": "if_empty"}, "city": {"from": "city", "write": "if_empty"}})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual(self.table(), [("p1@example.com", "by hand", "Ulm"), ("p2@example.com", "Person 2", "Ulm")])

    def test_another_unique_column_does_not_merge_rows(self):
        self.sql("alter table people add unique (phone); insert into people (email, phone) values ('other', '49')")
        self.sync(fields={"name": "name", "phone": "phone"})
        self.rows = [person(1, phone="49"), person(2, phone="50")]
        self.run_sync(code=PARTIAL, accepted=1, rejected=1)
        self.assertEqual(self.table("email, name, phone"), [("other", None, "49"), ("p2@example.com", "Person 2", "50")])

    def test_matches_that_are_the_same_there_do_not_stop_the_others(self):
        self.sql("create table loose (email varchar(50) primary key, name text)")  # ignores letter case
        self.sync(object="loose", fields={"name": "name"})
        self.rows = [person(1, email="A@b.example"), person(2, email="a@b.example"), person(3)]
        self.run_sync(accepted=3)
        self.assertEqual(len(self.table("email", "loose")), 2)


class Values(MysqlTest):
    def test_every_type_arrives_exactly(self):
        self.sql("create table all_types (k varchar(40) primary key, n decimal(38,10), i bigint, u bigint unsigned, f double, "
                 "b boolean, bits bit(8), d date, t time(6), ts datetime(6), tz timestamp(6) null, j json, raw blob, txt text)")
        self.project.model(sql="""select 1 as id, 'k1' as k,
            cast('1234567890123456789012345678.7890123450' as decimal(38,10)) as n, 9223372036854775807 as i,
            18446744073709551615::ubigint as u, 0.1::double as f, true as b, 5 as bits, date '2024-02-29' as d,
            time '23:59:59.123456' as t, timestamp '2026-01-02 03:04:05.123456' as ts,
            timestamptz '2026-01-02 03:04:05.5+00' as tz, {'a': [1, 2]} as j, '\\x00\\xFF\\x10'::blob as raw,
            'tab	nul \\0 line' || chr(10) as txt""")
        names = ["n", "i", "u", "f", "b", "bits", "d", "t", "ts", "tz", "j", "raw", "txt"]
        self.sync(object="all_types", match={"k": "k"}, fields={name: name for name in names})
        self.project.rows([person(1)])
        self.run_sync(accepted=1)
        got = self.sql("set time_zone = '+00:00'; select n, i, u, f, b, bits + 0, d, t, ts, tz, j, hex(raw), hex(txt) from all_types")
        self.assertEqual(got.split("\t"), [
            "1234567890123456789012345678.7890123450", "9223372036854775807", "18446744073709551615", "0.1", "1", "5",
            "2024-02-29", "23:59:59.123456", "2026-01-02 03:04:05.123456", "2026-01-02 03:04:05.500000", '{"a":[1,2]}',
            "00FF10", "tab\tnul \\0 line\n".encode().hex().upper()])
        self.assertEqual(self.drift(compared=1, gone=0), {}, "values are told as they were sent")


class Refusals(MysqlTest):
    def test_one_bad_row_of_a_batch_is_refused_alone(self):
        self.sql("alter table people modify phone int, modify city varchar(6)")
        self.sync(fields={"name": "name", "phone": "phone", "city": "city"})
        rows = [person(number, phone=str(number)) for number in range(200)]
        rows[17]["city"] = "too long a name"
        rows[99]["phone"] = "no number"
        self.rows = rows
        result = self.run_sync(code=PARTIAL, accepted=198, rejected=2)
        self.assertEqual(len(self.table()), 198)
        self.assertEqual({key for key, outcome in self.outcomes(result["run"]).items() if outcome == "rejected"}, {"17", "99"})

    def test_what_is_wrong_is_said(self):
        self.rows = [person(1)]
        answer = self.call("run", "contacts", code=FAILED, MYSQL_URL=self.server.url(password="wrong"))
        self.assertIn("Access denied", answer.text)
        self.sync(object="nobody")
        self.assertIn("there is no table `nobody`", self.call("run", "contacts", code=USAGE).text)
        self.sync(fields={"nmae": "name"})
        self.assertIn("has no column 'nmae'", self.call("run", "contacts", code=FAILED).text)
        self.sync()
        answer = self.call("run", "contacts", code=FAILED, MYSQL_URL="mysql://penstock@127.0.0.1:9/crm")
        self.assertIn("127.0.0.1", answer.text)
        self.assertEqual(self.table(), [])


class Crashes(MysqlTest):
    def test_an_upsert_survives_the_death_of_its_server(self):
        self.sync(mode="mirror", batch={"rows": 200})
        self.rows = [person(number) for number in range(20000)]
        process = self.project.start("run", "contacts", "--json", MYSQL_URL=self.server.url())
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        while process.poll() is None and int(self.sql("select count(*) from people")) == 0:
            time.sleep(0.01)
        self.server.kill()
        self.server.start()
        out, err = process.communicate(timeout=120)
        if process.returncode != DONE:
            self.run_sync()
        self.assertEqual(self.sql("select count(*), count(distinct email) from people"), "20000\t20000", out + err)
        self.assertEqual(self.table(), self.model_as_table())


if __name__ == "__main__":
    main()
