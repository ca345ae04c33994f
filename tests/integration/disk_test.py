"""Our own disk: full, read-only, or damaged. The runs say so, and lose nothing that was recorded."""

import os
import subprocess
import unittest

from harness import FAILED, PipeTest, main, person


class SmallDisk(PipeTest):
    """The state on a file system of its own, of a few megabytes."""

    megabytes = 6

    def setUp(self):
        super().setUp()
        self.state = self.project.path("state")
        os.mkdir(self.state)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.megabytes}m", "tmpfs", self.state],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            raise unittest.SkipTest(f"no file system can be mounted here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.state], check=True)
        self.project.write("penstock.yaml", {"project": "e2e", "state": "state"})
        self.rows = [person(number) for number in range(200)]

    def fill(self, leave=0):
        """Writes a file until only so many bytes are left."""
        status = os.statvfs(self.state)
        size = status.f_bavail * status.f_frsize - leave
        with open(os.path.join(self.state, "ballast"), "wb") as file:
            file.write(b"\0" * max(0, size))

    def free(self):
        os.remove(os.path.join(self.state, "ballast"))

    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.state], check=True)

    def test_a_full_disk_fails_with_a_remedy_and_sends_nothing(self):
        self.fill()
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, "space", "→")
        self.assertEqual(self.sandbox.stats()["rows"], 0)
        self.free()
        self.run_sync(accepted=200)

    def test_a_disk_that_fills_up_in_the_middle_is_recovered_from(self):
        self.run_sync("--limit", 10, accepted=10)
        for leave in (16 << 10, 48 << 10, 96 << 10, 160 << 10, 320 << 10):
            self.fill(leave)
            answer = self.project.call("run", "contacts")
            self.assertIn(answer.code, (0, FAILED), answer)
            if answer.code == FAILED:
                self.assert_refused(answer, "space", "→")
            self.free()
            self.rows = [dict(row, city=f"Ulm {leave}") for row in self.rows]
        self.run_sync()
        self.assertEqual(set(self.records("city").values()), {f"Ulm {320 << 10}"})
        self.assert_quiet(unchanged=200)

    def test_a_read_only_state_fails_with_a_remedy_and_sends_nothing(self):
        self.run_sync("--limit", 10, accepted=10)
        self.remount("ro")
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, "Read-only", "→")
        self.assertEqual(self.sandbox.stats()["rows"], 10)
        self.remount("rw")
        self.run_sync(accepted=190)

    def test_questions_are_answered_from_a_read_only_state(self):
        run = self.run_sync("--limit", 10, accepted=10)["run"]
        self.remount("ro")
        for arguments in (["runs"], ["status"], ["log", run], ["trace", "contacts", "1"]):
            self.call(*arguments)


class Damage(PipeTest):
    """Recovered or refused with a clear error, never wrong. (Every byte: the tests of ledger/ and snapshot/.)"""

    def setUp(self):
        super().setUp()
        self.rows = [person(number) for number in range(50)]
        self.run_sync(accepted=50)
        self.rows = [person(number, city="Bonn") for number in range(50)]

    def files(self, *parts):
        directory = self.project.path(".penstock", *parts)
        return [os.path.join(directory, name) for name in sorted(os.listdir(directory))]

    def refused(self, *words):
        before = self.sandbox.stats()["rows"]
        answer = self.call("run", "contacts", code=FAILED)
        self.assert_refused(answer, *words, "→")
        self.assertEqual(self.sandbox.stats()["rows"], before)

    def test_a_damaged_snapshot_is_refused(self):
        for path in self.files("syncs", "contacts", "snapshot"):
            with open(path, "rb") as file:
                good = file.read()
            middle = len(good) // 2
            with open(path, "wb") as file:
                file.write(good[:middle] + bytes([good[middle] ^ 0x40]) + good[middle + 1:])
            self.refused(os.path.basename(path))
            with open(path, "wb") as file:
                file.write(good)
        self.run_sync(changed=50, accepted=50)

    def test_a_snapshot_whose_files_are_missing_is_refused(self):
        for path in self.files("syncs", "contacts", "snapshot"):
            os.rename(path, path + "-away")
            answer = self.project.call("run", "contacts", "--json")
            if answer.code == 0:  # the manifest alone: no snapshot at all, and all rows are new
                self.assertEqual(answer.results[0]["added"], 50, path)
                return
            self.assertEqual(answer.code, FAILED, answer)
            os.rename(path + "-away", path)

    def test_a_damaged_history_of_runs_does_not_harm_a_syncs_state(self):
        with open(self.project.path(".penstock", "penstock.db"), "r+b") as file:
            file.write(b"\0" * 200)
        answer = self.call("runs", code=FAILED)
        self.assert_refused(answer, "history of runs", "penstock.db")

    def test_a_damaged_journal_is_refused_or_recovered(self):
        journal = self.project.path(".penstock", "syncs", "contacts", "journal")
        with open(journal, "wb") as file:
            file.write(b"this is no journal" * 100)
        self.refused("journal")

    def test_operations_that_were_deleted_are_only_missed_by_questions(self):
        for path in self.files("operations", "contacts"):
            os.remove(path)
        self.call("trace", "contacts", "1")
        self.run_sync(changed=50, accepted=50)

    def test_the_state_moves_with_its_directory(self):
        os.rename(self.project.path(".penstock"), self.project.path("elsewhere"))
        self.project.write("penstock.yaml", {"project": "e2e", "state": "elsewhere"})
        self.run_sync(changed=50, accepted=50)


if __name__ == "__main__":
    main()
