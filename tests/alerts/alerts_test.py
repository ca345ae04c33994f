#!/usr/bin/env python3
"""Alerts of the program as people use it: what is told when, to receivers that answer well, badly, or not at all."""

import json
import os
import time

from receivers import DONE, FAILED, PARTIAL, STOPPED, USAGE, AlertTest, person
from harness import main

SECRET = "whsec-3f9a71b2"


class Webhook(AlertTest):
    def setUp(self):
        super().setUp()
        self.hook = self.receiver()
        self.alert(type="webhook", url=self.hook.url + "/hook", headers={"Authorization": "Bearer ${env:HOOK_TOKEN}"},
                   signing_secret="${env:HOOK_SECRET}")

    def call(self, *arguments, **more):
        answer = super().call(*arguments, **({"HOOK_TOKEN": "hook-token-99", "HOOK_SECRET": SECRET} | more))
        self.assertNotIn(SECRET, answer.out + answer.err)
        self.assertNotIn("hook-token-99", answer.out + answer.err)
        return answer

    def only(self):
        [came] = self.hook.take()
        self.assertTrue(came.is_signed_with(SECRET))
        self.assertFalse(came.is_signed_with(SECRET + "x"))
        self.assertEqual(came.headers["Authorization"], "Bearer hook-token-99")
        self.assertEqual(came.path, "/hook")
        [outage] = came.json["outages"]
        return outage

    def test_what_breaks_is_told_once_and_so_is_its_end(self):
        self.break_source()
        self.run_and_tell(code=FAILED)
        broke = self.only()
        self.assertEqual((broke["saying"], broke["event"], broke["severity"]), ("broke", "broken", "error"))
        self.assertIn("contacts: the source 'warehouse' cannot be read", broke["title"])
        self.assertIn("people.csv", broke["cause"])
        self.assertEqual(broke["command"], "penstock check --connect")
        self.run_and_tell(code=FAILED)
        self.assertEqual(self.hook.take(), [])
        self.mend_source()
        self.run_and_tell()
        over = self.only()
        self.assertEqual((over["saying"], over["id"]), ("recovered", broke["id"]))
        self.run_and_tell()
        self.assertEqual(self.hook.take(), [])

    def test_syncs_that_fail_together_are_one_message(self):
        for name in ("second", "third"):
            self.project.sync(name, alerts=["ops"])
        self.break_source()
        self.run_and_tell(code=FAILED)
        broke = self.only()
        self.assertIn("3 syncs:", broke["title"])
        for name in ("contacts", "second", "third"):
            self.assertIn(name, broke["facts"]["Syncs"])
        self.mend_source()
        self.run_and_tell("contacts")
        self.assertEqual(self.hook.take(), [])
        [listed] = self.call("alert", "list", "--json").objects
        self.assertEqual((listed["open"][0]["syncs"], listed["open"][0]["restored"]), (["second", "third"], ["contacts"]))
        self.run_and_tell()
        self.assertEqual(self.only()["saying"], "recovered")
        [listed] = self.call("alert", "list", "--json").objects
        self.assertEqual(listed["open"], [])

    def test_nothing_is_sent_unless_it_is_asked_for(self):
        self.break_source()
        self.call("run", code=FAILED)
        self.assertEqual(self.hook.take(), [])
        self.assertFalse(os.path.exists(self.project.path(".penstock", "alerts")))

    def test_a_guard_that_stops_a_run(self):
        self.project.sync(alerts=["ops"], mode="mirror", guard={"max_removed": "100%"})
        self.run_and_tell()
        self.project.sync(alerts=["ops"], mode="mirror", guard={"max_removed": 0})
        self.rows = [person(1)]
        self.run_and_tell(code=STOPPED)
        told = self.only()
        self.assertEqual((told["event"], told["saying"]), ("stopped", "broke"))
        self.assertIn("guard max_removed", told["title"])
        self.assertEqual(told["command"], "penstock plan contacts")
        self.project.sync(alerts=["ops"], mode="mirror", guard={"max_removed": "100%"})
        self.run_and_tell()
        self.assertEqual(self.only()["saying"], "recovered")

    def test_a_login_that_is_refused(self):
        self.sandbox.call("POST", "/_sandbox/token", {"token": "revoked", "state": "revoked"})
        self.call("run", "--alert", code=FAILED, HUBSPOT_TOKEN="revoked")
        told = self.only()
        self.assertEqual(told["event"], "broken")
        self.assertIn("the destination 'crm' refuses the login", told["title"])
        self.assertIn("says:", told["cause"])

    def test_rows_that_are_refused(self):
        self.alert(type="webhook", url=self.hook.url + "/hook", rejected_over="40%",
                   headers={"Authorization": "Bearer ${env:HOOK_TOKEN}"}, signing_secret="${env:HOOK_SECRET}")
        self.rows = [person(1, email="nobody@"), person(2), person(3)]
        self.run_and_tell(code=PARTIAL)
        self.assertEqual(self.hook.take(), [])
        self.rows = [person(1, email="nobody@"), person(2, email="none@"), person(3)]
        self.run_and_tell(code=PARTIAL)
        self.run_and_tell(code=DONE)  # they wait
        told = self.only()
        self.assertEqual((told["event"], told["severity"]), ("partial", "warning"))
        self.assertIn("rejected", told["facts"]["Rows"])
        self.assertIn("INVALID_EMAIL", told["cause"])
        self.assertIn("penstock log", told["command"])
        self.rows = [person(1), person(2), person(3)]
        self.run_and_tell()
        self.assertEqual(self.only()["saying"], "recovered")

    def test_personal_values_stay_here(self):
        self.alert(type="webhook", url=self.hook.url + "/hook", on=["partial"],
                   headers={"Authorization": "Bearer ${env:HOOK_TOKEN}"}, signing_secret="${env:HOOK_SECRET}")
        self.project.model(pii=["email"])
        self.rows = [person(1, email="secret.person@")]
        self.run_and_tell(code=PARTIAL)
        [came] = self.hook.take()
        self.assertNotIn(b"secret.person", came.body)
        self.assertNotIn("secret.person", open(self.project.path(".penstock", "alerts", "open.json"), encoding="utf-8").read())

    def test_the_link_leads_to_the_service(self):
        self.project.write("penstock.yaml", {"project": "e2e", "public_url": "https://penstock.example.com/"})
        self.break_source()
        self.run_and_tell(code=FAILED)
        self.assertRegex(self.only()["link"], r"^https://penstock\.example\.com/runs/\w")

    def test_what_is_open_is_kept_by_one_process_at_a_time(self):
        self.break_source()
        together = [self.project.start("run", "--alert", HOOK_TOKEN="hook-token-99", HOOK_SECRET=SECRET) for _ in range(6)]
        for one in together:
            one.communicate(timeout=120)
        self.assertEqual(self.only()["saying"], "broke")

    def test_a_broken_file_silences_nobody(self):
        self.break_source()
        self.run_and_tell(code=FAILED)
        self.only()
        self.project.write(".penstock/alerts/open.json", "{ half")
        self.assertIn("is not what was written there", self.call("alert", "list", code=FAILED).err)
        answer = self.run_and_tell(code=FAILED)
        self.assertIn("is not what was written there", answer.err)
        self.assertEqual(self.only()["saying"], "broke")
        self.run_and_tell(code=FAILED)
        self.assertEqual(self.hook.take(), [])


