"""A run is taken back: what it overwrote is put back where nobody changed it since."""

from harness import DONE, PARTIAL, STOPPED, USAGE, PipeTest, main, person


class Undo(PipeTest):
    def setUp(self):
        super().setUp()
        self.project.sync(before="keep")

    def undo(self, run, *arguments, code=DONE, **expected):
        answer = self.call("undo", run, *arguments, "--json", code=code)
        [result] = answer.results
        self.assertEqual({name: result.get(name) for name in expected}, expected, answer)
        return result

    def left(self, result):
        return {(one["key"], one.get("field")): one.get("theirs") for one in result["left"]}

    def overwrite(self):
        """Three records of other people's, and a run that writes to them."""
        for i in (1, 2, 3):
            self.sandbox.create(email=f"p{i}@example.com", firstname=f"By hand {i}", city="Bonn", jobtitle="theirs")
        self.rows = [person(i) for i in (1, 2, 3)]
        return self.run_sync(accepted=3)["run"]

    def test_values_are_put_back_and_the_next_plan_does_not_fight_it(self):
        run = self.overwrite()
        result = self.undo(run, restored=3, values=6, left_values=0, accepted=3, kind="undo")
        self.assertEqual(self.records("firstname", "city", "jobtitle")["p2@example.com"],
                         {"firstname": "By hand 2", "city": "Bonn", "jobtitle": "theirs"})
        self.assert_quiet(waiting=3, unchanged=0)
        self.assertIn("undone", self.call("trace", "contacts", "2").out)
        self.assertIn(result["run"], self.call("runs", "contacts").out)
        # A row that changes goes again; the others stay held until a person releases them.
        self.rows = [person(1, city="Kiel"), person(2), person(3)]
        self.run_sync(accepted=1, waiting=2)
        self.assertEqual(self.records("city")["p1@example.com"], "Kiel")
        self.run_sync(command="retry", accepted=2)
        self.assertEqual(self.records("city")["p3@example.com"], "Ulm")

    def test_what_others_changed_since_is_left_alone_and_listed(self):
        run = self.overwrite()
        self.sandbox.edit(self.record_id("p1@example.com"), city="Mainz")
        result = self.undo(run, code=PARTIAL, restored=3, values=5, left_values=1)
        self.assertEqual(self.left(result), {("1", "city"): "Mainz"})
        self.assertEqual(self.records("city"), {"p1@example.com": "Mainz", "p2@example.com": "Bonn", "p3@example.com": "Bonn"})
        self.assertEqual(self.records("firstname")["p1@example.com"], "By hand 1")

    def test_a_record_that_others_removed_stays_removed(self):
        run = self.overwrite()
        self.sandbox.delete(self.record_id("p1@example.com"))
        result = self.undo(run, code=PARTIAL, restored=2)
        self.assertEqual(self.left(result), {("1", None): None})
        self.assertEqual(set(self.records()), {"p2@example.com", "p3@example.com"})

    def test_a_dry_run_writes_nothing(self):
        run = self.overwrite()
        self.sandbox.edit(self.record_id("p1@example.com"), city="Mainz")
        before = len(self.sandbox.history())
        result = self.undo(run, "--dry-run", code=PARTIAL, values=5, restored=3, left_values=1, dry_run=True)
        self.assertEqual(self.left(result), {("1", "city"): "Mainz"})
        self.assertEqual(len(self.sandbox.history()), before)
        self.assertIn("would be put back", self.call("undo", run, "--dry-run", code=PARTIAL).out)
        self.assert_quiet(unchanged=3)

    def test_one_row(self):
        run = self.overwrite()
        self.undo(run, "--key", "2", restored=1)
        self.assertEqual(self.records("city"), {"p1@example.com": "Ulm", "p2@example.com": "Bonn", "p3@example.com": "Ulm"})
        self.assert_quiet(waiting=1, unchanged=2)

    def test_an_undo_can_be_undone(self):
        run = self.overwrite()
        undone = self.undo(run, restored=3)["run"]
        self.undo(undone, restored=3, values=6)
        self.assertEqual(self.records("city")["p1@example.com"], "Ulm")
        self.assert_quiet(unchanged=3, waiting=0)

    def test_only_what_the_run_changed_is_put_back(self):
        self.overwrite()
        self.rows = [person(1, city="Kiel"), person(2), person(3)]
        run = self.run_sync(accepted=1)["run"]
        self.undo(run, restored=1, values=1)
        self.assertEqual(self.records("firstname", "city")["p1@example.com"], {"firstname": "Person 1", "city": "Ulm"})

    def test_a_later_run_is_not_destroyed(self):
        run = self.overwrite()
        self.rows = [person(1, city="Kiel"), person(2), person(3)]
        self.run_sync(accepted=1)
        result = self.undo(run, code=PARTIAL, restored=3)
        self.assertEqual(self.left(result), {("1", "city"): "Kiel"})

    def test_records_that_the_run_made(self):
        self.sandbox.create(email="p1@example.com", city="Bonn")
        self.rows = [person(1), person(2), person(3)]
        run = self.run_sync(accepted=3)["run"]
        self.undo(run, "--dry-run", created=2, removed_records=0)
        self.undo(run, "--dry-run", "--created", created=0, removed_records=2)
        self.sandbox.edit(self.record_id("p3@example.com"), city="Mainz")
        result = self.undo(run, "--created", code=PARTIAL, removed_records=1, restored=1)
        self.assertEqual(self.left(result), {("3", None): None})
        self.assertEqual(set(self.records()), {"p1@example.com", "p3@example.com"})
        self.assert_quiet(waiting=2, unchanged=1)

    def test_removing_what_a_run_made_is_guarded(self):
        self.project.sync(before="keep", guard={"max_removed": 1})
        self.rows = [person(1), person(2)]
        run = self.run_sync(accepted=2)["run"]
        result = self.undo(run, "--created", code=STOPPED, status="stopped")
        self.assertEqual(result["guard"], "max_removed")
        self.assertEqual(len(self.records()), 2)

    def test_records_that_the_run_removed_are_made_again(self):
        self.project.sync(mode="mirror", before="keep")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.sandbox.edit(self.record_id("p1@example.com"), city="Mainz")
        self.rows = [person(2)]
        run = self.run_sync(removed=1, accepted=1)["run"]
        self.assertEqual(set(self.records()), {"p2@example.com"})
        self.undo(run, made_again=1)
        self.assertEqual(self.records("firstname", "city")["p1@example.com"], {"firstname": "Person 1", "city": "Mainz"})
        self.run_sync(sent=0, requests=0)
        self.assertEqual(set(self.records()), {"p1@example.com", "p2@example.com"})
        # It comes back to the model, and belongs to us again.
        self.rows = [person(1, city="Kiel"), person(2)]
        self.run_sync(accepted=1)
        self.assertEqual(self.records("city")["p1@example.com"], "Kiel")

    def test_cleared_fields_are_filled_again(self):
        self.project.sync(before="keep", on_removed="clear")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(2)]
        run = self.run_sync(removed=1, accepted=1)["run"]
        self.assertFalse(self.records("city")["p1@example.com"])
        self.undo(run, restored=1)
        self.assertEqual(self.records("city")["p1@example.com"], "Ulm")
        self.run_sync(sent=0)

    def test_what_was_not_kept_cannot_be_put_back(self):
        self.project.sync()
        self.rows = [person(1)]
        run = self.run_sync(accepted=1)["run"]
        self.assert_refused(self.call("undo", run, code=USAGE), "before: keep", run)
        self.assert_refused(self.call("undo", "20200101-000000-xxxx", code=USAGE), "there is no run")

    def test_personal_values_come_back_and_are_not_shown(self):
        self.sandbox.create(email="p1@example.com", city="Secretville")
        self.project.sync(before="keep", fields={"city": {"from": "city", "pii": True}})
        self.rows = [person(1)]
        run = self.run_sync(accepted=1)["run"]
        result = self.undo(run, restored=1)
        self.assertEqual(self.records("city"), {"p1@example.com": "Secretville"})
        for command in (("log", result["run"], "--json"), ("trace", "contacts", "1", "--json")):
            self.assertNotIn("Secretville", self.call(*command).text)


if __name__ == "__main__":
    main()
