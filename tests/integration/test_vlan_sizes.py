# SPDX-License-Identifier: BSD-2-Clause
"""VLAN tags and size mixes on the wire, checked by a raw socket and by the kernel's own VLAN interface."""
import collections
import os
import socket
import struct

import lib
import rx_lib
from frames import Frame
from test_reflect import Reflector

IMIX = {64: 7, 594: 4, 1518: 1}


class Tagged:
    """A frame with its tags: (TPID, priority, VLAN), outermost first."""

    def __init__(self, data):
        self.tags, at = [], 12
        while data[at:at + 2] in (b"\x81\x00", b"\x88\xa8", b"\x91\x00"):
            tpid, tci = struct.unpack("!HH", data[at:at + 4])
            self.tags.append((tpid, tci >> 13, tci & 0xfff))
            at += 4
        self.size = len(data) + 4
        self.inner = Frame(data[:12] + data[at:])


class RawCapture:
    """Every frame that arrives; a tag that the kernel has taken off as offloaded is restored."""

    SOL_PACKET, PACKET_AUXDATA, VLAN_VALID, TPID_VALID = 263, 8, 0x10, 0x40

    def __init__(self, netns, interface):
        with lib.in_netns(netns):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            self.socket.bind((interface, 3))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 1 << 28)  # SO_RCVBUFFORCE
        self.socket.setsockopt(self.SOL_PACKET, self.PACKET_AUXDATA, 1)

    def take(self, count, sent_back=False):
        self.socket.settimeout(lib.PATIENCE)
        out = []
        while len(out) < count:
            data, ancillary, _, address = self.socket.recvmsg(4096, 64)
            if address[2] == 4:  # outgoing
                continue
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", ancillary[0][2])
            if status & self.VLAN_VALID:
                tpid = tpid if status & self.TPID_VALID else 0x8100
                data = data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
            frame = Tagged(data) if data[12:14] not in (b"\x08\x06", b"\x86\xdd") or len(data) > 100 else None
            if frame is not None and frame.inner.version == 4 and 1000 == (
                    frame.inner.src_port if sent_back else frame.inner.dst_port):
                out.append(frame)
        return out

    def close(self):
        self.socket.close()


