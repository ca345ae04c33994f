"""The data and the project that are measured: customers with ten columns of mixed types, and a sync of all of them.

Two states of the warehouse: `before` is what the destination accepted; `after` has 1% of the rows changed, 0.5% added and
0.5% removed. Both are made in one go, from the row's number alone, so that files of one size are always the same.
"""

import json
import os
import re
import shutil

from processes import PROGRAM, ROOT, cost_of, say, tool

COLUMNS = {
    "id": "i",
    "email": "'person' || i || '@example.com'",
    "first_name": "CASE WHEN hash(i) % 20 = 0 THEN NULL ELSE 'First' || hash(i) % 5000 END",
    "last_name": "'Last' || hash(i + 1) % 50000",
    "city": "['Berlin', 'Paris', 'London', 'Madrid', 'Rome', 'Vienna', 'Oslo', 'Lisbon'][1 + CAST(hash(i + 2) % 8 AS BIGINT)]",
    "ltv": "CAST(hash(i + 3) % 10000000 / 100 + {change} AS DECIMAL(12, 2))",
    "score": "hash(i + 4) % 1000000 / 1e6",
    "active": "hash(i + 5) % 2 = 0",
    "signed_up": "DATE '2015-01-01' + CAST(hash(i + 6) % 4000 AS INTEGER)",
    "seen_at": "TIMESTAMP '2026-01-01' + to_seconds(CAST(hash(i + 7) % 20000000 AS BIGINT))",
}
FIELDS = {"customer_id": "id", "email": "email", "firstname": "first_name", "lastname": "last_name", "city": "city",
          "ltv": "ltv", "score": "score", "active": "active", "signed_up": "signed_up", "seen_at": "seen_at"}
ADDED_SHARE = 200  # one row in so many is added, and one is removed


def fast_hash(table=""):
    """DuckDB's own hash of a row: 64 bits, and another one in the next version of DuckDB."""
    return f"hash({', '.join(table + name for name in COLUMNS)})"


def md5_hash(table=""):
    """A row's hash that can be kept: of 128 bits, the same everywhere, and no NULL makes it one or goes unnoticed."""
    texts = (f"coalesce(CAST({table}{name} AS VARCHAR), chr(30))" for name in COLUMNS)
    return f"md5(concat_ws(chr(31), {', '.join(texts)}))"


def make_database(path, rows, state):
    """A file with the table `customers`; that of `after` also has `sent`: key and row hash of `before`, for the SQL."""
    if os.path.exists(path):
        return
    say(f"making {os.path.basename(path)}: {rows:,} rows")
    first = rows // ADDED_SHARE if state == "after" else 0

    def select(state, start):
        change = "CASE WHEN i % 100 = 7 THEN 1 ELSE 0 END" if state == "after" else "0"
        columns = ", ".join(f"{sql.replace('{change}', change)} AS {name}" for name, sql in COLUMNS.items())
        return f"SELECT {columns} FROM range({start}, {start + rows}) AS numbers(i)"

    statements = [f"CREATE TABLE customers AS {select(state, first)}"]
    if state == "after":
        statements.append(f"CREATE TABLE sent AS SELECT id, {fast_hash()} AS hash FROM ({select('before', 0)})")
    _write_database(path, statements)


def make_sent(path, before):
    """A file with the table `sent` as a person would keep it: key and MD5 of each row of the database `before`."""
    if os.path.exists(path):
        return
    say(f"making {os.path.basename(path)}")
    _write_database(path, [f"ATTACH '{before}' AS accepted (READ_ONLY)",
                           f"CREATE TABLE sent AS SELECT id, {md5_hash()} AS hash FROM accepted.customers"])


def _write_database(path, statements):
    temporary = path + ".new"
    if os.path.exists(temporary):
        os.remove(temporary)
    cost_of([tool("duck_sql"), "--file", temporary, "--write", "--memory", "4GB", *statements, "CHECKPOINT warehouse"])
    os.rename(temporary, path)


def shipped_with(limit):
    """The connector as it is shipped, but for what it says of the rate of writes."""
    with open(os.path.join(ROOT, "connectors", "hubspot.yaml"), encoding="utf-8") as file:
        shipped = file.read()
    own, replaced = re.subn(r"(?<=^limits:\n)  crm:\n(    .*\n)+", f"  crm: {{ {limit} }}\n", shipped, flags=re.MULTILINE)
    if replaced != 1:
        raise SystemExit("connectors/hubspot.yaml writes its limits in another way than bench/warehouse.py knows")
    return own


