"""Mode replace: a file holds exactly the model after every run, and at every instant the model of some run."""

import csv
import glob
import gzip
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from parquet import read_parquet
from pipe import DONE, FAILED, PARTIAL, USAGE, StoreTest, main, person
from servers import PASSWORD, S3, Sftp


class WholeTest(StoreTest):
    """A subclass says where files go, and what stands there."""

    def sync(self, **settings):
        self.project.sync(**({"object": "people", "mode": "replace", "match": {"id": "id"},
                              "fields": {"name": "name", "city": "city"},
                              "guard": {"max_removed": "100%", "empty_model": "allow"}} | settings))

    def lines(self, name="people.jsonl"):
        text = self.content(name)
        return [json.loads(line) for line in text.decode().splitlines()]

    def model(self):
        return [{"id": str(row["id"]), "name": row["name"], "city": row["city"]} for row in self.rows]

    def assert_is_model(self):
        self.assertEqual(sorted(self.lines(), key=lambda row: row["id"]), sorted(self.model(), key=lambda row: row["id"]))

    def check_a_life(self):
        """Rows come, change, go and come back; nothing changes; the model is empty."""
        self.rows = [person(number) for number in range(1000)]
        self.plan_sync(added=1000, unchanged=0, to_send=1000)
        self.run_sync(added=1000, accepted=1000, sent=1000)
        self.assert_is_model()
        self.assert_quiet(unchanged=1000)
        self.rows = [person(number, city="Bonn" if number == 7 else "Ulm") for number in range(900)]
        self.plan_sync(changed=1, removed=100, unchanged=899, to_send=1000)
        self.run_sync(changed=1, removed=100, unchanged=899, accepted=1000)
        self.assert_is_model()
        self.assert_quiet(unchanged=900)
        self.rows = self.rows + [person(950)]
        self.run_sync(added=1, unchanged=900, accepted=901)
        self.assert_is_model()
        self.rows = []
        self.run_sync(removed=901, accepted=901)
        self.assertEqual(self.lines(), [])
        self.assert_quiet(unchanged=0)
        self.assertEqual(self.names(), ["people.jsonl"])


class LocalTest(WholeTest):
    def setUp(self):
        super().setUp()
        self.out = tempfile.mkdtemp(prefix="penstock-files-")
        self.addCleanup(shutil.rmtree, self.out, True)
        self.destination()
        self.sync()

    def destination(self, **more):
        self.project.write("destinations/crm.yaml", {"type": "files", "directory": self.out} | more)

    def content(self, name):
        with open(os.path.join(self.out, name), "rb") as file:
            return file.read()

    def names(self):
        return sorted(os.listdir(self.out))


