"""Redis as a destination: its keys must hold exactly the model."""

import time

from pipe import DONE, FAILED, PARTIAL, USAGE, StoreTest, main, person
from servers import PASSWORD, Redis


class RedisTest(StoreTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Redis()
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        super().setUp()
        self.ask("FLUSHALL")
        self.destination()
        self.sync()

    def destination(self, **more):
        self.project.write("destinations/crm.yaml", {"type": "redis", "url": "${env:REDIS_URL}"} | more)

    def sync(self, **settings):
        self.project.sync(**({"object": "hash/customer:", "match": {"key": "id"},
                              "fields": {"name": "name", "city": "city"}} | settings))

    def call(self, *arguments, code=DONE, **env):
        answer = super().call(*arguments, code=code, **({"REDIS_URL": self.server.url()} | env))
        self.assertNotIn(PASSWORD, answer.out + answer.err, "the password is shown")
        return answer

    def ask(self, *words):
        return self.server.ask(*words)

    def keys(self):
        return sorted(self.ask("KEYS", "*"))


class Kinds(RedisTest):
    def test_hashes_hold_the_model(self):
        self.sync(mode="mirror", guard={"max_removed": "100%"})
        self.rows = [person(1, name="Zoë \"日本\" \\ \n"), person(2, city=None), person(3)]
        self.run_sync(accepted=3)
        self.assertEqual(self.keys(), ["customer:1", "customer:2", "customer:3"])
        self.assertEqual(self.server.hash("customer:1"), {"name": "Zoë \"日本\" \\ \n", "city": "Ulm"})
        self.assertEqual(self.server.hash("customer:2"), {"name": "Person 2"})
        self.assert_quiet(unchanged=3)
        self.ask("HSET", "customer:2", "theirs", "1")
        self.rows = [person(1, name=None), person(2, city="Bonn")]
        self.run_sync(changed=2, removed=1, accepted=3)
        self.assertEqual(self.keys(), ["customer:1", "customer:2"])
        self.assertEqual(self.server.hash("customer:1"), {"city": "Ulm"})
        self.assertEqual(self.server.hash("customer:2"), {"name": "Person 2", "city": "Bonn", "theirs": "1"})

    def test_json_texts_keep_every_digit_and_expire(self):
        self.destination(expire=1000)
        self.project.model(sql="select id, name, cast('12345678901234567890.1230' as decimal(38,4)) as n, [1, null] as l, "
                               "true as b, null as x from people")
        self.sync(object="json/c/", fields={"name": "name", "n": "n", "l": "l", "b": "b", "x": "x"})
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.assertEqual(self.ask("GET", "c/1"), '{"name":"Person 1","n":12345678901234567890.1230,"l":[1,null],"b":true,"x":null}')
        self.assertTrue(900 < self.ask("TTL", "c/1") <= 1000)

    def test_sets_and_streams(self):
        self.sync(object="set/vip", mode="mirror", match={"member": "email"}, guard={"max_removed": "100%"})
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=2)
        self.rows = [person(2)]
        self.run_sync(removed=1, accepted=1)
        self.assertEqual(self.ask("SMEMBERS", "vip"), ["p2@example.com"])
        self.project.sync(name="events", object="stream/events", mode="append", match=None, fields={"id": "id", "name": "name"})
        self.rows = [person(1), person(2)]
        self.run_sync(sync="events", accepted=2)
        self.rows = [person(2), person(3)]
        self.run_sync(sync="events", accepted=1)
        entries = [entry[1] for entry in self.ask("XRANGE", "events", "-", "+")]
        self.assertEqual([entry[1] for entry in entries], ["1", "2", "3"])

    def test_insert_update_delete_and_a_changed_match(self):
        self.ask("HSET", "customer:1", "name", "by hand")
        self.sync(mode="insert")
        self.rows = [person(1), person(2)]
        self.run_sync(accepted=1, skipped=1)
        self.assertEqual(self.server.hash("customer:1"), {"name": "by hand"})
        self.project.sync(name="updates", object="hash/customer:", match={"key": "id"}, mode="update", fields={"name": "name"})
        self.rows = [person(1, name="new"), person(7)]
        self.run_sync(sync="updates", accepted=1, skipped=1)
        self.assertEqual(self.keys(), ["customer:1", "customer:2"])
        self.assertEqual(self.server.hash("customer:1"), {"name": "new"})
        self.project.sync(name="follows", object="hash/mail:", match={"key": "email"}, fields={"name": "name"})
        self.rows = [person(1)]
        self.run_sync(sync="follows", accepted=1)
        self.rows = [person(1, email="new@example.com")]
        self.run_sync(sync="follows", accepted=1)
        self.assertEqual(self.keys(), ["customer:1", "customer:2", "mail:new@example.com"])
        self.project.sync(name="deletes", object="hash/customer:", match={"key": "id"}, mode="delete", fields=None)
        self.rows = [person(1), person(9)]
        self.run_sync(sync="deletes", accepted=2)
        self.assertEqual(self.keys(), ["customer:2", "mail:new@example.com"])


class Refusals(RedisTest):
    def test_a_key_of_another_kind_is_refused_alone(self):
        self.ask("SET", "customer:2", "a text")
        self.rows = [person(number) for number in range(10)]
        self.run_sync(code=PARTIAL, accepted=9, rejected=1)
        self.assertEqual(len(self.keys()), 10)
        self.assertEqual(self.ask("GET", "customer:2"), "a text")

    def test_what_is_wrong_is_said(self):
        self.rows = [person(1)]
        self.assertIn("WRONGPASS", self.call("run", "contacts", code=FAILED, REDIS_URL=self.server.url("wrong")).text)
        self.assertIn("127.0.0.1:9", self.call("run", "contacts", code=FAILED, REDIS_URL="redis://127.0.0.1:9").text)
        self.sync(object="list/customer:")
        self.assertIn("has no object 'list/customer:'", self.call("run", "contacts", code=USAGE).text)

    def test_forgotten_scripts_are_loaded_again(self):
        self.rows = [person(1)]
        self.run_sync(accepted=1)
        self.ask("SCRIPT", "FLUSH")
        self.rows = [person(1, city="Bonn")]
        self.run_sync(accepted=1)
        self.assertEqual(self.server.hash("customer:1")["city"], "Bonn")

    def test_a_run_survives_the_death_of_its_server(self):
        self.sync(mode="mirror", batch={"rows": 100})
        self.rows = [person(number) for number in range(20000)]
        process = self.project.start("run", "contacts", "--json", REDIS_URL=self.server.url())
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        while process.poll() is None and self.ask("DBSIZE") == 0:
            time.sleep(0.01)
        self.server.kill()
        self.server.start()
        out, err = process.communicate(timeout=120)
        if process.returncode != DONE:
            self.run_sync()
        self.assertEqual(self.ask("DBSIZE"), 20000, out + err)
        for number in (0, 1, 9999, 19999):
            self.assertEqual(self.server.hash(f"customer:{number}"), {"name": f"Person {number}", "city": "Ulm"})


if __name__ == "__main__":
    main()
