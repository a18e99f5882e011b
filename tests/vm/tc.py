# SPDX-License-Identifier: BSD-2-Clause
"""`--via tc` over real drivers, with and without XDP, and over devices on top of a card: every frame is accounted for, and
what was accepted arrives; and the receiver and the reflector by tc."""
import contextlib
import os
import re
import signal
import subprocess

import cards
import lib
import rx_lib
import tcp_lib
import test_reflect
from sends import FAR_INNER, NEAR_INNER, OUTCOMES, RATE, Sends


class Frames(Sends):
    """What holds over every card."""
    kinds = (("-s", "imix", "--payload", "random"),)

    def test_frames(self):
        for args in self.kinds:
            with self.subTest(args=args), self.arriving() as capture:
                total = self.to_far("eth0", "--rate", RATE, *args, count=100)
                self.assertEqual(total["accepted"], 100, total)
                frames = self.sound(capture.take(100), 100)
                self.assertEqual([frame.signature()["seq"] for frame in frames], list(range(100)))


class Tc(Frames):
    kinds = ((), ("-s", 1518, "--payload", "random"), ("-s", "imix"))

    def test_flood(self):
        """A card is slower than the generator: its queueing discipline drops."""
        before = self.wire.far_packets()
        total = self.to_far("eth0", count=20_000)
        self.assertGreater(total["accepted"], 0, total)
        lib.wait_for(lambda: self.wire.far_packets() > before, "frames arrive")

    def test_netem(self):
        """The sender's netem drops one in four; what it let through is what was accepted."""
        self.qdisc("netem", "loss", "25%", "delay", "50ms", "limit", "10000")
        before = self.wire.far_packets()
        total = self.to_far("eth0", "--rate", RATE, count=400)
        self.assertGreater(total["queue_drops"], 20, total)
        self.arrive(before, total["accepted"])

    def test_the_other_end(self):
        """Receiver and reflector at tc ingress; before Linux 6.6 that is a filter of clsact."""
        def filters():
            return self.wire.far("tc", "qdisc", "show", "dev", self.wire.far_if)
        before = filters()
        for number in (signal.SIGINT, signal.SIGKILL):
            reflector = test_reflect.Reflector(self.wire, "--mode", "tc", fix=False)
            self.addCleanup(reflector.__exit__)
            self.assertEqual(reflector.start()["attached"], "tc")
            receiver = rx_lib.Receiver(self.wire, "--mode", "tc", "-n", 200, "--duration", 60, end="near")
            self.addCleanup(receiver.__exit__)
            self.to_far("eth0", "-a", self.wire.far_ip, "--rate", RATE, "--round-trip", "-s", 300, count=200)
            result = receiver.finish()
            self.assertEqual(result.status, 0, result)
            self.assertEqual((result.end["sum"]["unique"], result.end["sum"]["lost_packets"]), (200, 0), result)
            reflector.send(number)
            reflector.finish()
            lib.wait_for(lambda: filters() == before, "clsact is gone", seconds=20)


class OnTop(Sends):
    """Devices that have the card below them, and shapers."""

    def test_shaper(self):
        """So slow that it drops most also where the machine takes seconds to send; its own counters say the same."""
        self.qdisc("tbf", "rate", "64kbit", "burst", "2k", "limit", "3k")
        before = self.wire.far_packets()
        total = self.to_far("eth0", count=3_000)
        sent, dropped = map(int, re.search(r"Sent \d+ bytes (\d+) pkt \(dropped (\d+)", self.near(
            "tc", "-s", "qdisc", "show", "dev", "eth0")).groups())
        self.assertGreater(total["queue_drops"], 500, total)
        for counted, own in ((total["accepted"], sent), (total["queue_drops"], dropped)):
            self.assertTrue(counted <= own < counted + cards.CHATTER, (total, sent, dropped))
        self.arrive(before, total["accepted"])

    def test_vlan_interface(self):
        self.vlan()
        self.all_arrive("v5")

    def test_macvlan(self):
        self.add("mv0", "link", "eth0", "name", "mv0", "type", "macvlan")
        self.all_arrive("mv0")

    def test_ipvlan(self):
        self.add("iv0", "link", "eth0", "name", "iv0", "type", "ipvlan", "mode", "l2")
        self.all_arrive("iv0")

    def test_bridge(self):
        self.add("br0", "name", "br0", "type", "bridge")
        self.near("ip", "link", "set", "dev", "eth0", "master", "br0")
        self.addCleanup(self.near, "ip", "link", "set", "dev", "eth0", "nomaster")
        self.to_far("br0", "--rate", "10pps", count=3)  # it learns
        self.all_arrive("br0")

    def test_vxlan(self):
        self.add("vx0", "name", "vx0", "type", "vxlan", "id", "5", "dstport", "4789", "local", self.wire.near_ip,
                 "remote", self.wire.far_ip)
        self.all_arrive("vx0")

    def without_ethernet(self, name):
        """Packets leave without a header of the link layer."""
        self.all_arrive(name, "-a", "192.0.2.9", "-A", NEAR_INNER, "--allow-public", send=self.send)

    def test_gre(self):
        self.add("g0", "name", "g0", "type", "gre", "local", self.wire.near_ip, "remote", self.wire.far_ip)
        self.without_ethernet("g0")

    def test_ipip(self):
        self.add("t0", "name", "t0", "type", "ipip", "local", self.wire.near_ip, "remote", self.wire.far_ip)
        self.without_ethernet("t0")


