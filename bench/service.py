"""The service under load: how fast its API answers while a run goes on, and how late many idle syncs are on a shared
state."""

import contextlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time

import limits
import warehouse
from processes import PROGRAM, ROOT, say
from report import Line

sys.path.insert(0, os.path.join(ROOT, "tests", "stores"))
# pylint: disable=wrong-import-position
from servers import Postgres  # noqa: E402

CLIENTS = 200


@contextlib.contextmanager
def serve(project, *options, **env):
    """The service on a project: (its port, the file with its log)."""
    log = os.path.join(project.directory, "serve.log")
    with open(log, "wb") as file:
        process = subprocess.Popen([PROGRAM, "-C", project.directory, "serve", "--listen", "127.0.0.1:0", "--log-format", "json",
                                    *options], stdout=subprocess.PIPE, stderr=file, text=True, env=os.environ | env)
    try:
        url = process.stdout.readline().strip()
        if not url:
            with open(log, encoding="utf-8") as file:
                raise SystemExit(f"penstock serve: {file.read()}")
        yield int(url.rsplit(":", 1)[1]), log
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def call(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, "/api/v1" + path, body=None if body is None else json.dumps(body))
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    if reply.status >= 400:
        raise SystemExit(f"{method} {path}: {reply.status} {text}")
    return json.loads(text)


def milliseconds(text):
    number, unit = re.fullmatch(r"([0-9.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def pressed(port, path, seconds):
    """wrk's own words: (requests a second, p99 in ms, errors)."""
    done = subprocess.run(["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "--timeout", "30s", "--latency",
                           f"http://127.0.0.1:{port}/api/v1{path}"], capture_output=True, text=True, check=True)
    errors = sum(map(int, re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", done.stdout)))
    return (float(re.search(r"Requests/sec: +([0-9.]+)", done.stdout).group(1)),
            milliseconds(re.search(r"99% +(\S+)", done.stdout).group(1)), errors)


def under_load(place, sizes):
    """API clients, while a run of many rows goes on."""
    database = place.database(sizes.unchanged_rows, "before")
    seconds, latency = (60, "100ms") if sizes.name == "full" else (5, "5ms")
    with limits.sandbox("--limit", "none", "--latency", latency) as url:
        directory = place.path("service")
        shutil.rmtree(directory, ignore_errors=True)
        project = warehouse.Project(directory, url)
        with serve(project, WAREHOUSE=database) as (port, _):
            run = call(port, "POST", "/runs", {"sync": "customers"})["run"]
            rate, p99, errors = pressed(port, "/syncs", seconds)
            there = call(port, "GET", f"/runs/{run}")["status"]
            if sizes.name == "full" and there != "running":
                raise SystemExit(f"the run was to go on all the while, and is {there}")
            end = time.monotonic() + 600
            while (row := call(port, "GET", f"/runs/{run}"))["status"] in ("queued", "running"):
                if time.monotonic() > end:
                    raise SystemExit(f"the run does not end: {row}")
                time.sleep(0.2)
            if row["status"] != "succeeded":
                raise SystemExit(f"the run: {row}")
    return [Line(f"{CLIENTS} clients ask for the syncs for {seconds} s, p99", f"{p99:.0f} ms", "1,000 ms", p99 <= 1000),
            Line("answers a second meanwhile", f"{rate:,.0f}"),
            Line("errors", f"{errors}", "0", errors == 0),
            Line(f"the run of {row['rows']:,} rows beside it", f"{row['accepted'] / max(row['seconds'], 0.001):,.0f} rows/s")]


def lateness(log):
    """Of every run that was due by its schedule: seconds from then until it was begun."""
    late = []
    with open(log, encoding="utf-8") as file:
        for line in file:
            event = json.loads(line)
            if event.get("event") == "run_begun" and "late" in event:
                late.append(event["late"])
    return sorted(late)


def idle_syncs(place, sizes):
    """Many syncs of which few are due, on a state in PostgreSQL."""
    syncs = {"full": 10_000, "quick": 2000}.get(sizes.name, 20)
    seconds = {"full": 120, "quick": 20}.get(sizes.name, 3)
    server = Postgres()
    try:
        directory = place.path("idle")
        shutil.rmtree(directory, ignore_errors=True)
        with limits.sandbox("--limit", "none") as url:
            project = warehouse.Project(directory, url)
            project._write("penstock.yaml", {"project": "bench", "state": server.url()})
            project._write("data/people.csv", "id,email\n1,a@example.com\n")
            project.source(type="duckdb", files={"people": "data/people.csv"})
            project._write("models/customers.yaml", {"source": "warehouse", "primary_key": "id", "table": "people"})
            os.remove(os.path.join(directory, "syncs/customers.yaml"))
            # Each hour once, at any time of it.
            for number in range(syncs):
                project._write(f"syncs/idle{number}.yaml", {
                    "model": "customers", "destination": "crm", "object": "contacts", "mode": "upsert",
                    "match": {"email": "email"}, "fields": {"firstname": "id"},
                    "schedule": {"every": "1h", "jitter": "60m"}})
            say(f"{syncs:,} syncs, {seconds} seconds")
            transactions = "select xact_commit from pg_stat_database where datname = 'postgres'"
            with serve(project) as (_, log):
                time.sleep(5)  # they become known, and the first are due
                before = int(server.sql(transactions))
                time.sleep(seconds)
                spent = int(server.sql(transactions)) - before
            late = lateness(log)
    finally:
        server.remove()
    if not late:
        return [Line(f"{syncs:,} syncs: none was due in {seconds} s", "")]
    p99 = late[min(len(late) - 1, int(len(late) * 0.99))]
    return [Line(f"{syncs:,} syncs, each due once an hour: late by, p99 of {len(late)} runs", f"{p99:.2f} s", "5 s", p99 <= 5),
            Line("transactions a second in PostgreSQL", f"{spent / seconds:.0f}")]


def service(place, sizes):
    return under_load(place, sizes) + idle_syncs(place, sizes)
