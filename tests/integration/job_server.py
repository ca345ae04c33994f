"""A destination that takes rows in jobs: make a job, send its rows, set it to work, ask, fetch the results.

It lives in the test's process, so that it outlives the program, and can strike it down at any step.
"""

import csv
import io
import json
import threading

from own_server import OwnServer


class JobServer(OwnServer):
    def __init__(self):
        self.jobs, self.writes, self.requests = {}, [], []
        self.polls_needed = 2  # until a job that was set to work has ended
        self.outcome = "JobComplete"
        self.refused = {}  # name -> (code, message)
        self.left_out = set()  # names that no result mentions
        self.strike = None  # (part, "before" or "after", action)
        self.answers = {}  # part -> statuses to give first
        self.lock = threading.Lock()
        super().__init__()

    def respond(self, method, path, body):
        with self.lock:
            part = self.part(method, path)
            self.requests.append(part)
            given = self.answers.get(part)
            if given:
                return given.pop(0), '{"error": "not now"}'
            self.struck(part, "before")
            reply = getattr(self, part)(path.split("/"), json.loads(body) if body else None)
            self.struck(part, "after")
            return reply

    def struck(self, part, when):
        if self.strike and self.strike[:2] == (part, when):
            action, self.strike = self.strike[2], None
            action()

    @staticmethod
    def part(method, path):
        steps = path.split("/")
        if path == "/one":
            return "one"
        parts = {"POST": "create", "PUT": "upload", "PATCH": "start", "DELETE": "end"}
        return parts.get(method) or (steps[3] if len(steps) > 3 else "poll")

    # ---- what it does

    def one(self, steps, body):
        self.write(body["name"], body["values"])
        return 200, "{}"

    def write(self, name, values):
        self.writes.append((name, values))

    def create(self, steps, body):
        job = f"j{len(self.jobs) + 1}"
        self.jobs[job] = {"state": "Open", "rows": None, "polls": 0, "good": [], "bad": []}
        return 201, json.dumps({"job": {"id": job, "kind": body["kind"]}})

    def upload(self, steps, body):
        job = self.jobs[steps[2]]
        if job["state"] != "Open" or job["rows"] is not None:
            return 400, '{"error": "one upload a job"}'
        job["rows"] = [{"name": row["values"].get("name")} | row for row in body["rows"]]
        return 201, ""

    def start(self, steps, body):
        job = self.jobs[steps[2]]
        if job["state"] != "Open":
            return 400, '{"error": "it was started"}'
        job["state"] = "InProgress"
        for index, row in enumerate(job["rows"]):
            if row["name"] in self.refused:
                job["bad"].append((index, row["name"], *self.refused[row["name"]]))
            else:
                self.write(row["name"], row["values"])
                if row["name"] not in self.left_out:
                    job["good"].append((index, row["name"], f"r{len(self.writes)}", "true"))
        return 200, "{}"

    def poll(self, steps, body):
        job = self.jobs.get(steps[2])
        if job is None:
            return 404, '{"error": "no such job"}'
        job["polls"] += 1
        if job["state"] == "InProgress" and job["polls"] >= self.polls_needed:
            job["state"] = self.outcome
        return 200, json.dumps({"state": job["state"], "message": "as it was told", "bad": len(job["bad"]),
                                "processed": len(job["good"]), "total": len(job["rows"] or [])})

    @staticmethod
    def table(head, rows):
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(head)
        writer.writerows(rows)
        return 200, text.getvalue()

    def good(self, steps, body):
        return self.table(["no", "name", "id", "made"], reversed(self.jobs[steps[2]]["good"]))

    def bad(self, steps, body):
        rows = [(number, name, f"{code}:{message}") for number, name, code, message in self.jobs[steps[2]]["bad"]]
        return self.table(["no", "name", "why"], rows)

    def end(self, steps, body):
        self.jobs.pop(steps[2], None)
        return 204, ""


CONNECTOR = """
connector: loft
title: Loft
summary: Things in a loft.
facts: 2026-11
settings:
  base_url: { type: url, required: true, help: Where it is. }
auth: { type: none }
base: "{setting.base_url}"
limits: { all: { rates: [{ rate: 1000/s }] } }
objects:
  things: { title: Things, match: { name: unique } }
  events: { title: Events, match: { no: id } }
routes:
  id: { create: push }
  search: { create: push }  # without a match
  unique: { upsert: one, bulk: { from: 5, upsert: many } }
operations:
  one:
    request: POST /one
    limit: all
    body: { name: "{match}", values: "{fields}" }
    replies: [{ status: 200, is: accepted }]
  many:
    request: PUT /jobs/{job}/rows
    limit: all
    rows: 1000
    body: { rows: { each_row: { name: "{match}", values: "{fields}" } } }
    replies: &taken [{ status: 201, is: accepted }]
    job: &job
      create: { request: POST /jobs, body: { kind: "{object}" } }
      id: job.id
      at_once: 2
      start: { request: "PATCH /jobs/{job}", body: { state: UploadComplete, job: "{job}" } }
      poll:
        request: GET /jobs/{job}
        state: state
        open: Open
        done: JobComplete
        failed: [Failed, Aborted]
        message: message
        processed: processed
        total: total
        pause: 100ms
        pause_max: 200ms
      results:
        - request: GET /jobs/{job}/good
          content: csv
          rows: [{ by: match, at: "{match_field}", record_id: id, created: made }]
        - request: GET /jobs/{job}/bad
          content: csv
          unless: { bad: "0" }
          rows:
            - { by: match, at: "{match_field}", is: rejected, code: why, code_ends: ":", message: why,
                codes: { BUSY: retry } }
      unnamed_failed: retry
      abort: { request: "DELETE /jobs/{job}" }
      end: { request: "DELETE /jobs/{job}" }
  push:
    request: PUT /jobs/{job}/rows
    limit: all
    rows: 1000
    repeatable: false
    body: { rows: { each_row: { values: "{fields}" } } }
    replies: *taken
    job:
      create: { request: POST /jobs, body: { kind: "{object}" } }
      id: job.id
      start: { request: "PATCH /jobs/{job}", body: { state: UploadComplete } }
      poll: { request: "GET /jobs/{job}", state: state, open: Open, done: JobComplete, failed: Failed, message: message,
              pause: 100ms, pause_max: 200ms }
      results:
        - { request: "GET /jobs/{job}/good", content: csv, rows: [{ by: index, at: "no", record_id: id }] }
        - { request: "GET /jobs/{job}/bad", content: csv,
            rows: [{ by: index, at: "no", is: rejected, code: why, code_ends: ":", message: why }] }
      end: { request: "DELETE /jobs/{job}" }
replies:
  - { status: 401, is: auth, message: error }
  - { status: 429, is: throttled, message: error }
  - { status: 5xx, is: retry, message: error }
  - { status: 4xx, is: rejected, message: error }
"""
