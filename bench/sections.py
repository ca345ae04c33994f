"""What is measured: each function gives the lines of one section of the table."""

import json
import os
import shutil
import statistics
import subprocess
from dataclasses import dataclass

import limits
import warehouse
from processes import PROGRAM, alternate, cost_of, kernel, kernels, median, result_of, server, tool
from report import Line

MB = 1 << 20


@dataclass
class Sizes:
    name: str
    plan_rows: int
    unchanged_rows: int
    commit_keys: int
    delivery_rows: int
    startup_runs: int
    rounds: int
    wrk_seconds: int
    pressure: limits.Pressure


FULL = Sizes("full", 10_000_000, 1_000_000, 100_000_000, 500_000, 15, 5, 5, limits.FULL)
QUICK = Sizes("quick", 1_000_000, 200_000, 1_000_000, 100_000, 5, 3, 2, limits.QUICK)
TINY = Sizes("tiny", 2_000, 2_000, 5_000, 1_000, 1, 1, 1, limits.TINY)  # for the test that all of it runs
HUGE_ROWS = 100_000_000


class Place:
    """Where data is kept: big files by what is in them, made once."""

    def __init__(self, directory):
        self.directory = directory
        os.makedirs(self.path("tmp"), exist_ok=True)

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def database(self, rows, state):
        path = self.path(f"{state}-{rows}.duckdb")
        warehouse.make_database(path, rows, state)
        return path

    def sent(self, rows):
        path = self.path(f"sent-md5-{rows}.duckdb")
        warehouse.make_sent(path, self.database(rows, "before"))
        return path

    def accepted_project(self, rows):
        project = warehouse.Project(self.path(f"project-{rows}"))
        project.accept(self.database(rows, "before"))
        return project


def at_most(value, limit):
    return value <= limit


def plan(place, sizes):
    rows = sizes.plan_rows
    after, sent, project = place.database(rows, "after"), place.sent(rows), place.accepted_project(rows)
    few, few_after, of_few = rows // 10, place.database(rows // 10, "after"), place.accepted_project(rows // 10)
    costs = alternate(sizes.rounds,
                      few=lambda: of_few.penstock(few_after, "plan"),
                      scan=lambda: warehouse.bare_scan(after),
                      plan=lambda: project.penstock(after, "plan"),
                      md5=lambda: warehouse.plan_with_md5(after, place.path("tmp"), sent),
                      fast_hash=lambda: warehouse.plan_with_fast_hash(after, place.path("tmp")))
    counts = result_of(costs["plan"][-1])
    check_counts(counts, rows)
    check_counts(result_of(costs["few"][-1]), few)
    growth = median(costs["plan"]) / median(costs["few"])
    scan, planned, md5, fast_hash = (median(costs[name]) for name in ("scan", "plan", "md5", "fast_hash"))
    memory = max(cost.peak_bytes for cost in costs["plan"]) - median(costs["scan"], "peak_bytes")
    allowed = 32 * rows + 256 * MB
    return [
        Line("Plan against the bare scan", f"{planned / scan:.2f}× ({planned:.2f} s : {scan:.2f} s)", "≤ 1.5×",
             at_most(planned / scan, 1.5)),
        Line("Plan against the same plan as SQL with MD5 row hashes", f"{md5 / planned:.1f}× faster ({md5:.2f} s)",
             "≥ 3×", md5 / planned >= 3),
        Line("Plan against SQL with DuckDB's own hash(): 64 bits, not stable across versions",
             f"{fast_hash / planned:.1f}× faster ({fast_hash:.2f} s)", "≥ 3×", fast_hash / planned >= 3),
        Line("Memory on top of the bare scan's", f"{memory / MB:,.0f} MB", f"≤ {allowed / MB:,.0f} MB",
             at_most(memory, allowed)),
        Line(f"Plan of {rows:,} rows against {few:,}", f"{growth:.1f}× ({planned:.2f} s : {median(costs['few']):.2f} s)"),
    ]


def check_counts(counts, rows):
    """A plan that was fast and wrong is worth nothing."""
    moved = rows // warehouse.ADDED_SHARE
    changed = sum(1 for i in range(100) if i == 7) * (rows - moved) // 100
    expected = {"rows": rows, "added": moved, "removed": moved}
    wrong = {name: counts[name] for name, value in expected.items() if counts[name] != value}
    if wrong or abs(counts["changed"] - changed) > 1:
        raise SystemExit(f"the plan counts wrongly: {counts}")


