"""Intercom as a destination: contacts, companies and events, tried against the sandbox."""

from kinds_of_vendor import People, SeveralHands
from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class Intercom(People, VendorTest):
    vendor = "intercom"
    kept = "contacts"
    settings = {"access_token": SECRET}
    sync = {"match": {"email": "email"}, "fields": {"name": "name", "custom_attributes.city": "city"}}

    def cities(self):
        return {one["email"]: one.get("custom_attributes", {}).get("city") for one in self.sandbox.records().values()}

    def test_mirror_insert_and_records_that_are_there(self):
        self.sandbox.call("POST", "/contacts", {"email": "p1@example.com", "role": "user"})
        self.write_sync(mode="insert")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=1, skipped=1)
        self.write_sync(mode="mirror", guard={"max_removed": "100%"})
        self.run_sync(sync="contacts")
        self.rows = [person(1)]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(list(self.cities()), ["p1@example.com"])

    def test_what_is_there_is_read(self):
        self.rows = [person(1, name="Zoë \"日本\" \\ b"), person(2, city=None)]
        self.run_sync(accepted=2)
        self.assert_read("custom_attributes.city")
        self.project.sync("companies", object="companies", match={"company_id": "id"}, fields={"name": "name", "custom_attributes.city": {"value": "Ulm"}})
        self.run_sync(sync="companies", accepted=2)
        self.assertEqual(self.drift("companies", compared=2), {})

    def test_a_value_of_others_is_left_to_them(self):
        self.sandbox.call("POST", "/contacts", {"email": "p1@example.com", "custom_attributes": {"city": "Mainz"}})
        self.write_sync(fields={"custom_attributes.city": {"from": "city", "write": "if_empty"}})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual(self.cities(), {"p1@example.com": "Mainz", "p2@example.com": "Ulm"})

    def test_companies_and_events(self):
        self.project.sync("companies", object="companies", match={"company_id": "id"}, fields={"name": "name"})
        self.project.sync("events", object="events", mode="append", match=None, fields={
            "event_name": {"value": "signed up"}, "created_at": {"value": "2026-11-23T14:13:11Z"}, "email": "email",
            "metadata.city": "city"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.run_sync(sync="companies", accepted=2)
        self.assertEqual({one["company_id"]: one["name"] for one in self.sandbox.records("companies").values()},
                         {"1": "Person 1", "2": "Person 2"})
        self.project.sync("companies", object="companies", match={"company_id": "id"}, fields={"name": "name"}, mode="mirror",
                          guard={"max_removed": "100%"})
        self.rows = [person(1)]
        self.run_sync(sync="companies", removed=1, accepted=1)
        self.assertEqual([one["company_id"] for one in self.sandbox.records("companies").values()], ["1"])
        self.rows = [person(1), person(2), person(9)]
        self.run_sync(sync="events", code=PARTIAL, accepted=2, rejected=1)
        self.assertEqual([one["created_at"] for one in self.sandbox.records("events").values()], [1795443191] * 2)


class Hands(SeveralHands, VendorTest):
    vendor = "intercom"
    settings = {"access_token": SECRET}
    kept, told_by, field = "contacts", "email", "custom_attributes.city"
    sync = {"match": {"email": "email"}, "fields": {"name": "name", "custom_attributes.city": "city"}}

    def city_of(self, record):
        return record.get("custom_attributes", {}).get("city")


if __name__ == "__main__":
    main()
