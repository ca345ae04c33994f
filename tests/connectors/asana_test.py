"""Asana as a destination, tried against its sandbox."""

from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class AsanaTest(VendorTest):
    vendor = "asana"
    settings = {"token": SECRET}

    def test_issues_are_made_once_and_updated_by_id(self):
        fields = {"name": "name", "notes": "email"}
        self.project.sync(object="project/1200000000000001", mode="append", match=None, fields=fields)
        self.rows = [person(1), person(2)]
        self.call("check")
        self.plan_sync(added=2, to_send=2)
        self.run_sync(accepted=2)
        self.assert_quiet()
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(added=1, accepted=1)
        held = self.held_by("tasks", "name")
        self.assertEqual(sorted(held), ["Person 1", "Person 2", "Person 3"])
        self.assertEqual(held["Person 1"], {"name": "Person 1", "notes": "p1@example.com",
                "projects": ["1200000000000001"]})
        self.project.sync(name="updates", object="project/1200000000000001", mode="update", match={"gid": "phone"},
                fields={"name": "name"})
        ids = {one["name"]: key for key, one in self.sandbox.records("tasks").items()}
        self.rows = [person(1, phone=ids["Person 1"], name="new"), person(2, phone=ids["Person 2"])]
        self.run_sync(sync="updates", accepted=2)
        self.rows = [person(1, phone=ids["Person 1"], name="newer"), person(2, phone=ids["Person 2"])]
        self.run_sync(sync="updates", changed=1, accepted=1, requests=1)
        self.assertEqual(sorted(self.held_by("tasks", "name")), ["Person 2", "Person 3", "newer"])
        self.rows = [person(1, phone=ids["Person 1"], name="newest"), person(4, phone="999")]
        self.run_sync(sync="updates", changed=1, accepted=1, skipped=1)
        self.project.sync(name="deletes", object="project/1200000000000001", mode="delete", match={"gid": "phone"},
                fields=None)
        self.run_sync(sync="deletes", accepted=2)
        self.assertEqual(sorted(self.held_by("tasks", "name")), ["Person 2", "Person 3"])

    def test_a_bad_row_is_refused_alone(self):
        self.project.sync(object="project/1200000000000001", mode="append", match=None, fields={"name": "name",
                "due_on": "phone"})
        self.rows = [person(1), person(2, phone="soon"), person(3)]
        run = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn("Not a date", self.reason(2, run))
        self.assertEqual(len(self.sandbox.records("tasks")), 2)


if __name__ == "__main__":
    main()
