"""What is measured of limits: how much of an account's allowance is used, alone, beside others, and by many syncs."""

import contextlib
import datetime
import http.client
import json
import os
import shutil
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass

import warehouse
from processes import PROGRAM, cost_of, result_of, server, tool
from report import Line

MB = 1 << 20


@dataclass
class Pressure:
    """A limit, and for how long it is pressed against."""
    requests: int
    seconds: int
    windows: int
    at_once: int   # what the server of the unknown limit admits
    settled: int   # seconds after which its throughput counts
    counted: int   # and for how long
    syncs: int     # of the fleet
    accounts: int  # of each vendor
    small_syncs: int  # of the many in one process
    small_accounts: int

    @property
    def span(self):
        return self.seconds * self.windows


FULL = Pressure(190, 10, 6, 12, 10, 20, 1000, 50, 1000, 20)
QUICK = Pressure(190, 10, 2, 12, 5, 5, 100, 5, 100, 10)
TINY = Pressure(20, 1, 2, 4, 1, 1, 4, 2, 4, 2)
ROWS = 10  # in a request: the requests count here, not what is in them


def sandbox(*options):
    return server([PROGRAM, "sandbox", "--quiet", "--listen", "127.0.0.1:0", *options])


def stats_of(url):
    with urllib.request.urlopen(url + "/_sandbox/stats") as reply:
        return json.load(reply)


def told(rate):
    """The limit as the connector has it: with what the replies' headers say."""
    return (f"rates: [{{ rate: {rate} }}], learn: [{{ allowed: X-HubSpot-RateLimit-Max, remaining: "
            "X-HubSpot-RateLimit-Remaining, window_ms: X-HubSpot-RateLimit-Interval-Milliseconds }]")


def project_of(place, url, limit, **destination):
    """Customers in batches of ten, to HubSpot with these limits."""
    directory = place.path("limit")
    shutil.rmtree(directory, ignore_errors=True)
    return warehouse.Project(directory, url, limit=limit, batch={"rows": ROWS}, **destination)


def requests_of(project, run):
    """[(second since 1970, status)] of all requests of a run."""
    file = os.path.join(project.directory, ".penstock", "requests", "customers", run["run"] + ".parquet")
    out = cost_of([tool("duck_sql"), "--print", "SELECT string_agg(epoch_us(\"at\") || ' ' || status, ';') "
                   f"FROM '{file}'"]).out
    return [(int(at) / 1e6, int(status)) for at, status in (entry.split() for entry in out.strip().split(";"))]


def admitted(requests, begin, end):
    return sum(1 for at, status in requests if begin <= at < end and status != 429)


def pressed(project, place, pressure):
    """A run with more rows than the time allows: its requests."""
    rows = (pressure.windows + 1) * pressure.requests * ROWS
    run = result_of(project.penstock(place.database(rows, "before"), "run"))
    if run["accepted"] != rows:
        raise SystemExit(f"not every row was accepted: {run}")
    return requests_of(project, run)


def alone(place, pressure):
    limit = f"{pressure.requests}/{pressure.seconds}s"
    with sandbox("--limit", limit) as url:
        requests = pressed(project_of(place, url, told(limit)), place, pressure)
    first = min(at for at, _ in requests)
    allowed = pressure.requests * pressure.windows
    share = admitted(requests, first, first + pressure.span) / allowed
    refused = sum(status == 429 for _, status in requests)
    return [Line(f"{limit}, for {pressure.span} s: used of what is allowed", f"{share:.1%}", "≥ 99%", share >= 0.99),
            Line("Refused as too fast", f"{refused} of {len(requests)}", "none", refused == 0)]


class Writer(threading.Thread):
    """Another program that reads from the same account, evenly, and knows nothing of us."""

    def __init__(self, url, per_second):
        super().__init__(daemon=True)
        self.address, self.pause = urllib.parse.urlsplit(url).netloc, 1 / per_second
        self.requests, self.ending = [], threading.Event()

    def run(self):
        connection = http.client.HTTPConnection(self.address)
        due = time.time()
        while not self.ending.wait(max(0.0, due - time.time())):
            due += self.pause
            at = time.time()
            connection.request("GET", "/crm/v3/objects/contacts/1", headers={"Authorization": "Bearer bench"})
            reply = connection.getresponse()
            reply.read()
            self.requests.append((at, reply.status))

    def stop(self):
        self.ending.set()
        self.join()


def beside(place, pressure, share):
    """(used of what is allowed, refused) by both, with another writer that takes 40%."""
    limit = f"{pressure.requests}/{pressure.seconds}s"
    with sandbox("--limit", limit) as url:
        project = project_of(place, url, told(limit), rate_share=share)
        other = Writer(url, 0.4 * pressure.requests / pressure.seconds)
        other.start()
        time.sleep(pressure.seconds)  # it was there before
        ours = pressed(project, place, pressure)
        other.stop()
    begin = min(at for at, _ in ours)
    end = min(begin + pressure.span, max(at for at, _ in ours))
    both = ours + [one for one in other.requests if begin <= one[0] < end]
    used = admitted(both, begin, end) / (pressure.requests * (end - begin) / pressure.seconds)
    return used, sum(status == 429 for _, status in both) / len(both)


