"""Models in ClickHouse, on today's engine: the types that came since Debian's, and what it says to mistakes."""

import json
from decimal import Decimal

from chdb import Engine
from clickhouse_test import TYPES
from source_case import USAGE, SourceTest, main

SINCE = {
    "n_bool": ("true", "BOOLEAN", True),
    "n_int128": ("toInt128('-170141183460469231731687303715884105728')", "HUGEINT", -2**127),
    "n_uint128": ("toUInt128('340282366920938463463374607431768211455')", "UHUGEINT", 2**128 - 1),
    "n_int256": ("toInt256('-57896044618658097711785492504343953926634992332820282019728792003956564819968')", "VARCHAR", str(-2**255)),
    "n_uint256": ("toUInt256('115792089237316195423570985008687907853269984665640564039457584007913129639935')", "VARCHAR", str(2**256 - 1)),
    "n_dec76": ("toDecimal256('1234567890123456789012345678901234567890.12', 2)", "VARCHAR", "1234567890123456789012345678901234567890.12"),
    "n_bfloat": ("toBFloat16(1.5)", "FLOAT", 1.5),
    "n_date32": ("toDate32('1925-01-01')", "DATE", "1925-01-01"),
    "n_time3": ("toDateTime64('2026-11-27 10:00:00.125', 3, 'UTC')", "TIMESTAMP WITH TIME ZONE", "2026-11-27T10:00:00.125Z"),
    "n_time6": ("toDateTime64('1901-02-03 04:05:06.000007', 6, 'UTC')", "TIMESTAMP WITH TIME ZONE", "1901-02-03T04:05:06.000007Z"),
    "n_time9": ("toDateTime64('2026-11-27 10:00:00.000001000', 9, 'UTC')", "TIMESTAMP WITH TIME ZONE", "2026-11-27T10:00:00.000001Z"),
    "n_ipv4": ("toIPv4('1.2.3.4')", "VARCHAR", "1.2.3.4"),
    "n_ipv6": ("toIPv6('2001:db8::1')", "VARCHAR", "2001:db8::1"),
    "n_time": ("CAST('-12:34:56' AS Time)", "VARCHAR", "-12:34:56"),
    "n_variant": ("CAST('x' AS Variant(UInt8, String))", "VARCHAR", "x"),
    "n_no_variant": ("CAST(NULL AS Variant(UInt8, String))", "VARCHAR", None),
    "n_dynamic": ("CAST(5 AS Dynamic)", "VARCHAR", "5"),
    "n_json": ("CAST('{\"a\":{\"b\":[1,2]}}' AS JSON)", "JSON", {"a": {"b": [1, 2]}}),
    "n_map": ("map('a', 1, 'b', NULL)", "JSON", {"a": 1, "b": None}),
    "n_numbers": ("map(1, ['x'], 2, [])", "JSON", {"1": ["x"], "2": []}),
    "n_named": ("CAST(tuple(1, 'x') AS Tuple(one UInt8, `the other` LowCardinality(String)))", "JSON", {"one": 1, "the other": "x"}),
    "n_nested": ("CAST([(1, 'x')] AS Nested(a UInt8, b String))", "JSON", [{"a": 1, "b": "x"}]),
    "n_empty": ("tuple()", "JSON", []),
    "n_point": ("CAST((1.5, -2) AS Point)", "JSON", [1.5, -2.0]),
    "n_ring": ("CAST([(0., 0.), (1., 1.)] AS Ring)", "JSON", [[0.0, 0.0], [1.0, 1.0]]),
    "n_lowcard": ("toLowCardinality(CAST('x' AS Nullable(String)))", "VARCHAR", "x"),
    "n_lowcards": ("[toLowCardinality('x')]", "JSON", ["x"]),
    "n_big": ("[toUInt128('340282366920938463463374607431768211455')]", "JSON", [2**128 - 1]),
    "n_bools": ("[true, false]", "JSON", [True, False]),
    "n_ips": ("[toIPv4('1.2.3.4')]", "JSON", ["1.2.3.4"]),
    "n_simple": ("CAST(5 AS SimpleAggregateFunction(sum, UInt64))", "UBIGINT", 5),
}


class CurrentTest(SourceTest):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine()
        cls.addClassCleanup(cls.engine.remove)

    def setUp(self):
        super().setUp()
        self.source(type="clickhouse", url=self.engine.url())

    def test_every_type_arrives_as_it_is(self):
        every = {name: value for name, value in (TYPES | SINCE).items() if name != "t_none"}
        sql = "select " + ", ".join(f"{sql} as {name}" for name, (sql, _, _) in every.items())
        self.project.write("models/people.yaml", f"source: warehouse\nprimary_key: t_int32\nsql: |\n  {sql}\n")
        self.engine.sql(f"create or replace view every as {sql}")
        self.assertEqual(self.types("every"), {name: kind for name, (_, kind, _) in every.items()})
        [line] = [one for one in self.call("preview", "people", "--json").out.split("\n") if one]
        told = json.loads(line, parse_float=Decimal)
        exact = json.loads(json.dumps({name: value for name, (_, _, value) in every.items()}, default=float), parse_float=Decimal)
        for name, (_, _, value) in every.items():
            self.assertEqual(told[name], value if isinstance(value, Decimal) else exact[name], name)

    def test_many_rows(self):
        self.project.model("select number as id, concat('p', toString(number)) as email, toNullable(number) as name, [number] as phone, "
                           "toLowCardinality(toString(number % 10)) as city from numbers(300000)")
        self.plan_sync(rows=300_000, added=300_000)

    def test_moments_that_are_too_fine(self):
        self.project.model("select 1 as id, toDateTime64('2026-11-27 10:00:00.123456789', 9, 'UTC') as email")
        answer = self.call("preview", "people", code=1)
        self.assert_refused(answer, "row 1", "'email'", "DateTime64(6)")

    def test_mistakes(self):
        for sql, word in (("select 1 as id,\n  emial", "emial"), ("select * from no_such_table", "no_such_table"),
                          ("select 1 as id\nfrom system.one\nwhere id = = 1", "line 3 of the SQL"), ("select nope(1) as id", "nope"),
                          ("select 1 as id, 2 as id", "id"), ("select sumState(1) as id", "AggregateFunction")):
            self.project.model(sql)
            answer = self.refuse("models/people.yaml", word, code=USAGE)
            self.assertNotIn("(version", answer.text)
            self.assertNotRegex(answer.text, r"\([A-Z_]{8,}\)")


if __name__ == "__main__":
    main()
