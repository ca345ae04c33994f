"""Users, tokens and the audit log by the command line, with right and wrong inputs."""

import os
import pty
import re
import select
import sqlite3
import subprocess
import threading
import unittest

from program import DONE, FAILED, PENSTOCK, USAGE, ProgramTest

GOOD = "four words of a poem"


class AccessTest(ProgramTest):
    def add(self, name, role="viewer", password=GOOD):
        return self.penstock("user", "add", name, "--role", role, given=password)

    def audit(self, *arguments):
        return self.penstock("audit", "--json", *arguments).lines()


class Users(AccessTest):
    def test_are_added_changed_and_removed(self):
        self.assertIn("no users", self.penstock("user", "list").err)
        done = self.add("anna", "editor")
        self.assertIn("user anna added (editor)", done.out)
        self.assertIn("there is no admin yet", done.err)
        self.add("bert", "admin")
        users = self.penstock("user", "list", "--json").lines()
        self.assertEqual([(user["user"], user["role"]) for user in users], [("anna", "editor"), ("bert", "admin")])
        self.assertNotIn("last_login", users[0])
        self.penstock("user", "role", "anna", "viewer")
        self.assertRegex(self.penstock("user", "list").out, r"anna +viewer")
        self.penstock("user", "password", "anna", given="another set of words")
        self.penstock("user", "remove", "anna")
        self.assertEqual(len(self.penstock("user", "list", "--json").lines()), 1)
        self.assertEqual(self.mode(".penstock/access.db"), 0o600)
        bytes_kept = self.read(".penstock/access.db", "rb")
        self.assertNotIn(GOOD.encode(), bytes_kept)

    def test_wrong_inputs(self):
        self.add("anna", "admin")
        wrong = [
            (("user", "add", "anna"), GOOD, "already"),
            (("user", "add", "ANNA"), GOOD, "already"),
            (("user", "add", "a b"), GOOD, "cannot be the name"),
            (("user", "add", "../x"), GOOD, "cannot be the name"),
            (("user", "add", "x" * 65), GOOD, "cannot be the name"),
            (("user", "add", "bert", "--role", "root"), GOOD, "there is no role"),
            (("user", "add", "bert", "--role", "edtor"), GOOD, "did you mean 'editor'"),
            (("user", "add", "bert"), "", "nothing was given"),
            (("user", "add", "bert"), "\n", "nothing was given"),
            (("user", "add", "bert"), "wee words", "too short"),
            (("user", "add", "bert"), "a" * 40, "different characters"),
            (("user", "add", "bert"), "bert is my own name", "user's name"),
            (("user", "add", "bert"), "password1234", "tried first"),
            (("user", "add", "bert"), "two lines of a\npoem are no password", "line end"),
            (("user", "add", "bert"), "x" * 200000, "128 KiB"),
            (("user", "password", "ana"), GOOD, "did you mean 'anna'"),
            (("user", "role", "anna", "viewer"), "", "last admin"),
            (("user", "role", "nobody", "viewer"), "", "there is no user"),
            (("user", "remove", "nobody"), "", "there is no user"),
        ]
        for arguments, given, expected in wrong:
            with self.subTest(arguments=arguments):
                done = self.penstock(*arguments, given=given, code=USAGE)
                self.assertIn(expected, done.err)
                self.assertIn("→", done.err, "what to do")
                self.assertEqual(done.out, "")
        for arguments in (("user",), ("user", "add"), ("user", "fly"), ("user", "add", "bert", GOOD), ("user", "role", "anna")):
            self.assertEqual(subprocess.run([PENSTOCK, "-C", self.project, *arguments], capture_output=True, check=False,
                                            stdin=subprocess.DEVNULL).returncode, USAGE, arguments)
        self.assertEqual(len(self.penstock("user", "list", "--json").lines()), 1, "nothing of that did anything")

    def test_the_last_user_may_go(self):
        self.add("anna", "admin")
        self.add("bert", "viewer")
        self.assertIn("last admin", self.penstock("user", "remove", "anna", code=USAGE).err)
        self.penstock("user", "remove", "bert")
        self.penstock("user", "remove", "anna")
        self.assertIn("no users", self.penstock("user", "list").err)

    def test_a_password_is_asked_for_without_echo(self):
        def typed(*lines):
            master, slave = pty.openpty()
            process = subprocess.Popen([PENSTOCK, "-C", self.project, "user", "add", "anna", "--role", "admin"], stdin=slave,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)
            os.close(slave)
            told = b""
            for line in lines:
                while not told.endswith(b": "):
                    self.assertTrue(select.select([process.stderr], [], [], 20)[0], told)
                    told += os.read(process.stderr.fileno(), 1)
                os.write(master, line)
                told += b"."
            out, err = process.communicate(timeout=30)
            echoed = b""
            while select.select([master], [], [], 0.1)[0]:
                try:
                    piece = os.read(master, 4096)
                except OSError:
                    break
                if not piece:
                    break
                echoed += piece
            os.close(master)
            self.assertNotIn(b"poem", out + told + err + echoed)
            return process.returncode, (told + err).decode()

        password = GOOD.encode()
        code, told = typed(password + b"\n", b"some other words\n")
        self.assertEqual(code, USAGE)
        self.assertIn("not the same", told)
        code, told = typed(b"\x03")
        self.assertEqual(code, 130, "Ctrl-C")
        code, told = typed(password + b"x\x7f\n", password + b"\n")  # a backspace counts
        self.assertEqual(code, DONE, told)
        self.assertEqual(len(self.penstock("user", "list", "--json").lines()), 1)

    def test_many_at_once(self):
        self.add("anna", "admin")
        codes = []

        def one(i):
            codes.append(subprocess.run([PENSTOCK, "-C", self.project, "token", "add", f"t{i}"], capture_output=True,
                                        env=self.environment, check=False).returncode)

        threads = [threading.Thread(target=one, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(codes, [DONE] * 8)
        self.assertEqual(len(self.penstock("token", "list", "--json").lines()), 8)


class Tokens(AccessTest):
    def test_are_shown_once(self):
        done = self.penstock("token", "add", "ci", "--role", "editor", "--expires", "90d")
        token = done.out.strip()
        self.assertRegex(token, r"^pst_[A-Za-z0-9_-]{43}$")
        self.assertIn("shown this once", done.err)
        listed = self.penstock("token", "list", "--json")
        self.assertNotIn(token, listed.text)
        only, = listed.lines()
        self.assertEqual((only["name"], only["role"], only["scopes"], only["holds"]), ("ci", "editor", "all", True))
        self.assertIn("expires", only)
        self.assertNotIn("token", only)
        self.assertNotIn(token[4:].encode(), self.read(".penstock/access.db", "rb"))
        second = self.penstock("token", "add", "other", "--scope", "view,run", "--json").lines()[0]
        self.assertEqual(second["scopes"], "view,run")
        self.assertNotEqual(second["token"], token)
        self.assertRegex(self.penstock("token", "list").out, r"other +viewer +view,run")
        self.penstock("token", "remove", "ci")
        self.assertEqual([each["name"] for each in self.penstock("token", "list", "--json").lines()], ["other"])

    def test_wrong_inputs(self):
        self.penstock("token", "add", "ci")
        for arguments, expected in [
                (("token", "add", "ci"), "already"), (("token", "add", "a/b"), "cannot be the name"),
                (("token", "add", "x", "--role", "god"), "there is no role"),
                (("token", "add", "x", "--scope", "view,fly"), "--scope names something"),
                (("token", "add", "x", "--expires", "soon"), "is not a duration"),
                (("token", "add", "x", "--expires", "0s"), "ten years at most"),
                (("token", "add", "x", "--expires", "99y"), "is not a duration"),
                (("token", "add", "x", "--expires", "5000w"), "ten years at most"),
                (("token", "remove", "x"), "there is no token")]:
            with self.subTest(arguments=arguments):
                self.assertIn(expected, self.penstock(*arguments, code=USAGE).err)


class Audit(AccessTest):
    def test_tells_who_did_what(self):
        self.add("anna", "admin")
        self.penstock("token", "add", "ci")
        self.penstock("token", "remove", "ci")
        self.penstock("user", "remove", "nobody", code=USAGE)
        entries = self.audit()
        self.assertEqual([(entry["action"], entry["target"], entry["result"]) for entry in entries],
                         [("token.remove", "ci", "ok"), ("token.add", "ci", "ok: viewer"), ("user.add", "anna", "ok: admin")])
        self.assertEqual({entry["address"] for entry in entries}, {"cli"})
        self.assertTrue(all(entry["who"] for entry in entries))
        self.assertEqual(len(self.audit("--limit", "1")), 1)
        self.assertEqual([entry["id"] for entry in self.audit("--before", str(entries[0]["id"]), "--limit", "1")], [entries[1]["id"]])
        self.assertEqual(len(self.audit("--action", "user.add")), 1)
        self.assertEqual(len(self.audit("--target", "ci", "--who", entries[0]["who"])), 2)
        self.assertEqual(len(self.audit("--since", "1h")), 3)
        self.assertRegex(self.penstock("audit").out, r"token\.remove +ci +ok +cli")
        self.assertIn("is not a duration", self.penstock("audit", "--since", "x", code=USAGE).err)

    def test_cannot_be_changed(self):
        self.add("anna", "admin")
        with sqlite3.connect(self.path(".penstock/access.db")) as database:
            for statement in ("delete from audit", "update audit set who = 'x'"):
                with self.assertRaises(sqlite3.IntegrityError):
                    database.execute(statement)


class Files(AccessTest):
    def test_stand_beside_the_state(self):
        self.write("penstock.yaml", "project: acme\nstate: kept/here\n")
        self.add("anna", "admin")
        self.assertTrue(os.path.exists(self.path("kept/here/access.db")))
        self.write("penstock.yaml", "project: acme\nstate: postgres://nobody@127.0.0.1:1/x\n")
        self.add("anna", "admin")
        self.assertTrue(os.path.exists(self.path(".penstock/access.db")), "of a state that is shared: in the project")

    def test_by_way_of_a_link(self):
        link = self.project + "-link"
        os.symlink(self.project, link)
        self.addCleanup(os.unlink, link)
        self.add("anna", "admin")
        self.project, there = link, self.project
        self.assertEqual(len(self.penstock("user", "list", "--json").lines()), 1)
        self.project = there

    def test_that_cannot_be_used(self):
        self.write(".penstock/access.db", "this is no database at all " * 100)
        done = self.penstock("user", "list", code=FAILED)
        self.assertRegex(done.err, "not a database")
        self.assertIn("→", done.err)
        os.unlink(self.path("penstock.yaml"))
        self.assertIn("there is no project", self.penstock("user", "list", code=USAGE).err)

    def test_other_files_of_the_project_may_be_wrong(self):
        self.write("syncs/x.yaml", "modell: y\n")
        self.add("anna", "admin")
        self.write("penstock.yaml", "projekt: acme\n")
        self.assertIn("unknown field", self.penstock("user", "list", code=USAGE).err)


class Help(AccessTest):
    def test_teaches(self):
        for group, commands in (("user", "add list remove password role"), ("token", "add list remove"), ("audit", "")):
            self.assertIn("Examples:" if commands else "Options:", self.penstock(group, "--help").out)
            for command in commands.split():
                self.assertRegex(self.penstock(group, command, "--help").out, re.compile("Usage: penstock"))


if __name__ == "__main__":
    unittest.main()
