# SPDX-License-Identifier: BSD-2-Clause
"""`tcp --via tc`: connections whose segments leave through the interface's queueing discipline."""
import contextlib
import fcntl
import os
import select
import struct
import threading

import lib
import tcp_lib

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


class TcTest(tcp_lib.OwnWireTest):

    def exchanged(self, count, *args, **options):
        """Every byte arrives as it should be; the frames' outcomes add up."""
        with tcp_lib.Sink(self.wire, check="pattern") as sink:
            result = self.tcp("--via", "tc", "--payload", "pattern", "--bytes", count, *args, **options)
            self.done(result)
            self.delivered(result, sink)
        self.assertEqual(result.total["bytes"], count, result)
        self.assertEqual(result.doc["start"]["configuration"]["via"], "tc")
        return result


class ByTc(TcTest):

    def qdisc(self, *args):
        self.wire.near("tc", "qdisc", "replace", "dev", self.wire.near_if, "root", *args)

    def test_delivers(self):
        result = self.exchanged(30_000_000)
        self.assertEqual(result.total["queue_drops"], 0, result)
        self.assertEqual(result.total["redirect_errors"], 0, result)

    def test_flows_on_threads(self):
        threads = min(2, len(lib.ALL_CPUS))
        self.exchanged(10_000_000, "-f", 20, "--threads", threads, "-6", to=self.wire.far_ip6)

    def test_shaper_drops(self):
        """A full queueing discipline refuses segments; they are sent again at once, and what it let through is what
        its own counters say."""
        self.qdisc("tbf", "rate", "50mbit", "burst", "10k", "limit", "20k")
        result = self.exchanged(5_000_000)
        self.assertGreater(result.total["queue_drops"], 10, result)
        self.assertGreater(result.total["retransmits_by_cause"]["local_drop"], 10, result)

    def test_rate(self):
        self.exchanged(3_000_000, "--rate", "100Mbps")

    def test_auto(self):
        """A far end that receives nothing from XDP is reached through tc, and a note says why."""
        self.wire.far("ethtool", "-K", self.wire.far_if, "gro", "off")
        sink = self.sink()
        result = self.done(self.tcp("--bytes", 1_000_000))
        self.assertEqual(result.doc["start"]["configuration"]["via"], "tc")
        self.assertIn("neither GRO", result.doc["start"]["configuration"]["via_reason"])
        self.delivered(result, sink)
        self.failed(self.tcp("--via", "xdp", "--bytes", 1000), 4, "neither GRO")

    def test_interface_down(self):
        sink = self.sink()
        with self.start("--via", "tc", "--duration", 60) as run:
            sink.wait_bytes(1_000_000, run)
            self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "down")
            self.failed(run.finish(20), 1, self.wire.near_if)

    def test_nothing_is_left(self):
        before = self.wire.near_links()
        self.exchanged(100_000)
        self.assertEqual(self.wire.near_links(), before)
        self.assertNotIn("clsact", self.wire.near("tc", "qdisc", "show", "dev", self.wire.near_if))


class Pipe(threading.Thread):
    """Two TUN devices, called tn0, whose packets pass from one namespace to the other."""

    def __init__(self, test, *ends):
        super().__init__(daemon=True)
        self._files, self._over = [], False
        for space, address in ends:
            with lib.in_netns(space):
                self._files.append(os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK))
                fcntl.ioctl(self._files[-1], TUNSETIFF, struct.pack("16sH22x", b"tn0", IFF_TUN | IFF_NO_PI))
            for words in (("addr", "add", address, "dev", "tn0"), ("link", "set", "dev", "tn0", "up")):
                lib.call("ip", "-n", space, *words)
        test.addCleanup(self.close)
        self.start()

    def run(self):
        while not self._over:
            for file in select.select(self._files, (), (), 0.1)[0]:
                with contextlib.suppress(BlockingIOError, InterruptedError):
                    os.write(self._files[file == self._files[0]], os.read(file, 65536))

    def close(self):
        self._over = True
        self.join()
        for file in self._files:
            os.close(file)


class WithoutEthernet(TcTest):
    """A device that carries bare IP packets."""

    def test_delivers(self):
        Pipe(self, (self.wire.near_ns, "192.0.2.1/24"), (self.wire.far_ns, "192.0.2.2/24"))
        self.wire.near_if, to = "tn0", "192.0.2.2"
        self.assertEqual(self.exchanged(1_000_000, "--allow-public", to=to).doc["end"]["ingress"], "tcx")
        self.failed(self.tcp("--via", "xdp", "--allow-public", to=to), 4, "no Ethernet framing")
        self.failed(self.tcp("--ingress", "xdp", "--allow-public", to=to), 2, "no Ethernet framing")


if __name__ == "__main__":
    lib.main()
