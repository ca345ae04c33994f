"""Two projects on one warehouse, each with a sandbox of its own: one is planned here, the other in the warehouse.

What is true of one must be true of the other: the counts of every plan and run, and what the destination holds."""

import os
import random
import sys
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, name) for name in ("stores", "integration", "sources")]
# pylint: disable=wrong-import-position
from harness import DONE, FAILED, PARTIAL, STOPPED, USAGE, Project, Sandbox, environment, main  # noqa: E402,F401
from duck import Duck  # noqa: E402
from servers import PASSWORD, ClickHouse, Postgres  # noqa: E402
from chdb import Engine  # noqa: E402

COUNTS = ("rows", "added", "changed", "removed", "unchanged", "invalid", "waiting", "to_send", "sent", "accepted",
          "rejected", "skipped", "in_doubt")


def quoted(value):
    return "NULL" if value is None else str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


class DuckdbWarehouse:
    """A database file; nobody has it open between two statements."""

    def __init__(self, test):
        self.project = test
        self.file = test.path("warehouse.duckdb")

    def sql(self, statement):
        with Duck(self.file) as duck:
            return duck.query(statement)

    def source(self):
        return {"type": "duckdb", "path": self.file}

    env = {}

    @classmethod
    def stop(cls):
        pass


class ServersWarehouse:
    """One or more servers, which are started once for all tests of a class. Statements go to the first."""

    servers = ()

    def __init__(self):
        if not self.servers:
            type(self).servers = self.start()

    @property
    def server(self):
        return self.servers[0]

    @classmethod
    def stop(cls):
        for server in cls.servers:
            server.remove()
        cls.servers = ()


class PostgresWarehouse(ServersWarehouse):
    def __init__(self, _):
        super().__init__()
        self.sql("drop schema if exists penstock cascade; drop schema public cascade; create schema public")

    def start(self):
        return [Postgres()]

    def sql(self, statement):
        return [tuple(line.split("|")) for line in self.server.sql(statement).split("\n") if line]

    def source(self):
        return {"type": "postgres", "url": "${env:PG_URL}"}

    @property
    def env(self):
        return {"PG_URL": self.server.url()}


class ClickHouseWarehouse(ServersWarehouse):
    """Debian's server. Rows are changed by writing the table anew: old servers have no UPDATE."""

    def __init__(self, _):
        super().__init__()
        for statement in ("drop database if exists penstock", "drop table if exists people"):
            self.server.sql(statement)

    def start(self):
        return [ClickHouse()]

    def sql(self, statement):
        """Statements of the tests, on a copy of the table in a DuckDB; what came of them is put into the server."""
        if "penstock." in statement:
            return self.server.sql(statement.replace("delete from penstock.syncs", "drop table penstock.syncs"))
        if not hasattr(self, "copy"):
            self.copy = Duck()
        result = self.copy.query(statement)
        if not statement.lower().startswith("select"):
            self.publish()
        return result

    def publish(self):
        self.server.sql("drop table if exists people")
        self.server.sql("create table people (id Nullable(Int64), email Nullable(String), name Nullable(String), phone "
                        "Nullable(String), city Nullable(String), note Nullable(String)) engine = Log")
        rows = self.copy.query("select * from people")
        self.insert(rows, "people")

    def insert(self, rows, table):
        if rows:
            lines = "\n".join("\t".join("\\N" if value is None else value for value in row) for row in rows)
            self.server.sql(f"insert into {table} format TabSeparated\n{lines}\n")

    def source(self):
        return {"type": "clickhouse", "url": self.server.url(), "user": "penstock", "password": "${env:CH_PASSWORD}"}

    env = {"CH_PASSWORD": PASSWORD}


class ChdbWarehouse(ClickHouseWarehouse):
    """Today's engine, as a library."""

    servers = ()

    def start(self):
        return [Engine()]

    def insert(self, rows, table):
        if rows:
            values = ("(" + ", ".join(quoted(value) for value in row) + ")" for row in rows)
            self.server.sql(f"insert into {table} values {', '.join(values)}")


class ClickHouseClusterWarehouse(ClickHouseWarehouse):
    """Two servers, each with half of the rows; the model reads them as one Distributed table."""

    servers = ()

    def start(self):
        shards = [ClickHouse(), ClickHouse()]
        ClickHouse.join(shards)
        return shards

    def publish(self):
        columns = "(id Nullable(Int64), email Nullable(String), name Nullable(String), phone Nullable(String), city Nullable(String), note Nullable(String))"
        rows = self.copy.query("select * from people")
        for number, shard in enumerate(self.servers):
            shard.sql("drop table if exists people_local")
            shard.sql(f"create table people_local {columns} engine = Log")
            lines = "\n".join("\t".join("\\N" if value is None else value for value in row) for row in rows[number::2])
            if lines:
                shard.sql(f"insert into people_local format TabSeparated\n{lines}\n")
        self.server.sql("drop table if exists people")
        self.server.sql(f"create table people {columns} engine = Distributed(all, default, people_local)")


