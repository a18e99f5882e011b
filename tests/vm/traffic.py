# SPDX-License-Identifier: BSD-2-Clause
"""What every driver that sends and receives by XDP must do, whatever the kernel. Rates say nothing here, for
the machine is emulated: contents and counts are judged, by captures and by the cards' own counters."""
import os
import signal

import cards
import empty_root
import lib
import rx_lib
import tcp_lib
import test_reflect

RATE = "400pps"


class Udp(cards.CardTest):

    def numbered(self, frames):
        return [frame.signature()["seq"] for frame in frames]

    def flood(self, size, *args, to=None):
        """At full speed, with more frames than any ring holds: what our driver took is what its card sent, and
        what arrives but for what the far card had no room for."""
        before = self.wire.out_of_room()
        with self.arriving() as capture:
            result = self.adds_up(self.ok(self.wire.udp("-a", to or self.wire.far_ip, "-n", 3000, "-s", size, *args)))
            accepted = result.total["accepted"]
            lib.wait_for(lambda: len(capture.frames) + self.wire.out_of_room() - before >= accepted, "frames arrive",
                         seconds=20)
            frames = self.sound(capture.take(0), accepted - (self.wire.out_of_room() - before), size)
        self.assertEqual(accepted, 3000, result)
        self.assertEqual(result.total["redirect_errors"], 0, result)
        self.assertGreater(len(frames), 0, result)
        numbers = self.numbered(frames)
        self.assertEqual(len(set(numbers)), len(frames))
        self.assertLess(max(numbers), 3000)

    def test_flood(self):
        self.flood(64)

    def test_paced(self):
        with self.arriving() as capture:
            result = self.adds_up(self.ok(self.wire.udp("-n", 300, "-s", 128, "--rate", RATE)))
            frames = self.sound(capture.take(300), 300, 128)
        self.assertEqual(result.total["accepted"], 300, result)
        self.assertEqual(self.numbered(frames), list(range(300)))


class Receive(cards.CardTest):

    def received(self, count, *args, send=(), to=None):
        receiver = rx_lib.Receiver(self.wire, "-n", count, "--duration", 60, *args)
        self.addCleanup(receiver.__exit__)
        sent = self.adds_up(self.ok(self.wire.udp("-a", to or self.wire.far_ip, "-n", count, "--rate", RATE, *send)))
        self.assertEqual(sent.total["accepted"], count, sent)
        result = receiver.finish()
        self.assertEqual(result.status, 0, result)
        total = result.end["sum"]
        self.assertEqual((total["packets"], total["unique"], total["lost_packets"], total["duplicates"]),
                         (count, count, 0, 0), result)
        self.assertEqual(result.end["aside"]["link_dropped"], 0, "the driver counts what the program dropped")
        return result

    def test_native(self):
        result = self.received(300, "--mode", "native", send=("-s", 128))
        self.assertEqual(result.events[0]["data"]["configuration"]["attached"], "native", result)

    def test_udp_rx(self):
        with self.wire.joined():
            result = self.wire.run("udp", "eth0", "--rx", "eth1", "-m", self.wire.far_mac, "-a", self.wire.far_ip,
                                   "-n", 300, "-s", 128, "--rate", RATE, "--json")
            self.ok(result)
            ledger, = result.doc["end"]["ledger"]
            self.assertEqual((ledger["asked"], ledger["received"], ledger["lost"]), (300, 300, 0), result)


class RoundTrip(cards.CardTest):

    def test_round_trip(self):
        mirror = test_reflect.Reflector(self.wire, fix=False)
        self.addCleanup(mirror.__exit__)
        self.assertEqual((mirror.first or {}).get("event"), "start", mirror.first)
        receiver = rx_lib.Receiver(self.wire, "-n", 200, "--duration", 60, end="near")
        self.addCleanup(receiver.__exit__)
        sent = self.adds_up(self.ok(self.wire.udp("-n", 200, "-s", 130, "--rate", RATE, "--round-trip")))
        self.assertEqual(sent.total["accepted"], 200, sent)
        result, reflected = receiver.finish(), mirror.stop()
        self.assertEqual((result.status, reflected.status), (0, 0), f"{result}\n{reflected}")
        self.assertEqual((result.end["sum"]["path"], result.end["sum"]["unique"]), ("round-trip", 200), result)
        self.assertEqual(reflected.end["sum"]["packets"], 200, reflected)
        self.assertEqual(mirror.start()["attached"], "native")


class Tcp(tcp_lib.TcpTest, cards.CardTest):

    def exchanged(self, count, *args, to=None):
        """Every byte that was asked for came, as it should be."""
        with tcp_lib.Sink(self.wire, check="pattern") as sink:
            result = self.tcp("--payload", "pattern", "--bytes", count, *args, to=to, seconds=120)
            self.done(result)
            self.delivered(result, sink)
            self.assertEqual(result.total["bytes"], count, result)
            self.assertEqual((result.total["redirect_errors"], result.total["bad_segments"]), (0, 0), result)
        return result

    def test_xdp(self):
        self.assertEqual(self.exchanged(300_000, "--ingress", "xdp").doc["end"]["ingress"], "xdp")

    def test_tc(self):
        self.assertIn(self.exchanged(300_000, "--ingress", "tc").doc["end"]["ingress"], ("tcx", "clsact"))


class EmptyRoot(empty_root.Exchange, cards.CardTest):
    count, rate = 300, RATE


class FullUdp(Udp):

    def test_sizes(self):
        for size in (65, 128, 1017, 1518):
            with self.subTest(size=size):
                self.flood(size)

    def test_ipv6(self):
        self.flood(90, to=self.wire.far_ip6)

    def test_threads(self):
        self.flood(128, "--threads", 2)

    def test_fields_change(self):
        self.flood(200, "--dst-port", "1000-1999", "--payload", "random")

    def test_a_program_at_the_far_end(self):
        """What another program drops there has arrived all the same."""
        drop = lib.compile_bpf(self, "return 1;")
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "xdp", "obj", drop, "sec", "xdp")
        try:
            self.ok(self.wire.udp("-m", self.wire.far_mac, "-n", 300, "--rate", RATE))
        finally:
            self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "xdp", "off")

    def test_interrupted(self):
        with self.wire.start("udp", "eth0", "-a", self.wire.far_ip, "--rate", RATE, "--json") as run:
            self.wire.wait_sending(50)
            run.send(signal.SIGINT)
            self.adds_up(self.ok(run.finish()))


class FullReceive(Receive):

    def test_generic(self):
        result = self.received(300, "--mode", "generic", send=("-s", 128))
        self.assertEqual(result.events[0]["data"]["configuration"]["attached"], "generic", result)

    def test_verify(self):
        path = os.path.join(lib.scratch(self), "rx.pcap")
        self.received(300, "--verify", "--write-pcap", path, send=("-s", 300, "--payload", "random"))
        self.assertEqual(len(self.sound(lib.frames_of_pcap(path), size=300)), 300)

    def test_ipv6(self):
        self.received(300, send=("-s", 200), to=self.wire.far_ip6)


class FullTcp(Tcp):

    def test_flows(self):
        for ingress in ("xdp", "tc"):
            with self.subTest(ingress=ingress):
                self.exchanged(1_000_000, "--ingress", ingress, "-f", 5)

    def test_ipv6(self):
        self.exchanged(300_000, to=self.wire.far_ip6)


QUICK = (Udp, Receive, RoundTrip, Tcp)
FULL = (FullUdp, FullReceive, RoundTrip, FullTcp)
