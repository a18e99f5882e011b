# SPDX-License-Identifier: BSD-2-Clause
"""`rx --match`: filters count frames of any sender, which still reach their receivers."""
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import time

import lib
import rx_lib

PORT = 10_000
UDP4, UDP6, FCS = 42, 62, 4  # bytes of headers


class MatchTest(rx_lib.RxTest):

    def tx_dropped(self):
        link, = json.loads(self.wire.near("ip", "-s", "-j", "link", "show", "dev", self.wire.near_if))
        return link["stats64"]["tx"]["dropped"]

    def drained(self):
        """Waits until everything that left the near end has arrived."""
        sent = lib.link_counters(self.wire.near_ns, self.wire.near_if)["tx_packets"]
        lib.wait_for(lambda: self.wire.far_packets() >= sent, "the wire is empty")

    def counted(self, send, *args):
        """The receiver's report on frames sent by send(pause); repeated at a lower rate if the wire refused frames."""
        for pause in (0.0002, 0.001, 0.004):
            dropped = self.tx_dropped()
            receiver = self.receiver(*args)
            sent = send(pause)
            self.drained()
            receiver.send(signal.SIGTERM)
            result = receiver.finish()
            if self.tx_dropped() == dropped:
                self.assertIsNotNone(result.end, result)
                return sent, result
        self.fail(f"the wire refuses frames: {result}")

    def stream_of(self, end, text):
        stream, = [entry for entry in end["streams"] if entry["match"] == text]
        self.assertEqual(stream["form"], "match")
        return stream

    def near_socket(self, family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=0):
        with lib.in_netns(self.wire.near_ns):
            here = socket.socket(family, kind, protocol)
        self.addCleanup(here.close)
        return here

    def far_socket(self, port, family=socket.AF_INET):
        with lib.in_netns(self.wire.far_ns):
            there = socket.socket(family, socket.SOCK_DGRAM)
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_000_000)
        there.bind((self.wire.far_ip if family == socket.AF_INET else self.wire.far_ip6, port))
        there.settimeout(5)
        self.addCleanup(there.close)
        return there

    def raw_sender(self, frames):
        """Sends frames unchanged, including tags."""
        raw = self.near_socket(socket.AF_PACKET, socket.SOCK_RAW)
        with lib.in_netns(self.wire.near_ns):
            raw.bind((self.wire.near_if, 0))

        def send(pause):
            for frame in frames:
                raw.send(frame)
                time.sleep(pause)
            return len(frames)
        return send


def payload(size):
    """No frame that ends like a signature."""
    return bytes((7 * i + size) & 0x7f for i in range(size))


