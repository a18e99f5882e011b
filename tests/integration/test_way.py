# SPDX-License-Identifier: BSD-2-Clause
"""What the host knows about the way to a destination: believed, named, and asked for each of a range."""
import json
import signal
import tempfile
import time

import lib
import wire


def macs_by_address(frames):
    return {str(frame.dst): frame.dst_mac for frame in frames}


class NoWay(lib.OwnWireTest):
    """A negative answer ends the run before anything is sent: the veth peer's MAC is no way round it."""

    def refused(self, address, *words):
        before = self.wire.far_packets()
        result = self.wire.run("udp", "--json", "-n", 1000, "-a", address, "-i", self.wire.near_if)
        self.failed(result, 2, *words)
        self.assertIsNone(result.doc["end"])
        return self.wire.far_packets() - before

    def test_nobody_answers(self):
        self.wire.near("ip", "addr", "add", "192.0.2.1/24", "dev", self.wire.near_if)
        for address in ("192.0.2.99", "2001:2::99"):
            with self.subTest(address=address):
                asked = self.refused(address, f"no neighbour answered for {address}", self.wire.near_if)
                self.assertLess(asked, 20, "questions, and not a thousand frames")
        result = self.wire.run("udp", self.wire.near_if, "--rx", "lo", "--bidir", "-a", "192.0.2.99")
        self.assertEqual(result.status, 2, result)
        self.assertIn(f"waiting for {self.wire.near_if}: its addresses, and a neighbour to answer for 192.0.2.99",
                      result.err)

    def test_forbidden_and_own_addresses(self):
        self.wire.near("ip", "link", "set", "lo", "up")
        self.wire.near("ip", "route", "add", "blackhole", "192.0.2.0/24")
        self.wire.near("ip", "route", "add", "unreachable", "198.51.100.0/24")
        self.wire.near("ip", "-6", "route", "add", "prohibit", "2001:db8::/32")
        for address in ("192.0.2.9", "198.51.100.9", "2001:db8::9"):
            with self.subTest(address=address):
                self.refused(address, address)
        for address in (self.wire.near_ip, self.wire.near_ip6):
            with self.subTest(address=address):
                self.refused(address, "an address of this host")
        self.refused("127.0.0.1", "a loopback address")

    def test_peer_in_a_bridge(self):
        self.wire.near("ip", "-4", "addr", "flush", "dev", self.wire.near_if)
        self.ok(self.wire.udp("-n", 10))  # a wire without addresses: the peer is the only one there
        self.wire.far("ip", "link", "add", "br0", "type", "bridge")
        self.wire.far("ip", "link", "set", self.wire.far_if, "master", "br0")
        self.wire.near("ip", "neigh", "del", self.wire.far_ip, "dev", self.wire.near_if)
        self.refused(self.wire.far_ip, self.wire.far_if, "bridge")


class Ranges(lib.OwnWireTest):

    def test_groups(self):
        for vary in ("together", "product", "random"):
            with self.subTest(vary=vary):
                frames, _ = self.sent(self.wire, 40, "-a", "239.129.1.1-239.129.1.4", "-p", "1-3", "--vary",
                                      vary)
                self.assertEqual(macs_by_address(frames),
                                 {f"239.129.1.{i}": f"01:00:5e:01:01:0{i}" for i in range(1, 5)})
        frames, _ = self.sent(self.wire, 10, "-a", "ff15::1-ff15::2", "-t", 1)
        self.assertEqual(macs_by_address(frames),
                         {"ff15::1": "33:33:00:00:00:01", "ff15::2": "33:33:00:00:00:02"})

    def test_hosts_on_the_link(self):
        self.wire.near("ip", "addr", "add", "192.0.2.1/29", "dev", self.wire.near_if)
        mac = {f"192.0.2.{i}": f"02:00:00:00:00:0{9 - i}" for i in range(2, 7)}
        for address, lladdr in mac.items():
            self.wire.near("ip", "neigh", "add", address, "lladdr", lladdr, "dev", self.wire.near_if, "nud",
                           "permanent")
        for vary in ("together", "product", "random"):
            with self.subTest(vary=vary):
                frames, _ = self.sent(self.wire, 60, "-a", "192.0.2.2-192.0.2.6", "-p", "1-3", "--vary", vary,
                                      "-t", min(2, len(lib.ALL_CPUS)))
                self.assertEqual(macs_by_address(frames), mac)
        # Of the whole prefix its edges are no hosts, and this host's own address is one nobody answers for.
        result = self.wire.udp("-n", 10, "-a", "192.0.2.0/29")
        self.failed(result, 2, "1 of 6 addresses", "192.0.2.1;")
        self.wire.near("ip", "neigh", "del", "192.0.2.4", "dev", self.wire.near_if)
        self.failed(self.wire.udp("-n", 10, "-a", "192.0.2.2-192.0.2.6"), 2, "no neighbour answered for 1 of 5",
                    "192.0.2.4;")

    def test_one_gateway(self):
        self.wire.near("ip", "route", "add", "203.0.113.0/24", "via", self.wire.far_ip)
        frames, _ = self.sent(self.wire, 256, "-a", "203.0.113.0/24")
        self.assertEqual({frame.dst_mac for frame in frames}, {self.wire.far_mac})
        self.assertEqual(len({str(frame.dst) for frame in frames}), 256)


