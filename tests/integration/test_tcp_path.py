# SPDX-License-Identifier: BSD-2-Clause
"""A bad path: the hop in the middle drops, duplicates, delays and reorders; all bytes arrive intact all the same."""
import contextlib
import time

import hop
import lib
import tcp_lib

MB = 1_000_000
SEGMENT = 1448


class PathTest(tcp_lib.OwnWireTest):
    make_wire = hop.HopWire

    def setUp(self):
        super().setUp()
        self.defer(0)

    def defer(self, value):
        """Whether the receiver acknowledges its backlog as a whole (Linux 6.7, the default): such an acknowledgement
        tells of three blocks at most, and what it does not tell looks lost, the more the busier the machine is."""
        with lib.in_netns(self.wire.far_ns), contextlib.suppress(FileNotFoundError):
            with open("/proc/sys/net/ipv4/tcp_backlog_ack_defer", "w", encoding="ascii") as file:
                file.write(str(value))

    def over(self, size, *args, rule=None, to=None, back=None, close="fin", **options):
        """A run over the hop whose every byte is checked; the result, and what the hop did to it."""
        self.wire.rule(**(rule or {}))
        self.wire.rule(1, **(back or {}))
        overruns = self.wire.overruns()
        with tcp_lib.Sink(self.wire, check="pattern") as sink:
            result = self.done(self.tcp("--payload", "pattern", "--bytes", size, *args, to=to, **options), close)
            self.delivered(result, sink)
        self.assertEqual(result.total["bytes"], size)
        counters = self.wire.counters()
        self.assertEqual((counters["merged"], counters["failed"]), (0, 0))
        counters["overruns"] = self.wire.overruns() - overruns
        return result, counters

    def economical(self, result, counters):
        """What is sent again is little more than what was lost, whoever lost it."""
        lost = counters["dropped_bytes"] + SEGMENT * counters["overruns"]
        self.assertLessEqual(result.total["retransmitted_bytes"], 1.2 * lost + 8 * SEGMENT, (result, counters))
        self.assertGreaterEqual(result.total["retransmitted_bytes"], counters["dropped_bytes"] * 0.99, counters)


class Loss(PathTest):

    def test_none(self):
        result, counters = self.over(20 * MB)
        self.assertEqual(counters["seen_bytes"], result.total["bytes_sent"] -
                         SEGMENT * result.total["driver_drops"])
        if counters["overruns"] == 0 and result.total["driver_drops"] == 0:
            self.undisturbed(result)

    def test_random(self):
        for chance, size, least in ((0.0001, 60 * MB, 1), (0.001, 40 * MB, 10), (0.01, 30 * MB, 100),
                                    (0.05, 15 * MB, 300)):
            with self.subTest(chance=chance):
                result, counters = self.over(size, rule={"drop": chance, "seed": 17})
                self.assertGreaterEqual(counters["dropped"], least)
                self.economical(result, counters)

    def test_of_which_the_receiver_tells_little(self):
        self.defer(1)
        _, counters = self.over(15 * MB, rule={"drop": 0.05, "seed": 17})
        self.assertGreaterEqual(counters["dropped"], 300)

    def test_random_v6(self):
        result, counters = self.over(20 * MB, rule={"drop": 0.01, "seed": 4}, to=self.wire.far_ip6)
        self.assertGreater(counters["dropped"], 50)
        self.economical(result, counters)

    def test_random_with_many_flows(self):
        for flows, chance in ((8, 0.01), (100, 0.001), (100, 0.05)):
            with self.subTest(flows=flows, chance=chance):
                result, counters = self.over(20 * MB, "-f", flows, rule={"drop": chance, "seed": 8})
                self.assertGreater(counters["dropped"], 5)

    def test_congestion_control(self):
        for name in ("none", "reno", "cubic"):
            for chance in (0.001, 0.01):
                with self.subTest(name=name, chance=chance):
                    result, counters = self.over(15 * MB, "--congestion", name, rule={"drop": chance, "seed": 21})
                    self.economical(result, counters)

    def test_burst(self):
        for at in (200, 5000):
            for to in (self.wire.far_ip, self.wire.far_ip6):
                with self.subTest(at=at, to=to):
                    result, counters = self.over(20 * MB, rule={"burst_from": at, "burst_length": 50}, to=to)
                    self.assertEqual(counters["dropped"], 50)
                    self.economical(result, counters)

    def test_tail(self):
        """The last segments get lost, and there is nothing behind them that would tell."""
        count = 100
        for lost in (1, 2, 10, 50):
            with self.subTest(lost=lost):
                result, counters = self.over(count * SEGMENT, rule={"burst_from": count - lost, "burst_length": lost})
                self.assertEqual(counters["dropped"], lost)
                self.assertGreater(result.total["tail_probes"] + result.total["rto_fired"], 0)

    def test_everything_once(self):
        """All that was sent first, and the first one or two attempts to find that out."""
        for lost in (24, 25, 26):
            with self.subTest(lost=lost):
                _, counters = self.over(40 * SEGMENT, rule={"burst_length": lost})
                self.assertEqual(counters["dropped"], lost)

    def test_acknowledgements(self):
        for chance in (0.01, 0.2):
            with self.subTest(chance=chance):
                self.over(20 * MB, back={"acks": True, "drop": chance, "seed": 3})
                self.assertGreater(self.wire.counters(1)["dropped"], 1)

    def test_both_ways(self):
        self.over(10 * MB, "-f", 3, rule={"drop": 0.02, "seed": 5}, back={"acks": True, "drop": 0.1, "seed": 6})

    def test_without_sack(self):
        self.wire.far("sysctl", "-qw", "net.ipv4.tcp_sack=0")
        self.over(5 * MB, rule={"drop": 0.002, "seed": 3})

    def test_without_timestamps(self):
        self.wire.far("sysctl", "-qw", "net.ipv4.tcp_timestamps=0")
        result, counters = self.over(15 * MB, rule={"drop": 0.01, "seed": 3})
        self.economical(result, counters)

    def test_paced(self):
        result, counters = self.over(15 * MB, "--rate", "200Mbps", rule={"drop": 0.01, "seed": 31})
        self.economical(result, counters)


