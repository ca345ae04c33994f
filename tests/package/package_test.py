#!/usr/bin/env python3
"""The Debian package: built by cpack, unpacked, and used by another user from another directory; its manual page, unit
and completions; lintian. The build directory is the first argument."""
import glob
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))
from harness import TOKEN, Sandbox  # noqa: E402

BUILD = sys.argv.pop(1) if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.dirname(HERE)), "build")
ROOT = os.path.dirname(os.path.dirname(HERE))


def call(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def has(program):
    return unittest.skipUnless(shutil.which(program), f"there is no {program}")


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="penstock-package-")
        cls.addClassCleanup(cls.place.cleanup)
        os.chmod(cls.place.name, 0o755)
        packed = call("cpack", "-G", "DEB", "-B", cls.place.name, cwd=BUILD)
        if packed.returncode != 0:
            raise RuntimeError(packed.stdout + packed.stderr)
        cls.file = glob.glob(os.path.join(cls.place.name, "penstock_*.deb"))[0]
        cls.root = os.path.join(cls.place.name, "root")
        subprocess.run(["dpkg-deb", "-x", cls.file, cls.root], check=True)
        cls.program = os.path.join(cls.root, "usr", "bin", "penstock")

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def test_what_is_in_it(self):
        listed = call("dpkg-deb", "-c", self.file).stdout
        for path in ("usr/bin/penstock", "usr/lib/penstock/libduckdb.so", "usr/share/man/man1/penstock.1.gz",
                     "usr/share/bash-completion/completions/penstock", "usr/share/zsh/vendor-completions/_penstock",
                     "usr/share/fish/vendor_completions.d/penstock.fish", "lib/systemd/system/penstock.service",
                     "etc/penstock/environment", "usr/share/doc/penstock/copyright", "usr/share/doc/penstock/README.Debian",
                     "usr/share/doc/penstock/examples/starter/penstock.yaml"):
            self.assertRegex(listed, rf"root/root .* \./{re.escape(path)}\n")
        for stranger in ("gtest", "_test", "/include/", ".deps"):
            self.assertNotIn(stranger, listed)
        size = os.path.getsize(self.file) / 1e6
        self.assertLess(size, 80, "a package of so many megabytes")

    def test_its_dependencies_are_computed(self):
        depends = call("dpkg-deb", "-f", self.file, "Depends").stdout
        for library in ("libc6", "libcurl4", "libpq5", "libyaml-cpp0.7", "libmicrohttpd12", "adduser"):
            self.assertIn(library, depends)
        self.assertNotIn("duckdb", depends, "that library is its own")

    def test_it_finds_its_library_and_no_other(self):
        dynamic = call("readelf", "-d", self.program).stdout
        self.assertIn("[$ORIGIN/../lib/penstock]", dynamic)
        self.assertNotIn(BUILD, dynamic)
        linked = call("ldd", self.program).stdout
        self.assertIn(os.path.join(self.root, "usr/lib/penstock/libduckdb.so"), linked.replace("bin/../", ""))
        self.assertNotIn("not found", linked)

    def test_another_user_runs_it_from_another_directory(self):
        sandbox = Sandbox()
        self.addCleanup(sandbox.stop)
        work = tempfile.mkdtemp(prefix="penstock-user-")
        self.addCleanup(shutil.rmtree, work, True)
        user = []
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(work, nobody.pw_uid, nobody.pw_gid)
            user = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        environment = {"PATH": "/usr/bin:/bin", "HOME": work, "HUBSPOT_TOKEN": TOKEN}

        def penstock(*words, code=0):
            done = call(*user, self.program, *words, cwd=work, env=environment)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            return done.stdout

        self.assertRegex(penstock("--version"), r"^penstock \d+\.\d+\.\d+\n")
        penstock("init", "project")
        crm = os.path.join(work, "project", "destinations", "crm.yaml")
        with open(crm, encoding="utf-8") as file:
            text = re.sub(r"base_url: .*", f"base_url: {sandbox.url}", file.read())
        with open(crm, "w", encoding="utf-8") as file:
            file.write(text)
        penstock("-C", "project", "check", "--connect")
        self.assertIn('"status":"partial"', penstock("-C", "project", "run", "--json", code=3))
        self.assertTrue(sandbox.records("contacts"))

    @has("man")
    def test_the_manual_page(self):
        page = os.path.join(self.root, "usr/share/man/man1/penstock.1.gz")
        done = call("man", "--warnings", "-E", "UTF-8", "-l", page, env=os.environ | {"LC_ALL": "C.UTF-8", "MANPAGER": "cat"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("penstock - carry rows", done.stdout)

    def test_the_completions_are_the_programs(self):
        for shell, path in (("bash", "bash-completion/completions/penstock"), ("zsh", "zsh/vendor-completions/_penstock"),
                            ("fish", "fish/vendor_completions.d/penstock.fish")):
            self.assertEqual(self.read("usr/share/" + path), call(self.program, "completion", shell).stdout)

    def test_the_unit_is_hardened(self):
        unit = self.read("lib/systemd/system/penstock.service")
        for line in ("User=penstock", "ProtectSystem=strict", "NoNewPrivileges=true", "PrivateTmp=true", "ProtectHome=true",
                     "StateDirectory=penstock"):
            self.assertIn(line + "\n", unit)
        self.assertIn("ExecStart=/usr/bin/penstock serve --listen ${PENSTOCK_LISTEN} -C /var/lib/penstock\n", unit)

    @has("systemd-analyze")
    def test_systemd_understands_the_unit(self):
        def complaints(text):
            path = os.path.join(self.place.name, "penstock.service")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace("/usr/bin/penstock", self.program))
            said = call("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", path).stderr
            return [line for line in said.splitlines() if re.search(r"penstock\.service:\d+:|penstock\.service: .*not executable", line)]

        unit = self.read("lib/systemd/system/penstock.service")
        self.assertEqual(complaints(unit), [])
        self.assertTrue(complaints(unit.replace("ProtectSystem=", "ProtectSystm=")), "it would complain")

    @has("lintian")
    def test_lintian_is_content(self):
        done = call("lintian", "--fail-on", "error,warning", "--allow-root", "--tag-display-limit", "0", self.file)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_same_commit_gives_the_same_package(self):
        again = os.path.join(self.place.name, "again")
        epoch = os.environ | {"SOURCE_DATE_EPOCH": "1790000000"}
        contents = []
        for directory in (again + "1", again + "2"):
            self.assertEqual(call("cpack", "-G", "DEB", "-B", directory, cwd=BUILD, env=epoch).returncode, 0)
            contents.append(call("sha256sum", *glob.glob(directory + "/*.deb")).stdout.split()[0])
        self.assertEqual(contents[0], contents[1])


class Docker(unittest.TestCase):
    def test_the_linter_has_no_complaint(self):
        linter = os.path.join(ROOT, ".deps", "npm", "node_modules", ".bin", "dockerfilelint")
        if not os.path.exists(linter):
            self.skipTest("there is no dockerfilelint: ./dev setup")
        done = call(linter, os.path.join(ROOT, "Dockerfile"))
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_it_takes_the_steps_that_are_tried(self):
        with open(os.path.join(ROOT, "Dockerfile"), encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(re.findall(r"^FROM (\S+)", text, re.MULTILINE), ["debian:12", "debian:12"])
        self.assertIn("RUN ./dev package\n", text)
        self.assertIn("USER penstock\n", text)


if __name__ == "__main__":
    for tool in ("dpkg-deb", "dpkg-shlibdeps", "cpack"):
        if shutil.which(tool) is None:
            if os.environ.get("PENSTOCK_SERVERS") == "required":
                sys.exit(f"there is no {tool}: ./dev setup")
            print(f"skipped: there is no {tool}")
            sys.exit(77)
    unittest.main(verbosity=2)
