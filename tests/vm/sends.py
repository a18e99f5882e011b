# SPDX-License-Identifier: BSD-2-Clause
"""Runs of `--via tc` over a pair of cards, and over devices that are laid on its near card."""
import os
import subprocess

import cards
import lib

OUTCOMES = ("accepted", "driver_drops", "redirect_errors", "queue_drops", "queued")
RATE = "400pps"
# Inside a tunnel; not of the networks for benchmarks, which the cards have.
NEAR_INNER, FAR_INNER = "192.0.2.1", "192.0.2.2"


class Sends(cards.CardTest):

    def near(self, *args):
        return self.wire.near(*args)

    def add(self, name, *args, far=False):
        """A network device beside the card; it is up."""
        end = self.wire.far if far else self.wire.near
        end("ip", "link", "add", *args)
        self.addCleanup(end, "ip", "link", "del", "dev", name)
        end("ip", "link", "set", "dev", name, "up")

    def qdisc(self, *args):
        self.near("tc", "qdisc", "replace", "dev", "eth0", "root", *args)
        self.addCleanup(self.near, "tc", "qdisc", "del", "dev", "eth0", "root")

    # --- runs

    def all_told(self, result):
        """The outcomes add up, and nothing is left in a queue."""
        total = result.total
        self.assertEqual(result.doc["start"]["configuration"]["via"], "tc")
        self.assertEqual(total["attempts"], sum(total[key] for key in OUTCOMES), result)
        self.assertEqual(total["queued"], 0, result)
        return total

    def send(self, name, *args, count=300):
        to = ("-a", self.wire.far_ip) if "-a" not in args else ()
        return self.all_told(self.ok(self.wire.run("udp", name, "--json", "--via", "tc", "-n", count, *to, *args)))

    def to_far(self, name, *args, count=300):
        return self.send(name, "-m", self.wire.far_mac, *args, count=count)

    def arrive(self, before, count):
        """So many have reached the far card, and no more but what the kernel says by itself."""
        lib.wait_for(lambda: self.wire.far_packets() - before >= count, "all arrive")
        self.assertLess(self.wire.far_packets() - before, count + cards.CHATTER)

    def all_arrive(self, name, *args, send=None, count=300):
        """Paced, so that no ring is full."""
        before = self.wire.far_packets()
        total = (send or self.to_far)(name, "--rate", RATE, *args, count=count)
        self.assertEqual(total["accepted"], count, total)
        self.arrive(before, count)

    # --- devices on the card

    def vlan(self, *, both=False):
        """v5; with `both` also at the far end, with addresses."""
        self.add("v5", "link", "eth0", "name", "v5", "type", "vlan", "id", "5")
        if both:
            self.add("v5", "link", "eth0", "name", "v5", "type", "vlan", "id", "5", far=True)
            self.near("ip", "addr", "add", f"{NEAR_INNER}/24", "dev", "v5")
            self.wire.far("ip", "addr", "add", f"{FAR_INNER}/24", "dev", "v5")

    def tunnel(self):
        """wg0 at both ends."""
        wg = lib.need_tool("wg")
        folder, ends = lib.scratch(self), (self.wire.near_ns, self.wire.far_ns)
        keys = {}
        for space in ends:
            private = lib.call(wg, "genkey")
            with open(os.path.join(folder, space), "w", encoding="ascii") as file:
                file.write(private)
            keys[space] = subprocess.run([wg, "pubkey"], input=private, capture_output=True, text=True,
                                         check=True).stdout.strip()
        for far, space, other, peer, inner in ((False, *ends, self.wire.far_ip, NEAR_INNER),
                                               (True, *ends[::-1], self.wire.near_ip, FAR_INNER)):
            end = self.wire.far if far else self.wire.near
            self.add("wg0", "wg0", "type", "wireguard", far=far)
            end(wg, "set", "wg0", "private-key", os.path.join(folder, space), "listen-port", "51820", "peer", keys[other],
                "allowed-ips", "0.0.0.0/0", "endpoint", f"{peer}:51820")
            end("ip", "addr", "add", f"{inner}/24", "dev", "wg0")

    def bond(self, *mode):
        """bond0 over the card and the veth w0, whose other end is w1."""
        self.near("ip", "link", "add", "w0", "type", "veth", "peer", "name", "w1")
        self.addCleanup(self.near, "ip", "link", "del", "dev", "w0")
        self.near("ip", "link", "add", "bond0", "type", "bond", "miimon", "50", "mode", *mode)
        self.addCleanup(self.near, "ip", "link", "del", "dev", "bond0")
        self.addCleanup(self.unbond)
        for name in ("eth0", "w0"):
            self.near("ip", "link", "set", "dev", name, "down")
            self.near("ip", "link", "set", "dev", name, "master", "bond0")
        for name in ("w1", "bond0"):
            self.near("ip", "link", "set", "dev", name, "up")
        lib.wait_for(lambda: self.near("cat", "/proc/net/bonding/bond0").count("MII Status: up") == 3, "the bond is up")
        self.near("ip", "addr", "add", f"{self.wire.near_ip}/24", "dev", "bond0")

    def unbond(self):
        for name in ("eth0", "w0"):
            self.near("ip", "link", "set", "dev", name, "nomaster")
        self.near("ip", "link", "set", "dev", "eth0", "up")
        self.near("ip", "addr", "replace", f"{self.wire.near_ip}/24", "dev", "eth0")
        self.near("ip", "addr", "replace", f"{self.wire.near_ip6}/64", "dev", "eth0", "nodad")

    def beside(self):
        """Packets that have left the bond through its veth."""
        return lib.link_counters(self.wire.near_ns, "w1")["rx_packets"]
