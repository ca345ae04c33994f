"""PostgreSQL as a source: every value exactly, every failure clear, nothing half-done."""

import json
import os
from decimal import Decimal

from source_case import FAILED, USAGE, SourceTest, main
from servers import PASSWORD, Postgres

# A value of each type as SQL writes it; its type here; as JSON tells it.
TYPES = {
    "t_bool": ("true", "BOOLEAN", True),
    "t_int2": ("(-32768)::int2", "SMALLINT", -32768),
    "t_int4": ("2147483647", "INTEGER", 2147483647),
    "t_int8": ("(-9223372036854775808)::int8", "BIGINT", -9223372036854775808),
    "t_oid": ("4294967295::oid", "UINTEGER", 4294967295),
    "t_real": ("1.1::real", "FLOAT", 1.1),
    "t_double": ("0.1::float8", "DOUBLE", 0.1),
    "t_dec4": ("(-99.99)::numeric(4,2)", "DECIMAL(4,2)", Decimal("-99.99")),
    "t_dec9": ("1234567.89::numeric(9,2)", "DECIMAL(9,2)", Decimal("1234567.89")),
    "t_dec18": ("0.000000000000000001::numeric(18,18)", "DECIMAL(18,18)", Decimal("1E-18")),
    "t_dec38": ("12345678901234567890123456789.012345678::numeric(38,9)", "DECIMAL(38,9)",
                Decimal("12345678901234567890123456789.012345678")),
    "t_dec37": ("(-99999999999999999999999999999999999999)::numeric(38,0)", "DECIMAL(38,0)",
                -99999999999999999999999999999999999999),
    "t_dec5": ("10000.5::numeric(7,1)", "DECIMAL(7,1)", Decimal("10000.5")),
    "t_num": ("123456.789::numeric", "DOUBLE", 123456.789),
    "t_text": ("'Zoë \t\\N \"日本\" 🎉'", "VARCHAR", "Zoë \t\\N \"日本\" 🎉"),
    "t_empty": ("''::text", "VARCHAR", ""),
    "t_varchar": ("'v'::varchar(10)", "VARCHAR", "v"),
    "t_char": ("'c'::char(3)", "VARCHAR", "c  "),
    "t_bytea": (r"'\xdead00'::bytea", "BLOB", "3q0A"),
    "t_date": ("date '0044-03-15 BC'", "DATE", "-0043-03-15"),
    "t_date2": ("date '2026-11-27'", "DATE", "2026-11-27"),
    "t_forever": ("'infinity'::date", "DATE", "(is an infinite date, which no destination takes)"),
    "t_ever": ("'-infinity'::timestamptz", "TIMESTAMP WITH TIME ZONE",
               "(is an infinite date, which no destination takes)"),
    "t_time": ("time '12:34:56.789012'", "TIME", "12:34:56.789012"),
    "t_ts": ("timestamp '1999-12-31 23:59:59.999999'", "TIMESTAMP", "1999-12-31T23:59:59.999999"),
    "t_tstz": ("timestamptz '2026-11-27 12:00:00+02'", "TIMESTAMP WITH TIME ZONE", "2026-11-27T10:00:00Z"),
    "t_timetz": ("'12:00+02'::timetz", "VARCHAR", "12:00:00+02"),
    "t_interval": ("interval '1 year 2 days -3 hours'", "INTERVAL", "1 year 2 days -03:00:00"),
    "t_uuid": ("'6a2f41a3-c54c-fce8-32d2-0324e1c32e22'::uuid", "UUID", "6a2f41a3-c54c-fce8-32d2-0324e1c32e22"),
    "t_json": ("'{\"b\": [1, 2.50], \"a\": null}'::json", "JSON", {"b": [1, Decimal("2.50")], "a": None}),
    "t_jsonb": ("'{\"x\": {}}'::jsonb", "JSON", {"x": {}}),
    "t_array": ("array[1,null,3]", "JSON", [1, None, 3]),
    "t_texts": ("array['a','b \"c\"']", "JSON", ["a", "b \"c\""]),
    "t_row": ("row(1,'x')::pair", "JSON", {"one": 1, "two": "x"}),
    "t_enum": ("'ok'::mood", "VARCHAR", "ok"),
    "t_domain": ("'a@b'::mail", "VARCHAR", "a@b"),
    "t_inet": ("'10.0.0.1'::inet", "VARCHAR", "10.0.0.1/32"),
    "t_range": ("int4range(1,5)", "VARCHAR", "[1,5)"),
    "t_bits": ("b'101'", "VARCHAR", "101"),
    "t_money": ("12.5::money", "VARCHAR", "$12.50"),
    "t_null": ("null::numeric(10,2)", "DECIMAL(10,2)", None),
}


