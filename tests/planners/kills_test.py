"""Penstock killed, and its warehouse stopped, at random instants of runs that are planned in the warehouse."""

import os
import random
import subprocess
import time

from worlds import PlannersTest, PostgresWarehouse, Story, environment, main

KILLS = int(os.environ.get("PENSTOCK_KILLS", "12"))
SEED = int(os.environ.get("PENSTOCK_SEED", str(int(time.time()))))


class Killed(PlannersTest):
    warehouse_kind = PostgresWarehouse

    def start(self):
        return subprocess.Popen(self.there.project.command("run", "contacts"), stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, env=environment(**self.warehouse.env))

    def test_nothing_is_lost_whenever_it_dies(self):
        print("PENSTOCK_SEED =", SEED)
        story = Story(self, SEED, valid_only=True)
        self.fill(400)
        story.next = 401
        self.sync(mode="mirror")
        dice = random.Random(SEED)
        for _ in range(KILLS):
            story.step()
            self.sql(f"update people set name = 'Name {dice.randint(1, 9)}' where id % {dice.randint(2, 9)} = 0")
            process = self.start()
            time.sleep(dice.uniform(0, 0.5))
            if dice.random() < 0.2:
                self.warehouse.server.kill()
                process.wait(timeout=60)
                self.warehouse.server.start()
            process.kill()
            process.wait()
        # What waits after a refusal is tried now: how long depends on how often it was refused.
        for _ in range(2):
            self.there.call("retry", "contacts", codes=(0, 3))
        self.here.call("run", "contacts", codes=(0, 3))
        self.here.call("retry", "contacts", codes=(0, 3))
        self.assertEqual(self.there.records(), self.here.records())
        counts = self.there.result("run")
        self.assertEqual((counts["added"], counts["changed"], counts["removed"], counts["sent"]), (0, 0, 0, 0))
        self.assertEqual({name: counts[name] for name in ("rows", "unchanged", "invalid", "waiting")},
                         {name: self.here.result("run")[name] for name in ("rows", "unchanged", "invalid", "waiting")})


class KilledOnOneMachineOrAnother(PlannersTest):
    """The same with the ledger in PostgreSQL, too, and two machines that take turns: each with copies of its own."""

    warehouse_kind = PostgresWarehouse

    def test_what_one_could_not_tell_the_warehouse_the_other_does(self):
        print("PENSTOCK_SEED =", SEED)
        story = Story(self, SEED, valid_only=True)
        self.fill(300)
        story.next = 301
        self.sql("drop schema if exists ledger cascade")
        self.there.project.write("penstock.yaml", {"project": "e2e_warehouse", "state": self.warehouse.server.url() +
                                                   "?schema=ledger&lease=3s"})
        self.sync(mode="mirror")
        dice = random.Random(SEED)
        for turn in range(KILLS // 2):
            story.step()
            self.sql(f"update people set name = 'Name {dice.randint(1, 9)}' where id % {dice.randint(2, 9)} = 0")
            cache = self.there.project.path(f"machine{turn % 2}")
            process = subprocess.Popen(self.there.project.command("run", "contacts"), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL,
                                       env=environment(PENSTOCK_CACHE=cache, **self.warehouse.env))
            time.sleep(dice.uniform(0, 0.9) if turn > 0 else 3)
            process.kill()
            process.wait()
            time.sleep(dice.choice((0, 3)))
        time.sleep(3)
        self.there.call("retry", "contacts", codes=(0, 3))
        self.here.call("run", "contacts", codes=(0, 3))
        self.assertEqual(self.there.records(), self.here.records())
        counts = self.there.result("run")
        self.assertEqual((counts["added"], counts["changed"], counts["removed"], counts["sent"]), (0, 0, 0, 0))


if __name__ == "__main__":
    main()
