"""Metrics: the file of a run, read by the parser of Prometheus' own Python client; and the dashboard, which uses nothing
that is not there."""

import importlib.util
import json
import os
import re
import stat
import subprocess
import sys
import threading
import time
import unittest

from harness import DONE, PARTIAL, PROGRAM, ROOT, STOPPED, PipeTest, main, person

# Another Python than Debian's own does not look there, and the parser is Python alone.
if not importlib.util.find_spec("prometheus_client"):
    sys.path.append("/usr/lib/python3/dist-packages")

DASHBOARD = os.path.join(ROOT, "examples", "grafana", "penstock.json")
PAGE = os.path.join(ROOT, "docs", "metrics.md")


def parse(text):
    """{name: {frozenset of labels: value}} of every sample, and {family: type}."""
    # pylint: disable=import-outside-toplevel
    from prometheus_client.parser import text_string_to_metric_families
    samples, types = {}, {}
    for family in text_string_to_metric_families(text):
        types[family.name] = family.type
        for sample in family.samples:
            labels = frozenset(sample.labels.items())
            own = samples.setdefault(sample.name, {})
            if labels in own:
                raise AssertionError(f"{sample} occurs twice")
            own[labels] = sample.value
    return samples, types


@unittest.skipUnless(importlib.util.find_spec("prometheus_client"), "needs the package python3-prometheus-client")
class MetricsFile(PipeTest):
    def setUp(self):
        super().setUp()
        self.file = self.project.path("penstock.prom")

    def metrics(self, *arguments, code=DONE, **env):
        self.answer = self.call("run", "contacts", "--metrics", self.file, *arguments, code=code, **env)
        with open(self.file, encoding="utf-8") as file:
            self.text = file.read()
        self.samples, self.types = parse(self.text)

    def value(self, metric, **labels):
        return self.samples[metric][frozenset(labels.items())]

    def test_a_run_in_figures(self):
        self.rows = [person(1), person(2, email="bad"), person(3), person(3), person(4)]
        before = time.time()
        self.metrics(code=PARTIAL)
        self.assertEqual(self.value("penstock_runs_total", sync="contacts", status="partial"), 1)
        self.assertEqual(self.value("penstock_runs_total", sync="contacts", status="failed"), 0)
        self.assertEqual(self.value("penstock_rows_total", sync="contacts", outcome="accepted"), 2)
        self.assertEqual(self.value("penstock_rows_total", sync="contacts", outcome="rejected"), 1)
        self.assertEqual(self.value("penstock_rows_planned_total", sync="contacts", change="added"), 3)
        self.assertEqual(self.value("penstock_rows_waiting", sync="contacts"), 1)
        self.assertEqual(self.value("penstock_rows_there", sync="contacts"), 2)
        self.assertEqual(self.value("penstock_rows_invalid", sync="contacts"), 2)
        self.assertEqual(self.value("penstock_model_rows", sync="contacts"), 5)
        self.assertAlmostEqual(self.value("penstock_last_success_timestamp_seconds", sync="contacts"), before, delta=60)
        self.assertEqual(self.value("penstock_run_duration_seconds_count", sync="contacts"), 1)
        requests = sum(self.samples["penstock_requests_total"].values())
        self.assertEqual(requests, self.call("runs", "--json").objects[0]["requests"])
        self.assertEqual(self.value("penstock_request_duration_seconds_count", destination="crm"), requests)
        self.assertEqual(self.types["penstock_run_duration_seconds"], "histogram")

    def test_counters_go_on_from_run_to_run(self):
        self.rows = [person(1)]
        self.metrics()
        requests = self.value("penstock_requests_total", destination="crm", status="2xx")
        self.rows = [person(1, name="Other")]
        self.metrics()
        self.metrics()
        self.assertEqual(self.value("penstock_runs_total", sync="contacts", status="succeeded"), 3)
        self.assertEqual(self.value("penstock_rows_total", sync="contacts", outcome="accepted"), 2)
        self.assertEqual(self.value("penstock_run_duration_seconds_count", sync="contacts"), 3)
        self.assertGreater(self.value("penstock_requests_total", destination="crm", status="2xx"), requests)

    def test_what_other_syncs_have_stays(self):
        self.rows = [person(1)]
        self.project.sync("again", match={"email": "email"})
        self.metrics()
        self.call("run", "again", "--metrics", self.file)
        with open(self.file, encoding="utf-8") as file:
            samples, _ = parse(file.read())
        self.assertEqual(samples["penstock_runs_total"][frozenset({("sync", "contacts"), ("status", "succeeded")})], 1)
        self.assertEqual(samples["penstock_runs_total"][frozenset({("sync", "again"), ("status", "succeeded")})], 1)

    def test_runs_at_the_same_time_lose_nothing(self):
        self.rows = [person(number) for number in range(20)]
        names = [f"sync{number}" for number in range(6)]
        for name in names:
            self.project.sync(name)
        answers = []

        def run(name):
            answers.append(self.project.call("run", name, "--metrics", self.file).code)

        threads = [threading.Thread(target=run, args=[name]) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [DONE] * len(names))
        with open(self.file, encoding="utf-8") as file:
            samples, _ = parse(file.read())
        for name in names:
            self.assertEqual(samples["penstock_runs_total"][frozenset({("sync", name), ("status", "succeeded")})], 1)
        self.assertEqual(sum(samples["penstock_rows_total"].values()), 20 * len(names))

    def test_a_failed_run_is_counted_and_is_no_success(self):
        self.rows = [person(1)]
        self.metrics()
        fresh = self.value("penstock_last_success_timestamp_seconds", sync="contacts")
        self.rows = [person(1), person(2)]
        time.sleep(1.1)  # times are shown in seconds
        self.project.sync(guard={"max_added": 0})
        self.metrics(code=STOPPED)
        self.assertEqual(self.value("penstock_runs_total", sync="contacts", status="stopped"), 1)
        self.assertEqual(self.value("penstock_last_success_timestamp_seconds", sync="contacts"), fresh)
        self.assertGreater(self.value("penstock_last_run_timestamp_seconds", sync="contacts"), fresh)

    def test_throttling_is_counted(self):
        self.rows = [person(number) for number in range(1, 250)]
        self.sandbox.fault(path="/crm/v3/objects/contacts/batch/upsert", kind="status", status=429, count=2)
        self.metrics()
        self.assertEqual(self.value("penstock_requests_throttled_total", destination="crm"), 2)
        self.assertEqual(self.value("penstock_requests_total", destination="crm", status="4xx"), 2)

    def test_no_value_of_a_row_and_no_secret_is_a_label(self):
        self.rows = [person(4711, email="bad"), person(2)]
        self.metrics(code=PARTIAL)
        for never in ("4711", "bad", "p2@", "INVALID_EMAIL", "pat-e2e"):
            self.assertNotIn(never, re.sub(r" [0-9.e+]+$", "", self.text, flags=re.MULTILINE))

    def test_it_is_for_everybody_to_read_and_has_nothing_of_the_process(self):
        self.rows = [person(1)]
        self.metrics()
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o644)
        self.assertNotIn("process_", self.text)
        self.assertEqual([name for name in os.listdir(self.project.directory) if name.startswith("penstock.prom")],
                         ["penstock.prom", "penstock.prom.lock"])

    def test_a_file_that_cannot_be_written_is_told_and_the_run_counts(self):
        self.rows = [person(1)]
        answer = self.call("run", "contacts", "--metrics", self.project.path("nowhere", "x.prom"))
        self.assert_refused(answer, "nowhere/x.prom", "--metrics FILE")
        self.assertEqual(len(self.records("firstname")), 1)

    def test_a_file_that_is_no_metrics_is_replaced(self):
        self.rows = [person(1)]
        self.project.write("penstock.prom", b"\x00\xff garbage {{{\npenstock_runs_total{sync=\"contacts\",status=\"failed\"} 2\n")
        self.metrics()
        self.assertEqual(self.value("penstock_runs_total", sync="contacts", status="failed"), 2)

    def test_every_metric_of_runs_that_the_table_has(self):
        self.rows = [person(1)]
        self.metrics()
        table = {one["metric"]: one for one in self.call("metrics", "--json").objects}
        for name, one in table.items():
            if one["service_only"]:
                continue
            sample = name + ("_count" if one["type"] == "histogram" else "")
            self.assertIn(sample, self.samples, name)
            for labels in self.samples[sample]:
                self.assertEqual({label for label, _ in labels}, set(one["labels"]), name)
        families = {re.sub(r"_(bucket|count|sum)$", "", name) if re.sub(r"_(bucket|count|sum)$", "", name) in table else name
                    for name in self.samples}
        self.assertEqual(families - set(table), set())


TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[a-zA-Z_:$][\w:$]*|\d+(?:\.\d+)?|[{}(),]|=~|!~|!=|==|>=|<=|[-+*/=<>%^]')
GROUPINGS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
OPERATORS = {"and", "or", "unless", "bool", "offset"}


def used_by(expression):
    """The metrics of a PromQL expression with the labels that they are selected by, and the labels that it groups by."""
    tokens = TOKEN.findall(expression)
    if "".join(tokens) != re.sub(r"\s", "", expression) and not re.search(r'" |\[', expression):
        raise AssertionError(f"cannot be read: {expression}")
    metrics, grouped, at = [], [], 0
    while at < len(tokens):
        token = tokens[at]
        after = tokens[at + 1] if at + 1 < len(tokens) else ""
        if token in GROUPINGS and after == "(":
            end = tokens.index(")", at)
            grouped += [one for one in tokens[at + 2:end] if one != ","]
            at = end
        elif re.match(r"[a-zA-Z_:]", token) and token not in OPERATORS and after not in ("(", "by", "without"):
            labels = []
            if after == "{":
                end = tokens.index("}", at)
                labels = [one for one in tokens[at + 2:end] if re.match(r"[a-zA-Z_]", one)]
                at = end
            metrics.append((token, labels))
        at += 1
    return metrics, grouped


