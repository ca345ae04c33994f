#!/usr/bin/env python3
"""What the source promises about its own structure, checked by reading it.

Includes follow the table of folders in src/README.md (a folder includes only what stands above it) and the libraries
that src/CMakeLists.txt links; files stay small; only the declarations and the sandbox know vendors; nothing that is
committed knows the machine it was written on."""
import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINES_MAX = 600
CODE = (".cpp", ".h", ".py", ".lua", ".sh")
# What names a machine or a place where packages come from. In two halves, so that this file does not hold them.
OF_A_MACHINE = re.compile("|".join([
    r"(?<![\w.])/" + r"(?:work|root|home/\w+|Users/\w+)/",
    r"\bregis" + r"try\.[a-z0-9-]+\.[a-z]+",
    r"\b(?:pypi|npmjs|deb\.debian|arti" + r"factory|crates)\.(?:org|io|com)\b",
]))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def tracked_files():
    """What git has, and what it would add; every file below the usual folders where there is no git."""
    listed = subprocess.run(["git", "-C", ROOT, "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"],
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [path for path in listed.stdout.splitlines() if os.path.isfile(os.path.join(ROOT, path))]
    found = []
    for top in ("src", "tests", "docs", "connectors", "cmake", "fuzz", "bench", "demo"):
        for directory, _, names in os.walk(os.path.join(ROOT, top)):
            found += [os.path.relpath(os.path.join(directory, name), ROOT) for name in names]
    return found


FILES = tracked_files()
SOURCES = [path for path in FILES if re.match(r"src/\w+/.*\.(cpp|h)$", path)]


def folder_of(path):
    return path.split("/")[1]


def folders_in_order():
    return re.findall(r"^\| `(\w+)/` \|", read("src/README.md"), re.MULTILINE)


def linked_folders():
    """For each folder those whose library it links, directly or by way of another."""
    text = re.sub(r"#.*", "", read("src/CMakeLists.txt"))
    direct = {}
    for name, rest in re.findall(r"penstock_folder\((\w+)([^)]*)\)", text):
        direct[name] = set(re.findall(r"penstock_(\w+)", rest))
    program = re.search(r"target_link_libraries\(penstock\s([^)]*)\)", text)
    direct["cli"] = set(re.findall(r"penstock_(\w+)", program.group(1)))

    def reach(name, seen):
        for each in direct.get(name, ()):
            if each not in seen:
                seen.add(each)
                reach(each, seen)
        return seen

    return {name: reach(name, set()) for name in direct}


def includes():
    """(file, line, including folder, included folder)"""
    known = set(folders_in_order())
    for path in SOURCES:
        for number, line in enumerate(read(path).splitlines(), 1):
            match = re.match(r'\s*#include "(\w+)/', line)
            if match and match.group(1) in known:
                yield path, number, folder_of(path), match.group(1)


class Structure(unittest.TestCase):
    def expect_none(self, problems, rule):
        if problems:
            self.fail(f"{rule}:\n  " + "\n  ".join(problems))

    def test_every_folder_stands_in_the_table(self):
        named = set(folders_in_order())
        there = {folder_of(path) for path in SOURCES}
        self.assertEqual(sorted(there - named), [], "folders that src/README.md does not explain")
        self.assertEqual(sorted(named - there), [], "folders of src/README.md that are not there")

    def test_includes_point_upwards(self):
        place = {name: index for index, name in enumerate(folders_in_order())}
        self.expect_none([f"{path}:{line}: {of}/ includes {other}/, which stands below it"
                          for path, line, of, other in includes() if place[other] > place[of]],
                         "a folder may include only what stands above it in src/README.md")

    def test_what_is_included_is_linked(self):
        linked = linked_folders()
        self.expect_none([f"{path}:{line}: {of}/ includes {other}/, which it does not link"
                          for path, line, of, other in includes() if other != of and other not in linked.get(of, ())],
                         "src/CMakeLists.txt must link what a folder includes")

    def test_libraries_are_linked_upwards(self):
        place = {name: index for index, name in enumerate(folders_in_order())}
        self.expect_none([f"{name} links {other}" for name, others in linked_folders().items()
                          for other in others if place[other] >= place[name]],
                         "src/CMakeLists.txt must keep the order of src/README.md")

    def test_files_are_small(self):
        sizes = {path: len(read(path).splitlines()) for path in FILES if path.endswith(CODE)}
        self.expect_none([f"{path}: {lines} lines" for path, lines in sizes.items() if lines > LINES_MAX],
                         f"a file of more than {LINES_MAX} lines is two files")

    def test_only_declarations_and_sandbox_know_vendors(self):
        shipped = {os.path.basename(path)[:-5] for path in FILES if re.match(r"connectors/[\w-]+\.yaml$", path)}
        self.assertTrue(shipped, "there are connectors")
        # A protocol that src/store/ speaks is nobody's.
        shipped -= {path.split("/")[2] for path in SOURCES if path.startswith("src/store/")}
        shipped -= {"webhook", "segment", "linear", "files", "s3"}  # words that code needs as well
        # `_meta` is a member of messages in a protocol.
        vendor = re.compile(f"(?<![a-z])(?!(?<=\"_)meta\")({'|'.join(map(re.escape, sorted(shipped)))})(?![a-z])", re.IGNORECASE)
        problems = []
        for path in SOURCES:
            # Alerts go to Slack and PagerDuty in forms of their own: they are no destinations.
            if folder_of(path) in ("sandbox", "alert") or "/config/kinds." in path or "test" in os.path.basename(path):
                continue
            # dbt has a key of this name, which has nothing to do with the vendor.
            if path.startswith("src/source/dbt/"):
                continue
            problems += [f"{path}:{number}: {line.strip()}" for number, line in enumerate(read(path).splitlines(), 1)
                         if vendor.search(line)]
        self.expect_none(problems, "what one vendor needs is a word of the declaration language, not C++")

    def test_nothing_knows_the_machine(self):
        problems = []
        for path in FILES:
            if path.endswith((".parquet", ".png", ".svg")):
                continue
            problems += [f"{path}:{number}: {line.strip()[:120]}" for number, line in enumerate(read(path).splitlines(), 1)
                         if OF_A_MACHINE.search(line)]
        self.expect_none(problems, "paths of a machine and hosts of package registries are not committed")


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
