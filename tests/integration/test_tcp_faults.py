# SPDX-License-Identifier: BSD-2-Clause
"""Faults while connections are opened or in use: named, bounded in time, and nothing is left behind."""
import signal
import subprocess
import time

import lib
import tcp_lib

SOON = 5.0


class Opening(tcp_lib.WireTest):

    def not_opened(self, result, *words):
        self.failed(result, 5, *words)
        for flow in result.doc["end"]["flows"] if result.doc["end"] else ():
            self.assertEqual((flow["close"], flow["bytes"]), ("not_opened", 0))

    def test_nobody_listens(self):
        for to in (self.wire.far_ip, self.wire.far_ip6):
            for flows in (1, 50):
                with self.subTest(to=to, flows=flows):
                    self.not_opened(self.tcp("--bytes", 1000, "-f", flows, to=to), "refused", to)

    def test_no_answer(self):
        # The far end accepts no packets for others, and sends no errors.
        self.wire.far("sysctl", "-qw", "net.ipv4.ip_forward=0")
        self.wire.near("ip", "route", "replace", "192.168.77.0/24", "via", self.wire.far_ip)
        result = self.tcp("--bytes", 1000, "-t", "500ms", "-f", 3, to="192.168.77.1", seconds=SOON)
        self.not_opened(result, "192.168.77.1", "time")

    def test_unreachable(self):
        self.wire.far("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.addCleanup(self.wire.far, "sysctl", "-qw", "net.ipv4.ip_forward=0")
        self.wire.near("ip", "route", "replace", "192.168.78.0/24", "via", self.wire.far_ip)
        result = self.tcp("--bytes", 1000, "-t", 20, to="192.168.78.1", seconds=15)
        self.not_opened(result, "192.168.78.1", "unreachable")

    def test_some_get_no_answer(self):
        """The other flows go on, and all are reported."""
        # Frames of one of our ports are lost at the far end.
        program = lib.compile_bpf(self, "return end > data + 36 && data[34] == 0x4e && data[35] == 0x23 ? 1 : 2;")
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "xdp", "obj", program, "sec", "xdp")
        self.addCleanup(self.wire.far, "ip", "link", "set", "dev", self.wire.far_if, "xdp", "off")
        with tcp_lib.Sink(self.wire, check="pattern") as sink:
            result = self.adds_up(self.tcp("--payload", "pattern", "--bytes-per-flow", 100_000, "-f", 10, "-P", 0x4e20,
                                           "-t", "500ms"))
            flows = result.doc["end"]["flows"]
            self.assertEqual((result.status, len(flows)), (5, 10), result)
            got = {c.port: c for c in sink.ended(9)}
            for flow in flows:
                if flow["number"] == 3:
                    self.assertEqual((flow["close"], flow["bytes"]), ("not_opened", 0))
                    self.assertIn("time", flow["detail"])
                else:
                    connection = got[flow["src_port"]]
                    self.assertEqual((flow["close"], flow["bytes"], connection.bytes, connection.wrong),
                                     ("fin", 100_000, 100_000, None))


