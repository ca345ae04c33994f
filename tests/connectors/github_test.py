"""GitHub as a destination, tried against its sandbox."""

from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class GitHubTest(VendorTest):
    vendor = "github"
    settings = {"owner": "acme", "token": SECRET}

    def test_issues_are_made_once_and_updated_by_id(self):
        fields = {"title": "name", "body": "email", "labels": {"sql": "[city]"}}
        self.project.sync(object="app", mode="append", match=None, fields=fields)
        self.rows = [person(1), person(2)]
        self.call("check")
        self.plan_sync(added=2, to_send=2)
        self.run_sync(accepted=2)
        self.assert_quiet()
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(added=1, accepted=1)
        held = self.held_by("acme/app", "title")
        self.assertEqual(sorted(held), ["Person 1", "Person 2", "Person 3"])
        self.assertEqual(held["Person 1"], {"title": "Person 1", "body": "p1@example.com", "labels": ["Ulm"]})
        self.project.sync(name="updates", object="app", mode="update", match={"number": "phone"},
                fields={"title": "name"})
        ids = {one["title"]: key for key, one in self.sandbox.records("acme/app").items()}
        self.rows = [person(1, phone=ids["Person 1"], name="new"), person(2, phone=ids["Person 2"])]
        self.run_sync(sync="updates", accepted=2)
        self.rows = [person(1, phone=ids["Person 1"], name="newer"), person(2, phone=ids["Person 2"])]
        self.run_sync(sync="updates", changed=1, accepted=1, requests=1)
        self.assertEqual(sorted(self.held_by("acme/app", "title")), ["Person 2", "Person 3", "newer"])
        self.rows = [person(1, phone=ids["Person 1"], name="newest"), person(4, phone="999")]
        self.run_sync(sync="updates", changed=1, accepted=1, skipped=1)

    def test_a_bad_row_is_refused_alone(self):
        self.project.sync(object="app", mode="append", match=None, fields={"title": "name", "body": "email",
                "labels": {"sql": "[city]"}})
        self.rows = [person(1), person(2, name=""), person(3)]
        run = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn("Validation Failed", self.reason(2, run))
        self.assertEqual(len(self.sandbox.records("acme/app")), 2)


if __name__ == "__main__":
    main()
