"""Several syncs in one run: side by side, each after those that it follows."""

import signal

from harness import DONE, FAILED, INTERRUPTED, PipeTest, main, person


class Together(PipeTest):
    sandbox_options = ("--latency", "20ms")
    count = 20

    def setUp(self):
        super().setUp()
        self.rows = [person(number) for number in range(self.count)]

    def sync(self, name, **settings):
        """To an object of its own, so that no sync is in another's way."""
        objects = {"contacts": "contacts", "firms": "companies", "deals": "deals", "tickets": "tickets"}
        settings = {"object": objects[name], "batch": {"rows": 1, "concurrency": 1}} | settings
        if name != "contacts":
            settings |= {"mode": "insert", "match": {self.match_of(name): "email"}, "fields": self.fields_of(name)}
        self.project.sync(name, **settings)

    def match_of(self, name):
        return {"firms": "domain", "deals": "dealname", "tickets": "subject"}[name]

    def fields_of(self, name):
        return {"firms": {"name": "name"}, "deals": {"amount": "id"}, "tickets": {"content": "name"}}[name]

    def run_all(self, *arguments, code=DONE):
        answer = self.call("run", *arguments, "--json", code=code)
        results = {one["sync"]: one for one in answer.results}
        for result in results.values():
            self.check_counts(result, {}, answer)
        return answer, results

    def runs(self):
        return {one["sync"]: one for one in self.call("runs", "--json").objects}


class SideBySide(Together):
    def test_syncs_run_at_the_same_time(self):
        for name in ("contacts", "firms", "deals"):
            self.sync(name)
        _, results = self.run_all()
        self.assertEqual({name: one["accepted"] for name, one in results.items()},
                         {"contacts": self.count, "firms": self.count, "deals": self.count})
        runs = self.runs().values()
        self.assertLess(max(one["started"] for one in runs), min(one["finished"] for one in runs), "all overlap")
        self.run_all()
        self.assertEqual(len(self.records()), self.count)

    def test_ctrl_c_ends_all_of_them_in_good_order(self):
        self.rows = [person(number) for number in range(400)]
        self.project.model("select * replace ('other-' || email as email) from people", name="others")
        self.two_slow_ones(rows=1, concurrency=1)
        process = self.project.start("run", "--json")
        self.addCleanup(process.kill)
        self.wait_until(lambda: self.written_of("p") >= 2 and self.written_of("other-p") >= 2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, INTERRUPTED, out + err)
        for name, run in self.runs().items():
            self.assertEqual(run["status"], "interrupted", name)
            self.assertGreaterEqual(run["accepted"], 2, name)
        self.two_slow_ones()
        self.run_all()
        self.assertEqual(len(self.sandbox.history()), 800, "each row was written once")

    def two_slow_ones(self, **batch):
        for name, model in (("contacts", "people"), ("others", "others")):
            self.project.sync(name, model=model, batch=batch or None)

    def written_of(self, beginning):
        return sum(one["match"].startswith(beginning) for one in self.sandbox.history())

    def test_what_several_fail_for_is_told_once(self):
        self.project.model("select * from nowhere", name="missing")
        for name in ("contacts", "firms", "deals"):
            self.sync(name, model="missing")
        answer = self.call("run", code=2)
        self.assertEqual(answer.err.count("error:"), 1, answer)
        self.assertEqual(answer.err.count(": the same"), 2, answer)

    def test_one_that_fails_does_not_stop_the_others(self):
        self.sync("contacts")
        self.project.model("select * from nowhere", name="missing")
        self.sync("firms", model="missing")
        answer = self.call("run", "--json", code=2)
        self.assertIn("nowhere", answer.err)
        self.assertEqual([one["sync"] for one in answer.results], ["contacts"])
        self.assertEqual(len(self.records()), self.count)


class InOrder(Together):
    def follow(self, name, *after):
        self.sync(name, schedule={"after": list(after)})

    def test_a_sync_waits_for_those_that_it_follows(self):
        self.sync("firms")
        self.sync("contacts")
        self.follow("deals", "contacts", "firms")
        self.run_all()
        runs = self.runs()
        self.assertLessEqual(max(runs[name]["finished"] for name in ("contacts", "firms")), runs["deals"]["started"])

    def test_it_is_not_begun_when_one_of_them_failed(self):
        self.sync("contacts")
        self.sync("firms", destination="away")
        self.project.write("destinations/away.yaml",
                           {"type": "hubspot", "access_token": "x", "base_url": "http://127.0.0.1:9"})
        self.follow("deals", "firms")
        self.follow("tickets", "deals")
        answer, results = self.run_all(code=FAILED)
        self.assertEqual(set(results), {"contacts", "firms"})
        left_out = [(one["sync"], one["because"]) for one in answer.objects if one.get("event") == "not_run"]
        self.assertEqual(left_out, [("deals", "firms"), ("tickets", "deals")])
        text = self.call("run", code=FAILED).out
        self.assertIn("deals not run  it follows 'firms', which did not come to its end", text)
        self.assertEqual(set(self.runs()), {"contacts", "firms"})

    def test_named_alone_it_follows_nobody(self):
        self.sync("firms")
        self.follow("deals", "firms")
        _, results = self.run_all("deals")
        self.assertEqual(set(results), {"deals"})

    def test_rejected_rows_hold_up_nobody(self):
        self.sync("contacts")
        self.rows = [person(1), person(2, email="no address")]
        self.follow("deals", "contacts")
        _, results = self.run_all(code=3)
        self.assertEqual((results["contacts"]["status"], results["deals"]["status"]), ("partial", "succeeded"))


if __name__ == "__main__":
    main()
