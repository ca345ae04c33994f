"""Stripe: customers are searched for, then written; metadata in a form."""

from kinds_of_vendor import SeveralHands
from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class Stripe(VendorTest):
    vendor = "stripe"
    settings = {"api_key": SECRET}
    sync = {"object": "customers", "match": {"metadata[external_id]": "id"}, "mode": "mirror",
            "fields": {"email": "email", "name": "name", "metadata.city": "city"}}

    def test_customers_hold_the_model(self):
        self.rows = [person(1), person(2, city=None), person(3, email="nobody")]
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertEqual(self.refused(result), {"3": "Invalid email address: •••"})
        self.assertEqual(self.held("customers"), [
            {"email": "p1@example.com", "name": "Person 1", "metadata": {"city": "Ulm", "external_id": "1"}},
            {"email": "p2@example.com", "name": "Person 2", "metadata": {"external_id": "2"}}])
        self.rows = [person(1, city=None), person(2, name="Ben & \"B\""), person(3)]
        self.run_sync(accepted=3)
        self.assertEqual(sorted(one["name"] for one in self.held("customers")), ["Ben & \"B\"", "Person 1", "Person 3"])
        self.assertNotIn("city", self.held("customers")[0]["metadata"])
        self.rows = [person(1, city=None)]
        self.run_sync(accepted=2, removed=2)
        self.assertEqual([one["email"] for one in self.held("customers")], ["p1@example.com"])
        self.assert_quiet()

    def test_customers_that_are_there_already(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.project.sync(name="again", object="customers", match={"email": "email"}, mode="upsert",
                          fields={"name": {"sql": "upper(name)"}})
        self.rows = [person(1), person(2), person(3, email="o'neil@example.com")]
        self.run_sync(sync="again", accepted=3)
        self.assertEqual([one["name"] for one in self.held("customers")], ["PERSON 1", "PERSON 2", "PERSON 3"])
        self.assertEqual(self.held("customers")[2]["email"], "o'neil@example.com")

    def test_what_is_there_is_read(self):
        self.rows = [person(1, name="Zoë \"日本\" \\ b"), person(2, city=None), person(3)]
        self.run_sync(accepted=3)
        self.assert_read("metadata.city")
        self.write_sync("leavers", mode="delete", fields=None)
        self.run_sync(sync="leavers", accepted=3)
        self.drift(code=PARTIAL, compared=3, gone=3)


class Hands(SeveralHands, VendorTest):
    vendor = "stripe"
    settings = {"api_key": SECRET}
    kept, told_by, field = "customers", "email", "metadata.city"
    sync = {"object": "customers", "match": {"metadata[external_id]": "id"},
            "fields": {"email": "email", "name": "name", "metadata.city": "city"}}

    def city_of(self, record):
        return record["metadata"].get("city")


if __name__ == "__main__":
    main()
