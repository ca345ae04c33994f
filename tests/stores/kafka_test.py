"""Kafka as a destination, on librdkafka's mock brokers: every row one message, delivered once."""

import json
import os
import subprocess

from pipe import FAILED, PROGRAM, USAGE, StoreTest, main, person

CLUSTER = os.environ.get("PENSTOCK_KAFKA_CLUSTER", os.path.join(os.path.dirname(PROGRAM), "tests", "kafka_cluster"))


class Cluster:
    def __init__(self):
        self.process = subprocess.Popen([CLUSTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.brokers = self.process.stdout.readline().strip()

    def tell(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        lines = []
        for line in iter(self.process.stdout.readline, "ok\n"):
            if line == "":
                raise RuntimeError("the mock cluster died")
            lines.append(line.strip())
        return lines

    def messages(self, topic):
        return [json.loads(line) for line in self.tell("dump", topic) if line]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class KafkaTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.cluster = Cluster()
        self.addCleanup(self.cluster.stop)
        self.cluster.tell("topic", "people")
        self.project.write("destinations/crm.yaml", {"type": "kafka", "brokers": self.cluster.brokers})
        self.sync()

    def sync(self, **settings):
        self.project.sync(**({"object": "people", "match": {"key": "id"}, "fields": {"name": "name", "city": "city"}} | settings))

    def messages(self):
        """(key, value) of each message; a value of None is a tombstone."""
        return [(one["key"], one["value"] and json.loads(one["value"])) for one in self.cluster.messages("people")]

    def test_upserts_and_tombstones(self):
        self.sync(mode="mirror", guard={"max_removed": "100%"})
        self.rows = [person(1, name="Zoë \"日本\""), person(2, city=None), person(3)]
        self.run_sync(accepted=3)
        self.assert_quiet(unchanged=3)
        self.rows = [person(1, name="Zoë \"日本\""), person(2)]
        self.run_sync(changed=1, removed=1, accepted=2)
        messages = self.messages()
        self.assertEqual(sorted(messages[:3], key=str), [
            ("1", {"name": "Zoë \"日本\"", "city": "Ulm"}), ("2", {"name": "Person 2", "city": None}),
            ("3", {"name": "Person 3", "city": "Ulm"})])
        self.assertEqual(sorted(messages[3:], key=str), [("2", {"name": "Person 2", "city": "Ulm"}), ("3", None)])

    def test_append_with_headers_and_exact_numbers(self):
        self.project.model(sql="select id, name, cast('12345678901234567890.1230' as decimal(38,4)) as n from people")
        self.sync(mode="append", match=None, fields={"n": "n", "header.source": {"value": "warehouse"}})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.assertEqual(self.cluster.messages("people"), [
            {"key": None, "value": '{"n":12345678901234567890.1230}', "headers": {"source": "warehouse"}}])
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=1)
        self.assertEqual(len(self.cluster.messages("people")), 2)

    def test_passing_errors_are_repeated_and_nothing_is_sent_twice(self):
        self.cluster.tell("fail", 3)
        self.rows = [person(number) for number in range(5000)]
        self.run_sync(accepted=5000)
        self.assertEqual(sorted(int(key) for key, _ in self.messages()), list(range(5000)))

    def test_what_is_wrong_is_said(self):
        self.rows = [person(1)]
        self.sync(mode="update")
        self.assertIn("cannot update", self.call("run", "contacts", code=USAGE).text)
        self.sync()
        self.cluster.stop()
        answer = self.call("run", "contacts", code=FAILED)
        self.assertIn("does not answer", answer.text)


if __name__ == "__main__":
    main()
