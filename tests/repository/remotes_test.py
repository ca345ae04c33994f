#!/usr/bin/env python3
"""`penstock git` with real remotes: a directory, git's own HTTP server, a real sshd."""

import json
import os
import shutil
import threading
import unittest

from places import TOKEN, GitOverHttp, GitOverSsh, Places

DONE, FAILED, USAGE, STOPPED = 0, 1, 2, 4
SYNC = "syncs/contacts.yaml"


class GitTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.places = Places()
        self.addCleanup(self.places.remove)

    def call(self, *arguments, code=DONE, **env):
        answer = self.places.call(*arguments, **env)
        self.assertNotIn(TOKEN, answer.out + answer.err, "the token is shown")
        self.assertEqual(answer.code, code, answer)
        return answer

    def status(self, **env):
        return json.loads(self.call("git", "status", "--json", **env).out)

    def git(self, *arguments):
        return self.places.git(self.places.here, *arguments)

    def sync_with(self, line):
        return self.places.read(SYNC).rstrip("\n") + f"\n{line}\n"

    def edit_here(self, line, message="By hand"):
        self.places.write(SYNC, self.sync_with(line))
        self.git("commit", "-qam", message)


class OverFiles(GitTest):
    def test_state_history_and_roll_back(self):
        self.edit_here("description: one")
        self.edit_here("owner: sales", "Owned by sales")
        state = self.status()
        self.assertEqual((state["branch"], state["unpushed"], state["changed"]), ("main", 2, []))
        lines = [json.loads(line) for line in self.call("git", "log", "contacts", "--json", "--diff").out.splitlines()]
        self.assertEqual([line["subject"] for line in lines], ["Owned by sales", "By hand", "The project"])
        self.assertIn("+owner: sales", lines[0]["diff"])
        self.call("git", "rollback", "HEAD~2", SYNC)
        self.assertNotIn("owner", self.places.read(SYNC))
        self.assertEqual(self.git("status", "--porcelain"), "")
        self.assertIn("Roll syncs/contacts.yaml back to", self.call("git", "log").out)
        self.call("git", "push")
        self.assertEqual(self.git("rev-parse", "HEAD"), self.places.git(self.places.remote, "rev-parse", "main"))

    def test_a_pull_of_an_invalid_project_changes_nothing(self):
        before = self.git("rev-parse", "HEAD")
        self.places.commit_there(**{SYNC: "model: nobody\ndestination: crm\n", "models/more.sql": "select 1"})
        answer = self.call("git", "pull", code=STOPPED)
        self.assertIn("nobody", answer.err)
        self.assertIn("nothing was pulled", answer.err)
        self.assertEqual(self.git("rev-parse", "HEAD"), before)
        self.assertIsNone(self.places.read("models/more.sql"))
        self.assertIn("nobody", self.status()["refused"]["details"])
        self.call("check")

    def test_a_broken_project_is_mended_by_a_pull(self):
        self.places.write(SYNC, "model: nobody\n")
        self.git("commit", "-qam", "Broken")
        self.git("push", "-q")
        self.call("check", code=USAGE)
        self.places.commit_there(**{SYNC: "model: people\ndestination: crm\nobject: contacts\nmode: upsert\n"
                                          "match: { email: email }\nfields: { firstname: name }\n"})
        self.call("git", "pull")
        self.call("check")

    def test_uncommitted_changes_are_not_overwritten(self):
        theirs = self.sync_with("owner: them")
        self.places.write(SYNC, self.sync_with("owner: me"))
        self.places.commit_there(**{SYNC: theirs})
        answer = self.call("git", "pull", code=STOPPED)
        self.assertIn(f"{SYNC} has changes that are not committed", answer.err)
        self.assertIn("owner: me", self.places.read(SYNC))
        answer = self.call("git", "rollback", "HEAD", SYNC)
        self.assertIn("owner: me", self.places.read(SYNC), "what is committed already is not rolled back")

    def test_what_is_no_repository_is_told(self):
        shutil.rmtree(os.path.join(self.places.here, ".git"))
        self.assertFalse(self.status()["repository"])
        answer = self.call("git", "pull", code=USAGE)
        self.assertIn("git init", answer.err)
        self.call("plan", "--against", "main", code=USAGE)


