"""What others changed since we wrote it: found, listed, taken back."""

from duck import Duck
from harness import DONE, PARTIAL, PipeTest, main, person


class Drift(PipeTest):
    def drift(self, *arguments, code=PARTIAL, **expected):
        """({(key, field): (ours, theirs)}, the final object)"""
        answer = self.call("drift", "contacts", *arguments, "--json", code=code)
        found = {(one["key"], one.get("field")): (one.get("ours"), one.get("theirs")) for one in answer.objects if "event" not in one}
        [result] = answer.results
        self.assertEqual({name: result[name] for name in expected}, expected, answer)
        return found, answer.objects

    def test_nobody_changed_anything(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        found, _ = self.drift(code=DONE, compared=2, drifted=0, gone=0, pending=0)
        self.assertEqual(found, {})
        self.assertIn("nobody changed", self.call("drift", "contacts").out)

    def test_changed_values_are_listed_with_both_sides_and_when(self):
        self.rows = [person(i) for i in range(1, 4)]
        run = self.run_sync(accepted=3)["run"]
        self.sandbox.edit(self.record_id("p1@example.com"), city="Bonn", jobtitle="not ours")
        self.sandbox.edit(self.record_id("p2@example.com"), phone="12")
        found, objects = self.drift(compared=3, drifted=2, drifted_rows=2)
        self.assertEqual(found, {("1", "city"): ("Ulm", "Bonn"), ("2", "phone"): (None, "12")})
        self.assertEqual({one["run"] for one in objects if "field" in one}, {run})
        self.assertRegex(objects[0]["written_at"], r"^20\d\d-")
        answer = self.call("drift", "contacts", code=PARTIAL)
        for word in ("Bonn", "Ulm", "city", "2 values"):
            self.assertIn(word, answer.out)

    def test_a_record_that_is_gone(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.sandbox.delete(self.record_id("p1@example.com"))
        found, _ = self.drift(gone=1, drifted=0)
        self.assertEqual(found, {("1", None): (None, None)})

    def test_rows_that_are_to_be_sent_are_not_compared(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1, city="Kiel"), person(2), person(3)]
        self.drift(code=DONE, compared=1, pending=2)

    def test_one_row_and_a_few(self):
        self.rows = [person(i) for i in range(1, 6)]
        self.run_sync(accepted=5)
        for i in range(1, 6):
            self.sandbox.edit(self.record_id(f"p{i}@example.com"), city="Bonn")
        found, _ = self.drift("--key", "3", compared=1)
        self.assertEqual(found, {("3", "city"): ("Ulm", "Bonn")})
        self.drift("--limit", "2", compared=2, drifted=2)

    def test_what_is_to_be_taken_back_goes_with_the_next_run(self):
        self.project.sync(fields={"firstname": {"from": "name", "drift": "keep"}, "phone": "phone",
                                  "city": {"from": "city", "drift": "take_back"}})
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(accepted=3)
        self.sandbox.edit(self.record_id("p1@example.com"), city="Bonn")
        self.sandbox.edit(self.record_id("p2@example.com"), firstname="theirs")
        self.sandbox.edit(self.record_id("p3@example.com"), phone="12")
        self.assertEqual(set(self.drift(taken_back=0)[0]), {("1", "city"), ("3", "phone")})
        self.drift("--take-back", taken_back=1)
        self.run_sync(sent=1, accepted=1)
        self.assertEqual(self.records("city")["p1@example.com"], "Ulm")
        self.assertEqual(set(self.drift()[0]), {("3", "phone")})

    def test_a_file_for_other_tools(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.sandbox.edit(self.record_id("p1@example.com"), city="Bonn")
        out = self.project.path("drift.parquet")
        self.drift("--out", out)
        with Duck() as duck:
            self.assertEqual(duck.query(f"SELECT key, field, ours, theirs, gone FROM read_parquet('{out}')"),
                             [("1", "city", "Ulm", "Bonn", "false")])

    def test_personal_values_are_masked(self):
        self.project.sync(fields={"city": {"from": "city", "pii": True}})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.sandbox.edit(self.record_id("p1@example.com"), city="Secretville")
        self.assertEqual(self.drift()[0], {("1", "city"): ("•••", "•••")})
        self.assertNotIn("Secretville", self.call("drift", "contacts", code=PARTIAL).text)

    def test_numbers_are_one_however_they_are_written(self):
        self.project.model("select id, email, 12.50::decimal(8,2) as score from people")
        self.project.sync(fields={"annualrevenue": "score"})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.sandbox.edit(self.record_id("p1@example.com"), annualrevenue="12.5")
        self.drift(code=DONE, compared=1)


class TrueDifference(PipeTest):
    def test_a_plan_can_ask_the_destination(self):
        self.sandbox.create(email="p1@example.com", firstname="Person 1", city="Ulm")
        self.sandbox.create(email="p2@example.com", firstname="Person 2", city="Bonn")
        self.rows = [person(1), person(2), person(3)]
        before = len(self.sandbox.history())
        plan = self.plan_sync("--before", added=3)
        self.assertEqual({name: plan["before"][name] for name in ("read", "absent", "equal", "kept_fields")},
                         {"read": 2, "absent": 1, "equal": 1, "kept_fields": 0})
        self.assertEqual(len(self.sandbox.history()), before)
        samples = {one["key"]: one.get("before") for one in plan["samples"]}
        self.assertEqual(samples, {"1": {"firstname": "Person 1", "phone": None, "city": "Ulm"},
                                   "2": {"firstname": "Person 2", "phone": None, "city": "Bonn"}, "3": None})
        self.assertIn("say so already", self.call("plan", "contacts", "--before").out)
        self.run_sync(accepted=3)


if __name__ == "__main__":
    main()
