"""Signals, two runs at once, and questions asked while a run goes on."""

import signal
import subprocess

from harness import DONE, FAILED, INTERRUPTED, TERMINATED, PipeTest, main, person


class Long(PipeTest):
    """A run that takes its time: 60 requests, one after the other."""

    sandbox_options = ("--latency", "20ms")
    requests = 60

    def setUp(self):
        super().setUp()
        self.project.sync(batch={"rows": 1, "concurrency": 1})
        self.rows = [person(number) for number in range(self.requests)]

    def start_and_wait(self, requests=10, *arguments):
        process = self.project.start("run", "contacts", *arguments)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.wait_until(lambda: self.sandbox.stats()["requests"] >= requests)
        return process


class Signals(Long):
    def interrupted(self, number, code):
        process = self.start_and_wait(10, "--json")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, code, out + err)
        result = [line for line in out.splitlines() if '"event":"result"' in line][-1]
        self.assertIn('"status":"interrupted"', result)
        there = len(self.records())
        self.assertTrue(10 <= there < self.requests, there)
        last = self.call("runs", "--json").objects[0]
        self.assertEqual((last["status"], last["accepted"], last["in_doubt"]), ("interrupted", there, 0))
        self.run_sync(added=self.requests - there, unchanged=there, accepted=self.requests - there)
        self.assertEqual(len(self.sandbox.history()), self.requests, "each row was written once")

    def test_ctrl_c_finishes_what_is_under_way_and_records_it(self):
        self.interrupted(signal.SIGINT, INTERRUPTED)

    def test_sigterm_finishes_what_is_under_way_and_records_it(self):
        self.interrupted(signal.SIGTERM, TERMINATED)

    def test_a_second_ctrl_c_ends_at_once_and_the_next_run_recovers(self):
        self.sandbox.fault(path="/batch/", kind="stall", count=1)
        process = self.start_and_wait(1)
        self.wait_until(lambda: self.sandbox.stats()["faults"] >= 1)
        process.send_signal(signal.SIGINT)
        line = process.stderr.readline() + process.stderr.readline()
        self.assertIn("once more to stop at once", line)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)
        self.assertEqual(process.returncode, INTERRUPTED)
        answer = self.call("run", "contacts")
        self.assertIn("was recovered", answer.out)
        self.assertEqual(len(self.records()), self.requests)

    def test_a_signal_while_planning_sends_nothing(self):
        self.project.model("select id, email, name, phone, city from people where "
                           "(select max(sqrt(a.range * b.range)) from range(100000) a, range(100000) b) > 0")
        process = self.project.start("run", "contacts")
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=2)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertEqual(self.sandbox.stats()["rows"], 0)
        self.project.model()
        self.run_sync(accepted=self.requests)

    def kill(self, process):
        """Dead when this returns: until then it holds its lock."""
        process.kill()
        process.communicate()

    def test_sigkill_is_recovered_from_by_the_next_run(self):
        self.kill(self.start_and_wait(10))
        self.run_sync()
        self.assertEqual(len(self.records()), self.requests)
        first = self.call("runs", "--json").objects[1]
        self.assertEqual(first["status"], "interrupted")
        self.assertIn("stopped in the middle", first["error"])

    def test_sigkill_is_recovered_from_by_a_plan(self):
        self.kill(self.start_and_wait(10))
        self.plan_sync()
        self.assertEqual(self.call("runs", "--json").objects[0]["status"], "interrupted")
        self.run_sync()
        self.assertEqual(len(self.records()), self.requests)


class AtTheSameTime(Long):
    def test_a_second_run_names_the_holder(self):
        process = self.start_and_wait(5)
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, "sync 'contacts' is being run by run", f"process {process.pid}", "wait until")
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, DONE, out + err)
        self.assertEqual(len(self.sandbox.history()), self.requests)

    def test_a_plan_may_be_made_meanwhile(self):
        self.start_and_wait(5)
        answer = self.call("plan", "contacts")
        self.assertIn("a run is going on", answer.out)

    def test_another_sync_may_run_meanwhile(self):
        self.project.sync("second", match={"email": "email"}, fields={"jobtitle": "city"})
        self.start_and_wait(5)
        self.run_sync(sync="second", accepted=self.requests)

    def test_questions_are_answered_meanwhile(self):
        process = self.start_and_wait(5)
        asked = 0
        while process.poll() is None:
            [status] = self.call("status", "contacts", "--json").objects
            self.assertIn(status["last_run"]["status"], ("running", "succeeded"))
            self.call("runs")
            self.call("trace", "contacts", "1")
            self.call("plan", "contacts", "--quiet")
            asked += 1
        self.assertGreater(asked, 0)
        self.assertEqual(process.returncode, DONE)

    def test_a_dead_process_holds_no_lock(self):
        self.start_and_wait(5).kill()
        self.run_sync()


if __name__ == "__main__":
    main()
