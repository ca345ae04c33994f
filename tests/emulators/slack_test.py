"""Slack's connector against npm `emulate`."""

from emulated import PARTIAL, EmulatedTest, main, person


class Slack(EmulatedTest):
    vendor, service = "slack", "slack"
    settings = {"token": "${env:EMULATOR_TOKEN}"}
    sync = {"object": "messages", "mode": "append", "match": None, "fields": {"channel": "city", "text": {"template": "*New* {name}"}}}

    def channel(self):
        return self.ask("POST", "/api/conversations.list")["channels"][0]["id"]

    def texts(self, channel):
        said = self.ask("POST", "/api/conversations.history", {"channel": channel})["messages"]
        return sorted(one["text"] for one in said if one["text"].startswith(self.mark))

    mark = "*New*"

    def test_messages_arrive_once(self):
        channel = self.channel()
        self.rows = [person(1, name="R&D", city=channel), person(2, city=channel), person(3, city="C0NOWHERE")]
        result = self.run_sync(code=PARTIAL, accepted=2, rejected=1)
        self.assertIn("channel_not_found", str(result["refused"]))
        self.assertEqual(self.texts(channel), ["*New* Person 2", "*New* R&amp;D"])
        self.rows = [person(1, name="R&D", city=channel), person(2, name="else", city=channel)]
        self.run_sync(sent=0)
        self.assertEqual(len(self.texts(channel)), 2)

    def test_a_digest_is_one_message(self):
        self.write_sync(object="digests", fields={"text": "name"}, options={"channel": self.channel(), "heading": "penstock:"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2, requests=1)
        self.mark = "penstock:"
        self.assertEqual(self.texts(self.channel()), ["penstock:\nPerson 1\nPerson 2"])


if __name__ == "__main__":
    main()
