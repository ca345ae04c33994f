"""Iterable as a destination: users and events, tried against the sandbox."""

from kinds_of_vendor import People
from of_vendor import PARTIAL, SECRET, VendorTest, main, person


class Iterable(People, VendorTest):
    vendor = "iterable"
    kept = "users"
    why = "invalidDataEmails"
    settings = {"api_key": SECRET}
    sync = {"object": "users", "match": {"email": "email"}, "fields": {"city": "city", "name": "name"}}

    def cities(self, by="email"):
        return {one[by]: one.get("city") for one in self.sandbox.records("users").values()}

    def mirror(self, by, field):
        self.write_sync(mode="mirror", match={by: field}, guard={"max_removed": "100%"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(1, city="Bonn")]
        self.run_sync(changed=1, removed=1, accepted=2)
        self.assertEqual(self.cities(by), {str(person(1)[field]): "Bonn"})

    def test_a_mirror_by_email(self):
        self.mirror("email", "email")

    def test_a_mirror_by_user_id(self):
        self.mirror("userId", "id")

    def test_what_is_there_is_read(self):
        self.allowed = ("required property 'email'",)  # who is known by an id need not have one
        self.write_sync(match={"userId": "id"})
        self.rows = [person(1, name="Zoë \"日本\" \\ b"), person(2)]
        self.run_sync(accepted=2)
        self.assert_read("city", mode="upsert", match={"userId": "id"})

    def test_events(self):
        self.allowed = ("eventName must be string",)
        self.project.sync("events", object="events", mode="append", match=None, fields={
            "eventName": "name", "email": "email", "id": "id",
            "createdAt": {"value": "2026-11-23T14:13:11Z"}, "city": "city"})
        self.rows = [person(1), person(2, name=None), person(3)]
        self.run_sync(sync="events", code=PARTIAL, accepted=2, rejected=1)
        self.assertEqual({key: (one["email"], one["createdAt"], one["dataFields"])
                          for key, one in self.sandbox.records("events").items()},
                         {"1": ("p1@example.com", 1795443191, {"city": "Ulm"}),
                          "3": ("p3@example.com", 1795443191, {"city": "Ulm"})})

    def test_members_of_a_list(self):
        self.write_sync("members", object="lists/7", mode="mirror", match={"email": "email"}, fields={"email": "email"})
        self.rows = [person(1), person(2)]
        self.run_sync(sync="members", accepted=2, requests=1)
        self.rows = [person(2)]
        self.run_sync(sync="members", removed=1, accepted=1)
        self.assertEqual([one["key"] for one in self.held("list_7")], ["p2@example.com"])


if __name__ == "__main__":
    main()
