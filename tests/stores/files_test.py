"""Files as a destination: played back in order they must give exactly the model."""

import csv
import glob
import gzip
import json
import os
import shutil
import tempfile

from parquet import read_parquet
from pipe import FAILED, StoreTest, main, person
from servers import PASSWORD, Sftp


class FilesTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.out = tempfile.mkdtemp(prefix="penstock-files-")
        self.addCleanup(shutil.rmtree, self.out, True)
        self.destination()
        self.sync()

    def destination(self, **more):
        self.project.write("destinations/crm.yaml", {"type": "files", "directory": self.out} | more)

    def sync(self, **settings):
        self.project.sync(**({"object": "people", "mode": "mirror", "match": {"id": "id"}, "guard": {"max_removed": "100%"},
                              "fields": {"name": "name", "city": "city"}} | settings))

    def lines(self, pattern="people-*.jsonl"):
        """Rows of all files in the order of their names."""
        found = []
        for path in sorted(glob.glob(os.path.join(self.out, pattern))):
            opened = gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")
            with opened as file:
                found += [json.loads(line) for line in file]
        return found

    def played_back(self):
        state = {}
        for line in self.lines():
            if line["_operation"] == "delete":
                state.pop(line["id"])
            else:
                state.setdefault(line["id"], {}).update((name, line[name]) for name in ("name", "city"))
        return state


class Changes(FilesTest):
    def test_changes_give_the_model(self):
        self.rows = [person(1, name="Zoë \"日本\"\n"), person(2, city=None), person(3)]
        self.run_sync(accepted=3)
        self.assert_quiet(unchanged=3)
        self.rows = [person(1, name="Zoë \"日本\"\n"), person(2)]
        self.run_sync(changed=1, removed=1, accepted=2)
        self.assertEqual(self.played_back(), {str(row["id"]): {"name": row["name"], "city": row["city"]} for row in self.rows})
        self.assertEqual([name for name in os.listdir(self.out) if name.startswith(".")], [])

    def test_gzip_and_append(self):
        self.destination(compression="gzip")
        self.project.model(sql="select id, cast('12345678901234567890.1230' as decimal(38,4)) as n from people")
        self.sync(mode="append", match=None, fields={"n": "n"})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        path, = glob.glob(os.path.join(self.out, "people-*.jsonl.gz"))
        with gzip.open(path, "rt", encoding="utf-8") as file:
            self.assertEqual(file.read(), '{"n":12345678901234567890.1230}\n')

    def test_csv(self):
        self.destination(format="csv")
        self.rows = [person(1, name='a "quoted", text\nof two lines', city=""), person(2, city=None)]
        self.run_sync(accepted=2)
        path, = glob.glob(os.path.join(self.out, "people-*.csv"))
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        self.assertEqual(list(csv.reader(text.splitlines(keepends=True))), [
            ["_operation", "id", "name", "city"], ["upsert", "1", 'a "quoted", text\nof two lines', ""],
            ["upsert", "2", "Person 2", ""]])
        self.assertIn('of two lines",""\r\n', text)
        self.assertIn("Person 2,\r\n", text)

    def test_csv_without_a_header_and_with_another_delimiter(self):
        self.destination(format="csv", header=False, delimiter=";")
        self.rows = [person(1, name="a;b", city="c,d")]
        self.run_sync(accepted=1)
        path, = glob.glob(os.path.join(self.out, "people-*.csv"))
        with open(path, encoding="utf-8", newline="") as file:
            self.assertEqual(file.read(), 'upsert;1;"a;b";c,d\r\n')
        self.destination(format="csv", delimiter="||")
        self.rows = [person(2)]
        self.assertIn("cannot separate columns", self.call("run", "contacts", code=FAILED).text)
        self.destination(compression="zstd")
        self.assertIn("zstd is for Parquet", self.call("run", "contacts", code=FAILED).text)

    def test_parquet_keeps_the_types(self):
        self.destination(format="parquet", compression="zstd", changes_name="{object}/{date}/{mark}")
        fields = {
            "truth": ("BOOLEAN", "true", "true"), "whole": ("BIGINT", "9007199254740993", "9007199254740993"),
            "money": ("DECIMAL(38,4)", "cast('12345678901234567890.1230' as decimal(38,4))", "12345678901234567890.1230"),
            "real": ("DOUBLE", "cast(0.1 as double)", "0.1"), "day": ("DATE", "date '2026-02-28'", "2026-02-28"),
            "clock": ("TIME", "time '14:13:11.25'", "14:13:11.25"),
            "moment": ("TIMESTAMP", "timestamp '2026-02-28 14:13:11.123456'", "2026-02-28 14:13:11.123456"),
            "fine": ("TIMESTAMP_NS", "timestamp_ns '2026-02-28 14:13:11.123456789'", "2026-02-28 14:13:11.123456789"),
            "zoned": ("TIMESTAMP WITH TIME ZONE", "timestamptz '2026-02-28 14:13:11+00'", "2026-02-28 14:13:11+00"),
            "bytes": ("BLOB", r"'\xAB\x00c'::blob", r"\xAB\x00c"),
            "large": ("VARCHAR", "170141183460469231731687303715884105727::hugeint",
                      "170141183460469231731687303715884105727"),
            "nested": ("VARCHAR", "{'a': [1, 2]}", '{"a":[1,2]}'), "text": ("VARCHAR", "'Zoë \"日本\"'", 'Zoë "日本"'),
            "empty": ("VARCHAR", "''", ""), "nothing": ("DATE", "cast(null as date)", None),
        }
        self.project.model(sql="select cast(id as integer) as id, " +
                           ", ".join(f"{sql} as {name}" for name, (_, sql, _) in fields.items()) + " from people")
        self.sync(fields={name: name for name in fields})
        self.rows = [person(7)]
        self.run_sync(accepted=1)
        path, = glob.glob(os.path.join(self.out, "people", "*", "*.parquet"))
        row, = read_parquet(path, ["_operation", "id", *fields])
        self.assertEqual(row, {"_operation": ("VARCHAR", "upsert"), "id": ("BIGINT", "7")} |
                         {name: (kind, text) for name, (kind, _, text) in fields.items()})
        self.rows = []
        self.sync(fields={name: name for name in fields}, guard={"max_removed": "100%", "empty_model": "allow"})
        self.run_sync(removed=1, accepted=1)
        removed, = [one for one in glob.glob(os.path.join(self.out, "people", "*", "*.parquet")) if one != path]
        self.assertEqual(read_parquet(removed, ["_operation", "id"]), [{"_operation": ("VARCHAR", "delete"), "id": ("BIGINT", "7")}])

    def test_a_directory_that_is_not_there(self):
        self.rows = [person(1)]
        self.destination(directory=self.out + "/nowhere")
        self.assertIn("there is no directory", self.call("run", "contacts", code=FAILED).text)


