# SPDX-License-Identifier: BSD-2-Clause
"""Sender and receiver on the same interface, with a reflector at the other end of the wire."""
import collections

import lib
import rx_lib

COUNT = 5000
SIZE = 130  # with FCS
RESIDENCE_US = 0.1

# Sends test frames of one size back. By the sender's numbers one in ten is lost on the way there, and by its own
# one in seven on the way back. A frame whose room for words is not empty, as of a page that comes by once more, is
# sent back without a number.
REFLECTOR = """
  static unsigned long long (*const now)(void) = (void*)5; // bpf_ktime_get_ns
  unsigned char* sig = data + LENGTH - 32;
  unsigned char kept[6];
  unsigned long long words[3] = {};
  if (data + LENGTH > end || data + LENGTH + 1 <= end) return 2;
  if (LENGTH == 60) {
    if (data[58] != 0xc7 || data[59] != 0xa1) return 2;
    data[59] |= 8;
  } else {
    unsigned int seq, number;
    if (sig[28] != 'X' || sig[29] != 'T' || sig[30] != 'G' || sig[31] != 'S') return 2;
    seq = (unsigned int)sig[4] << 24 | sig[5] << 16 | sig[6] << 8 | sig[7];
    if (seq % 10 == 3) return 1;
    number = seq - seq / 10 - (seq % 10 > 3);
    if (number % 7 == 5) return 1;
    if (sig[23] & 4) {
      words[0] = number;
      for (int i = 1; i <= 24; i++)
        if (sig[-i]) words[0] = ~0ull;
      words[2] = now();
      words[1] = words[2] - 100;
      for (int i = 0; i < 24; i++) sig[i - 24] = words[i / 8] >> (7 - i % 8) * 8;
    }
    sig[23] |= 8;
  }
  __builtin_memcpy(kept, data, 6);
  __builtin_memcpy(data, data + 6, 6);
  __builtin_memcpy(data + 6, kept, 6);
  return 3;
"""

Expected = collections.namedtuple("Expected", "packets lost forward back mirrored")


def expect(count):
    """What has to come of so many frames."""
    there = [seq for seq in range(count) if seq % 10 != 3]
    back = [(seq, number) for number, seq in enumerate(there) if number % 7 != 5]
    top, mirrored = back[-1][0] + 1, back[-1][1] + 1
    forward = sum(1 for seq in range(top) if seq % 10 == 3)
    return Expected(len(back), top - len(back), forward, mirrored - len(back), mirrored)


