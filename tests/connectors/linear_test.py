"""Linear as a destination, tried against its sandbox."""

from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class LinearTest(VendorTest):
    vendor = "linear"
    settings = {"api_key": SECRET}

    def test_issues_are_made_once_and_updated_by_id(self):
        fields = {"title": "name", "description": "email", "priority": {"sql": "2"}}
        self.project.sync(object="team/team-1", mode="append", match=None, fields=fields)
        self.rows = [person(1), person(2)]
        self.call("check")
        self.plan_sync(added=2, to_send=2)
        self.run_sync(accepted=2)
        self.assert_quiet()
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(added=1, accepted=1)
        held = self.held_by("issues", "title")
        self.assertEqual(sorted(held), ["Person 1", "Person 2", "Person 3"])
        self.assertEqual(held["Person 1"], {"title": "Person 1", "description": "p1@example.com", "priority": 2,
                "teamId": "team-1"})
        self.project.sync(name="updates", object="team/team-1", mode="update", match={"id": "phone"},
                fields={"title": "name"})
        ids = {one["title"]: key for key, one in self.sandbox.records("issues").items()}
        self.rows = [person(1, phone=ids["Person 1"], name="new"), person(2, phone=ids["Person 2"])]
        self.run_sync(sync="updates", accepted=2)
        self.rows = [person(1, phone=ids["Person 1"], name="newer"), person(2, phone=ids["Person 2"])]
        self.run_sync(sync="updates", changed=1, accepted=1, requests=1)
        self.assertEqual(sorted(self.held_by("issues", "title")), ["Person 2", "Person 3", "newer"])
        self.rows = [person(1, phone=ids["Person 1"], name="newest"), person(4, phone="999")]
        self.run_sync(sync="updates", changed=1, accepted=1, skipped=1)
        self.project.sync(name="deletes", object="team/team-1", mode="delete", match={"id": "phone"}, fields=None)
        self.run_sync(sync="deletes", accepted=2)
        self.assertEqual(sorted(self.held_by("issues", "title")), ["Person 2", "Person 3"])

    def test_a_bad_row_is_refused_alone(self):
        self.project.sync(object="team/team-1", mode="append", match=None, fields={"title": "name",
                "description": "email", "priority": {"sql": "2"}})
        self.rows = [person(1), person(2, name=""), person(3)]
        run = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn("title and teamId are required", self.reason(2, run))
        self.assertEqual(len(self.sandbox.records("issues")), 2)


if __name__ == "__main__":
    main()
