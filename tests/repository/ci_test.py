#!/usr/bin/env python3
"""The files of examples/ci: their YAML, and their commands with a stand-in for the platforms' API."""

import http.server
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import unittest

from places import PROGRAM, Places

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLES = os.path.join(ROOT, "examples", "ci")
SECRET = "ghs_1f8d"

try:
    import yaml
except ImportError:
    yaml = None


class Platform:
    """Comments of one merge request, in the words of either platform."""

    def __init__(self):
        self.comments, self.seen, self.first_id = {}, [], 700
        platform = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def reply(self, status, value):
                text = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def take(self):
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size)) if size else None
                platform.seen.append((self.command, self.path))
                github = re.fullmatch(r"/gh/repos/acme/pipes/issues/(?:7/comments|comments/(\d+))(\?.*)?", self.path)
                gitlab = re.fullmatch(r"/gl/projects/42/merge_requests/7/notes(?:/(\d+))?(\?.*)?", self.path)
                found = github or gitlab
                if not found:
                    return self.reply(404, {"message": "Not Found"})
                token = self.headers.get("Authorization") if github else self.headers.get("PRIVATE-TOKEN")
                if token != (f"Bearer {SECRET}" if github else SECRET):
                    return self.reply(401, {"message": "Unauthorized"})
                if self.command == "GET":
                    page = int(re.search(r"[?&]page=(\d+)", self.path).group(1))
                    every = [{"id": key, "body": text} for key, text in sorted(platform.comments.items())]
                    return self.reply(200, every[100 * (page - 1):100 * page])
                if self.command == "POST":
                    key = platform.first_id + len(platform.comments)
                    platform.comments[key] = body["body"]
                    return self.reply(201, {"id": key})
                if self.command != ("PATCH" if github else "PUT") or int(found.group(1)) not in platform.comments:
                    return self.reply(404, {"message": "Not Found"})
                platform.comments[int(found.group(1))] = body["body"]
                return self.reply(200, {"id": int(found.group(1))})

            do_GET = do_POST = do_PATCH = do_PUT = take

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def load(name):
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
        return yaml.safe_load(file)


@unittest.skipUnless(yaml, "there is no yaml module (python3-yaml)")
class Examples(unittest.TestCase):
    def setUp(self):
        for program in ("jq", "curl"):
            if not shutil.which(program):
                self.skipTest(f"there is no {program}")
        self.platform = Platform()
        self.addCleanup(self.platform.stop)
        self.places = Places()
        self.addCleanup(self.places.remove)
        # A change of the mapping on a branch of its own, as a merge request has it.
        os.makedirs(os.path.join(self.places.here, "ci"))
        shutil.copy(os.path.join(EXAMPLES, "comment.sh"), os.path.join(self.places.here, "ci"))
        self.places.git(self.places.here, "switch", "-q", "-c", "work")
        self.places.write("syncs/contacts.yaml", self.places.read("syncs/contacts.yaml").replace("name }", "upper(name) }"))
        self.places.write("syncs/contacts.yaml", self.places.read("syncs/contacts.yaml").replace(
            "{ firstname: upper(name) }", "{ firstname: { sql: upper(name) } }"))
        self.places.git(self.places.here, "add", "-A")
        self.places.git(self.places.here, "commit", "-q", "-m", "Upper case")
        # The program by its name, as an image has it.
        self.bin = tempfile.mkdtemp(prefix="penstock-ci-")
        self.addCleanup(shutil.rmtree, self.bin)
        os.symlink(os.path.abspath(PROGRAM), os.path.join(self.bin, "penstock"))

    def environment(self, **more):
        return {"PATH": self.bin + ":" + os.environ["PATH"], "HOME": self.places.env["HOME"], **more}

    def run_step(self, script, **env):
        done = subprocess.run(["sh", "-e", "-c", script], cwd=self.places.here, env=self.environment(**env),
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"{script}\n{done.stdout}{done.stderr}")
        self.assertNotIn(SECRET, done.stdout + done.stderr)

    def check_comment(self, run):
        for number in range(130):  # of people, on two pages
            self.platform.comments[number] = "Looks good"
        run()
        ours = [text for text in self.platform.comments.values() if text.startswith("<!-- penstock plan -->")]
        self.assertEqual(len(ours), 1)
        self.assertIn("**contacts**: fields.firstname differs", ours[0])
        self.assertIn("| added | 1 | 1 |", ours[0])
        before = len(self.platform.comments)
        run()
        self.assertEqual(len(self.platform.comments), before, "the comment is written anew, not once more")

    def test_the_workflow(self):
        workflow = load("github.yml")
        self.assertIn("pull_request", workflow[True])  # YAML 1.1 reads `on` so
        self.assertEqual(workflow["permissions"]["pull-requests"], "write")
        steps = [step for step in workflow["jobs"]["plan"]["steps"] if "run" in step]
        checkout = workflow["jobs"]["plan"]["steps"][0]
        self.assertEqual(checkout["with"]["fetch-depth"], 0)

        def run():
            for step in steps:
                self.run_step(step["run"], GITHUB_ACTIONS="true", GITHUB_WORKSPACE=self.places.here, GITHUB_TOKEN=SECRET,
                              GITHUB_BASE_REF="main", PULL_REQUEST="7", GITHUB_REPOSITORY="acme/pipes",
                              GITHUB_API_URL=self.platform.url + "/gh")

        self.check_comment(run)

    def test_the_job(self):
        job = load("gitlab.yml")["penstock"]
        self.assertEqual(job["variables"]["GIT_DEPTH"], 0)

        def run():
            self.run_step("\n".join(job["script"]), GITLAB_CI="true", CI_PROJECT_DIR=self.places.here,
                          GITLAB_TOKEN=SECRET, CI_API_V4_URL=self.platform.url + "/gl", CI_PROJECT_ID="42",
                          CI_MERGE_REQUEST_IID="7", CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")

        self.check_comment(run)

    def test_a_token_that_may_not_comment_fails_the_job(self):
        self.places.write("plan.md", "x")
        done = subprocess.run(["sh", "ci/comment.sh", "plan.md"], cwd=self.places.here, capture_output=True, text=True,
                              env=self.environment(GITLAB_CI="true", GITLAB_TOKEN="wrong", CI_PROJECT_ID="42",
                                                   CI_API_V4_URL=self.platform.url + "/gl", CI_MERGE_REQUEST_IID="7"),
                              check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.platform.comments, {})

    def test_the_script_is_tidy(self):
        self.assertTrue(os.stat(os.path.join(EXAMPLES, "comment.sh")).st_mode & stat.S_IXUSR)
        if shutil.which("shellcheck"):
            done = subprocess.run(["shellcheck", os.path.join(EXAMPLES, "comment.sh")], capture_output=True, text=True,
                                  check=False)
            self.assertEqual(done.stdout, "")

    def test_the_page_shows_these_files(self):
        with open(os.path.join(ROOT, "docs", "ci.md"), encoding="utf-8") as file:
            page = file.read()
        for name in ("github.yml", "gitlab.yml"):
            with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
                self.assertIn(file.read().strip(), page, f"docs/ci.md does not show {name} as it is")


if __name__ == "__main__":
    if yaml is None:
        print("skipped: there is no yaml module (python3-yaml)")
        sys.exit(77)
    unittest.main()
