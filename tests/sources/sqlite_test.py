"""SQLite files as a source: columns of one type out of values that each have their own."""

import os
import sqlite3

from source_case import FAILED, USAGE, SourceTest, main


class SqliteTest(SourceTest):
    def setUp(self):
        super().setUp()
        self.source(type="sqlite", path="app.sqlite")
        self.file = sqlite3.connect(self.project.path("app.sqlite"), isolation_level=None)
        self.addCleanup(self.file.close)
        self.sql("create table people (id integer primary key, email text, name text, phone text, city text)")

    def sql(self, statement, *values):
        return self.file.execute(statement, values).fetchall()

    def fill(self, count):
        self.file.executemany("insert into people values (?, ?, ?, null, 'Ulm')",
                              [(i, f"p{i}@example.com", f"Person {i}") for i in range(1, count + 1)])


class Values(SqliteTest):
    def test_declared_types(self):
        self.sql("create table every (id integer, big bigint, yes boolean, r real, d decimal(10,2), t text, v varchar(9), b blob)")
        self.sql("insert into every values (1, 9223372036854775807, 1, 0.1, 12.5, 'Zoë \t日本🎉', '', x'00ff'), "
                 "(2, null, 0, 3, 4, null, 'x', null)")
        self.assertEqual(self.types("every"), {"id": "BIGINT", "big": "BIGINT", "yes": "BOOLEAN", "r": "DOUBLE", "d": "DOUBLE",
                                               "t": "VARCHAR", "v": "VARCHAR", "b": "BLOB"})
        self.assertEqual(self.preview("select * from every"), [
            {"id": 1, "big": 9223372036854775807, "yes": True, "r": 0.1, "d": 12.5, "t": "Zoë \t日本🎉", "v": "", "b": "AP8="},
            {"id": 2, "big": None, "yes": False, "r": 3, "d": 4, "t": None, "v": "x", "b": None}])

    def test_expressions_and_dates_are_what_the_first_rows_are(self):
        self.sql("create table days (id integer, day date, at datetime)")
        self.sql("insert into days values (1, '2026-11-27', 1795000000), (2, null, 1795000000.5)")
        self.assertEqual(self.preview("select id, day, at, count(*) over () as n, id || 'x' as t, null as none from days"), [
            {"id": 1, "day": "2026-11-27", "at": 1795000000, "n": 2, "t": "1x", "none": None},
            {"id": 2, "day": None, "at": 1795000000.5, "n": 2, "t": "2x", "none": None}])

    def test_a_value_that_does_not_fit_is_an_error_with_its_place(self):
        self.fill(3000)
        self.sql("create table odd (id integer, n int)")
        self.sql("insert into odd select id, case when id = 2500 then 'twelve' else id end from people")
        for column in ("n", "case when id = 2500 then n else id end"):
            self.project.model(f"select id, id || '@example.com' as email, '' as name, '' as phone, {column} as city from odd")
            self.refuse("row 2500", "'city'", "types: { city: VARCHAR }", code=FAILED)
        self.source(type="sqlite", path="app.sqlite", types={"city": "VARCHAR"})
        self.run_sync(rows=3000, accepted=3000)
        self.assertEqual(self.records("city")["2500@example.com"], "twelve")

    def test_numbers_and_texts_that_cannot_be_carried(self):
        for value, why in (("9007199254740993", "more digits"), ("'x'", "no number")):
            self.project.model(f"select 1 as id, 'a' as email, '' as name, '' as phone, {value} as city")
            self.source(type="sqlite", path="app.sqlite", types={"city": "DOUBLE"})
            self.refuse(why, code=FAILED)
        self.source(type="sqlite", path="app.sqlite")
        self.project.model("select 1 as id, 'a' as email, '' as name, '' as phone, cast(x'ff' as text) as city")
        self.refuse("UTF-8", code=FAILED)


class Runs(SqliteTest):
    def test_a_run_sends_the_table_and_then_what_changed(self):
        self.fill(5000)
        self.run_sync(rows=5000, added=5000, accepted=5000)
        self.assert_quiet(unchanged=5000)
        self.sql("update people set city = 'Bonn' where id % 1000 = 0")
        self.run_sync(changed=5, accepted=5)

    def test_what_is_there(self):
        self.sql("create view \"odd view\" as select 1 as \"the id\"")
        self.assertEqual(self.call("discover", "warehouse", "--json").objects, [{"table": "odd view"}, {"table": "people"}])
        self.project.write("models/people.yaml", {"source": "warehouse", "primary_key": "the id", "table": "odd view"})
        self.assertEqual(self.preview(), [{"the id": 1}])

    def test_another_program_may_write_meanwhile(self):
        self.sql("pragma journal_mode=wal")
        self.fill(10)
        self.sql("begin immediate")
        self.run_sync(added=10, accepted=10)
        self.sql("rollback")


class Failures(SqliteTest):
    def test_the_file(self):
        self.source(type="sqlite", path="nowhere.sqlite")
        self.refuse("there is no file", "sources/warehouse.yaml", code=FAILED)
        self.project.write("text.sqlite", "this is not a database, though it is long enough to look like one" * 20)
        self.source(type="sqlite", path="text.sqlite")
        self.refuse("not a database", code=FAILED)
        self.assertFalse(os.path.exists(self.project.path("nowhere.sqlite")))

    def test_the_model_does_not_fit(self):
        for sql, word in (("select emial from people", "emial"), ("select * from no_table", "no_table"), ("selec 1", "syntax"),
                          ("delete from people", "syntax")):
            self.project.model(sql)
            self.refuse(word, "models/people.yaml", code=USAGE)

    def test_an_exclusive_lock_is_waited_for_and_then_said(self):
        self.fill(10)
        self.source(type="sqlite", path="app.sqlite", busy_timeout="200ms")
        self.sql("begin exclusive")
        self.refuse("locked", "busy_timeout", code=FAILED)
        self.sql("rollback")
        self.run_sync(added=10, accepted=10)

    def test_an_interrupt(self):
        self.source(type="sqlite", path="app.sqlite", types={"id": "BIGINT", "email": "VARCHAR", "name": "VARCHAR",
                                                           "phone": "VARCHAR", "city": "VARCHAR"})
        self.project.model("with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) as id, 'x' as email, "
                           "'' as name, '' as phone, '' as city from n")
        began = os.times().elapsed
        self.interrupt(("run", "contacts"), lambda: os.times().elapsed > began + 1)


if __name__ == "__main__":
    main()
