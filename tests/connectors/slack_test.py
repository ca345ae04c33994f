"""Slack: messages arrive once each, and what Slack refuses inside a 200 is refused alone."""

import json

from of_vendor import FAILED, PARTIAL, SECRET, TOKEN, VendorTest, main, person


class SlackTest(VendorTest):
    vendor = "slack"
    settings = {"token": SECRET}

    def texts(self):
        return sorted((one["channel"], one["text"]) for one in self.held("messages"))


class Channels(SlackTest):
    def setUp(self):
        super().setUp()
        self.project.sync(object="messages", mode="append", match=None,
                          fields={"channel": "city", "text": {"template": "*New* {name}"}})

    def test_each_key_is_told_once(self):
        self.rows = [person(1, name="R&D <Ada>", city="#general"), person(2, city="C00000002")]
        self.run_sync(accepted=2)
        self.assertEqual(self.texts(), [("C00000001", "*New* R&amp;D &lt;Ada&gt;"), ("C00000002", "*New* Person 2")])
        self.rows = [person(1, name="changed", city="#general"), person(2, city="C00000002"), person(3, city="#general")]
        self.run_sync(sent=1, accepted=1)
        self.assertEqual(len(self.texts()), 3)
        self.plan_sync(to_send=0)

    def test_blocks_are_json(self):
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}]
        self.project.sync(object="messages", mode="append", match=None,
                          fields={"channel": {"value": "#general"}, "text": "name", "blocks": "city"})
        self.rows = [person(1, city=json.dumps(blocks))]
        self.run_sync(accepted=1)
        self.assertEqual(self.held("messages")[0]["blocks"], blocks)

    def test_what_is_refused_inside_a_200_is_refused_alone(self):
        self.rows = [person(1, city="#general"), person(2, city="#nowhere"), person(3, city="#archived")]
        result = self.run_sync(code=PARTIAL, accepted=1, rejected=2)
        answer = self.call("log", result["run"])
        self.assert_refused(answer, "channel_not_found", "is_archived")
        self.assertEqual(self.texts(), [("C00000001", "*New* Person 1")])

    def test_a_token_that_is_refused_inside_a_200_stops_the_run(self):
        self.sandbox.call("POST", "/_sandbox/token", {"token": TOKEN, "state": "revoked"})
        self.rows = [person(1, city="#general")]
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, "token_revoked")


class Digests(SlackTest):
    def setUp(self):
        super().setUp()
        self.project.sync(object="digests", mode="append", match=None, fields={"text": {"template": "• {name} from {city}"}},
                          options={"channel": "#general", "heading": "*New*"})

    def test_a_run_is_one_message(self):
        self.rows = [person(1, name="R&D <Ada>"), person(2, city="Bonn"), person(3)]
        self.call("check")
        self.run_sync(accepted=3, requests=1)
        self.assertEqual(self.texts(), [("C00000001", "*New*\n• R&amp;D &lt;Ada&gt; from Ulm\n• Person 2 from Bonn\n• Person 3 from Ulm")])
        self.rows += [person(4)]
        self.run_sync(sent=1, accepted=1)
        self.assertIn(("C00000001", "*New*\n• Person 4 from Ulm"), self.texts())
        self.assert_quiet()

    def test_what_is_too_long_for_one_message_becomes_several(self):
        self.rows = [person(number, name="x" * 3000) for number in range(20)]
        self.run_sync(accepted=20)
        self.assertGreater(len(self.texts()), 1)
        self.assertLessEqual(max(len(text) for _, text in self.texts()), 40000)

    def test_a_channel_that_is_not_there_refuses_all(self):
        self.project.sync(object="digests", mode="append", match=None, fields={"text": "name"}, options={"channel": "#nowhere"})
        self.rows = [person(1), person(2)]
        result = self.run_sync(code=PARTIAL, rejected=2)
        self.assertIn("channel_not_found", self.call("log", result["run"]).out)


class People(SlackTest):
    def test_people_are_found_by_email(self):
        self.project.sync(object="direct_messages", mode="update", match={"email": "email"},
                          fields={"text": {"template": "Hello {name}"}})
        self.rows = [person(1, email="Ada@x.example"), person(2, email="bob@elsewhere.example")]
        self.run_sync(accepted=1, skipped=1)
        self.assertEqual([text for _, text in self.texts()], ["Hello Person 1"])
        self.assertTrue(self.texts()[0][0].startswith("D"))
        self.rows = [person(1, email="Ada@x.example", name="Ada"), person(2, email="bob@elsewhere.example")]
        self.run_sync(changed=1, accepted=1)
        self.assertEqual([text for _, text in self.texts()], ["Hello Ada", "Hello Person 1"])


if __name__ == "__main__":
    main()
