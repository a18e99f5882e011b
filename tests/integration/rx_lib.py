# SPDX-License-Identifier: BSD-2-Clause
"""Shared code of the tests of `rx`: a receiver at the far end, and its expected results for an order of numbers."""
import collections
import os
import socket
import struct

import lib
from wire import BINARY, Process, keep_output, parse_json

Expected = collections.namedtuple("Expected", "packets unique lost duplicates reordered extent_max extent_sum replicated")


class Receiver(Process):
    """`rx` at one end of a wire. It is counting when this returns."""

    def __init__(self, wire, *args, end="far"):
        super().__init__(["ip", "netns", "exec", getattr(wire, f"{end}_ns"), BINARY],
                         ["rx", getattr(wire, f"{end}_if"), "--json-stream", *args])
        line = self.child.stdout.readline()
        self.first = parse_json(line) if line else None
        if self.first:
            keep_output(" ".join(self.args), line)

    def start(self):
        return self.first["data"]["configuration"]

    def finish(self, seconds=60):
        result = super().finish(seconds)
        if self.first:
            result.events.insert(0, self.first)
        ends = [event["data"] for event in result.events if event["event"] == "end"]
        result.end = ends[0] if ends else None
        result.intervals = [event["data"]["sum"] for event in result.events if event["event"] == "interval"]
        return result


def expect(order):
    """Expected results for sequence numbers that arrive in this order, from one worker and over one queue."""
    seen, top, first_above, duplicates, extents = set(), -1, {}, 0, []
    for at, number in enumerate(order):
        if number > top:
            for passed_over in range(top + 1, number):
                first_above[passed_over] = at
            top = number
        elif number in seen:
            duplicates += 1
        else:
            extents.append(at - first_above[number])
        seen.add(number)
    return Expected(len(order), len(seen), top + 1 - min(seen) - len(seen), duplicates, len(extents),
                    max(extents, default=0), sum(extents),
                    sum(count > 1 for count in collections.Counter(order).values()))


def rendered(test, *args, count):
    """The frames that a sender with these options sends."""
    path = os.path.join(lib.scratch(test), "rendered.pcap")
    result = test.wire.udp("--dry-run", "--write-pcap", path, "--show-frames", count, *args)
    test.assertEqual(result.status, 0, result)
    return lib.frames_of_pcap(path)


def siphash(key, data):
    """SipHash-2-4 over whole 8-byte words."""
    mask = (1 << 64) - 1
    k0, k1 = struct.unpack("<2Q", key)
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def turn(value, bits):
        return (value << bits | value >> (64 - bits)) & mask

    def rounds(count):
        for _ in range(count):
            v[0], v[2] = (v[0] + v[1]) & mask, (v[2] + v[3]) & mask
            v[1], v[3] = turn(v[1], 13) ^ v[0], turn(v[3], 16) ^ v[2]
            v[0], v[2] = (turn(v[0], 32) + v[3]) & mask, (v[2] + v[1]) & mask
            v[1], v[3] = turn(v[1], 17) ^ v[2], turn(v[3], 21) ^ v[0]
            v[2] = turn(v[2], 32)

    for word in (*struct.unpack(f"<{len(data) // 8}Q", data), (len(data) & 0xff) << 56):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xff
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def renew_sum(frame, key=bytes(16)):
    """Recomputes an announcement's sum: over the 56 bytes after the sum, and the signature."""
    struct.pack_into(">Q", frame, len(frame) - 96, siphash(key, bytes(frame[-88:])))


def send_by_hand(wire, frames):
    """Sends frames from the near end, one at a time, and waits until all have arrived at the far end."""
    with lib.in_netns(wire.near_ns):
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    with out, lib.in_netns(wire.near_ns):
        out.bind((wire.near_if, 0))
        before = wire.far_packets()
        for at, frame in enumerate(frames):
            out.send(frame)
            if at % 64 == 63:  # a veth's ring holds 256
                lib.wait_for(lambda: wire.far_packets() >= before + at + 1, "frames at the far end")
        lib.wait_for(lambda: wire.far_packets() >= before + len(frames), "all frames at the far end")


class RxTest(lib.TestCase):
    wire_options = ()
    make_wire = lib.Wire

    def setUp(self):
        self.wire = self.make_wire(*self.wire_options)
        self.addCleanup(self.wire.close)

    def receiver(self, *args, end="far"):
        receiver = Receiver(self.wire, *args, end=end)
        self.addCleanup(receiver.__exit__)
        return receiver

    def udp(self, *args, to=None):
        return self.ok(self.wire.udp("-a", to or self.wire.far_ip, *args))

    def said(self, end, expected):
        """The stream's figures, checked against the expected ones."""
        stream, = end["streams"]
        for what in (stream, end["sum"]):
            self.assertEqual((what["packets"], what["unique"], what["lost_packets"], what["duplicates"],
                              what["reordered"], what["too_late"], what["suspect"], what["replicated"]),
                             (expected.packets, expected.unique, expected.lost, expected.duplicates,
                              expected.reordered, 0, 0, expected.replicated))
        if expected.reordered:
            reorder = stream["reorder"]
            self.assertEqual(reorder["extent_max"], expected.extent_max)
            self.assertAlmostEqual(reorder["extent_mean"], expected.extent_sum / expected.reordered, places=6)
        return stream
