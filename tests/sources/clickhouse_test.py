"""Models in ClickHouse, on Debian's server, which is of 2018; chdb_test.py asks today's engine."""

import json
import socket
import ssl
import subprocess
import threading
from decimal import Decimal

from source_case import FAILED, USAGE, SourceTest, main
from servers import PASSWORD, ClickHouse

# name: (SQL, type here, value in preview's JSON)
TYPES = {
    "t_int8": ("toInt8(-128)", "TINYINT", -128),
    "t_int16": ("toInt16(-32768)", "SMALLINT", -32768),
    "t_int32": ("toInt32(-2147483648)", "INTEGER", -2147483648),
    "t_int64": ("toInt64('-9223372036854775808')", "BIGINT", -9223372036854775808),
    "t_uint8": ("toUInt8(255)", "UTINYINT", 255),
    "t_uint16": ("toUInt16(65535)", "USMALLINT", 65535),
    "t_uint32": ("toUInt32(4294967295)", "UINTEGER", 4294967295),
    "t_uint64": ("toUInt64('18446744073709551615')", "UBIGINT", 18446744073709551615),
    "t_float32": ("toFloat32(0.5)", "FLOAT", 0.5),
    "t_float64": ("toFloat64(0.1)", "DOUBLE", 0.1),
    "t_dec4": ("CAST('-99.99' AS Decimal(4,2))", "DECIMAL(4,2)", Decimal("-99.99")),
    "t_dec9": ("CAST('-1234567.89' AS Decimal(9,2))", "DECIMAL(9,2)", Decimal("-1234567.89")),
    "t_dec18": ("CAST('0.000000000000000001' AS Decimal(18,18))", "DECIMAL(18,18)", Decimal("1E-18")),
    "t_dec38": ("CAST('12345678901234567890123456789.012345678' AS Decimal(38,9))", "DECIMAL(38,9)",
                Decimal("12345678901234567890123456789.012345678")),
    "t_dec37": ("CAST('-99999999999999999999999999999999999999' AS Decimal(38,0))", "DECIMAL(38,0)",
                -99999999999999999999999999999999999999),
    "t_text": ("'Zoë \\t\\\\N \"日本\" 🎉'", "VARCHAR", "Zoë \t\\N \"日本\" 🎉"),
    "t_twelve": ("'exactly 12 b'", "VARCHAR", "exactly 12 b"),
    "t_thirteen": ("'exactly 13 by'", "VARCHAR", "exactly 13 by"),
    "t_empty": ("''", "VARCHAR", ""),
    "t_long": ("arrayStringConcat(arrayMap(x -> 'ab', range(500)))", "VARCHAR", "ab" * 500),
    "t_fixed": ("toFixedString('DE', 5)", "VARCHAR", "DE"),
    "t_date": ("toDate('2026-11-27')", "DATE", "2026-11-27"),
    "t_time": ("toDateTime('2026-11-27 10:00:00', 'UTC')", "TIMESTAMP WITH TIME ZONE", "2026-11-27T10:00:00Z"),
    "t_zone": ("toDateTime('2026-11-27 10:00:00', 'Asia/Tokyo')", "TIMESTAMP WITH TIME ZONE", "2026-11-27T01:00:00Z"),
    "t_uuid": ("toUUID('6a2f41a3-c54c-fce8-32d2-0324e1c32e22')", "UUID", "6a2f41a3-c54c-fce8-32d2-0324e1c32e22"),
    "t_enum": ("CAST('it\\'s' AS Enum8('it\\'s' = -1, 'b' = 2))", "VARCHAR", "it's"),
    "t_enum16": ("CAST('b' AS Enum16('a' = 1000, 'b' = 2000))", "VARCHAR", "b"),
    "t_lowcard": ("toLowCardinality('again')", "VARCHAR", "again"),
    "t_ip": ("IPv4NumToString(toUInt32(16909060))", "VARCHAR", "1.2.3.4"),
    "t_interval": ("toIntervalDay(3)", "VARCHAR", "3"),
    "t_null": ("CAST(NULL AS Nullable(Decimal(10,2)))", "DECIMAL(10,2)", None),
    "t_nothing": ("NULL", "VARCHAR", None),
    "t_some": ("CAST('x' AS Nullable(String))", "VARCHAR", "x"),
    "t_array": ("[1, NULL, 3]", "JSON", [1, None, 3]),
    "t_texts": ("['a', 'b \"c\"\\n']", "JSON", ["a", "b \"c\"\n"]),
    "t_deep": ("[[[1.5], emptyArrayFloat64()], [[-2.25]]]", "JSON", [[[Decimal("1.5")], []], [[Decimal("-2.25")]]]),
    "t_none": ("[]", "JSON", []),
    "t_enums": ("[CAST('b' AS Enum8('a' = 1, 'b' = 2))]", "JSON", ["b"]),
    "t_times": ("[toDateTime('2026-11-27 10:00:00', 'UTC')]", "JSON", ["2026-11-27T10:00:00Z"]),
    "t_tuple": ("(1, 'x', toDate('2026-11-27'), CAST('1.50' AS Decimal(9,2)))", "JSON", [1, "x", "2026-11-27", Decimal("1.50")]),
    "t_uuids": ("[toUUID('6a2f41a3-c54c-fce8-32d2-0324e1c32e22')]", "JSON", ["6a2f41a3-c54c-fce8-32d2-0324e1c32e22"]),
    "t_pairs": ("[('a', 1), ('b', 2)]", "JSON", [["a", 1], ["b", 2]]),
}


