# SPDX-License-Identifier: BSD-2-Clause
"""`udp --via tc` over real drivers, with and without XDP, and over devices on top of a card: every frame is accounted
for, and what was accepted arrives; and the receiver and the reflector by tc."""
import os
import signal
import subprocess

import cards
import lib
import rx_lib
import tcp_lib
import test_reflect

OUTCOMES = ("accepted", "driver_drops", "redirect_errors", "queue_drops", "queued")
RATE = "400pps"


class Sends(cards.CardTest):

    def near(self, *args):
        return self.wire.near(*args)

    def add(self, name, *args):
        """A network device beside the card; it is up."""
        self.near("ip", "link", "add", *args)
        self.addCleanup(self.near, "ip", "link", "del", "dev", name)
        self.near("ip", "link", "set", "dev", name, "up")

    def send(self, name, *args, count=300):
        """Sent by tc; the outcomes add up."""
        to = ("-a", self.wire.far_ip) if "-a" not in args else ()
        result = self.ok(self.wire.run("udp", name, "--json", "--via", "tc", "-n", count, *to, *args))
        total = result.total
        self.assertEqual(result.doc["start"]["configuration"]["via"], "tc")
        self.assertEqual(total["attempts"], sum(total[key] for key in OUTCOMES), result)
        self.assertEqual(total["queued"], 0, result)
        return total

    def to_far(self, name, *args, count=300):
        return self.send(name, "-m", self.wire.far_mac, *args, count=count)

    def arrive(self, before, count):
        """So many have reached the far card, and no more but what the kernel says by itself."""
        lib.wait_for(lambda: self.wire.far_packets() - before >= count, "all arrive", seconds=20)
        self.assertLess(self.wire.far_packets() - before, count + cards.CHATTER)

    def all_arrive(self, name, *args, send=None, count=300):
        """Paced, so that no ring is full."""
        before = self.wire.far_packets()
        total = (send or self.to_far)(name, "--rate", RATE, *args, count=count)
        self.assertEqual(total["accepted"], count, total)
        self.arrive(before, count)

    def qdisc(self, *args):
        self.near("tc", "qdisc", "replace", "dev", "eth0", "root", *args)
        self.addCleanup(self.near, "tc", "qdisc", "del", "dev", "eth0", "root")


class Tc(Sends):
    """What holds over every card."""

    def test_frames(self):
        for args in ((), ("-s", 1518, "--payload", "random"), ("-s", "imix")):
            with self.subTest(args=args), self.arriving() as capture:
                total = self.to_far("eth0", "--rate", RATE, *args, count=100)
                self.assertEqual(total["accepted"], 100, total)
                frames = self.sound(capture.take(100), 100)
                self.assertEqual([frame.signature()["seq"] for frame in frames], list(range(100)))

    def test_flood(self):
        """A card is slower than the generator: its queueing discipline drops."""
        before = self.wire.far_packets()
        total = self.to_far("eth0", count=20_000)
        self.assertGreater(total["accepted"], 0, total)
        lib.wait_for(lambda: self.wire.far_packets() > before, "frames arrive", seconds=20)

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
        self.qdisc("tbf", "rate", "1mbit", "burst", "10k", "limit", "30k")
        before = self.wire.far_packets()
        total = self.to_far("eth0", count=3_000)
        self.assertGreater(total["queue_drops"], 500, total)
        self.arrive(before, total["accepted"])

    def test_vlan_interface(self):
        self.add("v5", "link", "eth0", "name", "v5", "type", "vlan", "id", "5")
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
        self.all_arrive(name, "-a", "192.0.2.9", "-A", "192.0.2.1", "--allow-public", send=self.send)

    def test_gre(self):
        self.add("g0", "name", "g0", "type", "gre", "local", self.wire.near_ip, "remote", self.wire.far_ip)
        self.without_ethernet("g0")

    def test_ipip(self):
        self.add("t0", "name", "t0", "type", "ipip", "local", self.wire.near_ip, "remote", self.wire.far_ip)
        self.without_ethernet("t0")

    def test_wireguard(self):
        """Decrypted at the far end, where it is counted."""
        wg = lib.need_tool("wg")
        folder, keys = lib.scratch(self), {}
        for end, space in (("near", self.wire.near_ns), ("far", self.wire.far_ns)):
            private = subprocess.run([wg, "genkey"], capture_output=True, text=True, check=True).stdout
            public = subprocess.run([wg, "pubkey"], input=private, capture_output=True, text=True, check=True).stdout
            path = os.path.join(folder, end)
            with open(path, "w", encoding="ascii") as file:
                file.write(private)
            keys[end] = (space, path, public.strip())
        for end, other, peer in (("near", "far", self.wire.far_ip), ("far", "near", self.wire.near_ip)):
            in_space = ("ip", "netns", "exec", keys[end][0])
            subprocess.run([*in_space, "ip", "link", "add", "wg0", "type", "wireguard"], check=True)
            self.addCleanup(subprocess.run, [*in_space, "ip", "link", "del", "dev", "wg0"], check=True)
            subprocess.run([*in_space, wg, "set", "wg0", "private-key", keys[end][1], "listen-port", "51820", "peer",
                            keys[other][2], "allowed-ips", "0.0.0.0/0", "endpoint", f"{peer}:51820"], check=True)
            subprocess.run([*in_space, "ip", "link", "set", "dev", "wg0", "up"], check=True)
        to = ("-a", "192.0.2.9", "-A", "192.0.2.1", "--allow-public", "--rate", RATE)
        self.send("wg0", *to, count=2)  # the handshake
        inside = lambda: lib.link_counters(self.wire.far_ns, "wg0")["rx_packets"]
        lib.wait_for(lambda: inside() >= 2, "the tunnel stands", seconds=20)
        before = inside()
        self.assertEqual(self.send("wg0", *to)["accepted"], 300)
        lib.wait_for(lambda: inside() - before >= 300, "all are decrypted", seconds=20)


