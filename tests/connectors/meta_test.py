"""Meta: an audience holds exactly the hashed members of the model."""

from of_vendor import FAILED, PARTIAL, SECRET, TOKEN, USAGE, VendorTest, main, person

# SHA-256 of what Meta wants normalised: (key, as a person writes it, digest).
VECTORS = (
    ("EMAIL", "Jane.Doe@Gmail.com", "831f6494ad6be4fcb3a724c3d5fef22d3ceffa3c62ef3a7984e45a0ea177f982"),
    ("PHONE", "+1 (415) 555-1234", "c6a349dfaaf5c3a368d3135014cc1bc7aebf18f654f313f9c1d0b018a897b209"),
    ("FN", " Valéry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
    ("LN", "O'Brien", "b4cb6cb33fe4b865868de825023a1e2790dc12ac01ecc8d7c5afe8254071c8ba"),
    ("GEN", "M", "62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a"),
    ("CT", "New York", "350c754ba4d38897693aa077ef43072a859d23f613443133fecbbd90a3512ca5"),
    ("ST", "NY", "1b06e2003f8420d6fa42badd8f77ec0f706b976b7a48b13c567dc5a559681683"),
    ("ZIP", "94035-1234", "1794327a4d443904421f5ca1f3d72d0a62ba2f0770d80755ec2220fc0efb052e"),
    ("COUNTRY", "US", "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"),
)
TEST_EMAIL = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"  # of test@example.com


class MetaTest(VendorTest):
    vendor = "meta"
    settings = {"access_token": SECRET}

    sync = {"object": "audiences/77", "mode": "mirror", "match": {"EMAIL": "email", "PHONE": "phone"},
            "fields": {"EMAIL": "email"}}

    def members(self):
        return [dict(zip(one["schema"], one["values"])) for one in self.held("audience_77")]

    def test_values_are_normalised_and_hashed(self):
        self.project.model(key="EMAIL")
        self.write_sync(match={key: key for key, _, _ in VECTORS}, fields={"EMAIL": "EMAIL"})
        self.rows = [{key: text for key, text, _ in VECTORS}]
        self.call("check")
        self.run_sync(accepted=1)
        self.assertEqual(self.members(), [{key: digest for key, _, digest in VECTORS}])

    def test_members_come_and_go(self):
        self.write_sync()
        self.rows = [person(1, email=" Test@Example.com "), person(2, email=TEST_EMAIL.upper(), phone="+1 (415) 555-1234"), person(3)]
        self.plan_sync(added=3, to_send=3)
        self.run_sync(accepted=3)
        self.assertEqual(len(self.members()), 3)
        self.assertIn({"EMAIL": TEST_EMAIL, "PHONE": ""}, self.members())
        self.assertIn({"EMAIL": TEST_EMAIL, "PHONE": VECTORS[1][2]}, self.members())
        self.rows = [*self.rows[:2], person(4)]
        self.run_sync(added=1, removed=1, accepted=2)
        self.assertEqual(len(self.members()), 3)
        self.rows = self.rows[:1]
        self.run_sync(removed=2, accepted=2)
        self.assertEqual(self.members(), [{"EMAIL": TEST_EMAIL, "PHONE": ""}])

    def emails(self):
        return sorted(one["EMAIL"] for one in self.members())

    def test_a_member_whose_keys_change_is_replaced(self):
        for mode in ("mirror", "upsert"):
            with self.subTest(mode):
                self.sandbox.call("POST", "/_sandbox/reset")
                self.write_sync(mode, mode=mode, fields=None)
                self.rows = [person(1), person(2, email=TEST_EMAIL), person(3)]
                self.run_sync(sync=mode, accepted=3)
                before = self.emails()
                self.rows = [person(1, email="moved@example.com"), *self.rows[1:]]
                self.run_sync(sync=mode, changed=1, sent=1, accepted=1, requests=2)
                self.assertEqual(len(self.members()), 3)
                gone = set(before) - set(self.emails())
                self.assertEqual(len(gone), 1)
                self.rows = [person(1), *self.rows[1:]]
                self.run_sync(sync=mode, changed=1, accepted=1)
                self.assertEqual(self.emails(), before)
                self.assert_quiet(sync=mode)

    def test_the_old_member_stays_where_the_sync_says_so(self):
        self.write_sync(fields=None, match_change="new")
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(1, email="moved@example.com")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(len(self.members()), 2)

    def test_keys_that_are_passed_on_stay_members(self):
        self.write_sync(fields=None, match={"EMAIL": "email"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        before = self.emails()
        # The two change places, and a third takes over what the first had.
        self.rows = [person(1, email="p2@example.com"), person(2, email="p1@example.com")]
        self.run_sync(changed=2, accepted=2)
        self.assertEqual(self.emails(), before)
        self.rows = [person(1, email="moved@example.com"), self.rows[1], person(3, email="p2@example.com")]
        self.run_sync(changed=1, added=1, accepted=2)
        self.assertEqual(len(self.members()), 3)
        self.assertTrue(set(before) < set(self.emails()))
        self.assert_quiet(unchanged=3)

    def test_one_of_several_keys_is_enough(self):
        self.project.model(key="id")
        self.write_sync(fields=None, match={"EMAIL": "email", "MADID": "phone"})
        self.call("check")
        self.rows = [person(1, phone=None), person(2, email=None, phone="AB-12"), person(3, email=None, phone=None)]
        self.run_sync(code=PARTIAL, added=3, accepted=2, rejected=1)

    def test_fields_that_nothing_takes_are_refused(self):
        self.write_sync(fields={"city": "city"})
        self.assert_refused(self.call("check", code=USAGE), "the field 'city' would not be sent",
                            "only what is matched on is sent")

    def test_a_model_of_members_to_remove(self):
        self.write_sync()
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.project.sync(name="leavers", object="audiences/77", mode="delete", match={"EMAIL": "email", "PHONE": "phone"}, fields=None)
        self.rows = [person(2)]
        self.run_sync(sync="leavers", accepted=1)
        self.assertEqual(len(self.members()), 1)

    def test_refused_entries_are_found(self):
        self.refuse_some("20%")
        self.write_sync()
        self.rows = [person(number) for number in range(20)]
        result = self.run_sync(code=PARTIAL)
        self.assertTrue(0 < result["rejected"] < 20, result)
        self.assertEqual(len(self.members()), result["accepted"])
        self.assert_refused(self.call("log", result["run"]), "INVALID_ENTRY")

    def test_a_refused_token_stops_the_run(self):
        self.sandbox.call("POST", "/_sandbox/token", {"token": TOKEN, "state": "revoked"})
        self.write_sync()
        self.rows = [person(1)]
        self.assert_refused(self.call("run", "contacts", code=FAILED), "Invalid OAuth access token")


if __name__ == "__main__":
    main()
