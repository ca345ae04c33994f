"""Discord as a destination, tried against its sandbox."""

from of_vendor import PARTIAL, SECRET, VendorTest, main, person, straight_only


class DiscordTest(VendorTest):
    vendor = "discord"
    settings = {"webhook_id": "1", "webhook_token": SECRET}

    def test_each_key_is_sent_once(self):
        self.project.sync(object="messages", mode="append", match=None, fields={"content": "name"})
        self.rows = [person(1), person(2)]
        self.call("check")
        self.plan_sync(added=2, to_send=2)
        self.run_sync(accepted=2)
        self.assertEqual(len(self.sandbox.records("messages")), 2)
        self.assert_quiet()
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(added=1, accepted=1)
        held = list(self.sandbox.records("messages").values())
        self.assertEqual(sorted(one["content"] for one in held), ["Person 1", "Person 2", "Person 3"])

    def test_a_bad_row_is_refused_alone(self):
        self.project.sync(object="messages", mode="append", match=None, fields={"content": "name"})
        self.rows = [person(1), person(2, name="x" * 2001), person(3)]
        run = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn("2000 or fewer", self.reason(2, run))
        self.assertEqual(len(self.sandbox.records("messages")), 2)

    @straight_only
    def test_a_lost_answer_leaves_its_row_in_doubt(self):
        self.project.sync(object="messages", mode="append", match=None, fields={"content": "name"})
        self.rows = [person(1)]
        self.sandbox.fault(kind="reset", after=True)
        run = self.project.call("run", "contacts", "--json").results[0]
        self.assertEqual(run["in_doubt"], 1)
        self.assertEqual(len(self.sandbox.records("messages")), 1)


if __name__ == "__main__":
    main()
