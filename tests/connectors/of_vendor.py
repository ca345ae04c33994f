"""A project whose destination is the stand-in of a vendor: what tests of shipped connectors stand on.

With PENSTOCK_THROUGH_PRISM=1 all that is sent goes through Prism, which is loaded with the vendor's own description, and
a test passes only if neither side did anything that the description does not have.
"""

import os
import shutil
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "..", "integration"), os.path.join(HERE, "..", "contract")]
# pylint: disable=wrong-import-position
import judge  # noqa: E402
from harness import DONE, FAILED, PARTIAL, ROOT, TOKEN, USAGE, PipeTest, Sandbox, person  # noqa: E402,F401
from harness import main as plain_main  # noqa: E402

JUDGED = os.environ.get("PENSTOCK_THROUGH_PRISM") == "1"
SECRET = "${env:HUBSPOT_TOKEN}"  # any secret; what it holds must never be shown

straight_only = unittest.skipIf(JUDGED, "Prism answers where the vendor's connection breaks")


judges = {}


def judge_of(vendor):
    """Prism needs seconds to start: one for all tests of a file."""
    if vendor not in judges:
        judges[vendor] = judge.Judge(vendor)
        unittest.addModuleCleanup(judges[vendor].stop)
    return judges[vendor]


class VendorTest(PipeTest):
    """A subclass names the vendor, its destination's settings and what its sync `contacts` says.

    PENSTOCK_CONNECTORS is a directory of connectors to try in place of the shipped ones; with PENSTOCK_DIALECTS the
    stand-in is that of the working directory and not the compiled one.
    """

    vendor = None
    stand_in = None  # the sandbox's name of it, where that is another
    described = None  # its description, where it is not called as the vendor
    options = ()  # of the stand-in
    settings = {}  # of the destination; {sandbox} is where the stand-in listens
    sync = {}
    allowed = ()  # violations of rows that are wrong on purpose

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.judge = judge_of(cls.described or cls.vendor) if JUDGED else None

    def setUp(self):
        stand_in = self.stand_in or self.vendor
        dialect = os.path.join(ROOT, "sandbox", f"{stand_in}.lua")
        own = os.environ.get("PENSTOCK_DIALECTS") and os.path.exists(dialect)
        self.sandbox_options = (*(("--dialect", dialect) if own else ("--vendor", stand_in)), *self.options)
        super().setUp()
        own = os.environ.get("PENSTOCK_CONNECTORS")
        if own:
            os.makedirs(self.project.path("connectors"), exist_ok=True)
            shutil.copy(os.path.join(own, f"{self.vendor}.yaml"), self.project.path("connectors"))
        self.destination()
        if self.sync:
            self.write_sync()

    def tearDown(self):
        if self.judge:
            found = self.judge.violations(self.allowed)
            if found:
                self.fail(f"{len(found)} violations\n" + "\n".join(found))

    def destination(self, **more):
        address = self.judge.stand_before(self.sandbox.url) if self.judge else self.sandbox.url
        settings = {"base_url": "{sandbox}"} | self.settings | more
        self.project.write("destinations/crm.yaml", {"type": self.vendor} | {
            name: value.replace("{sandbox}", address) for name, value in settings.items() if value is not None})

    def refuse_some(self, share="40%"):
        """From now on the vendor refuses some rows, always the same."""
        self.sandbox = Sandbox(*self.sandbox_options, "--fail", share)
        self.addCleanup(self.sandbox.stop)
        self.destination()

    def write_sync(self, name="contacts", **more):
        """The sync of this test, with some settings changed; or another one like it."""
        # One request at a time: what is made is made in the order of the model.
        self.project.sync(name, **({"guard": {"max_removed": "100%"}, "batch": {"concurrency": 1}} | self.sync | more))

    def held(self, object_name):
        """What the stand-in holds: a list of fields, in the order in which they were made."""
        return [one["properties"] for one in self.sandbox._lines(f"/_sandbox/records/{object_name}")]

    def held_by(self, object_name, field):
        """The same by the value of one of the fields."""
        return {one[field]: one for one in self.held(object_name)}

    def drift(self, sync="contacts", code=DONE, **expected):
        """{key: (field, what is there now)} of what is not as the sync wrote it."""
        answer = self.call("drift", sync, "--json", code=code)
        [result] = answer.results
        self.assertEqual({name: result[name] for name in expected}, expected, answer)
        return {one["key"]: (one.get("field"), one.get("theirs")) for one in answer.objects if "event" not in one}

    def assert_read(self, field, sync="contacts", theirs="theirs", **others):
        """What the sync wrote is read as it was written; and when somebody else writes to `field`, which is another sync here,
        that is seen."""
        count = len(self.rows)
        self.assertEqual(self.drift(sync, compared=count, gone=0), {})
        self.write_sync("others", **({"mode": "update"} | others), fields={field: {"value": "theirs"}})
        self.run_sync(sync="others", accepted=count)
        self.assertEqual(self.drift(sync, code=PARTIAL, compared=count, drifted=count, gone=0),
                         {str(row["id"]): (field, theirs) for row in self.rows})

    @staticmethod
    def refused(result):
        """{key: message} of a run's rejected rows."""
        return {key: one["message"] for one in result["refused"] for key in one["keys"]}

    def reason(self, key, result):
        """All that is kept of a row that was rejected."""
        refused = [one for one in self.operations(result["run"]) if one["key"] == str(key)]
        self.assertEqual([one["outcome"] for one in refused], ["rejected"])
        return f"{refused[0]}"


def main():
    if JUDGED and judge.missing():
        print("skipped:", judge.missing())
        sys.exit(77)
    plain_main()