class Troubles(AlertTest):
    """Receivers that do not take what they are sent: the run is never touched by it."""

    def tell(self, *answers, code=FAILED):
        self.hook = self.receiver(*answers)
        self.alert(type="webhook", url=self.hook.url + "/in/s3cretpath")
        self.break_source()
        started = time.monotonic()
        self.answer = self.run_and_tell(code=code)
        self.took = time.monotonic() - started
        return self.hook.take()

    def test_a_failure_that_passes(self):
        came = self.tell((500, {}, "oops"), (503, {}, "oops"), (200, {}, "ok"))
        self.assertEqual(len(came), 3)
        self.assertEqual(len({one.json["id"] for one in came}), 1, "one message, sent again")
        self.assertIn("alert 'ops': told", self.answer.err)

    def test_retry_after_is_kept_to(self):
        came = self.tell((429, {"Retry-After": "3"}, "slowly"), (200, {}, "ok"))
        self.assertGreaterEqual(came[1].at - came[0].at, 2.9)
        self.assertIn("told", self.answer.err)

    def test_nobody_waits_for_an_hour(self):
        came = self.tell((429, {"Retry-After": "3600"}, "slowly"))
        self.assertEqual(len(came), 1)
        self.assertLess(self.took, 30)
        self.assertIn("429 slowly", self.answer.err)

    def test_what_stays_wrong_is_not_repeated(self):
        came = self.tell((404, {}, "no_service"))
        self.assertEqual(len(came), 1)
        self.assertIn("404 no_service", self.answer.err)
        self.assertIn("make a new one", self.answer.err)

    def test_a_receiver_that_goes_on_failing(self):
        came = self.tell((500, {}, "oops"))
        self.assertEqual(len(came), 4)
        # It is tried again, not before some time; and then told.
        self.hook.answers = [(200, {}, "ok")]
        self.run_and_tell(code=FAILED)
        self.assertEqual(self.hook.take(), [])
        [listed] = self.call("alert", "list", "--json").objects
        self.assertNotIn("told", listed["open"][0])

    def test_a_connection_that_breaks(self):
        self.assertEqual(len(self.tell("reset", (200, {}, "ok"))), 2)

    def test_nobody_is_there(self):
        hook = self.receiver()
        hook.stop()
        self.alert(type="webhook", url=hook.url)
        self.break_source()
        answer = self.run_and_tell(code=FAILED)
        self.assertIn("warning: alert 'ops':", answer.err)

    def test_a_receiver_that_hangs(self):
        hook = self.receiver("hang")
        self.alert(type="webhook", url=hook.url)
        started = time.monotonic()
        answer = self.call("alert", "test", code=FAILED)
        self.assertIn("did not begin to reply", answer.out + answer.err)
        self.assertLess(time.monotonic() - started, 150)

    def test_a_secret_that_is_not_there(self):
        self.alert(type="webhook", url="${env:NO_SUCH_HOOK}")
        self.break_source()
        answer = self.run_and_tell(code=FAILED)
        self.assertIn("NO_SUCH_HOOK", answer.err)
        self.assertIn("NO_SUCH_HOOK", self.call("alert", "test", "ops", code=FAILED).out)


