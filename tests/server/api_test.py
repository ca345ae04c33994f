"""The service as its users meet it: API, live progress, schedules, restarts, who may do what."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration"), os.path.join(HERE, "..", "access")]

from harness import TOKEN, main, person  # noqa: E402
from secrets_test import Receiver  # noqa: E402
from served import Events, ServedTest  # noqa: E402


class Api(ServedTest):
    def test_a_run_from_its_start_to_its_rows(self):
        self.rows = [person(1), person(2), person(3, email="none")]
        served = self.serve()
        events = Events(served)
        self.addCleanup(events.close)
        started = served.post("/runs", {"sync": "contacts"})
        self.assertEqual(started.status, 202, started)
        run = self.ended_run(served, started.json["run"])
        self.assertEqual((run["status"], run["accepted"], run["rejected"]), ("partial", 2, 1))
        self.assertEqual(run["cause"], "request")
        self.assertEqual(run["refused"][0]["rows"], 1)
        self.assertEqual(len(self.records()), 2)
        self.wait_for(lambda: [one["status"] for one in events.of("run")][-1:] == ["partial"])
        self.assertEqual([one["status"] for one in events.of("run")], ["queued", "running", "partial"])
        rows = served.get(f"/runs/{run['run']}/operations", outcome="refused").json
        self.assertEqual((rows["total"], rows["operations"][0]["key"]), (1, "3"))
        story = served.get("/syncs/contacts/rows/3").json
        self.assertIn("waits", story["now"])
        sync = served.get("/syncs").json[0]
        self.assertEqual((sync["health"], sync["accepted"], sync["waiting"]), ("partial", 2, 1))
        self.assertEqual(served.get("/runs").json[0]["run"], run["run"])

    def test_rows_in_doubt_wait_for_a_person_who_says_what_became_of_them(self):
        self.project.sync(mode="append", object="tickets", match=None, fields={"subject": "name"})
        self.sandbox.fault(path="/batch/create", kind="reset", after=True, count=1)
        self.rows = [person(1), person(2), person(3)]
        served = self.serve()
        run = self.ended_run(served, served.post("/runs", {"sync": "contacts"}).json["run"])
        self.assertEqual((run["status"], run["in_doubt"], run["refused"][0]["rows"]), ("partial", 3, 3), run)
        reason = served.get("/syncs/contacts/refused").json[0]
        self.assertEqual((reason["outcome"], reason["rows"], reason["keys"], reason["run"]),
                         ("in_doubt", 3, ["1", "2", "3"], run["run"]))
        story = served.get("/syncs/contacts/rows/1").json
        self.assertEqual(story["waiting"]["kind"], "in_doubt")
        self.assertNotIn("next_try", story["waiting"])
        self.assertNotIn("sends it again", story["now"])
        for body in ({}, {"written": "yes"}, {"written": True, "keys": []}, {"written": True, "keys": ["1", "7"]}):
            self.assertEqual(served.post("/syncs/contacts/settle", body).status, 400, body)
        self.assertEqual(served.get("/syncs/contacts").json["in_doubt"], 3, "nothing was changed")
        self.assertEqual(served.post("/syncs/contacts/settle", {"written": True, "keys": ["1"]}).json["keys"], ["1"])
        self.assertEqual(served.get("/syncs/contacts").json["in_doubt"], 2, "told at once")
        self.assertEqual(served.get("/syncs/contacts/refused").json[0]["keys"], ["2", "3"])
        self.assertEqual(sorted(served.post("/syncs/contacts/settle", {"written": False}).json["keys"]), ["2", "3"])
        self.assertEqual(served.get("/syncs/contacts/refused").json, [])
        again = self.ended_run(served, served.post("/runs", {"sync": "contacts"}).json["run"])
        self.assertEqual((again["status"], again["accepted"]), ("succeeded", 2), again)

    def test_what_waits_is_told_of_all_runs_and_only_while_it_waits(self):
        self.rows = [person(1), person(2, email="none"), person(3, email="nil")]
        served = self.serve()
        first = self.ended_run(served, served.post("/runs", {"sync": "contacts"}).json["run"])
        self.rows = [person(1), person(2, email="none"), person(3, email="nil"), person(4, email="nought")]
        second = self.ended_run(served, served.post("/runs", {"sync": "contacts"}).json["run"])
        reasons = served.get("/syncs/contacts/refused").json
        self.assertEqual([(one["rows"], one["keys"], one["run"]) for one in reasons],
                         [(3, ["2", "3", "4"], second["run"])], reasons)
        self.assertLess(reasons[0]["since"], second["started"], first)
        self.rows = [person(1), person(2), person(3), person(4)]
        self.ended_run(served, served.post("/runs", {"sync": "contacts"}).json["run"])
        self.assertEqual(served.get("/syncs/contacts/refused").json, [])

    def test_a_plan_is_looked_at_and_run_exactly(self):
        self.rows = [person(1), person(2)]
        served = self.serve()
        events = Events(served)
        self.addCleanup(events.close)
        plan = served.post("/plans", {"sync": "contacts"}).json
        plan = self.wait_for(lambda: (now := served.get(f"/plans/{plan['id']}").json)["state"] != "planning" and now)
        self.assertEqual((plan["state"], plan["added"]), ("ready", 2), plan)
        rows = served.get(f"/plans/{plan['id']}/rows").json["rows"]
        self.assertEqual([row["key"] for row in rows], ["1", "2"])
        self.assertEqual(len(self.records()), 0)
        run = self.ended_run(served, served.post("/runs", {"plan": plan["id"]}).json["run"])
        self.assertEqual((run["status"], run["accepted"]), ("succeeded", 2), run)
        self.wait_for(lambda: len(events.of("plan")) >= 3)
        self.assertEqual([event["state"] for event in events.of("plan")], ["planning", "ready", "run"])
        self.assertEqual({(event["id"], event["sync"]) for event in events.of("plan")}, {(plan["id"], "contacts")})
        self.assertEqual(events.of("plan")[-1]["run"], run["run"])
        self.assertEqual(served.get(f"/plans/{plan['id']}").json["run"], run["run"])
        # What has moved since is not sent.
        again = self.ended_run(served, served.post("/runs", {"plan": plan["id"]}).json["run"])
        self.assertEqual(again["status"], "stopped", again)

    def test_what_becomes_of_a_plan_is_told(self):
        self.rows = [person(1)]
        served = self.serve()
        events = Events(served)
        self.addCleanup(events.close)
        approved = served.post("/plans", {"sync": "contacts"}).json["id"]
        self.wait_for(lambda: [event["state"] for event in events.of("plan")] == ["planning", "ready"])
        self.assertEqual(served.post(f"/plans/{approved}/approve").status, 200)
        self.wait_for(lambda: [event["state"] for event in events.of("plan")] == ["planning", "ready", "ready"])
        os.remove(self.project.path("data", "people.csv"))
        broken = served.post("/plans", {"sync": "contacts"}).json["id"]
        self.wait_for(lambda: events.of("plan")[-1] == {"id": broken, "sync": "contacts", "state": "failed"})
        self.assertEqual(served.get(f"/plans/{broken}").json["state"], "failed")

    def test_asking_twice_with_one_key_starts_one_run(self):
        self.rows = [person(1)]
        served = self.serve()
        first = served.post("/runs", {"sync": "contacts"}, **{"Idempotency-Key": "k1"}).json["run"]
        self.ended_run(served, first)
        self.assertEqual(served.post("/runs", {"sync": "contacts"}, **{"Idempotency-Key": "k1"}).json["run"], first)
        self.assertNotEqual(served.post("/runs", {"sync": "contacts"}, **{"Idempotency-Key": "k2"}).json["run"], first)

    def test_mistakes_are_answered(self):
        self.rows = [person(1)]
        served = self.serve()
        for method, path, body, status, words in (
                ("POST", "/runs", {"sync": "contact"}, 404, "there is no sync 'contact'"),
                ("POST", "/runs", {}, 400, "'sync' is missing"),
                ("POST", "/runs", {"sync": 7}, 400, "must be a text"),
                ("POST", "/runs", {"sync": "contacts", "kind": "half"}, 400, "half"),
                ("POST", "/runs", {"sync": "contacts", "limit": 0}, 400, "limit"),
                ("POST", "/runs", {"sync": "contacts", "confirm": ["max_nothing"]}, 400, "max_nothing"),
                ("GET", "/runs/none", None, 404, "there is no run"),
                ("POST", "/runs/none/cancel", None, 404, "there is no run"),
                ("GET", "/plans/none", None, 404, "there is no plan"),
                ("GET", "/syncs/none", None, 404, "there is no sync"),
                ("GET", "/nothing", None, 404, "no such path"),
                ("DELETE", "/syncs", None, 405, "cannot be done"),
                ("GET", "/models/none/preview", None, 404, "there is no model"),
                ("GET", "/destinations/none/objects", None, 404, "there is no destination"),
                ("POST", "/preview", {"source": "warehouse", "sql": "select nonsense from nowhere"}, 400, "nowhere")):
            with self.subTest(path=path, body=body):
                reply = served.call(method, path, body)
                self.assertEqual(reply.status, status, reply)
                self.assertEqual(reply.headers["Content-Type"], "application/problem+json")
                self.assertIn(words, reply.json["title"])
        broken = served.call("POST", "/runs", raw="{not json")
        self.assertEqual((broken.status, "JSON" in broken.json["title"]), (400, True), broken)

    def test_sources_models_destinations_and_the_catalogue(self):
        self.rows = [person(1)]
        served = self.serve()
        self.assertTrue(served.post("/sources/warehouse/check").json["ok"])
        rows = served.get("/models/people/preview").json
        self.assertIn("email", [column["name"] for column in rows["columns"]])
        self.assertEqual(len(rows["rows"]), 1)
        self.assertTrue(served.post("/destinations/crm/check").json["ok"])
        fields = served.get("/destinations/crm/objects/contacts").json
        self.assertTrue(fields["discovered"])
        self.assertIn("email", [field["name"] for field in fields["fields"]])
        self.assertGreater(len(served.get("/connectors").json), 10)
        self.assertIn("settings", served.get("/connectors/hubspot").json)
        self.assertGreater(len(served.get("/transforms").json), 10)
        self.assertIn("properties", served.get("/schemas/sync").body)
        detail = served.get("/syncs/contacts").json
        self.assertIn("sentence", detail)
        self.assertEqual(detail["match"][0]["field"], "email")

    def test_secrets_are_written_and_never_read(self):
        self.rows = [person(1)]
        self.project.write("destinations/crm.yaml", {"type": "hubspot", "access_token": "${secret:crm_token}",
                                                     "base_url": self.sandbox.url})
        served = self.serve()
        failed = self.ended_run(served, served.post("/runs", {"sync": "contacts"}).json["run"])
        self.assertEqual(failed["status"], "failed")
        self.assertIn("crm_token", failed["error"])
        self.assertEqual(served.call("PUT", "/secrets/crm_token", {"value": TOKEN}).status, 204)
        run = self.ended_run(served, served.post("/runs", {"sync": "contacts"}).json["run"])
        self.assertEqual(run["status"], "succeeded")
        self.assertEqual([one["name"] for one in served.get("/secrets").json], ["crm_token"])
        for path in ("/secrets", "/audit", f"/runs/{run['run']}/operations", "/syncs/contacts/rows/1"):
            self.assertNotIn(TOKEN, served.get(path).body)
        self.assertNotIn(TOKEN, served.log)
        self.assertEqual(served.call("DELETE", "/secrets/crm_token").status, 204)
        self.assertEqual(served.call("DELETE", "/secrets/crm_token").status, 404)

    def test_a_secret_that_is_written_out_is_not_shown_and_stays(self):
        path = "destinations/crm.yaml"
        self.project.write(path, f"type: hubspot\naccess_token: {TOKEN}\nbase_url: {self.sandbox.url}\n")
        subprocess.run("git init -q && git add -A && git -c user.name=a -c user.email=a@b.c commit -qm first", shell=True,
                       check=True, cwd=self.project.directory)
        served = self.serve()
        shown = served.get(f"/files/content?path={path}").json
        self.assertIn("access_token: (a secret that is not shown)\n", shown["text"])
        edited = shown["text"].replace("type: hubspot\n", "# Ours.\ntype: hubspot\n")
        edits = [{"path": path, "text": edited, "version": shown["version"]}]
        self.assertTrue(served.post("/files/validate", {"edits": edits}).json["valid"])
        reply = served.post("/files/commit", {"edits": edits, "message": "A comment"})
        self.assertEqual(reply.status, 200, reply)
        with open(self.project.path(path), encoding="utf-8") as file:
            self.assertEqual(file.read(), f"# Ours.\ntype: hubspot\naccess_token: {TOKEN}\nbase_url: {self.sandbox.url}\n")
        twice = served.post("/files/commit", {"message": "x", "edits": [
            {"path": path, "text": edited + "other: (a secret that is not shown)\n", "version": shown["version"]}]})
        self.assertEqual(twice.status, 400, twice)
        self.assertIn("secret set", twice.json["remedy"])
        log = served.get(f"/git/log?path={path}")
        self.assertIn("not shown", log.body)
        for text in (log.body, served.get("/project").body, served.get("/destinations").body, served.log):
            self.assertNotIn(TOKEN, text)

    def test_a_mapping_is_tried_on_real_rows(self):
        self.rows = [person(1), person(2, name="Ann")]
        served = self.serve()
        sync = {"model": "people", "destination": "crm", "object": "contacts", "mode": "upsert", "match": {"email": "email"},
                "fields": {"firstname": {"sql": "upper(name)"}, "phone": {"from": "phone", "pii": True}}}
        answer = served.post("/preview", {"model": "people", "sync": json.dumps(sync), "limit": 2}).json
        self.assertEqual(answer["payloads"][1], {"email": "p2@example.com", "firstname": "ANN", "phone": None})
        sync["fields"]["firstname"] = {"sql": "upper(nmae)"}
        answer = served.post("/preview", {"model": "people", "sync": json.dumps(sync), "limit": 2}).json
        self.assertEqual(answer["payloads"], [])
        self.assertIn("nmae", answer["diagnostics"][0]["message"])
        self.assertEqual(len(served.get("/syncs").json), 1)

    def test_agents_are_answered(self):
        self.rows = [person(1)]
        served = self.serve()
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}

        def ask(method, **params):
            reply = served.call("POST", "/mcp", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, headers)
            self.assertEqual(reply.status, 200, reply)
            return reply.json["result"]

        began = ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "test", "version": "1"})
        self.assertEqual(began["protocolVersion"], "2025-06-18")
        self.assertIn("list_syncs", [tool["name"] for tool in ask("tools/list")["tools"]])
        listed = ask("tools/call", name="list_syncs", arguments={})
        self.assertIn("contacts", str(listed))

    def test_metrics_and_health(self):
        self.rows = [person(1)]
        served = self.serve()
        self.ended_run(served, served.post("/runs", {"sync": "contacts"}).json["run"])
        metrics = served.get("/metrics").body
        self.assertRegex(metrics, r'penstock_runs_total\{[^}]*sync="contacts"[^}]*\} 1')
        self.assertEqual(served.get("/healthz").status, 200)
        self.assertEqual(served.get("/readyz").status, 200)
        self.assertEqual(served.stop(), 0)

    def test_every_path_of_the_description_is_answered(self):
        self.rows = [person(1)]
        served = self.serve()
        for method, path in self.paths_of_description():
            if path == "/events":
                continue
            filled = path.replace("{name}", "x").replace("{id}", "x").replace("{key}", "x").replace("{kind}", "x")
            reply = served.call(method, filled.replace("{object}", "x"), {} if method != "GET" else None)
            with self.subTest(method=method, path=path):
                self.assertNotEqual(reply.status, 405, reply)
                self.assertFalse(reply.status == 404 and "no such path" in reply.body, reply)
                self.assertLess(reply.status, 500, reply)


def metric(served, name, **labels):
    """The value of a series of /metrics; none: it is not there."""
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    for line in served.get("/metrics").body.splitlines():
        found = re.match(name + r"(?:\{(.*)\})? (\S+)$", line)
        if found and set(filter(None, (found.group(1) or "").split(","))) == wanted:
            return float(found.group(2))
    return None


class Schedules(ServedTest):
    def test_intervals_run_by_themselves_and_files_take_effect(self):
        self.rows = [person(1)]
        self.project.sync(schedule={"every": "1s"})
        served = self.serve()
        self.wait_for(lambda: len(served.get("/runs", sync="contacts").json) >= 3)
        runs = [run for run in served.get("/runs", status="succeeded").json]
        self.assertTrue(runs)
        self.project.sync(schedule={"every": "1h"})
        self.wait_for(lambda: served.get("/syncs/contacts").json.get("schedule") == "every 1h")
        before = len(served.get("/runs").json)
        time.sleep(2.5)
        self.assertLessEqual(len(served.get("/runs").json), before + 1)

    def test_a_project_with_mistakes_leaves_the_one_before_in_effect(self):
        self.rows = [person(1)]
        served = self.serve()
        self.project.write("syncs/contacts.yaml", "nonsense: [")
        self.wait_for(lambda: served.get("/project").json["problems"])
        self.assertEqual(self.ended_run(served, served.post("/runs", {"sync": "contacts"}).json["run"])["status"],
                         "succeeded")

    def test_times_that_passed_while_nobody_was_there_are_counted(self):
        self.rows = [person(1)]
        self.project.sync(schedule={"every": "2s"})
        served = self.serve()
        self.wait_for(lambda: served.get("/runs", status="succeeded").json)
        self.assertEqual(metric(served, "penstock_schedule_missed_total", sync="contacts"), 0)
        served.stop()
        time.sleep(7)
        began = len(self.project.call("runs", "--json").objects)
        served = self.serve()
        self.wait_for(lambda: len(served.get("/runs", sync="contacts", status="succeeded").json) > began, seconds=20)
        missed = metric(served, "penstock_schedule_missed_total", sync="contacts")
        # Seven seconds hold three or four times; one of them is made up for.
        self.assertIn(missed, (2, 3, 4))
        told = [json.loads(line) for line in served.log.splitlines() if '"schedule_missed"' in line]
        self.assertEqual((told[0]["sync"], told[0]["times"]), ("contacts", missed))

    def test_pause_and_resume(self):
        self.rows = [person(1)]
        self.project.sync(schedule={"every": "1s"})
        served = self.serve()
        self.wait_for(lambda: served.get("/runs").json)
        self.assertTrue(served.post("/syncs/contacts/pause").json["paused"])
        time.sleep(1.5)
        before = len(served.get("/runs").json)
        time.sleep(2.5)
        self.assertEqual(len(served.get("/runs").json), before)
        # It outlives the process.
        served.stop()
        served = self.serve()
        self.assertTrue(self.wait_for(lambda: served.get("/syncs/contacts").json["paused"]))
        self.assertFalse(served.post("/syncs/contacts/resume").json["paused"])
        self.wait_for(lambda: len(served.get("/runs").json) > before)

    def test_after_another(self):
        self.rows = [person(1)]
        self.project.sync("follower", schedule={"after": "contacts"})
        served = self.serve()
        time.sleep(1.5)
        self.assertEqual(served.get("/runs", sync="follower").json, [])
        self.ended_run(served, served.post("/runs", {"sync": "contacts"}).json["run"])
        run = self.wait_for(lambda: served.get("/runs", sync="follower", status="succeeded").json)
        self.assertEqual(len(run), 1)
        time.sleep(2)
        self.assertEqual(len(served.get("/runs", sync="follower").json), 1)


class SlowSecrets(ServedTest):
    def test_a_store_of_secrets_that_does_not_answer_holds_up_nobody_else(self):
        answers = threading.Event()
        self.addCleanup(answers.set)

        def vault(*_):
            answers.wait(60)
            return 200, json.dumps({"data": {"data": {"token": TOKEN}, "metadata": {"version": 1}}})
        store = Receiver(vault)
        self.addCleanup(store.stop)
        self.rows = [person(1)]
        self.project.write("destinations/slow.yaml", {"type": "hubspot", "access_token": "${vault:secret/crm#token}",
                                                      "base_url": self.sandbox.url})
        self.project.sync("slow", destination="slow")
        served = self.serve(VAULT_ADDR=store.url, VAULT_TOKEN="hvs.x")
        slow = served.post("/runs", {"sync": "slow"}).json["run"]
        self.wait_for(lambda: store.requests)
        run = self.ended_run(served, served.post("/runs", {"sync": "contacts"}).json["run"], seconds=20)
        self.assertEqual(run["status"], "succeeded")
        self.assertEqual(served.get(f"/runs/{slow}").json["status"], "running")
        answers.set()
        self.assertEqual(self.ended_run(served, slow)["status"], "succeeded")


class Restarts(ServedTest):
    sandbox_options = ("--latency", "20ms")

    def many_rows(self):
        self.rows = [person(number) for number in range(1, 3001)]
        self.project.sync(batch={"rows": 10, "concurrency": 2})

    def test_a_stop_ends_runs_in_good_order_and_the_next_start_goes_on(self):
        self.many_rows()
        served = self.serve()
        first = served.post("/runs", {"sync": "contacts"}).json["run"]
        self.wait_for(lambda: len(self.records()) > 100)
        self.assertEqual(served.stop(), 0)
        done = len(self.records())
        self.assertLess(done, 3000)
        served = self.serve()
        self.assertEqual(served.get(f"/runs/{first}").json["status"], "interrupted")
        self.wait_for(lambda: served.get("/runs", status="succeeded").json)
        self.assertEqual(len(self.records()), 3000)
        # Nothing was written a second time but what may have been under way.
        self.assertLessEqual(len(self.sandbox.history()), 3000 + 2 * 10)

    def test_killed_under_way_it_goes_on(self):
        self.many_rows()
        served = self.serve()
        served.post("/runs", {"sync": "contacts"})
        self.wait_for(lambda: len(self.records()) > 100)
        served.stop(signal.SIGKILL)
        served = self.serve()
        self.wait_for(lambda: served.get("/runs", status="succeeded").json, seconds=60)
        self.assertEqual(len(self.records()), 3000)

    def test_cancelling_keeps_what_was_done(self):
        self.many_rows()
        served = self.serve()
        run = served.post("/runs", {"sync": "contacts"}).json["run"]
        self.wait_for(lambda: len(self.records()) > 50)
        self.assertEqual(served.post(f"/runs/{run}/cancel").status, 202)
        ended = self.ended_run(served, run)
        self.assertEqual(ended["status"], "interrupted")
        self.assertLess(ended["accepted"], 3000)
        self.assertEqual(served.post(f"/runs/{run}/cancel").status, 409)
        time.sleep(1)
        self.assertEqual([one["status"] for one in served.get("/runs").json], ["interrupted"])

    def test_what_waits_is_counted(self):
        self.many_rows()
        for schedules in ([], ["--no-schedules"]):
            with self.subTest(schedules=schedules):
                served = self.serve("--runs", "1", *schedules)
                self.wait_for(lambda: metric(served, "penstock_queue_length", queue="runs") == 0)
                self.assertEqual(metric(served, "penstock_queue_length", queue="alerts"), 0)
                runs = [served.post("/runs", {"sync": "contacts", "kind": kind}).json["run"] for kind in ("run", "full")]
                self.wait_for(lambda: metric(served, "penstock_queue_length", queue="runs") == 1)
                self.assertEqual([served.get(f"/runs/{run}").json["status"] for run in runs], ["running", "queued"])
                for run in reversed(runs):
                    self.assertEqual(served.post(f"/runs/{run}/cancel").status, 202)
                self.wait_for(lambda: metric(served, "penstock_queue_length", queue="runs") == 0)
                self.ended_run(served, runs[0])
                served.stop()

    def test_alerts_that_wait_and_those_that_went_are_counted(self):
        self.rows = [person(1)]
        os.remove(self.project.path("data", "people.csv"))
        self.project.write("alerts/ops.yaml", {"type": "webhook", "url": "http://127.0.0.1:9/", "group_within": "1s"})
        self.project.sync(alerts=["ops"])
        served = self.serve()
        self.ended_run(served, served.post("/runs", {"sync": "contacts"}).json["run"])
        # Nobody listens there: it waits, and goes on waiting.
        self.wait_for(lambda: metric(served, "penstock_queue_length", queue="alerts") == 1)
        self.wait_for(lambda: metric(served, "penstock_alerts_total", alert="ops", result="failed"))
        self.assertEqual(metric(served, "penstock_queue_length", queue="alerts"), 1)

    def test_a_second_run_waits_for_the_first(self):
        self.many_rows()
        served = self.serve()
        first = served.post("/runs", {"sync": "contacts"}).json["run"]
        self.wait_for(lambda: served.get(f"/runs/{first}").json["status"] == "running")
        second = served.post("/runs", {"sync": "contacts"}).json
        self.assertNotEqual(second["run"], first)
        self.assertEqual(second["status"], "queued")
        third = served.post("/runs", {"sync": "contacts"}).json
        self.assertEqual(third["run"], second["run"])
        served.post(f"/runs/{first}/cancel")
        self.assertEqual(self.ended_run(served, second["run"])["status"], "succeeded")


if __name__ == "__main__":
    main()
