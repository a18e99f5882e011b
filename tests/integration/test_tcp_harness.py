# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the TCP test tools: the kernel's own TCP sends over the hop to the sink."""
import socket
import threading
import time

import hop
import lib
import tcp_lib

MARK = 0xdeadbeef.to_bytes(4, "big")


def kernel_sends(wire, data, family=socket.AF_INET, port=tcp_lib.PORT):
    """An ordinary sender that closes at the end; returns its port."""
    with lib.in_netns(wire.near_ns):
        plain = socket.socket(family, socket.SOCK_STREAM)
    with plain:
        plain.settimeout(lib.PATIENCE)
        plain.connect((wire.far_ip if family == socket.AF_INET else wire.far_ip6, port))
        number = plain.getsockname()[1]
        plain.sendall(data)
        plain.shutdown(socket.SHUT_WR)
        plain.recv(1)
    return number


class SegmentsTest(tcp_lib.WireTest):
    """Segments without a connection, numbered in their payload, to make the hop's effect visible."""
    make_wire = hop.HopWire

    def frames(self, numbers, v6=False):
        """Segments in a sender's format, with the number as their payload."""
        frames = []
        macs = b"".join(bytes.fromhex(mac.replace(":", "")) for mac in (self.wire.far_mac, self.wire.near_mac))
        for number in numbers:
            tcp = (b"\x03\xe8\x27\x10" + bytes(8) + b"\x50\x10\xff\xff" + bytes(4) + MARK +
                   number.to_bytes(4, "big") + bytes(50))
            if v6:
                ip = (b"\x60\0\0\0" + len(tcp).to_bytes(2, "big") + b"\x06\x40" +
                      socket.inet_pton(socket.AF_INET6, self.wire.near_ip6) +
                      socket.inet_pton(socket.AF_INET6, self.wire.far_ip6))
            else:
                ip = (b"\x45\0" + (20 + len(tcp)).to_bytes(2, "big") + b"\0\0\x40\0\x40\x06\0\0" +
                      socket.inet_aton(self.wire.near_ip) + socket.inet_aton(self.wire.far_ip))
            frames.append(macs + (b"\x86\xdd" if v6 else b"\x08\0") + ip + tcp)
        return frames

    def through(self, count, more=0, **options):
        """Sends this many numbered segments; returns the numbers in the order of arrival, with times."""
        with lib.in_netns(self.wire.near_ns):
            out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        with lib.in_netns(self.wire.far_ns):
            into = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        with out, into:
            out.bind((self.wire.near_if, 0))
            into.setsockopt(socket.SOL_SOCKET, lib.Capture.SO_RCVBUFFORCE, 1 << 28)
            into.bind((self.wire.far_if, 3))
            into.settimeout(0.3)
            frames = self.frames(range(count), **options)
            sender = threading.Thread(target=lambda: [out.send(frame) for frame in frames])
            arrived, begin = [], time.monotonic()
            sender.start()
            try:
                while True:
                    data = into.recv(4096)
                    at = data.find(MARK)
                    if at > 0:
                        arrived.append((int.from_bytes(data[at + 4:at + 8], "big"), time.monotonic() - begin))
            except TimeoutError:
                sender.join()
        return arrived

    def check(self, count, **rule):
        """The hop does exactly what the model of its rule predicts, in that order, and counts it."""
        self.wire.rule(**rule)
        options = {"v6": rule.pop("v6")} if "v6" in rule else {}
        arrived = [number for number, _ in self.through(count, **options)]
        order, figures = hop.predict(count, **rule)
        self.assertEqual(arrived, order)
        counters = self.wire.counters()
        self.assertEqual({key: counters[key] for key in figures}, figures)
        self.assertEqual((counters["seen"], counters["seen_bytes"]), (count, count * 58))
        self.assertEqual(counters["dropped_bytes"], figures["dropped"] * 58)
        self.assertEqual((counters["merged"], counters["failed"]), (0, 0))
        return figures

    def test_nothing(self):
        self.assertEqual(self.check(3000)["passed"], 3000)

    def test_drop(self):
        for chance, about in ((0.0001, (0, 8)), (0.001, (8, 40)), (0.01, (150, 250)), (0.05, (900, 1100)),
                              (1.0, (20_000, 20_000))):
            with self.subTest(chance=chance):
                figures = self.check(20_000, drop=chance, seed=5)
                self.assertTrue(about[0] <= figures["dropped"] <= about[1], figures)

    def test_seed(self):
        orders = set()
        for seed in (1, 2, 3):
            self.check(2000, drop=0.05, seed=seed)
            orders.add(tuple(hop.predict(2000, drop=0.05, seed=seed)[0]))
        self.assertEqual(len(orders), 3)

    def test_burst(self):
        self.wire.rule(burst_from=100, burst_length=50)
        arrived = [number for number, _ in self.through(1000)]
        self.assertEqual(arrived, [*range(100), *range(150, 1000)])
        self.check(1000, burst_from=0, burst_length=50)

    def test_duplicate(self):
        figures = self.check(10_000, duplicate=0.01, seed=9)
        self.assertGreater(figures["duplicated"], 50)
        figures = self.check(500, duplicate=1.0)
        self.assertEqual(figures["duplicated"], 500)

    def test_hold(self):
        for by in (1, 3, 50):
            with self.subTest(by=by):
                figures = self.check(10_000, hold=0.01, hold_by=by, seed=2)
                self.assertGreater(figures["released"], 50)
        # One held segment arrives after `by` later ones.
        self.wire.rule(hold=0.001, hold_by=3, seed=11)
        arrived = [number for number, _ in self.through(3000)]
        out_of_place = [i for i in range(1, len(arrived)) if arrived[i] < arrived[i - 1]]
        self.assertTrue(out_of_place)
        for i in out_of_place:
            self.assertEqual(arrived[i - 3:i], [arrived[i] + 1, arrived[i] + 2, arrived[i] + 3])

    def test_all_together(self):
        rule = {"drop": 0.02, "hold": 0.05, "hold_by": 20, "duplicate": 0.03, "burst_from": 500, "burst_length": 50}
        for v6 in (False, True):
            self.check(10_000, seed=77, v6=v6, **rule)

    def test_delay(self):
        self.wire.rule(late=1.0)
        for seconds in (0.05, 0.2):
            self.wire.delay(seconds)
            self.wire.rule(late=1.0)
            arrived = self.through(200)
            self.assertEqual([number for number, _ in arrived], list(range(200)))
            self.assertGreaterEqual(arrived[0][1], seconds)
            self.assertEqual(self.wire.counters()["late"], 200)
        self.wire.rule(late=0.01, seed=4)
        arrived = [number for number, _ in self.through(2000)]
        _, figures = hop.predict(2000, late=0.01, seed=4)
        self.assertEqual(self.wire.counters()["late"], figures["late"])
        self.assertEqual(sorted(arrived), list(range(2000)))
        late = arrived[-figures["late"]:]
        self.assertEqual(late, sorted(late))
        self.assertLess(late[0], 2000 - figures["late"])


