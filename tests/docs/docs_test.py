#!/usr/bin/env python3
"""What README.md and docs/ say is tried: commands run against a sandbox, help texts and JSON keys are compared with the
program, links lead somewhere. With PENSTOCK_UPDATE=1 the help texts of docs/cli.md are written anew."""
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import tempfile
import unittest

from blocks import blocks_of, pages

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PENSTOCK = os.path.abspath(os.environ.get("PENSTOCK_PROGRAM", os.path.join(ROOT, "build", "penstock")))
CLI_PAGE = os.path.join(ROOT, "docs", "cli.md")
USUAL_PORT = "8080"

# Stands for the program in a page's directory: a sandbox listens on a port of the test, and others wait for it.
STAND_IN = """#!/bin/sh
case " $* " in
  *" --help "*|*" --version "*) ;;
  *" sandbox "*)
    : > {started}
    for word in "$@"; do shift; [ "$word" = --listen ] && skip=1 && continue
      [ -n "${{skip:-}}" ] && skip= && continue; set -- "$@" "$word"; done
    exec {penstock} "$@" --listen 127.0.0.1:{port} ;;
  *)
    tries=0
    while [ -e {started} ] && [ $tries -lt 100 ] && ! (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do
      tries=$((tries + 1)); sleep 0.1; done ;;
esac
case " $* " in
  *" init "*) {penstock} "$@" && find . -name crm.yaml -exec sed -i s/:{usual}/:{port}/ {{}} + ;;
  *) exec {penstock} "$@" ;;
esac
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Session:
    """A shell for the blocks of one page, in a directory of its own."""

    def __init__(self):
        self.place = tempfile.TemporaryDirectory(prefix="penstock-docs-")
        self.port = free_port()
        self.home = self.place.name
        self.cwd = os.path.join(self.home, "work")
        self.exports = os.path.join(self.home, "exports")
        self.groups = []
        os.makedirs(self.cwd)
        os.makedirs(os.path.join(self.home, "bin"))
        self.write(self.exports, "")
        stand_in = os.path.join(self.home, "bin", "penstock")
        self.write(stand_in, STAND_IN.replace("#!/bin/sh", "#!/bin/bash").format(
            penstock=shlex.quote(PENSTOCK), port=self.port, usual=USUAL_PORT, started=os.path.join(self.home, "started")))
        os.chmod(stand_in, 0o755)

    @staticmethod
    def write(path, text):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def put_file(self, name, text):
        """A file as a page shows it; destinations are the sandbox's, whatever they say."""
        text = text.replace(":" + USUAL_PORT, f":{self.port}")
        if re.search(r"^type: hubspot", text, re.MULTILINE) and "base_url" not in text:
            text += f"base_url: http://127.0.0.1:{self.port}\n"
        self.write(os.path.join(self.cwd, name), text)

    def run(self, text):
        """The exit code, and what was printed."""
        text = text.replace("127.0.0.1:" + USUAL_PORT, f"127.0.0.1:{self.port}")
        script = f". {self.exports}\ntrap 'code=$?; pwd > {self.home}/cwd; export -p > {self.exports}; exit $code' EXIT\nset -e\n{text}"
        environment = dict(os.environ, PATH=os.path.join(self.home, "bin") + ":" + os.environ["PATH"], NO_COLOR="1")
        # To a file, not a pipe: what runs on in the background would hold a pipe open.
        with open(os.path.join(self.home, "output"), "w+", encoding="utf-8") as output:
            shell = subprocess.Popen(["sh", "-c", script], cwd=self.cwd, env=environment, stdout=output,
                                     stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
            self.groups.append(shell.pid)
            code = shell.wait(timeout=120)
            output.seek(0)
            printed = output.read()
        with open(os.path.join(self.home, "cwd"), encoding="utf-8") as file:
            self.cwd = file.read().strip()
        return code, printed

    def close(self):
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGTERM)
            except ProcessLookupError:
                pass
        self.place.cleanup()


