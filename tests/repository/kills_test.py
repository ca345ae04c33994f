#!/usr/bin/env python3
"""The process is killed before every single change that a roll back or a pull makes to the repository and the directory,
one after the other. What it leaves is put in order by the next command: all of it took effect, or nothing. The argument
is the library made of tests/crash/kill_at.c."""

import os
import sys

from places import Places

OLD = "-- source: warehouse\n-- primary_key: id\nselect 1 as id, 'old' as name\n"
NEW = OLD.replace("old", "new")
FILES = ("models/a.sql", "models/b.sql")


class Broken(Exception):
    pass


def expect(holds, what):
    if not holds:
        raise Broken(what)


def killed(places, call, *arguments):
    """Whether the command died at its Nth change."""
    answer = places.call(*arguments, LD_PRELOAD=sys.argv[1], PENSTOCK_KILL_BELOW=places.here, PENSTOCK_KILL_AT=str(call))
    expect(answer.code in (0, -9), f"{arguments}: {answer}")
    return answer.code == -9


def judge(places, head_before, theirs):
    """After the next command, directory, index and branch agree; what somebody is at work on is as it was."""
    status = places.call("git", "status", "--json")
    expect(status.code == 0, status)
    expect(places.read("notes.txt") == "at work\n", "a person's file was touched")
    expect(places.git(places.here, "status", "--porcelain") == "M notes.txt", places.git(places.here, "status", "--porcelain"))
    texts = {places.read(path) for path in FILES}
    expect(len(texts) == 1 and texts <= {OLD, NEW}, f"half done: {texts}")
    places.git(places.here, "fsck", "--strict")
    own = os.path.join(places.here, ".git", "penstock")  # not there before anything was changed
    names = os.listdir(own) if os.path.isdir(own) else []
    expect(set(names) <= {"lock", "refused"}, f"left behind: {names}")
    head = places.git(places.here, "rev-parse", "HEAD")
    if theirs is not None:
        expect(head in (head_before, theirs), "another commit")
        expect((head == theirs) == (texts == {NEW}), "branch and files differ")


def begin():
    places = Places()
    places.write("notes.txt", "committed\n")
    for path in FILES:
        places.write(path, OLD)
    places.git(places.here, "add", ".")
    places.git(places.here, "commit", "-qm", "Old")
    places.git(places.here, "push", "-q")
    places.write("notes.txt", "at work\n")
    return places


def rolls_back(places):
    """Rolls back from new to old and on again, each time killed one change later."""
    for path in FILES:
        places.write(path, NEW)
    places.git(places.here, "commit", "-qm", "New", *FILES)
    old, new = (places.git(places.here, "rev-parse", name) for name in ("HEAD~1", "HEAD"))
    call, died = 1, True
    while died:
        target = old if places.read(FILES[0]) == NEW else new
        head = places.git(places.here, "rev-parse", "HEAD")
        died = killed(places, call, "git", "rollback", target)
        judge(places, head, None)
        call += 1
    return call


def pulls(places):
    call, died, text = 1, True, NEW
    while died:
        places.commit_there(message=f"Change {call}", **{path: text for path in FILES})
        theirs = places.git(places.remote, "rev-parse", "main")
        head = places.git(places.here, "rev-parse", "HEAD")
        died = killed(places, call, "git", "pull")
        if text == NEW:
            judge(places, head, theirs)
        answer = places.call("git", "pull")
        expect(answer.code == 0, answer)
        expect(places.git(places.here, "rev-parse", "HEAD") == theirs, "the next pull did not arrive")
        expect({places.read(path) for path in FILES} == {text}, "the next pull is not in the directory")
        text = OLD if text == NEW else NEW
        call += 1
    return call


def main():
    broken = 0
    for story in (rolls_back, pulls):
        places = begin()
        try:
            print(f"{story.__name__}: killed at each of {story(places)} changes", flush=True)
        except Broken as problem:
            broken += 1
            print(f"{story.__name__}: {problem}", flush=True)
        finally:
            places.remove()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
