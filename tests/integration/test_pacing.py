# SPDX-License-Identifier: BSD-2-Clause
"""Rates: packets per time, on each layer, and their spacing. No test here judges speed: slots that a busy host missed
must be in the figures."""
import signal
import time

import lib

THREADS = min(2, len(lib.ALL_CPUS))


class Arithmetic(lib.WireTest):
    """The plan alone, from --dry-run."""

    def target(self, *args):
        result = self.ok(self.wire.udp("--dry-run", *args))
        return result.stream["rate"]["target_pps"], result.stream

    def test_packets_per_second(self):
        for text, pps in (("1500pps", 1500), ("1.5Mpps", 1.5e6), ("20kpps", 20e3), ("0.5pps", 0.5),
                          ("14.88Mpps", 14.88e6)):
            self.assertAlmostEqual(self.target("--rate", text)[0], pps, delta=pps * 1e-9)
        self.assertIsNone(self.target("--rate", "max")[0])
        self.assertIsNone(self.target()[0])

    def test_bits_of_each_layer(self):
        # A frame of s bytes with FCS takes 20 more on the wire, and 18 less as an IP packet.
        for size in (64, 1518):
            for text, bits in (("10Gbps", 10e9), ("800kbit", 8e5), ("2.5Gbit/s", 2.5e9)):
                for layer, length in ((None, size + 20), ("l1", size + 20), ("l2", size), ("l3", size - 18)):
                    with self.subTest(size=size, rate=text, layer=layer):
                        option = () if layer is None else ("--rate-layer", layer)
                        pps, stream = self.target("-s", size, "--rate", text, *option)
                        self.assertAlmostEqual(pps, bits / (8 * length), delta=pps * 1e-9)
                        self.assertEqual(stream["rate"]["layer"], layer or "l1")
                        self.assertEqual(stream["rate"]["bits_per_second"], bits)

    def test_slots(self):
        for threads, burst in ((1, 1), (1, 32), (THREADS, 1), (THREADS, 8)):
            _, stream = self.target("--rate", "30kpps", "--burst", burst, "-t", threads)
            self.assertEqual(stream["pacing"]["frames_per_slot"], burst)
            self.assertAlmostEqual(stream["pacing"]["slot_interval_ns"], 1e9 / 30e3 * burst * threads,
                                   places=4)


