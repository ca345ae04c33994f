"""A destination that refuses, answers nonsense, or does not answer: one clear message, everything recorded."""

import signal
import socket
import time

from harness import DONE, FAILED, PARTIAL, PipeTest, main, person


class Logins(PipeTest):
    def setUp(self):
        super().setUp()
        self.rows = [person(number) for number in range(1000)]

    def test_a_wrong_token_stops_at_once_with_one_message(self):
        self.sandbox.call("POST", "/_sandbox/token", {"token": "nobody", "state": "revoked"})
        answer = self.call("run", "contacts", code=FAILED, HUBSPOT_TOKEN="nobody")
        self.assert_refused(answer, "HubSpot says: The access token", "mend the login")
        self.assertEqual((answer.out + answer.err).count("access token of this call"), 1, answer)
        self.assertLessEqual(self.sandbox.stats()["requests"], 16, "no more than were under way already")
        self.run_sync(accepted=1000)

    def test_a_token_that_expires_in_the_middle_keeps_what_was_delivered(self):
        self.run_sync("--limit", 300, accepted=300)
        self.sandbox.call("POST", "/_sandbox/token", {"token": "pat-e2e-7f3a91c2", "state": "expired"})
        result = self.run_sync(code=FAILED, status="failed", sent=0)
        self.assertIn("expired", result["error"])
        self.sandbox.call("POST", "/_sandbox/token", {"token": "pat-e2e-7f3a91c2", "state": "valid"})
        self.run_sync(accepted=700, unchanged=300)

    def test_missing_rights_stop_at_once(self):
        self.sandbox.fault(path="/batch/", status=403, count=-1,
                           body={"status": "error", "category": "MISSING_SCOPES", "message": "no such scope"})
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, "no such scope", "rights")
        self.assertLessEqual(self.sandbox.stats()["requests"], 16)


class Unreachable(PipeTest):
    def setUp(self):
        super().setUp()
        self.rows = [person(1)]

    def point_to(self, url):
        self.project.write("destinations/crm.yaml",
                           {"type": "hubspot", "access_token": "${env:HUBSPOT_TOKEN}", "base_url": url})

    def test_nobody_listens(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.point_to(f"http://127.0.0.1:{port}")
        begun = time.monotonic()
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, f"127.0.0.1:{port}")
        self.assertLess(time.monotonic() - begun, 60)
        self.point_to(self.sandbox.url)
        self.run_sync(added=1, accepted=1)

    def test_a_host_that_does_not_exist(self):
        self.point_to("http://no-such-host.invalid")
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, "no-such-host.invalid")

    def test_something_that_speaks_another_language(self):
        self.sandbox.fault(path="/batch/", kind="noise", count=-1)
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, "error:", "→")

    def test_a_plan_needs_no_destination(self):
        self.point_to("http://no-such-host.invalid")
        self.plan_sync(added=1)


class Faults(PipeTest):
    """Each is survived within the run, and no record is written twice."""

    def setUp(self):
        super().setUp()
        self.rows = [person(number) for number in range(250)]

    def survives(self, **fault):
        self.sandbox.fault(path="/batch/", **fault)
        self.run_sync(accepted=250, status="succeeded")
        self.assertEqual(len(self.records()), 250)
        self.assert_quiet(unchanged=250)

    def test_a_server_error(self):
        self.survives(kind="status", status=500, count=2)

    def test_a_gateway_error_after_the_write_took_effect(self):
        self.survives(kind="status", status=502, count=2, after=True)

    def test_a_reset_connection(self):
        self.survives(kind="reset", count=2)

    def test_a_connection_reset_after_the_write_took_effect(self):
        self.survives(kind="reset", count=2, after=True)

    def test_an_answer_that_is_not_json(self):
        self.survives(kind="garbage", count=2)

    def test_an_answer_that_is_not_http(self):
        self.survives(kind="noise", count=2)

    def test_an_answer_that_is_cut_off(self):
        self.survives(kind="partial", count=2)

    def test_a_late_answer(self):
        self.survives(kind="slow", delay_ms=1500, count=2)

    def test_one_request_in_five_fails(self):
        self.survives(kind="status", status=503, count=-1, probability=0.2)