class Here(LocalTest):
    def test_a_life(self):
        self.check_a_life()

    def test_parts_make_one_csv(self):
        self.destination(format="csv", compression="gzip", delimiter=";")
        self.sync(batch={"rows": 7}, fields={"name": {"from": "name", "null": "omit"}, "city": "city"})
        self.rows = [person(number, name=None if number % 2 else f"a;{number}", city=None if number % 3 else "") for number in
                     range(50)]
        result = self.run_sync(accepted=50, requests=10)
        with gzip.open(os.path.join(self.out, "people.csv.gz"), "rt", encoding="utf-8", newline="") as file:
            table = list(csv.reader(file, delimiter=";"))
        self.assertEqual(table, [["id", "name", "city"]] + [[str(row["id"]), row["name"] or "", row["city"] or ""] for row in
                                                            self.rows])
        operations = self.operations(result["run"])
        self.assertEqual({one["operation"] for one in operations}, {"write_all"})
        self.rows = []
        self.run_sync(removed=50)
        self.assertEqual(gzip.decompress(self.content("people.csv.gz")), b"id;name;city\r\n")

    def test_parts_make_one_parquet(self):
        self.destination(format="parquet", compression="gzip")
        self.project.model(sql="select cast(id as integer) as id, cast('0.10' as decimal(9,2)) as n, name from people")
        self.sync(batch={"rows": 7}, fields={"n": "n", "name": "name"})
        self.rows = [person(number) for number in range(50)]
        self.run_sync(accepted=50)
        found = read_parquet(os.path.join(self.out, "people.parquet"), ["id", "n", "name"])
        self.assertEqual(found, [{"id": ("BIGINT", str(number)), "n": ("DECIMAL(9,2)", "0.10"),
                                  "name": ("VARCHAR", f"Person {number}")} for number in range(50)])
        self.rows = []
        self.run_sync(removed=50)
        self.assertEqual(read_parquet(os.path.join(self.out, "people.parquet"), ["id"]), [])

    def test_without_a_match(self):
        self.sync(match=None)
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.assertEqual(self.lines(), [{"name": "Person 1", "city": "Ulm"}, {"name": "Person 2", "city": "Ulm"}])

    def test_a_name_for_each_day_and_run(self):
        self.destination(whole_name="{object}/day={date}/{run}")
        self.rows = [person(1)]
        first = self.run_sync(accepted=1)["run"]
        self.rows = [person(2)]
        second = self.run_sync(accepted=2)["run"]
        found = sorted(glob.glob(os.path.join(self.out, "people", "day=*", "*.jsonl")))
        self.assertEqual(sorted(os.path.basename(path) for path in found), sorted([f"{first}.jsonl", f"{second}.jsonl"]))

    def test_another_mapping_writes_the_file_anew(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.sync(fields={"name": "name"})
        self.run_sync(accepted=1)
        self.assertEqual(self.lines(), [{"id": "1", "name": "Person 1"}])
        self.assert_quiet(unchanged=1)

    def test_full_writes_a_file_that_somebody_removed(self):
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        os.unlink(os.path.join(self.out, "people.jsonl"))
        self.assert_quiet(unchanged=2)
        self.run_sync("--full", accepted=2, unchanged=2, changed=0)
        self.assert_is_model()

    def test_invalid_rows_are_left_out_and_come_back(self):
        self.rows = [person(1), person(2), person(3)]
        self.run_sync(accepted=3)
        self.rows = [person(1), person(2), person(2), person(3, city="Bonn")]
        self.run_sync(code=PARTIAL, changed=1, unchanged=1, invalid=2)
        self.assertEqual([row["id"] for row in self.lines()], ["1", "3"])
        self.rows = [person(1), person(2), person(3, city="Bonn")]
        self.run_sync(added=1, unchanged=2)
        self.assert_is_model()

    def test_what_makes_no_sense_is_refused(self):
        self.rows = [person(1)]
        for arguments in (("--limit", "1"), ("--key", "1")):
            self.assertIn("all rows or none", self.call("run", "contacts", *arguments, code=USAGE).text)
        self.sync(fields={"name": {"from": "name", "write": "on_create"}})
        self.assertIn("every field is written always", self.call("check", code=USAGE).text)
        self.sync(on_removed="clear")
        self.assertIn("nothing is left of removed rows", self.call("check", code=USAGE).text)
        self.project.write("destinations/crm.yaml", {"type": "redis", "url": "redis://127.0.0.1:9"})
        self.sync(object="hash/people")
        self.assertIn("cannot take all hash/people at once", self.call("run", "contacts", code=USAGE).text)

    def test_a_directory_that_is_not_there_or_not_ours(self):
        self.rows = [person(1)]
        self.destination(directory=self.out + "/nowhere")
        self.assertIn("there is no directory", self.call("run", "contacts", code=FAILED).text)
        self.destination(directory="/proc")
        self.assertIn("cannot make the directory /proc", self.call("run", "contacts", code=FAILED).text)

    def test_a_full_disk_leaves_the_old_file(self):
        if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", self.out], check=False,
                                              capture_output=True).returncode != 0:
            self.skipTest("needs leave to mount a small disk")
        self.addCleanup(subprocess.run, ["umount", self.out], check=True)
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(number) for number in range(5000)]
        answer = self.call("run", "contacts", code=FAILED)
        self.assertIn("No space left", answer.text)
        self.assertIn("free some space", answer.text)
        self.assertEqual(self.lines(), [{"id": "1", "name": "Person 1", "city": "Ulm"}])
        self.assertEqual(self.names(), ["people.jsonl"])
        self.plan_sync(added=4999)


