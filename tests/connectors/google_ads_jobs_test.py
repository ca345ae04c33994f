"""Google Customer Match by offline user data jobs: a list holds exactly the hashed members of the model."""

from of_vendor import PARTIAL, SECRET, VendorTest, main, person

GOOD = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"  # of test@example.com
JANE = "d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69"  # of janedoe@gmail.com


class GoogleAdsJobs(VendorTest):
    vendor = "google_ads_jobs"
    stand_in = "google_ads"
    options = ("--job-time", "0ms")
    settings = {"customer_id": "1234567890", "login_customer_id": "9876543210", "developer_token": SECRET, "client_id": "c",
                "client_secret": SECRET, "refresh_token": SECRET, "token_url": "{sandbox}/token"}
    sync = {"object": "user_lists/77", "mode": "mirror", "match": {"hashedEmail": "email"}, "fields": {"hashedEmail": "email"}}

    def members(self):
        return sorted(identifier for one in self.held("list_77") for identifier in one["identifiers"])

    def test_members_come_and_go(self):
        self.rows = [person(1, email=" Test@Example.com "), person(2, email="Jane.Doe@Gmail.com"), person(3, email="nobody")]
        self.call("check")
        self.run_sync(code=PARTIAL, accepted=2, invalid=1)
        self.assertEqual(self.members(), ["hashedEmail=" + GOOD, "hashedEmail=" + JANE])
        self.rows = self.rows[1:2]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(self.members(), ["hashedEmail=" + JANE])

    def test_members_that_are_refused_are_told_by_their_place(self):
        self.refuse_some()
        self.rows = [person(number) for number in range(1, 11)]
        result = self.run_sync(code=PARTIAL)
        self.assertTrue(0 < result["rejected"] < 10, result)
        self.assertEqual(len(self.members()), result["accepted"])


if __name__ == "__main__":
    main()