class Tcp(tcp_lib.TcpTest, Sends):
    """Connections through tc: over the card, and over a VLAN interface on it."""

    def exchanged(self, count, *args, to=None):
        with tcp_lib.Sink(self.wire, check="pattern") as sink:
            result = self.tcp("--via", "tc", "--payload", "pattern", "--bytes", count, *args, to=to, seconds=120)
            self.done(result)
            self.delivered(result, sink)
        self.assertEqual(result.total["bytes"], count, result)
        self.assertEqual(result.doc["start"]["configuration"]["via"], "tc")

    def test_card(self):
        self.exchanged(300_000)

    def test_flows(self):
        self.exchanged(1_000_000, "-f", 5)

    def test_vlan_interface(self):
        self.add("v5", "link", "eth0", "name", "v5", "type", "vlan", "id", "5")
        self.wire.far("ip", "link", "add", "link", "eth0", "name", "v5", "type", "vlan", "id", "5")
        self.addCleanup(self.wire.far, "ip", "link", "del", "dev", "v5")
        self.wire.far("ip", "link", "set", "dev", "v5", "up")
        self.near("ip", "addr", "add", "192.0.2.1/24", "dev", "v5")
        self.wire.far("ip", "addr", "add", "192.0.2.2/24", "dev", "v5")
        self.wire.near_if = "v5"
        self.exchanged(300_000, "--allow-public", to="192.0.2.2")

    def test_netem(self):
        """What the sender's netem drops is sent again."""
        self.qdisc("netem", "loss", "2%", "delay", "2ms", "limit", "10000")
        self.exchanged(1_000_000)


class Bond(Sends):
    """bond0 over the card and a veth: frames reach one or the other."""

    def bond(self, *mode):
        self.near("ip", "link", "add", "w0", "type", "veth", "peer", "name", "w1")
        self.addCleanup(self.near, "ip", "link", "del", "dev", "w0")
        self.near("ip", "link", "add", "bond0", "type", "bond", "miimon", "50", "mode", *mode)
        self.addCleanup(self.near, "ip", "link", "del", "dev", "bond0")
        self.addCleanup(self.restore)
        for name in ("eth0", "w0"):
            self.near("ip", "link", "set", "dev", name, "down")
            self.near("ip", "link", "set", "dev", name, "master", "bond0")
        for name in ("w1", "bond0"):
            self.near("ip", "link", "set", "dev", name, "up")
        lib.wait_for(lambda: "state UP" in self.near("ip", "link", "show", "dev", "bond0"), "the bond is up",
                     seconds=20)
        self.near("ip", "addr", "add", f"{self.wire.near_ip}/24", "dev", "bond0")

    def restore(self):
        for name in ("eth0", "w0"):
            self.near("ip", "link", "set", "dev", name, "nomaster")
        self.near("ip", "link", "set", "dev", "eth0", "up")
        self.near("ip", "addr", "replace", f"{self.wire.near_ip}/24", "dev", "eth0")
        self.near("ip", "addr", "replace", f"{self.wire.near_ip6}/64", "dev", "eth0", "nodad")

    def aside(self):
        return lib.link_counters(self.wire.near_ns, "w1")["rx_packets"]

    def test_fail_over(self):
        """The card goes down during the run, which goes on over the veth."""
        self.bond("active-backup", "primary", "eth0")
        lib.wait_for(lambda: "Currently Active Slave: eth0" in self.near("cat", "/proc/net/bonding/bond0"),
                     "the card is the active one", seconds=20)
        before, aside = self.wire.far_packets(), self.aside()
        with self.wire.start("udp", "bond0", "--json", "--via", "tc", "-m", self.wire.far_mac, "-a", self.wire.far_ip,
                             "-n", 1200, "--rate", RATE) as run:
            lib.wait_for(lambda: self.wire.far_packets() - before > 200, "frames arrive", seconds=20)
            self.near("ip", "link", "set", "dev", "eth0", "down")
            result = self.ok(run.finish())
        total = result.total
        self.assertEqual(total["attempts"], sum(total[key] for key in OUTCOMES), result)
        # The bond takes frames until it has seen the link go: those are lost behind it.
        self.assertGreater(self.aside() - aside, 200, result)
        self.assertGreater(total["accepted"], 1_000, result)

    def test_round_robin(self):
        self.bond("balance-rr")
        before = self.wire.far_packets() + self.aside()
        total = self.to_far("bond0", "--rate", RATE)
        self.assertEqual(total["accepted"], 300, total)
        lib.wait_for(lambda: self.wire.far_packets() + self.aside() - before >= 300, "all arrive", seconds=20)

    def test_broadcast(self):
        """Each frame leaves both, and is accepted once."""
        self.bond("broadcast")
        before, aside = self.wire.far_packets(), self.aside()
        total = self.to_far("bond0", "--rate", RATE)
        self.assertEqual(total["accepted"], 300, total)
        lib.wait_for(lambda: min(self.wire.far_packets() - before, self.aside() - aside) >= 300, "all arrive twice",
                     seconds=20)


QUICK = {"e1000e": (Tc,)}
FULL = {"virtio-net-pci": (Tc,), "vmxnet3": (Tc,), "e1000e": (Tc, OnTop, Tcp, Bond)}
