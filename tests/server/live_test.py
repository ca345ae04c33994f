"""What a run that goes on says of itself, against a destination that is slow and one that has a narrow limit: queues,
limits and latencies, as they are, and nothing of them when it is over."""

import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration")]

from harness import TOKEN, Sandbox, main, person  # noqa: E402
from served import Events, ServedTest  # noqa: E402


def queues(progress):
    return {queue["step"]: queue for queue in progress.get("queues", [])}


def fill(queue):
    return queue["rows"] / queue["capacity"]


class Live(ServedTest):
    def go(self, rows, limit="none", latency="0ms", **sync):
        """A run of so many rows; gives the service, the run's end and all that was told while it went on."""
        self.sandbox.stop()
        self.sandbox = Sandbox("--latency", latency, limit=limit)
        self.addCleanup(self.sandbox.stop)
        self.project.write("destinations/crm.yaml", {"type": "hubspot", "access_token": TOKEN,
                                                     "base_url": self.sandbox.url})
        self.project.sync(**sync)
        self.rows = [person(number, phone=f"+49 30 {number:06}") for number in range(1, rows + 1)]
        served = self.serve()
        events = Events(served)
        self.addCleanup(events.close)
        self.run = served.post("/runs", {"sync": "contacts"}).json["run"]
        self.asked = {}
        end = time.monotonic() + 90
        while time.monotonic() < end:
            now = served.get(f"/runs/{self.run}").json
            if now["status"] not in ("queued", "running"):
                break
            if (progress := now.get("progress", {})).get("limits") and progress.get("latency_ms"):
                self.asked = progress
            time.sleep(0.1)
        self.assertEqual(now["status"], "succeeded", now)
        self.wait_for(lambda: [one["status"] for one in events.of("run")][-1:] == ["succeeded"])
        self.assertNotIn("progress", now)
        told = events.of("progress")
        for progress in told:
            for queue in progress.get("queues", []):
                self.assertLessEqual(0, queue["rows"], progress)
                self.assertGreater(queue["capacity"], 0, progress)
        return served, told

    def test_a_slow_destination_holds_back_and_its_latency_is_told(self):
        served, told = self.go(6000, latency="150ms", batch={"rows": 20, "concurrency": 4})
        under_way = [progress for progress in told if progress["stage"] == "delivering" and progress.get("latency_ms")]
        self.assertGreater(len(under_way), 5)
        for progress in under_way:
            latency = progress["latency_ms"]
            self.assertLessEqual(latency["p50"], latency["p90"])
            self.assertLessEqual(latency["p90"], latency["p99"])
            self.assertGreaterEqual(latency["p50"], 150)
            self.assertLess(latency["p50"], 1500)
            # Rows that are in requests wait for nothing: no more than were read are anywhere.
            waiting = queues(progress)
            done = progress["accepted"] + progress["rejected"]
            self.assertLessEqual(waiting["deliver"]["rows"] + done, progress["rows_read"])
            self.assertNotIn("lookup", waiting)  # an upsert by email needs none
        fullest = max(fill(queues(progress)["deliver"]) for progress in under_way)
        self.assertGreater(fullest, 0.6)
        self.assertLess(fill(queues(under_way[len(under_way) // 2])["ledger"]), 0.1)
        # What is asked for is what is told.
        self.assertEqual(set(self.asked), set(under_way[len(under_way) // 2]))
        # In the end nothing waits.
        self.assertEqual([queue["rows"] for queue in told[-1]["queues"]] if told[-1]["stage"] == "settling" else [0, 0],
                         [0, 0])
        self.assertIn('penstock_requests_in_flight{destination="crm"} 0', served.get("/metrics").body)

    def test_a_limit_is_told_while_it_is_used(self):
        _, told = self.go(1500, batch={"rows": 5})  # 190 in ten seconds are the connector's own
        limits = {(limit["group"], limit["seconds"]): limit for limit in self.asked["limits"]}
        crm = limits["crm", 10]
        self.assertEqual(crm["allowed"], 190)
        self.assertTrue(0 < crm["used"] <= 190, crm)
        self.assertGreater(limits["crm", 86400]["allowed"], 190)
        at_limit = [progress for progress in told if {"group": "crm", "used": 190, "allowed": 190, "seconds": 10} in
                    progress.get("limits", [])]
        # 190 requests of five rows have gone: the others wait.
        self.assertEqual({queues(progress)["deliver"]["rows"] for progress in at_limit if not progress["in_flight"]
                          and progress["requests"] == 190}, {1500 - 5 * 190})

    def test_look_ups_have_a_queue_of_their_own(self):
        _, told = self.go(3000, latency="100ms", match={"phone": "phone"}, fields={"firstname": "name", "city": "city"},
                          batch={"concurrency": 2})
        waiting = [queues(progress) for progress in told if progress["stage"] == "delivering" and progress.get("latency_ms")]
        # Searches go at five in a second: what is found is written faster than that.
        self.assertGreater(max(fill(one["lookup"]) for one in waiting), 0.5)
        self.assertLess(waiting[len(waiting) // 2]["deliver"]["rows"], waiting[len(waiting) // 2]["lookup"]["rows"])

    def test_who_does_not_carry_a_run_out_says_nothing_of_it(self):
        self.sandbox.stop()
        self.sandbox = Sandbox("--latency", "100ms")
        self.addCleanup(self.sandbox.stop)
        self.project.write("destinations/crm.yaml", {"type": "hubspot", "access_token": TOKEN,
                                                     "base_url": self.sandbox.url})
        self.project.sync(batch={"rows": 10, "concurrency": 2})
        self.rows = [person(number) for number in range(1, 1001)]
        both = [self.serve(), self.serve()]
        events = [Events(served) for served in both]
        for each in events:
            self.addCleanup(each.close)
        run = both[0].post("/runs", {"sync": "contacts"}).json["run"]
        self.wait_for(lambda: any(each.of("progress") for each in events))
        time.sleep(1)
        told = [served.get(f"/runs/{run}").json for served in both]
        self.assertEqual([one["status"] for one in told], ["running", "running"])
        self.assertEqual(sorted("progress" in one for one in told), [False, True])
        self.assertEqual([bool(each.of("progress")) for each in events], ["progress" in one for one in told])
        for served in both:
            self.assertEqual(self.ended_run(served, run)["status"], "succeeded")

    def test_the_command_line_tells_the_same(self):
        self.sandbox.stop()
        self.sandbox = Sandbox("--latency", "100ms")
        self.addCleanup(self.sandbox.stop)
        self.project.write("destinations/crm.yaml", {"type": "hubspot", "access_token": TOKEN,
                                                     "base_url": self.sandbox.url})
        self.project.sync(batch={"rows": 10, "concurrency": 2})
        self.rows = [person(number) for number in range(1, 801)]
        lines = [json.loads(line) for line in self.project.call("run", "--json").out.splitlines()]
        told = [line for line in lines if line["event"] == "progress" and line.get("latency_ms")]
        self.assertTrue(told, lines)
        self.assertEqual(told[0]["limits"][0]["group"], "crm")
        self.assertGreater(queues(told[0])["deliver"]["rows"], 0)
        self.assertGreaterEqual(told[0]["latency_ms"]["p50"], 100)


if __name__ == "__main__":
    main()
