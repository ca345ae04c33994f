"""Linear's connector against npm `emulate`."""

from emulated import EmulatedTest, main, person


class Linear(EmulatedTest):
    vendor, service = "linear", "linear"
    settings = {"api_key": "${env:EMULATOR_TOKEN}"}

    def query(self, query):
        return self.ask("POST", "/graphql", {"query": query})["data"]

    def issues(self):
        return self.query("{ issues { nodes { id title description priority } } }")["issues"]["nodes"]

    def test_issues_are_made_once_written_and_removed(self):
        team = self.query("{ teams { nodes { id } } }")["teams"]["nodes"][0]["id"]
        fields = {"title": "name", "description": "email", "priority": {"sql": "2"}}
        before = {one["id"] for one in self.issues()}
        self.write_sync(object=f"team/{team}", mode="append", match=None, fields=fields)
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.run_sync(sent=0)
        made = {one["title"]: one for one in self.issues() if one["id"] not in before}
        self.assertEqual([(one["description"], one["priority"]) for _, one in sorted(made.items())],
                         [("p1@example.com", 2), ("p2@example.com", 2)])
        self.write_sync("names", object=f"team/{team}", mode="update", match={"id": "phone"}, fields={"title": "name"})
        self.rows = [person(1, phone=made["Person 1"]["id"], name="Ann")]
        self.run_sync(sync="names", accepted=1)
        self.assertIn("Ann", [one["title"] for one in self.issues()])


if __name__ == "__main__":
    main()