class RoundTrip(rx_lib.RxTest):

    def reflect(self, size):
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "xdp", "off")
        program = lib.compile_bpf(self, REFLECTOR.replace("LENGTH", str(size - 4)))
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "xdp", "obj", program, "sec", "xdp")

    def around(self, packets, *args, size=SIZE, to=None, count=COUNT):
        """What `rx` says of a run of which so many frames come back. A busy wire may lose some of its own."""
        self.reflect(size)
        for rate in ("20kpps", "10kpps", "4kpps", "2kpps"):
            rx = self.receiver("-n", packets, "--duration", 10, "--expect", f"rx={packets},streams=1", end="near")
            sent = self.adds_up(self.udp("-s", size, "-n", count, "--rate", rate, *args, to=to))
            result = rx.finish()
            if (sent.total["accepted"], result.end["sum"]["packets"]) == (count, packets):
                break
        self.assertEqual(sent.total["accepted"], count, sent)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.end["sum"]["path"], "round-trip")
        stream, = result.end["streams"]
        self.assertEqual(stream["path"], "round-trip")
        self.assertEqual(stream["clock"], "shared")
        for what in (stream, result.end["sum"]):
            self.assertEqual((what["packets"], what["unique"], what["duplicates"]), (packets, packets, 0))
            self.assertEqual(what["delay_us"]["count"], packets)
        return stream

    def test_both_ways_are_told_apart(self):
        expected = expect(COUNT)
        self.assertGreater(min(expected.forward, expected.back), 100)
        for to, args in ((None, ()), (self.wire.far_ip6, ()), (None, ("--threads", 2)), (None, ("--stamp", "each"))):
            with self.subTest(to=to, args=args):
                stream = self.around(expected.packets, "--round-trip", *args, to=to)
                self.assertEqual(stream["lost_packets"], expected.lost)
                mirror = stream["mirror"]
                self.assertEqual(mirror["mirrored"], expected.mirrored)
                self.assertEqual(mirror["forward"], {"lost_packets": expected.forward, "duplicates": 0})
                back = mirror["back"]
                self.assertEqual((back["unique"], back["lost_packets"], back["duplicates"]),
                                 (expected.packets, expected.back, 0))
                self.assertEqual(mirror["residence_us"], {"min": RESIDENCE_US, "mean": RESIDENCE_US,
                                                          "max": RESIDENCE_US, "count": expected.packets})
                self.assertFalse(mirror["residence_included"])
                self.assertEqual(back["clock"], "shared")
                self.assertEqual(back["delay_us"]["count"], expected.packets)
                self.assertLess(back["delay_us"]["min"], stream["delay_us"]["min"])

    def test_without_room_for_words(self):
        expected = expect(COUNT)
        stream = self.around(expected.packets)
        self.assertEqual(stream["lost_packets"], expected.lost)
        self.assertEqual(stream["mirror"], {"residence_us": None, "residence_included": True, "mirrored": None,
                                            "forward": None, "back": None})

    def test_short_signatures(self):
        stream = self.around(COUNT, size=64)
        self.assertEqual((stream["form"], stream["lost_packets"]), ("compact", 0))
        self.assertIsNone(stream["mirror"]["mirrored"])

    def test_one_process_at_both_ends(self):
        """`udp --rx` of the interface that sends: the ledger has what was lost on either way."""
        expected = expect(COUNT)
        self.reflect(SIZE)
        for rate in ("20kpps", "10kpps", "4kpps", "2kpps"):
            result = self.ok(self.wire.udp("--rx", self.wire.near_if, "-a", self.wire.far_ip, "-s", SIZE, "-n", COUNT,
                                           "--rate", rate, "--round-trip"))
            flow, = result.doc["end"]["flows"]
            ledger, = result.doc["end"]["ledger"]
            if (ledger["refused"], flow["sum"]["packets"]) == (0, expected.packets):
                break
        self.assertEqual((ledger["asked"], ledger["received"]), (COUNT, expected.packets), result)
        stream, = flow["streams"]
        self.assertEqual((flow["sum"]["path"], stream["path"]), ("round-trip", "round-trip"))
        mirror = stream["mirror"]
        self.assertEqual((mirror["mirrored"], mirror["forward"]["lost_packets"], mirror["back"]["lost_packets"]),
                         (expected.mirrored, expected.forward, expected.back))

    def test_text(self):
        self.reflect(SIZE)
        rx = rx_lib.Process(["ip", "netns", "exec", self.wire.near_ns, rx_lib.BINARY],
                            ["rx", self.wire.near_if, "--duration", 2])
        with rx:
            lib.wait_for(lambda: "xdp" in self.wire.near_link(), "the receiver")
            self.udp("-s", SIZE, "-n", 100, "--rate", "1kpps", "--round-trip")
            result = rx.finish()
        self.assertEqual((result.status, result.err), (0, ""))
        self.assertIn("\n  round trip ", result.out)
        self.assertIn("forward path: ", result.out)

    def test_a_receiver_on_the_interface_leaves_sending_alone(self):
        """At full rate, with whatever the wire loses: every frame that was sent is accounted for once."""
        self.reflect(SIZE)
        rx = self.receiver("--duration", 3, end="near")
        sent = self.adds_up(self.udp("-s", SIZE, "--duration", 1, "--round-trip"))
        self.assertGreater(sent.total["accepted"], 10_000)
        stream, = rx.finish().end["streams"]
        mirror = stream["mirror"]
        self.assertEqual(stream["next_sequence"],
                         stream["unique"] + mirror["forward"]["lost_packets"] + mirror["back"]["lost_packets"])
        self.assertEqual(mirror["back"]["unique"], stream["unique"])
        self.assertLessEqual(mirror["mirrored"], sent.total["accepted"])


if __name__ == "__main__":
    lib.main()
