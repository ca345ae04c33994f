"""Members of a list, who are nothing but their match values: those that change are replaced, whatever happens."""

import json
import signal
import threading
import unittest

from harness import DONE, PARTIAL, USAGE, Project, main
from own_server import OwnServer

CONNECTOR = """
connector: club
title: Club
summary: Members of lists.
facts: 2026-11
settings:
  base_url: { type: url, required: true, help: Where it is. }
auth: { type: none }
base: "{setting.base_url}"
limits: { all: { rates: [{ rate: 1000/s }] } }
objects:
  members: { title: Members, match: { email: unique, phone: unique }, several: true, members: true, discover: false }
  people: { title: People, match: { email: unique, id: id }, discover: false }
  papers: { title: Papers, match: { id: unique }, discover: false, routes: { unique: { upsert: put } } }
routes:
  id: { upsert: write }
  unique: { upsert: add, delete: remove }
operations:
  add:
    request: POST /add
    limit: all
    rows: 100
    body: { each_row: { ref: "{trace}", who: "{match_values}", in: "{object}" } }
    replies: &rows
      - { status: 200, is: rows, unnamed: accepted, rows: [{ each: refused, by: trace, at: ref, is: rejected, code: code }] }
  remove:
    request: POST /remove
    limit: all
    rows: 100
    body: { each_row: { ref: "{trace}", who: "{match_values}", in: "{object}" } }
    replies: *rows
  write:
    request: POST /add
    limit: all
    rows: 100
    body: { each_row: { ref: "{trace}", who: ["{match}"], in: "{object}", values: "{fields}" } }
    replies: *rows
  put:
    request: POST /add
    limit: all
    rows: 100
    whole: true
    body: { each_row: { ref: "{trace}", who: ["{match}"], in: "{object}", values: "{fields}" } }
    replies: *rows
replies:
  - { status: 5xx, is: retry }
"""


class Club(OwnServer):
    """Who is a member; `refuses` are the first keys of those who are refused, `strike` is called before an answer."""

    def __init__(self):
        self.members, self.refuses, self.calls, self.strike, self.values = set(), set(), [], {}, []
        super().__init__()

    def respond(self, method, path, body):
        status, reply = self.answer(path[1:], json.loads(body))
        return status, json.dumps(reply)

    def answer(self, what, rows):
        self.calls.append((what, [tuple(row["who"]) for row in rows]))
        self.values = [row.get("values") for row in rows]
        refused = []
        for row in rows:
            who = tuple(row["who"])
            if who[0] in self.refuses:
                refused.append({"ref": row["ref"], "code": "NOT_WELCOME"})
            elif what == "add":
                self.members.add(who)
            else:
                self.members.discard(who)
        action = self.strike.pop(what, None)
        if action:
            action()
        return 200, {"refused": refused}


