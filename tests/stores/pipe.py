"""A project whose destination is a real server: what tests of stores stand on."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "integration"))
# pylint: disable=wrong-import-position
from harness import DONE, FAILED, PARTIAL, PROGRAM, USAGE, PipeTest, Project, person  # noqa: E402,F401


class StoreTest(PipeTest):
    """A project with one sync, `contacts`, of the model `people`; a subclass writes the destination `crm`."""

    def setUp(self):
        self.project = Project("http://127.0.0.1:9")
        self.addCleanup(self.project.remove)
        self.project.model()

    def assert_quiet(self, sync="contacts", **expected):
        self.plan_sync(sync=sync, **({"added": 0, "changed": 0, "removed": 0, "to_send": 0} | expected))
        self.run_sync(sync=sync, sent=0, requests=0)


def main():
    """Ends with 77 when every test was skipped: ctest then shows that."""
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"there is no program {PROGRAM}: build it, or set PENSTOCK_PROGRAM")
    result = unittest.main(verbosity=2, exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.skipped and result.testsRun == 0 else 0)