class Connections(tcp_lib.TcpTest, Sends):

    def exchanged(self, count, *args, over=None, to=None):
        if over:
            self.addCleanup(setattr, self.wire, "near_if", self.wire.near_if)
            self.wire.near_if = over
        with tcp_lib.Sink(self.wire, check="pattern") as sink:
            result = self.tcp("--via", "tc", "--payload", "pattern", "--bytes", count, "--timeout", "60s", *args, to=to,
                              seconds=3 * lib.PATIENCE)
            self.done(result)
            self.delivered(result, sink)
        self.assertEqual(result.total["bytes"], count, result)
        self.assertEqual(result.doc["start"]["configuration"]["via"], "tc")


class Tcp(Connections):
    """Connections through tc: over the card, and over a VLAN interface on it."""

    def test_card(self):
        self.exchanged(300_000)

    def test_flows(self):
        self.exchanged(1_000_000, "-f", 5)

    def test_vlan_interface(self):
        self.vlan(both=True)
        self.exchanged(300_000, "--allow-public", over="v5", to=FAR_INNER)

    def test_netem(self):
        """What the sender's netem drops is sent again."""
        self.qdisc("netem", "loss", "2%", "delay", "2ms", "limit", "10000")
        self.exchanged(1_000_000)


class Ingress(Connections):
    """The program that takes the far end's segments at tc; before Linux 6.6 a filter of clsact."""

    def at_tc(self):
        return [self.near("tc", *words, "dev", "eth0") for words in (("qdisc", "show"), ("filter", "show", "ingress"))]

    def leaves_all_as_it_was(self):
        before = self.at_tc()
        for number in (signal.SIGINT, signal.SIGKILL):
            with self.subTest(number=number), tcp_lib.Sink(self.wire, check="pattern") as sink, \
                    self.start("--via", "tc", "--ingress", "tc", "--payload", "pattern") as run:
                sink.wait_bytes(100_000, run)
                if cards.KERNEL < (6, 6):
                    self.assertIn("xtg_tcp", self.at_tc()[1])
                run.send(number)
                result = run.finish(3 * lib.PATIENCE)
                self.assertEqual(result.status, -number if number == signal.SIGKILL else 0, result)
                lib.wait_for(lambda: self.at_tc() == before, "all is as before", seconds=20)

    def test_alone(self):
        self.leaves_all_as_it_was()

    def test_filter_of_another(self):
        passes = lib.compile_bpf(self, "return 0;", section="tc")
        self.near("tc", "qdisc", "add", "dev", "eth0", "clsact")
        self.addCleanup(self.near, "tc", "qdisc", "del", "dev", "eth0", "clsact")
        self.near("tc", "filter", "add", "dev", "eth0", "ingress", "bpf", "da", "obj", passes, "sec", "tc")
        self.leaves_all_as_it_was()


class NoClsact(Connections):
    """A kernel without the module of clsact, before Linux 6.6: every command that needs it says so."""
    MODPROBE = "/proc/sys/kernel/modprobe"

    def setUp(self):
        super().setUp()
        with open(self.MODPROBE, encoding="ascii") as file:
            self.addCleanup(self.set_modprobe, file.read())
        self.set_modprobe("/bin/false")
        lib.wait_for(self.is_unloaded, "the module is unloaded")

    def set_modprobe(self, path):
        with open(self.MODPROBE, "w", encoding="ascii") as file:
            file.write(path)

    def is_unloaded(self):
        subprocess.run(["rmmod", "sch_ingress"], capture_output=True, check=False)
        return not os.path.exists("/sys/module/sch_ingress")

    def test_refused(self):
        for command in ("rx", "reflect"):
            with self.subTest(command=command):
                result = self.wire.run(command, "eth0", "--mode", "tc", "--duration", 1, "--json")
                self.failed(result, 4, "module sch_ingress")
        sink = self.sink()
        self.failed(self.tcp("--ingress", "tc", "--via", "tc", "--bytes", 1000), 4, "module sch_ingress")
        self.assertEqual(sink.connections(), [])