def shared(place, pressure):
    used, refused = beside(place, pressure, "60%")
    return [Line("With another writer that takes 40%, `rate_share: 60%`: used by both", f"{used:.1%}", "≥ 97%", used >= 0.97),
            Line("Refused of both", f"{refused:.2%}", "< 0.5%", refused < 0.005)]


def pressed_unawares(place, pressure):
    used, refused = beside(place, pressure, "100%")
    return [Line("The same when nobody told us of the other: used by both", f"{used:.1%}"),
            Line("Refused of both, without `rate_share`", f"{refused:.2%}")]


def unknown(place, pressure):
    """A server that can do so much at a time, which nobody declared: rows a second against the best that is fixed."""
    latency = 0.05
    rows = int((pressure.settled + pressure.counted + 1) * pressure.at_once / latency) * ROWS
    database, rates = place.database(rows, "before"), {}
    for name, limit in (("fixed", f"concurrency: {pressure.at_once}"), ("found", "adaptive: true")):
        with sandbox("--limit", "none", "--at-once", str(pressure.at_once), "--latency", "50ms") as url:
            project = project_of(place, url, limit)
            requests = requests_of(project, result_of(project.penstock(database, "run")))
        begin = min(at for at, _ in requests) + pressure.settled
        rates[name] = admitted(requests, begin, begin + pressure.counted) / pressure.counted
    ratio = rates["found"] / rates["fixed"]
    return [Line(f"A limit that nobody told ({pressure.at_once} at once), after {pressure.settled} s, against the best fixed",
                 f"{ratio:.2f}× ({rates['found']:,.0f} requests/s : {rates['fixed']:,.0f})", "≥ 0.95×", ratio >= 0.95)]


def limits(place, pressure):
    return [line for measure in (alone, shared, pressed_unawares, unknown) for line in measure(place, pressure)]


# ---- Many small syncs in one process

SMALL_ROWS = 40  # of each sync: four requests


def many(place, pressure):
    """All syncs of a project with one command, to accounts with one slow limit each, which all of one share alike."""
    rate, per_account = 4, pressure.small_syncs // pressure.small_accounts
    share = per_account * SMALL_ROWS / ROWS / rate  # seconds in which an account can take all that it is to get
    with contextlib.ExitStack() as servers:
        urls = [servers.enter_context(sandbox("--limit", f"{rate}/1s")) for _ in range(pressure.small_accounts)]
        project = project_of(place, urls[0], told(f"{rate}/1s"))
        project.multiply(urls, per_account, {"rows": ROWS})
        cost = project.penstock(place.database(SMALL_ROWS, "before"), "run")
    runs = [json.loads(line) for line in cost_of(project.command("runs", "--limit", pressure.small_syncs + 1), WAREHOUSE="").out.splitlines()]
    if len(runs) != pressure.small_syncs or any(run["accepted"] != SMALL_ROWS for run in runs):
        raise SystemExit(f"not every sync was accepted: {len(runs)} runs")
    began = min(when(run["started"]) for run in runs)
    longest = max(when(run["finished"]) - began for run in runs)
    late = longest / share - 1
    refused = sum(run["throttled"] for run in runs)
    return [Line(f"{pressure.small_syncs:,} syncs of {SMALL_ROWS} rows to {pressure.small_accounts} accounts in one process: the "
                 "last is done, against its account's fair share", f"{late:+.0%} ({longest:.1f} s : {share:.1f} s)", "≤ +20%", late <= 0.2),
            Line("Requests refused as too fast", f"{refused:,}", "none", refused == 0),
            Line("Memory of the process", f"{cost.peak_bytes / MB:,.0f} MB", "< 1 GB", cost.peak_bytes < 1e9),
            Line("CPU of a sync", f"{cost.cpu_seconds / pressure.small_syncs * 1000:.0f} ms")]


def when(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


# ---- A fleet, in virtual time

FIELD_SOON, FIELD_LATER = 0.90, 0.98  # the best that a vendor of the field has published


def fleet(_place, pressure):
    """Syncs with few rows and many, to vendors' stand-ins with the vendors' limits."""
    found = json.loads(cost_of([tool("fleet"), "--syncs", pressure.syncs, "--accounts", pressure.accounts]).out)
    every = found["all"]
    lines = [Line(f"{found['syncs']:,} syncs, {found['rows']:,} rows: done within 30 s", f"{every['within_30s']:.1%}",
                  f"≥ {FIELD_SOON:.0%}", every["within_30s"] >= FIELD_SOON),
             Line("Done within 3 min", f"{every['within_3min']:.1%}", f"≥ {FIELD_LATER:.0%}", every["within_3min"] >= FIELD_LATER),
             Line("Requests refused as too fast", f"{found['throttled']:,}")]
    for vendor in ("hubspot", "salesforce", "braze", "zendesk"):
        one = found[vendor]
        lines.append(Line(f"Of them like {vendor.capitalize()}", f"{one['within_30s']:.1%} within 30 s, {one['within_3min']:.1%} "
                          f"within 3 min, the longest {one['longest_s']:,.0f} s"))
    return lines
