# SPDX-License-Identifier: BSD-2-Clause
"""Runs that their sender announces: the receiver begins and ends with them, and knows what was sent."""
import collections
import ctypes
import os
import signal
import socket
import struct
import time

import hop
import lib
import rx_lib

COUNT = 5_000
START, END = 1 << 1, 1 << 2  # bits of the types, for the hop


class _Timex(ctypes.Structure):
    _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long),
                ("maxerror", ctypes.c_long), ("esterror", ctypes.c_long), ("status", ctypes.c_int),
                ("room", ctypes.c_byte * 256)]


def in_step():
    """Whether the kernel considers its clock synchronised: no TIME_ERROR, no STA_UNSYNC."""
    time = _Timex()
    return ctypes.CDLL(None).adjtimex(ctypes.byref(time)) not in (-1, 5) and not time.status & 0x40


def boot_name():
    """FNV-1a of the boot id, which distinguishes hosts."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        value = 0xcbf29ce484222325
        for byte in file.readline().strip().encode():
            value = (value ^ byte) * 0x100000001b3 & UNKNOWN
    return value


Said = collections.namedtuple("Said", "frames refused duration rate host clock_error frame_size streams threads")
SAID = struct.Struct(">6QI2H")  # xtg_sig_announce, before the signature
SIGNATURE = 32
UNKNOWN = (1 << 64) - 1


class Plain(rx_lib.RxTest):

    def announced(self, *args, receiver=(), rates=("10kpps", "5kpps", "2kpps"), count=COUNT, to=None):
        """A receiver without limits and an announced run, repeated at a lower rate if the wire refuses frames."""
        for rate in rates:
            rx = self.receiver(*receiver)
            sent = self.udp("-n", count, "--rate", rate, "--announce", *args, to=to)
            self.assertEqual(sent.total["accepted"], count, "announcements are not counted")
            result = rx.finish()
            if result.end["aside"]["link_dropped"] == 0 and sent.total["accepted"] == count:
                return result
        self.fail(f"the wire loses frames of its own: {result}")

    def test_it_ends_by_itself(self):
        for args in (("-s", 128), ("-s", 64), ("-s", 128, "--threads", 2), ("-s", 200, "--vary", "random", "-p", "1-99"),
                     ("-s", 128, "--no-udp-checksum")):
            with self.subTest(args=args):
                result = self.announced(*args)
                self.assertEqual((result.status, result.end["reason"]), (0, "announced"), result)
                total = result.end["sum"]
                self.assertEqual((total["packets"], total["sent"], total["lost_packets"]), (COUNT, COUNT, 0))
                run, = result.end["announced"]
                self.assertEqual((run["start_seen"], run["ended"], run["num_packets"], run["attempts"], run["refused"]),
                                 (True, True, COUNT, COUNT, 0))
                self.assertEqual(run["frame_size"], int(args[1]))
                event, = [e["data"] for e in result.events if e["event"] == "announced"]
                self.assertEqual(event["session"], run["session"])
                self.assertFalse(event["ended"])
                # Excludes the time before the first frame and after the last.
                self.assertAlmostEqual(total["rx_pps"], COUNT / total["seconds"], delta=1)

    def test_v6_and_expect(self):
        result = self.announced("-s", 128, to=self.wire.far_ip6, receiver=("--expect", f"rx={COUNT},lost=0,streams=1"))
        self.assertEqual((result.status, result.end["sum"]["sent"]), (0, COUNT), result)

    def test_a_run_before_is_not_in_the_report(self):
        rx = self.receiver()
        self.udp("-s", 256, "-n", 300, "--rate", "1kpps")
        self.udp("-s", 128, "-n", 200, "--rate", "1kpps", "--announce")
        result = rx.finish()
        self.assertEqual(result.end["reason"], "announced", result)
        stream, = result.end["streams"]
        self.assertEqual((stream["packets"], stream["frame_size"]["max"]), (200, 128))
        self.assertEqual(result.end["sum"]["packets"], 200)
        # Frames that arrived before this process saw the announcement are not counted; on a busy host there are some.
        self.assertLessEqual(sum(queue["packets"] for queue in result.end["queues"]), 200)
        self.assertEqual(result.end["aside"]["unannounced"], 0)
        # The interval lines restart, too.
        at = [event["event"] for event in result.events].index("announced")
        lines = [event["data"]["sum"] for event in result.events[at:] if event["event"] == "interval"]
        self.assertEqual((lines[0]["start"], sum(line["packets"] for line in lines)), (0, 200), result)

    def test_what_a_filter_counted_before_is_not_in_it(self):
        """The run changes neither the length nor the sizes and times of the filter's frames."""
        rx = self.receiver("--match", "udp dst port 9")
        with lib.in_netns(self.wire.near_ns):
            other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(other.close)
        self.udp("-p", 9, "-s", 1000, "-n", 1, "--no-signature")
        with self.wire.start("udp", self.wire.near_if, "-a", self.wire.far_ip, "-s", 128, "--rate", "100pps",
                             "--announce", "--json") as run:
            self.wire.wait_sending()
            for _ in range(100):
                other.sendto(bytes(100), (self.wire.far_ip, 9))
                time.sleep(0.02)
            run.send(signal.SIGTERM)
            self.ok(run.finish())
        result = rx.finish()
        self.assertEqual(result.end["reason"], "announced", result)
        test, plain = result.end["streams"]
        self.assertEqual(plain["frame_size"], {"min": 146, "max": 146}, "only those in the run")
        self.assertIn(plain["packets"], range(1, 101))
        self.assertAlmostEqual(result.end["sum"]["seconds"],
                               test["seconds"] * test["packets"] / (test["packets"] - 1), places=4)

    def test_what_a_filter_counted_before_is_not_in_the_report(self):
        rx = self.receiver("--match", "udp dst port 5555")
        self.udp("-s", 128, "-n", 300, "--rate", "1kpps", "-p", 5555, "--no-signature")
        with self.wire.start("udp", self.wire.near_if, "-a", self.wire.far_ip, "-s", 128, "--rate", "1kpps",
                             "--announce", "--json") as run:
            self.wire.wait_sending()
            more = self.udp("-s", 128, "-n", 50, "--rate", "1kpps", "-p", 5555, "--no-signature")
            run.send(signal.SIGTERM)
            sent = self.ok(run.finish())
        result = rx.finish()
        self.assertEqual((result.end["reason"], result.end["sum"]["packets"]),
                         ("announced", sent.total["accepted"] + more.total["accepted"]), result)
        self.assertGreaterEqual(result.end["sum"]["start"], 0)

    def test_what_was_not_verified_before_is_not_in_the_report(self):
        rx = self.receiver("--verify")
        self.udp("-s", 128, "-n", 300, "--rate", "1kpps", "--no-udp-checksum")
        self.udp("-s", 128, "-n", 200, "--rate", "1kpps", "--announce")
        self.assertEqual(rx.finish().end["verify"], {"corrupt": 0, "unverified": 0})

    def test_the_amount_is_the_announced_runs(self):
        rx = self.receiver("-n", 250)
        self.udp("-s", 128, "-n", 200, "--rate", "1kpps")
        self.udp("-s", 128, "-n", 400, "--rate", "1kpps", "--announce")
        result = rx.finish()
        self.assertEqual(result.end["reason"], "amount", result)
        self.assertGreaterEqual(result.end["sum"]["packets"], 250)

    def test_two_senders(self):
        """The second run joins, and the end is that of both."""
        rx = self.receiver()
        with self.wire.start("udp", self.wire.near_if, "-a", self.wire.far_ip, "-s", 128, "--rate", "1kpps",
                             "--announce", "--json") as first:
            self.wire.wait_sending()
            self.udp("-s", 512, "-n", 400, "--rate", "1kpps")
            second = self.udp("-s", 256, "--rate", "500pps", "-n", 300, "--announce")
            self.assertIsNone(rx.child.poll())
            first.send(signal.SIGTERM)
            one = self.ok(first.finish())
        result = rx.finish()
        self.assertEqual((result.status, result.end["reason"]), (0, "announced"), result)
        streams = {stream["frame_size"]["max"]: stream for stream in result.end["streams"]}
        self.assertEqual({size: stream["sent"] for size, stream in streams.items()},
                         {128: one.total["accepted"], 256: second.total["accepted"]})
        self.assertEqual(result.end["sum"]["sent"], one.total["accepted"] + second.total["accepted"])
        self.assertIn(result.end["aside"]["unannounced"], range(1, 401))

    def test_ignored(self):
        rx = self.receiver("--ignore-announcements")
        self.udp("-s", 128, "-n", 300, "--rate", "1kpps")
        self.udp("-s", 128, "-n", 200, "--rate", "1kpps", "--announce")
        self.assertIsNone(rx.child.poll())
        rx.send(signal.SIGTERM)
        result = rx.finish()
        self.assertEqual((result.end["reason"], result.end["sum"]["packets"]), ("interrupted", 500), result)
        self.assertIsNone(result.end["sum"]["sent"])
        self.assertEqual(result.end["aside"]["unknown"], 0)

    def test_an_interrupted_run_is_ended(self):
        rx = self.receiver()
        with self.wire.start("udp", self.wire.near_if, "-a", self.wire.far_ip, "-s", 128, "--rate", "1kpps",
                             "--announce", "--json") as run:
            self.wire.wait_sending()
            run.send(signal.SIGTERM)
            sent = self.ok(run.finish())
        result = rx.finish()
        self.assertEqual((result.end["reason"], result.end["sum"]["sent"]), ("announced", sent.total["accepted"]))

    def test_refused_frames_are_not_lost(self):
        """A flood over a veth: its ring is full at times, and the sender knows about every frame."""
        rx = self.receiver()
        sent = self.udp("-s", 128, "--duration", 1, "--announce")
        result = rx.finish()
        run, = result.end["announced"]
        self.assertEqual((run["attempts"], run["refused"]),
                         (sent.total["attempts"], sent.total["driver_drops"] + sent.total["redirect_errors"]))
        total = result.end["sum"]
        self.assertEqual(total["sent"], sent.total["accepted"])
        self.assertEqual(total["lost_packets"], 0, result)

    def test_other_sessions_announcements_pass(self):
        rx = self.receiver("--session", "00000001")
        self.udp("-s", 128, "-n", 10, "--announce")
        self.assertIsNone(rx.child.poll())
        rx.send(signal.SIGTERM)
        result = rx.finish()
        self.assertEqual(result.end["announced"], [])
        self.assertGreaterEqual(result.end["aside"]["refused"], 16)

    def test_clock_is_shared_on_one_host(self):
        stream, = self.announced("-s", 128, count=500).end["streams"]
        self.assertEqual((stream["clock"], stream["clock_note"]), ("shared", None))
        self.assertIsNotNone(stream["delay_us"])

    def test_clock_with_an_offset(self):
        """As if the sender's clock were 10 ms ahead; in the compact form the send time is cut to 48 bits."""
        for size in (128, 64):
            with self.subTest(size):
                stream, = self.announced("-s", size, receiver=("--clock-offset", "10ms"), count=500).end["streams"]
                self.assertEqual((stream["clock"], stream["negative_delays"]), ("offset", 0))
                self.assertIn("--clock-offset", stream["clock_note"])
                self.assertGreaterEqual(stream["delay_us"]["min"], 10_000)
        # Behind by more than any delay: no delay is plausible.
        stream, = self.announced("-s", 128, receiver=("--clock-offset=-20s",), count=500).end["streams"]
        self.assertEqual((stream["clock"], stream["delay_us"]), ("differs", None))

    def test_clock_tai_needs_synchronisation(self):
        vouched = in_step()
        stream, = self.announced("-s", 128, "--clock", "tai", count=500).end["streams"]
        self.assertLess(stream["seconds"], 3600)
        if vouched:
            self.assertEqual(stream["clock"], "tai")
            self.assertIsNotNone(stream["clock_error_us"])
        else:
            self.assertEqual((stream["clock"], stream["clock_error_us"], stream["delay_us"]), ("differs", None, None))
            self.assertIn("CLOCK_TAI of this host is not known to be in step", stream["clock_note"])
            self.assertIn("--round-trip", stream["clock_note"])
        self.assertIsNotNone(stream["jitter_us"])

    def captured(self, *args, count):
        """All frames of an announced run, as a list, and the contents of its announcements by type."""
        with self.wire.capture() as capture:
            self.assertEqual(self.udp("-s", 128, "-n", count, "--announce", *args).err, "")
            frames = [bytearray(frame) for frame in capture.take(count + 6)]
        said = collections.defaultdict(list)
        for frame in frames:
            if frame[-6]:
                said[1 << frame[-6]].append(Said(*SAID.unpack_from(frame, len(frame) - SIGNATURE - SAID.size)))
        self.assertEqual({what: len(copies) for what, copies in said.items()}, {START: 3, END: 3})
        return frames, said

    def test_wire_format(self):
        vouched = in_step()
        _, said = self.captured("--rate", "1kpps", "--duration", 5, "--threads", 2, count=20)
        for what, copies in said.items():
            for copy in copies:
                self.assertEqual(copy._replace(clock_error=0),
                                 Said(20, 0, 5 * 10**9, 10**6, boot_name(), 0, 128, 1, 2), what)
                self.assertEqual(copy.clock_error != UNKNOWN, vouched)

    def test_a_run_of_another_host(self):
        """The sender has another clock, however plausible the delays look."""
        frames, _ = self.captured("--rate", "1kpps", count=20)
        for host, clock in ((boot_name(), "shared"), (boot_name() ^ 1, "differs")):
            for frame in frames:
                if frame[-6]:
                    struct.pack_into(">Q", frame, len(frame) - SIGNATURE - SAID.size + 32, host)
                    rx_lib.renew_sum(frame)
            rx = self.receiver()
            rx_lib.send_by_hand(self.wire, frames)
            stream, = rx.finish().end["streams"]
            self.assertEqual((stream["packets"], stream["clock"]), (20, clock))
            if clock == "differs":
                self.assertIn("another host", stream["clock_note"])
            self.assertEqual(stream["delay_us"] is None, clock == "differs")

    def test_a_start_that_is_overtaken(self):
        """Packets of the run that arrived before its start was seen are in the report."""
        frames, _ = self.captured("--rate", "1kpps", count=20)
        rx = self.receiver()
        rx_lib.send_by_hand(self.wire, frames[3:15] + frames[:3] + frames[15:])
        result = rx.finish()
        self.assertEqual((result.end["reason"], result.end["sum"]["unique"], result.end["sum"]["sent"]),
                         ("announced", 20, 20), result)
        self.assertGreaterEqual(result.end["sum"]["start"], 0)

    def of_session(self, frame, session):
        """The same frame in another run, data or announcement."""
        frame = bytearray(frame)
        struct.pack_into(">I", frame, len(frame) - 16, session)
        if frame[-6]:
            rx_lib.renew_sum(frame)
        return frame

    def test_forged_announcements_have_no_effect(self):
        """Starts that fill the table, one frame and an end: none of these begins, ends or delays a run."""
        frames, _ = self.captured("--rate", "1kpps", count=20)
        start, data, end = frames[0], frames[3], frames[-1]
        rx = self.receiver()
        self.udp("-s", 256, "-n", 100, "--rate", "10kpps")
        rx_lib.send_by_hand(self.wire, [self.of_session(start, 0xabad0000 + n) for n in range(300)])
        rx_lib.send_by_hand(self.wire, [self.of_session(frame, 0xabad1000) for frame in (data, end)])
        self.udp("-s", 256, "-n", 100, "--rate", "10kpps")
        self.assertIsNone(rx.child.poll())
        sent = self.udp("-s", 128, "-n", 500, "--rate", "5kpps", "--announce")
        rx_lib.send_by_hand(self.wire, [start])
        result = rx.finish()
        self.assertEqual((result.status, result.end["reason"]), (0, "announced"), result)
        total = result.end["sum"]
        self.assertEqual((total["packets"], total["sent"], total["lost_packets"]), (500, 500, 0), result)
        run, = result.end["announced"]
        self.assertEqual(run["session"], sent.doc["start"]["configuration"]["session"])
        self.assertGreater(result.end["aside"]["unconfirmed_runs"], 100)

    def test_a_forged_start_discards_nothing(self):
        frames, _ = self.captured("--rate", "1kpps", count=20)
        rx = self.receiver()
        self.udp("-s", 256, "-n", 100, "--rate", "10kpps")
        rx_lib.send_by_hand(self.wire, [self.of_session(frames[0], 0xabad0000)] * 3)
        self.udp("-s", 256, "-n", 100, "--rate", "10kpps")
        rx.send(signal.SIGTERM)
        result = rx.finish()
        self.assertEqual((result.end["sum"]["packets"], result.end["announced"]), (200, []), result)
        self.assertEqual(result.end["aside"]["unconfirmed_runs"], 1)

    def test_a_forged_start_admits_no_more_frames(self):
        frames, _ = self.captured("--rate", "1kpps", count=20)
        rx = self.receiver("-n", 150)
        self.udp("-s", 256, "-n", 100, "--rate", "10kpps")
        rx_lib.send_by_hand(self.wire, [self.of_session(frames[0], 0xabad0000)] * 3)
        time.sleep(0.05)  # several checks for announcements
        self.udp("-s", 256, "-n", 10_000)
        result = rx.finish()
        self.assertEqual((result.end["reason"], result.end["sum"]["packets"]), ("amount", 150), result)

    def test_a_sender_that_is_killed_is_not_waited_for(self):
        rx = self.receiver("--drain", "0s")
        with self.wire.start("udp", self.wire.near_if, "-a", self.wire.far_ip, "-s", 128, "--rate", "1kpps",
                             "--duration", "0.5", "--announce", "--json") as run:
            self.wire.wait_sending()
            run.send(signal.SIGKILL)
            run.finish()
        result = rx.finish()
        run, = result.end["announced"]
        self.assertEqual((result.status, run["ended"], run["overdue"]), (5, False, True), result)
        self.assertIn("never announced its end", result.err)

    def test_only_by_the_same_key(self):
        path = os.path.join(lib.scratch(self), "key")
        with open(path, "w", encoding="ascii") as file:
            file.write("000102030405060708090a0b0c0d0e0f\n")
        rx = self.receiver("--key", path)
        self.udp("-s", 128, "-n", 50, "--rate", "5kpps", "--announce")
        self.assertIsNone(rx.child.poll())
        self.udp("-s", 128, "-n", 60, "--rate", "5kpps", "--announce", "--key", path)
        result = rx.finish()
        self.assertEqual((result.end["reason"], result.end["sum"]["packets"]), ("announced", 60), result)
        self.assertEqual(result.end["aside"]["unsound_announcements"], 0, "since the run began")

    def test_a_session_that_both_sides_know(self):
        rx = self.receiver("--session", "0badcafe")
        self.udp("-s", 128, "-n", 50, "--rate", "5kpps", "--announce")
        sent = self.udp("-s", 128, "-n", 60, "--rate", "5kpps", "--announce", "--session", "0badcafe")
        self.assertEqual(sent.doc["start"]["configuration"]["session_hex"], "0badcafe")
        result = rx.finish()
        self.assertEqual((result.end["reason"], result.end["sum"]["packets"]), ("announced", 60), result)

    def test_nothing_listens(self):
        sent = self.udp("-s", 128, "-n", 100, "--announce")
        self.assertEqual((sent.total["accepted"], sent.err), (100, ""))

    def test_an_unsendable_announcement_is_a_note(self):
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "mtu", "100")
        self.addCleanup(self.wire.near, "ip", "link", "set", "dev", self.wire.near_if, "mtu", "1500")
        sent = self.udp("-s", 64, "-n", 100, "--rate", "1kpps", "--announce")
        self.assertEqual(sent.total["accepted"], 100)
        self.assertIn("could not be announced", sent.err)