class Moves(lib.OwnWireTest):
    """What changes during a run is followed, and said."""

    other_mac = "02:00:00:00:77:77"

    def across(self, change, moved, *args):
        """A run during which the change comes; the MAC addresses by destination before and after it, and the notes."""
        def macs():
            return macs_by_address(self.sound(list(capture.frames)[-50:]))
        with self.wire.capture() as capture:
            with self.wire.start("udp", "--json", "-i", self.wire.near_if, "--rate", "2kpps", *args) as run:
                wire.wait_for(lambda: len(capture.frames) >= 100, "frames")
                before = macs()
                change()
                wire.wait_for(lambda: macs().get(moved) == self.other_mac, "frames to the other MAC address")
                sent = len(capture.frames)
                wire.wait_for(lambda: len(capture.frames) >= sent + 100, "more frames")
                after = macs()
                run.send(signal.SIGINT)
                result = self.adds_up(self.ok(run.finish()))
        self.assertEqual(len(result.doc["end"]["notes"]), 1, result)
        return before, after, result.doc["end"]["notes"][0], self.sound(capture.frames)

    def test_neighbour(self):
        for to in (self.wire.far_ip, self.wire.far_ip6):
            with self.subTest(to=to):
                before, after, note, frames = self.across(
                    lambda to=to: self.wire.near("ip", "neigh", "replace", to, "lladdr", self.other_mac, "dev",
                                                 self.wire.near_if), to, "-a", to, "-t", 2, "--announce")
                self.assertEqual((before, after), ({to: self.wire.far_mac}, {to: self.other_mac}))
                self.assertIn(self.other_mac, note)
                self.assertEqual(frames[-1].dst_mac, self.other_mac, "the announced end")

    def test_gateway(self):
        for number, mac in ((1, self.wire.far_mac), (2, self.other_mac)):
            self.wire.near("ip", "neigh", "replace", f"198.18.199.{number}", "lladdr", mac, "dev", self.wire.near_if)
        route = ("ip", "route", "replace", "203.0.113.0/24", "dev", self.wire.near_if, "onlink", "via")
        self.wire.near(*route, "198.18.199.1")
        before, after, note, _ = self.across(lambda: self.wire.near(*route, "198.18.199.2"), "203.0.113.1", "-a",
                                             "203.0.113.1-203.0.113.2")
        self.assertEqual(set(before.values()), {self.wire.far_mac})
        self.assertEqual(set(after.values()), {self.other_mac})
        self.assertIn("198.18.199.2", note)

    def test_one_of_many_hosts(self):
        self.wire.near("ip", "addr", "add", "192.0.2.1/24", "dev", self.wire.near_if)

        def neighbour(number, mac):
            self.wire.near("ip", "neigh", "replace", f"192.0.2.{number}", "lladdr", mac, "dev", self.wire.near_if)
        macs = {f"192.0.2.{number}": f"02:00:00:00:00:0{number}" for number in range(2, 5)}
        for number in range(2, 5):
            neighbour(number, macs[f"192.0.2.{number}"])
        before, after, note, _ = self.across(lambda: neighbour(3, self.other_mac), "192.0.2.3", "-a",
                                             "192.0.2.2-192.0.2.4")
        self.assertEqual(before, macs)
        self.assertEqual(after, macs | {"192.0.2.3": self.other_mac})
        self.assertIn("192.0.2.2-192.0.2.4", note)

    def test_each_stream_has_a_way_of_its_own(self):
        """Behind two gateways, and between them hosts on the link: what moves takes its own streams along only."""
        macs = {"203.0.113.1": self.wire.far_mac, "192.0.2.2": "02:00:00:00:00:02", "192.0.2.3": "02:00:00:00:00:03",
                "192.0.2.8": "02:00:00:00:00:08", "192.0.2.9": "02:00:00:00:00:09", "198.51.100.1": "02:00:00:00:00:66"}
        near = self.wire.near_if
        self.wire.near("ip", "addr", "add", "192.0.2.1/24", "dev", near)

        def neighbour(address, mac):
            self.wire.near("ip", "neigh", "replace", address, "lladdr", mac, "dev", near)
        gateways = {"203.0.113.1": "198.18.199.1", "198.51.100.1": "198.18.199.2"}
        for dst, gateway in gateways.items():
            self.wire.near("ip", "route", "add", dst, "dev", near, "onlink", "via", gateway)
        with tempfile.NamedTemporaryFile("w", suffix=".json") as profile:
            json.dump({"streams": [{"dst_addr": dst} for dst in ("203.0.113.1", "192.0.2.2-192.0.2.3",
                                                                "192.0.2.8-192.0.2.9", "198.51.100.1")]}, profile)
            profile.flush()
            for moved in ("198.51.100.1", "192.0.2.9", "203.0.113.1"):
                with self.subTest(moved=moved):
                    for dst, mac in macs.items():
                        neighbour(gateways.get(dst, dst), mac)
                    before, after, _, frames = self.across(
                        lambda to=gateways.get(moved, moved): neighbour(to, self.other_mac), moved, "--profile",
                        profile.name, "--announce")
                    self.assertEqual(before, macs)
                    self.assertEqual(after, macs | {moved: self.other_mac})
                    ends = macs_by_address(frames[-4:])
                    self.assertEqual({dst: ends[dst] for dst in gateways}, {dst: after[dst] for dst in gateways},
                                     "the announced ends")

    def test_a_route_that_goes_is_said(self):
        route = ("203.0.113.0/24", "via", self.wire.far_ip)
        self.wire.near("ip", "route", "add", *route)
        with self.wire.start("udp", "--json", "-i", self.wire.near_if, "--rate", "2kpps", "-a",
                             "203.0.113.1") as run:
            self.wire.wait_sending()
            self.wire.near("ip", "route", "replace", "blackhole", "203.0.113.0/24")
            time.sleep(0.4)
            self.wire.wait_sending()
            run.send(signal.SIGINT)
            result = self.ok(run.finish())
        self.assertEqual(len(result.doc["end"]["notes"]), 1, result)
        self.assertIn("203.0.113.1", result.doc["end"]["notes"][0])

    def test_a_mac_that_was_given_stays(self):
        with self.wire.capture() as capture:
            with self.wire.start("udp", "--json", "-i", self.wire.near_if, "--rate", "2kpps", "-a", self.wire.far_ip,
                                 "-m", self.wire.far_mac) as run:
                wire.wait_for(lambda: len(capture.frames) >= 100, "frames")
                self.wire.near("ip", "neigh", "replace", self.wire.far_ip, "lladdr", self.other_mac, "dev",
                               self.wire.near_if)
                sent = len(capture.frames)
                wire.wait_for(lambda: len(capture.frames) >= sent + 1000, "more frames")
                run.send(signal.SIGINT)
                result = self.ok(run.finish())
        self.assertEqual(result.doc["end"]["notes"], [])
        self.assertEqual({frame.dst_mac for frame in self.sound(capture.frames)}, {self.wire.far_mac})