class Upload(FilesTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Sftp()
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        super().setUp()
        self.out = self.server.files
        for name in os.listdir(self.out):
            os.unlink(os.path.join(self.out, name))

    def destination(self, **more):
        super().destination(**({"directory": self.server.url(), "password": "${env:SFTP_PASSWORD}",
                                "known_hosts": self.server.known_hosts} | more))

    def call(self, *arguments, **more):
        return super().call(*arguments, **({"SFTP_PASSWORD": PASSWORD} | more))

    def test_changes_give_the_model(self):
        self.rows = [person(number) for number in range(500)]
        self.run_sync(accepted=500)
        self.rows = [person(number, city="Bonn") for number in range(400)]
        self.run_sync(changed=400, removed=100, accepted=500)
        self.assertEqual(self.played_back(), {str(row["id"]): {"name": row["name"], "city": row["city"]} for row in self.rows})
        self.assertEqual([name for name in os.listdir(self.out) if name.startswith(".")], [])

    def test_what_is_wrong_is_said(self):
        self.rows = [person(1)]
        self.assertIn("mend the login", self.call("run", "contacts", code=FAILED, SFTP_PASSWORD="wrong").text)
        self.destination(known_hosts=os.devnull)
        self.assertIn("key is not known", self.call("run", "contacts", code=FAILED).text)
        self.destination(directory=self.server.url() + "/nowhere")
        self.assertIn("cannot be written", self.call("run", "contacts", code=FAILED).text)
        self.assertEqual(os.listdir(self.out), [])


if __name__ == "__main__":
    main()