class Dashboard(unittest.TestCase):
    # What Prometheus adds to every sample when it scrapes, and what histograms have.
    OF_SCRAPES = {"instance", "job"}

    def table(self):
        lines = subprocess.run([PROGRAM, "metrics", "--json"], capture_output=True, text=True, check=True).stdout
        known = {}
        for one in map(json.loads, lines.splitlines()):
            if one["type"] == "histogram":
                known[one["metric"] + "_bucket"] = set(one["labels"]) | {"le"}
                known[one["metric"] + "_sum"] = known[one["metric"] + "_count"] = set(one["labels"])
            else:
                known[one["metric"]] = set(one["labels"])
        return known

    def expressions(self):
        with open(DASHBOARD, encoding="utf-8") as file:
            board = json.load(file)
        found = [(panel["title"], target) for panel in board["panels"] for target in panel.get("targets", [])]
        self.assertGreater(len(found), 20)
        return board, found

    def test_every_expression_uses_what_there_is(self):
        known = self.table()
        board, found = self.expressions()
        for title, target in found:
            metrics, grouped = used_by(target["expr"])
            self.assertTrue(metrics, f"{title}: {target['expr']}")
            labels = set()
            for metric, selected in metrics:
                self.assertIn(metric, known, f"{title}: {target['expr']}")
                self.assertLessEqual(set(selected), known[metric], f"{title}: {metric}")
                labels |= known[metric]
            self.assertLessEqual(set(grouped), labels | self.OF_SCRAPES, f"{title}: {target['expr']}")
            shown = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            self.assertLessEqual(shown, labels, f"{title}: {target['legendFormat']}")
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()
                self.assertIn(label, known[metric])

    def test_every_metric_is_shown(self):
        shown = {metric for _, target in self.expressions()[1] for metric, _ in used_by(target["expr"])[0]}
        shown = {re.sub(r"_bucket$", "", name) for name in shown}
        families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in self.table()}
        self.assertEqual(families - shown - {"penstock_last_run_timestamp_seconds", "process_start_time_seconds"}, set())

    def test_panels_do_not_lie_on_one_another(self):
        places = set()
        for panel in self.expressions()[0]["panels"]:
            at = panel["gridPos"]
            for x in range(at["x"], at["x"] + at["w"]):
                for y in range(at["y"], at["y"] + at["h"]):
                    self.assertNotIn((x, y), places, panel["title"])
                    places.add((x, y))
            self.assertLessEqual(at["x"] + at["w"], 24)

    def test_the_reader_of_expressions_finds_what_is_wrong(self):
        metrics, grouped = used_by('histogram_quantile(0.9, sum by (le, a) (rate(b_bucket{c=~"$d|e",f!="}"}[5m]))) / on (g) h')
        self.assertEqual(metrics, [("b_bucket", ["c", "f"]), ("h", [])])
        self.assertEqual(grouped, ["le", "a", "g"])


class Page(unittest.TestCase):
    """docs/metrics.md holds the table between <!-- metrics --> and <!-- end -->; PENSTOCK_UPDATE=1 writes it anew."""

    def test_it_is_the_programs_table(self):
        table = subprocess.run([PROGRAM, "metrics", "--markdown"], capture_output=True, text=True, check=True).stdout
        with open(PAGE, encoding="utf-8") as file:
            page = file.read()
        start = page.index("<!-- metrics -->\n") + len("<!-- metrics -->\n")
        anew = page[:start] + table + page[page.index("<!-- end -->", start):]
        if os.environ.get("PENSTOCK_UPDATE"):
            with open(PAGE, "w", encoding="utf-8") as file:
                file.write(anew)
        self.assertEqual(page if not os.environ.get("PENSTOCK_UPDATE") else anew, anew,
                         "docs/metrics.md is not what the program says: run metrics_test.py with PENSTOCK_UPDATE=1")


if __name__ == "__main__":
    main()
