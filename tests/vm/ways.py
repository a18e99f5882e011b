# SPDX-License-Identifier: BSD-2-Clause
"""`udp --via tc` over a driver without XDP, and over devices on top of its card: every frame is accounted for, and
what was accepted arrives."""
import cards
import lib

OUTCOMES = ("accepted", "driver_drops", "redirect_errors", "queue_drops", "queued")
RATE = "400pps"


class Tc(cards.CardTest):

    def near(self, *words):
        self.wire.near(*words)

    def add(self, *words):
        self.near("ip", "link", "add", *words)
        name = words[words.index("name") + 1]
        self.addCleanup(self.near, "ip", "link", "del", "dev", name)
        self.near("ip", "link", "set", "dev", name, "up")

    def accounts(self, result):
        total = self.ok(result).total
        self.assertEqual(result.doc["start"]["configuration"]["via"], "tc")
        self.assertEqual(total["attempts"], sum(total[key] for key in OUTCOMES), result)
        return total

    def send(self, name, *args, count=300):
        return self.accounts(self.wire.run("udp", name, "--json", "--via", "tc", "-m", self.wire.far_mac, "-a",
                                           self.wire.far_ip, "-n", count, *args))

    def arrives(self, name, *args, count=300):
        """Paced, so that no ring is full."""
        before = self.wire.far_packets()
        total = self.send(name, "--rate", RATE, *args, count=count)
        self.assertEqual(total["accepted"], count, total)
        lib.wait_for(lambda: self.wire.far_packets() - before >= count, "all arrive", seconds=20)
        self.assertLess(self.wire.far_packets() - before, count + cards.CHATTER)

    def test_frames(self):
        for args in ((), ("-s", 1518, "--payload", "random"), ("-s", "imix")):
            with self.subTest(args=args), self.arriving() as capture:
                total = self.send("eth0", "--rate", RATE, *args, count=100)
                self.assertEqual(total["accepted"], 100, total)
                frames = self.sound(capture.take(100), 100)
                self.assertEqual([frame.signature()["seq"] for frame in frames], list(range(100)))

    def test_flood(self):
        """A card is slower than the generator: its queueing discipline drops."""
        before = self.wire.far_packets()
        total = self.send("eth0", count=20_000)
        self.assertEqual(total["queued"], 0, total)
        lib.wait_for(lambda: self.wire.far_packets() > before, "frames arrive", seconds=20)

    def test_vlan_interface(self):
        self.add("link", "eth0", "name", "v5", "type", "vlan", "id", "5")
        self.arrives("v5")

    def test_macvlan(self):
        self.add("link", "eth0", "name", "mv0", "type", "macvlan")
        self.arrives("mv0")

    def test_bridge(self):
        self.add("name", "br0", "type", "bridge")
        self.near("ip", "link", "set", "dev", "eth0", "master", "br0")
        self.addCleanup(self.near, "ip", "link", "set", "dev", "eth0", "nomaster")
        self.send("br0", "--rate", "10pps", count=3)  # it learns
        self.arrives("br0")

    def test_gre(self):
        self.add("name", "g0", "type", "gre", "local", self.wire.near_ip, "remote", self.wire.far_ip)
        before = self.wire.far_packets()
        total = self.accounts(self.wire.run("udp", "g0", "--json", "-a", "192.0.2.9", "-A", "192.0.2.1",
                                            "--allow-public", "-n", 300, "--rate", RATE))
        self.assertEqual(total["accepted"], 300, total)
        lib.wait_for(lambda: self.wire.far_packets() - before >= 300, "all arrive", seconds=20)

    def test_netem(self):
        """The sender's netem drops one in four; what it let through is what was accepted."""
        self.near("tc", "qdisc", "replace", "dev", "eth0", "root", "netem", "loss", "25%", "delay", "50ms", "limit",
                  "10000")
        self.addCleanup(self.near, "tc", "qdisc", "del", "dev", "eth0", "root")
        before = self.wire.far_packets()
        total = self.send("eth0", "--rate", RATE, count=400)
        self.assertGreater(total["queue_drops"], 20, total)
        self.assertEqual(total["queued"], 0, total)
        lib.wait_for(lambda: self.wire.far_packets() - before >= total["accepted"], "what it let through arrives",
                     seconds=20)
        self.assertLess(self.wire.far_packets() - before, total["accepted"] + cards.CHATTER)


class Bond(cards.CardTest):

    def test_bond(self):
        """bond0 over one card: its driver takes all, and the card sends all."""
        self.wire.near("ip", "link", "add", "bond0", "type", "bond", "mode", "active-backup", "miimon", "50")
        self.addCleanup(self.wire.near, "ip", "link", "del", "dev", "bond0")
        self.wire.near("ip", "link", "set", "dev", "eth0", "down")
        self.wire.near("ip", "link", "set", "dev", "eth0", "master", "bond0")
        self.addCleanup(self.restore)
        self.wire.near("ip", "link", "set", "dev", "bond0", "up")
        lib.wait_for(lambda: "state UP" in self.wire.near("ip", "link", "show", "dev", "bond0"), "the bond is up",
                     seconds=20)
        before = self.wire.far_packets()
        result = self.ok(self.wire.run("udp", "bond0", "--json", "--via", "tc", "-m", self.wire.far_mac, "-a",
                                       self.wire.far_ip, "-n", 300, "--rate", RATE))
        self.assertEqual(result.total["accepted"], 300, result)
        lib.wait_for(lambda: self.wire.far_packets() - before >= 300, "all arrive", seconds=20)

    def restore(self):
        self.wire.near("ip", "link", "set", "dev", "eth0", "nomaster")
        self.wire.near("ip", "link", "set", "dev", "eth0", "up")
        self.wire.near("ip", "addr", "replace", f"{self.wire.near_ip}/24", "dev", "eth0")
        self.wire.near("ip", "addr", "replace", f"{self.wire.near_ip6}/64", "dev", "eth0", "nodad")


BY_CARD = {"e1000e": (Tc, Bond)}
