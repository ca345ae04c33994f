"""The queue of runs in a real PostgreSQL: the suite of src/state/queue_test.cpp, told where the server is."""

import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration"), os.path.join(HERE, "..", "stores")]

from harness import PROGRAM, main  # noqa: E402
from servers import Postgres  # noqa: E402


class OnPostgres(unittest.TestCase):
    def test_behaves_as_the_file_does(self):
        server = Postgres()
        self.addCleanup(server.remove)
        suite = os.path.join(os.path.dirname(PROGRAM), "src", "state_test")
        done = subprocess.run([suite, "--gtest_filter=Queue.*", "--gtest_brief=1"],
                              env=os.environ | {"PENSTOCK_TEST_STATE": server.url()},
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("PASSED", done.stdout)


if __name__ == "__main__":
    main()