class PostgresTest(SourceTest):
    secret = PASSWORD

    @classmethod
    def setUpClass(cls):
        cls.server = Postgres()
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        super().setUp()
        self.sql("drop schema if exists public cascade; create schema public; drop schema if exists app cascade; "
                 "create schema app; create table people (id bigint, email text, name text, phone text, city text)")
        self.source(type="postgres", url="${env:PG_URL}")

    def sql(self, statement):
        return self.server.sql(statement)

    def call(self, *arguments, code=0, **env):
        return super().call(*arguments, code=code, **({"PG_URL": self.server.url()} | env))

    def fill(self, count, first=1):
        self.sql(f"insert into people select i, 'p' || i || '@example.com', 'Person ' || i, null, 'Ulm' from "
                 f"generate_series({first}, {first + count - 1}) i")


class Values(PostgresTest):
    def test_every_type_arrives_as_it_is(self):
        self.sql("create type mood as enum ('sad', 'ok'); create domain mail as text; create type pair as (one int, two text)")
        self.sql("create table every as select " + ", ".join(f"{sql} as {name}" for name, (sql, _, _) in TYPES.items()))
        self.assertEqual(self.types("every"), {name: kind for name, (_, kind, _) in TYPES.items()})
        self.project.model("select * from every", key="t_int4")
        for fetch in ("copy", "cursor"):
            self.source(type="postgres", url="${env:PG_URL}", fetch=fetch)
            [line] = [one for one in self.call("preview", "people", "--json").out.split("\n") if one]
            told = json.loads(line, parse_float=Decimal)
            expected = {name: Decimal(str(value)) if isinstance(value, float) else value
                        for name, (_, _, value) in TYPES.items()}
            self.assertEqual(told, expected, f"by {fetch}")

    def test_numbers_of_no_precision_are_exact_or_an_error(self):
        self.assertEqual(self.preview("select 1 as id, '0.1'::numeric a, '-100000'::numeric b, '1e20'::numeric c, "
                                      "'1234567890.12345'::numeric d, 0::numeric e, 1e-7::numeric f"),
                         [{"id": 1, "a": 0.1, "b": -100000.0, "c": 1e20, "d": 1234567890.12345, "e": 0.0, "f": 1e-7}])
        for value in ("12345678901234567.89", "0.12345678901234567891", "NaN"):
            self.project.model(f"select 1 as id, 'x' email, null name, null phone, '{value}'::numeric as city")
            self.refuse("row 1", "'city'", code=FAILED)

    def test_many_rows_by_both_ways(self):
        for fetch in ("copy", "cursor"):
            self.source(type="postgres", url="${env:PG_URL}", fetch=fetch)
            for rows in (0, 1, 2047, 2048, 2049, 8192, 50_001):
                self.project.model(f"select i as id, repeat('x', i % 100) as email, null::int as name, case when i % 3 = 0 then "
                                   f"i end as phone from generate_series(1, {rows}) i")
                seen = self.preview(rows=10_000)
                self.assertEqual(len(seen), min(rows, 10_000), (fetch, rows))
                self.assertEqual([one["id"] for one in seen], list(range(1, len(seen) + 1)))
                for one in seen[:3000]:
                    self.assertEqual((one["email"], one["name"], one["phone"]),
                                     ("x" * (one["id"] % 100), None, one["id"] if one["id"] % 3 == 0 else None))


class Runs(PostgresTest):
    def test_a_run_sends_the_table_and_then_what_changed(self):
        self.fill(5000)
        self.run_sync(rows=5000, added=5000, accepted=5000)
        self.assert_quiet(unchanged=5000)
        self.sql("update people set city = 'Bonn' where id % 1000 = 0; delete from people where id = 1")
        self.run_sync(rows=4999, changed=5, accepted=5)
        self.assertEqual(self.records("city")["p1000@example.com"], "Bonn")

    def test_the_same_values_from_files_are_no_change(self):
        """The state of a sync does not know where its rows come from."""
        self.sql("insert into people values (1, 'p1@example.com', 'Person 1', null, 'Ulm')")
        self.run_sync(added=1, accepted=1)
        self.project.csv_source()
        self.project.model("select cast(id as bigint) as id, email, name, phone, city from people")
        self.project.rows([{"id": 1, "email": "p1@example.com", "name": "Person 1", "phone": None, "city": "Ulm"}])
        self.assert_quiet(unchanged=1)

    def test_tables_views_and_schemas(self):
        self.sql("create table app.\"Odd Name\" (\"the id\" int, email text); insert into app.\"Odd Name\" values (7, 'x'); "
                 "create materialized view app.mv as select 1 as one; comment on table people is 'Who we know'")
        listed = self.call("discover", "warehouse", "--json").objects
        self.assertEqual(listed, [{"table": "app.Odd Name"}, {"table": "app.mv"}, {"table": "people", "comment": "Who we know"}])
        self.project.write("models/people.yaml", {"source": "warehouse", "primary_key": "the id", "table": "app.Odd Name"})
        self.assertEqual(self.preview(), [{"the id": 7, "email": "x"}])
        self.source(type="postgres", url="${env:PG_URL}", schema="app")
        self.assertEqual(self.preview("select one as id from mv -- a comment at the end"), [{"id": 1}])

    def test_a_service_and_a_password_file_serve_as_with_psql(self):
        self.project.write("pg_service.conf", f"[here]\nhost=127.0.0.1\nport={self.server.port}\nuser=penstock\ndbname=postgres\n")
        self.project.write("pass", f"127.0.0.1:{self.server.port}:*:penstock:{PASSWORD}\n")
        os.chmod(self.project.path("pass"), 0o600)
        self.source(type="postgres", url="service=here")
        self.assertEqual(self.preview("select 5 as id", PGSERVICEFILE=self.project.path("pg_service.conf"),
                                      PGPASSFILE=self.project.path("pass")), [{"id": 5}])


