"""Planning in warehouses that are reached by ADBC, each in its own SQL (dialects/*.yaml).

DuckDB through its own driver is the real thing. The others are not to be had here: what Penstock says to them is judged
by parsers that others wrote, translated into DuckDB's SQL, and carried out there, through the same suite. One statement
that a judge refuses, and the test fails. See translating_driver.cpp, translator.mjs and dialects.sql."""

import json
import os
import random
import shutil
import socket
import struct
import subprocess
import tempfile
import time

import planners_test
from worlds import DuckdbWarehouse, PlannersTest, PostgresWarehouse, Story, environment, main
from harness import ROOT
from servers import need

LIBRARY = os.path.join(ROOT, ".deps", "duckdb", "libduckdb.so")
MODULES = os.path.join(ROOT, ".deps", "npm", "node_modules")
KILLS = int(os.environ.get("PENSTOCK_KILLS", "6"))
HERE = os.path.dirname(os.path.abspath(__file__))


class AdbcWarehouse(DuckdbWarehouse):
    def source(self):
        return {"type": "adbc", "driver": LIBRARY, "entrypoint": "duckdb_adbc_init", "options": {"path": self.file}}


class Killed:
    """Penstock dies at any moment of a run, also while it tells the warehouse; the next one makes it good."""

    def test_nothing_is_lost_whenever_it_dies(self):
        seed = int(os.environ.get("PENSTOCK_SEED", str(int(time.time()))))
        print("PENSTOCK_SEED =", seed)
        story, dice = Story(self, seed, valid_only=True), random.Random(seed)
        self.fill(200)
        story.next = 201
        self.sync(mode="mirror")
        for _ in range(KILLS):
            story.step()
            self.sql(f"update people set name = 'Name {dice.randint(1, 9)}' where id % {dice.randint(2, 9)} = 0")
            with subprocess.Popen(self.there.project.command("run", "contacts"), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, env=environment(**self.warehouse.env)) as process:
                time.sleep(dice.uniform(0.1, 1.2))
                process.kill()
        for world in (self.there, self.here):
            for _ in range(2):  # what was refused waits its time, and is tried now
                world.call("run", "contacts", codes=(0, 3))
                world.call("retry", "contacts", codes=(0, 3))
        self.assertEqual(self.there.records(), self.here.records())
        here, there = self.here.result("run"), self.there.result("run")
        for counts in (here, there):
            self.assertEqual([counts[name] for name in ("added", "changed", "removed", "sent")], [0, 0, 0, 0])
        self.assertEqual(there, here)


class InAdbc(planners_test.Semantics, Killed, PlannersTest):
    warehouse_kind = AdbcWarehouse

    def test_a_dialect_that_nobody_tells(self):
        driver = self.there.project.path("some_driver.so")
        shutil.copy(LIBRARY, driver)
        self.there.project.write("sources/warehouse.yaml", self.warehouse.source() | {"driver": driver})
        answer = self.there.call("run", "contacts", codes=(2,))
        self.assertIn("`dialect`", answer.text)
        self.there.project.write("sources/warehouse.yaml",
                                 self.warehouse.source() | {"driver": driver, "dialect": "duckdb"})
        self.there.call("run", "contacts")

    def test_keys_that_cannot_be_written_back(self):
        self.fill(2)
        self.there.project.model("select {'a': id} as id, email, name, phone, city from people")
        answer = self.there.call("run", "contacts", codes=(2,))
        self.assertIn("key column 'id'", answer.text)
        self.assertEqual(self.there.sandbox.stats()["rows"], 0)

    def test_keys_are_spelled_as_the_warehouse_does(self):
        self.fill(3)
        self.there.project.model('select id as "ID", email, name, phone, city from people')
        self.there.call("run", "contacts")
        self.sql("update people set name = 'x' where id = 2")
        self.assertEqual(self.there.result("run")["changed"], 1)


