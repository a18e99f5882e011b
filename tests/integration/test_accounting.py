# SPDX-License-Identifier: BSD-2-Clause
"""Frames reported as sent match the far end's own counters, and all figures add up."""
import signal
import socket
import time

import lib

THREADS = min(2, len(lib.ALL_CPUS))


class Exact(lib.WireTest):
    """At full speed, with a far end that drops: the ring may overflow, but the figures must be correct."""
    far = "drop"

    def counted(self, *args):
        before = self.wire.far_packets()
        result = self.adds_up(self.ok(self.wire.udp(*args)))
        arrived = self.wire.far_packets() - before
        self.assertEqual(result.total["accepted"], arrived, result)
        self.assertEqual(result.doc["start"]["count_source"], "tracepoint")
        return result

    def test_amount(self):
        for threads in range(1, THREADS + 1):
            for amount, count in (("1", 1), ("2", 2), ("255", 255), ("257", 257), ("300k", 300_000)):
                with self.subTest(threads=threads, amount=amount):
                    result = self.counted("-n", amount, "-t", threads)
                    self.assertEqual(result.total["accepted"], count)
                    self.assertEqual(result.total["redirect_errors"], 0)
                    self.assertEqual(result.doc["end"]["reason"], "amount")

    def test_once(self):
        """Each frame is offered once, and the amount counts attempts."""
        result = self.counted("-n", "300k", "--once")
        self.assertEqual((result.total["attempts"], result.total["resent"]), (300_000, 0))

    def test_amount_is_exact_when_paced(self):
        for burst in (1, 7):
            result = self.counted("-n", 1001, "-t", THREADS, "--rate", "20kpps", "--burst", burst)
            self.assertEqual(result.total["accepted"], 1001)

    def test_duration(self):
        started = time.monotonic()
        result = self.counted("--duration", "700ms", "-I", "100ms")
        self.assertGreaterEqual(time.monotonic() - started, 0.7)
        self.assertEqual(result.doc["end"]["reason"], "duration")
        self.assertGreater(result.total["accepted"], 1000)
        self.assertAlmostEqual(result.total["seconds"], 0.7, delta=0.01)
        self.assertGreaterEqual(len(result.doc["intervals"]), 2)

    def test_amount_before_duration(self):
        result = self.counted("-n", 100, "--duration", 20)
        self.assertEqual(result.total["accepted"], 100)
        self.assertEqual(result.doc["end"]["reason"], "amount")

    def test_both_threads_send(self):
        if THREADS < 2:
            lib.skip("a second CPU")
        result = self.counted("--duration", "500ms", "--cpus", f"{lib.ALL_CPUS[0]},{lib.ALL_CPUS[1]}")
        workers = result.doc["end"]["workers"]
        self.assertEqual([worker["cpu"] for worker in workers], lib.ALL_CPUS[:2])
        self.assertTrue(all(worker["accepted"] > 0 for worker in workers), result)

    def test_interval_lines_cover_the_run(self):
        result = self.counted("--duration", 1, "-I", "200ms", "--rate", "10kpps")
        ends = [interval["sum"]["end"] for interval in result.doc["intervals"]]
        self.assertEqual(ends, sorted(ends))
        accepted = sum(interval["sum"]["accepted"] for interval in result.doc["intervals"])
        self.assertGreater(accepted, 0.9 * result.total["accepted"])

    def test_bits_follow_from_packets(self):
        total = self.counted("-n", 20_000, "-s", 200).total
        for key, bits in (("l1", 8 * 220), ("l2", 8 * 200), ("l3", 8 * 182)):
            self.assertAlmostEqual(total[f"{key}_bits_per_second"] / total["xmit_pps"], bits, delta=bits * 1e-6)
        self.assertAlmostEqual(total["xmit_pps"] * total["seconds"], total["accepted"], delta=1)

    def test_two_runs_count_their_own(self):
        before = self.wire.far_packets()
        cpus = lib.ALL_CPUS[0], lib.ALL_CPUS[-1]
        first = self.wire.start("udp", self.wire.near_if, "--json", "-n", 9000, "--rate", "9kpps", "--cpus",
                                cpus[0])
        second = self.wire.start("udp", self.wire.near_if, "--json", "-n", 5000, "--rate", "9kpps", "--cpus",
                                 cpus[1])
        with first, second:
            results = [self.adds_up(self.ok(run.finish())) for run in (first, second)]
        self.assertEqual([result.total["accepted"] for result in results], [9000, 5000])
        self.assertEqual(sum(result.total["accepted"] for result in results),
                         self.wire.far_packets() - before)
        sessions = {result.doc["start"]["configuration"]["session"] for result in results}
        self.assertEqual(len(sessions), 2)

    def test_others_on_the_interface_are_not_counted(self):
        # Other frames that the host sends there meanwhile are in the link's counters, not in ours.
        with self.wire.start("udp", self.wire.near_if, "--json", "-n", 4000, "--rate", "8kpps") as run:
            self.wire.wait_sending()
            before = lib.link_counters(self.wire.near_ns, self.wire.near_if)["tx_packets"]
            with lib.in_netns(self.wire.near_ns):
                other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with other:
                for _ in range(500):
                    other.sendto(b"not ours", (self.wire.far_ip, 9))
            after = lib.link_counters(self.wire.near_ns, self.wire.near_if)["tx_packets"]
            self.assertGreaterEqual(after - before, 500)
            result = self.adds_up(self.ok(run.finish()))
        self.assertEqual(result.total["accepted"], 4000)

    def test_interrupt_reports_and_is_success(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            before = self.wire.far_packets()
            with self.wire.start("udp", self.wire.near_if, "--json") as run:
                self.wire.wait_sending()
                run.send(number)
                result = self.adds_up(self.ok(run.finish(3)))
            self.assertEqual(result.doc["end"]["reason"], "interrupted")
            self.assertEqual(result.total["accepted"], self.wire.far_packets() - before)

    def test_interrupt_at_a_low_rate(self):
        with self.wire.start("udp", self.wire.near_if, "--json", "--rate", "0.1pps") as run:
            self.wire.wait_sending(1)
            run.send(signal.SIGINT)
            result = self.adds_up(self.ok(run.finish(3)))
        self.assertEqual(result.total["attempts"], 1)


class Lossy(lib.OwnWireTest):
    """Accounting of refused frames: by the driver, and before they reach it. The MTU stays large enough for IPv6, which
    would otherwise send frames when it returns."""

    def with_gap(self, break_it, mend_it):
        """A run in the middle of which frames are refused for a while, too short to end it."""
        before = self.wire.far_packets()
        with self.wire.start("udp", self.wire.near_if, "--json", "-s", 1400, "--duration", "1500ms", "--rate",
                             "20kpps") as run:
            self.wire.wait_sending()
            break_it()
            time.sleep(0.2)
            mend_it()
            result = self.adds_up(self.ok(run.finish()))
        self.assertEqual(result.total["accepted"], self.wire.far_packets() - before)
        return result

    def test_driver_drops(self):
        # A veth drops frames above its peer's MTU.
        far = self.wire.far_if
        result = self.with_gap(lambda: self.wire.far("ip", "link", "set", "dev", far, "mtu", "1280"),
                               lambda: self.wire.far("ip", "link", "set", "dev", far, "mtu", "1500"))
        self.assertGreater(result.total["driver_drops"], 0)
        self.assertEqual(result.total["redirect_errors"], 0)

    def test_redirect_errors(self):
        near = self.wire.near_if
        result = self.with_gap(lambda: self.wire.near("ip", "link", "set", "dev", near, "mtu", "1280"),
                               lambda: self.wire.near("ip", "link", "set", "dev", near, "mtu", "1500"))
        self.assertGreater(result.total["redirect_errors"], 0)
        errors = {error["name"]: error["count"] for error in result.doc["end"]["errors"]}
        self.assertEqual(errors.get("EMSGSIZE"), result.total["redirect_errors"], errors)

    def test_slow_reader(self):
        # Every frame is copied to many sockets, so that the far end cannot keep up; if it does, the test still holds.
        sockets = []
        self.addCleanup(lambda: [each.close() for each in sockets])
        with lib.in_netns(self.wire.far_ns):
            for _ in range(30):
                sockets.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
        before = self.wire.far_packets()
        result = self.adds_up(self.ok(self.wire.udp("-n", 50_000, "-t", THREADS)))
        self.assertEqual(result.total["accepted"], 50_000)
        self.assertEqual(result.total["accepted"], self.wire.far_packets() - before)


class OneQueue(lib.WireTest):
    wire_options = ("--queues", 1)
    far = "drop"

    def test_threads_share_a_queue(self):
        before = self.wire.far_packets()
        result = self.adds_up(self.ok(self.wire.udp("-n", 200_000, "-t", THREADS)))
        self.assertEqual(result.total["accepted"], 200_000)
        self.assertEqual(result.total["accepted"], self.wire.far_packets() - before)


if __name__ == "__main__":
    lib.main()
