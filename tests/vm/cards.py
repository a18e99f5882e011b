# SPDX-License-Identifier: BSD-2-Clause
"""Pairs of emulated network cards, as `scripts/vm --netns` lays them, used like the wires of `demo`.

XTG_CARDS holds what --nic was given, in order and separated by blanks.
"""
import contextlib
import os
import platform
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

import lib
import wire

CARDS = os.environ.get("XTG_CARDS", "").split()
KERNEL = tuple(int(part) for part in platform.release().split("-")[0].split("+")[0].split(".")[:2])
# What the kernel says by itself over a card during a test: neighbours, multicast groups.
CHATTER = 40


class Pair(wire.Wire):
    """Two namespaces, each with one card."""

    def __init__(self, card):  # no `demo` holds it
        number = CARDS.index(card) + 1
        self.model, _, settings = card.partition(",")
        self.settings = dict(setting.split("=") for setting in settings.split(",") if setting)
        suffix = "" if number == 1 else str(number)
        self.near_ns, self.far_ns = f"near{suffix}", f"far{suffix}"
        self.near_if = self.far_if = "eth0"
        self.near_mac, self.far_mac = (f"52:54:00:12:{number:02x}:{end:02x}" for end in (1, 2))
        self.near_ip, self.far_ip = (f"198.18.{number - 1}.{end}" for end in (1, 2))
        self.near_ip6, self.far_ip6 = (f"2001:2:0:{number - 1}::{end}" for end in (1, 2))
        self.env = {}

    def close(self):
        pass

    def udp(self, *args, **options):
        """To the far end of this pair, where no other address is named."""
        return super().udp(*(() if "-a" in args else ("-a", self.far_ip)), *args, **options)

    @contextlib.contextmanager
    def joined(self):
        """The far card is eth1 beside the near one."""
        move = ("ip", "link", "set", "dev")
        self.far(*move, "eth0", "netns", self.near_ns, "name", "eth1")
        self.near(*move, "eth1", "up")
        self.far_if, self.far_ns, far_ns = "eth1", self.near_ns, self.far_ns
        try:
            yield
        finally:
            self.far_if, self.far_ns = "eth0", far_ns
            self.near(*move, "eth1", "netns", far_ns, "name", "eth0")
            self.far("ip", "addr", "add", f"{self.far_ip}/24", "dev", "eth0")
            self.far("ip", "addr", "add", f"{self.far_ip6}/64", "dev", "eth0", "nodad")
            self.far("ip", "link", "set", "dev", "eth0", "up")

    def out_of_room(self):
        """Frames that reached the far card and found its ring full, as its driver tells; the hub in front of
        virtio_net waits instead."""
        told = wire.call("ip", "netns", "exec", self.far_ns, "ethtool", "-S", self.far_if).splitlines()
        return sum(int(line.rpartition(":")[2]) for line in told if "pkts rx OOB:" in line)

    def programs(self):
        """Of XDP and tc, on both cards: text that is the same before and after a run."""
        found = []
        for netns, name in ((self.near_ns, self.near_if), (self.far_ns, self.far_if)):
            done = subprocess.run(["ip", "netns", "exec", netns, "bpftool", "net", "show", "dev", name],
                                  capture_output=True, text=True, check=False)
            found.append(done.stdout)
        return found


class CardTest(lib.TestCase):
    """A test over one pair; `card` is what --nic was given for it."""
    card = None

    def setUp(self):
        self.wire = Pair(self.card)
        before = self.wire.programs()
        self.addCleanup(lambda: self.assertEqual(self.wire.programs(), before, "left behind"))

    @contextlib.contextmanager
    def arriving(self):
        """A capture at the far end. What the card itself has counted meanwhile are the frames of the capture
        and a little of the kernel's own: nothing came that is no frame of ours, and nothing was longer."""
        before = lib.link_counters(self.wire.far_ns, self.wire.far_if)
        with self.wire.capture() as capture:
            yield capture
        after = lib.link_counters(self.wire.far_ns, self.wire.far_if)
        packets, octets = (after[key] - before[key] for key in ("rx_packets", "rx_bytes"))
        extra = packets - len(capture.frames)
        self.assertGreaterEqual(extra, 0, "the card counted less than the capture")
        self.assertLess(extra, CHATTER, f"frames that are none of ours; the card counted {packets}")
        self.assertLess(octets - sum(map(len, capture.frames)), CHATTER * 150, "frames are longer than captured")