class ClickHouseTest(SourceTest):
    secret = PASSWORD

    @classmethod
    def setUpClass(cls):
        cls.server = ClickHouse()
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        super().setUp()
        for statement in ("drop table if exists people", "drop database if exists app",
                          "create table people (id Int64, email String, name Nullable(String), phone Nullable(String), "
                          "city Nullable(String)) engine = MergeTree order by id"):
            self.sql(statement)
        self.clickhouse()

    def clickhouse(self, **settings):
        self.source(**({"type": "clickhouse", "url": "${env:CH_URL}", "user": "penstock", "password": "${env:CH_PASSWORD}"}
                       | settings))

    def sql(self, statement):
        return self.server.sql(statement)

    def call(self, *arguments, code=0, **env):
        return super().call(*arguments, code=code, **(self.at_server() | env))

    def at_server(self):
        return {"CH_URL": self.server.url(), "CH_PASSWORD": PASSWORD}

    def fill(self, count, first=1):
        self.sql(f"insert into people select number + {first}, concat('p', toString(number + {first}), '@example.com'), "
                 f"concat('Person ', toString(number + {first})), NULL, 'Ulm' from numbers({count})")


class Values(ClickHouseTest):
    def test_every_type_arrives_as_it_is(self):
        every = "select " + ", ".join(f"{sql} as {name}" for name, (sql, _, _) in TYPES.items())
        self.server.sql(f"create view every as {every}", allow_experimental_low_cardinality_type=1)
        self.addCleanup(self.sql, "drop table every")
        self.assertEqual(self.types("every"), {name: kind for name, (_, kind, _) in TYPES.items()})
        self.project.model("select * from every", key="t_int32")
        for compression in ("none", "gzip"):
            self.clickhouse(compression=compression)
            [line] = [one for one in self.call("preview", "people", "--json").out.split("\n") if one]
            told = json.loads(line, parse_float=Decimal)
            expected = {name: Decimal(str(value)) if isinstance(value, float) else value
                        for name, (_, _, value) in TYPES.items()}
            self.assertEqual(told, expected, compression)

    def test_many_rows_in_blocks_of_many_sizes(self):
        for rows in (0, 1, 2047, 2048, 2049, 65536, 65537, 200_001):
            self.project.model(f"select number + 1 as id, substring('{'x' * 100}', 1, id % 100) as email, NULL as name, "
                               f"if(id % 3 = 0, id, NULL) as phone, arrayMap(x -> toString(x), range(id % 5)) as city "
                               f"from numbers(300000) limit {rows}")
            seen = self.preview(rows=10_000)
            self.assertEqual(len({one["id"] for one in seen}), min(rows, 10_000), rows)
            for one in seen:
                self.assertEqual((one["email"], one["name"], one["phone"], one["city"]),
                                 ("x" * (one["id"] % 100), None, one["id"] if one["id"] % 3 == 0 else None,
                                  [str(x) for x in range(one["id"] % 5)]))
            self.project.model(f"select number + 1 as id, concat('p', toString(id)) as email, NULL as name, NULL as phone, "
                               f"[id] as city from numbers(300000) limit {rows}")
            self.plan_sync(rows=rows, added=rows)

    def test_bytes_that_are_no_text_are_an_error(self):
        for value in ("unhex('ff00')", "toFixedString(unhex('c3'), 4)", "[unhex('ff')]"):
            self.project.model(f"select number as id, if(number = 70000, {value}, {value.replace('ff', '41').replace('c3', '41')}) "
                               "as email, '' as name, '' as phone, '' as city from numbers(100000)")
            self.refuse("row 70001", "'email'", "not UTF-8", "hex()", code=FAILED)
        self.assertEqual(self.preview("select 1 as id, hex(unhex('ff00')) as h, nullIf(unhex('ff'), unhex('ff')) as n"),
                         [{"id": 1, "h": "FF00", "n": None}])

    def test_names_that_need_quotes(self):
        self.assertEqual(self.preview("select 1 as id, 2 as `a b`, 4 as `penstock_1`, 5 as `it's`, 6 as `n.m`"),
                         [{"id": 1, "a b": 2, "penstock_1": 4, "it's": 5, "n.m": 6}])


