"""Runs programs and says what they cost."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("PENSTOCK_PROGRAM", os.path.join(ROOT, "build", "penstock"))
BUILD = os.path.dirname(PROGRAM)


def tool(name):
    """A program of bench/, as built."""
    return os.path.join(BUILD, "bench", name)


@dataclass
class Cost:
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    out: str


def cost_of(command, ok=(0,), **env):
    """Runs the command to its end and measures the whole process."""
    with tempfile.NamedTemporaryFile(suffix=".json") as result:
        done = subprocess.run([tool("measure"), result.name, *map(str, command)], capture_output=True, text=True,
                              env=os.environ | env, check=False)
        facts = json.load(result) if done.returncode == 0 else {"code": done.returncode}
    if facts["code"] not in ok:
        raise SystemExit(f"$ {' '.join(map(str, command))}\nexit {facts['code']}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Cost(facts["seconds"], facts["cpu_seconds"], facts["peak_bytes"], done.stdout)


def result_of(cost):
    """The last JSON object that a penstock command printed."""
    return json.loads([line for line in cost.out.splitlines() if line.startswith("{")][-1])


def alternate(rounds, **cases):
    """Runs the cases in turn, so that what disturbs the machine disturbs all of them. {name: [its costs]}"""
    costs = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            costs[name].append(case())
    return costs


def median(costs, what="seconds"):
    return statistics.median(getattr(cost, what) for cost in costs)


@contextlib.contextmanager
def server(command):
    """A program that prints its URL and serves until it is ended; gives the URL."""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = process.stdout.readline().strip()
        if not url.startswith("http"):
            raise SystemExit(f"{command[0]} did not start: {url!r}")
        yield url
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def kernel(name, benchmark, **env):
    """The numbers of one Google Benchmark."""
    return kernels(name, benchmark, **env)[0]


def kernels(name, benchmark, seconds=0.5, **env):
    """The numbers of all whose names begin so, each measured for so long."""
    command = [tool(name), f"--benchmark_filter=^{benchmark}", "--benchmark_format=json", f"--benchmark_min_time={seconds}"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | env, check=False)
    if done.returncode != 0:
        raise SystemExit(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)["benchmarks"]


def say(text):
    print(text, file=sys.stderr, flush=True)
