"""Mailchimp as a destination: members of an audience, tried against the sandbox."""

from kinds_of_vendor import People
from of_vendor import SECRET, VendorTest, main, person


class Mailchimp(People, VendorTest):
    vendor = "mailchimp"
    kept = "list_a1b2"
    told_by, column = "email_address", "email"
    settings = {"api_key": SECRET}
    sync = {"object": "a1b2", "match": {"email_address": "email"}, "fields": {
        "status": {"value": "subscribed", "write": "on_create"}, "merge_fields.CITY": "city"}}

    def cities(self):
        return {one["email_address"]: (one["status"], one["merge_fields"].get("CITY"))
                for one in self.sandbox.records("list_a1b2").values()}

    def test_only_changes_go(self):
        self.call("check")
        self.rows = [person(1), person(2)]
        self.plan_sync(added=2)
        self.run_sync(accepted=2)
        self.rows = [person(1, city="Bonn"), person(2)]
        self.run_sync(changed=1, accepted=1, sent=1)
        self.assertEqual(self.cities(), {"p1@example.com": ("subscribed", "Bonn"), "p2@example.com": ("subscribed", "Ulm")})
        self.assert_quiet()

    def test_who_left_is_not_subscribed_again(self):
        self.sandbox.call("PUT", "/3.0/lists/a1b2/members/p1@example.com",
                          {"email_address": "p1@example.com", "status_if_new": "unsubscribed"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual(self.cities(), {"p1@example.com": ("unsubscribed", "Ulm"), "p2@example.com": ("subscribed", "Ulm")})

    def test_what_is_there_is_read(self):
        self.rows = [person(1, city="Zoë \"日本\" \\ b"), person(2)]
        self.run_sync(accepted=2)
        self.assert_read("merge_fields.CITY", theirs="•••")

    def test_an_address_changes(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(1, email="new@example.com")]
        self.run_sync(accepted=1)
        self.assertEqual(self.cities(), {"new@example.com": ("subscribed", "Ulm")})

    def test_insert_and_mirror(self):
        self.sandbox.call("PUT", "/3.0/lists/a1b2/members/p1@example.com",
                          {"email_address": "p1@example.com", "status_if_new": "unsubscribed"})
        self.write_sync(mode="insert")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=1, skipped=1)
        self.assertEqual(self.cities(), {"p1@example.com": ("unsubscribed", None), "p2@example.com": ("subscribed", "Ulm")})
        self.project.sync("mirror", object="a1b2", mode="mirror", match={"email_address": "email"}, guard={"max_removed": "100%"},
                          fields={"status": {"value": "subscribed", "write": "on_create"}, "merge_fields.CITY": "city"})
        self.run_sync(sync="mirror", accepted=2)
        self.rows = [person(2)]
        self.run_sync(sync="mirror", removed=1, accepted=1)
        self.assertEqual(list(self.cities()), ["p2@example.com"])


if __name__ == "__main__":
    main()
