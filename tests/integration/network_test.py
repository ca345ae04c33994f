"""Real sockets that break: before a request arrives, after it took effect, in the middle of a reply."""

import os
import random
import signal
import time

from fault_proxy import FaultProxy
from harness import DONE, FAILED, PARTIAL, PipeTest, main, person

ROWS = 120
SHARE = 0.25  # of exchanges that go wrong
ENDINGS = (DONE, FAILED, PARTIAL)


class BadNetwork(PipeTest):
    """A mirror of a model that changes, through a proxy that spoils a share of the exchanges."""

    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("PENSTOCK_SEED", time.time_ns() % 1_000_000))
        self.random = random.Random(self.seed)
        self.proxy = FaultProxy(self.sandbox.url, SHARE, self.seed)
        self.addCleanup(self.proxy.close)
        self.project.write("destinations/crm.yaml",
                           {"type": "hubspot", "access_token": "${env:HUBSPOT_TOKEN}", "base_url": self.proxy.url})

    def model(self, edition):
        """Some rows go, some come, half of them change."""
        numbers = self.random.sample(range(1, 2 * ROWS), ROWS)
        return [person(number, city=f"c{edition if number % 2 else 0}") for number in numbers]

    def deliver(self):
        """Runs until nothing is left to do; the rest once the network is well again."""
        for attempt in range(12):
            self.proxy.share = SHARE if attempt < 6 else 0
            answer = self.project.call("run", "contacts", "--json", timeout=300)
            self.assertIn(answer.code, ENDINGS, f"seed {self.seed}\n{answer}")
            result = answer.results[0]
            if result["status"] == "succeeded" and result["sent"] == 0:
                return
        self.fail(f"seed {self.seed}: there is no end to it\n{answer}")

    def assert_is_model(self):
        expected = {row["email"]: row["city"] for row in self.rows}
        self.assertEqual(self.records("city"), expected, f"seed {self.seed}")

    def test_at_the_end_the_destination_is_the_model(self):
        self.project.sync(mode="mirror", fields={"city": "city"}, batch={"rows": 5, "concurrency": 6})
        for edition in range(30):
            self.rows = self.model(edition)
            self.deliver()
            self.assert_is_model()
            if edition >= 2 and all(times > 1 for times in self.proxy.count.values()):
                return
        self.fail(f"seed {self.seed}: something never went wrong: {self.proxy.count}")

    def test_a_bad_network_and_kill_together(self):
        self.project.sync(mode="mirror", fields={"city": "city"}, batch={"rows": 5, "concurrency": 4})
        for edition in range(3):
            self.rows = self.model(edition)
            for _ in range(2):
                process = self.project.start("run", "contacts", "--json")
                time.sleep(self.random.uniform(0.05, 1.0))
                process.send_signal(signal.SIGKILL)
                process.communicate()
            self.deliver()
            self.assert_is_model()


if __name__ == "__main__":
    main()
