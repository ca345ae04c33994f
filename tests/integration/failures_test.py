"""Failures never go stale: nothing is queued for resending, the next plan compares the row as it is by then."""

import os

from harness import FAILED, PARTIAL, ROOT, USAGE, PipeTest, main, person


class FailuresNeverGoStale(PipeTest):
    """The rules of docs/design, word for word. `bad` is an address that the destination refuses."""

    def setUp(self):
        super().setUp()
        # The row's email is no match value here, so that the destination may refuse it and take it later.
        self.sandbox.define("contacts", "customer_no", unique=True)
        self.project.sync(mode="mirror", match={"customer_no": "id"}, fields={"email": "email", "city": "city"})

    def cities(self):
        return self.records("city", by="customer_no")

    def fail_everything_once(self):
        """The destination answers 503 to writes until faults are forgotten; the run gives up and says so."""
        self.sandbox.fault(path="/batch/", status=503, count=-1)

    def test_failed_then_changed_only_the_new_payload_goes(self):
        self.rows = [person(1, email="bad", city="Old"), person(2)]
        self.run_sync(code=PARTIAL, accepted=1, rejected=1)
        self.rows = [person(1, city="New"), person(2)]
        self.plan_sync(added=1, changed=0, unchanged=1)
        self.run_sync(added=1, sent=1, accepted=1)
        self.assertEqual(self.cities(), {"1": "New", "2": "Ulm"})
        sent = [one["properties"].get("city") for one in self.sandbox.history()]
        self.assertNotIn("Old", sent)

    def test_failed_then_reverted_nothing_goes(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1, email="bad", city="Bonn"), person(2)]
        self.run_sync(code=PARTIAL, changed=1, rejected=1)
        self.rows = [person(1), person(2)]
        self.assert_quiet(unchanged=2, waiting=0)
        self.assertEqual(self.cities(), {"1": "Ulm", "2": "Ulm"})

    def test_failed_then_removed_nothing_goes(self):
        self.rows = [person(1, email="bad"), person(2)]
        self.run_sync(code=PARTIAL, accepted=1, rejected=1)
        self.rows = [person(2)]
        self.assert_quiet(removed=0, unchanged=1, waiting=0)

    def test_a_permanent_rejection_of_an_unchanged_row_waits(self):
        self.rows = [person(1, email="bad"), person(2)]
        self.run_sync(code=PARTIAL, accepted=1, rejected=1)
        for _ in range(3):
            self.run_sync(sent=0, requests=0, waiting=1, unchanged=1, status="succeeded")
        [status] = self.call("status", "contacts", "--json").objects
        self.assertEqual(status["waiting"], 1)
        self.rows = [person(1, email="bad"), person(2, city="Bonn")]
        self.run_sync(sent=1, accepted=1, waiting=1)

    def test_removal_failed_then_the_row_came_back_nothing_goes(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(2)]
        self.sandbox.fault(path="/batch/archive", status=400, count=1)
        self.run_sync(code=PARTIAL, removed=1, rejected=1)
        self.assertEqual(set(self.cities()), {"1", "2"})
        self.rows = [person(1), person(2)]
        self.assert_quiet(removed=0, unchanged=2)
        self.assertEqual(self.cities(), {"1": "Ulm", "2": "Ulm"})


class WhatEndsAWait(PipeTest):
    def setUp(self):
        super().setUp()
        self.rows = [person(1, email="bad"), person(2)]
        self.run_sync(code=PARTIAL, accepted=1, rejected=1)
        self.run_sync(sent=0, waiting=1)

    def test_a_change_of_the_row(self):
        self.rows = [person(1), person(2)]
        self.run_sync(added=1, accepted=1)
        self.assert_quiet(waiting=0)

    def test_a_change_of_the_mapping(self):
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": {"sql": "upper(city)"}})
        self.run_sync(code=PARTIAL, waiting=0, sent=2, rejected=1)

    def test_a_change_of_the_connector(self):
        with open(os.path.join(ROOT, "connectors", "hubspot.yaml"), encoding="utf-8") as file:
            own = file.read().replace("connector: hubspot", "connector: own_hubspot")
        self.project.write("connectors/own_hubspot.yaml", own)
        self.project.write("destinations/crm.yaml", {"type": "own_hubspot", "access_token": "${env:HUBSPOT_TOKEN}",
                                                     "base_url": self.sandbox.url})
        self.run_sync(code=PARTIAL, sent=1, rejected=1)
        self.run_sync(sent=0, waiting=1)
        self.project.write("connectors/own_hubspot.yaml", own.replace("rows: 100", "rows: 50"))
        self.run_sync(code=PARTIAL, sent=1, rejected=1)

    def test_a_person_says_so(self):
        self.run_sync(code=PARTIAL, command="retry", waiting=0, sent=1, rejected=1)
        self.run_sync(sent=0, waiting=1)

    def test_full_says_so(self):
        self.run_sync("--full", code=PARTIAL, waiting=0, sent=2, rejected=1, accepted=1)

    def test_nothing_else_does(self):
        self.rows = [person(3), person(2), person(1, email="bad")]
        self.run_sync(sent=1, accepted=1, waiting=1)

    def test_each_further_refusal_lengthens_it(self):
        first = self.call("trace", "contacts", 1).out
        self.run_sync(code=PARTIAL, command="retry", rejected=1)
        second = self.call("trace", "contacts", 1).out
        self.assertIn("refused 1 time", first)
        self.assertIn("refused 2 times", second)