class Runs(ClickHouseTest):
    def test_a_run_sends_the_table_and_then_what_changed(self):
        self.fill(5000)
        self.run_sync(rows=5000, added=5000, accepted=5000)
        self.assert_quiet(unchanged=5000)
        self.sql("create table newer as people")
        self.addCleanup(self.sql, "drop table newer")
        self.sql("insert into newer select id, email, name, phone, if(id % 1000 = 0, 'Bonn', city) from people where id <> 1")
        self.project.model("select * from newer")
        self.run_sync(rows=4999, changed=5, accepted=5)
        self.assertEqual(self.records("city")["p1000@example.com"], "Bonn")

    def test_the_same_values_from_files_are_no_change(self):
        self.fill(1)
        self.run_sync(added=1, accepted=1)
        self.project.csv_source()
        self.project.model("select cast(id as bigint) as id, email, name, phone, city from people")
        self.project.rows([{"id": 1, "email": "p1@example.com", "name": "Person 1", "phone": None, "city": "Ulm"}])
        self.assert_quiet(unchanged=1)

    def test_tables_views_and_databases(self):
        self.sql("create database app")
        self.sql("create table app.`Odd Name` (`the id` Int32, email String) engine = Memory")
        self.sql("insert into app.`Odd Name` values (7, 'x')")
        listed = self.call("discover", "warehouse", "--json").objects
        self.assertEqual(listed, [{"table": "app.Odd Name"}, {"table": "people"}])
        self.project.write("models/people.yaml", {"source": "warehouse", "primary_key": "the id", "table": "app.Odd Name"})
        self.assertEqual(self.preview(), [{"the id": 7, "email": "x"}])
        self.clickhouse(database="app")
        self.project.write("models/people.yaml", {"source": "warehouse", "primary_key": "the id", "table": "Odd Name"})
        self.assertEqual(self.preview(), [{"the id": 7, "email": "x"}])
        self.assertEqual(self.preview("select `the id` as id from `Odd Name` -- a comment at the end"), [{"id": 7}])

    def test_a_user_who_may_set_nothing(self):
        self.fill(20)
        self.clickhouse(user="fixed")
        self.run_sync(rows=20, added=20, accepted=20)

    def test_a_profile_that_cuts_results_off(self):
        self.fill(100_000)
        self.clickhouse(user="partial")
        self.refuse("result_overflow_mode = break", "rows may be missing", code=FAILED)
        self.clickhouse(user="cut")
        self.refuse("Limit for result exceeded", code=FAILED)


