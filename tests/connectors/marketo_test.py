"""Marketo: leads and objects of its stand-in must hold exactly the model."""

import json

from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class MarketoTest(VendorTest):
    vendor = "marketo"
    settings = {"client_id": "penstock", "client_secret": SECRET}
    sync = {"object": "leads", "match": {"email": "email"}, "fields": {"firstName": "name", "phone": "phone"}}

    def found(self, by="email", kind="leads"):
        return self.held_by(kind, by)


class Leads(MarketoTest):
    def test_mirror_holds_the_model_and_only_changes_travel(self):
        self.write_sync(mode="mirror", guard={"max_removed": "100%"})
        self.rows = [person(1, name="Zoë \"日本\" \\ \n"), person(2, phone="1"), person(3)]
        self.call("check")
        self.plan_sync(added=3, to_send=3)
        self.run_sync(accepted=3)
        self.assertEqual(self.found()["p1@example.com"]["firstName"], "Zoë \"日本\" \\ \n")
        self.run_sync(sent=0)
        self.rows = [person(1, name="Zoë"), person(2)]
        self.run_sync(changed=2, removed=1, accepted=3)
        self.assertEqual(sorted(self.found()), ["p1@example.com", "p2@example.com"])
        self.assertEqual(self.found()["p1@example.com"]["firstName"], "Zoë")
        self.assertIsNone(self.found()["p2@example.com"].get("phone"))

    def test_a_bad_row_is_refused_alone(self):
        self.rows = [person(number, email="no" if number == 2 else f"p{number}@x.example") for number in range(1, 6)]
        result = self.run_sync(code=PARTIAL, accepted=4, rejected=1)
        self.assertIn("Invalid value for field 'email'", json.dumps(self.operations(result["run"])))
        self.assertEqual(len(self.found()), 4)

    def test_what_is_there_is_read(self):
        self.rows = [person(1, name="Zoë \"日本\" \\ b"), person(2, phone="1"), person(3)]
        self.run_sync(accepted=3)
        self.assert_read("phone")

    def test_insert_update_and_delete(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.write_sync(name="inserts", mode="insert")
        self.rows = [person(1, name="no"), person(3)]
        self.run_sync(sync="inserts", accepted=1, skipped=1)
        self.write_sync(name="updates", mode="update")
        self.rows = [person(2, name="new"), person(9)]
        self.run_sync(sync="updates", accepted=1, skipped=1)
        self.assertEqual({email[:2]: one["firstName"] for email, one in self.found().items()},
                         {"p1": "Person 1", "p2": "new", "p3": "Person 3"})
        self.write_sync(name="deletes", mode="delete", fields=None)
        self.rows = [person(1), person(9)]
        self.run_sync(sync="deletes", accepted=2)
        self.assertEqual(sorted(self.found()), ["p2@example.com", "p3@example.com"])

    def test_another_lookup_field(self):
        self.write_sync(match={"customerNumber": "id"}, fields={"email": "email"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1, email="new@example.com"), person(2)]
        self.run_sync(accepted=1)
        self.assertEqual(self.found("customerNumber")["1"]["email"], "new@example.com")


class Imports(MarketoTest):
    options = ("--job-time", "20ms")

    def test_a_large_plan_travels_as_a_file(self):
        self.write_sync(batch={"bulk": "always"})
        self.rows = [person(number, phone="1", name="Zoë, \"日本\"", email="no" if number == 2 else f"p{number}@x.example") for number in range(1, 6)]
        result = self.run_sync(code=PARTIAL, accepted=4, rejected=1)
        self.assertIn("Invalid value for field 'email'", self.reason(2, result))
        self.assertIn("/bulk/v1/leads.json", str(self.sandbox.stats()["by_path"]))
        self.assertEqual({(one["firstName"], one["phone"]) for one in self.held("leads")}, {("Zoë, \"日本\"", "1")})
        self.rows = [person(number, email=f"p{number}@x.example") for number in range(1, 6)]
        self.run_sync(accepted=5)
        self.assertEqual({one.get("phone") for one in self.held("leads")}, {None})

    def test_custom_objects_as_a_file(self):
        self.write_sync(object="customobjects/car_c", match={"externalId": "id"}, fields={"name": "name"}, batch={"bulk": "always"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual(sorted(self.found("externalId", "car_c")), ["1", "2"])


class Lists(MarketoTest):
    def members(self, name="list_7"):
        return sorted(one["lead"] for one in self.held(name))

    def test_members_come_and_go(self):
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(accepted=3)
        ids = [int(one) for one in self.sandbox.records("leads")]
        self.write_sync(object="lists/7", mode="mirror", match={"id": "id"}, fields={"id": "id"}, name="members")
        self.rows = [person(one) for one in ids[:2]]
        self.run_sync(sync="members", accepted=2)
        self.assertEqual(self.members(), ids[:2])
        self.rows = [person(ids[1]), person(ids[2]), person(99999)]
        self.run_sync(sync="members", code=PARTIAL, added=2, removed=1, accepted=2, rejected=1)
        self.assertEqual(self.members(), ids[1:])

    def test_members_by_email(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.write_sync("joiners", object="lists/7", mode="update", match={"email": "email"}, fields={"email": "email"})
        self.rows = [person(1), person(2), person(9)]
        self.run_sync(sync="joiners", accepted=2, skipped=1)
        self.assertEqual(len(self.members()), 2)
        self.write_sync("leavers", object="lists/7", mode="delete", match={"email": "email"}, fields=None)
        self.rows = [person(1)]
        self.run_sync(sync="leavers", accepted=1)
        self.assertEqual(len(self.members()), 1)


class Objects(MarketoTest):
    def test_custom_objects_and_companies(self):
        for name, target, kind, key in (("cars", "customobjects/car_c", "car_c", "externalId"),
                                        ("firms", "companies", "companies", "externalCompanyId")):
            self.write_sync(name=name, object=target, match={key: "id"}, fields={"name": "name"})
            self.rows = [person(1), person(2)]
            self.run_sync(sync=name, accepted=2)
            self.rows = [person(1, name="new"), person(2)]
            self.run_sync(sync=name, accepted=1)
            self.assertEqual({value: one["name"] for value, one in self.found(key, kind).items()}, {"1": "new", "2": "Person 2"})

    def test_custom_objects_and_companies_are_removed(self):
        for name, target, kind, key in (("cars", "customobjects/car_c", "car_c", "externalId"),
                                        ("firms", "companies", "companies", "externalCompanyId")):
            self.write_sync(name=name, object=target, match={key: "id"}, fields={"name": "name"}, mode="mirror", guard={"max_removed": "100%"})
            self.rows = [person(1), person(2)]
            self.run_sync(sync=name, accepted=2)
            self.rows = [person(1)]
            self.run_sync(sync=name, removed=1, accepted=1)
            self.assertEqual(list(self.found(key, kind)), ["1"])


if __name__ == "__main__":
    main()