class Project:
    """A project directory with one sync, `customers`, of whatever database file a command names."""

    def __init__(self, directory, base_url="http://127.0.0.1:1", limit="rates: [{ rate: 1000000/1s }]", batch=None,
                 **destination):
        self.directory = directory
        self._write("penstock.yaml", {"project": "bench"})
        self._write("sources/warehouse.yaml", {"type": "duckdb", "path": "${env:WAREHOUSE}"})
        self._write("models/customers.yaml", {"source": "warehouse", "primary_key": "id", "table": "customers"})
        self._write("destinations/crm.yaml",
                    {"type": "hubspot", "access_token": "bench", "base_url": base_url} | destination)
        self.sync(**({"batch": batch} if batch else {}))
        self._write("connectors/hubspot.yaml", shipped_with(limit))

    def _write(self, name, content):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content, indent=1))

    def sync(self, **settings):
        """The one sync, with these settings besides."""
        self._write("syncs/customers.yaml",
                    {"model": "customers", "destination": "crm", "object": "contacts", "mode": "upsert",
                     "match": {"email": "email"}, "fields": FIELDS, "on_removed": "delete"} | settings)

    def source(self, **settings):
        self._write("sources/warehouse.yaml", settings)

    def newest(self, kind):
        """The newest file that a run of the sync left of this kind."""
        directory = os.path.join(self.directory, ".penstock", kind, "customers")
        return max((os.path.join(directory, name) for name in os.listdir(directory)), key=os.path.getmtime)

    def multiply(self, base_urls, syncs, batch):
        """So many syncs to each of these accounts, in place of the one."""
        for number, url in enumerate(base_urls):
            self._write(f"destinations/account{number}.yaml",
                        {"type": "hubspot", "access_token": f"bench{number}", "base_url": url})
            for sync in range(syncs):
                self._write(f"syncs/small{number}_{sync}.yaml",
                            {"model": "customers", "destination": f"account{number}", "object": "contacts", "mode": "upsert",
                             "match": {"email": "email"}, "fields": FIELDS, "batch": batch})
        os.remove(os.path.join(self.directory, "syncs/customers.yaml"))

    def command(self, *arguments):
        return [PROGRAM, "-C", self.directory, *arguments, "--json"]

    def penstock(self, warehouse, *arguments, ok=(0,)):
        return cost_of(self.command(*arguments), ok, WAREHOUSE=warehouse)

    def accept(self, warehouse):
        """Takes all rows of the warehouse as accepted. Once: a project keeps it."""
        mark = os.path.join(self.directory, "accepted")
        if os.path.exists(mark):
            return
        shutil.rmtree(os.path.join(self.directory, ".penstock"), ignore_errors=True)
        say("making the snapshot")
        cost_of([tool("accept"), self.directory, "customers"], WAREHOUSE=warehouse)
        open(mark, "w", encoding="utf-8").close()


def bare_scan(warehouse):
    """The same columns streamed out of DuckDB and thrown away, with the memory that a source has by default."""
    return cost_of([tool("duck_sql"), "--file", warehouse, "--memory", "1GB", "SELECT * FROM customers"])


def plan_with_fast_hash(warehouse, temporary):
    """The plan as SQL can do it fastest, and only until DuckDB's next version; keys that occur twice go unnoticed."""
    return _plan_in_sql(warehouse, temporary, [], "sent", fast_hash("customers."))


def plan_with_md5(warehouse, temporary, sent):
    """The plan as a person would write it in SQL, to be run every night; `sent` is of make_sent()."""
    attach = f"ATTACH '{sent}' AS kept (READ_ONLY)"
    repeated = "CREATE TEMP TABLE repeated AS SELECT id FROM customers GROUP BY id HAVING count(*) > 1"
    return _plan_in_sql(warehouse, temporary, [attach, repeated], "kept.sent", md5_hash("customers."),
                        "AND id NOT IN (SELECT id FROM repeated)")


def _plan_in_sql(warehouse, temporary, first, sent, row_hash, condition=""):
    """With all the memory that DuckDB wants."""
    joined = f"customers FULL OUTER JOIN {sent} AS sent ON customers.id = sent.id AND {row_hash} = sent.hash"
    return cost_of([
        tool("duck_sql"), "--file", warehouse, "--memory", "8GB", "--temporary", temporary, *first,
        f"CREATE TEMP TABLE unmatched AS SELECT customers.*, sent.id AS sent_id FROM {joined} "
        "WHERE customers.id IS NULL OR sent.id IS NULL",
        f"CREATE TEMP TABLE to_send AS SELECT * EXCLUDE sent_id FROM unmatched WHERE id IS NOT NULL {condition}",
        "CREATE TEMP TABLE removed AS SELECT sent_id FROM unmatched WHERE id IS NULL AND sent_id NOT IN "
        "(SELECT id FROM to_send)",
        "SELECT (SELECT count(*) FROM to_send) + (SELECT count(*) FROM removed)"])