class Disorder(PathTest):

    def test_reordered(self):
        for by in (3, 50):
            for to in (self.wire.far_ip, self.wire.far_ip6):
                with self.subTest(by=by, to=to):
                    _, counters = self.over(20 * MB, rule={"hold": 0.01, "hold_by": by, "seed": 2}, to=to)
                    self.assertGreater(counters["released"], 50)

    def test_duplicated(self):
        for chance in (0.01, 1.0):
            with self.subTest(chance=chance):
                result, counters = self.over(20 * MB, rule={"duplicate": chance, "seed": 12})
                self.assertGreater(counters["duplicated"], 50)
                if counters["overruns"] == 0:
                    self.assertEqual(result.total["retransmits"], 0, "a duplicate is no loss")

    def test_duplicated_acknowledgements(self):
        result, counters = self.over(20 * MB, back={"acks": True, "duplicate": 0.2, "seed": 12})
        if counters["overruns"] == 0:
            self.assertEqual(result.total["retransmits"], 0)

    def test_reordered_acknowledgements(self):
        self.over(20 * MB, back={"acks": True, "hold": 0.1, "hold_by": 3, "seed": 12})

    def test_delayed(self):
        self.wire.delay(0.02)
        result, counters = self.over(20 * MB, rule={"late": 1.0})
        self.assertEqual(counters["late"], counters["passed"])
        self.assertGreaterEqual(result.doc["end"]["rtt_us"]["p50"], 20_000)

    def test_delayed_and_lossy(self):
        self.wire.delay(0.01)
        result, counters = self.over(10 * MB, rule={"late": 1.0, "drop": 0.01, "seed": 4})
        self.assertGreater(counters["dropped"], 50)
        self.economical(result, counters)

    def test_some_late(self):
        self.wire.delay(0.005)
        _, counters = self.over(10 * MB, rule={"late": 0.01, "seed": 4})
        self.assertGreater(counters["late"], 20)

    def test_all_together(self):
        self.wire.delay(0.002)
        for by in (3, 50):
            for to in (self.wire.far_ip, self.wire.far_ip6):
                for flows in (1, 10):
                    with self.subTest(by=by, to=to, flows=flows):
                        _, counters = self.over(
                            8 * MB, "-f", flows, to=to,
                            rule={"drop": 0.01, "hold": 0.01, "hold_by": by, "duplicate": 0.01, "late": 0.01,
                                  "burst_from": 1500, "burst_length": 50, "seed": 99},
                            back={"acks": True, "drop": 0.01, "duplicate": 0.01, "hold": 0.01, "hold_by": by,
                                  "seed": 98})
                        for key in ("dropped", "duplicated", "released", "late"):
                            self.assertGreater(counters[key], 0, key)


