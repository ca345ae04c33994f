"""An S3-compatible store as a destination, against a real one that checks signatures."""

import gzip
import json

from pipe import FAILED, USAGE, StoreTest, main, person
from servers import S3

SECRET = "s3-secret-e2e-5f0a"


class S3Test(StoreTest):
    @classmethod
    def setUpClass(cls):
        cls.server = S3()
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        super().setUp()
        self.server.empty()
        self.destination()
        self.sync()

    def destination(self, **more):
        self.project.write("destinations/crm.yaml", {
            "type": "s3", "bucket": self.server.bucket, "endpoint": self.server.url(), "access_key": S3.ACCESS_KEY,
            "secret_key": "${env:S3_SECRET}"} | more)

    def call(self, *arguments, **more):
        return super().call(*arguments, **({"S3_SECRET": S3.SECRET_KEY} | more))

    def sync(self, **settings):
        self.project.sync(**({"object": "people", "mode": "mirror", "match": {"id": "id"}, "guard": {"max_removed": "100%"},
                              "fields": {"name": "name", "city": "city"}} | settings))

    def played_back(self):
        state = {}
        for _, content in sorted(self.server.objects().items()):
            for line in map(json.loads, content.decode().splitlines()):
                if line["_operation"] == "delete":
                    state.pop(line["id"])
                else:
                    state.setdefault(line["id"], {}).update((name, line[name]) for name in ("name", "city"))
        return state

    def model(self):
        return {str(row["id"]): {"name": row["name"], "city": row["city"]} for row in self.rows}


class Changes(S3Test):
    def test_changes_give_the_model(self):
        self.rows = [person(number) for number in range(500)]
        self.run_sync(accepted=500)
        self.assert_quiet(unchanged=500)
        self.rows = [person(number, city="Bonn") for number in range(400)]
        self.run_sync(changed=400, removed=100, accepted=500)
        self.assertEqual(self.played_back(), self.model())

    def test_names_with_directories_and_odd_letters(self):
        self.destination(prefix="in/", compression="gzip", changes_name="{object}/date={date}/été {run}-{mark}")
        self.rows = [person(1)]
        result = self.run_sync(accepted=1)
        (name, content), = self.server.objects().items()
        self.assertRegex(name, rf"^in/people/date=\d{{4}}-\d\d-\d\d/été {result['run']}-[0-9a-f]{{8}}\.jsonl\.gz$")
        self.assertEqual(json.loads(gzip.decompress(content)),
                         {"_operation": "upsert", "id": "1", "name": "Person 1", "city": "Ulm"})


class Refusals(S3Test):
    def setUp(self):
        super().setUp()
        self.rows = [person(1)]

    def test_a_wrong_bucket(self):
        self.destination(bucket="nowhere")
        self.assertIn("there is no bucket 'nowhere'", self.call("run", "contacts", code=FAILED).text)

    def test_a_wrong_key(self):
        # The server knows keys, but checks no signatures of version 4: those are held to Amazon's examples.
        self.destination(access_key="NOBODY")
        answer = self.call("run", "contacts", code=FAILED, S3_SECRET=SECRET)
        self.assertIn("InvalidAccessKeyId", answer.text)
        self.assertIn("mend the login", answer.text)
        self.assertNotIn(SECRET, answer.text)
        self.assertEqual(self.server.objects(), {})

    def test_a_wrong_endpoint(self):
        self.destination(endpoint="minio.acme.example")
        self.assertIn("is no address of an object store", self.call("run", "contacts", code=FAILED).text)

    def test_wrong_names(self):
        for name, why in (("{object}", "has no {mark}"), ("{day}-{mark}", "'{day}', which stands for nothing"),
                          ("../{mark}", "is no name for a file")):
            self.destination(changes_name=name)
            self.assertIn(why, self.call("run", "contacts", code=FAILED).text)

    def test_what_is_missing_is_said_by_check(self):
        self.project.write("destinations/crm.yaml", {"type": "s3", "bucket": "exports"})
        answer = self.call("check", code=USAGE)
        self.assertIn("access_key", answer.text)
        self.assertIn("secret_key", answer.text)


if __name__ == "__main__":
    main()