class RemovalsThatFail(PipeTest):
    def setUp(self):
        super().setUp()
        self.project.sync(mode="mirror")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)

    def test_a_refused_removal_waits(self):
        self.rows = [person(2)]
        self.sandbox.fault(path="/batch/archive", status=400, count=1)
        self.run_sync(code=PARTIAL, removed=1, rejected=1)
        self.assert_quiet(removed=0, waiting_removals=1)
        self.run_sync(command="retry", removed=1, accepted=1)
        self.assertEqual(set(self.records()), {"p2@example.com"})

    def test_a_refused_removal_of_a_row_that_came_back_changed_writes_the_row(self):
        self.rows = [person(2)]
        self.sandbox.fault(path="/batch/archive", status=400, count=1)
        self.run_sync(code=PARTIAL, removed=1, rejected=1)
        self.rows = [person(1, city="Bonn"), person(2)]
        self.run_sync(changed=1, sent=1, accepted=1)
        self.assertEqual(self.records("city"), {"p1@example.com": "Bonn", "p2@example.com": "Ulm"})

    def test_a_removal_that_was_carried_out_unseen_does_not_hide_the_row_that_comes_back(self):
        self.rows = [person(2)]
        self.sandbox.fault(path="/batch/archive", kind="reset", after=True, count=1)
        self.sandbox.fault(path="/batch/archive", status=503, count=-1)
        process = self.project.start("run", "contacts")
        self.wait_until(lambda: self.sandbox.stats()["faults"] >= 2)
        process.terminate()
        process.communicate(timeout=60)
        self.assertEqual(set(self.records()), {"p2@example.com"}, "the fault did what the test needs")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=1)
        self.assertEqual(set(self.records()), {"p1@example.com", "p2@example.com"})