class Amounts(lib.WireTest):
    far = "drop"

    def paced(self, pps, seconds, *args):
        before = self.wire.far_packets()
        result = self.adds_up(self.ok(self.wire.udp("--rate", f"{pps}pps", "--duration", f"{seconds}s",
                                                    *args)))
        self.assertEqual(self.wire.far_packets() - before, result.total["accepted"])
        total, target = result.total, result.doc["end"]["target"]
        slots = total["attempts"] - total["resent"] + total["skipped_slots"]
        self.assertAlmostEqual(slots, pps * seconds, delta=max(0.01 * pps * seconds, 1))
        self.assertAlmostEqual(target["pps"], pps, delta=pps * 1e-9)
        self.assertAlmostEqual(target["achieved_pps"], total["accepted"] / total["seconds"],
                               delta=0.01 * pps)
        deviation = target["achieved_pps"] / pps - 1
        self.assertAlmostEqual(target["deviation_ratio"], deviation, delta=1e-3)
        # A shortfall is explained; a rate that was kept has no explanation.
        self.assertEqual(target["shortfall"] is None, target["deviation_ratio"] >= -0.01, target)
        return result

    def test_rates(self):
        self.paced(20, 2)
        self.paced(5000, 2)
        self.paced(50_000, 1, "-t", THREADS)

    def test_rates_in_busy_mode(self):
        self.paced(2000, 1, "--pace", "busy")

    def test_bursts(self):
        result = self.paced(10_000, 1, "--burst", 50)
        self.assertEqual((result.total["attempts"] - result.total["resent"] + result.total["skipped_slots"]) % 50, 0)

    def test_the_end_comes_before_a_far_deadline(self):
        started = time.monotonic()
        result = self.adds_up(self.ok(self.wire.udp("--rate", "0.1pps", "--duration", 1)))
        self.assertLess(time.monotonic() - started, 3)
        self.assertEqual(result.total["attempts"], 1)
        self.assertEqual(result.doc["end"]["reason"], "duration")
        self.assertLess(result.doc["end"]["cpu_seconds"], 0.5, "a waiting run uses little CPU time")

    def test_no_slot_at_the_exclusive_end(self):
        """The slot at rate times duration is not part of the run: not sent, and not missed."""
        for pps in (7, 11):
            total = self.adds_up(self.ok(self.wire.udp("--rate", f"{pps}pps", "--duration", 3))).total
            self.assertEqual(total["attempts"] - total["resent"] + total["skipped_slots"], 3 * pps)

    def test_a_run_is_as_long_as_it_was(self):
        started = time.monotonic()
        with self.wire.start("udp", self.wire.near_if, "--json", "--rate", "0.1pps") as run:
            self.wire.wait_sending(1)
            run.send(signal.SIGINT)
            result = self.adds_up(self.ok(run.finish()))
        self.assertLess(result.total["seconds"], time.monotonic() - started)
        self.assertAlmostEqual(result.doc["end"]["target"]["achieved_pps"], 0.1, delta=0.001)

    def test_every_release_has_a_release_delay(self):
        result = self.paced(5000, 1, "--burst", 5)
        slip = result.doc["end"]["slip_ns"]
        self.assertEqual(slip["count"], (result.total["attempts"] - result.total["resent"]) // 5)
        order = [slip[key] for key in ("p50", "p90", "p99", "p999", "max")]
        self.assertEqual(order, sorted(order))
        self.assertIsNone(self.ok(self.wire.udp("-n", 1)).doc["end"]["slip_ns"])

    def test_missed_slots_are_counted(self):
        # Stopped for half a second, the schedule goes on: afterwards there is neither a flood nor silence.
        with self.wire.start("udp", self.wire.near_if, "--json", "--rate", "10kpps", "--duration", 2) as run:
            self.wire.wait_sending()
            run.send(signal.SIGSTOP)
            time.sleep(0.5)
            run.send(signal.SIGCONT)
            result = self.adds_up(self.ok(run.finish()))
        total = result.total
        self.assertGreaterEqual(total["skipped_slots"], 4000)
        self.assertAlmostEqual(total["attempts"] - total["resent"] + total["skipped_slots"], 20_000, delta=200)
        self.assertTrue(result.doc["end"]["target"]["shortfall"], result)

    def test_a_rate_out_of_reach_says_so(self):
        result = self.adds_up(self.ok(self.wire.udp("--rate", "900Mpps", "--duration", "300ms")))
        self.assertGreater(result.total["skipped_slots"], 0)
        self.assertLess(result.doc["end"]["target"]["deviation_ratio"], -0.01)
        self.assertTrue(result.doc["end"]["target"]["shortfall"])


class Shape(lib.WireTest):

    def test_bursts_come_together(self):
        with self.wire.capture(times=True) as capture:
            result = self.ok(self.wire.udp("-n", 120, "--rate", "100pps", "--burst", 10))
            capture.take(result.total["accepted"])
            times = list(capture.times)
        groups = [1]
        for before, after in zip(times, times[1:]):
            if after - before > 0.05:
                groups.append(1)
            else:
                groups[-1] += 1
        # Twelve bursts, a tenth of a second apart; on a busy host some are late and join the next.
        whole = [size for size in groups if size % 10 == 0]
        self.assertGreaterEqual(len(whole), 5, groups)
        self.assertGreaterEqual(sum(whole), 80, groups)

    def test_without_bursts_they_are_spread(self):
        with self.wire.capture(times=True) as capture:
            result = self.ok(self.wire.udp("-n", 50, "--rate", "100pps"))
            capture.take(result.total["accepted"])
            times = list(capture.times)
        self.assertGreaterEqual(times[-1] - times[0], 0.45)


if __name__ == "__main__":
    lib.main()
