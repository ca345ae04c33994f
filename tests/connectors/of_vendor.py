"""A project whose destination is the stand-in of a vendor: what tests of shipped connectors stand on."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
# pylint: disable=wrong-import-position
from harness import PARTIAL, PipeTest, main, person  # noqa: E402,F401


class VendorTest(PipeTest):
    """A subclass names the vendor, its destination's settings and what its sync `contacts` says.

    PENSTOCK_CONNECTORS is a directory of connectors to try in place of the shipped ones.
    """

    vendor = None
    settings = {}
    sync = {}

    def setUp(self):
        self.sandbox_options = ("--vendor", self.vendor)
        super().setUp()
        own = os.environ.get("PENSTOCK_CONNECTORS")
        if own:
            os.makedirs(self.project.path("connectors"), exist_ok=True)
            shutil.copy(os.path.join(own, f"{self.vendor}.yaml"), self.project.path("connectors"))
        self.project.write("destinations/crm.yaml", {"type": self.vendor, "base_url": self.sandbox.url} | self.settings)
        self.write_sync()

    def write_sync(self, **more):
        # One request at a time: what is made is made in the order of the model.
        self.project.sync(**({"guard": {"max_removed": "100%"}, "batch": {"concurrency": 1}} | self.sync | more))

    def held(self, object_name):
        """What the stand-in holds: a list of fields, in the order in which they were made."""
        return [one["properties"] for one in self.sandbox._lines(f"/_sandbox/records/{object_name}")]

    @staticmethod
    def refused(result):
        """{key: message} of a run's rejected rows."""
        return {key: one["message"] for one in result["refused"] for key in one["keys"]}
