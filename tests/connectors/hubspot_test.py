"""HubSpot beyond its records, which most other tests are about: members of lists, and associations."""

import json

from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class HubSpot(VendorTest):
    vendor = "hubspot"
    settings = {"access_token": SECRET}

    def contacts(self, count):
        return [self.sandbox.create(email=f"p{number}@example.com") for number in range(1, count + 1)]

    def members(self, name="7"):
        found = json.loads(self.sandbox.call("GET", f"/crm/v3/lists/{name}/memberships"))
        return sorted(one["recordId"] for one in found["results"])

    def test_members_of_a_list_come_and_go(self):
        ids = self.contacts(3)
        self.write_sync(object="lists/7", mode="mirror", match={"hs_object_id": "id"}, fields={"hs_object_id": "id"})
        self.rows = [person(one) for one in ids[:2]]
        self.call("check")
        self.run_sync(accepted=2, requests=1)
        self.assertEqual(self.members(), sorted(ids[:2]))
        self.assert_quiet()
        self.rows = [person(one) for one in (ids[1], ids[2], "987654321")]
        result = self.run_sync(code=PARTIAL, added=2, removed=1, accepted=2, rejected=1)
        self.assertIn("RECORD_NOT_FOUND", self.reason("987654321", result))
        self.assertEqual(self.members(), sorted(ids[1:]))

    def test_members_by_email(self):
        ids = self.contacts(2)
        self.write_sync(object="lists/8", mode="update", match={"email": "email"}, fields={"email": "email"})
        self.rows = [person(1), person(2), person(9)]
        self.run_sync(accepted=2, skipped=1)
        self.assertEqual(self.members("8"), sorted(ids))
        self.write_sync("leavers", object="lists/8", mode="delete", match={"email": "email"}, fields=None)
        self.rows = [person(1)]
        self.run_sync(sync="leavers", accepted=1)
        self.assertEqual(self.members("8"), ids[1:])

    def test_associations(self):
        ids = self.contacts(2)
        firm = self.sandbox.create("companies", name="Acme")
        self.write_sync(object="associations/contacts", mode="upsert", options={"to": "companies"},
                        match={"from": "id", "to": "phone"}, fields={"to": "phone"})
        self.rows = [person(one, phone=firm) for one in ids] + [person("987654321", phone=firm)]
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertEqual(self.outcomes(result["run"])["987654321"], "rejected")
        self.assertEqual(sorted((one["from"], one["to"]) for one in self.held("contacts_to_companies")), sorted((one, firm) for one in ids))


if __name__ == "__main__":
    main()