class Commands(AlertTest):
    def test_alert_test_tells_what_was_answered(self):
        good, bad = self.receiver((200, {}, "ok")), self.receiver((403, {}, "action_prohibited"))
        self.project.write("alerts/good.yaml", {"type": "slack", "webhook_url": good.url + "/services/T/B/s3cret"})
        self.project.write("alerts/bad.yaml", {"type": "webhook", "url": bad.url})
        lines = {one["alert"]: one for one in self.call("alert", "test", "--json", code=FAILED).objects}
        self.assertEqual((lines["good"]["arrived"], lines["good"]["type"]), (True, "slack"))
        self.assertIn("200 ok", lines["good"]["answer"])
        self.assertIn("403 action_prohibited", lines["bad"]["answer"])
        self.assertEqual(bad.take()[0].json["outages"][0]["saying"], "test")
        text = self.call("alert", "test", "good").out
        self.assertIn("good (slack)", text)
        self.assertNotIn("s3cret", text)
        [first, second] = good.take()
        self.assertIn("Test of the alert 'good'", first.json["text"])
        self.assertEqual(second.path, "/services/T/B/s3cret")

    def test_names_that_are_not_there(self):
        self.assertIn("this project has no alerts", self.call("alert", "list", code=USAGE).err)
        self.project.write("alerts/ops.yaml", {"type": "webhook", "url": "http://127.0.0.1:1"})
        self.assertIn("did you mean 'ops'", self.call("alert", "test", "opps", code=USAGE).err)

    def test_alert_list(self):
        hook = self.receiver()
        self.alert(type="webhook", url=hook.url, on=["failed", "late"])
        self.assertIn("failed, late", self.call("alert", "list").out)
        self.break_source()
        self.run_and_tell(code=FAILED)
        text = self.call("alert", "list").out
        self.assertIn("the source 'warehouse' cannot be read", text)
        self.assertIn("fails: contacts", text)
        [listed] = self.call("alert", "list", "--json").objects
        self.assertEqual((listed["alert"], listed["type"], listed["on"], listed["syncs"]),
                         ("ops", "webhook", ["failed", "late"], ["contacts"]))
        self.assertIn("told", listed["open"][0])

    def test_a_shared_state_keeps_what_is_open(self):
        # Everything that a state needs to be kept elsewhere is below one directory with one lock.
        hook = self.receiver()
        self.alert(type="webhook", url=hook.url)
        self.break_source()
        self.run_and_tell(code=FAILED)
        self.assertEqual(sorted(os.listdir(self.project.path(".penstock", "alerts"))), ["lock", "open.json"])
        kept = json.load(open(self.project.path(".penstock", "alerts", "open.json"), encoding="utf-8"))
        self.assertEqual(kept["version"], 1)
        self.assertEqual(os.stat(self.project.path(".penstock", "alerts", "open.json")).st_mode & 0o077, 0)


if __name__ == "__main__":
    main()
