"""MySQL and MariaDB as a source: every value exactly, every failure clear, nothing half-done."""

import json
import time
from decimal import Decimal

from source_case import FAILED, USAGE, SourceTest, main
from servers import PASSWORD, MariaDb, free_port

# A column of each type, a value of it as SQL writes it; its type here; as JSON tells it.
TYPES = {
    "t_tiny": ("tinyint", "-128", "TINYINT", -128),
    "t_utiny": ("tinyint unsigned", "255", "UTINYINT", 255),
    "t_bool": ("boolean", "true", "TINYINT", 1),
    "t_small": ("smallint", "-32768", "SMALLINT", -32768),
    "t_usmall": ("smallint unsigned", "65535", "USMALLINT", 65535),
    "t_medium": ("mediumint", "-8388608", "INTEGER", -8388608),
    "t_int": ("int", "-2147483648", "INTEGER", -2147483648),
    "t_uint": ("int unsigned", "4294967295", "UINTEGER", 4294967295),
    "t_big": ("bigint", "-9223372036854775808", "BIGINT", -9223372036854775808),
    "t_ubig": ("bigint unsigned", "18446744073709551615", "UBIGINT", 18446744073709551615),
    "t_zerofill": ("int(8) zerofill", "42", "UINTEGER", 42),
    "t_bits": ("bit(10)", "b'1000000001'", "UBIGINT", 513),
    "t_float": ("float", "16777215", "FLOAT", 16777215.0),
    "t_third": ("float", "1.1", "FLOAT", 1.1),
    "t_double": ("double", "0.1", "DOUBLE", 0.1),
    "t_large": ("double", "1.7976931348623157e308", "DOUBLE", 1.7976931348623157e308),
    "t_dec4": ("decimal(4,2)", "-99.99", "DECIMAL(4,2)", Decimal("-99.99")),
    "t_dec9": ("decimal(9,2) unsigned", "1234567.89", "DECIMAL(9,2)", Decimal("1234567.89")),
    "t_dec18": ("decimal(18,18)", "0.000000000000000001", "DECIMAL(18,18)", Decimal("1E-18")),
    "t_dec38": ("decimal(38,9)", "-12345678901234567890123456789.012345678", "DECIMAL(38,9)",
                Decimal("-12345678901234567890123456789.012345678")),
    "t_dec65": ("decimal(65,30)", "12345678901234567890123456789012345.5", "VARCHAR",
                "12345678901234567890123456789012345.500000000000000000000000000000"),
    "t_year": ("year", "2026", "USMALLINT", 2026),
    "t_date": ("date", "'2026-11-27'", "DATE", "2026-11-27"),
    "t_early": ("date", "'1000-01-01'", "DATE", "1000-01-01"),
    "t_time": ("time(3)", "'-838:59:58.250'", "VARCHAR", "-838:59:58.250"),
    "t_datetime": ("datetime", "'1999-12-31 23:59:59'", "TIMESTAMP", "1999-12-31T23:59:59"),
    "t_datetime6": ("datetime(6)", "'1969-12-31 23:59:59.999999'", "TIMESTAMP", "1969-12-31T23:59:59.999999"),
    "t_datetime2": ("datetime(2)", "'9999-12-31 23:59:59.25'", "TIMESTAMP", "9999-12-31T23:59:59.25"),
    "t_timestamp": ("timestamp(3) null", "'2026-11-27 12:00:00.125'", "TIMESTAMP WITH TIME ZONE", "2026-11-27T12:00:00.125Z"),
    "t_char": ("char(5)", "'ab '", "VARCHAR", "ab"),
    "t_text": ("varchar(50)", "'Zoë \t\\\\N \"日本\" 🎉'", "VARCHAR", "Zoë \t\\N \"日本\" 🎉"),
    "t_latin": ("varchar(20) character set latin1", "'Käse'", "VARCHAR", "Käse"),
    "t_empty": ("text", "''", "VARCHAR", ""),
    "t_long": ("longtext", "'long'", "VARCHAR", "long"),
    "t_binary": ("varbinary(10)", "x'DEAD00'", "BLOB", "3q0A"),
    "t_blob": ("blob", "x'00FF'", "BLOB", "AP8="),
    "t_enum": ("enum('sad','ok')", "'ok'", "VARCHAR", "ok"),
    "t_set": ("set('a','b','c')", "'a,c'", "VARCHAR", "a,c"),
    "t_json": ("json", "'{\"b\": [1, 2.50], \"a\": null}'", "JSON", {"b": [1, Decimal("2.50")], "a": None}),
    "t_null": ("decimal(10,2)", "null", "DECIMAL(10,2)", None),
}


