"""Reading from servers: each against its own client that copies the same query and throws it away."""

import json
import os
import sys

import warehouse
from processes import ROOT, alternate, cost_of, median, tool
from report import Line

sys.path.append(os.path.join(ROOT, "tests", "stores"))
from servers import PASSWORD, Postgres  # noqa: E402  pylint: disable=wrong-import-position

TABLE = ("create table customers as select i::bigint as id, 'person' || i || '@example.com' as email, case when i % 20 > 0 then "
         "'First' || i % 5000 end as first_name, 'Last' || i % 50000 as last_name, (i % 10000000 / 100.0)::numeric(12,2) as ltv, "
         "(i % 1000000) / 1e6::float8 as score, i % 2 = 0 as active, date '2015-01-01' + i % 4000 as signed_up, "
         "timestamp '2026-01-01' + i % 20000000 * interval '1 second' as seen_at, 'Berlin'::text as city "
         "from generate_series(1, {rows}) i")


def sources(place, sizes):
    rows = sizes.plan_rows // 5
    server = Postgres()
    try:
        server.sql(TABLE.format(rows=rows))
        server.sql("vacuum analyze customers")
        project = warehouse.Project(place.path("sources"))
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
