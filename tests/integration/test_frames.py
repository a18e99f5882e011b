# SPDX-License-Identifier: BSD-2-Clause
"""Contents of the frames that arrive: sizes, payloads, checksums, signatures."""
import struct
import time
import unittest

import lib

TEXT = set(range(0x20, 0x7f)) | {0x0a}
# The smallest size and the next one, both sides of every change of the signature's form, odd sizes, the usual largest,
# and the engine's limit.
SIZES_V4 = (64, 65, 77, 78, 79, 128, 593, 1518, 1519, 3411, 3412)
SIZES_V6 = (66, 67, 81, 82, 97, 98, 99, 1518, 3412)


def form_by_man_page(payload):
    return "full" if payload >= 32 else "compact" if payload >= 16 else None


class Contents(lib.WireTest):
    wire_options = ("--mtu", 9000)

    def judge_payload(self, frame, kind):
        signature = frame.signature()
        form = form_by_man_page(len(frame.payload))
        self.assertEqual(signature and signature["form"], form)
        filling = frame.payload[:len(frame.payload) - {None: 0, "compact": 16, "full": 32}[form]]
        if kind == "zeros":
            self.assertEqual(set(filling) - {0}, set())
        elif kind == "pattern":
            self.assertEqual(filling, bytes(i & 0xff for i in range(len(filling))))
        elif kind == "text":
            self.assertEqual(set(filling) - TEXT, set())
        elif len(filling) > 100:
            self.assertGreater(len(set(filling)), 40, "random")

    def sizes(self, sizes, count, *args):
        kinds = ("zeros", "pattern", "random", "text")
        for number, size in enumerate(sizes):
            # Two kinds for each size: together with the neighbouring sizes, every kind meets every form.
            for kind in (kinds[number % 4], kinds[(number + 2) % 4]):
                with self.subTest(size=size, payload=kind):
                    frames, result = self.sent(self.wire, count, "-s", size, "--payload", kind, *args,
                                               size=size)
                    for frame in frames:
                        self.judge_payload(frame, kind)
                        self.assertNotEqual(frame.checksum, 0)
                    self.assertEqual(result.stream["frame_size"], size)

    def test_every_size_ipv4(self):
        self.sizes(SIZES_V4, 16, "-p", "1000-1015", "-P", "7-65000", "--vary", "random")

    def test_every_size_ipv6(self):
        self.sizes(SIZES_V6, 16, "-a", self.wire.far_ip6, "-p", "1000-1015", "-P", "7-65000", "--vary",
                   "random")

    def test_sizes_outside_name_the_limit(self):
        for size, args, limit in ((63, (), "64"), (65, ("-a", self.wire.far_ip6), "66"),
                                  (3413, ("--via", "xdp"), "3412"), (9221, (), "9220")):
            with self.subTest(size=size):
                before = self.wire.far_packets()
                result = self.wire.udp("-n", 1, "-s", size, *args)
                self.assertEqual(result.status, 2, result)
                self.assertIn(limit, result.err)
                self.assertEqual(self.wire.far_packets(), before)

    def test_random_payload_follows_the_seed(self):
        def payload(seed):
            frames, _ = self.sent(self.wire, 4, "-s", 512, "--payload", "random", "--seed", seed)
            kept = {frame.payload[:-32] for frame in frames}
            self.assertEqual(len(kept), 1, "the payload is the same in all packets")
            return kept.pop()
        self.assertEqual(payload(5), payload(5))
        self.assertNotEqual(payload(5), payload(6))

    def test_hop_limit_and_tos(self):
        for address in (self.wire.far_ip, self.wire.far_ip6):
            frames, _ = self.sent(self.wire, 3, "-a", address, "--hop-limit", 3, "--tos", "0xb8")
            self.assertEqual({(frame.hop_limit, frame.tos) for frame in frames}, {(3, 0xb8)})
        frames, _ = self.sent(self.wire, 3)
        self.assertEqual({(frame.hop_limit, frame.tos) for frame in frames}, {(64, 0)})

    def test_no_udp_checksum(self):
        frames, _ = self.sent(self.wire, 20, "--no-udp-checksum", "-P", "1-20")
        self.assertEqual({frame.checksum for frame in frames}, {0})
        result = self.wire.udp("-n", 1, "--no-udp-checksum", "-a", self.wire.far_ip6)
        self.assertEqual(result.status, 2, result)
        self.assertIn("--no-udp-checksum", result.err)

    def test_a_sum_of_zero_is_sent_as_all_ones(self):
        # The checksum decreases by one with each destination port: the port that makes it zero is known.
        args = ("--no-signature", "-P", 4242)
        frames, _ = self.sent(self.wire, 1, "-p", 0, *args)
        port = frames[0].checksum
        frames, _ = self.sent(self.wire, 6, "-p", f"{port - 1}-{port + 1}", *args)
        self.assertEqual([frame.checksum for frame in frames], 2 * [1, 0xffff, 0xfffe])
        signed, _ = self.sent(self.wire, 3000, "-p", "0-65535", "-P", "0-65535", "--vary", "random")
        self.assertNotIn(0, {frame.checksum for frame in signed})

    def test_looked_up_addresses(self):
        for address, near in ((self.wire.far_ip, self.wire.near_ip), (self.wire.far_ip6, self.wire.near_ip6)):
            frames, _ = self.sent(self.wire, 5, "-a", address)
            for frame in frames:
                self.assertEqual(frame.dst_mac, self.wire.far_mac)
                self.assertEqual(frame.src_mac, self.wire.near_mac)
                self.assertEqual((str(frame.dst), str(frame.src)), (address, near))
                self.assertEqual((frame.dst_port, frame.src_port), (1000, 1))

    def test_defaults_go_to_the_benchmark_address(self):
        frames, _ = self.sent(self.wire, 5, size=64)
        self.assertEqual({str(frame.dst) for frame in frames}, {"198.18.0.2"})
        frames, _ = self.sent(self.wire, 5, "-A", self.wire.near_ip6, size=82)
        self.assertEqual({str(frame.dst) for frame in frames}, {"2001:2::2"})


