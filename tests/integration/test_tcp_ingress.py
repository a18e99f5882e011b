# SPDX-License-Identifier: BSD-2-Clause
"""Ways to take the far end's segments from an interface that others keep using; and rejected set-ups."""
import contextlib
import os
import shutil
import socket

import lib
import tcp_lib
import test_permissions as permissions


class Ingress(tcp_lib.OwnWireTest):

    def setUp(self):
        super().setUp()
        self.links, self.link = self.wire.near_links(), self.settings()

    def settings(self):
        link = self.wire.near_link()
        for volatile in ("stats", "stats64"):
            link.pop(volatile, None)
        return link

    def program(self, body):
        path = lib.compile_bpf(self, body)
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "xdp", "obj", path, "sec", "xdp")
        return self.settings()

    @contextlib.contextmanager
    def running(self, sink, *args):
        """A run of which bytes have arrived; it is stopped at the end and must be free of errors."""
        with self.start("--payload", "pattern", *args) as run:
            sink.wait_bytes(1_000_000, run)
            held = lib.bpf_ids(run.pid)
            yield run
            run.send(2)
            self.result = self.done(run.finish())
        self.delivered(self.result, sink)
        lib.wait_for(lambda: not lib.bpf_alive(held), "the kernel lets go of the programs", 3)

    def everything_is_as_before(self):
        self.assertEqual((self.wire.near_links(), self.settings()), (self.links, self.link))
        self.assertNotIn("bpf", self.wire.near("tc", "filter", "show", "dev", self.wire.near_if, "ingress"))

    def test_xdp(self):
        for option in ((), ("--ingress", "xdp"), ("--ingress", "auto")):
            with self.subTest(option=option), tcp_lib.Sink(self.wire, check="pattern") as sink:
                with self.running(sink, *option):
                    self.assertIn("xdp", self.settings())
                self.assertEqual(self.result.doc["end"]["ingress"], "xdp")
                self.everything_is_as_before()

    def test_tc(self):
        for to in (self.wire.far_ip, self.wire.far_ip6):
            with self.subTest(to=to), tcp_lib.Sink(self.wire, check="pattern") as sink:
                with self.running(sink, "--ingress", "tc", "-f", 5):
                    self.assertNotIn("xdp", self.settings())
                self.assertIn(self.result.doc["end"]["ingress"], ("tcx", "clsact"))
                self.everything_is_as_before()

    def test_slot_taken(self):
        """Another XDP program that passes everything: it stays, and ours is attached after it."""
        self.link = self.program("return 2;")
        self.assertIn("xdp", self.link)
        with tcp_lib.Sink(self.wire, check="pattern") as sink:
            with self.running(sink):
                self.assertEqual(self.settings(), self.link)
            self.assertIn(self.result.doc["end"]["ingress"], ("tcx", "clsact"))
            self.everything_is_as_before()
            before = len(sink.connections())
            self.failed(self.tcp("--ingress", "xdp", "--bytes", 1000), 4, self.wire.near_if)
            self.everything_is_as_before()
            self.assertEqual(len(sink.connections()), before, "connects once its programs are in place")

    def ping(self, to):
        """An ordinary echo request of the kernel, and its answer."""
        v6 = ":" in to
        protocol, request, answer = (58, 128, 129) if v6 else (1, 8, 0)
        with lib.in_netns(self.wire.near_ns):
            raw = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW, protocol)
        with raw:
            raw.settimeout(5)
            words = bytes((request, 0, 0, 0)) + b"xtgping!"
            checksum = 0xffff ^ lib.ones_sum(words)
            raw.sendto(words[:2] + checksum.to_bytes(2, "big") + words[4:], (to, 0))
            lib.wait_for(lambda: self.is_answer(raw.recv(2000)[0 if v6 else 20:], answer), f"{to} answers")

    def is_answer(self, message, kind):
        return message[0] == kind and message[4:12] == b"xtgping!"

    def test_others_use_the_interface(self):
        """Pings and the kernel's own connections to the same port work during the run."""
        for option in ("xdp", "tc"):
            with self.subTest(option=option), tcp_lib.Sink(self.wire, check="pattern") as sink, \
                    tcp_lib.Sink(self.wire, port=4242, check="pattern") as other:
                with self.running(sink, "--ingress", option, "-f", 3, "--rate", "500Mbps"):
                    self.ping(self.wire.far_ip)
                    self.ping(self.wire.far_ip6)
                    for port in (4242, tcp_lib.PORT):
                        with lib.in_netns(self.wire.near_ns):
                            plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                        with plain:
                            plain.settimeout(lib.PATIENCE)
                            plain.connect((self.wire.far_ip, port))
                            plain.sendall(tcp_lib.pattern(3_000_000))
                            plain.shutdown(socket.SHUT_WR)
                            self.assertEqual(plain.recv(1), b"")
                self.assertEqual([(c.bytes, c.wrong) for c in other.ended()], [(3_000_000, None)])
                ours = {flow["src_port"] for flow in self.result.doc["end"]["flows"]}
                rest, = [c for c in sink.connections() if c.port not in ours]
                self.assertEqual((rest.bytes, rest.wrong), (3_000_000, None))

    def test_two_runs_at_a_time(self):
        with tcp_lib.Sink(self.wire, check="pattern") as sink:
            with self.start("--payload", "pattern", "--duration", 2, "--rate", "500Mbps") as first:
                sink.wait_bytes(1_000_000, first)
                second = self.done(self.tcp("--payload", "pattern", "--bytes", 10_000_000, "--rate", "500Mbps"))
                result = self.done(first.finish())
            got = {c.port: (c.bytes, c.wrong, c.end) for c in sink.ended(2)}
            for flow in (*result.doc["end"]["flows"], *second.doc["end"]["flows"]):
                self.assertEqual(got[flow["src_port"]], (flow["bytes"], None, "eof"))
        self.everything_is_as_before()


