# SPDX-License-Identifier: BSD-2-Clause
"""Obstacles to sending are found, named with their repair, and dangerous requests rejected."""
import json
import signal

import lib


class SilentZero(lib.OwnWireTest):
    wire_options = ("--no-gro",)

    def line(self):
        return f"ip netns exec {self.wire.far_ns} ethtool -K {self.wire.far_if} gro on"

    def test_named_with_its_repair(self):
        result = self.wire.udp("-n", 100, "--via", "xdp")
        self.failed(result, 4, self.wire.near_if, self.line(), "--fix")
        self.assertEqual(self.arrived(), 0)
        # The line is a command that repairs.
        lib.call(*self.line().split())
        self.adds_up(self.ok(self.wire.udp("-n", 100)))

    def far_program(self):
        """The name of the XDP program at the far end; none: no program."""
        link = json.loads(self.wire.far("ip", "-j", "link", "show", "dev", self.wire.far_if))[0]
        return link["xdp"]["prog"]["name"] if "xdp" in link else None

    def fixed(self, *args):
        """A run with --fix of which frames have arrived."""
        run = self.wire.start("udp", self.wire.near_if, "--json", "--fix", *args)
        self.addCleanup(run.__exit__)
        self.wire.wait_sending()
        return run

    def gone(self):
        lib.wait_for(lambda: self.far_program() is None, "the repair is gone")
        self.assertFalse(self.wire.far_gro())

    def test_fix_lasts_for_the_run(self):
        result = self.adds_up(self.ok(self.wire.udp("-n", 100, "--fix")))
        self.assertEqual(result.total["accepted"], self.arrived())
        self.assertIn(self.wire.far_if, " ".join(result.doc["start"]["configuration"]["notes"]))
        self.gone()

    def test_fix_ends_with_an_interrupt(self):
        run = self.fixed()
        self.assertEqual(self.far_program(), "xtg_ring")
        run.send(signal.SIGINT)
        self.adds_up(self.ok(run.finish()))
        self.gone()

    def test_fix_ends_with_a_failure(self):
        run = self.fixed()
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "down")
        self.failed(run.finish(), 1)
        self.gone()

    def test_fix_ends_with_a_killed_process(self):
        run = self.fixed()
        run.send(signal.SIGKILL)
        run.child.wait(lib.PATIENCE)
        self.gone()

    def test_fix_does_not_go_by_the_name(self):
        run = self.fixed()
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "name", "other0")
        self.wire.far("ip", "link", "add", self.wire.far_if, "type", "veth", "peer", "name", "other1")
        run.send(signal.SIGINT)
        self.ok(run.finish())
        link = json.loads(self.wire.far("ip", "-j", "link", "show", "dev", "other0"))[0]
        self.assertNotIn("xdp", link)

    def test_two_runs_share_it(self):
        first = self.fixed("--rate", "2kpps")
        second = self.fixed("--rate", "2kpps", "-P", 77)
        for run, number in ((first, signal.SIGKILL), (second, signal.SIGINT)):
            self.wire.wait_sending()
            self.assertEqual(self.far_program(), "xtg_ring")
            run.send(number)
            if run is first:
                run.child.wait(lib.PATIENCE)
                self.wire.wait_sending()
        result = self.adds_up(self.ok(second.finish()))
        self.assertEqual(result.total["redirect_errors"] + result.total["driver_drops"], 0)
        self.gone()

    def test_a_receiver_takes_its_place(self):
        run = self.fixed("--rate", "2kpps", "-s", 128)
        with lib.Process(["ip", "netns", "exec", self.wire.far_ns, lib.BINARY],
                         ["rx", self.wire.far_if, "--json", "-n", 200]) as rx:
            result = rx.finish()
        self.assertEqual(result.status, 0, result)
        lib.wait_for(lambda: self.far_program() == "xtg_ring", "the repair is back")
        self.wire.wait_sending()
        run.send(signal.SIGINT)
        self.ok(run.finish())
        self.gone()

    def test_a_program_at_the_peer_does_as_well(self):
        program = lib.compile_bpf(self, "return 1;")
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "xdp", "obj", program, "sec", "xdp")
        result = self.adds_up(self.ok(self.wire.udp("-n", 100)))
        self.assertEqual(result.total["accepted"], self.arrived())

    def test_a_generic_program_at_the_peer_does_not(self):
        program = lib.compile_bpf(self, "return 1;")
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "xdpgeneric", "obj", program, "sec", "xdp")
        by_xdp = ("-n", 100, "--via", "xdp")
        self.failed(self.wire.udp(*by_xdp), 4, self.wire.near_if, self.line(), "generic mode")
        result = self.wire.udp(*by_xdp, "--fix")
        self.failed(result, 4, "generic mode", f"ethtool -K {self.wire.far_if} gro on")
        self.wire.far("ethtool", "-K", self.wire.far_if, "gro", "on")
        result = self.adds_up(self.ok(self.wire.udp("-n", 100)))
        self.assertEqual(result.total["accepted"], self.arrived())

    def test_an_open_end_after_the_preflight(self):
        # Nothing was accepted from the first frame on: the run itself notices, after a second.
        program = lib.compile_bpf(self, "return 1;")
        far_xdp = ("ip", "link", "set", "dev", self.wire.far_if, "xdp")
        self.wire.far(*far_xdp, "obj", program, "sec", "xdp")
        with self.wire.start("udp", self.wire.near_if, "--json", "--rate", "0.7pps") as run:
            self.wire.wait_sending(1)
            self.wire.far(*far_xdp, "off")
            result = self.failed(run.finish(8), 1, self.line())
        self.adds_up(result)


