#!/usr/bin/env python3
"""Runs the integration tests, several files at a time. `run.py [FILE_test.py...]`"""

import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def run(path):
    begun = time.monotonic()
    done = subprocess.run([sys.executable, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return os.path.basename(path), done.returncode, done.stdout, time.monotonic() - begun


def main():
    files = [os.path.join(HERE, name) for name in sys.argv[1:]] or sorted(glob.glob(os.path.join(HERE, "*_test.py")))
    # The longest first, so that none is left to run alone at the end.
    files.sort(key=lambda path: "destination" not in path)
    # One more than there are cores: the longest one mostly waits.
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() + 1) as pool:
        for name, code, out, seconds in pool.map(run, files):
            tests = re.search(r"Ran (\d+) tests?", out)
            skipped = re.findall(r"^(\w+) .*skipped '(.*)'$", out, re.MULTILINE)
            print(f"{name:24} {tests[1] if tests else '?':>4} tests {seconds:6.1f} s  {'ok' if code == 0 else 'FAILED'}")
            for test, why in skipped:
                print(f"    skipped {test}: {why}")
            if code != 0:
                failed += 1
                print(out)
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