class Killed(LocalTest):
    """The process dies at some instant: the old file is there, or the new one, and the next run makes it the model."""

    def test_killed_in_the_middle(self):
        self.sync(batch={"rows": 500}, guard={"max_removed": "100%", "max_changed": "100%"})
        self.rows = [person(number, city="0") for number in range(20000)]
        began = time.monotonic()
        self.run_sync(accepted=20000)
        usual = time.monotonic() - began
        middle = 0
        for turn in range(1, 13):
            before = self.content("people.jsonl")
            self.rows = [person(number, city=str(turn)) for number in range(20000)]
            process = self.project.start("run", "contacts")
            # Half of them once parts are there, the others at an instant that moves through the whole run.
            if turn % 2:
                self.wait_until(lambda: process.poll() is not None or glob.glob(os.path.join(self.out, ".penstock-*", "*.part")))
            else:
                time.sleep(usual * turn / 12)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            after = self.content("people.jsonl")
            middle += process.returncode == -signal.SIGKILL and bool(glob.glob(os.path.join(self.out, ".penstock-*")))
            if after != before:
                self.assert_is_model()
            answer = self.call("run", "contacts", "--json")
            self.assertEqual(answer.results[0]["rows"], 20000)
            self.assert_is_model()
            self.assertEqual(self.names(), ["people.jsonl"])
            self.assert_quiet(unchanged=20000)
        self.assertGreater(middle, 0, "no run was killed in its middle")


class Uploaded(WholeTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Sftp()
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        super().setUp()
        for name in os.listdir(self.server.files):
            os.unlink(os.path.join(self.server.files, name))
        self.staging = tempfile.mkdtemp(prefix="penstock-staging-")
        self.addCleanup(shutil.rmtree, self.staging, True)
        self.destination()
        self.sync()

    def destination(self, **more):
        self.project.write("destinations/crm.yaml", {
            "type": "files", "directory": self.server.url(), "password": "${env:SFTP_PASSWORD}",
            "known_hosts": self.server.known_hosts, "staging": self.staging} | more)

    def call(self, *arguments, **more):
        return super().call(*arguments, **({"SFTP_PASSWORD": PASSWORD} | more))

    def content(self, name):
        with open(os.path.join(self.server.files, name), "rb") as file:
            return file.read()

    def names(self):
        self.assertEqual(os.listdir(self.staging), [])
        return sorted(os.listdir(self.server.files))

    def test_a_life(self):
        self.check_a_life()

    def test_a_key_that_is_refused(self):
        self.rows = [person(1)]
        key = os.path.join(self.staging, "key")
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-m", "PEM", "-N", "", "-f", key], check=True)
        self.destination(key_file=key)
        self.assertIn("mend the login", self.call("run", "contacts", code=FAILED).text)
        self.assertEqual(os.listdir(self.server.files), [])

    def test_a_server_that_dies_leaves_the_old_file(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.rows = [person(2)]
        self.server.kill()
        try:
            answer = self.project.call("run", "contacts", SFTP_PASSWORD=PASSWORD, timeout=300)
        finally:
            self.server.start()
        self.assertEqual(answer.code, FAILED, answer)
        self.assertEqual([row["id"] for row in self.lines()], ["1"])
        self.run_sync(added=1, removed=1)
        self.assert_is_model()


class Stored(WholeTest):
    @classmethod
    def setUpClass(cls):
        cls.server = S3()
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        super().setUp()
        self.server.empty()
        self.staging = tempfile.mkdtemp(prefix="penstock-staging-")
        self.addCleanup(shutil.rmtree, self.staging, True)
        self.destination()
        self.sync()

    def destination(self, **more):
        self.project.write("destinations/crm.yaml", {
            "type": "s3", "bucket": self.server.bucket, "endpoint": self.server.url(), "access_key": S3.ACCESS_KEY,
            "secret_key": "${env:S3_SECRET}", "staging": self.staging} | more)

    def call(self, *arguments, **more):
        return super().call(*arguments, **({"S3_SECRET": S3.SECRET_KEY} | more))

    def content(self, name):
        return self.server.objects()[name]

    def names(self):
        self.assertEqual(os.listdir(self.staging), [])
        return sorted(self.server.objects())

    def test_a_life(self):
        self.check_a_life()

    def test_a_large_object_travels_in_parts(self):
        self.project.model(sql="select id, name, repeat(name || '-', 4000) as city from people")
        self.rows = [person(number) for number in range(2000)]
        self.run_sync(accepted=2000)
        lines = self.lines()
        self.assertEqual([row["id"] for row in lines], [str(number) for number in range(2000)])
        self.assertTrue(all(row["city"] == f"{row['name']}-" * 4000 for row in lines))
        self.assertGreater(len(self.content("people.jsonl")), 64 << 20)

    def test_a_bucket_that_is_not_there(self):
        self.rows = [person(1)]
        self.destination(bucket="nowhere")
        self.assertIn("there is no bucket 'nowhere'", self.call("run", "contacts", code=FAILED).text)
        self.assertEqual(os.listdir(self.staging), [])
        self.destination()
        self.run_sync(accepted=1, code=DONE)


if __name__ == "__main__":
    main()
