#!/usr/bin/env python3
"""The recipes of docs/orchestrators.md: their Python as it stands there, with small stand-ins for Airflow and Dagster, and
the real program against the sandbox."""
import os
import subprocess
import sys
import textwrap
import types
import unittest

from blocks import blocks_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))
from harness import PROGRAM, TOKEN, PipeTest, person  # noqa: E402

PAGE = "docs/orchestrators.md"


def module(name, **members):
    made = types.ModuleType(name)
    vars(made).update(members)
    sys.modules[name] = made
    return made


class AirflowException(Exception):
    pass


class AirflowFailException(AirflowException):
    """Airflow does not try again."""


class Log:
    def __init__(self):
        self.lines = []

    def info(self, text, *values):
        self.lines.append(text % values)

    warning = error = info


class BaseOperator:
    def __init__(self, *, task_id, retries=0):
        self.task_id, self.retries, self.log = task_id, retries, Log()


class Failure(Exception):
    def __init__(self, description, allow_retries=True):
        super().__init__(description)
        self.allow_retries = allow_retries


class RetryRequested(Exception):
    def __init__(self, max_retries=1, seconds_to_wait=None):
        super().__init__(max_retries, seconds_to_wait)


class MaterializeResult:
    def __init__(self, metadata):
        self.metadata = metadata


module("airflow")
module("airflow.exceptions", AirflowException=AirflowException, AirflowFailException=AirflowFailException)
module("airflow.models", BaseOperator=BaseOperator)
module("dagster", Failure=Failure, RetryRequested=RetryRequested, MaterializeResult=MaterializeResult, asset=lambda made: made)
BLOCKS = blocks_of(os.path.join(ROOT, PAGE), PAGE)


def recipe(name):
    """The module that the page shows as that file."""
    text = next(block.text for block in BLOCKS if block.words.get("file") == name)
    made = types.ModuleType(name)
    exec(compile(text, name, "exec"), vars(made))  # pylint: disable=exec-used
    return made


class Recipes(PipeTest):
    def setUp(self):
        super().setUp()
        self.project.sync(tags=["daily"])
        self.rows = [person(1), person(2, email="bad")]
        os.environ.setdefault("HUBSPOT_TOKEN", TOKEN)

    def ends(self, code):
        """A program that ends as it is told."""
        path = self.project.path(f"ends-{code}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\necho '{{\"event\":\"error\",\"message\":\"as told\"}}'\nexit {code}\n")
        os.chmod(path, 0o755)
        return path

    def operator(self, program=PROGRAM, **more):
        made = recipe("penstock_operator.py").PenstockRunOperator
        return made(task_id="send", project=self.project.directory, select=["tag:daily"], program=program, **more)

    def test_airflow_runs_the_syncs(self):
        operator = self.operator()
        results = operator.execute({})
        self.assertEqual([(one["sync"], one["accepted"], one["rejected"]) for one in results], [("contacts", 1, 1)])
        self.assertIn("some rows were refused: penstock log RUN --rejected", operator.log.lines)
        operator.on_kill()

    def test_airflow_maps_the_exit_codes(self):
        self.project.sync(tags=["daily"], guard={"max_first_run": 1})
        with self.assertRaises(AirflowFailException):
            self.operator().execute({})
        for code, kind in ((1, AirflowException), (2, AirflowFailException), (4, AirflowFailException), (143, AirflowException)):
            with self.assertRaises(AirflowException) as raised:
                self.operator(self.ends(code)).execute({})
            self.assertIs(type(raised.exception), kind, code)
        self.assertEqual(self.operator(self.ends(0)).execute({}), [])

    def test_dagster_runs_the_syncs(self):
        assets = recipe("penstock_assets.py")
        assets.run_syncs.__defaults__ = (self.project.directory, ["tag:daily"], PROGRAM)
        self.assertEqual(assets.crm_contacts().metadata,
                         {"contacts/status": "partial", "contacts/accepted": 1, "contacts/rejected": 1, "contacts/waiting": 0})

    def test_dagster_maps_the_exit_codes(self):
        run_syncs = recipe("penstock_assets.py").run_syncs
        for code, kind in ((1, RetryRequested), (2, Failure), (4, Failure), (143, RetryRequested)):
            with self.assertRaises(kind) as raised:
                run_syncs(program=self.ends(code))
            self.assertFalse(getattr(raised.exception, "allow_retries", False))
        self.assertEqual(run_syncs(program=self.ends(3)), [])

    def test_the_script_maps_the_exit_codes(self):
        script = next(block.text for block in BLOCKS if block.language == "sh")
        for code, expected in ((0, 0), (3, 0), (1, 1), (2, 100), (4, 100), (143, 1)):
            done = subprocess.run(["sh", "-e", "-c", script.replace("penstock -C", self.ends(code) + " -C")],
                                  cwd=self.project.directory, check=False)
            self.assertEqual(done.returncode, expected, code)

    def test_the_dag_compiles(self):
        for block in BLOCKS:
            if block.language == "python":
                compile(textwrap.dedent(block.text), str(block), "exec")


if __name__ == "__main__":
    unittest.main(verbosity=2)
