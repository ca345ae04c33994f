#!/usr/bin/env python3
"""Alerts held to the vendors' own descriptions, through Prism (../shared/contracts beside the repository): PagerDuty's Events API as
it stands. Slack's description has no incoming webhooks; what is sent to one is given to `chat.postMessage`, which takes the same
text and blocks as a form, and to another's stand-in (npm `emulate`), which has them."""

import json
import os
import subprocess
import sys
import unittest
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.join(HERE, "..", "contract"), os.path.join(HERE, "..", "integration")]
# pylint: disable=wrong-import-position
from judge import missing  # noqa: E402
from receivers import FAILED, AlertTest, Receiver  # noqa: E402
from servers import CONTRACTS, PRISM, Prism, Process, Recorder, free_port, listens, violations_in, wait_until  # noqa: E402,F401

EMULATE = os.path.join(os.path.dirname(PRISM), "emulate")
ROUTING_KEY = "e93facc04764012d7bfb002500d5d1a6"


class ThroughPrism(AlertTest):
    description = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.upstream = Receiver((202, {"Content-Type": "application/json"}, '{"status":"success","message":"Event processed","dedup_key":"x"}'))
        cls.addClassCleanup(cls.upstream.stop)
        cls.prism = Prism(os.path.join(CONTRACTS, cls.description), cls.upstream.url)
        cls.addClassCleanup(cls.prism.stop)
        wait_until("Prism", lambda: listens(cls.prism.port), 120)
        cls.recorder = Recorder(lambda path, _: (cls.prism.port, path))
        cls.addClassCleanup(cls.recorder.stop)

    def setUp(self):
        super().setUp()
        self.upstream.take()
        self.recorder.take()

    def send(self, path, body, content):
        """What the description says of a request: its violations."""
        request = urllib.request.Request(self.recorder.url + path, data=body, method="POST",
                                         headers={"Content-Type": content, "Authorization": "Bearer x"})
        try:
            urllib.request.urlopen(request, timeout=60).read()
        except urllib.error.HTTPError as refusal:
            refusal.read()
        [exchange] = self.recorder.take()
        return [one for one in exchange.violations if one.startswith("request")]


class PagerDuty(ThroughPrism):
    description = "pagerduty/events-v2.openapi.json"

    def setUp(self):
        super().setUp()
        self.alert(type="pagerduty", routing_key="${env:PAGERDUTY_KEY}", url=self.recorder.url + "/enqueue")

    def call(self, *arguments, **more):
        answer = super().call(*arguments, PAGERDUTY_KEY=ROUTING_KEY, **more)
        self.assertNotIn(ROUTING_KEY, answer.out + answer.err)
        return answer

    def events(self):
        exchanges = self.recorder.take()
        bad = [str(one) for one in exchanges if one.violations]
        self.assertEqual(bad, [], "\n".join(bad))
        self.assertEqual([one.status for one in exchanges], [202] * len(exchanges))
        return [json.loads(one.request) for one in exchanges]

    def test_it_judges(self):
        self.assertNotEqual(self.send("/enqueue", b'{"event_action":"open"}', "application/json"), [])

    def test_an_outage_is_triggered_and_resolved(self):
        self.project.write("penstock.yaml", {"project": "e2e", "public_url": "https://penstock.example.com"})
        self.break_source()
        self.run_and_tell(code=FAILED)
        [trigger] = self.events()
        self.assertEqual((trigger["event_action"], trigger["routing_key"]), ("trigger", ROUTING_KEY))
        self.assertEqual(trigger["payload"]["severity"], "error")
        self.assertIn("the source 'warehouse' cannot be read", trigger["payload"]["summary"])
        self.assertEqual(trigger["payload"]["custom_details"]["Command"], "penstock check --connect")
        self.assertTrue(trigger["links"][0]["href"].startswith("https://penstock.example.com/runs/"))
        self.assertLessEqual(len(trigger["dedup_key"]), 255)
        self.mend_source()
        self.run_and_tell()
        [resolve] = self.events()
        self.assertEqual((resolve["event_action"], resolve["dedup_key"]), ("resolve", trigger["dedup_key"]))

    def test_the_test_pages_nobody(self):
        self.call("alert", "test")
        trigger, resolve = self.events()
        self.assertEqual((trigger["payload"]["severity"], resolve["event_action"]), ("info", "resolve"))
        self.assertEqual(trigger["dedup_key"], resolve["dedup_key"])


class Slack(ThroughPrism):
    description = "slack/slack_web_openapi_v2.json"

    def message(self):
        hook = self.receiver()
        self.alert(type="slack", webhook_url=hook.url + "/services/T1/B1/X1")
        self.project.write("penstock.yaml", {"project": "e2e", "public_url": "https://penstock.example.com"})
        self.project.model(sql="select * replace (cast(error('a <!channel> & \"b\"') as varchar) as city) from people")
        self.run_and_tell(code=FAILED)
        [came] = hook.take()
        self.assertEqual(came.headers["Content-Type"], "application/json")
        return came.json

    def test_it_judges(self):
        self.assertNotEqual(self.send("/chat.postMessage", b"text=x&as_user=1", "application/x-www-form-urlencoded"), [])

    def test_text_and_blocks(self):
        message = self.message()
        form = urllib.parse.urlencode({"channel": "C1", "text": message["text"], "blocks": json.dumps(message["blocks"])})
        self.assertEqual(self.send("/chat.postMessage", form.encode(), "application/x-www-form-urlencoded"), [])
        header, section = message["blocks"]
        self.assertEqual((header["type"], header["text"]["type"]), ("header", "plain_text"))
        self.assertLessEqual(len(header["text"]["text"]), 150)
        self.assertEqual((section["type"], section["text"]["type"]), ("section", "mrkdwn"))
        self.assertLessEqual(len(section["text"]["text"]), 3000)
        self.assertNotIn("<!channel>", json.dumps(message))
        self.assertIn("&lt;!channel&gt; &amp;", section["text"]["text"])
        self.assertIn("<https://penstock.example.com/runs/", section["text"]["text"])

    def test_a_stand_in_of_others_takes_it(self):
        if not os.access(EMULATE, os.X_OK):
            self.skipTest("npm emulate is not there (./dev setup; it needs Node 20)")
        port = free_port()
        emulator = Process(EMULATE, "--port", str(port), "-s", "slack", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(emulator.stop)
        wait_until("emulate", lambda: listens(port))
        url = f"http://127.0.0.1:{port}"
        self.alert(type="slack", webhook_url=f"{url}/services/T000000001/B000000001/X000000001")
        self.assertIn("200 ok", self.call("alert", "test").out)

        def ask(path, **values):
            request = urllib.request.Request(url + path, data=json.dumps(values).encode(), headers={
                "Authorization": "Bearer test_token_admin", "Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=20) as reply:
                return json.load(reply)

        found = [message for channel in ask("/api/conversations.list")["channels"]
                 for message in ask("/api/conversations.history", channel=channel["id"])["messages"]
                 if "Test of the alert 'ops'" in message["text"]]
        self.assertEqual([one["blocks"][0]["type"] for one in found], ["header"])


if __name__ == "__main__":
    if missing():
        print("skipped:", missing())
        sys.exit(77)
    unittest.main(verbosity=2)