class Tunnel(Connections):
    """WireGuard: no header of the link layer, and what arrives is counted where it is decrypted."""

    def decrypted(self):
        return lib.link_counters(self.wire.far_ns, "wg0")["rx_packets"]

    def test_udp_and_tcp(self):
        self.tunnel()
        to = ("-a", FAR_INNER, "--allow-public", "--rate", RATE)
        self.send("wg0", *to, count=2)  # the handshake
        lib.wait_for(lambda: self.decrypted() >= 2, "the tunnel stands")
        before = self.decrypted()
        self.assertEqual(self.send("wg0", *to)["accepted"], 300)
        lib.wait_for(lambda: self.decrypted() - before >= 300, "all are decrypted")
        self.exchanged(300_000, "--allow-public", over="wg0", to=FAR_INNER)


class FailOver(Connections):
    """bond0, whose active card goes down."""

    def test_fail_over(self):
        """The run goes on over the veth; then a connection goes back over the card."""
        self.bond("active-backup", "primary", "eth0")
        lib.wait_for(lambda: "Currently Active Slave: eth0" in self.near("cat", "/proc/net/bonding/bond0"),
                     "the card is the active one")
        before, beside = self.wire.far_packets(), self.beside()
        with self.wire.start("udp", "bond0", "--json", "--via", "tc", "-m", self.wire.far_mac, "-a", self.wire.far_ip,
                             "--rate", RATE) as run:
            lib.wait_for(lambda: self.wire.far_packets() - before > 200, "frames arrive")
            self.near("ip", "link", "set", "dev", "eth0", "down")
            lib.wait_for(lambda: self.beside() - beside > 200, "frames leave by the veth")
            run.send(signal.SIGINT)
            result = self.ok(run.finish())
        total = self.all_told(result)
        self.assertTrue(any(note.endswith("bond0 sends through w0 now") for note in result.doc["end"]["notes"]), result)
        # The bond takes frames until it has seen the link go: those are accepted, and lost.
        arrived = self.wire.far_packets() - before + self.beside() - beside
        self.assertTrue(400 <= arrived < total["accepted"] + 2 * cards.CHATTER, (arrived, total))
        self.near("ip", "link", "set", "dev", "eth0", "up")
        lib.wait_for(lambda: "Currently Active Slave: eth0" in self.near("cat", "/proc/net/bonding/bond0"),
                     "the card is the active one again")
        self.exchanged(300_000, over="bond0")


class Bond(Sends):
    """bond0 over the card and a veth: frames reach one or the other, or both."""

    def test_round_robin(self):
        self.bond("balance-rr")
        before, beside = self.wire.far_packets(), self.beside()
        total = self.to_far("bond0", "--rate", RATE)
        self.assertEqual(total["accepted"], 300, total)
        lib.wait_for(lambda: self.wire.far_packets() + self.beside() - before - beside >= 300, "all arrive")
        for count in (self.wire.far_packets() - before, self.beside() - beside):
            self.assertGreaterEqual(count, 150, "half of them each")

    def test_broadcast(self):
        """Each frame leaves both, and is accepted once; the ledger of whoever receives both has every copy."""
        joined = contextlib.ExitStack()
        joined.enter_context(self.wire.joined())
        self.addCleanup(joined.close)  # after the cleanups that follow
        self.bond("broadcast")
        self.add("br0", "name", "br0", "address", self.wire.far_mac, "type", "bridge")
        for name in ("eth1", "w1"):
            self.near("ip", "link", "set", "dev", name, "master", "br0")
            self.addCleanup(self.near, "ip", "link", "set", "dev", name, "nomaster")
        lib.wait_for(lambda: "state UP" in self.near("ip", "link", "show", "dev", "br0"), "the bridge is up")
        before, beside = self.wire.far_packets(), self.beside()
        result = self.ok(self.wire.run("udp", "bond0", "--rx", "br0", "--via", "tc", "-m", self.wire.far_mac, "-a",
                                       self.wire.far_ip, "-n", 300, "-s", 128, "--rate", RATE, "--json"))
        sent = result.doc["end"]["tx"][0]["sum"]
        self.assertEqual(sent["accepted"], 300, result)
        self.assertEqual(sent["attempts"], sum(sent[key] for key in OUTCOMES), result)
        ledger, = result.doc["end"]["ledger"]
        self.assertEqual((ledger["asked"], ledger["duplicated"], ledger["copies"], ledger["lost"]), (300, 300, 300, 0),
                         result)
        self.arrive(before, 300)
        self.assertGreaterEqual(self.beside() - beside, 300)


BEFORE_TCX = (NoClsact,) if cards.KERNEL < (6, 6) else ()
QUICK = {"virtio-net-pci": (Frames,), "vmxnet3": (Frames,),
         "e1000e": (Tc, Ingress, *BEFORE_TCX, Tunnel, FailOver, Bond)}
FULL = {"virtio-net-pci": (Tc, OnTop), "vmxnet3": (Tc,),
        "e1000e": (Tc, OnTop, Tcp, Ingress, *BEFORE_TCX, Tunnel, FailOver, Bond)}