class Limits(PipeTest):
    def test_a_429_with_retry_after_is_waited_for(self):
        self.sandbox.fault(path="/batch/", status=429, retry_after=2, count=1)
        self.rows = [person(1)]
        begun = time.monotonic()
        self.run_sync(accepted=1, throttled=1)
        self.assertGreaterEqual(time.monotonic() - begun, 2)
        [operation] = self.operations(self.call("runs", "--json").objects[0]["run"])
        self.assertEqual(operation["attempt"], 1, "a wait spends no attempt")

    def test_a_429_without_retry_after_is_waited_for(self):
        self.sandbox.fault(path="/batch/", status=429, count=3)
        self.rows = [person(1)]
        self.run_sync(accepted=1, throttled=3)

    def test_the_daily_limit_ends_the_run_and_says_so(self):
        self.sandbox.fault(path="/batch/", status=429, count=-1, body={
            "status": "error", "message": "You have reached your daily limit.", "errorType": "RATE_LIMIT",
            "policyName": "DAILY", "category": "RATE_LIMITS"})
        self.rows = [person(1)]
        answer = self.call("run", "contacts", code=PARTIAL)
        self.assert_refused(answer, "daily limit", "1 of 1 rows are left for a later run")

    def test_a_destination_that_throttles_for_ever_can_be_interrupted(self):
        self.sandbox.fault(path="/batch/", status=429, retry_after=3600, count=-1)
        self.rows = [person(1)]
        process = self.project.start("run", "contacts", "--json")
        self.wait_until(lambda: self.sandbox.stats()["requests"] >= 1)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130, out)


class OwnLimits(PipeTest):
    """The sandbox counts: not one request too many, and not many too few."""

    def test_the_declared_limit_is_used_and_not_passed(self):
        self.sandbox.stop()
        from harness import Sandbox
        self.sandbox = Sandbox(limit="190/10s")
        self.addCleanup(self.sandbox.stop)
        self.project.write("destinations/crm.yaml", {"type": "hubspot", "access_token": "${env:HUBSPOT_TOKEN}",
                                                     "base_url": self.sandbox.url})
        self.project.sync(batch={"rows": 1})
        self.rows = [person(number) for number in range(200)]
        begun = time.monotonic()
        self.run_sync(accepted=200, throttled=0)
        self.assertGreaterEqual(time.monotonic() - begun, 10)
        self.assertLess(time.monotonic() - begun, 16)
        self.assertEqual(self.sandbox.stats()["throttled"], 0)


class Partly(PipeTest):
    def test_a_run_that_fails_in_the_middle_keeps_what_was_delivered(self):
        self.project.sync(batch={"rows": 10, "concurrency": 1})
        self.rows = [person(number) for number in range(100)]
        self.run_sync("--limit", 50, accepted=50)
        self.sandbox.fault(path="/batch/", status=401, count=-1)
        self.run_sync(code=FAILED, status="failed")
        self.sandbox.call("POST", "/_sandbox/reset")
        self.run_sync(accepted=50, unchanged=50, code=DONE)

    def test_an_answer_without_some_of_the_rows_is_asked_again_for_them(self):
        # Nothing was written, nothing refused: this has been seen.
        self.sandbox.fault(path="/batch/upsert", status=207, body={"status": "COMPLETE", "results": []}, count=1)
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2, requests=2)

    def test_a_refusal_that_nobody_knows_is_shown_as_it_came(self):
        self.sandbox.fault(path="/batch/", status=418, body="I am a teapot", count=-1)
        self.rows = [person(1)]
        run = self.run_sync(code=PARTIAL, rejected=1)
        [refused] = self.operations(run["run"], "--rejected")
        self.assertIn("I am a teapot", refused["error"]["message"])
        self.assertEqual(refused["status"], 418)


if __name__ == "__main__":
    main()
