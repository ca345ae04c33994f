"""One semantics, whoever finds what changed: the planner here, or the warehouse."""

import os
import shutil
import signal
import time

from worlds import ChdbWarehouse, ClickHouseClusterWarehouse, ClickHouseWarehouse, DuckdbWarehouse, PASSWORD, PlannersTest, PostgresWarehouse, Story, main

SEEDS = int(os.environ.get("PENSTOCK_SEEDS", "0"))


class Semantics:
    """What holds in every warehouse."""

    histories = 1  # random ones

    def test_only_rows_that_changed_leave_the_warehouse(self):
        self.fill(3000)
        self.run_both(added=3000, accepted=3000)
        self.assertEqual(self.candidates(), 3000)
        self.run_both(unchanged=3000, sent=0)
        self.assertEqual(self.candidates(), 0)
        self.sql("update people set name = 'New' where id in (7, 8)")
        self.sql("delete from people where id = 9")
        self.run_both(unchanged=2997, changed=2, removed=1, accepted=2)
        self.assertEqual(self.candidates(), 2)

    def test_columns_that_nobody_maps_do_not_count(self):
        self.fill(50)
        self.run_both(added=50)
        self.sql("update people set note = 'x'")
        self.run_both(unchanged=50, sent=0)
        self.assertEqual(self.candidates(), 0)

    def test_removed_rows_are_removed_there(self):
        self.sync(mode="mirror")
        self.fill(40)
        self.run_both(added=40)
        self.sql("delete from people where id <= 2")
        self.run_both(removed=2, unchanged=38)
        self.run_both(removed=0, sent=0)

    def test_a_row_that_comes_back_is_as_it_was(self):
        self.fill(10)
        self.run_both(added=10)
        self.sql("delete from people where id = 3")
        self.run_both(removed=1)
        self.add(3)
        self.run_both(added=0, changed=0, unchanged=10, sent=0)

    def test_keys_that_come_twice_are_invalid(self):
        self.fill(10)
        self.run_both(added=10)
        self.sql("insert into people select * from people where id = 4")
        self.run_both(rows=11, invalid=2, unchanged=9)
        self.sql("update people set name = 'x' where id = 4 or id = 5")
        self.run_both(rows=11, invalid=2, unchanged=8, changed=1)
        self.sql("delete from people where id = 4")
        self.add(4)
        self.run_both(rows=10, invalid=0, changed=0)

    def test_match_values_of_rows_that_stayed_are_known(self):
        self.fill(10)
        self.run_both(added=10)
        self.sql("update people set email = 'p2@example.com' where id = 1")
        self.run_both(invalid=2, unchanged=8)
        self.add(11, email="P3@example.com")
        self.run_both(invalid=4)
        self.sql("update people set email = 'other@example.com' where id in (2)")
        self.run_both()

    def test_refused_rows_wait_and_are_tried_when_they_change(self):
        self.fill(5)
        self.sql("update people set email = 'not an address' where id = 2")
        self.run_both(accepted=4, rejected=1)
        self.run_both(waiting=1, unchanged=4, sent=0)
        self.sql("update people set email = 'p2@example.com' where id = 2")
        self.run_both(accepted=1, waiting=0)
        self.run_both(unchanged=5)

    def test_a_changed_mapping_sends_what_it_changes(self):
        self.fill(20)
        self.run_both(added=20)
        self.sync(fields={"firstname": "name", "phone": "phone", "city": {"sql": "upper(city)"}})
        self.run_both(changed=20)
        self.assertEqual(self.candidates(), 20)
        self.sync(fields={"firstname": "name", "city": {"sql": "upper(city)"}})
        self.run_both(changed=0, unchanged=20, sent=0)
        self.run_both(unchanged=20)
        self.assertEqual(self.candidates(), 0)

    def test_all_kinds_of_runs(self):
        self.fill(20)
        self.both("run", "--baseline", rows=20)
        self.run_both(unchanged=20, sent=0)
        self.sql("update people set name = 'x' where id < 6")
        self.both("run", "--limit", "2", accepted=2)
        self.both("run", "--key", "5", rows=1, accepted=1)
        self.both("run", "--key", "19", rows=1, unchanged=1, sent=0)
        self.run_both()
        self.run_both("--full", accepted=20)
        self.run_both(unchanged=20, sent=0)

    def test_modes_that_send_a_key_once(self):
        self.sync(mode="insert")
        self.fill(10)
        self.run_both(added=10)
        self.sql("update people set name = 'x'")
        self.add(11)
        self.run_both(added=1, unchanged=10)
        self.run_both(unchanged=11, sent=0)
        self.assertEqual(self.candidates(), 0)

    def test_a_sync_moves_there_and_back_without_sending_anything(self):
        self.fill(30)
        self.sql("update people set email = 'not an address' where id = 5")
        self.run_both(accepted=29, rejected=1)
        self.sql("delete from people where id = 6")
        self.run_both(removed=1)
        before = self.here.sandbox.stats()["rows"]
        for planner in ("warehouse", "local", "warehouse", "local"):
            self.here.planner = planner
            self.here.sync()
            self.assertEqual(self.here.result("run"), {"rows": 29, "added": 0, "changed": 0, "removed": 0, "unchanged": 28,
                                                       "invalid": 0, "waiting": 1, "sent": 0, "accepted": 0, "rejected": 0,
                                                       "skipped": 0, "in_doubt": 0}, planner)
        self.assertEqual(self.here.sandbox.stats()["rows"], before)
        self.add(6)
        self.sql("update people set name = 'x' where id = 7")
        self.run_both(changed=1, accepted=1)

    def test_guards_count_all_rows(self):
        self.sync(mode="mirror", guard={"max_removed": "10%"})
        self.fill(100)
        self.run_both(added=100)
        self.sql("delete from people where id <= 10")
        self.run_both(removed=10)
        self.sql("delete from people where id <= 50")
        for world in (self.here, self.there):
            world.call("run", "contacts", codes=(4,))

    def test_expressions_that_change_by_themselves_are_refused(self):
        self.fill(2)
        for expression, name in (("current_date", "current_date"), ("name || random()", "random")):
            self.there.sync(fields={"firstname": {"sql": expression}})
            answer = self.there.call("run", "contacts", codes=(2,))
            self.assertIn(name, answer.err)
            self.assertIn("firstname", answer.err)

    def test_the_primary_key_of_a_planned_model_stays(self):
        self.fill(3)
        self.run_both(added=3)
        self.there.project.model(key="email")
        self.assertIn("primary key", self.there.call("run", "contacts", codes=(4,)).text)
        self.assertIn("primary key", self.there.call("run", "contacts", "--confirm", "model_columns", codes=(2,)).text)
        self.there.project.model()
        self.run_both(unchanged=3)

    def test_a_state_that_was_lost_is_no_reason_to_send_everything(self):
        self.fill(5)
        self.run_both(added=5)
        self.run_both(unchanged=5)
        self.sql("delete from penstock.syncs")
        answer = self.there.call("run", "contacts", codes=(1,))
        self.assertIn("gone from the warehouse", answer.text)
        self.assertEqual(self.there.sandbox.stats()["rows"], self.here.sandbox.stats()["rows"])

    def test_another_machine_goes_on_where_this_one_stopped(self):
        self.fill(20)
        self.run_both(added=20)
        self.there.call("status")
        shutil.rmtree(self.there.project.path(".penstock"))
        self.sql("update people set name = 'x' where id = 3")
        self.sql("delete from people where id = 4")
        self.run_both(changed=1, removed=1, unchanged=18)

    def test_plans_change_nothing(self):
        self.fill(10)
        for _ in range(2):
            self.both("plan", added=10)
        self.run_both(added=10)
        self.sql("update people set name = 'x' where id = 3")
        for _ in range(2):
            self.both("plan", changed=1)
        out = self.there.project.path("plan.parquet")
        self.there.call("plan", "contacts", "--out", out)
        self.there.call("run", "--plan", out)
        self.here.call("run", "contacts")
        self.run_both(unchanged=10)
        self.there.call("run", "--plan", out, codes=(4,))

    def test_random_histories(self):
        for seed in range(1, (SEEDS or self.histories) + 1):
            with self.subTest(seed=seed):
                self.tearDown()
                self.doCleanups()
                self.setUp()
                story = Story(self, seed)
                kinds = [{}, {"mode": "mirror"}, {"match_change": "new"}, {"on_removed": "delete"}, {"mode": "update"},
                         {"mode": "append", "match": None}]
                self.sync(**story.random.choice(kinds))
                for _ in range(6):
                    story.step()
                    self.run_both()
                self.both("plan")


