"""Databases that have an ADBC driver, shown with the one that DuckDB's library is."""

import os

from source_case import FAILED, USAGE, SourceTest, main
from harness import ROOT
from duck import Duck

LIBRARY = os.path.join(ROOT, ".deps", "duckdb", "libduckdb.so")

# An expression; its type here; as JSON tells it.
TYPES = {
    "t_bool": ("true", "BOOLEAN", True),
    "t_tiny": ("(-128)::tinyint", "TINYINT", -128),
    "t_ubig": ("18446744073709551615::ubigint", "UBIGINT", 18446744073709551615),
    "t_int": ("42::integer", "INTEGER", 42),
    "t_real": ("1.1::float", "FLOAT", 1.1),
    "t_double": ("0.1::double", "DOUBLE", 0.1),
    "t_dec": ("-99.99::decimal(38,2)", "DECIMAL(38,2)", -99.99),
    "t_text": ("'Zoë 日本 🎉 and a text that is longer'", "VARCHAR", "Zoë 日本 🎉 and a text that is longer"),
    "t_blob": ("'\\xDE\\xAD\\x00'::blob", "BLOB", "3q0A"),
    "t_date": ("date '2026-11-27'", "DATE", "2026-11-27"),
    "t_time": ("time '12:34:56.789012'", "TIME", "12:34:56.789012"),
    "t_ts": ("timestamp '1999-12-31 23:59:59.999999'", "TIMESTAMP", "1999-12-31T23:59:59.999999"),
    "t_tstz": ("timestamptz '2026-11-27 12:00:00+02'", "TIMESTAMP WITH TIME ZONE", "2026-11-27T10:00:00Z"),
    "t_list": ("[1, null, 3]", "INTEGER[]", [1, None, 3]),
    "t_struct": ("{'a': 1, 'b': ['x']}", 'STRUCT("a" INTEGER, "b" VARCHAR[])', {"a": 1, "b": ["x"]}),
    "t_null": ("null::decimal(10,2)", "DECIMAL(10,2)", None),
}


class AdbcTest(SourceTest):
    secret = "s3cret-password"

    def setUp(self):
        super().setUp()
        self.file = self.project.path("other.duckdb")
        self.sql("create table people (id bigint, email text, name text, phone text, city text)")
        self.source()

    def sql(self, statement):
        with Duck(self.file) as duck:
            return duck.query(statement)

    def source(self, **settings):
        given = {"type": "adbc", "driver": LIBRARY, "entrypoint": "duckdb_adbc_init", "options": {"path": self.file}} | settings
        super().source(**{name: value for name, value in given.items() if value is not None})

    def test_every_type_arrives_as_it_is(self):
        self.sql("create table every as select " + ", ".join(f"{sql} as {name}" for name, (sql, *_) in TYPES.items()))
        self.assertEqual(self.types("every"), {name: kind for name, (_, kind, _) in TYPES.items()})
        self.project.model("select * from every", key="t_int")
        self.assertEqual(self.preview(), [{name: value for name, (*_, value) in TYPES.items()}])

    def test_many_rows_in_arrays_of_any_length(self):
        self.sql("insert into people select i, 'p' || i || '@example.com', 'Person ' || i, case when i % 3 = 0 then 'x' end, 'Ulm' "
                 "from range(1, 10001) t(i)")
        self.run_sync(added=10000, accepted=10000)
        self.sql("update people set name = 'x' where id in (7, 9000)")
        self.run_sync(changed=2, accepted=2)
        self.assert_quiet()

    def test_tables_are_listed(self):
        self.sql("create schema marts")
        self.sql("create table marts.customers as select 1 as id")
        names = [one["table"] for one in self.call("discover", "warehouse", "--json").objects]
        self.assertIn("main.people", names)
        self.assertIn("marts.customers", names)
        self.project.write("models/people.yaml", {"source": "warehouse", "table": "marts.customers", "primary_key": "id"})
        self.assertEqual(self.preview(), [{"id": 1}])

    def test_drivers_that_cannot_be_used(self):
        self.source(driver="libadbc_driver_nothing.so")
        self.refuse("cannot be loaded", "libadbc_driver_nothing.so", code=USAGE)
        self.source(entrypoint="no_such_function")
        self.refuse("has no function no_such_function", code=USAGE)
        self.source(entrypoint=None)
        self.refuse("has no function AdbcDriverDuckdbInit or AdbcDriverInit", "entrypoint", code=USAGE)

    def test_databases_that_cannot_be_opened(self):
        self.source(options={"path": "/nowhere/at/all.duckdb"})
        self.refuse("source 'warehouse'", code=FAILED)
        self.source(options={"path": self.file, "no_such_option": self.secret})
        answer = self.call("run", "contacts", code=None)
        self.assertNotIn(self.secret, answer.text)
        self.assert_nothing_sent()

    def call(self, *arguments, code=0, **env):
        if code is None:
            return self.project.call(*arguments, **env)
        return super().call(*arguments, code=code, **env)

    def test_sql_that_does_not_fit(self):
        self.project.model("select id, nothing_such from people")
        self.refuse("models/people.yaml", "nothing_such", code=USAGE)
        self.project.model("select * from no_such_table")
        self.refuse("no_such_table", code=USAGE)

    def test_a_query_that_breaks_off(self):
        self.sql("insert into people select i, 'p' || i || '@example.com', case when i = 150000 then 'x' else '1' end, null, 'Ulm' from "
                 "range(1, 200001) t(i)")
        self.project.model("select id, email, name::int as name, phone, city from people")
        self.refuse("source 'warehouse'", code=FAILED)


if __name__ == "__main__":
    main()