class Failures(ClickHouseTest):
    def test_who_and_where(self):
        self.refuse("refuses the login", "`password`", code=FAILED, CH_PASSWORD="wrong")
        self.refuse("cannot connect", code=FAILED, CH_URL="http://127.0.0.1:1")
        self.refuse("does not resolve", code=FAILED, CH_URL="http://no-such-host.invalid:8123")
        self.refuse("ClickHouse's HTTP port", code=FAILED, CH_URL=f"http://127.0.0.1:{self.server.tcp_port}")
        self.assert_refused(self.call("run", "contacts", code=FAILED, CH_URL=self.sandbox.url), "ClickHouse's HTTP port", "status")
        self.sandbox.call("POST", "/_sandbox/reset")
        # The server answers the beginning of TLS when it holds the end of a line; else it waits for one.
        encrypted = self.refuse("127.0.0.1", code=FAILED, CH_URL=self.server.url().replace("http:", "https:"))
        self.assertRegex(encrypted.err + encrypted.out, "encrypted connection|within 10 s")
        self.refuse("`user` and `password`", code=USAGE, CH_URL=f"http://penstock:{PASSWORD}@127.0.0.1:8123")
        self.refuse("is not a URL", code=USAGE, CH_URL="127.0.0.1:8123")
        self.clickhouse(database="nowhere")
        self.refuse("nowhere", "`database`", code=FAILED)
        self.clickhouse(ca_file="none.pem")
        self.refuse("none.pem", code=USAGE)

    def test_the_model_does_not_fit(self):
        self.project.model("select id,\n  emial\nfrom people")
        self.refuse("models/people.yaml", "emial", code=USAGE)
        self.project.model("select id\nfrom people\nwhere id = = 1")
        self.refuse("models/people.yaml", "line 3 of the SQL", code=USAGE)
        self.project.model("select * from no_such_table")
        self.refuse("no_such_table", code=USAGE)
        self.project.model("select id, id from people")
        self.call("run", "contacts", code=USAGE)
        self.project.model("select sumState(id) as id from people")
        self.refuse("'id'", "AggregateFunction", "finalizeAggregation", code=USAGE)
        for sql in ("alter table people delete where 1", "select 1 as id; drop table people", "select 1 as id format TSV", "selec 1",
                    "select 1 as id) format Native -- ", "insert into people (id) values (1)"):
            self.project.model(sql)
            self.call("run", "contacts", code=USAGE)
        self.assertEqual(self.sql("exists table people"), "1")
        self.assert_nothing_sent()

    def test_a_missing_grant_says_what_to_grant(self):
        self.clickhouse(user="stranger")
        self.refuse("Access denied to database default", "grant", code=FAILED)

    def test_the_query_takes_too_long(self):
        self.clickhouse(max_execution_time="1s")
        self.slow()
        self.refuse("gave up", "max_execution_time", code=FAILED)

    def test_an_error_behind_the_first_rows_is_not_the_end_of_them(self):
        """The server has said that all is well, and writes the error where rows should be."""
        for at in (0, 1, 100_000, 1_500_000, 2_999_999):
            for columns in ("", ", toString(number) as d, [number] as e"):
                self.project.model("select number as id, concat('p', toString(number)) as email, "
                                   f"if(throwIf(number = {at}) = 0, 'x', 'y') as name, NULL as phone, NULL as city{columns} "
                                   "from system.numbers limit 3000000")
                self.refuse("source 'warehouse'", "'throwIf' function", code=FAILED)
        self.clickhouse(compression="gzip")
        self.refuse("source 'warehouse'", "'throwIf' function", code=FAILED)

    def slow(self):
        self.project.model("select number as id, concat(toString(number), '@example.com') as email, '' as name, '' as phone, "
                           "toString(sleepEachRow(0.01)) as city from system.numbers limit 100000 settings max_block_size = 100")

    def is_reading(self):
        return self.sql("select count() from system.processes where query like 'SELECT%sleepEachRow%FORMAT Native' "
                        "and query not like '%processes%'") == "1"

    def test_an_interrupt_ends_the_servers_work_too(self):
        self.slow()
        self.interrupt(("run", "contacts"), self.is_reading, **self.at_server())
        self.wait_until(lambda: not self.is_reading())
        self.project.model("select * from people")
        self.fill(3)
        self.run_sync(added=3, accepted=3)

    def test_a_preview_reads_no_further_than_it_shows(self):
        self.project.model("select number as id from system.numbers")
        self.assertEqual(self.preview(rows=3), [{"id": 0}, {"id": 1}, {"id": 2}])
        self.wait_until(lambda: self.sql("select count() from system.processes") == "1")

    def test_a_query_that_is_ended_and_a_server_that_is_killed(self):
        self.slow()
        for end in ("kill query where query like '%sleepEachRow%FORMAT Native' async", None):
            process = self.project.start("run", "contacts", **self.at_server())
            self.wait_until(self.is_reading)
            if end:
                self.sql(end)
            else:
                self.addCleanup(self.server.start)
                self.server.kill()
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, FAILED, out + err)
            self.assertIn("source 'warehouse'", out + err)
            self.assertRegex(out + err, "was ended on the server|broke in the middle|without a reply")
            self.assert_nothing_sent()

    def test_a_table_dropped_between_two_runs(self):
        self.fill(3)
        self.run_sync(added=3, accepted=3)
        self.sql("rename table people to persons")
        self.assert_refused(self.call("run", "contacts", code=USAGE), "people")
        self.sql("rename table persons to people")
        self.assert_quiet(unchanged=3)


