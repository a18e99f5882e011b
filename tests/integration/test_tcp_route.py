# SPDX-License-Identifier: BSD-2-Clause
"""What changes on the way while a run lasts: the next hop's address, the route, the MTU of a link further on, of which
a router tells by ICMP or does not."""
import signal
import subprocess
import time

import lib
import tcp_lib

MB = 1_000_000


class RoutedWire(lib.Wire):
    """near - far, which is a router to a third namespace: the receiver's."""

    def __init__(self, *options):
        super().__init__(*options)
        self.end_ns = f"{self.far_ns}-end"
        self.end_ip, self.end_ip6 = "198.18.200.2", "2001:2:0:200::2"
        try:
            lib.call("ip", "netns", "add", self.end_ns)
            self.far("ip", "link", "add", "next0", "type", "veth", "peer", "name", "end0", "netns", self.end_ns)
            for where, name, host in ((self.far_ns, "next0", 1), (self.end_ns, "end0", 2)):
                for address in (f"198.18.200.{host}/24", f"2001:2:0:200::{host}/64"):
                    lib.call("ip", "-n", where, "address", "add", address, "dev", name,
                             *(("nodad",) if ":" in address else ()))
                lib.call("ip", "-n", where, "link", "set", name, "up")
            self.far("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
            for via, to_end, to_near in ((self.far_ip, "198.18.200.0/24", self.near_ip),
                                         (self.far_ip6, "2001:2:0:200::/64", self.near_ip6)):
                self.near("ip", "route", "add", to_end, "via", via)
                lib.call("ip", "-n", self.end_ns, "route", "add", to_near, "via",
                         "198.18.200.1" if "." in via else "2001:2:0:200::1")
        except BaseException:
            self.close()
            raise

    def narrow(self, mtu):
        """The router's way on takes less from now on; the way back does not matter."""
        self.far("ip", "link", "set", "next0", "mtu", str(mtu))

    def close(self):
        lib.call("ip", "netns", "delete", self.end_ns, check=False)
        super().close()


class EndSink(tcp_lib.Sink):
    """A receiver in the third namespace."""

    def __init__(self, wire, **options):
        class There:
            far_ns = wire.end_ns
        super().__init__(There, **options)


class MtuTest(tcp_lib.OwnWireTest):
    make_wire = RoutedWire

    def families(self):
        return ((self.wire.end_ip, 1300), (self.wire.end_ip6, 1290))

    def adopted(self, result, mtu):
        end = result.doc["end"]
        self.assertEqual(end["path_mtu"], mtu, result)
        self.assertEqual(len(end["notes"]), 1, result)
        self.assertIn(str(mtu), end["notes"][0])

    def test_smaller_from_the_start(self):
        for to, mtu in self.families():
            for ingress in ("xdp", "tc"):
                with self.subTest(to=to, ingress=ingress):
                    self.wire.near("ip", "route", "flush", "cache")
                    self.wire.near("ip", "-6", "route", "flush", "cache")
                    self.wire.narrow(mtu)
                    with EndSink(self.wire, check="pattern") as sink:
                        result = self.done(self.tcp("--payload", "pattern", "--bytes", 2 * MB, "-f", 2, "--ingress",
                                                    ingress, to=to))
                        self.delivered(result, sink)
                    self.adopted(result, mtu)
                    self.wire.narrow(1500)

    def test_smaller_from_some_time_on(self):
        for to, mtu in self.families():
            with self.subTest(to=to):
                with EndSink(self.wire) as sink:
                    with self.start("--rate", "20Mbps", to=to) as run:
                        sink.wait_bytes(MB, run)
                        self.wire.narrow(mtu)
                        sink.wait_bytes(sink.total() + 2 * MB, run)
                        run.send(signal.SIGINT)
                        result = self.done(run.finish())
                    self.delivered(result, sink)
                self.adopted(result, mtu)
                self.wire.narrow(1500)

    def test_told_in_text(self):
        self.wire.narrow(1300)
        with EndSink(self.wire):
            with self.wire.start("tcp", "-i", self.wire.near_if, "-p", tcp_lib.PORT, "--bytes", MB,
                                 self.wire.end_ip) as run:
                result = self.ok(run.finish())
        self.assertIn("note: a link on the path carries IP packets of 1300 bytes", result.err)
        self.assertNotIn("note", result.out)

    def test_filtered(self):
        """Nobody tells: a way to find out is named."""
        lib.need_tool("nft")
        subprocess.run(["ip", "netns", "exec", self.wire.far_ns, "nft", "-f", "-"], text=True, check=True,
                       input="table inet f { chain o { type filter hook output priority 0;"
                             " icmp type destination-unreachable drop; }; }")
        self.wire.narrow(1300)
        with EndSink(self.wire):
            result = self.failed(self.tcp("--bytes", MB, "--silence", "2s", to=self.wire.end_ip), 5, "--mss 1200")
            self.assertIsNone(result.doc["end"]["path_mtu"])
        with EndSink(self.wire):
            self.done(self.tcp("--bytes", MB, "--mss", 1200, to=self.wire.end_ip))


class NextHopTest(tcp_lib.OwnWireTest):
    other_mac = "02:00:00:00:77:77"

    def another_machine(self):
        """Has the receiver's addresses now: what goes to the old MAC address is lost."""
        self.wire.far("ip", "link", "set", self.wire.far_if, "address", self.other_mac)

    def across(self, change, to, words=(), args=()):
        """A run during which the change comes, with data before and after; the notes on it."""
        with tcp_lib.Sink(self.wire) as sink:
            with self.wire.start("tcp", "--json", "-p", tcp_lib.PORT, "--rate", "20Mbps", *args, to) as run:
                sink.wait_bytes(MB, run)
                change()
                sink.wait_bytes(sink.total() + 2 * MB, run)
                run.send(signal.SIGINT)
                result = self.done(run.finish())
            self.delivered(result, sink)
        notes = result.doc["end"]["notes"]
        self.assertEqual(len(notes), 1, result)
        for word in words:
            self.assertIn(word, notes[0])

    def test_neighbour(self):
        for to in (self.wire.far_ip, self.wire.far_ip6):
            with self.subTest(to=to):
                def change(to=to):
                    self.another_machine()
                    self.wire.near("ip", "neigh", "replace", to, "lladdr", self.other_mac, "dev", self.wire.near_if)
                self.across(change, to, (to, self.other_mac), ("-i", self.wire.near_if))
                self.wire.far("ip", "link", "set", self.wire.far_if, "address", self.wire.far_mac)

    def test_gateway(self):
        to, first, second = "192.168.81.1", "198.18.199.1", "198.18.199.2"
        self.wire.far("ip", "address", "add", to, "dev", "lo")
        for gateway, mac in ((first, self.wire.far_mac), (second, self.other_mac)):
            self.wire.near("ip", "neigh", "replace", gateway, "lladdr", mac, "dev", self.wire.near_if)
        self.wire.near("ip", "route", "replace", to, "via", first, "dev", self.wire.near_if, "onlink")

        def change():
            self.another_machine()
            self.wire.near("ip", "route", "replace", to, "via", second, "dev", self.wire.near_if, "onlink")
        self.across(change, to, (to, self.other_mac, second))

    def test_another_interface(self):
        """The run stays where its programs are, and says so."""
        self.wire.near("ip", "link", "add", "other0", "type", "veth", "peer", "name", "other1")
        for name in ("other0", "other1"):
            self.wire.near("ip", "link", "set", name, "up")
        self.across(lambda: self.wire.near("ip", "route", "replace", self.wire.far_ip, "dev", "other0"),
                    self.wire.far_ip, ("other0", self.wire.near_if))

    def test_nothing_is_said_without_a_change(self):
        with tcp_lib.Sink(self.wire):
            with self.start("--rate", "20Mbps") as run:
                time.sleep(0.5)
                self.wire.near("ip", "route", "replace", "192.168.82.0/24", "via", self.wire.far_ip)
                self.wire.near("ip", "neigh", "replace", "198.18.199.3", "lladdr", self.other_mac, "dev",
                               self.wire.near_if)
                time.sleep(0.5)
                run.send(signal.SIGINT)
                result = self.done(run.finish())
        self.assertEqual(result.doc["end"]["notes"], [])


if __name__ == "__main__":
    lib.main()