class Refusals(tcp_lib.OwnWireTest):
    """If nothing can or should be sent, the reason is reported and no connection is opened."""

    def test_default_route(self):
        self.wire.near("ip", "route", "add", "default", "via", self.wire.far_ip, "dev", self.wire.near_if)
        sink = self.sink(check="zeros")
        self.failed(self.tcp("--bytes", 1000), 2, "--allow-default-route", self.wire.near_if)
        self.assertEqual(sink.connections(), [])
        self.delivered(self.done(self.tcp("--bytes", 1000, "--allow-default-route")), sink)

    def test_public_destination(self):
        self.wire.near("ip", "route", "add", "8.8.8.8/32", "via", self.wire.far_ip)
        self.failed(self.tcp("--bytes", 1000, to="8.8.8.8"), 2, "--allow-public", "8.8.8.8")
        self.wire.far("ip", "addr", "add", "8.8.8.8/32", "dev", self.wire.far_if)
        sink = self.sink(check="zeros")
        self.delivered(self.done(self.tcp("--bytes", 1000, "--allow-public", to="8.8.8.8")), sink)

    def test_no_such_host_or_family(self):
        self.failed(self.tcp("--bytes", 1, to="nosuch.invalid"), 2, "nosuch.invalid")
        self.failed(self.tcp("-6", "--bytes", 1, to=self.wire.far_ip), 2, self.wire.far_ip)

    def test_no_such_file(self):
        self.failed(self.tcp("--payload-file", "/nonexistent/file"), 2, "/nonexistent/file")

    def test_no_route(self):
        self.failed(self.tcp("--bytes", 1, to="192.168.200.1"), 5, "192.168.200.1")

    def test_interface_down_before(self):
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "down")
        self.failed(self.tcp("--bytes", 1), 4, f"{self.wire.near_if} is down")


class NoGro(tcp_lib.OwnWireTest):
    """A veth whose far end accepts no frames: reported with its repair."""
    wire_options = ("--no-gro",)

    def test_silent_zero(self):
        sink = self.sink(check="zeros")
        line = f"ip netns exec {self.wire.far_ns} ethtool -K {self.wire.far_if} gro on"
        self.failed(self.tcp("--via", "xdp", "--bytes", 1000), 4, line, "--fix")
        self.assertEqual(sink.connections(), [])
        self.delivered(self.done(self.tcp("--bytes", 1_000_000, "--fix")), sink)
        self.assertFalse(self.wire.far_gro())


class Permissions(tcp_lib.WireTest):
    """As in test_permissions.py for `udp`."""
    inside = permissions.OrdinaryUser.inside

    def as_user(self, *args, caps=()):
        binary = shutil.copy(shutil.which(lib.BINARY) or lib.BINARY, lib.scratch(self))
        os.chmod(binary, 0o755)
        lib.need_tool("setpriv")
        result = self.tcp(*args, inside=self.inside(*caps), binary=binary)
        if result.status == 99:
            lib.skip("a /dev/net/tun for ordinary users")
        return result

    def test_with_the_three_capabilities(self):
        for option in ("xdp", "tc"):
            with self.subTest(option=option), tcp_lib.Sink(self.wire, check="zeros") as sink:
                result = self.as_user("--bytes", 1_000_000, "--ingress", option, "-f", 3,
                                      caps=("bpf", "net_admin", "perfmon"))
                self.delivered(self.done(result), sink)

    def test_without_rights(self):
        sink = self.sink()
        for caps in ((), ("bpf", "perfmon"), ("net_admin",), ("bpf", "net_admin")):
            with self.subTest(caps=caps):
                self.failed(self.as_user("--bytes", 1000, caps=caps), 4, "CAP_")
        self.assertEqual(sink.connections(), [])


if __name__ == "__main__":
    lib.main()
