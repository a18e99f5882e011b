# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of `rx` share: a receiver at the far end, and what it must say of an order of numbers."""
import collections
import os
import socket

import lib
from wire import BINARY, Process, keep_output, parse_json

Expected = collections.namedtuple("Expected", "packets unique lost duplicates reordered extent_max extent_sum replicated")


class Receiver(Process):
    """`rx` at one end of a wire. It counts when this returns."""

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
    """What a receiver must say of numbers that arrive in this order, from one lane and over one queue."""
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
    """The frames that a sender with these options would send."""
    path = os.path.join(lib.scratch(test), "rendered.pcap")
    result = test.wire.udp("--dry-run", "--write-pcap", path, "--show-frames", count, *args)
    test.assertEqual(result.status, 0, result)
    return lib.frames_of_pcap(path)


def send_by_hand(wire, frames):
    """Sends frames from the near end, one at a time, and waits until all have arrived at the far end."""
    with lib.in_netns(wire.near_ns):
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    with out, lib.in_netns(wire.near_ns):
        out.bind((wire.near_if, 0))
        before = wire.far_packets()
        for at, frame in enumerate(frames):
            out.send(frame)
            if at % 64 == 63:  # a veth's ring has room for 256
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
        """The stream's figures, which are those expected."""
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
