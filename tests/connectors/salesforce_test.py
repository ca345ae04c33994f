"""Salesforce: records of its stand-in must hold exactly the model."""

import json

from kinds_of_vendor import SeveralHands
from of_vendor import PARTIAL, SECRET, VendorTest, main, person

KEY = "Ext__c"
GRANT = {"client_id": "penstock", "client_secret": SECRET}


class SalesforceTest(VendorTest):
    vendor = "salesforce"
    options = ("--job-time", "0ms")
    settings = GRANT
    sync = {"object": "Contact", "match": {KEY: "id"}, "fields": {"LastName": "name", "Email": "email", "Phone": "phone"}}

    def found(self, by=KEY, kind="Contact"):
        return self.held_by(kind, by)

    def known(self):
        """Makes the external id known to the stand-in's describe."""
        self.make(LastName="Old", **{KEY: "0"})

    def make(self, **fields):
        record = {"attributes": {"type": "Contact"}} | fields
        self.sandbox.call("POST", "/services/data/v62.0/composite/sobjects", {"allOrNone": False, "records": [record]})

    def ext(self, number, **more):
        return person(number, id=str(number), **more)


class Collections(SalesforceTest):
    def test_mirror_holds_the_model_and_only_changes_travel(self):
        self.known()
        self.write_sync(mode="mirror", guard={"max_removed": "100%"})
        self.rows = [self.ext(1, name="Zoë \"日本\" \\ \n"), self.ext(2, phone="1"), self.ext(3)]
        self.call("check")
        self.plan_sync(added=3, to_send=3)
        self.run_sync(accepted=3)
        self.assertEqual(self.found()["1"]["LastName"], "Zoë \"日本\" \\ \n")
        self.assertEqual(sorted(self.found()), ["0", "1", "2", "3"])
        self.run_sync(sent=0)
        self.rows = [self.ext(1, name="Zoë"), self.ext(2)]
        self.run_sync(changed=2, removed=1, accepted=3)
        self.assertEqual(sorted(self.found()), ["0", "1", "2"])
        self.assertEqual(self.found()["1"]["LastName"], "Zoë")
        self.assertIsNone(self.found()["2"].get("Phone"))

    def test_a_bad_row_is_refused_alone(self):
        self.known()
        self.rows = [self.ext(number, email="no" if number == 2 else f"p{number}@x.example") for number in range(1, 6)]
        result = self.run_sync(code=PARTIAL, accepted=4, rejected=1)
        self.assertIn("INVALID_EMAIL_ADDRESS", json.dumps(self.operations(result["run"])))
        self.assertEqual(sorted(self.found()), ["0", "1", "3", "4", "5"])

    def test_any_field_by_query_and_records_by_id(self):
        self.make(LastName="Old", Email="o'neil@example.com")
        self.write_sync(match={"Email": "email"}, fields={"LastName": "name", "Phone": "phone"}, mode="mirror", guard={"max_removed": "100%"})
        self.rows = [person(1, email="o'neil@example.com"), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual({email: one["LastName"] for email, one in self.found("Email").items()},
                         {"o'neil@example.com": "Person 1", "p2@example.com": "Person 2"})
        self.rows = [person(1, email="o'neil@example.com")]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(list(self.found("Email")), ["o'neil@example.com"])
        self.write_sync(name="inserts", mode="insert", match={"Email": "email"}, fields={"LastName": "name"})
        self.rows = [person(1, email="o'neil@example.com", name="no"), person(3)]
        self.run_sync(sync="inserts", accepted=1, skipped=1)
        self.write_sync(name="updates", mode="update", match={"Email": "email"}, fields={"LastName": "name"})
        self.rows = [person(3, name="new"), person(9)]
        self.run_sync(sync="updates", accepted=1, skipped=1)
        self.assertEqual({one["LastName"] for one in self.found("Email").values()}, {"Person 1", "new"})

    def test_parents_by_their_external_id(self):
        self.known()
        record = {"attributes": {"type": "Account"}, "Name": "Acme", "Code__c": "A1"}
        self.sandbox.call("POST", "/services/data/v62.0/composite/sobjects", {"records": [record]})
        self.write_sync(fields={"LastName": "name", "Account.Code__c": "city"})
        self.rows = [self.ext(1, city="A1"), self.ext(2, city="A9")]
        self.run_sync(code=PARTIAL, accepted=1, rejected=1)
        self.assertTrue(self.found()["1"]["AccountId"].startswith("001"))

    def test_what_is_there_is_read(self):
        self.known()
        self.make(LastName="Twin", Email="p1@example.com")
        self.rows = [self.ext(1, name="Zoë \"日本\" \\ b"), self.ext(2, phone="1"), self.ext(3)]
        self.run_sync(accepted=3)
        self.assert_read("Phone")

    def test_parents_are_read(self):
        self.known()
        record = {"attributes": {"type": "Account"}, "Name": "Acme", "Code__c": "A1"}
        self.sandbox.call("POST", "/services/data/v62.0/composite/sobjects", {"records": [record]})
        self.write_sync(fields={"LastName": "name", "Account.Code__c": "city"})
        self.rows = [self.ext(1, city="A1"), self.ext(2, city="A1")]
        self.run_sync(accepted=2)
        self.assertEqual(self.drift(compared=2), {})

    def test_a_value_of_others_is_left_to_them(self):
        self.make(LastName="Old", Email="p1@example.com", Phone="by hand")
        self.write_sync(match={"Email": "email"}, fields={"LastName": "name", "Phone": {"from": "phone", "write": "if_empty"}})
        self.rows = [person(1, phone="1"), person(2, phone="2")]
        self.run_sync(accepted=2)
        self.assertEqual({email: (one["LastName"], one["Phone"]) for email, one in self.found("Email").items()},
                         {"p1@example.com": ("Person 1", "by hand"), "p2@example.com": ("Person 2", "2")})

    def test_logins(self):
        self.known()
        for number, login in enumerate(({"access_token": SECRET}, GRANT | {"refresh_token": SECRET})):
            self.destination(**login)
            self.rows = [self.ext(number + 1)]
            self.run_sync(accepted=1)


class Bulk(SalesforceTest):
    def test_upsert_as_a_job(self):
        self.known()
        self.write_sync(batch={"bulk": "always"})
        self.rows = [self.ext(number, phone="1", email="no" if number == 2 else f"p{number}@x.example") for number in range(1, 6)]
        result = self.run_sync(code=PARTIAL, accepted=4, rejected=1)
        self.assertIn("INVALID_EMAIL_ADDRESS", json.dumps(self.operations(result["run"])))
        self.assertTrue(any("/jobs/ingest" in path for path in self.sandbox.stats()["by_path"]))
        self.rows = [self.ext(number) for number in range(1, 6)]
        self.run_sync(accepted=5)
        self.assertEqual({key: one.get("Phone") for key, one in self.found().items()}, dict.fromkeys("012345"))

    def test_updates_by_id_as_a_job(self):
        self.known()
        record_id = json.loads(self.sandbox.call("GET", "/_sandbox/records/Contact").split("\n")[0])["id"]
        self.write_sync(mode="update", match={"Id": "id"}, fields={"LastName": "name"}, batch={"bulk": "always"})
        self.rows = [person(1, id=record_id, name="New")]
        self.run_sync(accepted=1)
        self.assertEqual(self.found()["0"]["LastName"], "New")

    def test_inserts_and_removals_as_jobs(self):
        self.make(LastName="Old", Key__c="0")  # an external id that is unique
        self.write_sync(mode="insert", match={"Key__c": "id"}, batch={"bulk": "always"})
        self.rows = [self.ext(1), self.ext(2, email="no"), self.ext(0)]
        self.run_sync(code=PARTIAL, accepted=1, skipped=1, rejected=1)
        self.assertEqual(sorted(self.found("Key__c")), ["0", "1"])
        self.write_sync(name="leavers", mode="delete", match={"Key__c": "id"}, fields=None, batch={"bulk": "always"}, options={"bulk_delete": "hardDelete"})
        self.rows = [self.ext(0), self.ext(7)]
        self.run_sync(sync="leavers", accepted=2)
        self.assertEqual(sorted(self.found("Key__c")), ["1"])


class Hands(SeveralHands, SalesforceTest):
    kept, told_by, field = "Contact", KEY, "Department"
    sync = {"object": "Contact", "match": {KEY: "id"}, "fields": {"LastName": "name", "Department": "city"}}

    def row(self, number, **values):
        return self.ext(number, **values)

    def setUp(self):
        super().setUp()
        self.known()

    def there(self):
        return {key: city for key, city in super().there().items() if key != "0"}


if __name__ == "__main__":
    main()
