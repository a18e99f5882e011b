# SPDX-License-Identifier: BSD-2-Clause
"""Every command by an ordinary user, when the executable has the file capabilities that docs/install.md names."""
import os
import re
import shutil
import struct

import lib
import tcp_lib
from test_permissions import NOBODY, TUN_FOR_ALL
from wire import Process

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "install.md")
NUMBERS = {"cap_net_admin": 12, "cap_net_raw": 13, "cap_sys_admin": 21, "cap_perfmon": 38, "cap_bpf": 39}


def documented():
    with open(PAGE, encoding="utf-8") as file:
        return re.search(r"^sudo setcap (\S+)\+ep ", file.read(), re.MULTILINE).group(1).split(",")


class Setcap(tcp_lib.WireTest):

    def executable(self, names):
        path = shutil.copy(shutil.which(lib.BINARY) or lib.BINARY, lib.scratch(self))
        os.chmod(path, 0o755)
        mask = sum(1 << NUMBERS[name] for name in names)
        try:  # setcap NAMES+ep
            os.setxattr(path, "security.capability", struct.pack("<5I", 0x02000001, mask & 0xffffffff, 0, mask >> 32, 0))
        except OSError as error:
            lib.skip(f"file capabilities: {error}")
        return path

    def setUp(self):
        lib.need_tool("setpriv")
        lib.need_tool("ethtool")
        self.able = self.executable(documented())

    def as_user(self, end, *args, binary=None):
        space = getattr(self.wire, f"{end}_ns")
        user = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
        return Process(["ip", "netns", "exec", space, "unshare", "-m", "sh", "-c", TUN_FOR_ALL, "sh", *user,
                        binary or self.able], args)

    def finished(self, *args, **options):
        with self.as_user("near", *args, **options) as process:
            return process.finish()

    def started(self, end, *args):
        """A run that waits for packets."""
        process = self.as_user(end, *args, "--json-stream", "--duration", 60)
        self.addCleanup(process.__exit__)
        first = lib.parse_json(process.child.stdout.readline())
        self.assertEqual(first["event"], "start", first)
        return process

    def test_udp_and_rx(self):
        receiver = self.started("far", "rx", self.wire.far_if, "-n", 3000)
        sent = self.finished("udp", self.wire.near_if, "-a", self.wire.far_ip, "-n", 3000, "--rate", "10kpps", "-s", 128,
                             "--json")
        self.assertEqual(self.ok(sent).doc["start"]["count_source"], "tracepoint")
        received = receiver.finish()
        self.assertEqual(received.status, 0, received)
        self.assertEqual(received.events[-1]["data"]["sum"]["unique"], sent.total["accepted"], received)

    def test_reflect_and_udp_rx(self):
        self.wire.near("ethtool", "-K", self.wire.near_if, "gro", "on")  # a veth takes frames back only so
        self.started("far", "reflect", self.wire.far_if)
        result = self.ok(self.finished("udp", self.wire.near_if, "--rx", self.wire.near_if, "--round-trip", "-a",
                                       self.wire.far_ip, "-n", 1000, "--rate", "10kpps", "-s", 130, "--json"))
        ledger, = result.doc["end"]["ledger"]
        self.assertEqual(ledger["received"], 1000, result)

    def test_tcp(self):
        with tcp_lib.Sink(self.wire) as sink:
            self.done(self.finished("tcp", "-i", self.wire.near_if, "-p", tcp_lib.PORT, "--bytes", 1_000_000, "--json",
                                    self.wire.far_ip))
            self.assertEqual(sink.total(), 1_000_000)

    def test_probe(self):
        result = self.finished("probe", "-i", self.wire.near_if, "--json")
        self.assertEqual((result.status, result.doc["usable"]), (0, True), result)

    def test_each_of_them_is_needed(self):
        for name in ("cap_bpf", "cap_net_admin", "cap_perfmon"):
            binary = self.executable([other for other in documented() if other != name])
            for args in (("udp", self.wire.near_if, "--rx", self.wire.near_if, "-a", self.wire.far_ip, "-n", 10),
                         ("rx", self.wire.near_if), ("reflect", self.wire.near_if),
                         ("tcp", "-i", self.wire.near_if, "-p", tcp_lib.PORT, self.wire.far_ip)):
                with self.subTest(without=name, args=args[0]):
                    self.failed(self.finished(*args, "--json", binary=binary), 4, name.upper())


if __name__ == "__main__":
    lib.main()
