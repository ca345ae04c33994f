"""GitHub's connector against npm `emulate`."""

from emulated import EmulatedTest, main, person


class GitHub(EmulatedTest):
    vendor, service = "github", "github"
    settings = {"owner": "admin", "token": "${env:EMULATOR_TOKEN}"}
    sync = {"object": "app", "mode": "append", "match": None,
            "fields": {"title": "name", "body": "email", "labels": {"sql": "[city]"}}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ask(cls, "POST", "/user/repos", {"name": "app"})

    def issues(self):
        return sorted(self.ask("GET", "/repos/admin/app/issues?state=all"), key=lambda one: one["number"])

    def test_issues_are_opened_once_and_closed_by_their_number(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.run_sync(sent=0)
        self.assertEqual([(one["title"], one["body"], one["state"]) for one in self.issues()],
                         [("Person 1", "p1@example.com", "open"), ("Person 2", "p2@example.com", "open")])
        self.write_sync("done", mode="update", match={"number": "id"}, fields={"state": {"value": "closed"}})
        self.rows = [person(self.issues()[0]["number"])]
        self.run_sync(sync="done", accepted=1)
        self.assertEqual([one["state"] for one in self.issues()], ["closed", "open"])


if __name__ == "__main__":
    main()
