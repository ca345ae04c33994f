#!/usr/bin/env python3
"""`penstock plan --against REV`: what a change of the project's files would send."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "integration"))
from harness import DONE, USAGE, PipeTest, person


class Against(PipeTest):
    def setUp(self):
        super().setUp()
        self.rows = [person(number) for number in range(1, 11)]
        self.git("init", "-q", "-b", "main")
        self.project.write(".gitignore", ".penstock\ndata\n")
        self.commit("The project")
        self.run_sync(accepted=10)

    def git(self, *arguments):
        done = subprocess.run(["git", "-C", self.project.directory, "-c", "user.name=Ann", "-c", "user.email=ann@x",
                               *arguments], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def against(self, *arguments):
        return {one["sync"]: one for one in self.call("plan", "--against", "main", "--json", *arguments).objects}

    def test_nothing_differs(self):
        self.assertEqual(self.against(), {})
        self.assertIn("no sync differs from main", self.call("plan", "--against", "main").out)

    def test_a_changed_mapping_is_told_apart_from_changed_rows(self):
        self.rows = [person(1, city="Bonn"), *(person(number) for number in range(2, 12))]
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": {"sql": "upper(city)"}})
        told = self.against()["contacts"]
        self.assertEqual((told["change"], told["differs"]), ("changed", ["fields.city"]))
        self.assertEqual((told["before"]["added"], told["before"]["changed"]), (1, 1))
        self.assertEqual((told["now"]["added"], told["now"]["changed"]), (1, 10))
        self.assertEqual(told["difference"], {"added": 0, "changed": 9, "removed": 0, "unchanged": -9, "waiting": 0,
                                              "invalid": 0})
        text = self.call("plan", "--against", "main").out
        for words in ("contacts  fields.city differs", "at main", "+9", "-9"):
            self.assertIn(words, text)
        # It says what a run does.
        self.run_sync(added=1, changed=10)

    def test_a_changed_model_and_a_guard_that_stops(self):
        self.project.sync(mode="mirror", guard={"max_removed": "5%"})
        self.commit("Mirror")
        self.git("branch", "-f", "base")
        self.project.model(sql="select * from people where id::int <= 5")
        answer = self.call("plan", "--against", "base", "--json")
        told = answer.objects[0]
        self.assertEqual(told["differs"], ["model people"])
        self.assertEqual((told["difference"]["removed"], told["difference"]["unchanged"]), (5, -5))
        self.assertIn("guard max_removed", self.call("plan", "--against", "base").out)

    def test_syncs_come_and_go(self):
        self.project.sync("fresh", fields={"firstname": "name"})
        os.remove(self.project.path("syncs", "contacts.yaml"))
        told = self.against()
        self.assertEqual((told["fresh"]["change"], told["fresh"]["now"]["added"]), ("added", 10))
        self.assertNotIn("before", told["fresh"])
        self.assertEqual(told["contacts"]["change"], "removed")
        self.assertEqual(set(self.against("fresh")), {"fresh"})
        self.assertEqual(set(self.against("contacts")), {"contacts"})
        self.call("plan", "nobody", "--against", "main", code=USAGE)

    def test_markdown_holds_no_values_of_rows_and_formats_nothing_else(self):
        self.project.sync(fields={"firstname": "name", "phone": "phone", "city": {"sql": "upper(city)"}})
        markdown = self.call("plan", "--against", "main", "--markdown").out
        self.assertIn("| rows | at main | with this change | difference |\n| --- | ---: | ---: | ---: |\n", markdown)
        self.assertIn("| changed | 0 | 10 | +10 |", markdown)
        self.assertIn("**contacts**: fields.city differs", markdown)
        self.assertNotIn("Ulm", markdown)
        self.call("plan", "--markdown", code=USAGE)

    def test_a_revision_that_was_broken_is_told(self):
        self.project.write("models/people.yaml", {"source": "nowhere", "primary_key": "id", "sql": "select 1"})
        self.commit("Broken")
        self.git("branch", "-f", "broken")
        self.project.model()
        self.project.sync(fields={"firstname": "name"})
        self.git("commit", "-qam", "Mended")
        answer = self.call("plan", "--against", "broken")
        self.assertIn("the project was not valid at broken", answer.out)
        self.assertIn("nowhere", answer.out)

    def test_a_model_that_cannot_be_read_any_more_is_told(self):
        self.project.model(sql="select *, extra from people join gone using (id)")
        self.commit("Reads a table that is gone")
        self.git("branch", "-f", "base")
        self.project.model()
        answer = self.call("plan", "--against", "base", "--json")
        self.assertIn("gone", answer.objects[0]["before"]["problem"])
        self.assertEqual(answer.objects[0]["now"]["unchanged"], 10)
        self.assertEqual(answer.code, DONE)

    def test_revisions_that_are_not_there(self):
        self.assert_refused(self.call("plan", "--against", "nowhere", code=USAGE), "nowhere")
        self.assert_refused(self.call("plan", "--against", "--all", code=USAGE))

    def test_nothing_is_written(self):
        self.project.sync(fields={"firstname": "name", "city": {"sql": "upper(city)"}})
        before = self.git("status", "--porcelain")
        self.against()
        self.assertEqual(self.git("status", "--porcelain"), before)
        self.assertEqual(os.listdir(self.project.path("syncs")), ["contacts.yaml"])
        self.plan_sync(changed=10)


if __name__ == "__main__":
    unittest.main()
