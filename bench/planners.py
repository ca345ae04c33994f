"""Planning in the warehouse: how long it takes, against the bare aggregate that hashes every row, and what leaves it."""

import os
import shutil
import sys

import warehouse
from processes import PROGRAM, ROOT, alternate, cost_of, median, result_of, say
from report import Line
from sources import TABLE

sys.path.insert(0, os.path.join(ROOT, "tests", "stores"))
# pylint: disable=wrong-import-position
from servers import PASSWORD, Postgres  # noqa: E402


def sent_on_loopback():
    """Bytes that the machine has sent to itself: the server, the client, and whoever else is on it."""
    with open("/proc/net/dev", encoding="ascii") as file:
        for line in file:
            name, _, numbers = line.partition(":")
            if name.strip() == "lo":
                return int(numbers.split()[8])
    raise SystemExit("there is no loopback interface")


def in_warehouse(place, sizes):
    rows = sizes.plan_rows
    server = Postgres()
    try:
        say(f"filling PostgreSQL: {rows:,} rows")
        server.sql(TABLE.format(rows=rows))
        server.sql("vacuum analyze customers")
        project = warehouse.Project(place.path("planner"))
        shutil.rmtree(os.path.join(project.directory, ".penstock"), ignore_errors=True)  # of another server
        project.source(type="postgres", url=server.url())
        project.sync(planner="warehouse")
        command = [PROGRAM, "-C", project.directory]
        say("the first run, which brings every row")
        cost_of([*command, "run", "customers", "--baseline", "--json"], HUBSPOT_TOKEN="x")
        server.sql("update customers set ltv = ltv + 1 where id % 100 = 7")
        server.sql("vacuum analyze customers")
        size = int(server.sql("select sum(length(t::text)) from customers t"))
        psql = [os.path.join(server.programs, "psql"), "-XAtq", "-h", "127.0.0.1", "-p", str(server.port), "-U", "penstock", "-d",
                "postgres", "-c"]

        def aggregate(row_hash):
            return cost_of([*psql, f"select count(*), sum({row_hash}) from customers t"], PGPASSWORD=PASSWORD)
        left = []

        def plan():
            before = sent_on_loopback()
            cost = cost_of([*command, "plan", "customers", "--json"], HUBSPOT_TOKEN="x")
            left.append(sent_on_loopback() - before)
            return cost
        costs = alternate(sizes.rounds, aggregate=lambda: aggregate("hashtextextended(t::text, 0)"), plan=plan,
                          record=lambda: aggregate(f"hash_record_extended(row({', '.join('t.' + name for name in warehouse.COLUMNS)}), 0)"))
        server.sql("delete from customers where id % 200 = 3")
        server.sql("vacuum analyze customers")
        removed = alternate(sizes.rounds, plan=plan)
    finally:
        server.remove()
    result = result_of(costs["plan"][-1])
    if (result["rows"], result["changed"]) != (rows, rows // 100):
        raise SystemExit(f"not the plan that was meant: {result}")
    ours, bare, sent = median(costs["plan"]), median(costs["aggregate"]), sorted(left[:sizes.rounds])[sizes.rounds // 2]
    gone, record = median(removed["plan"]), median(costs["record"])
    if result_of(removed["plan"][-1])["removed"] != rows // 200:
        raise SystemExit(f"not the plan that was meant: {result_of(removed['plan'][-1])}")
    return [
        Line("A plan in PostgreSQL, 1% changed, against the bare aggregate that hashes every row",
             f"{ours / bare:.2f}× ({ours:.1f} s : {bare:.1f} s)", "≤ 2×", ours <= 2 * bare),
        Line("The same with 0.5% of the rows removed as well, which takes a second join",
             f"{gone / bare:.2f}× ({gone:.1f} s)", "", None),
        Line("For comparison: the bare aggregate with the hash that the plan uses, of values instead of their text",
             f"{record / bare:.2f}× ({record:.1f} s)", "", None),
        Line("What left the server, of the model's bytes", f"{sent / size:.1%} ({sent / (1 << 20):,.1f} MB of {size / (1 << 20):,.0f} MB)",
             "as much as changed, not all", sent < size / 10),
        Line("Memory of the planning process", f"{max(cost.peak_bytes for cost in costs['plan']) / (1 << 20):,.0f} MB", "", None),
    ]