class Translator:
    """A dialect's judges and its translation, for all tests of a class."""

    def __init__(self, dialect):
        need(shutil.which("node"), "nodejs")
        for name in ("@polyglot-sql/sdk", "@guanmingchiu/sqlparser-ts", "sql-parser-cst", "dt-sql-parser"):
            need(os.path.exists(os.path.join(MODULES, name)), f"{name} (npm)")
        self.directory = tempfile.mkdtemp(prefix="penstock-dialect-")
        self.socket, self.record = (os.path.join(self.directory, name) for name in ("socket", "record"))
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["node", os.path.join(HERE, "translator.mjs"), dialect, self.socket, self.record, MODULES],
            stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"there is no translator of {dialect}")

    def ask(self, sql):
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(self.socket)
            text = sql.encode()
            asked.sendall(struct.pack("<I", len(text)) + text)
            reply = b""
            while some := asked.recv(1 << 16):
                reply += some
        return reply[4:].decode()

    def statements(self):
        with open(self.record, encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def remove(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.directory)


class TranslatedWarehouse(DuckdbWarehouse):
    dialect = None
    translator = None

    def __init__(self, test):
        super().__init__(test)
        if type(self).translator is None:
            type(self).translator = Translator(self.dialect)

    def source(self):
        with open(os.path.join(HERE, "dialects.sql"), encoding="utf-8") as macros:
            return {"type": "adbc", "driver": os.environ["PENSTOCK_TRANSLATING_DRIVER"], "dialect": self.dialect,
                    "options": {"path": self.file, "translator": self.translator.socket, "prelude": macros.read()}}


class Translated(planners_test.Semantics, Killed):
    # Statements that a whole story must have asked, by their beginnings: what was not asked, nobody judged.
    asked = ("CREATE TABLE IF NOT EXISTS", "CREATE TABLE", "DROP TABLE IF EXISTS", "INSERT INTO", "UPDATE", "SELECT")
    refused = ()

    @classmethod
    def tearDownClass(cls):
        if cls.warehouse_kind.translator:
            cls.warehouse_kind.translator.remove()
            cls.warehouse_kind.translator = None

    def test_the_whole_story_is_said_in_the_dialect(self):
        self.fill(5)
        self.run_both(added=5)
        self.sql("update people set email = 'not ''an'' \\address\nat all' where id = 2")
        self.sql("delete from people where id = 3")
        self.run_both(rejected=1)
        self.run_both(waiting=1)
        self.there.planner = "local"
        self.there.sync()
        self.run_both(waiting=1)
        translator = self.warehouse.translator
        said = [one["sql"] for one in translator.statements()]
        for beginning in self.asked:
            self.assertTrue(any(sql.startswith(beginning) for sql in said), beginning)
        self.assertEqual([one["refused"] for one in translator.statements() if one["refused"]], [])

    def test_judges_refuse_what_is_not_sql_of_theirs(self):
        before = len(self.warehouse.translator.statements())
        for sql in ("SELEC 1", "CREATE TABLE x AS SELECT FROM", *self.refused):
            self.assertEqual(self.warehouse.translator.ask(sql)[0], "-", sql)
        self.warehouse.translator.ask("SELECT 1")
        # They are no part of the story.
        lines = self.warehouse.translator.statements()[:before]
        with open(self.warehouse.translator.record, "w", encoding="utf-8") as record:
            record.writelines(json.dumps(one) + "\n" for one in lines)


class SnowflakeWarehouse(TranslatedWarehouse):
    dialect = "snowflake"


class InSnowflake(Translated, PlannersTest):
    warehouse_kind = SnowflakeWarehouse
    asked = (*Translated.asked, "CREATE SCHEMA", "MERGE INTO", "BEGIN", "COMMIT")


class BigQueryWarehouse(TranslatedWarehouse):
    dialect = "bigquery"

    def __init__(self, test):
        super().__init__(test)
        self.sql("create schema penstock")  # a dataset is made by people


class InBigQuery(Translated, PlannersTest):
    warehouse_kind = BigQueryWarehouse
    asked = (*(one for one in Translated.asked if one != "UPDATE"), "BEGIN TRANSACTION;\nUPDATE", "BEGIN TRANSACTION;\nINSERT")
    refused = ('SELECT "a" FROM `b` WHERE c = \'d\'\'e\'', "MERGE INTO a USING b ON a.c = b.c WHEN MATCHED THEN")


class RedshiftWarehouse(TranslatedWarehouse):
    dialect = "redshift"


class InRedshift(Translated, PlannersTest):
    warehouse_kind = RedshiftWarehouse
    asked = (*Translated.asked, "CREATE SCHEMA", "DELETE FROM", "BEGIN", "COMMIT")


class DatabricksWarehouse(TranslatedWarehouse):
    dialect = "databricks"


class InDatabricks(Translated, PlannersTest):
    warehouse_kind = DatabricksWarehouse
    asked = (*Translated.asked, "CREATE SCHEMA", "MERGE INTO")


class RedshiftByPostgres(PostgresWarehouse):
    """A PostgreSQL that is told to be Redshift: its SQL is a part of PostgreSQL's, but for the hash function."""

    servers = ()

    def __init__(self, test):
        super().__init__(test)
        self.sql("create or replace function fnv_hash(value anyelement) returns bigint language sql immutable as "
                 "$$ select hashtextextended(coalesce(value::text, ''), 0) $$")

    def source(self):
        return super().source() | {"dialect": "redshift", "fetch": "cursor"}


class InRedshiftByPostgres(planners_test.Semantics, PlannersTest):
    warehouse_kind = RedshiftByPostgres


if __name__ == "__main__":
    main()