class Faults(tcp_lib.OwnWireTest):

    def setUp(self):
        super().setUp()
        self.receiver = self.sink(check="pattern")

    def running(self, *args):
        """A run of which bytes have arrived."""
        before = self.receiver.total()
        run = self.start("--payload", "pattern", *args)
        self.addCleanup(run.__exit__)
        self.receiver.wait_bytes(before + 3_000_000, run)
        return run

    def again(self):
        """The receiver is unaffected: another run succeeds."""
        result = self.done(self.tcp("--payload", "pattern", "--bytes", 5_000_000))
        got = {c.port: c for c in self.receiver.connections()}
        connection = got[result.doc["end"]["flows"][0]["src_port"]]
        self.assertEqual((connection.bytes, connection.wrong), (5_000_000, None))

    def test_interface_down(self):
        run = self.running("-f", 4)
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "down")
        result = self.failed(run.finish(SOON), 1, self.wire.near_if, "down")
        self.assertEqual(self.adds_up(result).doc["end"]["reason"], "failed")
        self.assertEqual({flow["close"] for flow in result.doc["end"]["flows"]}, {"lost"})
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "up")
        for other, mac in ((self.wire.far_ip, self.wire.far_mac), (self.wire.far_ip6, self.wire.far_mac)):
            self.wire.near("ip", "neigh", "replace", other, "lladdr", mac, "dev", self.wire.near_if)
        self.again()

    def test_every_frame_refused(self):
        """The far end accepts no more: the run ends with the cause, and did not keep trying at full speed."""
        for args in ((), ("-f", 4), ("--ingress", "tc"), ("--rate", "100Mbps")):
            with self.subTest(args=args), lib.Wire() as self.wire, tcp_lib.Sink(self.wire) as self.receiver:
                run = self.running(*args)
                self.wire.far("ethtool", "-K", self.wire.far_if, "gro", "off")
                result = self.failed(run.finish(60), 1, "frames are no longer accepted", "GRO",
                                     f"ethtool -K {self.wire.far_if} gro on")
                self.assertEqual(self.adds_up(result).doc["end"]["reason"], "failed")
                # At full speed, a second would be a million.
                errors = {error["name"]: error["count"] for error in result.doc["end"]["errors"]}
                self.assertLess(sum(errors.values()), 100_000, errors)

    def test_interface_removed(self):
        for args in ((), ("--rate", "100Mbps"), ("--ingress", "tc")):
            with self.subTest(args=args), lib.Wire() as self.wire, tcp_lib.Sink(self.wire) as self.receiver:
                run = self.running(*args)
                self.wire.near("ip", "link", "del", "dev", self.wire.near_if)
                result = self.failed(run.finish(SOON), 1, self.wire.near_if, "removed")
                self.adds_up(result)

    def test_kill_leaves_nothing(self):
        for args in ((), ("--ingress", "tc", "-f", 100)):
            with self.subTest(args=args):
                before, links = self.wire.near_link(), self.wire.near_links()
                run = self.running(*args)
                held = lib.bpf_ids(run.pid)
                self.assertTrue({"link", "prog"} <= {kind for kind, _ in held}, held)
                run.send(signal.SIGKILL)
                self.assertEqual(run.child.wait(lib.PATIENCE), -signal.SIGKILL)
                lib.wait_for(lambda: not lib.bpf_alive(held), "the kernel lets go of the programs", 3)
                after = self.wire.near_link()
                for volatile in ("stats", "stats64"):
                    before.pop(volatile, None), after.pop(volatile, None)
                self.assertEqual((after, self.wire.near_links()), (before, links))
                self.again()
        self.assertEqual([c.wrong for c in self.receiver.connections() if c.wrong is not None], [])

    def test_receiver_killed(self):
        for args in ((), ("-f", 20)):
            with self.subTest(args=args), tcp_lib.Sink(self.wire, port=4242) as receiver:
                with self.start("--payload", "pattern", *args, port=4242) as run:
                    receiver.wait_bytes(3_000_000, run)
                    receiver.kill()
                    result = self.adds_up(self.failed(run.finish(SOON), 5))
                self.assertEqual({flow["close"] for flow in result.doc["end"]["flows"]}, {"peer_reset"}, result)
        self.again()

    def served(self, sinks):
        return sum(connection.bytes > 0 for sink in sinks for connection in sink.connections())

    def test_some_receivers_die(self):
        """Of two receivers that share the port one dies; the other's flows are completed."""
        for flows in (20, 10_000):
            with self.subTest(flows=flows), tcp_lib.Sink(self.wire, port=4242, check="pattern") as stays, \
                    tcp_lib.Sink(self.wire, port=4242) as dies:
                with self.start("--payload", "pattern", "-f", flows, "--duration", 4, port=4242) as run:
                    lib.wait_for(lambda: self.served((stays, dies)) == flows or not run.running(), "all are served")
                    doomed = {c.port for c in dies.connections()}
                    dies.kill()
                    result = self.adds_up(run.finish())
                self.assertEqual((result.status, result.doc["end"]["reason"]), (5, "duration"), result)
                by_port = {flow["src_port"]: flow for flow in result.doc["end"]["flows"]}
                self.assertGreater(len(doomed), flows / 10)
                self.assertLess(len(doomed), flows * 9 / 10)
                for port in doomed:
                    self.assertEqual(by_port.pop(port)["close"], "peer_reset")
                got = {c.port: c for c in stays.ended()}
                for port, flow in by_port.items():
                    self.assertEqual((flow["close"], flow["bytes"], None, "eof"),
                                     ("fin", got[port].bytes, got[port].wrong, got[port].end))
        self.again()

    def test_ended_flows_are_reported_immediately(self):
        with tcp_lib.Sink(self.wire, port=4242) as dies, self.wire.start(
                "tcp", "-i", self.wire.near_if, "-p", 4242, "--json-stream", "-f", 3, "--duration", 5,
                self.wire.far_ip) as run:
            dies.wait_bytes(1_000_000, run)
            dies.kill()
            result = run.finish(SOON)
        self.assertEqual(result.status, 5, result)
        told = [event["data"] for event in result.events if event["event"] == "flow"]
        self.assertEqual(sorted((flow["number"], flow["close"]) for flow in told),
                         [(number, "peer_reset") for number in range(3)])

    def test_stopped_and_continued(self):
        for args in (("--bytes", 400_000_000), ("--bytes", 60_000_000, "--rate", "300Mbps", "-f", 5)):
            with self.subTest(args=args), tcp_lib.Sink(self.wire, port=4242, check="pattern") as receiver:
                with self.start("--payload", "pattern", *args, port=4242) as run:
                    receiver.wait_bytes(1_000_000, run)
                    run.send(signal.SIGSTOP)
                    time.sleep(1.2)
                    run.send(signal.SIGCONT)
                    self.delivered(self.done(run.finish()), receiver)


