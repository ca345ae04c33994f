"""Notion: pages of a data source are searched for, then written."""

from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class Notion(VendorTest):
    vendor = "notion"
    settings = {"access_token": SECRET}
    sync = {"object": "pages/ds1", "match": {"Email": "email"}, "mode": "mirror",
            "fields": {"properties.Name.title": {"sql": "[{'text': {'content': name}}]"}, "properties.Score.number": {"sql": "id::int"}}}

    def test_pages_hold_the_model(self):
        self.rows = [person(1), person(2, email="nobody")]
        result = self.run_sync(code=PARTIAL, accepted=1, rejected=1)
        self.assertIn("Email.email should be a valid address", self.refused(result)["2"])
        self.assertEqual(self.held("pages"), [{"Email": "p1@example.com", "Name": "Person 1", "Score": 1}])
        self.rows = [person(1, name="Ada")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.held("pages"), [{"Email": "p1@example.com", "Name": "Ada", "Score": 1}])
        self.rows = [person(3)]
        self.run_sync(removed=1, accepted=2)
        self.assertEqual(self.held("pages"), [{"Email": "p3@example.com", "Name": "Person 3", "Score": 3}])

    def test_pages_that_are_there_are_found(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.project.sync(name="again", object="pages/ds1", match={"Email": "email"}, mode="upsert",
                          fields={"properties.Tier.select.name": "city"})
        self.run_sync(sync="again", accepted=1)
        self.assertEqual(self.held("pages"), [{"Email": "p1@example.com", "Name": "Person 1", "Score": 1, "Tier": "Ulm"}])

    def test_what_is_there_is_read(self):
        self.write_sync(fields={"properties.Score.number": {"sql": "id::int"}, "properties.Tier.select.name": "city"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.assert_read("properties.Tier.select.name")
        self.write_sync("leavers", mode="delete", fields=None)
        self.run_sync(sync="leavers", accepted=2)
        self.drift(code=PARTIAL, compared=2, gone=2)


if __name__ == "__main__":
    main()
