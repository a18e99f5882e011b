# SPDX-License-Identifier: BSD-2-Clause
"""The capture files of `rx`: exactly the requested frames, as they were sent."""
import math
import os
import signal
import time
import unittest

import hop
import lib
import rx_lib
from test_rx_path import COUNT, PathTest

UDP_CHECKSUM, LANE, SENT_AT = slice(40, 42), -10, slice(-24, -16)  # of an IPv4 frame with a full signature


def numbers(packets):
    return [lib.Frame(packet.data).signature()["seq"] for packet in packets]


def plain(frame):
    """Without the bytes that only the sending program writes: the time, its thread, and their part of the checksum."""
    frame = bytearray(frame)
    frame[UDP_CHECKSUM], frame[SENT_AT] = bytes(2), bytes(8)
    frame[LANE] = 0
    return bytes(frame)


class SampleTest(rx_lib.RxTest):

    def path(self, name="frames.pcap"):
        return os.path.join(lib.scratch(self), name)

    def sampled(self, path, *args, count=3000, sending=(), size=128):
        """A run over a wire that accepted all frames, slowly if necessary: its report, and the packets."""
        for rate in ("10kpps", "5kpps", "2kpps"):
            rx = self.receiver("--duration", 60, "-n", count, "--write-pcap", path, *args)
            sent = self.udp("-s", size, "-n", count, "--rate", rate, *sending)
            if sent.total["accepted"] == count:
                end = self.ok(rx.finish()).end
                sample = end["sample"]
                self.assertEqual((sample["file"], sample["cut"], sample["lost_samples"]), (path, 0, 0))
                packets = lib.packets_of_pcap(path)
                self.assertEqual(sample["written"], len(packets))
                self.sound([packet.data for packet in packets])
                return end, packets
            rx.send(signal.SIGINT)
            rx.finish()
        return self.fail("the wire refuses frames")


class Samples(SampleTest):

    def test_by_number_as_they_were_sent(self):
        path, near = self.path(), self.path("near.pcap")
        before = time.time_ns()
        end, packets = self.sampled(path, "--sample", "1/100", "--verify",
                                    sending=("--write-pcap", near, "--show-frames", 3000, "--payload", "random"))
        after = time.time_ns()
        self.assertEqual(numbers(packets), list(range(0, 3000, 100)))
        self.assertEqual([plain(packet.data) for packet in packets],
                         [plain(frame) for frame in lib.frames_of_pcap(near)[::100]])
        self.assertEqual(end["sample"]["reasons"],
                         {"every": 30, "first": 0, "late": 0, "lost": 0, "duplicate": 0, "corrupt": 0})
        self.assertEqual(end["verify"], {"corrupt": 0, "unverified": 0})
        times = [packet.time for packet in packets]
        self.assertEqual(times, sorted(times))
        # A clock step in between makes this wrong; one second is tolerated.
        self.assertGreater(times[0], before - 10**9)
        self.assertLess(times[-1], after + 10**9)

    def test_the_same_numbers_of_any_size(self):
        # The first frame with a compact signature is not accepted in time.
        for size, first in ((64, 500), (1514, 0)):
            with self.subTest(size=size):
                _, packets = self.sampled(self.path(), "--sample", "1/500", size=size)
                self.assertEqual(numbers(packets), list(range(first, 3000, 500)))

    def test_first_frames(self):
        for args, count in (((), 1000), (("--sample", "7"), 7), (("--sample", "first:20"), 20)):
            with self.subTest(args=args):
                end, packets = self.sampled(self.path(), *args, count=1500)
                self.assertEqual(numbers(packets), list(range(count)))
                self.assertEqual(end["sample"]["reasons"]["first"], count)

    def test_percentiles_are_those_of_the_recorded_trace(self):
        end, packets = self.sampled(self.path(), "--sample", "1/1")
        delay = end["sum"]["delay_us"]
        taken = sorted(packet.time - int.from_bytes(packet.data[SENT_AT], "big") for packet in packets)
        # The file has the time of day: its offset from the run's clock follows from the smallest delay, which is exact.
        ahead = taken[0] - round(delay["min"] * 1000)
        exact = [ns - ahead for ns in taken]
        self.assertEqual((delay["count"], round(delay["max"] * 1000)), (3000, exact[-1]))
        self.assertAlmostEqual(delay["mean"] * 1000, sum(exact) / len(exact), places=2)
        for name, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("p9999", 0.9999)):
            at_rank = exact[math.ceil(q * len(exact)) - 1]
            self.assertLessEqual(abs(delay[name] * 1000 - at_rank), at_rank / 64 + 1, name)

    def test_comments(self):
        end, packets = self.sampled(self.path("x.pcapng"), "--sample", "1/1000,first:2")
        self.assertEqual([packet.comment for packet in packets],
                         ["by its number; one of the first; number 0", "one of the first; number 1",
                          "by its number; number 1000", "by its number; number 2000"])
        self.assertEqual((end["sample"]["reasons"]["every"], end["sample"]["reasons"]["first"]), (3, 2))

    def test_tools_read_it(self):
        tcpdump, tshark = lib.need_tool("tcpdump"), lib.need_tool("tshark")
        for name in ("x.pcap", "x.pcapng"):
            path = self.path(name)
            self.sampled(path, "--sample", "20", count=100)
            text = lib.call(tcpdump, "-nn", "-vv", "-r", path)
            self.assertEqual(text.count("[udp sum ok]"), 20, text)
            text = lib.call(tshark, "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.comment")
            lines = text.splitlines()
            self.assertEqual(len(lines), 20)
            stamp = lib.packets_of_pcap(path)[0].time
            self.assertTrue(lines[0].startswith(f"{stamp // 10**9}.{stamp % 10**9:09d}"), lines[0])
            self.assertEqual("one of the first" in lines[0], name == "x.pcapng", lines[0])

    def test_generic_mode(self):
        _, packets = self.sampled(self.path(), "--sample", "1/1000", "--mode", "generic")
        self.assertEqual(numbers(packets), [0, 1000, 2000])