class Path(rx_lib.RxTest):
    make_wire = hop.HopWire

    def over(self, *args, receiver=(), rates=("10kpps", "5kpps", "2kpps"), **rule):
        for rate in rates:
            self.wire.rule(**rule)
            before = self.wire.overruns()
            rx = self.receiver(*receiver)
            self.udp("-s", 128, "-n", COUNT, "--rate", rate, "--announce", *args)
            result = rx.finish()
            counters = self.wire.counters()
            if (counters["seen"], counters["failed"], self.wire.overruns()) == (COUNT, 0, before):
                self.assertEqual(counters["announcements"], 6)
                return result
        self.fail(f"the wire loses frames of its own: {counters}")

    def lost(self, result, lost):
        total = result.end["sum"]
        self.assertEqual((total["sent"], total["unique"], total["lost_packets"]), (COUNT, COUNT - lost, lost), result)

    def test_lost_at_both_ends(self):
        """What only the announcement reveals: the first 50 and the last 137."""
        result = self.over(burst_from=0, burst_length=50)
        self.lost(result, 50)
        self.assertEqual(result.end["sum"]["loss_bursts"]["count"], 0)
        result = self.over(burst_from=COUNT - 137, burst_length=137, receiver=("--expect", "lost=137"))
        self.lost(result, 137)
        self.assertEqual((result.status, result.end["sum"]["lost_percent"]), (0, 100 * 137 / COUNT))

    def test_all_is_lost(self):
        result = self.over(burst_from=0, burst_length=COUNT, receiver=("--drain", "100ms"))
        self.lost(result, COUNT)
        self.assertEqual((result.status, result.end["sum"]["lost_percent"]), (5, 100), result)
        self.assertIn(f"of {COUNT} that were sent", result.err)
        result = self.over(burst_from=0, burst_length=COUNT,
                           receiver=("--drain", "100ms", "--expect", "loss=100%,rx=0,streams=0"))
        self.assertEqual(result.status, 0, result)

    def test_what_comes_late_is_waited_for(self):
        self.wire.delay(0.3)
        result = self.over(late=1.0, receiver=("--drain", "20s"))
        self.lost(result, 0)
        self.assertEqual(result.end["reason"], "announced")

    def test_the_drain_ends(self):
        self.wire.delay(10.0)
        result = self.over(late=1.0, receiver=("--drain", "0s"), rates=("50kpps",))
        self.assertGreater(result.end["sum"]["lost_packets"], 0)

    def test_lost_start(self):
        result = self.over(burst_from=0, burst_length=50, drop_types=START)
        self.lost(result, 50)
        run, = result.end["announced"]
        self.assertEqual((run["start_seen"], run["ended"], result.end["reason"]), (False, True, "announced"))

    def test_lost_end(self):
        result = self.over(burst_from=COUNT - 137, burst_length=137, drop_types=END, receiver=("--duration", 10))
        total = result.end["sum"]
        self.assertEqual((total["sent"], total["unique"], total["lost_packets"]), (None, COUNT - 137, 0), result)
        run, = result.end["announced"]
        self.assertEqual((run["start_seen"], run["ended"], result.end["reason"]), (True, False, "duration"))

    def test_the_end_of_a_run_without_packets(self):
        """An end of another session: this receiver goes on."""
        rx = self.receiver()
        self.wire.rule(burst_from=0, burst_length=100, drop_types=START)
        self.udp("-s", 128, "-n", 100, "--rate", "10kpps", "--announce")
        self.assertIsNone(rx.child.poll())
        self.wire.rule()
        self.udp("-s", 128, "-n", 100, "--rate", "1kpps", "--announce")
        result = rx.finish()
        self.assertEqual((result.end["reason"], result.end["sum"]["sent"]), ("announced", 100), result)


if __name__ == "__main__":
    lib.main()
