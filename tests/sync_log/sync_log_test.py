"""Runs and operations as tables in a warehouse: PostgreSQL, DuckDB and ClickHouse, the real ones."""

import os
import signal
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, name) for name in ("planners", "stores", "integration", "sources")]
# pylint: disable=wrong-import-position
from harness import DONE, FAILED, PARTIAL, USAGE, PipeTest, person  # noqa: E402
from servers import PASSWORD  # noqa: E402
from worlds import ClickHouseWarehouse, DuckdbWarehouse, PostgresWarehouse, main  # noqa: E402

LOG = "penstock_log"


class InWarehouse:
    """What holds in each of them."""

    kind = None

    def setUp(self):
        super().setUp()
        self.warehouse = self.kind(self.project)
        self.addCleanup(self.forget_tables)
        self.log_to(self.warehouse.source())

    def log_to(self, source):
        self.project.write("sources/logs.yaml", source)
        self.project.write("penstock.yaml", {"project": "e2e", "sync_log": {"source": "logs", "schema": LOG}})

    def forget_tables(self):
        self.ask(f"drop schema if exists {LOG} cascade")

    def ask(self, sql):
        """Rows as tuples of texts; NULL is ''."""
        return [tuple("" if one is None else str(one) for one in row) for row in self.warehouse.sql(sql)]

    def call(self, *arguments, code=DONE, **env):
        answer = super().call(*arguments, code=code, **(self.warehouse.env | env))
        self.assertNotIn(PASSWORD, answer.text)
        return answer

    def table(self, columns, table="runs", where=""):
        return sorted(self.ask(f"select {columns} from {LOG}.{table} {where}"))

    def expect_note(self, answer, *words):
        for word in ("could not be written to the log in 'logs'", "with the next run", *words):
            self.assertIn(word, answer.text, answer)

    def test_a_run_and_its_rows(self):
        self.rows = [person(1), person(2, email="bad", name="tab\there, \"quoted\" \\ back\nslash"), person(3, name=None)]
        result = self.run_sync(code=PARTIAL)
        [row] = self.table("project, run, sync, status, kind, rows, added, sent, accepted, rejected, requests")
        self.assertEqual(row, ("e2e", result["run"], "contacts", "partial", "run", "3", "3", "3", "2", "1", str(result["requests"])))
        rows = self.table("key, operation, outcome, error_code", "operations")
        self.assertEqual(rows, [("1", "upsert", "accepted", ""), ("2", "upsert", "rejected", "INVALID_EMAIL"), ("3", "upsert", "accepted", "")])
        [own] = [one for one in self.operations(result["run"]) if one["key"] == "2"]
        [(message, payload, at)] = self.table('error_message, payload, "at"', "operations", "where key = '2'")
        self.assertEqual(message, own["error"]["message"])
        self.assertIn("tab\\there", payload)
        self.assertTrue(at.startswith(own["at"][:19].replace("T", " ")), (at, own["at"]))

    def test_a_run_with_nothing_to_do_and_one_that_fails(self):
        self.rows = [person(1)]
        self.run_sync()
        self.run_sync()
        os.remove(self.project.path("data", "people.csv"))
        self.call("run", "contacts", code=FAILED)
        statuses = [row[0] for row in self.table("status, started")]
        self.assertEqual(sorted(statuses), ["failed", "succeeded", "succeeded"])
        self.assertEqual(len(self.table("key", "operations")), 1)

    def test_a_repeated_write_makes_no_doubles(self):
        self.rows = [person(number) for number in range(1, 31)]
        first = self.run_sync()["run"]
        time.sleep(1.05)
        self.rows = [person(number, name="New") for number in range(1, 31)]
        second = self.run_sync()["run"]
        # As if the state did not know that these were written.
        self.project.write(".penstock/syncs/contacts/logged.json", {"version": 1, "through": "20200101-000000-aaaa"})
        self.run_sync()
        for _ in range(50):
            counts = [row[1:] for row in self.table("run, count(*)", "operations", "group by run")]
            if counts == [("30",), ("30",)]:
                break
            time.sleep(0.2)  # ClickHouse removes in the background
        self.assertEqual(self.table("run, count(*)", "operations", "group by run"), sorted([(first, "30"), (second, "30")]))
        self.assertEqual(len(self.table("run")), 3)

    def test_what_could_not_be_written_goes_with_the_next_run(self):
        self.rows = [person(1)]
        self.break_warehouse()
        answer = self.call("run", "contacts")
        self.expect_note(answer)
        self.assertEqual(len(self.records("firstname")), 1)
        time.sleep(1.05)
        self.mend_warehouse()
        self.rows = [person(1, name="Other")]
        self.run_sync()
        # Where nothing was known before, the first run that could be written is the first.
        known = len(self.table("run"))
        self.break_warehouse()
        for name in ("A", "B"):
            time.sleep(1.05)
            self.rows = [person(1, name=name)]
            self.expect_note(self.call("run", "contacts"))
        self.mend_warehouse()
        self.run_sync()
        self.assertEqual(len(self.table("run")), known + 3)
        self.assertEqual(len(self.table("key", "operations")), known + 2)

    def test_a_run_that_was_killed_is_there_with_the_next(self):
        self.rows = [person(1)]
        self.run_sync()
        time.sleep(1.05)
        self.rows = [person(number) for number in range(1, 400)]
        self.sandbox.fault(path="/crm/v3/objects/contacts/batch/upsert", kind="stall", count=5)
        process = self.project.start("run", "contacts", **self.warehouse.env)
        self.wait_until(lambda: os.path.exists(self.project.path(".penstock", "syncs", "contacts", "journal")))
        time.sleep(0.5)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.sandbox.call("POST", "/_sandbox/reset")
        self.call("run", "contacts")
        statuses = sorted(row[0] for row in self.table("status"))
        self.assertEqual(statuses, ["interrupted", "succeeded", "succeeded"])

    def test_personal_values_are_masked(self):
        self.project.model(pii=["email", "name"])
        self.rows = [person(1, name="Very Private", email="private@example.com"), person(2, email="bad")]
        self.run_sync(code=PARTIAL)
        text = str(self.table("payload, error_message, kept", "operations"))
        self.assertIn("•••", text)
        for never in ("Very Private", "private@example.com"):
            self.assertNotIn(never, text)

    def test_many_rows_in_batches(self):
        self.rows = [person(number, name="x" * 400) for number in range(1, 30_001)]
        self.project.sync(destination="crm")
        self.call("run", "contacts", "--baseline")
        self.assertEqual(self.table("count(*)", "operations"), [("30000",)])


