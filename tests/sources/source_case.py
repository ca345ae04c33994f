"""A project whose source is a real server or library, and whose destination is the sandbox.

    class SqliteTest(SourceTest):
        def setUp(self):
            super().setUp()
            self.source(type="sqlite", path="...")

A model `people` reads the table `people`; self.preview() gives its rows as JSON objects."""

import os
import signal
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "stores"), os.path.join(TESTS, "integration")]
# pylint: disable=wrong-import-position
from harness import DONE, FAILED, INTERRUPTED, USAGE, PipeTest, person  # noqa: E402,F401
from pipe import main  # noqa: E402,F401


class SourceTest(PipeTest):
    secret = None  # must not be seen in anything that a command prints

    def source(self, **settings):
        self.project.write("sources/warehouse.yaml", settings)

    def call(self, *arguments, code=DONE, **env):
        answer = super().call(*arguments, code=code, **env)
        if self.secret:
            self.assertNotIn(self.secret, answer.out + answer.err, "the password is shown")
        return answer

    def preview(self, sql=None, rows=1000, **env):
        if sql:
            self.project.model(sql)
        return self.call("preview", "people", "--rows", rows, "--json", **env).objects

    def types(self, table, **env):
        return {one["column"]: one["type"] for one in self.call("discover", "warehouse", table, "--json", **env).objects}

    def assert_nothing_sent(self):
        self.assertEqual(self.row_requests(), {})

    def refuse(self, *words, code, command=("run", "contacts"), **env):
        """A command that must fail with these words in its error, before anything is sent."""
        answer = self.call(*command, code=code, **env)
        self.assert_refused(answer, *words)
        self.assert_nothing_sent()
        return answer

    def interrupt(self, started, is_at_work, **env):
        """Ctrl-C while `started` reads the source; what it printed. Where is_at_work() says that the server works."""
        process = self.project.start(*started, **env)
        self.wait_until(is_at_work)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, INTERRUPTED, out + err)
        self.assertLess(time.monotonic() - begin, 20, "the interrupt took too long")
        self.assert_nothing_sent()
        return out + err