class Sockets(MatchTest):

    def test_datagrams(self):
        """Both families, one filter each; other ports just pass, and everything is delivered."""
        sizes = [(i * 37) % 1400 + 1 for i in range(400)]
        ends = {(family, port): self.far_socket(port, family)
                for family in (socket.AF_INET, socket.AF_INET6) for port in (PORT, PORT + 1)}
        here = {family: self.near_socket(family) for family in (socket.AF_INET, socket.AF_INET6)}
        address = {socket.AF_INET: self.wire.far_ip, socket.AF_INET6: self.wire.far_ip6}

        def send(pause):
            for size in sizes:
                for (family, port), there in ends.items():
                    here[family].sendto(payload(size), (address[family], port))
                    self.assertEqual(there.recv(2048), payload(size))
                time.sleep(pause)

        texts = f"udp dst port {PORT} and ip", f"udp dst port {PORT} and ip6", "tcp"
        _, result = self.counted(send, "--match", texts[0], "--match", texts[1], "--match", texts[2], "--expect",
                                 f"rx={2 * len(sizes)},streams=2,pps>0")
        self.assertEqual(result.status, 0, result)
        end = result.end
        for text, headers in ((texts[0], UDP4), (texts[1], UDP6)):
            stream = self.stream_of(end, text)
            self.assertEqual(stream["packets"], len(sizes))
            # The smallest datagrams are shorter than Ethernet's minimum except on a wire that pads: this one does not.
            self.assertEqual(stream["bytes"], sum(sizes) + len(sizes) * (headers + FCS))
            self.assertEqual(stream["frame_size"], {"min": min(sizes) + headers + FCS,
                                                    "max": max(sizes) + headers + FCS})
            self.assertIsNotNone(stream["arrival_us"]["p50"])
            for key in ("session", "unique", "lost_packets", "lost_percent", "delay_us", "jitter_us", "clock"):
                self.assertIsNone(stream[key], key)
        self.assertEqual(self.stream_of(end, "tcp")["packets"], 0)
        total = end["sum"]
        self.assertEqual((total["packets"], total["matched"], total["unique"], total["lost_packets"]),
                         (2 * len(sizes), 2 * len(sizes), None, None))
        self.assertIsNone(total["lost_percent"])
        self.assertGreaterEqual(total["passed"], 2 * len(sizes))
        self.assertEqual(sum(queue["packets"] for queue in end["queues"]), 2 * len(sizes))

    def test_generic_mode(self):
        self.far_socket(PORT)
        here = self.near_socket()

        def send(pause):
            for _ in range(300):
                here.sendto(payload(100), (self.wire.far_ip, PORT))
                time.sleep(pause)

        _, result = self.counted(send, "--mode", "generic", "--match", f"udp dst port {PORT}")
        self.assertEqual(self.stream_of(result.end, f"udp dst port {PORT}")["packets"], 300, result)

    def connection(self, port):
        with lib.in_netns(self.wire.far_ns):
            listener = socket.create_server((self.wire.far_ip, port))
        here = self.near_socket(kind=socket.SOCK_STREAM)
        here.connect((self.wire.far_ip, port))
        there, _ = listener.accept()
        there.settimeout(20)
        for end in (listener, there):
            self.addCleanup(end.close)
        return here, there

    def far_segments(self):
        """TCP segments that arrived at the far stack, by its own counter."""
        with lib.in_netns(self.wire.far_ns), open("/proc/thread-self/net/snmp", encoding="ascii") as file:
            names, figures = [line.split() for line in file if line.startswith("Tcp:")]
        return int(figures[names.index("InSegs")])

    def test_a_connection(self):
        """Counted segment by segment, and passed on."""
        self.wire.far("ethtool", "-K", self.wire.far_if, "gro", "off")  # keeps segments separate
        here, there = self.connection(5001)
        data = payload(300)

        def send(pause):
            before = self.far_segments()
            for _ in range(200):
                here.sendall(data)
                got = b""
                while len(got) < len(data):
                    got += there.recv(4096)
                self.assertEqual(got, data)
                time.sleep(pause)
            self.drained()
            return self.far_segments() - before

        segments, result = self.counted(send, "--match", "tcp dst port 5001")
        self.assertGreaterEqual(segments, 200)
        self.assertEqual(self.stream_of(result.end, "tcp dst port 5001")["packets"], segments, result)

    def test_drop_matched(self):
        """Matched frames are dropped; a connection over the same interface goes on."""
        there = self.far_socket(PORT)
        here = self.near_socket()
        near, far = self.connection(5001)

        def send(pause):
            for i in range(200):
                here.sendto(payload(50), (self.wire.far_ip, PORT))
                near.sendall(bytes([i]))
                self.assertEqual(far.recv(1), bytes([i]))
                time.sleep(pause)

        _, result = self.counted(send, "--match", f"udp dst port {PORT}", "--drop-matched")
        self.assertEqual(result.end["sum"]["matched"], 200)
        there.settimeout(0)
        with self.assertRaises(BlockingIOError):
            there.recv(2048)

    def test_amount(self):
        """-n counts matched frames, too."""
        self.far_socket(PORT)
        here = self.near_socket()
        receiver = self.receiver("-n", 100, "--duration", 30, "--match", f"udp dst port {PORT}")
        for _ in range(300):
            here.sendto(payload(50), (self.wire.far_ip, PORT))
            time.sleep(0.0005)
        result = receiver.finish()
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.end["reason"], "amount", result)
        self.assertEqual(result.end["sum"]["matched"], 100)

    def test_beside_test_frames(self):
        """Both use the same port: each is counted once, and loss is that of the test frames."""
        self.far_socket(PORT)
        here = self.near_socket()

        def send(pause):
            sent = self.udp("-s", 128, "-n", 500, "--rate", "1kpps", "-p", PORT)
            for _ in range(300):
                here.sendto(payload(50), (self.wire.far_ip, PORT))
                time.sleep(pause)
            return sent.total["accepted"]

        accepted, result = self.counted(send, "--match", "udp")
        total = result.end["sum"]
        self.assertEqual((total["unique"], total["lost_packets"]), (accepted, 500 - accepted), result)
        self.assertEqual((total["matched"], total["packets"]), (300, accepted + 300))
        self.assertEqual(total["streams"], 2)
        self.assertEqual([stream["form"] for stream in result.end["streams"]], ["full", "match"])
        self.assertEqual(total["delay_us"]["count"], accepted)

    def test_what_ends_like_a_signature(self):
        """It passes as before; the compact form's magic does not prevent counting a frame."""
        there = self.far_socket(PORT)
        here = self.near_socket()
        full = [bytes(27) + b"\x09XTGS", bytes(26) + b"\x07\x01XTGS"]
        short = [bytes(10) + bytes([i, 0, 0, 0]) + b"\xc7" + bytes([0xa0 + i]) for i in range(16)]

        def send(pause):
            for data in full + short:
                here.sendto(data, (self.wire.far_ip, PORT))
                self.assertEqual(there.recv(2048), data)
                time.sleep(pause)

        _, result = self.counted(send, "--match", f"udp dst port {PORT}")
        self.assertEqual(result.end["sum"]["matched"], len(short), result)
        self.assertEqual(result.end["aside"]["unknown"], len(full))
        self.assertEqual(result.end["aside"]["candidates"], 0)

    def test_nothing_matches(self):
        result = self.receiver("--duration", "300ms", "--match", f"udp dst port {PORT}").finish()
        self.assertEqual(result.status, 5, result)
        self.assertIn("no frame that is counted arrived", result.err)
        self.assertEqual(self.stream_of(result.end, f"udp dst port {PORT}")["packets"], 0)