class Routes(lib.OwnWireTest):
    """Without -i the way is that of the whole packet, by all rules."""

    def setUp(self):
        super().setUp()
        for command in ("link add name side type veth peer name sidep", "link set dev side up", "link set dev sidep up",
                        "addr add 192.0.2.1/24 dev side",
                        f"route add 203.0.113.0/24 via {self.wire.far_ip}",
                        "neigh add 192.0.2.2 lladdr 02:00:00:00:00:aa dev side nud permanent",
                        "route add 203.0.113.0/24 via 192.0.2.2 table 77",
                        "rule add from 192.0.2.1 table 77",
                        "rule add ipproto udp dport 7777 table 77",
                        "rule add tos 0x10 table 77",
                        "rule add ipproto tcp dport 8888 table 77"):
            self.wire.near("ip", *command.split())

    def interface(self, command, *args):
        result = self.ok(self.wire.run(command, "--dry-run", "--json", *args))
        plan = result.doc["plan"]
        return plan["interface"] if isinstance(plan["interface"], str) else plan["interface"]["name"]

    def test_udp(self):
        dst = ("-a", "203.0.113.9")
        self.assertEqual(self.interface("udp", *dst), self.wire.near_if)
        self.assertEqual(self.interface("udp", *dst, "-A", "192.0.2.1"), "side")
        self.assertEqual(self.interface("udp", *dst, "-p", 7777), "side")
        self.assertEqual(self.interface("udp", *dst, "--tos", "0x10"), "side")

    def test_tcp(self):
        self.assertEqual(self.interface("tcp", "203.0.113.9"), self.wire.near_if)
        self.assertEqual(self.interface("tcp", "203.0.113.9", "-A", "192.0.2.1"), "side")
        self.assertEqual(self.interface("tcp", "203.0.113.9", "-p", 8888), "side")

    def test_zones(self):
        for name, address in (("side", "fe80::a/64"), (self.wire.near_if, "fe80::b/64")):
            self.wire.near("ip", "addr", "add", address, "dev", name, "nodad")
        mac = ("-m", self.wire.far_mac)
        self.assertEqual(self.interface("udp", "-a", f"fe80::2%{self.wire.near_if}", *mac), self.wire.near_if)
        self.assertEqual(self.interface("udp", "-a", "ff02::1%side"), "side")
        self.assertEqual(self.interface("tcp", "fe80::2%side"), "side")
        for args in (("udp", "-a", "fe80::2", *mac), ("udp", "-a", "ff02::1"), ("tcp", "fe80::2")):
            with self.subTest(args=args):
                result = self.wire.run(*args, "--json")
                self.failed(result, 2, "link-local", "side", "%")
        self.failed(self.wire.run("udp", "--json", "-i", "side", "-a", f"fe80::2%{self.wire.near_if}", *mac), 2,
                    self.wire.near_if)


