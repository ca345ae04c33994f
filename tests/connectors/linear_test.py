"""Linear as a destination, tried against its sandbox."""

import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
# pylint: disable=wrong-import-position
from harness import PARTIAL, TOKEN, PipeTest, main, person  # noqa: E402


class LinearTest(PipeTest):
    sandbox_options = ("--vendor", "linear")

    def setUp(self):
        super().setUp()
        directory = os.environ.get("PENSTOCK_CONNECTORS")
        if directory:
            self.project.write("connectors/linear.yaml", "")
            shutil.copy(os.path.join(directory, "linear.yaml"), self.project.path("connectors"))
        self.project.write("destinations/crm.yaml", {"type": "linear", "base_url": self.sandbox.url, "api_key": TOKEN})

    def held(self, object_name, by):
        """What the vendor holds: {value of `by`: properties}."""
        return {one[by]: one for one in self.sandbox.records(object_name).values()}

    def reason(self, key, run):
        """The vendor's words for a row that it refused."""
        refused = [one for one in self.operations(run["run"]) if one["key"] == str(key)]
        self.assertEqual([one["outcome"] for one in refused], ["rejected"])
        return f"{refused[0]}"

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
        held = self.held("issues", "title")
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
        self.assertEqual(sorted(self.held("issues", "title")), ["Person 2", "Person 3", "newer"])
        self.rows = [person(1, phone=ids["Person 1"], name="newest"), person(4, phone="999")]
        self.run_sync(sync="updates", changed=1, accepted=1, skipped=1)
        self.project.sync(name="deletes", object="team/team-1", mode="delete", match={"id": "phone"}, fields=None)
        self.run_sync(sync="deletes", accepted=2)
        self.assertEqual(sorted(self.held("issues", "title")), ["Person 2", "Person 3"])

    def test_a_bad_row_is_refused_alone(self):
        self.project.sync(object="team/team-1", mode="append", match=None, fields={"title": "name",
                "description": "email", "priority": {"sql": "2"}})
        self.rows = [person(1), person(2, name=""), person(3)]
        run = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn("title and teamId are required", self.reason(2, run))
        self.assertEqual(len(self.sandbox.records("issues")), 2)


if __name__ == "__main__":
    main()
