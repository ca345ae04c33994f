#!/usr/bin/env python3
"""That everything ./dev bench measures runs through, at tiny sizes: the numbers themselves are not looked at."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))

import report  # noqa: E402


class Bench(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="penstock-bench-")
        self.addCleanup(shutil.rmtree, self.directory)

    def bench(self, *arguments):
        return subprocess.run([os.path.join(ROOT, "bench", "run"), *arguments], capture_output=True, text=True,
                              timeout=380, check=False)

    def test_every_section_is_measured(self):
        done = self.bench("--tiny", "--data", self.directory)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for name in ("Plan against the bare scan", "Plan against the same plan as SQL", "Memory on top", "PostgreSQL: rows into columns", "A plan in PostgreSQL", "What left the server", "ClickHouse, against clickhouse-client",
                     "A run with nothing to do", "Commit of 1,000 changes", "Delivery to the sandbox",
                     "Requests that read", "Before-images of 1 million", "used of what is allowed", "takes 40%", "A limit that nobody told", "in one process: the last is done", "Done within 3 min", "Encoding batches", "penstock --version"):
            lines = [line for line in done.stdout.splitlines() if name in line]
            self.assertEqual(len(lines), 1, done.stdout)
            self.assertRegex(lines[0].split(name)[1], r"\d", "a line without a number")

    def test_a_section_that_is_not_there_is_refused(self):
        done = self.bench("plam")
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no section plam", done.stderr)

    def test_rough_numbers_do_not_get_into_the_page(self):
        self.assertEqual(self.bench("--tiny", "--update").returncode, 2)

    def test_the_page_keeps_what_was_not_measured(self):
        page = os.path.join(self.directory, "page.md")
        with open(page, "w", encoding="utf-8") as file:
            file.write("before\n<!-- bench:a -->\nold\n<!-- /bench:a -->\n<!-- bench:b -->\nkept\n<!-- /bench:b -->\n")
        report.update_page(page, "a", [report.Line("Speed", "2×", "≤ 3×", True)], "once.")
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("| Speed | 2× | ≤ 3× | ok |", text)
        self.assertNotIn("old", text)
        self.assertIn("kept", text)

    def test_the_page_has_a_place_for_every_section(self):
        import conductor
        with open(os.path.join(ROOT, "docs", "benchmarks.md"), encoding="utf-8") as file:
            page = file.read()
        for section in conductor.SECTIONS:
            self.assertIn(f"<!-- bench:{section} -->", page)


if __name__ == "__main__":
    if shutil.which("wrk") is None:
        sys.exit(77)
    unittest.main()
