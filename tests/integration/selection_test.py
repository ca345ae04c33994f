"""--select and patterns: which syncs a command is of."""
import unittest

from harness import DONE, USAGE, PipeTest, main, person


class Selection(PipeTest):
    def setUp(self):
        super().setUp()
        self.project.write("syncs/contacts.yaml", self.sync_of(tags=["daily"], owner="ann"))
        self.project.write("syncs/crm_cities.yaml", self.sync_of(tags=["daily", "slow"], fields={"city": "city"}))
        self.project.write("syncs/crm_names.yaml", self.sync_of(
            tags=["slow"], fields={"jobtitle": "name"}, schedule={"after": "crm_cities"}))
        self.project.write("syncs/asleep.yaml", self.sync_of(tags=["daily"], paused=True))
        self.rows = [person(1), person(2)]

    @staticmethod
    def sync_of(**settings):
        return {"model": "people", "destination": "crm", "object": "contacts", "mode": "upsert",
                "match": {"email": "email"}, "fields": {"firstname": "name"}} | settings

    def planned(self, *arguments):
        return [one["sync"] for one in self.call("plan", *arguments, "--json").objects]

    def test_plan(self):
        self.assertEqual(self.planned("--select", "tag:daily"), ["contacts", "crm_cities"])
        self.assertEqual(self.planned("--select", "tag:daily,crm_*"), ["crm_cities"])
        self.assertEqual(self.planned("--select", "owner:ann", "crm_names"), ["contacts", "crm_names"])
        self.assertEqual(self.planned("crm_*"), ["crm_cities", "crm_names"])
        self.assertEqual(self.planned("contacts", "--select", "tag:slow"), ["contacts", "crm_cities", "crm_names"])
        self.assertEqual(self.planned("--select", "destination:crm", "--select", "asleep"),
                         ["asleep", "contacts", "crm_cities", "crm_names"])

    def test_run_keeps_to_dependencies(self):
        answer = self.call("run", "--select", "tag:slow", "--json")
        self.assertEqual([one["sync"] for one in answer.results], ["crm_cities", "crm_names"])
        self.assertEqual(self.records("jobtitle", "city", "firstname")[person(1)["email"]]["firstname"], None)

    def test_status_shows_those_that_are_paused(self):
        def shown(*arguments):
            return [one["sync"] for one in self.call("status", *arguments, "--json").objects]
        self.assertEqual(shown("--select", "tag:daily"), ["asleep", "contacts", "crm_cities"])
        self.assertEqual(shown(), ["asleep", "contacts", "crm_cities", "crm_names"])

    def test_check(self):
        self.project.write("destinations/shut.yaml", {"type": "hubspot", "access_token": "x", "base_url": "http://127.0.0.1:1"})
        self.project.write("syncs/shut.yaml", self.sync_of(destination="shut"))
        self.call("check", "--connect", code=1)
        answer = self.call("check", "--connect", "--select", "destination:crm", code=DONE)
        self.assertNotIn("shut:", answer.err)
        self.project.write("syncs/shut.yaml", self.sync_of(destination="shut", fields={}, colour="red"))
        self.call("check", "crm_*", code=USAGE)

    def test_nothing_that_fits_is_told(self):
        for command in ("plan", "run", "status", "check"):
            with self.subTest(command):
                answer = self.call(command, "--select", "tag:dialy", code=USAGE)
                self.assert_refused(answer, "no sync has the tag 'dialy'", "did you mean 'daily'?")
        self.assert_refused(self.call("run", "crm_x*", code=USAGE), "no sync has a name like 'crm_x*'", "crm_cities")
        self.assert_refused(self.call("run", "--select", "tga:x", code=USAGE), "there is no selector 'tga:'", "tag")
        self.assert_refused(self.call("run", "--select", "tag:slow,contacts", code=USAGE), "no sync fits all of")
        self.assertEqual(self.call("run", "--select", code=USAGE).out, "")
        self.assertEqual(self.sandbox.stats()["rows"], 0)

    def test_questions_about_one_sync_take_no_pattern(self):
        self.assert_refused(self.call("trace", "crm_*", "1", code=USAGE), "there is no sync 'crm_*'")


if __name__ == "__main__":
    main()