class Members(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.club = Club()
        self.addCleanup(self.club.stop)
        self.project = Project(self.club.url)
        self.addCleanup(self.project.remove)
        self.project.write("connectors/club.yaml", CONNECTOR)
        self.project.write("destinations/crm.yaml", {"type": "club", "base_url": self.club.url})
        self.project.model(key="id")
        self.sync()

    def sync(self, name="people", **more):
        self.project.sync(name, **({"object": "members", "mode": "mirror", "fields": None,
                                        "match": {"email": "email", "phone": "phone"},
                                        "guard": {"max_removed": "100%"}} | more))

    def model(self, **rows):
        """a=("a@x", "1"), ...: who each key is."""
        self.project.rows([{"id": key, "email": who[0], "phone": who[1], "city": "Ulm"} for key, who in rows.items()])

    def run_sync(self, code=DONE, **expected):
        answer = self.project.call("run", "people", "--json")
        self.assertEqual(answer.code, code, str(answer))
        result = answer.results[-1]
        self.assertEqual({key: result[key] for key in expected}, expected, str(answer))

    def check(self, *words, code=USAGE):
        answer = self.project.call("check")
        self.assertEqual(answer.code, code, str(answer))
        for word in words:
            self.assertIn(word, answer.err + answer.out)
        return answer.err + answer.out

    def test_the_old_goes_before_the_new_comes(self):
        self.model(a=("a@x", "1"), b=("b@x", None), c=(None, "3"))
        self.run_sync(accepted=3)
        self.assertEqual(self.club.members, {("a@x", "1"), ("b@x", None), (None, "3")})
        self.club.calls.clear()
        self.model(a=("a@y", "1"), b=("b@x", "2"), c=(None, "3"))
        self.run_sync(changed=2, accepted=2, requests=2)
        self.assertEqual([what for what, _ in self.club.calls], ["remove", "add"])
        self.assertEqual(self.club.members, {("a@y", "1"), ("b@x", "2"), (None, "3")})
        self.model(b=("b@x", "2"), c=(None, "3"))
        self.run_sync(removed=1)
        self.run_sync(sent=0)
        self.assertEqual(self.club.members, {("b@x", "2"), (None, "3")})

    def test_a_row_needs_one_of_its_match_values(self):
        self.model(a=("a@x", None), b=(None, None))
        self.run_sync(PARTIAL, added=1, invalid=1)
        self.assertEqual(self.club.members, {("a@x", None)})

    def test_equal_members_are_found_although_a_value_is_missing(self):
        self.model(a=("a@x", None), b=("a@x", None))
        self.run_sync(PARTIAL, added=0, invalid=2)

    def test_a_removal_that_is_refused_forgets_nothing(self):
        self.model(a=("a@x", "1"))
        self.run_sync(accepted=1)
        self.club.refuses = {"a@x"}
        self.model(a=("a@y", "1"))
        self.run_sync(PARTIAL, rejected=1)
        self.assertEqual(self.club.members, {("a@x", "1")})
        self.club.refuses = set()
        self.model(a=("a@z", "1"))
        self.run_sync(accepted=1)
        self.assertEqual(self.club.members, {("a@z", "1")})

    def test_what_comes_back_after_a_refusal_is_added_again(self):
        self.model(a=("a@x", "1"))
        self.run_sync(accepted=1)
        self.club.refuses = {"a@y"}
        self.model(a=("a@y", "1"))
        self.run_sync(PARTIAL, rejected=1)
        self.assertEqual(self.club.members, set())
        self.model(a=("a@x", "1"))
        self.club.refuses = set()
        self.run_sync(accepted=1)
        self.assertEqual(self.club.members, {("a@x", "1")})

    def test_a_program_that_dies_leaves_nobody_behind(self):
        for moment in ("remove", "add"):
            with self.subTest(moment):
                self.sync(name=f"people_{moment}")
                self.club.members.clear()
                self.model(a=("a@x", "1"), b=("b@x", "2"))
                self.project.call("run", f"people_{moment}")
                self.assertEqual(self.club.members, {("a@x", "1"), ("b@x", "2")})
                self.model(a=("a@y", "1"), b=("b@x", "2"))
                self.die_after(moment)
                # Meanwhile the row has changed once more.
                self.model(a=("a@z", "1"), b=("b@x", "2"))
                self.project.call("run", f"people_{moment}")
                self.assertEqual(self.club.members, {("a@z", "1"), ("b@x", "2")})

    def die_after(self, moment):
        started, process = threading.Event(), None

        def strike():
            started.wait(30)
            process.send_signal(signal.SIGKILL)
            process.wait(30)

        self.club.strike[moment] = strike
        process = self.project.start("run", f"people_{moment}")
        started.set()
        process.wait(60)
        self.assertNotIn(moment, self.club.strike)

    def test_records_that_are_replaced_are_sent_whole(self):
        self.model(a=("a@x", "1"))
        paper = {"object": "papers", "mode": "upsert", "match": {"id": "id"}}
        self.sync(**paper, fields={"city": "city", "phone": "phone"})
        self.run_sync(accepted=1)
        self.sync(**paper, fields={"city": {"sql": "upper(city)"}, "phone": "phone", "email": "email"})
        self.run_sync(changed=1, accepted=1)
        self.assertEqual(self.club.values, [{"city": "ULM", "phone": "1", "email": "a@x"}])
        self.sync(**paper, fields={"city": {"from": "city", "write": "on_create"}, "phone": "phone"})
        self.check("replaces whole records of papers", "remove 'write'")

    def test_check_names_what_cannot_be_done(self):
        self.model(a=("a@x", "1"))
        self.check(code=DONE)
        self.sync(object="people", match={"id": "id"}, fields={"city": "city"})
        self.check("Club cannot delete people that are matched on 'id'", "use mode upsert")
        self.sync(object="people", match={"id": "id"}, fields={"city": "city"}, mode="upsert", on_removed="clear")
        self.check("Club cannot clear people", "on_removed: ignore")
        self.sync(fields={"city": "city"})
        self.check("the field 'city' would not be sent", "only what is matched on is sent")
        self.sync(object="people", match={"id": "id"}, mode="upsert")
        self.check("the field 'fields' is missing in a sync of mode upsert")

    def test_check_warns_of_records_that_stay_behind(self):
        self.model(a=("a@x", "1"))
        self.sync(object="people", match={"email": "email"}, mode="upsert")
        self.check("when a row gets another 'email'", "use mode mirror", code=DONE)
        for more in ({"mode": "mirror"}, {"match_change": "new"}, {"on_removed": "delete"}):
            self.sync(**({"object": "people", "match": {"email": "email"}, "mode": "upsert"} | more))
            self.assertNotIn("when a row gets another", self.check(code=DONE))
        self.project.model(key="email")
        self.sync(object="people", match={"email": "email"}, mode="upsert")
        self.assertNotIn("when a row gets another", self.check(code=DONE))


if __name__ == "__main__":
    main()