class Files(SampleTest):

    def test_is_replaced_and_has_the_usual_permissions(self):
        path = self.path()
        with open(path, "wb") as file:
            file.write(bytes(1_000_000))
        os.chmod(path, 0o640)
        self.sampled(path, "--sample", "5", count=100)
        self.assertEqual(len(lib.packets_of_pcap(path)), 5)
        os.unlink(path)
        self.sampled(path, "--sample", "5", count=100)
        umask = os.umask(0)
        os.umask(umask)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o666 & ~umask)

    def test_can_be_read_during_the_run_and_is_whole_after_an_interrupt(self):
        path = self.path()
        rx = self.receiver("--write-pcap", path, "--sample", "10")
        self.udp("-s", 128, "-n", 10, "--rate", "1kpps")
        lib.wait_for(lambda: len(lib.packets_of_pcap(path)) == 10, "the frames are in the file")
        self.assertTrue(rx.running())
        rx.send(signal.SIGINT)
        self.assertEqual(rx.finish().end["sample"]["written"], 10)
        self.assertEqual(len(lib.packets_of_pcap(path)), 10)

    def test_unwritable_file_is_rejected_before_attaching(self):
        folder = lib.scratch(self)
        for path, said in (("/nosuch/folder/x.pcap", "create /nosuch/folder/x.pcap: "),
                           (folder, f'--write-pcap "{folder}": a directory'),
                           ("/dev/null/x.pcap", "create /dev/null/x.pcap: ")):
            with self.subTest(path=path):
                with rx_lib.Process(["ip", "netns", "exec", self.wire.far_ns, rx_lib.BINARY],
                                    ["rx", self.wire.far_if, "--json", "--write-pcap", path]) as rx:
                    self.failed(rx.finish(), 2, said)
        with rx_lib.Process(["ip", "netns", "exec", self.wire.far_ns, rx_lib.BINARY],
                            ["rx", self.wire.far_if, "--json", "--sample", "late"]) as rx:
            self.failed(rx.finish(), 2, "--sample late", "--write-pcap")

    def test_a_full_disk_ends_the_run(self):
        rx = self.receiver("--write-pcap", "/dev/full", "--duration", 30)
        self.udp("-s", 128, "-n", 100, "--rate", "1kpps")
        result = rx.finish()
        self.assertEqual(result.status, 1, result)
        self.assertIn("write /dev/full: No space left on device", result.err)
        self.assertEqual(result.end["reason"], "failed")

    def test_what_comes_too_fast_is_counted(self):
        """The writer is stopped while more arrives than its ring holds."""
        path = self.path()
        rx = self.receiver("--write-pcap", path, "--sample", "1/1")
        rx.send(signal.SIGSTOP)
        sent = self.udp("-s", 1514, "-n", 10_000, "--rate", "5kpps")
        rx.send(signal.SIGCONT)
        rx.send(signal.SIGINT)
        end = rx.finish().end
        sample, packets = end["sample"], lib.packets_of_pcap(path)
        self.assertEqual(sample["written"], len(packets))
        self.assertEqual(sample["written"] + sample["lost_samples"], end["sum"]["packets"])
        self.assertGreater(sample["written"], 4000)
        self.assertGreater(sample["lost_samples"], sent.total["accepted"] // 10)
        self.sound([packet.data for packet in packets], size=1514)


def fates(order):
    """Numbers in the order of arrival: late ones, duplicates, ones after a gap, and the gap."""
    late, again, gaps, seen, top = [], [], [], set(), None
    for number in order:
        if number in seen:
            again.append(number)
        elif top is not None and number < top:
            late.append(number)
        elif top is not None and number > top + 1:
            gaps.append((number, number - top - 1))
        seen.add(number)
        top = number if top is None else max(top, number)
    return late, again, gaps


class OverAPath(PathTest):

    def written(self, sample, **rule):
        path = os.path.join(lib.scratch(self), "x.pcapng")
        end, _ = self.over(receiver=("--write-pcap", path, "--sample", sample), **rule)
        packets = lib.packets_of_pcap(path)
        self.assertEqual((end["sample"]["written"], end["sample"]["lost_samples"]), (len(packets), 0))
        self.sound([packet.data for packet in packets])
        return end, packets

    def test_after_a_burst(self):
        _, packets = self.written("lost", burst_from=5000, burst_length=137)
        self.assertEqual(numbers(packets), [5137])
        self.assertTrue(packets[0].comment.startswith("lost before it: 137, "), packets[0].comment)
        self.assertTrue(packets[0].comment.endswith("; number 5137"), packets[0].comment)

    def test_every_fate(self):
        rule = {"drop": 0.005, "duplicate": 0.005, "hold": 0.005, "hold_by": 7, "seed": 12}
        late, again, gaps = fates(hop.predict(COUNT, **rule)[0])
        self.assertGreater(min(len(late), len(again), len(gaps)), 20)
        end, packets = self.written("late,lost,duplicate", **rule)
        for reason, expected in (("late", late), ("duplicate", again), ("lost", [number for number, _ in gaps])):
            self.assertEqual(numbers(packet for packet in packets if packet.comment.startswith(reason)), expected)
            self.assertEqual(end["sample"]["reasons"][reason], len(expected))
        self.assertEqual([int(packet.comment.split(",")[0].split(": ")[1]) for packet in packets
                          if packet.comment.startswith("lost")], [gap for _, gap in gaps])
        _, packets = self.written("late", **rule)
        self.assertEqual(numbers(packets), late)


class Corrupt(rx_lib.RxTest):
    """Frames with a flipped bit, sent by hand."""

    def test_are_counted_apart_and_written(self):
        for size, to in ((128, self.wire.far_ip), (129, self.wire.far_ip6), (1514, self.wire.far_ip)):
            with self.subTest(size=size, to=to):
                sent = self.wire_frames(size, to)
                spoiled = {}
                for at in range(3, len(sent) - 1, 7):
                    frame = bytearray(sent[at])
                    # After the MAC addresses, the IPv6 words without a checksum, and before the magic.
                    where = 54 + at * 7919 % (len(frame) - 4 - 54)
                    frame[where] ^= 1 << at % 8
                    spoiled[at] = sent[at] = bytes(frame)
                path = os.path.join(lib.scratch(self), "x.pcapng")
                rx = self.receiver("--write-pcap", path, "--sample", "corrupt", "--duration", 60)
                rx_lib.send_by_hand(self.wire, sent)
                rx.send(signal.SIGINT)
                end = rx.finish().end
                self.assertEqual(end["verify"], {"corrupt": len(spoiled), "unverified": 0})
                self.assertEqual(end["sum"]["packets"], len(sent) - len(spoiled))
                self.assertEqual(end["sum"]["lost_packets"], len(spoiled))
                self.assertEqual(len(end["streams"]), 1)
                packets = lib.packets_of_pcap(path)
                self.assertEqual([packet.data for packet in packets], list(spoiled.values()))
                self.assertEqual({packet.comment for packet in packets}, {"corrupt: wrong checksum"})
                self.assertEqual(end["sample"]["reasons"]["corrupt"], len(spoiled))

    def wire_frames(self, size, to, count=200):
        return rx_lib.rendered(self, "-s", size, "-a", to, count=count)

    def test_no_checksum_cannot_be_wrong(self):
        rx = self.receiver("--verify", "--duration", 60, "-n", 200)
        rx_lib.send_by_hand(self.wire, rx_lib.rendered(self, "-s", 128, "-a", self.wire.far_ip, "--no-udp-checksum",
                                                       count=200))
        end = self.ok(rx.finish()).end
        self.assertEqual(end["verify"], {"corrupt": 0, "unverified": 200})
        self.assertEqual(end["sum"]["unique"], 200)
        self.assertIsNone(end["sample"])

    def test_a_run_as_usual_has_none(self):
        for size, to in ((64, self.wire.far_ip), (1514, self.wire.far_ip6)):
            with self.subTest(size=size):
                rx = self.receiver("--verify", "--duration", 60, "-n", 2000)
                sent = self.udp("-s", size, "-n", 2000, "--rate", "5kpps", "--payload", "random", to=to)
                if sent.total["accepted"] != 2000:
                    raise unittest.SkipTest("the wire refused frames")
                end = self.ok(rx.finish()).end
                self.assertEqual(end["verify"], {"corrupt": 0, "unverified": 0})
                self.assertEqual(end["sum"]["unique"], 2000)


if __name__ == "__main__":
    lib.main()