class Pages(unittest.TestCase):
    def session(self):
        session = Session()
        self.addCleanup(session.close)
        return session

    def run_page(self, page):
        session, tried = self.session(), 0
        for block in blocks_of(os.path.join(ROOT, page), page):
            if "file" in block.words:
                session.put_file(block.words["file"], block.text)
            if not block.runs:
                continue
            code, printed = session.run(block.text)
            self.assertEqual(code, int(block.words.get("exit", 0)), f"{block}\n{block.text}\nprinted:\n{printed}")
            tried += 1
        return tried

    def test_commands_run(self):
        tried = {}
        for page in pages(ROOT):
            with self.subTest(page):
                tried[page] = self.run_page(page)
        for page in ("README.md", "docs/cli.md", "docs/operations.md", "docs/sandbox.md", "docs/concepts.md"):
            self.assertGreater(tried.get(page, 0), 0, f"{page} has commands to try")

    def test_links_lead_somewhere(self):
        for page in pages(ROOT):
            with open(os.path.join(ROOT, page), encoding="utf-8") as file:
                text = re.sub(r"```.*?```", "", file.read(), flags=re.DOTALL)
            for target in re.findall(r"\]\(([^)\s]+)\)", text):
                if re.match(r"\w+:", target):
                    continue
                path, _, anchor = target.partition("#")
                file = os.path.normpath(os.path.join(ROOT, os.path.dirname(page), path)) if path else os.path.join(ROOT, page)
                self.assertTrue(os.path.exists(file), f"{page}: there is no {target}")
                if anchor:
                    self.assertIn(anchor, anchors_of(file), f"{page}: there is no {target}")

    def test_every_page_is_linked(self):
        linked = set()
        for page in pages(ROOT):
            with open(os.path.join(ROOT, page), encoding="utf-8") as file:
                for target in re.findall(r"\]\(([^)\s#]+)", file.read()):
                    linked.add(os.path.normpath(os.path.join(os.path.dirname(page), target)))
        self.assertEqual([page for page in pages(ROOT) if page != "README.md" and page not in linked], [])