class InDuckdb(Semantics, PlannersTest):
    warehouse_kind = DuckdbWarehouse
    histories = 4


class InPostgres(Semantics, PlannersTest):
    warehouse_kind = PostgresWarehouse
    histories = 4


class PostgresTroubles(PlannersTest):
    """What goes wrong in the warehouse is told, and nothing is sent that it could not note."""

    warehouse_kind = PostgresWarehouse

    def refuse(self, *words, code=1, **env):
        before = self.there.sandbox.stats()["rows"]
        answer = self.there.project.call("run", "contacts", **self.warehouse.env | env)
        self.assertEqual(answer.code, code, answer)
        for word in words:
            self.assertIn(word, answer.text)
        self.assertNotIn(PASSWORD, answer.text)
        return self.there.sandbox.stats()["rows"] - before

    def test_a_grant_that_is_missing(self):
        self.fill(3)
        self.sql("drop owned by reader; drop role reader" if self.sql("select 1 from pg_roles where rolname = 'reader'") else "select 1")
        self.sql("create role reader login password 'reader'; grant usage on schema public to reader; grant select on people to reader")
        url = f"postgresql://reader:reader@127.0.0.1:{self.warehouse.server.port}/postgres"
        self.assertEqual(self.refuse("cannot be kept in the schema", "CREATE SCHEMA", PG_URL=url), 0)
        self.sql("create schema penstock authorization reader")
        answer = self.there.project.call("run", "contacts", PG_URL=url)
        self.assertEqual(answer.code, 0, answer)
        self.assertEqual(len(self.there.records()), 3)

    def test_tables_that_were_dropped(self):
        self.fill(3)
        self.there.call("run", "contacts")
        [(name,)] = self.sql("select table_name from information_schema.tables where table_schema = 'penstock' and table_name like '%entries'")
        self.sql(f'drop table penstock."{name}"')
        self.sql("update people set name = 'x'")
        self.assertEqual(self.refuse(name, "does not exist", code=2), 0)

    def test_ctrl_c_while_the_warehouse_compares(self):
        self.fill(3)
        self.there.call("run", "contacts")
        self.there.project.model("select *, pg_sleep(20)::text as slept from people")
        self.there.sync(fields={"firstname": "name", "city": "slept"})
        process = self.there.project.start("run", "contacts", **self.warehouse.env)
        while not self.sql("select 1 from pg_stat_activity where wait_event = 'PgSleep'"):
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=15)
        self.assertEqual(process.returncode, 130, out + err)
        self.assertEqual(self.there.sandbox.stats()["rows"], 3)

    def test_two_of_one_name_are_noticed(self):
        self.fill(3)
        self.there.call("run", "contacts")
        self.sql("update penstock.syncs set generation = generation + 1")
        self.there.call("run", "contacts")
        self.assertEqual(self.there.sandbox.stats()["rows"], 3)


class InClickHouse(Semantics, PlannersTest):
    warehouse_kind = ClickHouseWarehouse


class InChdb(Semantics, PlannersTest):
    warehouse_kind = ChdbWarehouse


class InClickHouseCluster(Semantics, PlannersTest):
    warehouse_kind = ClickHouseClusterWarehouse


if __name__ == "__main__":
    main()
