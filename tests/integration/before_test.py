"""What records held before they were written: read, kept, and left alone where it is somebody else's."""

import glob
import os

from duck import Duck
from harness import USAGE, PipeTest, main, person


class Before(PipeTest):
    def images(self, *columns):
        """Rows of the newest file of what a run overwrote."""
        files = sorted(glob.glob(self.project.path(".penstock/before/contacts/*.parquet")))
        self.assertTrue(files, "nothing was kept")
        with Duck() as duck:
            sql = f"SELECT {', '.join(columns)} FROM read_parquet('{files[-1]}') ORDER BY key"
            return [list(row) for row in duck.query(sql)]

    def test_what_is_overwritten_is_read_first_and_kept(self):
        self.sandbox.create(email="p1@example.com", firstname="By hand", city="Bonn")
        self.project.sync(before="keep")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2, equal=0)
        self.assertEqual(self.records("firstname"), {"p1@example.com": "Person 1", "p2@example.com": "Person 2"})
        self.assertEqual(self.images("key", "existed", "fates", '"before.firstname"', '"after.firstname"', '"before.city"'),
                         [["1", "true", "w=w", '"By hand"', "Person 1", '"Bonn"'],
                          ["2", "false", "www", None, "Person 2", None]])
        self.assertEqual(os.stat(self.project.path(".penstock/before")).st_mode & 0o077, 0)
        self.assert_quiet(unchanged=2)

    def test_one_reading_a_batch(self):
        self.project.sync(before="keep")
        self.rows = [person(i) for i in range(250)]
        self.run_sync(accepted=250, requests=6)
        self.rows = [person(i, city="Kiel") for i in range(250)]
        self.run_sync(accepted=250, requests=6)

    def test_rows_that_the_destination_holds_already_are_not_written(self):
        self.sandbox.create(email="p1@example.com", firstname="Person 1", city="Ulm")
        self.sandbox.create(email="p2@example.com", firstname="Person 2", city="Bonn")
        self.project.sync(skip_equal=True)
        self.rows = [person(1), person(2)]
        before = len(self.sandbox.history())
        result = self.run_sync(accepted=2, equal=1)
        self.assertEqual(len(self.sandbox.history()), before + 1)
        self.assertEqual([one["operation"] for one in self.operations(result["run"]) if one["key"] == "1"], ["equal"])
        self.assert_quiet(unchanged=2)

    def test_a_value_that_others_changed_is_left_to_them(self):
        self.project.sync(fields={"firstname": "name", "city": {"from": "city", "write": "if_unchanged"}})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2, kept_fields=0)
        self.sandbox.edit(self.record_id("p1@example.com"), city="Bonn")
        self.rows = [person(1, city="Kiel"), person(2, city="Kiel")]
        result = self.run_sync(accepted=2, kept_fields=1)
        self.assertEqual(self.records("city"), {"p1@example.com": "Bonn", "p2@example.com": "Kiel"})
        kept = {one["key"]: one.get("kept") for one in self.operations(result["run"])}
        self.assertEqual(kept, {"1": {"city": "Bonn"}, "2": None})
        self.assert_quiet(unchanged=2)
        # What else changes is written, and theirs stays theirs.
        self.rows = [person(1, city="Kiel", name="Anna"), person(2, city="Jena")]
        self.run_sync(accepted=2, kept_fields=1)
        self.assertEqual(self.records("city"), {"p1@example.com": "Bonn", "p2@example.com": "Jena"})
        self.assertEqual(self.records("firstname")["p1@example.com"], "Anna")

    def test_a_value_that_others_emptied_is_ours_again(self):
        self.project.sync(fields={"city": {"from": "city", "write": "if_unchanged"}})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.sandbox.edit(self.record_id("p1@example.com"), city="")
        self.rows = [person(1, city="Kiel")]
        self.run_sync(accepted=1, kept_fields=0)
        self.assertEqual(self.records("city"), {"p1@example.com": "Kiel"})

    def test_a_value_that_we_never_wrote_is_left_alone(self):
        self.sandbox.create(email="p1@example.com", city="Bonn")
        self.project.sync(fields={"firstname": "name", "city": {"from": "city", "write": "if_unchanged"}})
        self.rows = [person(1)]
        self.run_sync(accepted=1, kept_fields=1)
        self.assertEqual(self.records("city"), {"p1@example.com": "Bonn"})

    def test_what_is_written_always_and_then_only_unchanged(self):
        self.project.sync()
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.sandbox.edit(self.record_id("p2@example.com"), city="Bonn")
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": {"from": "city", "write": "if_unchanged"}})
        self.run_sync(accepted=2, kept_fields=1)
        self.rows = [person(1, city="Kiel"), person(2, city="Kiel")]
        self.run_sync(accepted=2, kept_fields=1)
        self.assertEqual(self.records("city"), {"p1@example.com": "Kiel", "p2@example.com": "Bonn"})

    def test_what_is_removed_is_read_first(self):
        self.project.sync(mode="mirror", before="keep", guard={"empty_model": "allow"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.sandbox.edit(self.record_id("p1@example.com"), city="Bonn")
        self.rows = [person(2)]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(self.images("change", "existed", '"before.city"', '"match.email"'),
                         [["removed", "true", '"Bonn"', "p1@example.com"]])

    def test_personal_values_are_kept_and_never_shown(self):
        self.sandbox.create(email="p1@example.com", city="Secretville")
        self.project.sync(fields={"city": {"from": "city", "write": "if_unchanged", "pii": True}})
        self.rows = [person(1)]
        result = self.run_sync(accepted=1, kept_fields=1)
        for command in (("log", result["run"], "--json"), ("log", result["run"]), ("trace", "contacts", "1")):
            self.assertNotIn("Secretville", self.call(*command).text)

    def test_a_destination_that_tells_nothing_is_refused(self):
        self.project.write("destinations/counts.yaml", {"type": "amplitude", "api_key": "none"})
        self.project.sync(destination="counts", object="users", match={"device_id": "email"}, before="keep")
        answer = self.call("check", code=USAGE)
        self.assertIn("before", answer.text)


if __name__ == "__main__":
    main()
