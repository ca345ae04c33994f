"""Google Customer Match: a list holds exactly the hashed members of the model."""

from of_vendor import FAILED, PARTIAL, SECRET, TOKEN, VendorTest, main, person

# SHA-256 of what Google wants normalised.
TEST_EMAIL = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"  # of test@example.com
JANE = "d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69"  # of janedoe@gmail.com
PHONE = "50389806e2857c36e22b0a1ed1e7df8606ebc0e931f6c083e73486f7a87d9a9f"  # of +14155551234


class GoogleAdsTest(VendorTest):
    vendor = "google_ads"
    options = ("--job-time", "0ms")
    settings = {
        "account_id": "1234567890", "login_account_id": "9876543210", "client_id": "c", "client_secret": SECRET,
        "refresh_token": SECRET, "token_url": "{sandbox}/token"}

    sync = {"object": "user_lists/77", "mode": "mirror", "match": {"emailAddress": "email"}, "fields": {"emailAddress": "email"}}

    def members(self):
        return sorted(identifier for one in self.held("list_77") for identifier in one["identifiers"])

    def assert_members(self, *expected):
        self.wait_until(lambda: self.members() == sorted(expected), seconds=5)

    def test_members_come_and_go(self):
        self.write_sync()
        self.rows = [person(1, email=" Test@Example.com "), person(2, email="Jane.Doe@Gmail.com")]
        self.plan_sync(added=2, to_send=2)
        self.run_sync(accepted=2)
        self.assert_members("emailAddress=" + TEST_EMAIL, "emailAddress=" + JANE)
        self.rows = self.rows[1:]
        self.run_sync(removed=1, accepted=1)
        self.assert_members("emailAddress=" + JANE)

    def test_telephone_numbers_and_digests(self):
        self.write_sync(match={"phoneNumber": "phone"}, fields={"phoneNumber": "phone"})
        self.rows = [person(1, phone="+1 (415) 555-1234"), person(2, phone=TEST_EMAIL.upper())]
        self.run_sync(accepted=2)
        self.assert_members("phoneNumber=" + PHONE, "phoneNumber=" + TEST_EMAIL)

    def test_a_model_of_members_to_remove(self):
        self.write_sync()
        self.rows = [person(1, email="test@example.com"), person(2, email="Jane.Doe@Gmail.com")]
        self.run_sync(accepted=2)
        self.assert_members("emailAddress=" + TEST_EMAIL, "emailAddress=" + JANE)
        self.project.sync(name="leavers", object="user_lists/77", mode="delete", match={"emailAddress": "email"}, fields=None)
        self.rows = [person(2, email="janedoe@gmail.com")]
        self.run_sync(sync="leavers", accepted=1)
        self.assert_members("emailAddress=" + TEST_EMAIL)

    def test_a_value_that_is_no_address_stays_behind(self):
        self.write_sync()
        self.rows = [person(1, email="test@example.com"), person(2, email="nobody")]
        self.run_sync(code=PARTIAL, accepted=1, invalid=1)
        self.assert_members("emailAddress=" + TEST_EMAIL)

    def test_a_refused_request_says_why(self):
        self.destination(account_id="12-34")
        self.write_sync()
        self.rows = [person(1)]
        result = self.run_sync(code=PARTIAL, accepted=0, rejected=1)
        self.assert_refused(self.call("log", result["run"]), "the account id has digits only")

    def test_a_refused_login_stops_the_run(self):
        self.sandbox.call("POST", "/_sandbox/token", {"token": TOKEN, "state": "revoked"})
        self.write_sync()
        self.rows = [person(1)]
        self.assert_refused(self.call("run", "contacts", code=FAILED), "invalid_grant")


if __name__ == "__main__":
    main()
