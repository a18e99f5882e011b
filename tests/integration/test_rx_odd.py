# SPDX-License-Identifier: BSD-2-Clause
"""Frames that differ from what a sender sends: the receiver counts or passes them, and never misreads them."""
import random
import signal
import socket
import time

import lib
import rx_lib

SESSION = 0x1a2b3c4d


def as_session(frames, session=SESSION):
    """The same full signatures in another session; their UDP checksums, which are not verified, become wrong."""
    return [frame[:-16] + session.to_bytes(4, "big") + frame[-12:] for frame in frames]


class OddTest(rx_lib.RxTest):

    def frames(self, size=128, count=100, to=None):
        return rx_lib.rendered(self, "-s", size, "-a", to or self.wire.far_ip, count=count)

    def received(self, frames, *args):
        """The receiver's report on them."""
        rx = self.receiver(*args)
        rx_lib.send_by_hand(self.wire, frames)
        rx.send(signal.SIGINT)
        return rx.finish().end


class Replays(OddTest):

    def test_a_capture_sent_twice_is_all_duplicates(self):
        for size, to in ((64, None), (128, None), (128, self.wire.far_ip6)):
            with self.subTest(size=size, to=to):
                frames = self.frames(size, 200, to)
                end = self.received(frames + frames)
                self.said(end, rx_lib.expect(list(range(200)) * 2))

    def test_a_part_replayed_long_after(self):
        """Below the window it is unknown whether a number has arrived before."""
        frames = self.frames(count=3000)
        end = self.received(frames + frames[:100] + frames[2900:], "--window", 1024)
        total = end["sum"]
        self.assertEqual((total["packets"], total["unique"], total["duplicates"], total["too_late"],
                          total["lost_packets"]), (3200, 3000, 100, 100, 0))

    def test_the_session_before_is_not_the_one_asked_for(self):
        frames = self.frames(count=50)
        end = self.received(as_session(frames, SESSION ^ 1) + as_session(frames) + as_session(frames, SESSION ^ 1),
                            "--session", f"{SESSION:08x}")
        self.said(end, rx_lib.expect(range(50)))
        self.assertEqual(end["aside"]["refused"], 100)


class Streams(OddTest):

    def test_one_frame_makes_no_stream(self):
        """Damaged and made-up sessions take no record from a stream."""
        frames = self.frames(count=100)
        single = [as_session(frames[:1], SESSION ^ i << 8)[0] for i in range(1, 301)]
        end = self.received(single + as_session(frames), "--streams", 16)
        self.said(end, rx_lib.expect(range(100)))
        self.assertEqual((end["aside"]["candidates"], end["aside"]["no_slot"]), (300, 0))

    def test_an_idle_stream_loses_its_record(self):
        """What it counted is still reported."""
        frames, sessions = self.frames(count=2), [SESSION ^ i << 8 for i in range(12)]
        rx = self.receiver("--streams", 4)
        for at, session in enumerate(sessions):
            rx_lib.send_by_hand(self.wire, as_session(frames, session))
            if at >= 4:
                time.sleep(0.5)
        rx.send(signal.SIGINT)
        end = rx.finish().end
        counted = {stream["session"]: stream["packets"] for stream in end["streams"]}
        self.assertEqual([counted.get(session) for session in sessions[:4] + sessions[-1:]], [2] * 5, end)
        self.assertEqual(end["sum"]["packets"] + end["aside"]["no_slot"], 2 * len(sessions))


class Malformed(OddTest):

    def test_frames_cut_short_pass(self):
        """At every byte from the Ethernet header to the last of the signature."""
        for size, to in ((128, None), (128, self.wire.far_ip6), (64, None)):
            with self.subTest(size=size, to=to):
                whole = self.frames(size, 2, to)
                cut = [whole[0][:length] for length in range(14, len(whole[0]))]
                self.assertEqual(len({len(frame) for frame in cut}), len(cut))
                end = self.received(cut + whole)
                self.said(end, rx_lib.expect(range(2)))
                self.assertGreaterEqual(end["sum"]["passed"] + (size == 64), len(cut))

    def test_a_wrong_bit_in_magic_version_or_type(self):
        good = self.frames(count=2)
        odd = []
        for byte in range(1, 7):  # counted from the end: four of the magic, version, type
            for bit in range(8):
                frame = bytearray(good[0])
                frame[-byte] ^= 1 << bit
                odd.append(bytes(frame))
        end = self.received(odd + good)
        aside = end["aside"]
        self.assertEqual(end["sum"]["packets"], 2)
        # 32 have an unknown magic, the others a signature of an unknown kind.
        told = sum(aside[key] for key in aside if not key.startswith("link_"))
        self.assertEqual(told, 16)
        self.assertGreaterEqual(end["sum"]["passed"], 32)

    def test_streams_workers_and_numbers_of_any_value(self):
        """They are counted as they are: the figures stay within what arrived."""
        dice = random.Random(3)
        good = self.frames(count=1)[0]
        frames = [good[:-32] + dice.randbytes(16) + good[-16:-10] + dice.randbytes(1) + good[-9:] for _ in range(300)]
        end = self.received(frames)
        total = end["sum"]
        others = sum(value for key, value in end["aside"].items() if not key.startswith("link_"))
        self.assertLessEqual(total["unique"] + total["duplicates"] + total["too_late"], total["packets"])
        self.assertLessEqual(total["packets"], 300)
        self.assertGreaterEqual(total["packets"] + others, 300)
        self.assertEqual(len(end["streams"]), 1)


class Lookalikes(OddTest):

    def test_payloads_that_look_like_a_signature_reach_their_socket(self):
        """The magic of the compact form at the end of frames, and the full form anywhere else."""
        dice = random.Random(4)
        full = self.frames(count=1)[0][-32:]
        payloads = [dice.randbytes(14 + dice.randrange(300)) + b"\xc7\xa1" for _ in range(200)]
        payloads += [bytes(at) + full + bytes(1 + at % 5) for at in range(100)]
        with lib.in_netns(self.wire.far_ns):
            there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        there.bind((self.wire.far_ip, 5000))
        there.settimeout(20)
        with lib.in_netns(self.wire.near_ns):
            here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(there.close)
        self.addCleanup(here.close)
        for options in ((), ("--verify",)):
            with self.subTest(options=options):
                rx = self.receiver(*options)
                for payload in payloads:
                    here.sendto(payload, (self.wire.far_ip, 5000))
                    self.assertEqual(there.recv(2048), payload)
                rx.send(signal.SIGINT)
                end = rx.finish().end
                self.assertEqual(end["sum"]["packets"], 0)
                self.assertEqual(end["streams"], [])
                if options:
                    self.assertEqual(end["verify"], {"corrupt": 0, "unverified": 0})


if __name__ == "__main__":
    lib.main()