class VlanAndSizes(lib.WireTest):
    def arrived(self, count, *args):
        """Sends slowly enough for the wire to accept every frame, and returns what arrived."""
        capture = RawCapture(self.wire.far_ns, self.wire.far_if)
        self.addCleanup(capture.close)
        result = self.ok(self.wire.udp("-n", count, "--rate", "4kpps", *args))
        self.assertEqual(result.total["accepted"], count, result)
        frames = capture.take(count)
        for frame in frames:
            self.assertEqual(frame.inner.problems, [])
        self.assertEqual(result.total["bytes"], sum(frame.size for frame in frames))
        return frames, result

    def test_one_tag_with_priority(self):
        frames, result = self.arrived(50, "--vlan", "100:5")
        self.assertEqual({tuple(f.tags) for f in frames}, {((0x8100, 5, 100),)})
        self.assertEqual({f.size for f in frames}, {66})
        self.assertEqual(result.stream["vlans"], [{"tpid": "0x8100", "vlan": "100:5"}])

    def test_two_tags(self):
        frames, _ = self.arrived(50, "--vlan", "200", "--vlan", "100")
        self.assertEqual({tuple(f.tags) for f in frames}, {((0x88a8, 0, 200), (0x8100, 0, 100))})
        frames, _ = self.arrived(50, "--vlan", "200", "--vlan", "100", "--tpid", "0x9100")
        self.assertEqual({tuple(f.tags) for f in frames}, {((0x9100, 0, 200), (0x8100, 0, 100))})

    def test_range_of_tags(self):
        frames, _ = self.arrived(200, "--vlan", "100-199:3")
        self.assertEqual(collections.Counter(f.tags[0] for f in frames),
                         {(0x8100, 3, vlan): 2 for vlan in range(100, 200)})

    def test_imix(self):
        frames, result = self.arrived(1200, "--pkt-size", "imix")
        self.assertEqual(collections.Counter(f.size for f in frames),
                         {size: 100 * weight for size, weight in IMIX.items()})
        self.assertEqual({f.inner.signature()["form"] for f in frames}, {"compact"})
        self.assertEqual(sorted(f.inner.signature()["seq"] for f in frames), list(range(1200)))
        self.assertEqual(result.total["bytes"], 100 * sum(s * w for s, w in IMIX.items()))
        self.assertIsNone(result.stream["frame_size"])
        self.assertEqual(result.stream["sizes"]["law"], "imix")

    def test_mix_with_payload_over_used_pages(self):
        """Pages return with the signature of a shorter frame in the middle of a longer one's payload."""
        frames, _ = self.arrived(3000, "--pkt-size", "64-1518/97", "--payload", "pattern")
        for frame in frames:
            filling = frame.inner.payload[:-16]
            self.assertEqual(filling, bytes(i & 0xff for i in range(len(filling))))

    def test_flows(self):
        frames, _ = self.arrived(64, "--flows", 4, "--flow-packets", 8)
        ports = [f.inner.src_port for f in frames]
        self.assertEqual(ports, [1, 2, 3, 4] * 8 + [5, 6, 7, 8] * 8)

    def test_the_kernels_vlan_interface_takes_them(self):
        with lib.in_netns(self.wire.far_ns):
            try:
                lib.call("ip", "link", "add", "link", self.wire.far_if, "name", "v100", "type", "vlan", "id", "100")
            except AssertionError as error:
                if "Unknown device type" not in str(error):
                    raise
                self.skipTest("this kernel has no VLAN interfaces (CONFIG_VLAN_8021Q)")
            self.addCleanup(lib.call, "ip", "-n", self.wire.far_ns, "link", "del", "v100", check=False)
            lib.call("ip", "address", "add", "192.0.2.2/24", "dev", "v100")
            lib.call("ip", "link", "set", "v100", "up")
            receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(receiver.close)
        receiver.bind(("192.0.2.2", 1000))
        receiver.settimeout(lib.PATIENCE)
        mac = self.wire.far_mac
        self.ok(self.wire.udp("-n", 20, "--rate", "2kpps", "--vlan", "100", "-a", "192.0.2.2", "-A", "192.0.2.1",
                              "-m", mac, "--pkt-size", "66,600"))
        sizes = collections.Counter(len(receiver.recv(4096)) for _ in range(20))
        self.assertEqual(sizes, {66 - 50: 10, 600 - 50: 10})

    def test_receiver_counts_tagged_mixes(self):
        receiver = rx_lib.Receiver(self.wire, "-n", "1200")
        sent = self.ok(self.wire.udp("-n", 1200, "--rate", "4kpps", "--vlan", "200", "--vlan", "100-109",
                                     "--pkt-size", "80:7,594:4,1518:1"))
        result = self.ok(receiver.finish())
        self.assertEqual(result.end["sum"]["packets"], 1200)
        self.assertEqual(result.end["sum"]["bytes"], sent.total["bytes"])
        self.assertEqual(result.end["sum"]["lost_packets"], 0)
        (stream,) = result.end["streams"]
        self.assertEqual(stream["frame_size"], {"min": 80, "max": 1518})

    def test_receiver_captures_tags(self):
        path = os.path.join(lib.scratch(self), "tagged.pcap")
        receiver = rx_lib.Receiver(self.wire, "-n", "200", "--write-pcap", path, "--sample", "1/2")
        self.ok(self.wire.udp("-n", 200, "--rate", "4kpps", "--vlan", "200:3", "--vlan", "100-109", "-s", 128))
        result = self.ok(receiver.finish())
        self.assertEqual(result.end["sum"]["packets"], 200)
        frames = [Tagged(data) for data in lib.frames_of_pcap(path)]
        self.assertEqual([(f.inner.signature()["seq"], f.tags) for f in frames],
                         [(seq, [(0x88a8, 3, 200), (0x8100, 0, 100 + seq % 10)]) for seq in range(0, 200, 2)])
        self.assertEqual([problem for f in frames for problem in f.inner.problems], [])

    def test_reflector_sends_tags_back(self):
        for tags in (("--vlan", "100:5"), ("--vlan", "200", "--vlan", "100-109")):
            with self.subTest(tags=tags):
                reflector = Reflector(self.wire)
                self.addCleanup(reflector.__exit__)
                capture = RawCapture(self.wire.near_ns, self.wire.near_if)
                self.addCleanup(capture.close)
                self.ok(self.wire.udp("-n", 200, "--rate", "4kpps", *tags, "-s", 128))
                frames = capture.take(200, sent_back=True)
                end = self.ok(reflector.stop()).end
                self.assertEqual(end["sum"]["packets"], 200)
                outer = [] if len(tags) == 2 else [(0x88a8, 0, 200)]
                for seq, frame in enumerate(frames):
                    vlan = (0x8100, 5, 100) if len(tags) == 2 else (0x8100, 0, 100 + seq % 10)
                    self.assertEqual((frame.inner.problems, frame.inner.signature()["seq"]), ([], seq))
                    self.assertEqual((frame.tags, frame.size), (outer + [vlan], 128))
                    self.assertEqual((frame.inner.src_mac, frame.inner.dst_mac), (self.wire.far_mac, self.wire.near_mac))
                    self.assertEqual((frame.inner.src_port, frame.inner.dst_port), (1000, 1))


if __name__ == "__main__":
    lib.main()