class RefusedProgram(lib.OwnWireTest):

    def test_with_the_kernels_message(self):
        """A bridge has no XDP of its own."""
        self.wire.near("ip", "link", "add", "xtgd0", "type", "bridge")
        self.wire.near("ip", "link", "set", "dev", "xtgd0", "up")
        result = self.wire.run("rx", "xtgd0", "--duration", 1, "--json")
        self.assertIn("takes no XDP program", json.dumps(result.doc["start"]))


class Obstacles(lib.OwnWireTest):

    def test_frame_above_the_mtu(self):
        result = self.wire.udp("-n", 10, "-s", 1600)
        # The smallest sufficient MTU: an IP packet has 18 bytes less than the frame with its FCS.
        self.failed(result, 4, "1600", "MTU is 1500", f"ip link set dev {self.wire.near_if} mtu 1582")
        self.assertEqual(self.arrived(), 0)
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "mtu", "1582")
        result = self.wire.udp("-n", 10, "-s", 1600)
        self.failed(result, 4, f"ip netns exec {self.wire.far_ns} ip link set dev {self.wire.far_if} mtu 1582")
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "mtu", "1582")
        frames, _ = self.sent(self.wire, 10, "-s", 1600, size=1600)
        self.assertEqual(len(frames), 10)

    def test_frame_of_the_mtu_and_a_tag(self):
        # The kernel's allowance for a VLAN tag is not available to untagged frames.
        self.ok(self.wire.udp("-n", 10, "-s", 1518))
        for size in (1519, 1522):
            with self.subTest(size=size):
                self.failed(self.wire.udp("-n", 10, "-s", size), 4, str(size), "MTU is 1500")

    def test_odd_addresses(self):
        before = self.arrived()
        for option, address, word in (("-a", "0.0.0.0", "unspecified"), ("-a", "::", "unspecified"),
                                      ("-a", "255.255.255.255", "broadcast"), ("-a", "240.1.2.3", "reserved"),
                                      ("-a", "127.0.0.1", "loopback"), ("-a", "::1", "loopback"),
                                      ("-A", "239.1.1.1", "multicast"), ("-M", "01:00:5e:00:00:01", "group")):
            with self.subTest(option=option, address=address):
                self.failed(self.wire.udp("-n", 10, "-m", self.wire.far_mac, option, address), 2, address, word)
        self.assertEqual(self.arrived(), before)

    def test_peer_down_before(self):
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "down")
        result = self.wire.udp("-n", 10, "-m", self.wire.far_mac)
        self.assertEqual(result.status, 4, result)
        self.assertIn(self.wire.far_if, result.doc["error"])

    def test_device_without_transmit(self):
        self.wire.near("ip", "link", "set", "dev", "lo", "up")
        result = self.wire.run("udp", "lo", "--json", "-n", 10, "--via", "xdp")
        self.failed(result, 4, "lo")

    def test_default_route(self):
        for family, gateway in (("-4", self.wire.far_ip), ("-6", self.wire.far_ip6)):
            with self.subTest(family=family):
                before = self.wire.far_packets()
                self.wire.near("ip", family, "route", "add", "default", "via", gateway, "dev",
                               self.wire.near_if)
                self.failed(self.wire.udp("-n", 10), 2, "--allow-default-route", self.wire.near_if)
                self.assertEqual(self.wire.far_packets(), before)
                self.adds_up(self.ok(self.wire.udp("-n", 10, "--allow-default-route")))
                self.wire.near("ip", family, "route", "del", "default")

    def test_public_destination(self):
        for address in ("8.8.8.8", "9.255.255.255-10.0.0.1", "10.255.255.255-11.0.0.0", "2600::1",
                        "172.32.0.0/24", "198.20.0.1"):
            with self.subTest(address=address):
                self.failed(self.wire.udp("-n", 10, "-a", address, "-m", self.wire.far_mac), 2,
                            "--allow-public", "--dst-addr", address.split("/")[0])
        self.assertEqual(self.arrived(), 0)
        frames, _ = self.sent(self.wire, 10, "-a", "8.8.8.8", "-m", self.wire.far_mac, "--allow-public")
        self.assertEqual({str(frame.dst) for frame in frames}, {"8.8.8.8"})

    def test_addresses_that_are_not_public(self):
        for address in ("10.1.2.3", "172.31.255.255", "192.168.0.0/16", "169.254.1.1", "192.0.2.1",
                        "198.51.100.1", "203.0.113.9", "198.19.255.255", "fc00::1", "fe80::1", "2001:db8::1",
                        "2001:2::1"):
            with self.subTest(address=address):
                self.ok(self.wire.udp("--dry-run", "-a", address, "-m", self.wire.far_mac))

    def neighbours(self):
        listed = json.loads(self.wire.near("ip", "-j", "neigh", "show", "dev", self.wire.near_if))
        return {entry["dst"]: entry.get("lladdr") for entry in listed}

    def test_next_hop_is_asked_for(self):
        for address in (self.wire.far_ip, self.wire.far_ip6):
            with self.subTest(address=address):
                self.wire.near("ip", "neigh", "del", address, "dev", self.wire.near_if)
                self.assertNotIn(address, self.neighbours())
                with self.wire.capture() as capture:
                    result = self.ok(self.wire.udp("-n", 10, "-a", address))
                    # An empty datagram to the discard port makes the kernel send a neighbour request.
                    ours = [data for data in capture.take(10) if data[56:58] != b"\0\x09"]
                    frames = self.sound(ours, 10)
                self.assertEqual([frame.dst_mac for frame in frames], 10 * [self.wire.far_mac])
                self.assertEqual(self.neighbours().get(address), self.wire.far_mac)
                notes = " ".join(result.doc["start"]["configuration"]["notes"])
                self.assertNotIn("peer", notes, "a guess although the next hop was available")

    def test_next_hop_behind_a_gateway(self):
        self.wire.near("ip", "neigh", "del", self.wire.far_ip, "dev", self.wire.near_if)
        self.wire.near("ip", "route", "add", "192.168.77.0/24", "via", self.wire.far_ip)
        frames, _ = self.sent(self.wire, 10, "-a", "192.168.77.9")
        self.assertEqual({(frame.dst_mac, str(frame.dst), str(frame.src)) for frame in frames},
                         {(self.wire.far_mac, "192.168.77.9", self.wire.near_ip)})

    def test_interface_by_the_route(self):
        with self.wire.capture() as capture:
            result = self.ok(self.wire.run("udp", "--json", "-a", self.wire.far_ip, "-n", 10))
            self.sound(capture.take(10), 10)
        self.assertEqual(result.doc["start"]["configuration"]["interface"]["name"], self.wire.near_if)
        self.failed(self.wire.run("udp", "--json", "-a", "192.168.200.1", "-n", 10), 2, "192.168.200.1")


if __name__ == "__main__":
    lib.main()