class MysqlTest(SourceTest):
    secret = PASSWORD

    @classmethod
    def setUpClass(cls):
        cls.server = MariaDb()
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        super().setUp()
        self.server.root("drop database crm; create database crm")
        self.sql("create table people (id bigint, email text, name text, phone text, city text)")
        self.source(type="mysql", url="${env:MY_URL}")

    def sql(self, statement):
        return self.server.sql(statement)

    def call(self, *arguments, code=0, **env):
        return super().call(*arguments, code=code, **({"MY_URL": self.server.url()} | env))

    def fill(self, count):
        self.sql(f"insert into people select seq, concat('p', seq, '@example.com'), concat('Person ', seq), null, 'Ulm' "
                 f"from seq_1_to_{count}")


class Values(MysqlTest):
    def test_every_type_arrives_as_it_is(self):
        self.sql("create table every (" + ", ".join(f"{name} {kind}" for name, (kind, *_) in TYPES.items()) + ")")
        self.sql("insert into every values (" + ", ".join(value for _, value, *_ in TYPES.values()) + ")")
        self.assertEqual(self.types("every"), {name: kind for name, (_, _, kind, _) in TYPES.items()})
        self.project.model("select * from every", key="t_int")
        [line] = [one for one in self.call("preview", "people", "--json").out.split("\n") if one]
        told = json.loads(line, parse_float=Decimal)
        expected = {name: Decimal(str(value)) if isinstance(value, float) else value
                    for name, (_, _, _, value) in TYPES.items()}
        self.assertEqual(told, expected)

    def test_a_float_keeps_every_digit(self):
        self.sql("create table reals (id int, f float)")
        self.sql("insert into reals values (1, 3.14159274), (2, 123456792), (3, 1.17549435e-38)")
        self.assertEqual([row["f"] for row in self.preview("select * from reals")], [3.1415927, 123456792, 1.1754944e-38])

    def test_dates_that_there_are_not(self):
        self.sql("set sql_mode = ''; create table days (id int, d date, t datetime)")
        self.sql("set sql_mode = ''; insert into days values (1, '2026-01-01', '2026-01-01'), (2, '0000-00-00', '2026-00-10 01:02:03')")
        self.project.model("select * from days")
        self.project.sync(fields={"d": "d", "t": "t"}, match={"id": "id"})
        answer = self.call("preview", "people", code=FAILED)
        self.assertIn("row 2 of the result: a value in the column 'd' is a date that there is not", answer.text)
        self.assertIn("zero_dates", answer.text)
        self.source(type="mysql", url="${env:MY_URL}", zero_dates="null")
        self.assertEqual(self.preview("select * from days where id = 2"), [{"id": 2, "d": None, "t": None}])

    def test_rows_flow_and_only_what_changed_goes(self):
        self.fill(5000)
        self.run_sync(added=5000, accepted=5000)
        self.sql("update people set name = 'x' where id = 7")
        self.run_sync(changed=1, accepted=1)
        self.assert_quiet()

    def test_tables_and_columns_of_any_name(self):
        self.sql("create table `odd ``table``` (`a \"b\"` int, `select` text); insert into `odd ``table``` values (1, 'x')")
        self.assertIn("odd `table`", [one["table"] for one in self.call("discover", "warehouse", "--json").objects])
        self.project.write("models/people.yaml", {"source": "warehouse", "table": "odd `table`", "primary_key": 'a "b"'})
        self.assertEqual(self.preview(), [{'a "b"': 1, "select": "x"}])
        self.project.write("models/people.yaml", {"source": "warehouse", "table": "crm.people", "primary_key": "id"})
        self.assertEqual(self.preview(), [])