class WritesInDoubt(PipeTest):
    """The destination carried a request out, and its reply never came."""

    def test_an_upsert_without_a_reply_is_tried_again_at_once(self):
        self.sandbox.fault(path="/batch/upsert", kind="reset", after=True, count=1)
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.assertEqual(len(self.sandbox.records()), 1)

    def test_a_create_without_a_reply_does_not_make_a_second_record(self):
        self.project.sync(fields={"firstname": "name", "city": {"from": "city", "write": "on_create"}})
        self.sandbox.fault(path="/batch/create", kind="reset", after=True, count=1)
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.assertEqual(self.records("firstname", "city"), {"p1@example.com": {"firstname": "Person 1", "city": "Ulm"}})

    def test_a_searched_create_without_a_reply_is_found_by_the_next_run(self):
        self.project.sync(object="companies", match={"domain": "email"}, fields={"name": "name"})
        self.sandbox.fault(path="/batch/create", kind="reset", after=True, count=1)
        self.rows = [person(1, email="c1.example")]
        self.run_sync(code=PARTIAL, in_doubt=1, accepted=0)
        self.plan_sync(because_of_doubt=1)
        self.run_sync(accepted=1)
        self.assertEqual(len(self.sandbox.records("companies")), 1)

    def test_an_append_without_a_reply_is_held_until_a_person_decides(self):
        self.project.sync(mode="append", object="tickets", match=None, fields={"subject": "name"})
        self.sandbox.fault(path="/batch/create", kind="reset", after=True, count=1)
        self.rows = [person(1), person(2)]
        self.run_sync(code=PARTIAL, in_doubt=2)
        self.run_sync(sent=0, waiting=2)
        self.assertEqual(len(self.sandbox.records("tickets")), 2)
        self.run_sync(command="retry", accepted=2)
        self.assertEqual(len(self.sandbox.records("tickets")), 4)

    def two_in_doubt(self):
        self.project.sync(mode="append", object="tickets", match=None, fields={"subject": "name"})
        self.sandbox.fault(path="/batch/create", kind="reset", after=True, count=1)
        self.rows = [person(1), person(2)]
        self.run_sync(code=PARTIAL, in_doubt=2)
        self.assertEqual(self.call("status", "--json").objects[0]["in_doubt"], 2)
        self.assertIn("2 (2 in doubt)", self.call("status").out)

    def test_a_person_settles_doubt_as_written(self):
        self.two_in_doubt()
        settled = self.call("settle", "contacts", "--written", "--json").objects
        self.assertEqual(sorted((one["key"], one["settled_as"]) for one in settled), [("1", "written"), ("2", "written")])
        self.run_sync(sent=0, unchanged=2, waiting=0)
        self.run_sync(command="retry", sent=0)
        self.assertEqual(len(self.sandbox.records("tickets")), 2)
        self.assertIn("no row of this sync is in doubt", self.call("settle", "contacts", "--written").out)

    def test_a_person_settles_doubt_row_by_row(self):
        self.two_in_doubt()
        self.call("settle", "contacts", "1", "--not-written")
        self.run_sync(accepted=1, waiting=1)
        self.call("settle", "contacts", "2", "--written")
        self.run_sync(sent=0, unchanged=2)
        self.assertEqual(len(self.sandbox.records("tickets")), 3)

    def test_only_what_is_in_doubt_can_be_settled(self):
        self.two_in_doubt()
        for arguments, words in ((("1", "3", "--written"), ("row 3", "not in doubt")),
                                 (("--written", "--not-written"), ("excludes",)),
                                 ((), ("--written or --not-written",))):
            answer = self.call("settle", "contacts", *arguments, code=USAGE)
            self.assert_refused(answer, *words)
        self.assertEqual(self.call("status", "--json").objects[0]["in_doubt"], 2, "nothing was changed")

    def test_an_append_without_a_reply_is_sent_again_by_in_doubt_resend(self):
        self.project.sync(mode="append", object="tickets", match=None, fields={"subject": "name"}, in_doubt="resend")
        self.sandbox.fault(path="/batch/create", kind="reset", after=True, count=1)
        self.rows = [person(1)]
        self.run_sync(code=PARTIAL, in_doubt=1)
        self.run_sync(accepted=1)

    def test_a_row_in_doubt_that_changes_is_sent_as_it_is_now(self):
        self.project.sync(object="companies", match={"domain": "email"}, fields={"name": "name"})
        self.sandbox.fault(path="/batch/create", kind="reset", after=True, count=1)
        self.rows = [person(1, email="c1.example", name="Old")]
        self.run_sync(code=PARTIAL, in_doubt=1)
        self.rows = [person(1, email="c1.example", name="New")]
        self.run_sync(accepted=1)
        self.assertEqual(self.records("name", by="domain", object_name="companies"), {"c1.example": "New"})

    def test_a_row_in_doubt_that_leaves_a_mirror_is_removed(self):
        self.project.sync(object="companies", match={"domain": "email"}, fields={"name": "name"}, mode="mirror")
        self.sandbox.fault(path="/batch/create", kind="reset", after=True, count=1)
        self.rows = [person(1, email="c1.example"), person(2, email=None)]
        self.run_sync(code=PARTIAL, in_doubt=1)
        self.rows = [person(2, email="c2.example")]
        self.run_sync(removed=1, added=1, accepted=2)
        self.assertEqual(set(self.records(by="domain", object_name="companies")), {"c2.example"})


class BatchesThatFail(PipeTest):
    def test_a_batch_that_fails_for_one_bad_row_is_split(self):
        # An option that does not exist makes HubSpot refuse the whole request, and nothing names the row.
        self.project.sync(fields={"firstname": "name", "lifecyclestage": "phone"})
        self.rows = [person(number, phone="nonsense" if number == 37 else "lead") for number in range(100)]
        run = self.run_sync(code=PARTIAL, accepted=99, rejected=1)
        [refused] = self.operations(run["run"], "--rejected")
        self.assertEqual((refused["key"], refused["error"]["code"]), ("37", "INVALID_OPTION"))
        self.assertEqual(len(self.sandbox.records()), 99)

    def test_rows_refused_within_a_reply_leave_the_others_accepted(self):
        self.rows = [person(number, email=f"bad{number}" if number % 10 == 0 else f"p{number}@example.com")
                     for number in range(50)]
        run = self.run_sync(code=PARTIAL, accepted=45, rejected=5, requests=1)
        self.assertEqual(sorted(int(one["key"]) for one in self.operations(run["run"], "--rejected")),
                         [0, 10, 20, 30, 40])

    def test_refused_requests_are_tried_again(self):
        self.sandbox.fault(path="/batch/", status=503, count=2)
        self.rows = [person(number) for number in range(10)]
        self.run_sync(accepted=10, requests=3)

    def test_a_destination_that_stays_down_ends_the_run_with_everything_recorded(self):
        self.rows = [person(number) for number in range(150)]
        self.run_sync("--limit", 100, accepted=100)
        self.sandbox.fault(path="/batch/", status=503, count=-1)
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, "the destination does not answer", "run the same command again")
        self.sandbox.call("POST", "/_sandbox/reset")
        self.run_sync(accepted=50, unchanged=100)


if __name__ == "__main__":
    main()
