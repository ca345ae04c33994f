"""Rows that travel in jobs at the destination: partial failures, crashes at every step, interruptions."""

import collections
import signal
import time
import unittest

from harness import DONE, INTERRUPTED, PARTIAL, Project, main
from job_server import CONNECTOR, JobServer

FIELDS = {"city": "city", "version": "version"}


class Jobs(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.server = JobServer()
        self.addCleanup(self.server.stop)
        self.project = Project(self.server.url)
        self.addCleanup(self.project.remove)
        self.project.write("connectors/loft.yaml", CONNECTOR)
        self.project.write("destinations/crm.yaml", {"type": "loft", "base_url": self.server.url})
        self.project.model(key="name")
        self.upserts()
        self.model(10)

    def upserts(self, **batch):
        self.project.sync("things", object="things", match={"name": "name"}, fields=FIELDS, in_doubt="hold",
                          batch=batch or None)

    def appends(self):
        self.project.sync("things", object="events", mode="append", match=None, fields=FIELDS | {"name": "name"},
                          in_doubt="hold")

    def model(self, count, version=1):
        self.project.rows([{"name": f"n{number}", "city": 'Ulm, "Do"', "version": version}
                           for number in range(count)])

    def run_sync(self, code=DONE, **expected):
        answer = self.project.call("run", "things", "--json")
        self.assertEqual(answer.code, code, str(answer))
        result = answer.results[-1]
        self.assertEqual({key: result[key] for key in expected}, expected, str(answer))
        return result

    def times_written(self):
        return collections.Counter(name for name, _ in self.server.writes)

    def everyone_once(self, count=10):
        self.assertEqual(self.times_written(), {f"n{number}": 1 for number in range(count)})


class Delivery(Jobs):
    def test_many_rows_go_as_a_job_and_few_do_not(self):
        plan = self.project.call("plan", "things", "--json").objects[0]
        self.assertEqual(plan["jobs"], 1)
        self.assertIn("10 rows in 1 bulk job of", self.project.call("plan", "things").out)
        self.run_sync(accepted=10)
        self.assertEqual(self.server.requests[:3], ["create", "upload", "start"])
        self.assertEqual(self.server.requests[-2:], ["good", "end"], "no failures were told, none were asked for")
        self.everyone_once()
        self.model(12)
        self.run_sync(accepted=2, unchanged=10)
        self.assertEqual(self.server.requests[-2:], ["one", "one"])

    def test_the_way_can_be_forced(self):
        self.upserts(bulk="never")
        self.run_sync(accepted=10)
        self.assertNotIn("create", self.server.requests)
        self.upserts(bulk="always")
        self.model(11)
        self.run_sync(accepted=1)
        self.assertIn("create", self.server.requests)

    def test_rows_that_a_job_refuses_are_known_by_name(self):
        self.server.refused["n3"] = ("BAD_CITY", "no such city: name")
        result = self.run_sync(PARTIAL, accepted=9, rejected=1)
        self.assertEqual(result["refused"][0]["code"], "BAD_CITY")
        self.assertEqual(result["refused"][0]["keys"], ["n3"])
        self.assertIn("BAD_CITY:no such city", self.project.call("trace", "things", "n3").out)

    def test_a_busy_row_goes_again_in_another_job(self):
        self.server.refused["n3"] = ("BUSY", "later")
        polled = self.server.end

        def end(steps, body):
            self.server.refused.clear()
            return polled(steps, body)

        self.server.end = end
        self.run_sync(accepted=10)
        self.everyone_once()
        self.assertEqual(self.server.requests.count("create"), 2)

    def test_a_row_that_no_result_names_is_sent_again(self):
        self.server.left_out.add("n4")
        self.server.end, end = lambda *a: (self.server.left_out.clear(), end(*a))[1], self.server.end
        self.run_sync(accepted=10)
        self.assertEqual(self.times_written()["n4"], 2, "an upsert may be repeated")

    def test_a_row_that_no_result_names_is_in_doubt_when_it_must_not_be_repeated(self):
        self.appends()
        self.server.left_out.add("n4")
        self.run_sync(PARTIAL, accepted=9, in_doubt=1)
        self.everyone_once()

    def test_polls_may_fail_and_be_throttled(self):
        self.server.answers = {"poll": [503, 429, 503], "create": [429, 503], "good": [503], "upload": [429]}
        self.run_sync(accepted=10)
        self.everyone_once()

    def test_an_upload_that_fails_is_made_again_in_a_new_job(self):
        self.server.answers = {"upload": [503]}
        self.run_sync(accepted=10)
        self.assertEqual(self.server.requests.count("create"), 2)
        self.everyone_once()

    def test_a_failed_job_of_repeatable_rows_is_tried_again(self):
        self.server.outcome, self.server.left_out = "Failed", {f"n{number}" for number in range(5)}

        def end(steps, body):
            self.server.outcome, self.server.left_out = "JobComplete", set()
            return 204, ""

        self.server.end = end
        self.run_sync(accepted=10)

    def test_a_job_that_vanished_leaves_its_rows_for_the_next_run(self):
        self.server.poll = lambda steps, body: (404, '{"error": "no such job"}')
        self.run_sync(PARTIAL, failed=10)
        del self.server.poll
        self.run_sync(accepted=10)

    def test_a_job_that_vanished_leaves_rows_in_doubt_that_must_not_be_repeated(self):
        self.appends()
        self.server.poll = lambda steps, body: (404, '{"error": "no such job"}')
        self.run_sync(PARTIAL, in_doubt=10)
        del self.server.poll
        self.run_sync(waiting=10)
        self.everyone_once()


class Crashes(Jobs):
    PARTS = ("create", "upload", "start", "poll", "good", "end")

    def struck_down(self, part, when):
        process = self.project.start("run", "things", "--quiet")
        self.server.strike = (part, when, process.kill)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGKILL, f"{when} {part}")

    def recovered(self):
        answer = self.project.call("run", "things", "--json")
        self.assertIn(answer.code, (DONE,), str(answer))
        plan = self.project.call("plan", "things", "--json").objects[0]
        self.assertEqual((plan["to_send"], plan["waiting"]), (0, 0), str(answer))

    def at_every_step(self, fresh):
        for part in self.PARTS:
            for when in ("before", "after"):
                with self.subTest(part=part, when=when):
                    self.server.writes.clear()
                    fresh()
                    self.struck_down(part, when)
                    self.recovered()
                    self.everyone_once()

    def fresh(self):
        self.project.remove()
        self.project = Project(self.server.url)
        self.addCleanup(self.project.remove)
        self.project.write("connectors/loft.yaml", CONNECTOR)
        self.project.write("destinations/crm.yaml", {"type": "loft", "base_url": self.server.url})
        self.project.model(key="name")
        self.upserts()
        self.model(10)

    def test_no_row_is_sent_twice_whenever_the_process_dies(self):
        self.at_every_step(self.fresh)

    def test_no_row_is_appended_twice_whenever_the_process_dies(self):
        self.at_every_step(lambda: (self.fresh(), self.appends()))

    def test_the_job_is_found_again_although_mapping_and_model_have_changed(self):
        self.struck_down("start", "after")
        self.project.sync("things", object="things", match={"name": "name"}, fields={"version": "version"})
        self.model(10, version=2)
        plan = self.project.call("plan", "things")
        self.assertIn("is still at the destination", plan.out)
        self.run_sync(accepted=10, changed=10)
        self.assertEqual(set(self.times_written().values()), {2}, "the old payload in the job, the new one after it")

    def test_nothing_is_lost_while_the_destination_is_away(self):
        self.struck_down("start", "after")
        self.project.write("destinations/crm.yaml", {"type": "loft", "base_url": "http://127.0.0.1:9"})
        process = self.project.start("run", "things", "--quiet")
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.project.write("destinations/crm.yaml", {"type": "loft", "base_url": self.server.url})
        self.recovered()
        self.everyone_once()


class Interrupts(Jobs):
    def test_ctrl_c_leaves_the_job_and_the_next_run_finds_it(self):
        self.server.polls_needed = 10**9
        process = self.project.start("run", "things", "--json")
        while "poll" not in self.server.requests:
            time.sleep(0.02)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, INTERRUPTED, out + err)
        self.assertLess(time.monotonic() - begun, 10)
        self.server.polls_needed = 2
        answer = self.project.call("run", "things", "--json")
        self.assertEqual(answer.code, DONE, str(answer))
        self.assertEqual(answer.results[-1]["unchanged"], 10, str(answer))
        self.everyone_once()
        runs = self.project.call("runs", "--json").objects
        self.assertEqual([(run["status"], run["accepted"]) for run in runs if run["accepted"]], [("interrupted", 10)])


if __name__ == "__main__":
    main()
