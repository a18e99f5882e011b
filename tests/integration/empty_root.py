# SPDX-License-Identifier: BSD-2-Clause
"""The static executable on a system that has nothing but it: no library, no shell, no device. Its root has the
executable and the kernel's own file systems, /proc and /sys."""
import os
import shutil

import lib
from wire import Process

STATIC = os.environ.get("XTG_STATIC", "")
PROGRAM = "/xtg"
ENTER = 'mount -t proc proc "$0/proc" && mount -t sysfs sysfs "$0/sys" && exec chroot "$0" "$@"'


def make(test):
    """A root for the length of a test."""
    if not os.path.exists(STATIC):
        lib.skip("the static executable")
    root = lib.scratch(test)
    for folder in ("proc", "sys", "etc", "run"):
        os.mkdir(f"{root}/{folder}")
    shutil.copy(STATIC, root + PROGRAM)
    return root


def write(root, name, text):
    with open(f"{root}/etc/{name}", "w", encoding="ascii") as file:
        file.write(text)


def inside(root):
    """What goes before a command of that root."""
    return ("unshare", "-m", "sh", "-c", ENTER, root)


class Exchange:
    """A test over self.wire, whatever that is: it sends from one such root and receives in another."""

    count, rate = 3000, "10kpps"

    def test_sends_and_receives(self):
        root = make(self)
        receive = ["ip", "netns", "exec", self.wire.far_ns, *inside(root), PROGRAM]
        with Process(receive, ["rx", self.wire.far_if, "--json-stream", "-n", self.count, "--duration",
                               2 * lib.PATIENCE]) as receiver:
            first = lib.parse_json(receiver.child.stdout.readline())
            self.assertEqual(first["event"], "start", first)
            sent = self.wire.udp("-m", self.wire.far_mac, "-a", self.wire.far_ip, "-n", self.count, "--rate", self.rate,
                                 "-s", 128, inside=inside(root), binary=PROGRAM)
            self.adds_up(self.ok(sent))
            received = receiver.finish()
        self.assertEqual(sent.total["accepted"], self.count, sent)
        self.assertEqual(received.status, 0, received)
        total = received.events[-1]["data"]["sum"]
        self.assertEqual((total["packets"], total["unique"], total["lost_packets"], total["duplicates"]),
                         (self.count, self.count, 0, 0), received)
        self.assertEqual(sent.doc["start"]["count_source"], "tracepoint", "it finds the kernel's BTF")
