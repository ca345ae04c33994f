"""Zendesk as a destination: its stand-in must hold exactly the model."""

from kinds_of_vendor import SeveralHands
from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class ZendeskTest(VendorTest):
    vendor = "zendesk"
    options = ("--job-time", "1ms")
    settings = {"email": "ops@example.com", "plan": "high_volume", "api_token": SECRET}


class Users(ZendeskTest):
    sync = {"object": "users", "match": {"external_id": "id"},
            "fields": {"name": "name", "email": "email", "user_fields.city": "city"}}

    def test_mirror_holds_the_model(self):
        self.write_sync(mode="mirror", guard={"max_removed": "100%"})
        self.rows = [person(1), person(2), person(3)]
        self.call("check")
        self.run_sync(accepted=3)
        own = self.held_by("users", "external_id")["1"]
        self.assertEqual((own["name"], own["email"], own["user_fields"]), ("Person 1", "p1@example.com", {"city": "Ulm"}))
        self.plan_sync(unchanged=3, to_send=0)
        self.rows = [person(1), person(2, city="Bonn")]
        self.run_sync(changed=1, removed=1, accepted=2)
        held = self.held_by("users", "external_id")
        self.assertEqual({key: own["user_fields"]["city"] for key, own in held.items()}, {"1": "Ulm", "2": "Bonn"})

    def test_a_bad_row_is_rejected_alone(self):
        self.write_sync()
        for number in (1, 3):
            self.sandbox.call("POST", "/api/v2/users", {"user": {"external_id": str(number), "name": "by hand"}})
        # Updated, refused and created rows in one job.
        self.rows = [person(1, city="Bonn"), person(2, email="nobody"), person(3, city="Bonn"), person(4)]
        result = self.run_sync(code=PARTIAL, accepted=3, rejected=1)
        self.assertEqual(self.outcomes(result["run"])["2"], "rejected")
        self.assertIn("is not properly formatted", self.call("log", result["run"], "--json").out)
        self.assertEqual(set(self.held_by("users", "external_id")), {"1", "3", "4"})

    def test_insert_and_update_look_records_up(self):
        self.rows = [person(1), person(2)]
        self.write_sync(mode="insert")
        self.run_sync(accepted=2)
        self.project.sync("updates", object="users", mode="update", match={"external_id": "id"}, fields={"name": "name"})
        self.rows = [person(2, name="Ada"), person(7)]
        self.run_sync(sync="updates", accepted=1, skipped=1)
        self.assertEqual(self.held_by("users", "external_id")["2"]["name"], "Ada")

    def test_users_are_inserted_without_a_match(self):
        self.write_sync(mode="insert", match=None)
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual(sorted(one["email"] for one in self.held("users")), ["p1@example.com", "p2@example.com"])

    def test_what_is_there_is_read(self):
        self.rows = [person(1, name="Zoë \"日本\" \\ b"), person(2, city=None), person(3)]
        self.run_sync(accepted=3)
        self.assert_read("user_fields.city")
        self.write_sync("leavers", mode="delete", fields=None)
        self.run_sync(sync="leavers", accepted=3)
        self.drift(code=PARTIAL, compared=3, gone=3)

    def test_by_email(self):
        self.write_sync(match={"email": "email"}, fields={"name": "name"})
        self.rows = [person(1, email="p+1@example.com"), person(2)]
        self.run_sync(accepted=2)
        self.project.sync("updates", object="users", mode="update", match={"email": "email"}, fields={"name": "name"})
        self.rows = [person(1, email="p+1@example.com", name="Ada"), person(7)]
        self.run_sync(sync="updates", accepted=1, skipped=1)
        self.assertEqual({key: own["name"] for key, own in self.held_by("users", "email").items()},
                         {"p+1@example.com": "Ada", "p2@example.com": "Person 2"})


class Others(ZendeskTest):
    def test_organizations(self):
        self.project.sync(object="organizations", mode="mirror", match={"external_id": "id"}, guard={"max_removed": "100%"},
                          fields={"name": "name", "notes": "city"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1, city="Bonn")]
        self.run_sync(changed=1, removed=1, accepted=2)
        held = self.held_by("organizations", "external_id")
        self.assertEqual({key: own["notes"] for key, own in held.items()}, {"1": "Bonn"})

    def test_tickets(self):
        self.project.sync(object="tickets", mode="append", match=None, fields={"subject": "name", "comment.body": "city"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        held = self.sandbox.records("tickets")
        self.assertEqual(sorted((own["subject"], own["comment"]["body"]) for own in held.values()),
                         [(f"Person {number}", "Ulm") for number in (1, 2)])
        self.rows = [person(next(iter(held)), name="Changed")]
        self.project.sync("updates", object="tickets", mode="update", match={"id": "id"}, fields={"subject": "name"})
        self.run_sync(sync="updates", accepted=1)
        self.assertEqual(self.sandbox.records("tickets")[next(iter(held))]["subject"], "Changed")
        self.project.sync("deletes", object="tickets", mode="delete", match={"id": "id"}, fields=None)
        self.run_sync(sync="deletes", accepted=1)
        self.assertEqual(len(self.sandbox.records("tickets")), 1)


class Hands(SeveralHands, ZendeskTest):
    kept, told_by, field = "users", "external_id", "user_fields.city"
    sync = {"object": "users", "match": {"external_id": "id"}, "fields": {"name": "name", "user_fields.city": "city"}}

    def city_of(self, record):
        return record["user_fields"].get("city")


class HandsOfOrganizations(SeveralHands, ZendeskTest):
    kept, told_by, field = "organizations", "external_id", "notes"
    sync = {"object": "organizations", "match": {"external_id": "id"}, "fields": {"name": "name", "notes": "city"}}


if __name__ == "__main__":
    main()
