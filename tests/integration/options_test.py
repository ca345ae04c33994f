"""What a person may ask of one run, and the guards that stop one."""

from harness import PARTIAL, STOPPED, USAGE, PipeTest, main, person


class Options(PipeTest):
    def test_limit_sends_that_many_and_the_next_run_the_rest(self):
        self.rows = [person(number) for number in range(10)]
        self.run_sync("--limit", 4, added=10, sent=4, accepted=4)
        self.assertEqual(len(self.sandbox.records()), 4)
        self.run_sync(added=6, unchanged=4, accepted=6)
        self.assert_quiet(unchanged=10)

    def test_limit_counts_removals_too(self):
        self.project.sync(mode="mirror")
        self.rows = [person(number) for number in range(10)]
        self.run_sync(accepted=10)
        self.rows = [person(number) for number in range(5)]
        self.run_sync("--limit", 2, removed=5, sent=2, accepted=2)
        self.run_sync(removed=3, accepted=3)
        self.assertEqual(len(self.sandbox.records()), 5)

    def test_key_sends_one_row(self):
        self.rows = [person(number) for number in range(10)]
        self.run_sync("--key", 7, rows=1, added=1, accepted=1)
        self.assertEqual(set(self.records()), {"p7@example.com"})
        self.run_sync(added=9, unchanged=1, accepted=9)

    def test_key_removes_one_row(self):
        self.project.sync(mode="mirror")
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(accepted=3)
        self.rows = [person(3)]
        self.run_sync("--key", 1, rows=0, removed=1, accepted=1)
        self.assertEqual(set(self.records()), {"p2@example.com", "p3@example.com"})

    def test_key_that_is_not_in_the_model_does_nothing(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.run_sync("--key", 99, rows=0, sent=0)

    def test_full_sends_every_row_again(self):
        self.rows = [person(number) for number in range(3)]
        self.run_sync(accepted=3)
        self.sandbox.edit(self.record_id("p1@example.com"), city="by hand")
        self.run_sync("--full", changed=3, sent=3, accepted=3)
        self.assertEqual(set(self.records("city").values()), {"Ulm"})
        self.assert_quiet(unchanged=3)

    def test_baseline_takes_the_model_as_sent(self):
        self.rows = [person(number) for number in range(3)]
        self.run_sync("--baseline", added=3, sent=0, accepted=0, requests=0, status="succeeded")
        self.assertEqual(self.sandbox.stats()["requests"], 0)
        self.assert_quiet(unchanged=3)
        self.rows = [person(number, city="Bonn" if number == 1 else "Ulm") for number in range(3)]
        self.run_sync(changed=1, accepted=1)

    def test_baseline_and_full_exclude_each_other(self):
        self.rows = [person(1)]
        answer = self.call("run", "--baseline", "--full", code=USAGE)
        self.assert_refused(answer, "--full")

    def test_a_plan_takes_the_same_options(self):
        self.rows = [person(number) for number in range(10)]
        self.run_sync("--limit", 5, accepted=5)
        self.plan_sync("--full", added=5, changed=5, to_send=10)
        self.plan_sync("--key", 1, rows=1)
        self.plan_sync("--limit", 3, added=5, to_send=3)

    def test_a_sync_by_its_name_leaves_the_others_alone(self):
        self.project.sync("second", match={"email": "email"}, fields={"jobtitle": "city"})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.assertEqual(self.records("jobtitle"), {"p1@example.com": None})
        answer = self.call("run", "--json")
        self.assertEqual([one["sync"] for one in answer.results], ["contacts", "second"])

    def test_syncs_run_in_the_order_of_their_schedules(self):
        self.project.sync("contacts", schedule={"after": "second"})
        self.project.sync("second", fields={"jobtitle": "city"})
        self.rows = [person(1)]
        answer = self.call("run", "--json")
        self.assertEqual([one["sync"] for one in answer.results], ["second", "contacts"])

    def test_a_paused_sync_runs_on_request_only(self):
        self.project.sync(paused=True)
        self.project.sync("second", fields={"jobtitle": "city"})
        self.rows = [person(1)]
        self.assertEqual([one["sync"] for one in self.call("run", "--json").results], ["second"])
        self.run_sync(accepted=1)


class Guards(PipeTest):
    def guarded(self, **guard):
        self.project.sync(mode="mirror", guard=guard)

    def stopped(self, *arguments, guard, nothing_sent=True):
        before = self.sandbox.stats()["requests"]
        result = self.run_sync(*arguments, code=STOPPED, status="stopped", guard=guard)
        if nothing_sent:
            self.assertEqual(self.sandbox.stats()["requests"], before)
            self.assertEqual(result["sent"], 0)
        return result

    def test_max_removed_as_a_share(self):
        self.guarded(max_removed="20%")
        self.rows = [person(number) for number in range(10)]
        self.run_sync(accepted=10)
        self.rows = [person(number) for number in range(7)]
        self.assertEqual(self.plan_sync(removed=3)["guard"]["name"], "max_removed")
        self.stopped(guard="max_removed")
        self.assertEqual(len(self.sandbox.records()), 10)
        self.rows = [person(number) for number in range(8)]
        self.run_sync(removed=2, accepted=2)

    def test_max_removed_as_a_number(self):
        self.guarded(max_removed=1)
        self.rows = [person(number) for number in range(5)]
        self.run_sync(accepted=5)
        self.rows = [person(number) for number in range(3)]
        self.stopped(guard="max_removed")
        self.guarded(max_removed=2)
        self.run_sync(removed=2, accepted=2)

    def test_max_changed(self):
        self.guarded(max_changed="50%")
        self.rows = [person(number) for number in range(4)]
        self.run_sync(accepted=4)
        self.rows = [person(number, city="Bonn") for number in range(4)]
        self.stopped(guard="max_changed")
        self.rows = [person(number, city="Bonn" if number < 2 else "Ulm") for number in range(4)]
        self.run_sync(changed=2, accepted=2)

    def test_max_changed_does_not_stop_what_was_asked_for(self):
        self.guarded(max_changed="50%")
        self.rows = [person(number) for number in range(4)]
        self.run_sync(accepted=4)
        self.run_sync("--full", accepted=4)

    def test_max_first_run(self):
        self.guarded(max_first_run=5)
        self.rows = [person(number) for number in range(6)]
        self.stopped(guard="max_first_run")
        self.rows = [person(number) for number in range(5)]
        self.run_sync(accepted=5)
        self.rows = [person(number) for number in range(20)]
        self.run_sync(added=15, accepted=15)

    def test_max_first_run_lets_a_limited_run_through(self):
        self.guarded(max_first_run=5)
        self.rows = [person(number) for number in range(6)]
        self.run_sync("--limit", 5, sent=5, accepted=5)

    def test_max_first_run_lets_a_baseline_through(self):
        self.guarded(max_first_run=5)
        self.rows = [person(number) for number in range(6)]
        self.run_sync("--baseline", sent=0)
        self.assert_quiet(unchanged=6)

    def test_an_empty_model_stops_by_default(self):
        self.guarded()
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = []
        self.stopped(guard="empty_model")
        answer = self.call("run", "contacts", code=STOPPED)
        self.assert_refused(answer, "the model has no rows", "empty_model: allow")
        self.assertEqual(len(self.sandbox.records()), 2)

    def test_an_empty_model_may_be_allowed(self):
        self.guarded(empty_model="allow")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = []
        self.run_sync(removed=2, accepted=2)
        self.assertEqual(self.sandbox.records(), {})

    def test_an_empty_model_that_never_had_rows_is_fine(self):
        self.guarded()
        self.rows = []
        self.run_sync(rows=0, sent=0, status="succeeded")

    def test_max_rejected_stops_a_run_while_rows_are_being_refused(self):
        self.project.sync(guard={"max_rejected": 10}, batch={"rows": 1, "concurrency": 1})
        self.rows = [person(number, email=f"bad{number}") for number in range(400)]
        result = self.run_sync(code=STOPPED, status="stopped", guard="max_rejected")
        self.assertLess(result["sent"], 400)
        self.assertGreater(result["rejected"], 10)

    def test_a_few_rejected_rows_are_no_reason_to_stop(self):
        self.project.sync(guard={"max_rejected": 1})
        self.rows = [person(1, email="bad"), person(2)]
        self.run_sync(code=PARTIAL, accepted=1, rejected=1)

    def test_guards_of_the_project_hold_for_its_syncs(self):
        self.project.write("penstock.yaml", {"project": "e2e", "defaults": {"guard": {"max_first_run": 1}}})
        self.project.sync()
        self.rows = [person(1), person(2)]
        self.stopped(guard="max_first_run")


if __name__ == "__main__":
    main()