class Failures(MysqlTest):
    def test_logins_and_ways_that_are_closed(self):
        self.fill(3)
        self.refuse("the server refuses the login", code=FAILED, MY_URL=self.server.url(password="wrong"))
        self.refuse("cannot be reached", code=FAILED, MY_URL=f"mysql://penstock:x@127.0.0.1:{free_port()}/crm")
        self.refuse("database", code=FAILED, MY_URL=self.server.url(database="nowhere"))
        self.refuse("url", "mysql://", code=USAGE, MY_URL="127.0.0.1")
        self.source(type="mysql", url="${env:MY_URL}", encryption="required")
        self.refuse("encrypted", code=FAILED)

    def test_sql_that_does_not_fit(self):
        self.project.model("select id,\n  nothing_such\nfrom people")
        self.refuse("models/people.yaml", "nothing_such", code=USAGE)
        self.project.model("select id\nform people")
        self.refuse("models/people.yaml", "line 2 of the SQL", code=USAGE)
        self.project.model("select * from no_such_table")
        self.refuse("no_such_table", code=USAGE)
        self.project.model("delete from people")
        self.refuse("models/people.yaml", code=USAGE)

    def test_a_grant_that_is_missing(self):
        self.server.root("create database hidden; create table hidden.t (id int, email text, name text); "
                         "create user if not exists reader@'%' identified by 'r'; grant select on crm.* to reader@'%'")
        self.project.model("select * from hidden.t")
        self.refuse("hidden", "grant", code=FAILED,
                    MY_URL=f"mysql://reader:r@127.0.0.1:{self.server.port}/crm")
        self.server.root("drop database hidden")

    def test_a_query_that_takes_too_long(self):
        self.source(type="mysql", url="${env:MY_URL}", statement_timeout="1s")
        self.project.model("select 1 as id, 'a@example.com' as email, sleep(30) as name, null as phone, null as city")
        self.refuse("gave up the query", "statement_timeout", code=FAILED)

    def slow(self):
        self.fill(20000)
        self.project.model("select id, email, name, phone, if(sleep(0.01), '', city) as city from people")

    def sessions(self):
        return self.server.root("select id from information_schema.processlist where user = 'penstock' and info like "
                                "'select%penstock_model%'").stdout.split()

    def test_a_query_that_is_killed(self):
        self.slow()
        process = self.project.start("run", "contacts", MY_URL=self.server.url())
        self.wait_until(self.sessions)
        time.sleep(0.3)
        self.server.root(f"kill query {self.sessions()[0]}")
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, FAILED, out + err)
        self.assertIn("killed on the server", out + err)
        self.assert_nothing_sent()

    def test_a_server_that_dies(self):
        self.slow()
        process = self.project.start("run", "contacts", MY_URL=self.server.url())
        self.wait_until(self.sessions)
        self.server.kill()
        out, err = process.communicate(timeout=60)
        self.server.start()
        self.assertEqual(process.returncode, FAILED, out + err)
        self.assertIn("source 'warehouse'", out + err)
        self.assert_nothing_sent()

    def test_ctrl_c_ends_the_query_on_the_server(self):
        self.slow()
        self.interrupt(("run", "contacts"), self.sessions, MY_URL=self.server.url())
        self.wait_until(lambda: not self.sessions())


if __name__ == "__main__":
    main()
