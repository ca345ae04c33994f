"""Code blocks of Markdown pages that say what they are for:

    ```sh run               runs, in the page's directory of its own; `run exit=3` expects that exit code
    ```yaml file=PATH       is written to that file
    <!-- sh run ... -->     runs, and readers do not see it

Blocks of a page follow each other: the directory that one ends in, and what it exports, hold for the next."""
import os
import re


class Block:
    def __init__(self, page, line, language, words, text):
        self.page, self.line, self.language, self.text = page, line, language, text
        self.runs = "run" in words
        self.words = dict(word.split("=", 1) for word in words if "=" in word)

    def __str__(self):
        return f"{self.page}:{self.line}"


def blocks_of(path, page):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    found, number = [], 0
    while number < len(lines):
        fence = re.match(r"(\s*)(?:```|<!-- (?=sh run))(\w+)(?: (.*))?$", lines[number])
        number += 1
        if not fence:
            continue
        start, text = number, []
        while number < len(lines) and lines[number].strip() not in ("```", "-->"):
            text.append(lines[number][len(fence.group(1)):])
            number += 1
        number += 1
        found.append(Block(page, start, fence.group(2), (fence.group(3) or "").split(), "\n".join(text) + "\n"))
    return found


def pages(root):
    """README.md and every page of docs/, as paths relative to the root."""
    found = ["README.md", "CHANGELOG.md"]
    for directory, _, names in os.walk(os.path.join(root, "docs")):
        found += [os.path.relpath(os.path.join(directory, name), root) for name in names if name.endswith(".md")]
    return sorted(page for page in found if os.path.exists(os.path.join(root, page)))
