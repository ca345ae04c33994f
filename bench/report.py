"""The table: what was measured, what was wanted, and whether it was reached."""

import datetime
import os
import platform
import re
from dataclasses import dataclass


@dataclass
class Line:
    """One measured number. Without a target it is there for comparison."""
    name: str
    measured: str
    target: str = ""
    ok: bool | None = None

    @property
    def verdict(self):
        return {None: "", True: "ok", False: "falls short"}[self.ok]

    def cells(self):
        return [self.name, self.measured, self.target, self.verdict]


HEAD = ["", "measured", "target", ""]


def text_table(sections):
    """For a terminal: `sections` is a list of (title, lines)."""
    rows = [HEAD] + [line.cells() for _, lines in sections for line in lines]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    show = lambda row, indent="  ": (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths))).rstrip()
    out = [show(HEAD)]
    for title, lines in sections:
        out += ["", title] + [show(line.cells()) for line in lines]
    return "\n".join(out)


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            found = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
            return found.group(1) if found else platform.machine()
    except OSError:
        return platform.machine()


def machine():
    """What the numbers depend on, in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, Linux {platform.release()}"


def markdown_table(lines, note):
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    out = ["| | measured | target | |", "| --- | --- | --- | --- |"]
    out += ["| " + " | ".join(line.cells()) + " |" for line in lines]
    return "\n".join(out + ["", f"{date}, {machine()}. {note}"])


def update_page(path, section, lines, note):
    """Puts the table between the section's markers."""
    with open(path, encoding="utf-8") as file:
        page = file.read()
    begin, end = f"<!-- bench:{section} -->", f"<!-- /bench:{section} -->"
    if begin not in page or end not in page:
        raise SystemExit(f"{path} has no markers {begin} and {end}")
    head, rest = page.split(begin, 1)
    tail = rest.split(end, 1)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{head}{begin}\n{markdown_table(lines, note)}\n{end}{tail}")
