"""Machines on one network, each in a network namespace with an address of its own, whose ways can be cut.

The calling process itself must be in a namespace of its own (enter()): it is the switch, and reaches everybody."""

import os
import subprocess
import sys
import unittest

PREFIX = "10.77.0."


def enter():
    """Runs this script again in a network namespace of its own; skips where that is not allowed."""
    if os.environ.get("PENSTOCK_NETWORK") == "own":
        return
    for command in (["unshare", "-n", "true"], ["ip", "-V"], ["nsenter", "-V"]):
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"skipped: network namespaces cannot be made here: {error}")
            sys.exit(77)
    os.environ["PENSTOCK_NETWORK"] = "own"
    os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Network:
    def __init__(self):
        self.nodes = {}
        ip("link", "set", "lo", "up")
        ip("link", "add", "switch", "type", "bridge")
        ip("addr", "add", PREFIX + "254/24", "dev", "switch")
        ip("link", "set", "switch", "up")

    def add(self, name):
        node = Node(name, len(self.nodes) + 1)
        self.nodes[name] = node
        return node

    def cut(self, one, other):
        """From now on what the two send each other gets lost, without a word."""
        one.lose(other)
        other.lose(one)

    def heal(self):
        for node in self.nodes.values():
            node.find_all()

    def close(self):
        for node in self.nodes.values():
            node.close()
        ip("link", "del", "switch")


class Node:
    def __init__(self, name, number):
        self.name, self.address, self.lost = name, f"{PREFIX}{number}", set()
        self.keeper = subprocess.Popen(["unshare", "-n", "sleep", "100000"])
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.keeper.pid}/ns/net") == own:
            pass
        here, there = f"s{number}", f"n{number}"
        ip("link", "add", here, "type", "veth", "peer", "name", there)
        ip("link", "set", here, "master", "switch", "up")
        ip("link", "set", there, "netns", str(self.keeper.pid))
        self.ip("link", "set", "lo", "up")
        self.ip("link", "set", there, "name", "eth0")
        self.ip("addr", "add", f"{self.address}/24", "dev", "eth0")
        self.ip("link", "set", "eth0", "up")

    def within(self, command):
        return ["nsenter", "-t", str(self.keeper.pid), "-n", "--", *command]

    def ip(self, *words):
        subprocess.run(self.within(["ip", *words]), check=True, capture_output=True)

    def lose(self, other):
        # To a card that nobody has.
        self.ip("neigh", "replace", other.address, "lladdr", "02:00:00:00:00:99", "dev", "eth0", "nud", "permanent")
        self.lost.add(other)

    def find_all(self):
        while self.lost:
            self.ip("neigh", "del", self.lost.pop().address, "dev", "eth0")

    def close(self):
        self.keeper.kill()
        self.keeper.wait()


def skip_unless_root():
    if os.getuid() != 0:
        raise unittest.SkipTest("network namespaces need root")
