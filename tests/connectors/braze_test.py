"""Braze as a destination: its stand-in must hold exactly the model."""

from of_vendor import PARTIAL, SECRET, USAGE, VendorTest, main, person


class BrazeTest(VendorTest):
    vendor = "braze"
    settings = {"api_key": SECRET}


class Users(BrazeTest):
    sync = {"object": "users", "match": {"external_id": "id"},
            "fields": {"email": "email", "first_name": "name", "city": "city"}}

    def test_mirror_holds_the_model(self):
        self.write_sync(mode="mirror", guard={"max_removed": "100%"})
        self.rows = [person(1), person(2, city=None), person(3)]
        self.call("check")
        self.plan_sync(added=3, to_send=3)
        self.run_sync(accepted=3)
        self.assertEqual(self.held_by("users", "external_id")["1"],
                         {"external_id": "1", "email": "p1@example.com", "first_name": "Person 1", "city": "Ulm"})
        self.assertNotIn("city", self.held_by("users", "external_id")["2"])
        self.assert_quiet(unchanged=3)
        self.rows = [person(1, city=None), person(2, city="Bonn")]
        self.run_sync(changed=2, removed=1, accepted=3)
        held = self.held_by("users", "external_id")
        self.assertEqual({key: own.get("city") for key, own in held.items()}, {"1": None, "2": "Bonn"})

    def test_a_bad_row_is_rejected_alone(self):
        self.write_sync()
        self.rows = [person(1), person(2, email="nobody"), person(3)]
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertEqual(set(self.held_by("users", "external_id")), {"1", "3"})
        self.assertIn("'email' is not valid", self.call("log", result["run"], "--json").out)
        self.assertEqual(self.outcomes(result["run"])["2"], "rejected")

    def test_what_is_there_is_read(self):
        self.rows = [person(1, name="Zoë \"日本\" \\ b"), person(2, city=None), person(3)]
        self.run_sync(accepted=3)
        self.assert_read("city")

    def test_by_email_and_by_alias(self):
        self.write_sync(match={"email": "email"}, fields={"city": "city"})
        self.rows = [person(number) for number in range(80)]
        self.run_sync(accepted=80, requests=2)
        self.assertEqual(self.held_by("users", "email")["p7@example.com"], {"email": "p7@example.com", "city": "Ulm"})
        self.rows = [person(number, city="Bonn" if number == 7 else "Ulm") for number in range(80)]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.held_by("users", "email")["p7@example.com"]["city"], "Bonn")
        self.project.sync("aliases", object="users", match={"alias_name": "id"}, fields={"first_name": "name"},
                          options={"alias_label": "crm"})
        self.rows = [person(1)]
        self.run_sync(sync="aliases", accepted=1)
        self.assertIn({"alias": "crm:1", "first_name": "Person 1"}, self.sandbox.records("users").values())

    def test_what_braze_cannot_do_is_refused(self):
        self.rows = [person(1)]
        self.write_sync(mode="insert")
        self.call("run", "contacts", code=USAGE)

    def test_subscriptions(self):
        for field, value in (("external_id", "id"), ("email", "email")):
            self.write_sync(field, object="subscription_groups/g1", mode="mirror", match={field: value}, fields={field: value})
            self.rows = [person(1), person(2)]
            self.run_sync(sync=field, accepted=2, requests=1)
            self.rows = [person(2)]
            self.run_sync(sync=field, removed=1, accepted=1)
        self.assertEqual({one["user"]: one["state"] for one in self.held("subscriptions")},
                         {"1": "unsubscribed", "2": "subscribed", "p1@example.com": "unsubscribed", "p2@example.com": "subscribed"})


    def test_only_known_users_are_updated(self):
        self.write_sync("all")
        self.rows = [person(1)]
        self.run_sync(sync="all", accepted=1)
        self.write_sync(mode="update", fields={"city": "city"})
        self.rows = [person(1, city="Bonn"), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual({key: one["city"] for key, one in self.held_by("users", "external_id").items()}, {"1": "Bonn"})

    def test_users_known_by_an_alias_are_removed(self):
        self.write_sync(mode="mirror", match={"alias_name": "id"}, fields={"first_name": "name"}, options={"alias_label": "crm"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(2)]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual([one["alias"] for one in self.held("users")], ["crm:2"])


class Appends(BrazeTest):
    def test_events_and_purchases_of_an_alias(self):
        self.project.model(sql="select id, 'seen' as name, timestamp '2026-01-02 03:04:05' as at, city from people")
        self.rows = [person(1)]
        self.write_sync("users", object="users", mode="upsert", match={"alias_name": "id"}, fields={"city": "city"})
        self.run_sync(sync="users", accepted=1)
        self.write_sync("events", object="events_by_alias", mode="append", match=None,
                        fields={"alias_name": "id", "name": "name", "time": "at", "city": "city"})
        self.run_sync(sync="events", accepted=1)
        self.assertEqual([one["properties"] for one in self.held("events")], [{"city": "Ulm"}])
        self.write_sync("purchases", object="purchases_by_alias", mode="append", match=None,
                        fields={"alias_name": "id", "product_id": "name", "currency": {"value": "EUR"}, "price": {"value": 2.5},
                                "time": "at"})
        self.run_sync(sync="purchases", accepted=1)
        self.assertEqual([one["product_id"] for one in self.held("purchases")], ["seen"])

    def test_events(self):
        self.project.model(sql="select id, name, timestamp '2026-01-02 03:04:05' as at, city from people")
        self.project.sync(object="events", mode="append", match=None,
                          fields={"external_id": "id", "name": "name", "time": "at", "city": "city"})
        self.rows = [person(1), person(2, name=None), person(3)]
        self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertEqual(self.held_by("events", "external_id")["1"],
                         {"external_id": "1", "name": "Person 1", "time": "2026-01-02T03:04:05Z", "properties": {"city": "Ulm"}})
        self.rows = [person(3), person(4)]
        self.run_sync(accepted=1)
        self.assertEqual(set(self.held_by("events", "external_id")), {"1", "3", "4"})

    def test_purchases(self):
        self.project.model(sql="select id, 9.50 as price, timestamp '2026-01-02 03:04:05' as at, city from people")
        self.project.sync(object="purchases", mode="append", match=None, fields={
            "external_id": "id", "product_id": {"value": "boot"}, "currency": {"value": "EUR"}, "price": "price", "time": "at"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        own = self.held_by("purchases", "external_id")["2"]
        self.assertEqual((own["product_id"], own["currency"], own["price"]), ("boot", "EUR", 9.5))
        self.run_sync(sent=0)


if __name__ == "__main__":
    main()
