"""Pipedrive: persons and organizations are searched for, then written."""

from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class Pipedrive(VendorTest):
    vendor = "pipedrive"
    settings = {"api_token": SECRET}
    sync = {"object": "organizations", "match": {"name": "name"}, "mode": "mirror", "fields": {"custom_fields.c1": "city"}}

    def test_organizations_hold_the_model(self):
        self.rows = [person(1), person(2, city=None), person(3, name="")]
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertEqual(list(self.refused(result)), ["3"])
        self.rows = [person(1, city="Bonn"), person(2, city=None)]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual([(one["name"], one["custom_fields"].get("c1")) for one in self.held("organizations")],
                         [("Person 1", "Bonn"), ("Person 2", None)])
        self.rows = [person(1, city="Bonn")]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(len(self.held("organizations")), 1)
        self.assert_quiet()

    def test_what_is_there_is_read(self):
        self.rows = [person(1, city="Zoë \"日本\" \\ b"), person(2, city=None)]
        self.run_sync(accepted=2)
        self.assert_read("custom_fields.c1")

    def test_persons_by_their_id(self):
        self.sandbox.call("POST", "/api/v2/persons", {"name": "by hand"})
        self.write_sync(object="persons", mode="update", match={"id": "id"}, fields={"name": "name"})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.assertEqual([one["name"] for one in self.held("persons")], ["Person 1"])

    def test_organizations_are_found(self):
        self.write_sync(object="organizations", match={"name": "name"}, mode="upsert", fields={"custom_fields.c1": "city"})
        self.rows = [person(1), person(2, name="Smith & Sons")]
        self.run_sync(accepted=2)
        self.project.sync(name="again", object="organizations", match={"name": "name"}, mode="upsert",
                          fields={"custom_fields.c2": "id"})
        self.run_sync(sync="again", accepted=2)
        self.assertEqual([(one["name"], one["custom_fields"]) for one in self.held("organizations")],
                         [("Person 1", {"c1": "Ulm", "c2": "1"}), ("Smith & Sons", {"c1": "Ulm", "c2": "2"})])


if __name__ == "__main__":
    main()