class OverHttp(GitTest):
    def setUp(self):
        super().setUp()
        self.server = GitOverHttp(self.places.base, self.places.env)
        self.addCleanup(self.server.stop)
        self.places.git(self.places.remote, "config", "http.receivepack", "true")
        self.git("remote", "set-url", "origin", self.server.url)

    def test_pull_and_push_with_a_token(self):
        self.places.commit_there(**{"models/more.sql": "-- source: warehouse\n-- primary_key: id\nselect 1 as id"})
        self.call("git", "pull", GIT_TOKEN=TOKEN)
        self.assertIsNotNone(self.places.read("models/more.sql"))
        self.edit_here("owner: sales")
        self.assertIn("1 commit pushed", self.call("git", "push", GIT_TOKEN=TOKEN).err)
        self.assertIn("owner: sales", self.places.git(self.places.remote, "show", f"main:{SYNC}"))

    def test_a_wrong_or_missing_token_is_told(self):
        for token in ("", "wrong"):
            answer = self.call("git", "pull", code=FAILED, GIT_TOKEN=token)
            self.assertIn("token", answer.err)
            self.assertLess(len(self.server.requests), 20, "it is not tried for ever")

    def test_a_remote_that_moved_is_pulled_and_pushed_to(self):
        self.edit_here("owner: sales")
        self.places.commit_there(**{"models/more.sql": "-- source: warehouse\n-- primary_key: id\nselect 1 as id"})
        self.call("git", "push", GIT_TOKEN=TOKEN)
        self.assertEqual(self.git("rev-parse", "HEAD"), self.places.git(self.places.remote, "rev-parse", "main"))
        self.assertEqual(self.git("log", "--format=%s"), "By hand\nTheirs\nThe project")

    def test_a_branch_that_takes_no_commits_is_told_with_the_remotes_words(self):
        hook = os.path.join(self.places.remote, "hooks", "update")
        with open(hook, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nexit 1\n")
        os.chmod(hook, 0o755)
        self.edit_here("owner: sales")
        answer = self.call("git", "push", code=FAILED, GIT_TOKEN=TOKEN)
        self.assertIn("does not take commits on 'main'", answer.err)
        self.assertEqual(self.status()["unpushed"], 1)

    def test_ours_that_conflict_are_set_aside_here_and_there(self):
        self.edit_here("owner: sales")
        self.git("push", "-q", self.places.remote, "main")
        self.call("git", "rollback", "HEAD~1")  # a commit of ours
        self.places.commit_there(**{SYNC: self.sync_with("owner: them")})
        answer = self.call("git", "push", "--json", GIT_TOKEN=TOKEN)
        branch = json.loads(answer.out)["conflict_branch"]
        self.assertIn("owner: them", self.places.read(SYNC))
        self.assertNotIn("owner", self.places.git(self.places.remote, "show", f"{branch}:{SYNC}"))
        self.assertEqual(self.status()["conflict_branches"], [branch])

    def test_many_processes_at_once(self):
        answers = []

        def work(number):
            if number % 2:
                self.places.commit_there(**{f"models/m{number}.sql": "-- source: warehouse\n-- primary_key: id\nselect 1 as id"})
            answers.append(self.places.call("git", "pull", GIT_TOKEN=TOKEN))

        threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1, 2, 4, 6, 8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for answer in answers:
            self.assertIn(answer.code, (DONE, FAILED), answer)  # FAILED: another git moved a reference
        self.call("git", "pull", GIT_TOKEN=TOKEN)
        self.assertEqual(self.git("rev-parse", "HEAD"), self.places.git(self.places.remote, "rev-parse", "main"))
        self.assertEqual(self.git("status", "--porcelain"), "")


@unittest.skipUnless(shutil.which("sshd") or os.path.exists("/usr/sbin/sshd"), "there is no sshd (openssh-server)")
class OverSsh(GitTest):
    def setUp(self):
        super().setUp()
        self.server = GitOverSsh(self.places)
        self.addCleanup(self.server.stop)
        self.git("remote", "set-url", "origin", self.server.url)

    def test_pull_and_push_with_a_key_file(self):
        self.server.know_host()
        self.places.commit_there(**{"models/more.sql": "-- source: warehouse\n-- primary_key: id\nselect 1 as id"})
        self.call("git", "pull", PENSTOCK_GIT_SSH_KEY=self.server.key)
        self.edit_here("owner: sales")
        self.call("git", "push", PENSTOCK_GIT_SSH_KEY=self.server.key)
        self.assertIn("owner: sales", self.places.git(self.places.remote, "show", f"main:{SYNC}"))

    def test_a_host_that_is_not_known_is_refused(self):
        answer = self.call("git", "pull", code=FAILED, PENSTOCK_GIT_SSH_KEY=self.server.key)
        self.assertIn("known_hosts", answer.err)
        self.server.know_host("stranger")
        answer = self.call("git", "pull", code=FAILED, PENSTOCK_GIT_SSH_KEY=self.server.key)
        self.assertIn("known_hosts", answer.err)

    def test_a_key_that_is_not_known_is_refused(self):
        self.server.know_host()
        answer = self.call("git", "pull", code=FAILED, PENSTOCK_GIT_SSH_KEY=os.path.join(self.server.place, "stranger"))
        self.assertIn("PENSTOCK_GIT_SSH_KEY", answer.err)


if __name__ == "__main__":
    unittest.main()