class TentativeAddress(lib.OwnWireTest):

    def test_named_and_not_replaced_in_silence(self):
        near = self.wire.near_if
        for setting in (f"net.ipv6.conf.{near}.accept_dad=1", f"net.ipv6.conf.{near}.dad_transmits=1",
                        f"net.ipv6.neigh.{near}.retrans_time_ms=60000"):
            self.wire.near("sysctl", "-q", "-w", setting)
        self.wire.near("ip", "-6", "addr", "flush", "dev", near)
        self.wire.near("ip", "addr", "add", "fe80::9/64", "dev", near, "nodad")
        self.wire.near("ip", "addr", "add", "2001:db8::1/64", "dev", near)
        result = self.ok(self.wire.udp("-n", 10, "-a", "2001:db8::2", "-m", self.wire.far_mac))
        notes = " ".join(result.doc["start"]["configuration"]["notes"])
        self.assertIn("2001:db8::1", notes)
        self.assertIn("tentative", notes)
        result = self.wire.run("tcp", "2001:db8::2", "--json", "-A", "2001:db8::1")
        self.failed(result, 2, "2001:db8::1", "tentative")

    def test_waited_for(self):
        near = self.wire.near_if
        for setting in (f"net.ipv6.conf.{near}.accept_dad=1", f"net.ipv6.conf.{near}.dad_transmits=1",
                        f"net.ipv6.conf.{near}.router_solicitation_delay=0",
                        f"net.ipv6.neigh.{near}.retrans_time_ms=100"):
            self.wire.near("sysctl", "-q", "-w", setting)
        self.wire.near("ip", "addr", "add", "2001:db8::1/64", "dev", near)
        result = self.ok(self.wire.udp("-n", 10, "-a", "2001:db8::2", "-m", self.wire.far_mac))
        self.assertEqual(result.stream["src_addr"]["range"], "2001:db8::1")


if __name__ == "__main__":
    lib.main()