class Abandoned(tcp_lib.WireTest):
    """A run that ends before its connections do leaves none of them open at the far end."""

    def test_output_gone(self):
        with tcp_lib.Sink(self.wire) as sink:
            done = subprocess.run(
                ["ip", "netns", "exec", self.wire.near_ns, "sh", "-c", 'exec "$0" "$@" >/dev/full', lib.BINARY, "tcp",
                 self.wire.far_ip, "-p", str(tcp_lib.PORT), "-f", "3", "--duration", "30"],
                capture_output=True, text=True, timeout=25, check=False)
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done)
            self.assertEqual({connection.end for connection in sink.ended(3)}, {"reset"})

    def test_second_interrupt(self):
        # Of the far end's segments only those with SYN arrive: no data is ever acknowledged.
        program = lib.compile_bpf(self, "return end > data + 48 && data[23] == 6 && !(data[47] & 2) ? 1 : 2;")
        near_xdp = ("ip", "link", "set", "dev", self.wire.near_if, "xdp")
        self.wire.near(*near_xdp, "obj", program, "sec", "xdp")
        self.addCleanup(self.wire.near, *near_xdp, "off")
        with tcp_lib.Sink(self.wire) as sink, self.start("--duration", 30, "-f", 2, "--ingress", "tc") as run:
            lib.wait_for(lambda: len(c := sink.connections()) == 2 and all(one.bytes for one in c), "data arrives")
            run.send(signal.SIGINT)
            time.sleep(0.3)
            run.send(signal.SIGINT)
            self.assertEqual(run.finish().status, 130)
            self.assertEqual({connection.end for connection in sink.ended(2)}, {"reset"})


class OddOnes(tcp_lib.WireTest):

    def test_one_that_negotiated_less(self):
        """The first connection's SYN lost an option on the path: the others go on, and it is not left half open."""
        # From port 20000: "SACK permitted", after the MSS, becomes two fillers.
        program = lib.compile_bpf(self, """
          if (end < data + 60 || data[34] != 0x4e || data[35] != 0x20 || !(data[47] & 2) || data[58] != 4) return 2;
          data[58] = data[59] = 1;
          return 2;""")
        far_xdp = ("ip", "link", "set", "dev", self.wire.far_if, "xdp")
        self.wire.far(*far_xdp, "obj", program, "sec", "xdp")
        self.addCleanup(self.wire.far, *far_xdp, "off")
        with tcp_lib.Sink(self.wire) as sink:
            result = self.adds_up(self.tcp("--bytes-per-flow", 100_000, "-f", 4, "-P", 20000))
            self.assertEqual(result.status, 5, result)
            self.assertEqual([flow["close"] for flow in result.doc["end"]["flows"]], ["lost", "fin", "fin", "fin"])
            self.assertIn("TCP options", result.doc["error"])
            self.assertEqual(sorted((c.end, c.bytes) for c in sink.ended(4)), [("eof", 100_000)] * 3 + [("reset", 0)])


if __name__ == "__main__":
    lib.main()
