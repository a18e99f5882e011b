# SPDX-License-Identifier: BSD-2-Clause
"""A far end other than Linux's TCP: lwIP, over a TAP device. It has no timestamps, no SACK, and a window of 64 KiB."""
import contextlib
import os

import lib
import tcp_lib

SINK = os.environ.get("XTG_LWIP_SINK")
MIB = 1 << 20


class TapWire:
    """A namespace with a TAP device, operated by the sink."""
    near_if, far_ip, far_ip6 = "tap0", "198.18.0.2", "2001:2::2"

    def __init__(self):
        self.near_ns = self.far_ns = f"xtg-lwip-{os.getpid()}"
        lib.call("ip", "netns", "add", self.near_ns)
        try:
            self.near("ip", "tuntap", "add", self.near_if, "mode", "tap")
            self.near("ip", "address", "add", "198.18.0.1/24", "dev", self.near_if)
            self.near("ip", "address", "add", "2001:2::1/64", "dev", self.near_if, "nodad")
            self.near("ip", "link", "set", self.near_if, "up")
        except BaseException:
            self.close()
            raise

    def close(self):
        with contextlib.suppress(AssertionError):
            self.near("ip", "link", "delete", self.near_if)
        lib.call("ip", "netns", "delete", self.near_ns)

    def near(self, *command):
        return lib.call("ip", "netns", "exec", self.near_ns, *command)

    def start(self, *args, inside=(), **popen):
        return lib.Process(["ip", "netns", "exec", self.near_ns, *inside, lib.BINARY], args, **popen)


class LwipTest(tcp_lib.WireTest):
    make_wire = TapWire

    @classmethod
    def setUpClass(cls):
        if not SINK:
            lib.skip("xtg-lwip-sink, which is built where liblwip-dev is installed")
        super().setUpClass()

    def lwip(self, **options):
        sink = tcp_lib.Sink(self.wire, program=SINK, check="pattern", **options)
        self.addCleanup(sink.close)
        return sink

    def pattern(self, size, *args, to=None):
        return self.tcp("--payload", "pattern", "--bytes-per-flow", size, *args, to=to)

    def arrives(self, size, *args, to=None, **options):
        """A run of which lwIP has every byte, intact, and then the FIN."""
        with contextlib.closing(self.lwip(**options)) as sink:
            result = self.done(self.pattern(size, *args, to=to))
            self.delivered(result, sink)
        return result


class Clean(LwipTest):

    def test_64_mib(self):
        result = self.arrives(64 * MIB)
        self.assertEqual(result.total["bytes"], 64 * MIB)
        self.assertEqual(result.doc["end"]["negotiated"],
                         {"mss": 1460, "timestamps": False, "sack": False, "ecn": False})

    def test_flows_over_ipv6(self):
        result = self.arrives(4 * MIB, "-f", 4, to=self.wire.far_ip6)
        self.assertEqual(len(result.doc["end"]["flows"]), 4)

    def test_small_segments_without_window_scaling(self):
        self.wire.near("sysctl", "-qw", "net.ipv4.tcp_window_scaling=0")
        self.addCleanup(self.wire.near, "sysctl", "-qw", "net.ipv4.tcp_window_scaling=1")
        result = self.arrives(4 * MIB, mtu=576)
        self.assertEqual(result.doc["end"]["negotiated"]["mss"], 536)

    def test_window_closes(self):
        result = self.arrives(4 * MIB, pause_at=MIB, pause=1)
        self.assertGreater(result.total["zero_window_seconds"], 0, result)
        self.assertGreater(result.total["window_probes"], 0, result)


class Loss(LwipTest):

    def lossy(self, size, **options):
        result = self.arrives(size, **options)
        lost = result.total["segments_sent"] // options["lose_in"]
        self.assertGreaterEqual(result.total["retransmits"], lost - 2, result)  # except for SYN, ACK and FIN
        return result, lost

    def test_64_mib(self):
        result, lost = self.lossy(64 * MIB, lose_in=200, lose_out=100)
        self.assertEqual(result.total["bytes"], 64 * MIB)
        self.assertLess(result.total["rto_fired"], lost // 2, result)  # duplicate ACKs report the others

    def test_heavy(self):
        self.lossy(MIB, lose_in=10, lose_out=7)


class Closing(LwipTest):

    def test_far_end_half_closes_first(self):
        """lwIP sends its FIN in the middle and continues to read."""
        self.arrives(4 * MIB, end_at=MIB, end="half")

    def test_far_end_closes_first(self):
        """It closes completely, and answers later segments with a reset; or resets immediately."""
        for end in ("close", "reset"):
            with self.subTest(end=end), contextlib.closing(self.lwip(end_at=MIB, end=end)) as sink:
                self.failed(self.pattern(8 * MIB), 5, "reset")
                [connection] = sink.ended()
                self.assertIsNone(connection.wrong)
                self.assertEqual(connection.end, "closed")


if __name__ == "__main__":
    lib.main()