class HopTest(tcp_lib.WireTest):
    """Connections of the kernel over the hop."""
    make_wire = hop.HopWire
    data = tcp_lib.pattern(8_000_000)

    def send(self, size=8_000_000, family=socket.AF_INET):
        with tcp_lib.Sink(self.wire, check="pattern") as sink:
            port = kernel_sends(self.wire, self.data[:size], family)
            connection, = sink.ended()
        self.assertEqual(connection, (port, size, 0, None, "eof"))
        counters = self.wire.counters()
        self.assertEqual((counters["merged"], counters["failed"]), (0, 0))
        return counters

    def test_clean(self):
        for family in (socket.AF_INET, socket.AF_INET6):
            self.wire.rule()
            before = tcp_lib.protocol_counters(self.wire.far_ns)
            counters = self.send(family=family)
            after = tcp_lib.protocol_counters(self.wire.far_ns)
            self.assertEqual(counters["seen_bytes"], len(self.data))
            self.assertEqual(tcp_lib.reproaches(before, after), {})
            self.assertGreaterEqual(after["Tcp.InSegs"] - before["Tcp.InSegs"], 100)

    def test_large_segments(self):
        for name, netns in ((self.wire.near_if, self.wire.near), (self.wire.far_if, self.wire.far)):
            netns("ip", "link", "set", "dev", name, "mtu", "3394")
            self.addCleanup(netns, "ip", "link", "set", "dev", name, "mtu", "1500")
        for side in ("near", "far", "line0"):
            self.wire.in_hop("ip", "link", "set", "dev", side, "mtu", "3394")
            self.addCleanup(self.wire.in_hop, "ip", "link", "set", "dev", side, "mtu", "1500")
        self.wire.rule(hold=0.1, hold_by=3)
        counters = self.send()
        self.assertGreater(counters["seen_bytes"] / counters["seen"], 3000)
        self.assertGreater(counters["released"], 0)

    def test_bad(self):
        before = tcp_lib.protocol_counters(self.wire.far_ns)
        self.wire.rule(drop=0.01, duplicate=0.01, hold=0.01, hold_by=3, seed=6)
        counters = self.send(2_000_000)
        after = tcp_lib.protocol_counters(self.wire.far_ns)
        self.assertGreater(counters["dropped"], 0)
        self.assertGreater(counters["seen_bytes"] - counters["dropped_bytes"], 2_000_000 - 1)
        blamed = tcp_lib.reproaches(before, after)
        self.assertGreater(blamed["TcpExt.TCPOFOQueue"], 0)
        self.assertNotIn("Tcp.InCsumErrors", blamed)

    def test_acknowledgements(self):
        self.wire.rule()
        self.wire.rule(1, acks=True, drop=0.05, seed=3)
        self.addCleanup(self.wire.rule, 1)
        self.send()
        counters = self.wire.counters(1)
        _, figures = hop.predict(counters["seen"], drop=0.05, seed=3)
        self.assertEqual((counters["dropped"], counters["dropped_bytes"]), (figures["dropped"], 0))
        self.assertGreater(counters["dropped"], 0)