class Failures(PostgresTest):
    def test_who_and_where(self):
        self.refuse("refuses the login", "pg_hba.conf", code=FAILED, PG_URL=self.server.url(password="wrong"))
        self.refuse("cannot be reached", "`url`", code=FAILED, PG_URL="postgresql://penstock@127.0.0.1:1/postgres")
        self.refuse("\"nowhere\" does not exist", code=FAILED, PG_URL=self.server.url(database="nowhere"))
        self.refuse("cannot be reached", code=FAILED, PG_URL="postgresql://penstock@no-such-host.invalid/postgres")

    def test_the_model_does_not_fit(self):
        self.project.model("select id,\n  emial\nfrom people")
        self.refuse("models/people.yaml", "emial", "line 2 of the SQL", code=USAGE)
        self.project.model("select * from no_such_table")
        self.refuse("no_such_table", code=USAGE)
        self.project.model("select id, id from people")
        self.refuse("two columns are called 'id'", code=USAGE)
        for sql in ("delete from people returning *", "select 1 as id; drop table people", "", "selec 1"):
            self.project.model(sql or " ")
            self.call("run", "contacts", code=USAGE)
        self.assertEqual(self.sql("select count(*) from people"), "0")

    def test_a_model_that_writes_is_refused(self):
        self.sql("create function sneak() returns int language sql as $$ insert into people (id) values (1) returning 1 $$")
        self.project.model("select sneak() as id, 'x' as email, '' as name, '' as phone, '' as city")
        self.refuse("read", code=USAGE)
        self.assertEqual(self.sql("select count(*) from people"), "0")

    def test_a_missing_grant_says_what_to_grant(self):
        self.sql("drop role if exists reader; create role reader login password 'pw'; grant usage on schema public to reader")
        url = f"postgresql://reader:pw@127.0.0.1:{self.server.port}/postgres"
        self.refuse("permission denied for table people", "grant", code=FAILED, PG_URL=url)

    def test_the_query_takes_too_long(self):
        self.source(type="postgres", url="${env:PG_URL}", statement_timeout="1s")
        self.project.model("select i as id, 'x' email, '' as name, '' as phone, pg_sleep(1)::text as city from "
                           "generate_series(1, 100) i")
        self.refuse("gave up", "statement_timeout", code=FAILED)

    def slow(self):
        self.project.model("select i as id, i || '@example.com' as email, '' as name, '' as phone, pg_sleep(0.01)::text as city "
                           "from generate_series(1, 100000) i")

    def is_reading(self):
        return self.sql("select count(*) from pg_stat_activity where query like 'COPY%' and state = 'active'") == "1"

    def test_an_interrupt_ends_the_servers_work_too(self):
        self.slow()
        self.interrupt(("run", "contacts"), self.is_reading, PG_URL=self.server.url())
        self.wait_until(lambda: not self.is_reading())
        self.project.model("select * from people")
        self.fill(3)
        self.run_sync(added=3, accepted=3)

    def test_a_backend_that_is_ended_and_a_server_that_is_killed(self):
        self.slow()
        for end in ("select pg_terminate_backend(pid) from pg_stat_activity where query like 'COPY%'", None):
            process = self.project.start("run", "contacts", PG_URL=self.server.url())
            self.wait_until(self.is_reading)
            if end:
                self.sql(end)
            else:
                self.server.kill()
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, FAILED, out + err)
            self.assertIn("source 'warehouse'", out + err)
            self.assert_nothing_sent()
        self.server.start()

    def test_a_table_dropped_between_two_runs(self):
        self.fill(3)
        self.run_sync(added=3, accepted=3)
        self.sql("alter table people rename to persons")
        answer = self.call("run", "contacts", code=USAGE)
        self.assert_refused(answer, "\"people\" does not exist")
        self.sql("alter table persons rename to people")
        self.assert_quiet(unchanged=3)


if __name__ == "__main__":
    main()