class Silence(PathTest):
    """The path is dead for a while, or for good."""

    def cut(self, sink):
        """Nothing passes any more, and what had passed by then was acknowledged."""
        self.wire.rule(drop=1.0, acks=True)
        count = -1
        while count != (count := sink.total()):
            time.sleep(0.3)
        self.wire.rule(1, drop=1.0, acks=True)

    def test_passes(self):
        sink = self.sink(check="pattern")
        self.wire.rule()
        with self.start("--payload", "pattern", "--duration", 4, "-f", 3) as run:
            sink.wait_bytes(1 * MB, run)
            self.wire.rule(drop=1.0)
            time.sleep(1)
            self.wire.rule()
            before = sink.total()
            sink.wait_bytes(before + 3 * MB, run)
            result = self.done(run.finish())
        self.delivered(result, sink)
        self.assertGreater(result.total["rto_fired"], 0)

    def test_for_good(self):
        """Nothing passes in either direction: the flow is given up, with the reason, in bounded time."""
        sink = self.sink(check="pattern")
        self.wire.rule()
        with self.start("--payload", "pattern", "--silence", 2, "--drain", 1) as run:
            sink.wait_bytes(1 * MB, run)
            self.cut(sink)
            result = self.adds_up(self.failed(run.finish(), 5))
        flow, = result.doc["end"]["flows"]
        self.assertEqual(flow["close"], "unanswered")
        self.assertTrue(flow["detail"])
        # It was reset, with a sequence number that the receiver believes.
        self.assertEqual(sink.ended()[0].end, "reset")
        self.assertIsNone(sink.connections()[0].wrong)

    def test_only_back(self):
        """The data arrives, its acknowledgements do not: the reset has the number behind the last byte."""
        sink = self.sink(check="pattern")
        self.wire.rule()
        with self.start("--payload", "pattern", "--silence", 2, "--drain", 1) as run:
            sink.wait_bytes(1 * MB, run)
            self.wire.rule(1, drop=1.0, acks=True)
            result = self.adds_up(self.failed(run.finish(), 5))
        flow, = result.doc["end"]["flows"]
        self.assertEqual(flow["close"], "unanswered")
        self.assertEqual(sink.ended()[0].end, "reset")
        self.assertIsNone(sink.connections()[0].wrong)
        self.assertGreater(sink.connections()[0].bytes, flow["bytes"])

    def test_interrupt_waits_while_acknowledgments_arrive(self):
        """More is in flight than arrives within the second after ^C that a flow may stand still."""
        self.wire.delay(2)
        self.wire.rule(late=1.0)
        with tcp_lib.Sink(self.wire, check="pattern") as sink:
            with self.start("--payload", "pattern", "--rate", "8Mbps", "--drain", 30) as run:
                sink.wait_bytes(100_000, run)
                run.send(2)
                result = self.done(run.finish())
            self.delivered(result, sink)
        self.assertEqual(result.doc["end"]["reason"], "interrupted")

    def test_at_the_end(self):
        """The path dies after the last byte was sent and before it was acknowledged."""
        sink = self.sink(check="pattern")
        self.wire.rule()
        with self.start("--payload", "pattern", "--drain", 1) as run:
            sink.wait_bytes(1 * MB, run)
            self.cut(sink)
            run.send(2)
            result = self.adds_up(run.finish())
        flow, = result.doc["end"]["flows"]
        self.assertIn(flow["close"], ("unfinished", "unanswered"))
        self.assertEqual(result.status, 5)
        self.assertEqual(sink.ended()[0].end, "reset")


if __name__ == "__main__":
    lib.main()
