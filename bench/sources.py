"""How fast rows come out of a database server, against the server's own client that throws them away."""

import json
import os
import sys

import warehouse
from processes import ROOT, alternate, cost_of, median, tool
from report import Line

sys.path.insert(0, os.path.join(ROOT, "tests", "stores"))
# pylint: disable=wrong-import-position
from servers import PASSWORD, ClickHouse, Postgres, find_program, need  # noqa: E402

# Of PostgreSQL; below, those of ClickHouse.
TABLE = ("create table customers as select i::bigint as id, 'person' || i || '@example.com' as email, case when i % 20 > 0 then "
         "'First' || i % 5000 end as first_name, 'Last' || i % 50000 as last_name, (i % 10000000 / 100.0)::numeric(12,2) as ltv, "
         "(i % 1000000) / 1e6::float8 as score, i % 2 = 0 as active, date '2015-01-01' + i % 4000 as signed_up, "
         "timestamp '2026-01-01' + i % 20000000 * interval '1 second' as seen_at, 'Berlin'::text as city "
         "from generate_series(1, {rows}) i")

COLUMNS = {
    "id": ("Int64", "number"),
    "email": ("String", "concat('customer', toString(number), '@example.com')"),
    "first_name": ("String", "concat('First', toString(number % 5000))"),
    "last_name": ("String", "concat('Lastname', toString(number % 90000))"),
    "city": ("String", "concat('City ', toString(number % 200))"),
    "country": ("FixedString(2)", "'DE'"),
    "ltv": ("Decimal(18, 2)", "toDecimal64(number % 100000, 2)"),
    "score": ("Nullable(Float64)", "if(number % 10 = 0, NULL, number / 7)"),
    "signed_up": ("DateTime", "toDateTime(1600000000 + number)"),
    "active": ("UInt8", "number % 2"),
}


def write(directory, name, content):
    path = os.path.join(directory, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file)


def clickhouse(place, sizes):
    rows = sizes.plan_rows
    client = need(find_program("clickhouse-client"), "clickhouse-client")
    server = ClickHouse()
    try:
        types = ", ".join(f"{name} {kind}" for name, (kind, _) in COLUMNS.items())
        server.sql(f"create table customers ({types}) engine = MergeTree order by id")
        server.sql("insert into customers select " + ", ".join(sql for _, sql in COLUMNS.values()) + f" from numbers({rows})")
        project = place.path("clickhouse")
        write(project, "penstock.yaml", {"project": "bench"})
        write(project, "sources/warehouse.yaml", {"type": "clickhouse", "url": server.url(), "user": "penstock",
                                                  "password": "${env:CH_PASSWORD}"})
        write(project, "models/customers.yaml", {"source": "warehouse", "primary_key": "id", "table": "customers"})
        native = "select " + ", ".join(COLUMNS) + " from customers format Native"
        costs = alternate(sizes.rounds,
                          client=lambda: cost_of(["sh", "-c", '"$@" > /dev/null', "sh", client, "--port", server.tcp_port, "--user",
                                                  "penstock", "--password", PASSWORD, "--query", native]),
                          scan=lambda: cost_of([tool("source_scan"), project, "customers"], CH_PASSWORD=PASSWORD))
    finally:
        server.remove()
    counted = json.loads(costs["scan"][-1].out)["rows"]
    if counted != rows:
        raise SystemExit(f"{counted} rows were read of {rows}")
    ours, theirs = median(costs["scan"]), median(costs["client"])
    return [
        Line("ClickHouse, against clickhouse-client --format Native > /dev/null",
             f"{theirs / ours:.2f}× ({rows / ours / 1e6:.1f} M rows/s : {rows / theirs / 1e6:.1f} M)", "", None),
        Line("CPU of reading, decoded into columns", f"{median(costs['scan'], 'cpu_seconds') / rows * 1e6:.2f} s per million rows "
             f"(the client, not decoded: {median(costs['client'], 'cpu_seconds') / rows * 1e6:.2f} s)", "", None),
        Line("Memory of the reading process", f"{max(cost.peak_bytes for cost in costs['scan']) / (1 << 20):,.0f} MB", "", None),
    ]


def postgres(place, sizes):
    rows = sizes.plan_rows // 5
    server = Postgres()
    try:
        server.sql(TABLE.format(rows=rows))
        server.sql("vacuum analyze customers")
        project = warehouse.Project(place.path("postgres"))
        project.source(type="postgres", url=server.url())
        copy = [os.path.join(server.programs, "psql"), "-XAtq", "-h", "127.0.0.1", "-p", str(server.port), "-U", "penstock", "-d",
                "postgres", "-o", "/dev/null", "-c", "copy (select * from customers) to stdout (format binary)"]

        def scan():
            return json.loads(cost_of([tool("source_scan"), project.directory, "customers"]).out)
        costs = alternate(2 * sizes.rounds, psql=lambda: cost_of(copy, PGPASSWORD=PASSWORD), scan=scan)
    finally:
        server.remove()
    if costs["scan"][-1]["rows"] != rows:
        raise SystemExit(f"not all rows arrived: {costs['scan'][-1]}")
    psql = median(costs["psql"])
    scan = sorted(cost["seconds"] for cost in costs["scan"])[len(costs["scan"]) // 2]
    return [Line("PostgreSQL: rows into columns, against psql copying the same query in binary form to nowhere",
                 f"{psql / scan:.2f}× ({rows / scan / 1e6:.2f} M rows/s : {rows / psql / 1e6:.2f} M)", "≥ 0.9×", psql / scan >= 0.9)]
