"""Attio: records are asserted by a matching attribute."""

from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class Attio(VendorTest):
    vendor = "attio"
    settings = {"access_token": SECRET}
    sync = {"object": "people", "match": {"email_addresses": "email"}, "mode": "mirror",
            "fields": {"name": "name", "city": "city"}}

    def test_people_hold_the_model(self):
        self.rows = [person(1), person(2, city=None), person(3, email="nobody")]
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn("An invalid value was passed", self.refused(result)["3"])
        self.assertEqual(self.held("people"), [
            {"email_addresses": ["p1@example.com"], "name": ["Person 1"], "city": ["Ulm"]},
            {"email_addresses": ["p2@example.com"], "name": ["Person 2"]}])
        self.rows = [person(1, name="Ada"), person(2, city=None)]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.held("people")[0]["name"], ["Ada"])
        self.rows = [person(1, name="Ada")]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(len(self.held("people")), 1)
        self.assert_quiet()

    def test_insert_and_update(self):
        self.write_sync(mode="insert")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.project.sync(name="names", object="people", mode="update", match={"email_addresses": "email"},
                          fields={"name": {"sql": "upper(name)"}})
        self.rows = [person(2), person(3)]
        self.run_sync(sync="names", accepted=1, skipped=1)
        self.assertEqual([one["name"] for one in self.held("people")], [["Person 1"], ["PERSON 2"]])


if __name__ == "__main__":
    main()
