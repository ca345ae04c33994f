"""Airtable: ten records a request, all or nothing; upserts on a field."""

from kinds_of_vendor import SeveralHands
from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class Airtable(VendorTest):
    vendor = "airtable"
    settings = {"access_token": SECRET, "base": "app1"}
    sync = {"object": "People", "match": {"Email": "email"}, "mode": "mirror", "fields": {"Name": "name", "City": "city"}}

    def test_a_table_holds_the_model(self):
        self.rows = [person(1), person(2, city=None), person(3, email="nobody"), person(4)]
        result = self.run_sync(code=PARTIAL, accepted=3, rejected=1)
        self.assertEqual(self.refused(result), {"3": "Field \"Email\" cannot accept the provided value"})
        self.rows = [person(1, city=None), person(2), person(4)]
        self.run_sync(changed=2)
        self.assertEqual({one["Email"]: (one["Name"], one.get("City")) for one in self.held("app1/People")}, {
            "p1@example.com": ("Person 1", None), "p2@example.com": ("Person 2", "Ulm"), "p4@example.com": ("Person 4", "Ulm")})
        self.rows = [person(2)]
        self.run_sync(accepted=2, removed=2)
        self.assertEqual(self.held("app1/People"), [{"Email": "p2@example.com", "Name": "Person 2", "City": "Ulm"}])
        self.assert_quiet()

    def test_create_and_update(self):
        self.write_sync(mode="insert")
        self.rows = [person(number) for number in range(12)]
        self.run_sync(accepted=12)
        self.assertEqual(len(self.held("app1/People")), 12)
        self.project.sync(name="names", object="People", mode="update", match={"Email": "email"}, fields={"Name": {"sql": "upper(name)"}})
        self.rows = [person(1), person(2), person(99, email="o'neil@example.com")]
        self.run_sync(sync="names", accepted=2, skipped=1)
        self.assertEqual([one["Name"] for one in self.held("app1/People")][:4], ["Person 0", "PERSON 1", "PERSON 2", "Person 3"])

    def test_what_is_there_is_read(self):
        self.rows = [person(number, city=None if number == 7 else "Ulm") for number in range(12)]
        self.run_sync(accepted=12)
        before = self.sandbox.stats()["requests"]
        self.assertEqual(self.drift(compared=12, gone=0), {})
        self.assertEqual(self.sandbox.stats()["requests"] - before, 1)
        self.assert_read("City")


class Hands(SeveralHands, VendorTest):
    vendor = "airtable"
    settings = {"access_token": SECRET, "base": "app1"}
    kept, told_by, field = "app1/People", "Email", "City"
    sync = {"object": "People", "match": {"Email": "email"}, "fields": {"Name": "name", "City": "city"}}


if __name__ == "__main__":
    main()