def unchanged(place, sizes):
    rows = sizes.unchanged_rows
    before, project = place.database(rows, "before"), place.accepted_project(rows)
    costs = alternate(3 * sizes.rounds, scan=lambda: warehouse.bare_scan(before),
                      run=lambda: project.penstock(before, "run"))
    if result_of(costs["run"][-1])["unchanged"] != rows:
        raise SystemExit("something had changed")
    scan, run = median(costs["scan"]), median(costs["run"])
    allowed = 1.5 * scan + 0.1
    return [Line("A run with nothing to do", f"{run * 1000:.0f} ms (bare scan {scan * 1000:.0f} ms)",
                 f"≤ 1.5 × scan + 100 ms = {allowed * 1000:.0f} ms", at_most(run, allowed))]


def commit(place, sizes):
    found = kernel("snapshot_bench", "CommitThousand", PENSTOCK_BENCH_KEYS=str(sizes.commit_keys),
                   TMPDIR=place.path("tmp"))
    seconds = found["real_time"] / 1000
    return [Line(f"Commit of 1,000 changes to {sizes.commit_keys:,} keys",
                 f"{seconds * 1000:.0f} ms (the slowest {found['slowest_ms']:.0f} ms)", "< 200 ms", seconds < 0.2)]


def encode(_place, _sizes):
    found = kernel("encode_bench", "EncodeUpsert")
    rate = found["items_per_second"]
    lines = [Line("Encoding batches, one core", f"{rate / 1e6:.2f} M rows/s ({found['bytes_per_second'] / MB:,.0f} MB/s)",
                  "> 1 M rows/s", rate > 1e6)]
    of_all = sorted((one["items_per_second"], one["name"].split("/")[1]) for one in kernels("encode_bench", "EncodeConnector/", seconds=0.1))
    middle = of_all[len(of_all) // 2][0]
    slowest = ", ".join(f"{name} {each / 1e6:.2f}" for each, name in of_all[:3])
    lines.append(Line(f"Whole requests of each of {len(of_all)} connectors, one core",
                      f"slowest: {slowest} M rows/s; median {middle / 1e6:.1f} M", "> 0.5 M rows/s", of_all[0][0] > 5e5))
    return lines


# ---- Delivery

CONNECTIONS = 16  # what a delivery opens by default
BATCH_ROWS = 100


def bare_client(url, requests, seconds):
    """Rows a second of wrk, sending recorded requests over as many connections."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "replay.lua")
    done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, url, "--", requests],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"wrk: {done.stdout}{done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    if found["errors"]:
        raise SystemExit(f"wrk met {found['errors']} errors")
    return found["requests"] * BATCH_ROWS / found["seconds"]


def deliver(project, database, place):
    """A run that sends every row: (rows a second from the first request to the last reply, CPU seconds of delivery, of
    the whole run)."""
    cost = project.penstock(database, "run", "--full")
    run = result_of(cost)
    if run["accepted"] != run["rows"]:
        raise SystemExit(f"not every row was accepted: {run}")
    file = os.path.join(project.directory, ".penstock", "requests", "customers", run["run"] + ".parquet")
    span = cost_of([tool("duck_sql"), "--print", "SELECT epoch_us(max(\"at\") + to_microseconds("
                    f"CAST(arg_max(latency_ms, \"at\") * 1000 AS BIGINT))) - epoch_us(min(\"at\")) FROM '{file}'"])
    shutil.rmtree(os.path.join(project.directory, ".penstock", "operations"), ignore_errors=True)
    return run["rows"] / (float(span.out) / 1e6), run["stages"]["delivering"]["cpu_seconds"], cost.cpu_seconds


def delivery(place, sizes):
    database = place.database(sizes.delivery_rows, "before")
    requests = record_requests(place, sizes, database)
    sandbox = [PROGRAM, "sandbox", "--quiet", "--listen", "127.0.0.1:0", "--limit", "none"]
    lines = []
    for name, command, target in (("the sandbox", sandbox, 0.9), ("a server that does nothing", [tool("sink")], None)):
        with server(command) as url:
            project = warehouse.Project(fresh(place.path("delivery")), url)
            deliver(project, database, place)  # fills the server: from now on both only update
            rounds = alternate(sizes.rounds, bare=lambda: bare_client(url, requests, sizes.wrk_seconds),
                               penstock=lambda: deliver(project, database, place))
        bare = statistics.median(rounds["bare"])
        rate, sending, whole = (statistics.median(values) for values in zip(*rounds["penstock"]))
        sending, whole = (cpu / sizes.delivery_rows * 1e6 for cpu in (sending, whole))
        lines.append(Line(f"Delivery to {name}, against wrk",
                          f"{rate / bare:.2f}× ({rate / 1000:,.0f} k rows/s : {bare / 1000:,.0f} k)",
                          f"≥ {target}×" if target else "", rate / bare >= target if target else None))
        lines.append(Line("CPU of delivery: rows read from the plan, encoded, sent, their replies read, outcomes recorded",
                          f"{sending:.1f} s per million rows", "≤ 3 s", sending <= 3))
        lines.append(Line("CPU of the whole run, the plan before and the records after included", f"{whole:.1f} s per million rows"))
    return lines


def before(place, sizes):
    """Every row written again, without and with reading its record first; and what is kept of what was read."""
    rows, database = sizes.unchanged_rows, place.database(sizes.unchanged_rows, "before")
    sandbox = [PROGRAM, "sandbox", "--quiet", "--listen", "127.0.0.1:0", "--limit", "none"]
    with server(sandbox) as url:
        project = warehouse.Project(fresh(place.path("before")), url)
        project.penstock(database, "run")  # fills the sandbox

        def write(**settings):
            project.sync(**settings)
            return project.penstock(database, "run", "--full")
        costs = alternate(sizes.rounds, plain=write, keeping=lambda: write(before="keep"),
                          equal=lambda: write(skip_equal=True))
        kept = project.newest("before")
    plain, keeping, equal = (median(costs[name]) for name in ("plain", "keeping", "equal"))
    requests = {name: result_of(costs[name][-1])["requests"] for name in costs}
    reads = requests["keeping"] - requests["plain"]
    if result_of(costs["equal"][-1])["equal"] != rows:
        raise SystemExit("what the sandbox said already was written")
    million = os.path.getsize(kept) / rows * 1e6 / MB
    return [
        Line("Requests that read, for each that writes", f"{reads / requests['plain']:.2f}", "≤ 1",
             at_most(reads, requests["plain"])),
        Line("A run that reads before it writes, against one that does not, where no limit slows either",
             f"{keeping / plain:.2f}× ({keeping:.2f} s : {plain:.2f} s)"),
        Line("A run that finds all rows there already (skip_equal)", f"{equal / plain:.2f}× ({equal:.2f} s)"),
        Line("Before-images of 1 million rows of 10 fields, with what was written", f"{million:.0f} MB", "< 100 MB",
             million < 100),
    ]


def fresh(directory):
    shutil.rmtree(directory, ignore_errors=True)
    return directory


def record_requests(place, sizes, database):
    """The very bytes that Penstock sends, in a file that wrk replays."""
    path = place.path(f"requests-{sizes.delivery_rows}.bin")
    if not os.path.exists(path):
        with server([tool("sink"), "--record", path + ".new"]) as url:
            warehouse.Project(fresh(place.path("delivery")), url).penstock(database, "run")
        os.rename(path + ".new", path)
    return path


# ---- The program itself

def startup(place, sizes):
    database, lines = place.database(1000, "before"), []
    project = warehouse.Project(place.path("project-small"))
    for name, command in (("penstock --version", [PROGRAM, "--version"]),
                          ("penstock check", project.command("check")),
                          ("penstock plan of 1,000 rows", project.command("plan"))):
        costs = [cost_of(command, WAREHOUSE=database) for _ in range(sizes.startup_runs)]
        peak = median(costs, "peak_bytes") / MB
        lines.append(Line(name, f"{median(costs) * 1000:.0f} ms, {peak:.0f} MB resident"))
    return lines


def huge(place, sizes):
    """A hundred million rows: against ten million, and within the memory of a small machine."""
    small_rows = sizes.plan_rows
    costs, medians = {}, {}
    for rows, rounds in ((small_rows, 3), (HUGE_ROWS, 1)):
        after, project = place.database(rows, "after"), place.accepted_project(rows)
        project.penstock(after, "plan")  # once, so that both find their files in memory as far as they fit
        costs[rows] = [project.penstock(after, "plan") for _ in range(rounds)]
        check_counts(result_of(costs[rows][-1]), rows)
        medians[rows] = median(costs[rows])
    factor = medians[HUGE_ROWS] / medians[small_rows]
    peak = max(cost.peak_bytes for cost in costs[HUGE_ROWS])
    times = HUGE_ROWS / small_rows * 1.1
    return [
        Line(f"Plan of {HUGE_ROWS:,} rows against {small_rows:,}",
             f"{factor:.1f}× ({medians[HUGE_ROWS]:.1f} s : {medians[small_rows]:.1f} s)", f"≤ {times:.0f}×",
             at_most(factor, times)),
        Line("Memory in all", f"{peak / 1e9:.2f} GB", "< 5 GB", peak < 5e9),
    ]
