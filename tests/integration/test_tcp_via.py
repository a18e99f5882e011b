# SPDX-License-Identifier: BSD-2-Clause
"""`tcp --via tc`: connections whose segments leave through the interface's queueing discipline."""
import lib
import tcp_lib


class ByTc(tcp_lib.OwnWireTest):

    def exchanged(self, count, *args, **options):
        """Every byte arrives as it should be; the frames' outcomes add up."""
        with tcp_lib.Sink(self.wire, check="pattern") as sink:
            result = self.tcp("--via", "tc", "--payload", "pattern", "--bytes", count, *args, **options)
            self.done(result)
            self.delivered(result, sink)
        self.assertEqual(result.total["bytes"], count, result)
        self.assertEqual(result.doc["start"]["configuration"]["via"], "tc")
        return result

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


if __name__ == "__main__":
    lib.main()
