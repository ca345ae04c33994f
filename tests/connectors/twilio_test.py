"""Twilio as a destination, tried against its sandbox."""

from of_vendor import PARTIAL, SECRET, VendorTest, main, person, straight_only

ACCOUNT = "AC" + "0" * 32


class TwilioTest(VendorTest):
    vendor = "twilio"
    settings = {"account_sid": ACCOUNT, "auth_token": SECRET}

    def test_each_key_is_sent_once(self):
        self.project.sync(object="messages", mode="append", match=None, fields={"To": "phone",
                "From": {"value": "+15005550006"}, "Body": "name"})
        self.rows = [person(1, phone="+14155550101"), person(2, phone="+14155550102")]
        self.call("check")
        self.plan_sync(added=2, to_send=2)
        self.run_sync(accepted=2)
        self.assertEqual(len(self.sandbox.records("messages")), 2)
        self.assert_quiet()
        self.rows = [person(1, phone="+14155550101"), person(2, phone="+14155550102"), person(3, phone="+14155550103")]
        self.run_sync(added=1, accepted=1)
        held = list(self.sandbox.records("messages").values())
        self.assertEqual(sorted(one["Body"] for one in held), ["Person 1", "Person 2", "Person 3"])

    def test_a_bad_row_is_refused_alone(self):
        self.project.sync(object="messages", mode="append", match=None, fields={"To": "phone",
                "From": {"value": "+15005550006"}, "Body": "name"})
        self.rows = [person(1, phone="+14155550101"), person(2, phone="12"), person(3, phone="+14155550103")]
        run = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn("21211", self.reason(2, run))
        self.assertEqual(len(self.sandbox.records("messages")), 2)

    @straight_only
    def test_a_lost_answer_leaves_its_row_in_doubt(self):
        self.project.sync(object="messages", mode="append", match=None, fields={"To": "phone",
                "From": {"value": "+15005550006"}, "Body": "name"})
        self.rows = [person(1, phone="+14155550101")]
        self.sandbox.fault(kind="reset", after=True)
        run = self.project.call("run", "contacts", "--json").results[0]
        self.assertEqual(run["in_doubt"], 1)
        self.assertEqual(len(self.sandbox.records("messages")), 1)


if __name__ == "__main__":
    main()