class Tags(MatchTest):

    def test_tagged_frames(self):
        ip = (bytes.fromhex("4500001f00000000401100000a0000010a000002") +
              struct.pack("!HHHH", 9, PORT, 11, 0) + b"abc")
        macs = bytes.fromhex("020000000bad") + bytes.fromhex(self.wire.near_mac.replace(":", ""))
        plain = macs + b"\x08\x00" + ip
        one = macs + b"\x81\x00\x60\x05\x08\x00" + ip
        other = macs + b"\x81\x00\x00\x06\x08\x00" + ip
        two = macs + b"\x88\xa8\x00\x07\x81\x00\x00\x05\x08\x00" + ip
        frames = [plain] * 10 + [one] * 20 + [other] * 30 + [two] * 40
        port = f"udp dst port {PORT}"
        texts = "vlan 5 and " + port, "vlan 7 and vlan 5 and " + port, "vlan and " + port, port
        _, result = self.counted(self.raw_sender(frames), *[word for text in texts for word in ("--match", text)])
        self.assertEqual([self.stream_of(result.end, text)["packets"] for text in texts], [20, 40, 30, 10], result)


class ForeignSenders(MatchTest):

    def test_iperf3(self):
        iperf3 = lib.need_tool("iperf3")
        for to, family in ((self.wire.far_ip, "-4"), (self.wire.far_ip6, "-6")):
            with self.subTest(to=to):
                said, result = self.counted(lambda _, to=to, family=family: self.iperf3_sent(iperf3, to, family),
                                            "--match", f"udp dst port {PORT} and greater 200", "--match", "tcp")
                headers = UDP4 if family == "-4" else UDP6
                stream = result.end["streams"][0]
                self.assertEqual(stream["packets"], said["packets"], result)
                self.assertEqual(stream["bytes"], said["bytes"] + said["packets"] * (headers + FCS))
                self.assertGreater(result.end["streams"][1]["packets"], 3)

    def iperf3_sent(self, iperf3, to, family):
        """Packets sent over UDP by the client's own count; its control connection continues."""
        with subprocess.Popen(["ip", "netns", "exec", self.wire.far_ns, iperf3, "-s", "-1", "-p", str(PORT)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                lib.wait_for(lambda: f":{PORT} " in self.wire.far("ss", "-Hltn"), "iperf3 listens")
                said = json.loads(self.wire.near(iperf3, "-c", to, family, "-u", "-p", str(PORT), "-b", "1M", "-l",
                                                 "500", "-t", "1", "--json"))
                server.wait(timeout=lib.PATIENCE)
            finally:
                server.kill()
        return said["end"]["sum_sent"]

    def test_trafgen(self):
        trafgen = lib.need_tool("trafgen")
        config = os.path.join(lib.scratch(self), "frames.cfg")
        ethernet = f"eth(daddr=02:00:00:00:0b:ad, saddr={self.wire.near_mac})"
        ports = f"udp(sport=9, dport={PORT}), fill('A', 100)"
        with open(config, "w", encoding="ascii") as file:
            for headers in ("ipv4(saddr=198.18.0.1, daddr=198.18.0.2)", "ipv6(saddr=2001:2::1, daddr=2001:2::2)",
                            "vlan(id=5), ipv4(saddr=198.18.0.1, daddr=198.18.0.2)"):
                file.write("{ %s, %s, %s }\n" % (ethernet, headers, ports))
        port = f"udp dst port {PORT}"
        texts = "vlan 5 and " + port, "ip6 and " + port, port

        def send(pause):
            said = self.wire.near(trafgen, "--in", config, "--out", self.wire.near_if, "--num", "600", "--cpus", "1",
                                  "--gap", f"{int(pause * 1e6)}us")
            return int(re.search(r"(\d+) packets outgoing", said)[1])

        sent, result = self.counted(send, *[word for text in texts for word in ("--match", text)])
        self.assertEqual(sent, 600)
        self.assertEqual([self.stream_of(result.end, text)["packets"] for text in texts], [200] * 3, result)
        self.assertEqual([stream["bytes"] for stream in result.end["streams"]],
                         [200 * (size + 100 + FCS) for size in (UDP4 + 4, UDP6, UDP4)])


class Meaning(MatchTest):
    """Filters mean the same as in tcpdump."""

    OURS = bytes.fromhex("0200000000aa")
    FILTERS = ("udp dst port 53", "tcp src portrange 50-60", "src net 203.0.113.0/31 and udp", "icmp", "icmp6",
               "dst host 2001:db8::2 and tcp", "ip6 proto 17 and less 90", "ip and port 60", "proto 132",
               "src net 2001:db8::/127 and greater 200", "ip6 and udp", "ip host 203.0.113.3", "greater 800", "ip6")
    # Intended differences (tags need not be named, fragments have no ports, hosts are those of IP headers) are not
    # compared.

    def frame(self, dice):
        proto = dice.choice((6, 17, 17, 1, 58, 132, 47))
        ports = struct.pack("!HH", dice.choice((53, 60, 1000)), dice.choice((53, 60, 1000)))
        body = ports + bytes(dice.choice((0, 10, 50, 150, 900)))
        macs = bytes.fromhex("020000000bad") + self.OURS
        if dice.random() < 0.1:
            return macs + struct.pack("!H", dice.choice((0x0806, 0x88cc))) + bytes(46)
        if dice.random() < 0.5:
            options = bytes([1]) * (4 * dice.choice((0, 0, 0, 1, 10)))
            fragment = dice.choice((0, 0, 0, 0x4000, 0x0009))
            header = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(body), 0, fragment,
                                 64, proto, 0)
            hosts = bytes([203, 0, 113, dice.randrange(1, 4)]) + bytes([203, 0, 113, dice.randrange(1, 4)])
            return macs + b"\x08\x00" + header + hosts + options + body
        if dice.random() < 0.2:
            body, proto = bytes([proto, 0, 0, 9]) + bytes(4) + body, 44
        hosts = b"".join(bytes.fromhex("20010db8") + bytes(11) + bytes([dice.randrange(1, 4)]) for _ in range(2))
        return macs + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(body), proto, 64) + hosts + body

    def said_by_tcpdump(self, frames):
        """Packets for each filter, without those of earlier filters."""
        path = os.path.join(lib.scratch(self), "frames.pcap")
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65_535, 1))
            for frame in frames:
                file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
        counts = []
        for i, text in enumerate(self.FILTERS):
            before = "".join(f" and not ({other})" for other in self.FILTERS[:i])
            said = lib.call(lib.need_tool("tcpdump"), "-nr", path, "--count", f"({text}){before}")
            counts.append(int(re.search(r"(\d+) packets?", said)[1]))
        return counts

    def test_as_tcpdump(self):
        dice = random.Random(4)
        frames = [self.frame(dice) for _ in range(1500)]
        # First counts what the near stack itself sends.
        args = ["--match", f"ether src host {self.wire.near_mac}"]
        for text in self.FILTERS:
            args += ["--match", text]
        _, result = self.counted(self.raw_sender(frames), *args)
        texts = [stream["match"] for stream in result.end["streams"][1:]]
        told = [stream["packets"] for stream in result.end["streams"][1:]]
        expected = self.said_by_tcpdump(frames)
        self.assertEqual(dict(zip(texts, told)), dict(zip(texts, expected)))
        self.assertTrue(all(expected), expected)


class Words(lib.TestCase):

    def test_errors_name_the_fault(self):
        for args, words in ((("--match", "udp or tcp"), ("--match", '"or"', "its own --match")),
                            (("--match", "upd"), ('"upd" is not known', "udp")),
                            (("--drop-matched",), ("--drop-matched", "--match")),
                            (("--match", "udp") * 17, ("17 times", "16"))):
            result = lib.program("rx", "lo", *args)
            self.assertEqual(result.status, 2, result)
            self.assertEqual(len(result.err.splitlines()), 1, result)
            for word in words:
                self.assertIn(word, result.err)


if __name__ == "__main__":
    lib.main()