class SinkTest(tcp_lib.WireTest):
    """The sink's report is correct."""

    def plain(self):
        with lib.in_netns(self.wire.near_ns):
            plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.addCleanup(plain.close)
        plain.settimeout(lib.PATIENCE)
        plain.connect((self.wire.far_ip, tcp_lib.PORT))
        return plain

    def test_every_byte_is_checked(self):
        size = tcp_lib.PATTERN_PERIOD + 100_000
        data = tcp_lib.pattern(size)
        for at in (None, 0, 65_535, 4_194_300, 4_194_301, size - 1):
            with tcp_lib.Sink(self.wire, check="pattern") as sink:
                damaged = bytearray(data)
                if at is not None:
                    damaged[at] ^= 1
                kernel_sends(self.wire, damaged)
                self.assertEqual(sink.ended()[0][1:], (size, 0, at, "eof"))
        with tcp_lib.Sink(self.wire, check="zeros") as sink:
            kernel_sends(self.wire, bytes(1_000_000) + b"\1" + bytes(10))
            self.assertEqual(sink.ended()[0].wrong, 1_000_000)

    def test_file(self):
        path = lib.scratch(self) + "/file"
        text = bytes(range(256)) * 11 + b"end"
        with open(path, "wb") as file:
            file.write(text)
        for data, wrong in ((text * 500, None), (text * 3 + b"?", len(text) * 3)):
            with tcp_lib.Sink(self.wire, check=path) as sink:
                kernel_sends(self.wire, data)
                self.assertEqual(sink.ended()[0][1:4], (len(data), 0, wrong))

    def test_connections_are_distinguished(self):
        with tcp_lib.Sink(self.wire) as sink:
            ports = {kernel_sends(self.wire, bytes(1000 * i)): 1000 * i for i in range(1, 9)}
            self.assertEqual({c.port: c.bytes for c in sink.ended(8)}, ports)

    def test_pause(self):
        with tcp_lib.Sink(self.wire, pause_at=100_000, pause=0.3) as sink:
            plain = self.plain()
            plain.sendall(bytes(200_000))
            sink.wait_bytes(100_000)
            self.assertEqual(sink.total(), 100_000)
            sink.wait_bytes(200_000)

    def test_rate(self):
        with tcp_lib.Sink(self.wire, rate=1_000_000) as sink:
            begin = time.monotonic()
            kernel_sends(self.wire, bytes(300_000))
            self.assertGreater(time.monotonic() - begin, 0.25)
            self.assertEqual(sink.ended()[0].bytes, 300_000)

    def test_ends(self):
        for end, expected in (("close", "closed"), ("reset", "closed"), ("half", "eof")):
            with self.subTest(end=end), tcp_lib.Sink(self.wire, end_at=5000, end=end) as sink:
                plain = self.plain()
                plain.sendall(bytes(5000))
                if end == "reset":
                    with self.assertRaises(ConnectionResetError):
                        plain.recv(1)
                else:
                    self.assertEqual(plain.recv(1), b"")
                    if end == "half":
                        plain.sendall(bytes(5000))
                        sink.wait_bytes(10_000)
                plain.close()
                self.assertEqual(sink.ended()[0].end, expected)

    def test_reset_by_the_sender(self):
        with tcp_lib.Sink(self.wire) as sink:
            plain = self.plain()
            plain.sendall(bytes(10))
            sink.wait_bytes(10)
            self.assertEqual(sink.connections()[0].end, "open")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            plain.close()
            self.assertEqual(sink.ended()[0].end, "reset")

    def test_send_and_echo(self):
        for options, expected in (({"send": 3_000_000}, bytes(3_000_000)), ({"echo": 1}, self.echoed())):
            with tcp_lib.Sink(self.wire, **options) as sink:
                plain = self.plain()
                if "echo" in options:
                    threading.Thread(target=plain.sendall, args=(expected,)).start()
                got = b""
                while len(got) < len(expected):
                    got += plain.recv(1 << 20)
                self.assertTrue(got == expected)
                plain.shutdown(socket.SHUT_WR)
                self.assertEqual(plain.recv(1), b"")
                self.assertEqual(sink.ended()[0].sent, len(expected))

    def echoed(self):
        return tcp_lib.pattern(2_000_000)

    def test_stay(self):
        with tcp_lib.Sink(self.wire, stay=1) as sink:
            plain = self.plain()
            plain.shutdown(socket.SHUT_WR)
            self.assertEqual(sink.ended()[0].end, "eof")
            plain.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                plain.recv(1)


if __name__ == "__main__":
    lib.main()