def anchors_of(path):
    with open(path, encoding="utf-8") as file:
        headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", file.read(), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class CommandLine(unittest.TestCase):
    def penstock(self, *arguments):
        done = subprocess.run([PENSTOCK, *arguments], capture_output=True, text=True, timeout=60, check=False)
        return done.stdout

    def commands(self):
        listed = self.penstock("--help").split("Subcommands:", 1)[1].split("\n\n", 1)[0]
        names = re.findall(r"^  (\w+) ", listed, re.MULTILINE)
        self.assertIn("run", names)
        groups = [name for name in names if "Subcommands:" in self.penstock(name, "--help")]
        inner = [f"{group} {name}" for group in groups for name in
                 re.findall(r"^  (\w+) ", self.penstock(group, "--help").split("Subcommands:", 1)[1].split("\n\n")[0], re.MULTILINE)]
        self.assertIn("connector test", inner)
        return [name for name in names if name not in groups] + inner

    def test_help_texts_are_the_programs(self):
        with open(CLI_PAGE, encoding="utf-8") as file:
            text = file.read()
        anew = text
        for command in self.commands():
            start = f"<!-- help of {command} -->\n"
            self.assertIn(start, anew, "docs/cli.md explains every command")
            here = anew.index(start) + len(start)
            end = anew.index("<!-- end -->", here)
            help_text = self.penstock(*command.split(), "--help").split("\nStart here:", 1)[0]
            # The first line repeats the heading, the second is the usage.
            lines = help_text.strip("\n").splitlines()
            lines = lines[[line.startswith("Usage:") for line in lines].index(True):]
            anew = anew[:here] + "```text\n" + "\n".join(line.rstrip() for line in lines) + "\n```\n" + anew[end:]
        if os.environ.get("PENSTOCK_UPDATE"):
            with open(CLI_PAGE, "w", encoding="utf-8") as file:
                file.write(anew)
        else:
            self.assertEqual(text, anew, "docs/cli.md is not what --help says: run docs_test.py with PENSTOCK_UPDATE=1")

    def documented_keys(self, title):
        """The keys in the table under the heading `title` of docs/cli.md, and those of them that may be absent."""
        with open(CLI_PAGE, encoding="utf-8") as file:
            section = re.split(r"^#+ ", file.read().split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
        keys, optional = set(), set()
        for names, meaning in re.findall(r"^\| (`[^|]*`) \| (.*) \|$", section, re.MULTILINE):
            for name in re.findall(r"`(\w+)`", names):
                keys.add(name)
                if "absent" in meaning:
                    optional.add(name)
        return keys, optional

    def expect_keys(self, title, lines):
        keys, optional = self.documented_keys(title)
        self.assertTrue(lines, title)
        for line in lines:
            given = set(json.loads(line))
            self.assertEqual(given - keys, set(), f"{title}: keys that docs/cli.md does not explain")
            self.assertEqual(keys - optional - given, set(), f"{title}: keys that are not there")

    def test_json_keys_are_explained(self):
        session = Session()
        self.addCleanup(session.close)
        session.run("penstock init project; (penstock sandbox > /dev/null 2>&1 &)")
        session.cwd = os.path.join(session.cwd, "project")

        def lines(command):
            return session.run(f"penstock {command} --json 2>/dev/null || true")[1].splitlines()

        self.expect_keys("plan --json", lines("plan") + lines("plan customers_to_crm --out plan.parquet") +
                         lines("plan --read plan.parquet"))
        self.expect_keys("approve --json", lines("approve plan.parquet --by ann"))
        ran = [line for line in lines("run --plan plan.parquet --confirm all") if '"event":"result"' in line]
        self.expect_keys("run --json", ran)
        self.expect_keys("runs --json", lines("runs"))
        self.expect_keys("status --json", lines("status"))
        self.expect_keys("log --json", lines("log " + json.loads(ran[0])["run"]))
        self.expect_keys("metrics --json", lines("metrics"))
        self.expect_keys("trace --json", lines("trace customers_to_crm 9") + lines("trace customers_to_crm 1"))
        self.expect_keys("discover --json", lines("discover crm contacts"))
        self.expect_keys("connector list --json", lines("connector list"))
        self.expect_keys("test --json", lines("test"))
        self.expect_keys("connector test --json", lines("connector test stripe"))
        session.put_file("alerts/ops.yaml", "type: webhook\nurl: http://127.0.0.1:9\n")
        self.expect_keys("alert list --json", lines("alert list"))
        self.expect_keys("alert test --json", lines("alert test"))
        self.expect_keys("Errors with --json", lines("run nonsense"))
        session.run("printf secret | penstock secret set one; printf 'four words of a poem' | penstock user add ann; penstock token add ci")
        session.put_file("destinations/other.yaml", "type: hubspot\naccess_token: ${secret:two}\n")
        self.expect_keys("secret list --json", lines("secret list"))
        self.expect_keys("user list --json", lines("user list"))
        self.expect_keys("token list --json", lines("token list") + lines("token add other"))
        self.expect_keys("audit --json", lines("audit"))
        session.put_file("syncs/customers_to_crm.yaml", "modell: x\n")
        self.expect_keys("check --json", lines("check"))


class Demo(unittest.TestCase):
    def test_it_ends_well(self):
        with tempfile.TemporaryDirectory(prefix="penstock-docs-") as place:
            done = subprocess.run([os.path.join(ROOT, "demo", "run")], cwd="/", capture_output=True, text=True, timeout=120,
                                  check=False, env=dict(os.environ, PENSTOCK_PROGRAM=PENSTOCK, DEMO_DIR=os.path.join(place, "demo")))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            for expected in ("1,000 added", "999 accepted, 1 rejected", "INVALID_EMAIL", "12 changed", "12 accepted, 1 waiting",
                             "0 requests"):
                self.assertIn(expected, done.stdout)
            self.assertTrue(os.path.exists(os.path.join(place, "demo", ".penstock")), "people can go on with the project")


if __name__ == "__main__":
    unittest.main()
