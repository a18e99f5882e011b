# SPDX-License-Identifier: BSD-2-Clause
"""The receiver behind a hop that drops, duplicates, delays and reorders by an exact rule: its report matches
exactly."""
import signal

import hop
import lib
import rx_lib

COUNT = 20_000


class PathTest(rx_lib.RxTest):
    make_wire = hop.HopWire

    def over(self, size=128, to=None, count=COUNT, receiver=(), **rule):
        """The stream's figures after a run over the rule. Repeated if the wire itself lost frames."""
        for rate in ("20kpps", "10kpps", "5kpps"):
            self.wire.rule(**rule)
            before = self.wire.overruns()
            rx = self.receiver("--duration", 60, *receiver)
            sent = self.udp("-s", size, "-n", count, "--rate", rate, to=to)
            lib.wait_for(lambda: self.wire.counters()["seen"] == sent.total["accepted"], "all frames at the hop")
            rx.send(signal.SIGINT)
            result = rx.finish()
            counters = self.wire.counters()
            if (counters["seen"], counters["failed"], self.wire.overruns()) == (count, 0, before):
                return result.end, counters
        self.fail(f"the wire loses frames of its own: {counters}")

    def exactly(self, window=65536, **rule):
        """As predicted by the model of the rule's order."""
        order, figures = hop.predict(COUNT, **rule)
        end, counters = self.over(receiver=("--window", window), **rule)
        for key, value in figures.items():
            self.assertEqual(counters[key], value, key)
        return self.said(end, rx_lib.expect(order))


class Exact(PathTest):

    def test_clean(self):
        stream = self.exactly()
        self.assertEqual(stream["loss_bursts"]["count"], 0)

    def test_burst(self):
        stream = self.exactly(burst_from=5000, burst_length=137)
        self.assertEqual((stream["lost_packets"], stream["loss_bursts"]["count"], stream["loss_bursts"]["longest"]),
                         (137, 1, 137))

    def test_burst_longer_than_the_window(self):
        stream = self.exactly(window=1024, burst_from=5000, burst_length=3000)
        self.assertEqual((stream["loss_bursts"]["count"], stream["loss_bursts"]["longest"]), (1, 3000))

    def test_every_thousandth_lost(self):
        stream = self.exactly(drop_every=1000)
        # The stream's last packet is one of them, and the receiver alone cannot know about that.
        self.assertEqual((stream["lost_packets"], stream["loss_bursts"]["longest"]), (COUNT // 1000 - 1, 1))

    def test_one_in_500_twice(self):
        stream = self.exactly(duplicate_every=500)
        self.assertEqual((stream["duplicates"], stream["replicated"]), (COUNT // 500, COUNT // 500))

    def test_every_pair_swapped(self):
        """Each second packet leaves after the third: 1 3 2 5 4 7 6 ..."""
        stream = self.exactly(hold_every=2, hold_by=1)
        self.assertEqual((stream["reordered"], stream["reorder"]["extent_max"]), (COUNT // 2 - 1, 1))

    def test_random_loss(self):
        for chance in (0.001, 0.05, 0.5):
            with self.subTest(chance):
                stream = self.exactly(drop=chance, seed=5)
                self.assertGreater(stream["lost_packets"], 0)
                self.assertEqual(sum(entry["count"] for entry in stream["loss_bursts"]["lengths"]),
                                 stream["loss_bursts"]["count"])

    def test_duplicates(self):
        self.assertGreater(self.exactly(duplicate=0.002, seed=6)["duplicates"], 10)

    def test_neighbours_swapped(self):
        stream = self.exactly(hold=0.01, hold_by=1, seed=7)
        self.assertEqual(stream["reorder"]["extent_max"], 1)

    def test_held_frames(self):
        for by in (3, 50):
            with self.subTest(by):
                self.assertGreater(self.exactly(hold=0.002, hold_by=by, seed=8)["reordered"], 10)

    def test_all_together(self):
        self.exactly(drop=0.01, duplicate=0.01, hold=0.01, hold_by=7, burst_from=9000, burst_length=50, seed=9)

    def test_compact_signatures(self):
        order, _ = hop.predict(COUNT, drop=0.01, duplicate=0.01, hold=0.01, hold_by=7, seed=10)
        end, _ = self.over(64, drop=0.01, duplicate=0.01, hold=0.01, hold_by=7, seed=10)
        self.said(end, rx_lib.expect(order))

    def test_v6(self):
        order, _ = hop.predict(COUNT, drop=0.01, seed=11)
        end, _ = self.over(to=self.wire.far_ip6, drop=0.01, seed=11)
        self.said(end, rx_lib.expect(order))


class Delay(PathTest):

    def test_at_least_the_actual_delay(self):
        for delay in (200, 2000):
            with self.subTest(f"{delay} us"):
                self.wire.delay(delay / 1e6)
                end, _ = self.over(count=2000, late=1.0)
                self.assertEqual(end["sum"]["unique"], 2000)
                self.assertGreaterEqual(end["sum"]["delay_us"]["min"], delay)
                self.assertEqual(end["sum"]["delay_us"]["count"], 2000)


if __name__ == "__main__":
    lib.main()