class InPostgres(InWarehouse, PipeTest):
    kind = PostgresWarehouse

    def break_warehouse(self):
        self.log_to({"type": "postgres", "url": "postgres://penstock@127.0.0.1:1/postgres"})

    def mend_warehouse(self):
        self.log_to(self.warehouse.source())

    def test_a_user_without_the_right_is_told_what_to_grant(self):
        server = self.warehouse.server
        server.sql("drop owned by logger; drop role logger") if server.sql("select 1 from pg_roles where rolname = 'logger'") else None
        server.sql(f"create role logger login password '{PASSWORD}'")
        url = self.warehouse.env["PG_URL"].replace("penstock:", "logger:", 1)
        self.rows = [person(1)]
        answer = self.call("run", "contacts", PG_URL=url)
        self.expect_note(answer, "permission denied")
        server.sql(f"create schema {LOG} authorization logger")
        self.call("run", "contacts", PG_URL=url)
        self.assertEqual(len(self.table("run")), 1)
        self.assertEqual(self.ask("select 1 from information_schema.schemata where schema_name = 'penstock'"), [])

    def test_times_are_right_in_any_zone(self):
        self.rows = [person(1)]
        self.warehouse.server.sql("alter database postgres set timezone = 'Asia/Tokyo'")
        self.addCleanup(self.warehouse.server.sql, "alter database postgres reset timezone")
        run = self.run_sync()["run"]
        [(same,)] = self.ask(f"select abs(extract(epoch from at - now())) < 120 from {LOG}.operations where run = '{run}'")
        self.assertEqual(same, "t")


class InDuckdb(InWarehouse, PipeTest):
    kind = DuckdbWarehouse

    def break_warehouse(self):
        self.log_to({"type": "duckdb", "path": self.project.path("nowhere", "x.duckdb")})

    def mend_warehouse(self):
        self.log_to(self.warehouse.source())

    def test_the_models_own_database_takes_the_log(self):
        self.warehouse.sql("create table people as select 1 as id, 'p1@example.com' as email, 'Ann' as name, NULL as phone, 'Ulm' as city")
        self.project.write("sources/warehouse.yaml", self.warehouse.source())
        self.project.write("penstock.yaml", {"project": "e2e", "sync_log": {"source": "warehouse"}})
        answer = self.call("run", "contacts")
        self.assertNotIn("could not be written", answer.text)
        self.assertEqual(self.table("sync, accepted"), [("contacts", "1")])

    def test_many_syncs_at_once(self):
        self.rows = [person(number) for number in range(1, 20)]
        for number in range(6):
            self.project.sync(f"sync{number}")
        self.call("run")
        self.call("run")
        self.assertEqual(len(self.table("distinct sync", "operations")), 7)

    def test_sources_that_cannot(self):
        self.project.write("penstock.yaml", {"project": "e2e", "sync_log": {"source": "warehouse"}})
        self.rows = [person(1)]
        self.assert_refused(self.call("check", code=USAGE), "penstock.yaml", "no database file", "PostgreSQL")
        self.project.write("sources/logs.yaml", {"type": "sqlite", "path": "x.db"})
        self.project.write("penstock.yaml", {"project": "e2e", "sync_log": {"source": "logs"}})
        self.assert_refused(self.call("check", code=USAGE), "of type sqlite", "postgres, duckdb, clickhouse")
        self.project.write("penstock.yaml", {"project": "e2e", "sync_log": {"source": "lgos"}})
        self.assert_refused(self.call("check", code=USAGE), "lgos", "logs")


class InClickHouse(InWarehouse, PipeTest):
    kind = ClickHouseWarehouse

    def forget_tables(self):
        self.warehouse.server.sql(f"drop database if exists {LOG}")

    def ask(self, sql):
        text = self.warehouse.server.sql(sql.replace("count(*)", "count()") + " format TabSeparated")
        plain = {"\\N": ""}
        return [tuple(plain.get(cell, cell).replace("\\\\", "\\").replace("\\'", "'") for cell in line.split("\t"))
                for line in text.split("\n") if line]

    def break_warehouse(self):
        self.log_to(self.warehouse.source() | {"url": "http://127.0.0.1:1"})

    def mend_warehouse(self):
        self.log_to(self.warehouse.source())


if __name__ == "__main__":
    main()