class Signature(lib.WireTest):

    def signatures(self, count, *args):
        earliest = time.monotonic_ns()
        frames, result = self.sent(self.wire, count, *args)
        latest = time.monotonic_ns()
        found = [frame.signature() for frame in frames]
        self.assertNotIn(None, found)
        session = result.doc["start"]["configuration"]["session"]
        for signature in found:
            self.assertEqual(signature["stream"], 0)
            if signature["form"] == "full":
                self.assertEqual(signature["session"], session)
                self.assertEqual((signature["version"], signature["type"], signature["reserved"]), (1, 0, 0))
                self.assertTrue(earliest < signature["tx_ns"] < latest)
            else:
                self.assertEqual(signature["session"], session & 0xffff)
                span = (latest - earliest) % (1 << 48)
                self.assertLess((signature["tx_ns"] - earliest) % (1 << 48), span)
        return found

    def judge_order(self, found, count, lanes):
        self.assertEqual(sorted(signature["seq"] for signature in found), list(range(count)))
        self.assertEqual({signature["lane"] for signature in found}, set(range(lanes)))
        for lane in range(lanes):
            mine = [signature for signature in found if signature["lane"] == lane]
            numbers = [signature["seq"] for signature in mine]
            self.assertEqual(numbers, sorted(numbers), "sequence numbers rise within a worker")
            times = [signature["tx_ns"] for signature in mine]
            self.assertEqual(times, sorted(times), "times do not fall within a worker")

    def test_complete_over_threads(self):
        if len(lib.ALL_CPUS) < 2:
            lib.skip("a second CPU")
        for size in (64, 128):
            with self.subTest(size=size):
                found = self.signatures(20_000, "-s", size, "-t", 2, "--rate", "30kpps")
                self.assertEqual(found[0]["form"], "compact" if size == 64 else "full")
                self.judge_order(found, 20_000, 2)

    def test_complete_by_one_thread(self):
        self.judge_order(self.signatures(10_000, "-s", 100), 10_000, 1)

    def test_stamp_each(self):
        for size in (64, 128):
            with self.subTest(size=size):
                found = self.signatures(4000, "-s", size, "--stamp", "each")
                times = [signature["tx_ns"] for signature in found]
                self.assertTrue(all(a < b for a, b in zip(times, times[1:])), "strictly rising")
                self.assertEqual({signature.get("flags", 1) for signature in found}, {1})

    def test_stamp_batch(self):
        found = self.signatures(4000, "-s", 128, "--rate", "20kpps", "--burst", 64)
        self.assertLessEqual(len({signature["tx_ns"] for signature in found}), 4000 // 64 + 1)
        self.assertEqual({signature["flags"] for signature in found}, {0})

    def test_sessions_differ(self):
        sessions = {self.signatures(2, "-s", 128)[0]["session"] for _ in range(3)}
        self.assertEqual(len(sessions), 3)

    def test_none_on_request(self):
        frames, _ = self.sent(self.wire, 20, "-s", 128, "--no-signature", "--payload", "pattern")
        for frame in frames:
            self.assertIsNone(frame.signature())
            self.assertEqual(frame.payload, bytes(i & 0xff for i in range(len(frame.payload))))


class DirtyPages(lib.OwnWireTest):
    """Pages return from the receiver as it left them, and the next frame is built in them."""

    # Odd destination ports: the frame is overwritten and dropped, so its page is reused directly.
    SCRIBBLE = """
  if (data + 124 > end || data[12] != 8 || data[13] != 0) return 2;
  if (!(data[37] & 1)) return 2;
  for (int i = 0; i < 42; i++) data[i] = 0x5a;
  for (int i = 92; i < 124; i++) data[i] = 0xa5;
  return 1;"""

    def test_overwritten_by_the_receiver(self):
        program = lib.compile_bpf(self, self.SCRIBBLE)
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "xdp", "obj", program, "sec", "xdp")
        count = 4000
        with self.wire.capture() as capture:
            result = self.adds_up(self.ok(self.wire.udp(
                "-n", count, "-s", 128, "-p", "1000-1001", "-P", "1-500", "-A", "198.18.0.1-198.18.0.9",
                "--payload", "pattern", "--rate", "10kpps")))
            lost = result.total["driver_drops"] - result.total["resent"]
            frames = self.sound(capture.take(count // 2 - lost), size=128)
        self.assertEqual({frame.dst_port for frame in frames}, {1000})
        seen = {frame.signature()["seq"] for frame in frames}
        self.assertLessEqual(len(set(range(0, count, 2)) - seen), lost)
        self.assertLessEqual(seen, set(range(0, count, 2)))
        for frame in frames:
            self.assertEqual(frame.payload[:-32], bytes(range(50)))

    def test_forwarded_by_the_far_host(self):
        # A router rewrites hop limit and checksum in place, and answers undeliverable packets.
        self.wire.far("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        self.wire.far("ip", "link", "add", "xtgout", "type", "veth", "peer", "name", "xtgnext")
        for name in ("xtgout", "xtgnext"):
            self.wire.far("ip", "link", "set", "dev", name, "up")
        hop = ("198.51.100.2", "dev", "xtgout")
        self.wire.far("ip", "neigh", "add", *hop, "lladdr", "02:00:00:00:00:09")
        self.wire.far("ip", "route", "add", "198.19.0.0/16", "via", *hop, "onlink")
        count = 20_000
        with self.wire.capture() as capture:
            result = self.ok(self.wire.udp("-n", count, "-a", "198.19.1.0/24", "-m", self.wire.far_mac,
                                           "-s", 128, "--rate", "40kpps"))
            accepted = result.total["accepted"]
            frames = self.sound(capture.take(accepted), accepted, 128)
        self.assertGreater(lib.link_counters(self.wire.far_ns, "xtgnext")["rx_packets"], accepted // 2)
        self.assertEqual({frame.hop_limit for frame in frames}, {64})
        for frame in frames:
            self.assertEqual(int(frame.dst) & 0xff, frame.signature()["seq"] % 256)


class Oracle(unittest.TestCase):
    """The parser used by the tests detects errors."""

    def test_finds_each_wrong_byte(self):
        # 198.18.0.1:1 > 198.18.0.2:1000, UDP, "hi"; checksums computed by hand.
        header = bytes.fromhex("4500001e0000000040110000c6120001c6120002")
        check = 0xffff - lib.ones_sum(header)
        header = header[:10] + struct.pack("!H", check) + header[12:]
        segment = bytes.fromhex("000103e8000a00006869")
        pseudo = header[12:20] + struct.pack("!II", 10, 17)
        segment = segment[:6] + struct.pack("!H", 0xffff - lib.ones_sum(pseudo + segment)) + segment[8:]
        good = bytes(12) + b"\x08\x00" + header + segment
        self.assertEqual(lib.Frame(good).problems, [])
        for at in range(14, len(good)):
            bad = bytearray(good)
            bad[at] ^= 0x10
            self.assertNotEqual(lib.Frame(bad).problems, [], f"byte {at}")


if __name__ == "__main__":
    lib.main()
