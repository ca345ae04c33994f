"""What stands around the program: completions in real shells, the manual page, facts of the build."""
import json
import os
import pty
import re
import select
import shutil
import subprocess
import time
import unittest

from harness import PROGRAM, PipeTest, environment, main, person


def has(program):
    return unittest.skipUnless(shutil.which(program), f"there is no {program}")


class Completions(PipeTest):
    def setUp(self):
        super().setUp()
        self.project.sync(tags=["daily", "big"], owner="ann")
        self.project.sync("crm_cities", tags=["daily"])
        # The shells must find this program by its name.
        self.bin = self.project.path("bin")
        os.mkdir(self.bin)
        os.symlink(PROGRAM, os.path.join(self.bin, "penstock"))

    def env(self):
        env = environment()
        return env | {"PATH": self.bin + ":" + env["PATH"], "HOME": self.project.directory}

    def completed(self, *words):
        out = subprocess.run([PROGRAM, "__complete", *words], capture_output=True, text=True, env=environment(),
                             cwd=self.project.directory)
        return [line.split("\t")[0] for line in out.stdout.splitlines()]

    def script(self, shell):
        path = self.project.path(f"completion.{shell}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.call("completion", shell).out)
        return path

    def test_commands_options_and_values(self):
        self.assertIn("plan", self.completed("pl"))
        self.assertEqual(sorted(self.completed("connector", "")), ["list", "show", "test"])
        self.assertIn("--baseline", self.completed("run", "--"))
        self.assertIn("--json", self.completed("run", "--js"))
        self.assertEqual(self.completed("completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(self.completed("init", ""), [":directories"])
        self.assertEqual(self.completed("plan", "--out", ""), [":files"])
        self.assertEqual(self.completed("plan", "--limit", ""), [])
        self.assertIn("max_removed", self.completed("run", "--confirm", ""))
        self.assertIn("sync", self.completed("schema", "s"))

    def test_names_of_the_project(self):
        self.assertEqual(self.completed("trace", ""), ["contacts", "crm_cities"])
        self.assertEqual(self.completed("trace", "contacts", ""), [])
        self.assertEqual(self.completed("preview", ""), ["people"])
        self.assertEqual(self.completed("discover", ""), ["crm", "warehouse"])
        self.assertIn("hubspot", self.completed("connector", "show", "hub"))
        self.assertEqual(self.completed("run", "c"), ["contacts", "crm_cities"])
        self.assertEqual(self.completed("run", "contacts", "cr"), ["crm_cities"])
        self.assertIn("tag:", self.completed("plan", "--select", ""))
        self.assertEqual(self.completed("plan", "--select", "tag:"), ["tag:big", "tag:daily"])
        self.assertEqual(self.completed("plan", "--select", "tag:daily", "cr"), ["crm_cities"])
        self.assertEqual(self.completed("plan", "--select", "tag:daily,cr"), ["tag:daily,crm_cities"])
        self.assertEqual(self.completed("plan", "--select=owner:"), ["--select=owner:ann"])

    def test_runs_and_other_directories(self):
        self.rows = [person(1)]
        run = self.run_sync()["run"]
        self.assertEqual(self.completed("log", ""), [run])
        out = subprocess.run([PROGRAM, "__complete", "-C", self.project.directory, "log", run[:4]], capture_output=True,
                             text=True, env=environment(), cwd="/")
        self.assertEqual(out.stdout.split("\t")[0], run)

    def test_a_project_with_mistakes_or_none_is_no_trouble(self):
        self.project.write("syncs/broken.yaml", "modle: [\n")
        self.assertIn("contacts", self.completed("run", ""))
        out = subprocess.run([PROGRAM, "__complete", "run", ""], capture_output=True, text=True, env=environment(), cwd="/")
        self.assertEqual((out.returncode, out.stderr), (0, ""))

    def in_bash(self, line):
        script = f"""
            source {self.script('bash')}
            COMP_LINE={line!r}; COMP_POINT=${{#COMP_LINE}}
            compopt() {{ echo "compopt $*"; }}
            $(complete -p penstock | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
            printf '%s\\n' "${{COMPREPLY[@]}}" """
        done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, env=self.env(),
                              cwd=self.project.directory)
        self.assertEqual(done.stderr, "")
        return done.stdout.split("\n")[:-1]

    def test_bash(self):
        self.assertIn("plan", self.in_bash("penstock pl"))
        self.assertEqual(self.in_bash("penstock run con"), ["contacts"])
        # Bash keeps what stands before the colon.
        self.assertEqual(self.in_bash("penstock plan --select tag:d"), ["daily"])
        self.assertEqual(self.in_bash("penstock plan --select=tag:d"), ["daily"])
        self.assertEqual(self.in_bash("penstock plan --select ta"), ["compopt -o nospace", "tag:"])
        self.assertIn("bin", self.in_bash("penstock init b"))

    def typed(self, command, start, line):
        """What an interactive shell shows after the line and a tab."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.project.directory)
            os.execvpe(command[0], command, self.env() | {"TERM": "xterm", "PS1": "$ "})
        shown = ""

        def read_until(pattern, seconds=20):
            nonlocal shown
            end = time.monotonic() + seconds
            while not re.search(pattern, shown):
                if time.monotonic() > end or not select.select([terminal], [], [], 1)[0] and time.monotonic() > end:
                    self.fail(f"waited for {pattern!r} in vain: {shown!r}")
                try:
                    shown += os.read(terminal, 65536).decode(errors="replace") if select.select([terminal], [], [], 0.2)[0] else ""
                except OSError:
                    self.fail(f"the shell ended: {shown!r}")
        try:
            os.write(terminal, (start + "\necho rea''dy\n").encode())
            read_until("ready")
            shown = ""
            os.write(terminal, (line + "\t").encode())
            time.sleep(0.3)
            os.write(terminal, b" @\n")
            read_until("@")
            return shown
        finally:
            os.write(terminal, b"\x03\nexit\n")
            os.close(terminal)
            os.waitpid(pid, 0)

    def test_bash_on_a_terminal(self):
        shown = self.typed(["bash", "--norc", "-i"], f"source {self.script('bash')}", "echo x; penstock trace crm")
        self.assertIn("crm_cities", shown)

    @has("zsh")
    def test_zsh(self):
        start = f"autoload -U compinit; compinit -u -D; source {self.script('zsh')}"
        self.assertIn("crm_cities", self.typed(["zsh", "-f", "-i"], start, "penstock trace crm"))
        self.assertIn("tag:daily", self.typed(["zsh", "-f", "-i"], start, "penstock plan --select tag:d"))

    @has("fish")
    def test_fish(self):
        def shown(line):
            script = f"source {self.script('fish')}; complete -C {line!r}"
            done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, env=self.env(),
                                  cwd=self.project.directory)
            self.assertEqual(done.stderr, "")
            return [one.split("\t")[0] for one in done.stdout.splitlines()]
        self.assertIn("plan", shown("penstock pl"))
        self.assertEqual(shown("penstock trace "), ["contacts", "crm_cities"])
        self.assertEqual(shown("penstock plan --select tag:"), ["tag:big", "tag:daily"])


class Man(PipeTest):
    def page(self):
        path = self.project.path("penstock.1")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.call("man").out)
        return path

    def test_every_command_and_option_is_in_it(self):
        with open(self.page(), encoding="utf-8") as file:
            text = file.read()
        for words in ("penstock connector test", "\\-\\-baseline", "\\-\\-allow\\-run", ".SH EXIT STATUS", "PENSTOCK_CA_FILE"):
            self.assertIn(words, text)
        for rest in ("```", "](", "<!--"):
            self.assertNotIn(rest, text)

    @has("man")
    def test_man_has_no_complaint(self):
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", self.page()], capture_output=True,
                              text=True, env=environment(MANWIDTH="100"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    @has("mandoc")
    def test_mandoc_has_no_complaint(self):
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", self.page()], capture_output=True, text=True)
        self.assertEqual(done.stdout, "")


class Version(PipeTest):
    def test_the_first_line_is_the_version(self):
        lines = self.call("--version").out.splitlines()
        self.assertRegex(lines[0], r"^penstock \d+\.\d+\.\d+$")
        facts = json.loads(self.call("version", "--json").out)
        self.assertEqual(lines[0], "penstock " + facts["version"])
        self.assertEqual(self.call("version").out.splitlines(), lines)
        self.assertRegex(facts["duckdb"], r"^v1\.")
        self.assertRegex(facts["compiler"], r"^clang \d+")
        for fact in ("commit", "date"):
            if fact in facts:
                self.assertIn(facts[fact], "\n".join(lines))


if __name__ == "__main__":
    main()