class Cluster(ClickHouseTest):
    """A table whose rows are on two servers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = ClickHouse()
        cls.addClassCleanup(cls.other.remove)
        ClickHouse.join([cls.server, cls.other])

    def setUp(self):
        super().setUp()
        for server in (self.server, self.other):
            server.sql("drop table if exists parts")
            server.sql("create table parts (id Int64, email String, name String, phone String, city String) engine = MergeTree "
                       "order by id")
        self.sql("drop table people")
        self.sql("create table people as parts engine = Distributed(all, default, parts, sipHash64(id))")
        self.server.ask("insert into people select number, concat('p', toString(number), '@example.com'), 'x', '', 'Ulm' from "
                        "numbers(5000)", insert_distributed_sync=1)

    def test_rows_of_all_servers_or_none(self):
        for server in (self.server, self.other):
            self.assertGreater(int(server.sql("select count() from parts")), 2000)
        self.plan_sync(rows=5000, added=5000)
        self.addCleanup(self.other.start)
        self.other.kill()
        for user in ("penstock", "lenient"):  # the latter's profile leaves out servers that are away
            self.clickhouse(user=user)
            self.refuse("source 'warehouse'", "connection tries failed", code=FAILED)


class Encrypted(ClickHouseTest):
    def test_only_a_certificate_that_is_trusted(self):
        self.fill(3)
        certificate, key = self.project.path("ca.pem"), self.project.path("key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        threading.Thread(target=self.decrypt, args=(listener, context), daemon=True).start()
        url = f"https://localhost:{listener.getsockname()[1]}"
        self.refuse("certificate", "not trusted", code=FAILED, CH_URL=url)
        self.clickhouse(ca_file="ca.pem")
        self.assertEqual(len(self.preview(CH_URL=url)), 3)

    def decrypt(self, listener, context):
        """Hands on to the server what comes over TLS, one connection after the other."""
        while True:
            try:
                plain, _ = listener.accept()
                with context.wrap_socket(plain, server_side=True) as client, \
                        socket.create_connection(("127.0.0.1", self.server.port)) as server:
                    threading.Thread(target=pump, args=(server, client), daemon=True).start()
                    pump(client, server)
            except ssl.SSLError:
                continue
            except OSError:
                return


def pump(from_socket, to_socket):
    try:
        while data := from_socket.recv(65536):
            to_socket.sendall(data)
    except (OSError, ValueError):
        pass


class Cut(ClickHouseTest):
    """A server that stops in the middle of what it has to say, in ways that a proxy or a crash may lead to."""

    def serve(self, reply_to):
        """A listener that answers each request with reply_to(its body), and closes."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def answer():
            while True:
                try:
                    one, _ = listener.accept()
                except OSError:
                    return
                with one, one.makefile("rb") as file:
                    length = 0
                    while (line := file.readline().strip()):
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.split(b":")[1])
                    one.sendall(reply_to(file.read(length)))

        threading.Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def test_a_reply_that_is_cut_anywhere(self):
        self.fill(300)
        cut = {"at": 0, "end": b""}

        def reply(body):
            data = self.server.ask(body.decode())
            if b"FORMAT Native" in body:
                data = data[:cut["at"]] if cut["at"] else data
                return (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
                        b"%x\r\n" % len(data) + data + b"\r\n" + cut["end"])
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(data) + data

        url = self.serve(reply)
        sql = "SELECT `id` AS penstock_0 FROM (select * from people) FORMAT Native"
        length = len(self.server.ask(sql))
        for end in (b"", b"0\r\n\r\n"):
            for cut["at"] in (1, 2, 3, 10, 20, length // 2, length - 1):
                cut["end"] = end
                self.project.model("select id from people")
                answer = self.call("preview", "people", code=FAILED, CH_URL=url)
                self.assertRegex(answer.err, "broke in the middle|not of the Native format")
        cut.update(at=0, end=b"0\r\n\r\n")
        self.assertEqual(len(self.preview("select id from people", CH_URL=url)), 300)

    def test_a_reply_without_an_end(self):
        def reply(body):
            return b"HTTP/1.0 200 OK\r\n\r\n" + self.server.ask(body.decode())
        self.fill(3)
        self.refuse("does not tell where its reply ends", code=FAILED, CH_URL=self.serve(reply))


if __name__ == "__main__":
    main()