class World:
    """One of the two projects."""

    def __init__(self, test, planner, warehouse, sandbox_options=()):
        self.test, self.planner, self.warehouse = test, planner, warehouse
        self.sandbox = Sandbox(*sandbox_options)
        test.addCleanup(self.sandbox.stop)
        self.project = Project(self.sandbox.url)
        test.addCleanup(self.project.remove)
        self.project.write("penstock.yaml", {"project": f"e2e_{planner}"})  # their tables lie side by side
        self.project.write("sources/warehouse.yaml", warehouse.source())
        self.project.model()
        self.sync()

    def sync(self, **settings):
        self.settings = settings
        self.project.sync(planner=self.planner, **settings)

    def call(self, *arguments, codes=(DONE,)):
        answer = self.project.call(*arguments, **self.warehouse.env)
        self.test.assertIn(answer.code, codes, f"{self.planner}: {answer}")
        self.test.assertNotIn(PASSWORD, answer.text)
        return answer

    def result(self, command, *arguments, codes=(DONE, PARTIAL)):
        answer = self.call(command, "contacts", *arguments, "--json", codes=codes)
        [result] = answer.results or answer.objects
        return {name: result[name] for name in COUNTS if name in result}

    def records(self):
        own = [{name: value for name, value in record.items()
                if not name.startswith("hs_") and name not in ("createdate", "lastmodifieddate")}
               for record in self.sandbox.records().values()]
        return sorted(own, key=lambda record: sorted((name, str(value)) for name, value in record.items()))


class PlannersTest(unittest.TestCase):
    warehouse_kind = None
    sandbox_options = ()
    maxDiff = None

    @classmethod
    def tearDownClass(cls):
        cls.warehouse_kind.stop()

    def setUp(self):
        holder = Project("http://127.0.0.1:9")
        self.addCleanup(holder.remove)
        self.warehouse = self.warehouse_kind(holder)
        self.sql("create table people (id bigint, email text, name text, phone text, city text, note text)")
        self.here = World(self, "local", self.warehouse, self.sandbox_options)
        self.there = World(self, "warehouse", self.warehouse, self.sandbox_options)

    def sql(self, statement):
        return self.warehouse.sql(statement)

    def add(self, *numbers, **values):
        for number in numbers:
            row = {"id": number, "email": f"p{number}@example.com", "name": f"Person {number}", "phone": None,
                   "city": "Ulm", "note": None} | values
            self.sql(f"insert into people values ({', '.join(quoted(value) for value in row.values())})")

    def fill(self, count):
        numbers = "generate_series(1, %d)" % count
        self.sql(f"insert into people select i, 'p' || i || '@example.com', 'Person ' || i, null, 'Ulm', null from "
                 f"(select {numbers if issubclass(self.warehouse_kind, PostgresWarehouse) else 'unnest(' + numbers + ')'} as i) x")

    def sync(self, **settings):
        self.here.sync(**settings)
        self.there.sync(**settings)

    def both(self, command, *arguments, **expected):
        """The command in both worlds, with one result."""
        here, there = self.here.result(command, *arguments), self.there.result(command, *arguments)
        self.assertEqual(there, here, f"{command} {arguments}: in the warehouse, and here")
        self.assertEqual({name: here.get(name) for name in expected}, expected)
        return here

    def run_both(self, *arguments, **expected):
        self.both("plan", *arguments)
        result = self.both("run", *arguments, **expected)
        self.assertEqual(self.there.records(), self.here.records())
        return result

    def candidates(self):
        """Rows that left the warehouse for the last run."""
        file = self.there.project.path(".penstock", "syncs", "contacts", "candidates.duckdb")
        with Duck(file) as duck:
            return int(duck.query("select count(penstock_digest) from candidates")[0][0])


class Story:
    """A random history of the table, as people change it."""

    def __init__(self, test, seed, valid_only=False):
        self.test, self.random, self.seed, self.next = test, random.Random(seed), seed, 1
        self.acts = [self.add, self.add, self.change, self.change, self.note, self.remove, self.exchange, self.own_email]
        if not valid_only:
            self.acts += [self.repeat, self.forget_key, self.new_email, self.break_email, self.take_email, self.upper]

    def step(self):
        for _ in range(self.random.randint(1, 6)):
            self.random.choice(self.acts)()

    def some(self):
        ids = [int(row[0]) for row in self.test.sql("select id from people where id is not null order by id")]
        return self.random.choice(ids) if ids else None

    def change_to(self, column, value):
        if (key := self.some()) is not None:
            self.test.sql(f"update people set {column} = {quoted(value)} where id = {key}")

    def add(self):
        for _ in range(self.random.randint(1, 8)):
            self.test.add(self.next)
            self.next += 1

    def change(self):
        self.change_to("name", f"Name {self.random.randint(1, 5)}")

    def note(self):
        self.change_to("note", f"Note {self.random.randint(1, 999)}")

    def own_email(self):
        self.change_to("email", f"u{self.next}@example.com")
        self.next += 1

    def new_email(self):
        self.change_to("email", f"n{self.random.randint(1, 30)}@example.com")

    def break_email(self):
        self.change_to("email", self.random.choice([None, "no address", "invalid@@example.com"]))

    def upper(self):
        if (key := self.some()) is not None:
            self.test.sql(f"update people set email = upper(email) where id = {key}")

    def take_email(self):
        if (key := self.some()) is not None and (other := self.some()) != key:
            self.test.sql(f"update people set email = (select max(email) from people where id = {other}) where id = {key}")

    def exchange(self):
        one, other = self.some(), self.some()
        if one is None or one == other:
            return
        self.test.sql(f"update people set id = case id when {one} then {other} else {one} end where id in ({one}, {other})")

    def remove(self):
        if (key := self.some()) is not None:
            self.test.sql(f"delete from people where id = {key}")

    def repeat(self):
        if (key := self.some()) is not None:
            self.test.sql(f"insert into people select * from people where id = {key}")

    def forget_key(self):
        if self.random.random() < 0.3:
            self.test.add(self.next)
            self.test.sql(f"update people set id = null where id = {self.next}")
            self.next += 1
