# SPDX-License-Identifier: BSD-2-Clause
"""`udp --rx`: one process at both ends; its ledger adds up and is exact under every fault."""
import collections
import signal

import port_test_lib
import hop
import lib

COUNT = 20_000


class Ledger(port_test_lib.PortTest):
    """Over a hop with an exact rule."""

    def setUp(self):
        self.wire = port_test_lib.HopWire()
        self.addCleanup(self.wire.close)

    def over(self, *args, status=0, **rule):
        """A run over the rule. Repeated at a lower rate if the wire itself lost frames."""
        for rate in ("20kpps", "10kpps", "5kpps"):
            self.wire.rule(**rule)
            before = self.wire.overruns()
            result = self.wire.exchange("-s", 128, "-n", COUNT, "--rate", rate, "--drain", "300ms", *args)
            self.assertEqual(result.status, status, result)
            counters = self.wire.counters()
            if (counters["seen"], counters["failed"], self.wire.overruns()) == (COUNT, 0, before):
                return result, counters
        self.fail(f"the wire loses frames of its own: {counters}")

    def exactly(self, **rule):
        order, _ = hop.predict(COUNT, **rule)
        times = collections.Counter(order)
        result, _ = self.over(**rule)
        ledger, self.tx = self.ledger(result), result.doc["end"]["tx"][0]
        self.assertEqual(ledger["asked"], COUNT)
        self.assertEqual(self.columns(ledger), {key: value for key, value in (
            ("lost", COUNT - len(times)),
            ("received", sum(n == 1 for n in times.values())),
            ("duplicated", sum(n > 1 for n in times.values())),
            ("copies", len(order) - len(times))) if value}, result)
        return ledger

    def test_clean(self):
        ledger, tx = self.exactly(), self.tx
        missed = tx["sum"]["skipped_slots"] != 0 or tx["target"]["shortfall"] is not None  # on a busy host
        self.assertEqual(ledger["limited_by"], "generator" if missed else "none")

    def test_burst(self):
        ledger = self.exactly(burst_from=5000, burst_length=137)
        self.assertEqual((ledger["lost"], ledger["limited_by"]), (137, "path"))

    def test_the_last_ones(self):
        """Faults that only the sender knows about."""
        self.assertEqual(self.exactly(burst_from=COUNT - 137, burst_length=137)["lost"], 137)

    def test_random_loss_and_duplicates(self):
        for chance in (0.001, 0.2):
            with self.subTest(chance):
                self.exactly(drop=chance, duplicate=0.01, hold=0.01, hold_by=7, seed=3)

    def test_nothing_arrives(self):
        result, _ = self.over(status=5, drop=1.0)
        self.assertIn("none arrived", result.doc["error"])
        self.assertEqual(self.columns(self.ledger(result)), {"lost": COUNT})

    def test_nothing_arrives_as_expected(self):
        result, _ = self.over("--expect", "rx=0,loss=100%,lost=20000,unsent=0", drop=1.0)
        self.assertEqual(self.columns(self.ledger(result)), {"lost": COUNT})

    def test_one_direction_is_dead(self):
        """Another sender's packets do not compensate for it."""
        self.wire.rule(direction=0)
        self.wire.rule(direction=1, drop=1.0)
        args = ("--bidir", "--src-mac", self.wire.near_mac, "-s", 128, "-n", 500, "--rate", "2kpps", "--drain", "300ms")
        result = self.wire.exchange(*args)
        self.assertEqual(result.status, 5, result)
        self.assertIn(f"500 frames were sent by {self.wire.far_if} and none arrived", result.doc["error"])
        self.assertEqual(self.columns(self.ledger(result, self.wire.far_if)), {"lost": 500}, result)
        self.assertEqual(self.wire.exchange(*args, "--expect", "dup=0").status, 5)
        self.ok(self.wire.exchange(*args, "--expect", f"rx@{self.wire.near_if}=0,unsent=0"))

    def test_expectations(self):
        self.over("--expect", f"rx=1/2,rx@{self.wire.far_if}=1/2,lost=10000,loss=50%,refused=0,unsent=0,dropped=0,"
                  f"bytes={COUNT // 2 * 128}", burst_from=0, burst_length=COUNT // 2)
        result, _ = self.over("--expect", "loss<1%,rx=1/3,dup=0", status=3, burst_from=0, burst_length=COUNT // 2)
        self.assertEqual(self.held(result), [False, False, True])

    def test_another_name_of_an_interface(self):
        """A condition names the interface by any of its names."""
        other = "another-name-of-it".ljust(127, "x")
        self.wire.near("ip", "link", "property", "add", "dev", self.wire.far_if, "altname", other)
        self.over("--expect", f"rx@{other}=1/1,rx@{self.wire.far_if}={COUNT}")

    def test_late(self):
        """Packets that arrive after the window has passed them."""
        self.wire.delay(0.4)
        for rate in ("20kpps", "10kpps"):
            self.wire.rule(late=0.01, seed=12)
            before = self.wire.overruns()
            result = self.ok(self.wire.exchange("-s", 128, "-n", COUNT, "--rate", rate, "--window", 1024))
            counters = self.wire.counters()
            if (counters["seen"], self.wire.overruns()) == (COUNT, before):
                break
        ledger = self.ledger(result)
        self.assertGreater(counters["late"], 100)
        # The run waits for delayed frames at the very end, which no later frame overtakes.
        self.assertGreater(ledger["late"], 50)
        self.assertEqual(ledger["late"] + ledger["received"], COUNT, result)


class Flooded(port_test_lib.PortTest):
    """A device sends every frame to two ports."""

    def setUp(self):
        self.wire = port_test_lib.FloodWire()
        self.addCleanup(self.wire.close)

    def test_copies_hide_no_loss(self):
        count, lost = 3000, 137
        for rate in ("5kpps", "2kpps", "1kpps"):
            self.wire.rule(burst_from=1000, burst_length=lost)
            before = self.wire.overruns()
            result = self.wire.exchange("-s", 128, "-n", count, "--rate", rate, "--drain", "500ms", "--expect",
                                        f"lost={lost},rx={count - lost},dup={count - lost},streams=1,rx=2863/3000,unsent=0")
            dropped = sum(rx["aside"]["link_dropped"] for rx in result.doc["end"]["rx"])
            if (self.wire.counters()["failed"], self.wire.overruns(), dropped) == (0, before, 0):
                break
        ledger = self.ledger(self.ok(result))
        self.assertEqual(self.columns(ledger), {"lost": lost, "duplicated": count - lost, "copies": count - lost}, result)
        self.assertTrue(ledger["exact"])
        for flow in result.doc["end"]["flows"]:
            self.assertIsNone(flow["sum"]["lost_packets"])


class Direct(port_test_lib.PortTest):
    """Both ends of one pair."""

    def setUp(self):
        self.wire = port_test_lib.Wire()
        self.addCleanup(self.wire.close)

    def both_ways(self, *args):
        return self.wire.exchange("--bidir", "--src-mac", self.wire.near_mac, *args)

    def test_full_rate(self):
        """The far interface counts frames refused by the driver as dropped: they appear in one column only."""
        for size in (64, 1514):
            with self.subTest(size):
                result = self.ok(self.wire.exchange("-s", size, "--duration", 1))
                ledger = self.ledger(result)
                self.assertEqual((ledger["lost"], ledger["dropped"], ledger["late"]), (0, 0, 0), result)
                self.assertEqual(ledger["limited_by"], "generator")
                aside = result.doc["end"]["rx"][0]["aside"]
                self.assertEqual(aside["link_dropped"], result.doc["end"]["tx"][0]["sum"]["driver_drops"], result)

    def test_slots_missed(self):
        result = self.ok(self.wire.exchange("-s", 1514, "--rate", "30Mpps", "--duration", 1))
        ledger = self.ledger(result)
        tx = result.doc["end"]["tx"][0]["sum"]
        self.assertGreater(ledger["not_sent"], 0)
        self.assertEqual(ledger["not_sent"], tx["skipped_slots"])
        self.assertEqual(ledger["limited_by"], "generator")

    def test_a_rate_that_was_missed(self):
        """The whole amount is sent, but slower than requested."""
        args = ("-s", 1514, "-n", 200_000, "--rate", "30Mpps")
        result = self.wire.exchange(*args)
        tx = result.doc["end"]["tx"][0]
        self.assertIsNotNone(tx["target"]["shortfall"])
        self.assertEqual(self.ledger(result)["not_sent"], 0)
        self.assertEqual(self.ledger(result)["limited_by"], "generator")
        self.assertEqual(self.wire.exchange(*args, "--expect", "loss=0").status, 3, "the requested amount was missed")
        self.ok(self.wire.exchange(*args, "--expect", "loss=0,unsent=0"))
        text = self.wire.run("udp", self.wire.near_if, "--rx", self.wire.far_if, "-m", self.wire.far_mac, "-a",
                             self.wire.far_ip, *args).out
        self.assertIn("\n  shortfall ", text)

    def test_nothing_is_sent(self):
        # Not a success, whatever the conditions.
        for expect in ((), ("--expect", "lost=0"), ("--expect", "rx=1/1"), ("--expect", "rx=0")):
            with self.subTest(expect):
                result = self.wire.exchange("-s", 128, "--rate", "1pps", "--duration", "1us", *expect)
                if result.doc["end"]["sum"]["sent"]:
                    continue # the first frame is due immediately
                self.failed(result, 1, "nothing was sent")

    def test_interrupted(self):
        run = self.wire.start("udp", self.wire.near_if, "--rx", self.wire.far_if, "-m", self.wire.far_mac, "-s", 128,
                              "--rate", "5kpps", "-n", "1M", "--json")
        with run:
            lib.wait_for(lambda: lib.link_counters(self.wire.near_ns, self.wire.far_if)["rx_packets"] > 500, "frames")
            run.send(signal.SIGTERM)
            result = self.ok(run.finish())
        self.assertEqual(result.doc["end"]["reason"], "interrupted")
        ledger = self.ledger(result)
        self.assertGreater(ledger["received"], 0)
        self.assertLess(ledger["asked"], 1_000_000)

    def test_interface_gone(self):
        run = self.wire.start("udp", self.wire.near_if, "--rx", self.wire.far_if, "-m", self.wire.far_mac, "-s", 128,
                              "--rate", "5kpps", "-n", "1M", "--json")
        with run:
            lib.wait_for(lambda: lib.link_counters(self.wire.near_ns, self.wire.far_if)["rx_packets"] > 500, "frames")
            self.wire.near("ip", "link", "set", "dev", self.wire.far_if, "down")
            result = run.finish()
        self.assertEqual(result.status, 1, result)
        self.assertIn("went down", result.doc["error"])
        self.assertEqual(result.doc["end"]["reason"], "failed")
        self.ledger(result)

    def test_both_directions(self):
        near, far = self.wire.near_if, self.wire.far_if
        result = self.ok(self.both_ways("-s", 128, "-n", 4000, "--rate", "4kpps", "--expect", f"rx@{far}=1/2,rx=1/1,unsent=0"))
        for port in (near, far):
            self.assertEqual(self.columns(self.ledger(result, port)), {"received": 4000}, result)
        self.assertEqual(self.flow(result, near, far)["packets"], 4000)
        self.assertEqual(self.flow(result, far, near)["packets"], 4000)
        self.assertEqual(self.flow(result, near, near)["packets"], 0)
        there, back = (port["sends"]["streams"][0] for port in result.doc["start"]["configuration"]["ports"])
        for one, other in (("dst_addr", "src_addr"), ("dst_mac", "src_mac"), ("dst_port", "src_port")):
            self.assertEqual((there[one], there[other]), (back[other], back[one]))

    def test_ports_of_their_own(self):
        near, far = self.wire.near_if, self.wire.far_if
        result = self.ok(self.wire.run(
            "udp", "--port", f"{near},rate=2kpps,num-packets=2000,dst-mac={self.wire.far_mac}",
            "--port", f"{far},pkt-size=200,num-packets=1000,dst-mac={self.wire.near_mac}", "--rate", "1kpps", "-s", 128,
            "--json"))
        self.assertEqual(self.columns(self.ledger(result, near)), {"received": 2000}, result)
        self.assertEqual(self.columns(self.ledger(result, far)), {"received": 1000}, result)
        self.assertEqual(self.flow(result, near, far)["bytes"], 2000 * 128)
        self.assertEqual(self.flow(result, far, near)["bytes"], 1000 * 200)

    def test_intervals_add_up(self):
        result = self.ok(self.wire.exchange("-s", 128, "--rate", "5kpps", "--duration", 2, "--interval", "500ms"))
        total = self.flow(result, self.wire.near_if, self.wire.far_if)
        for key in ("packets", "unique", "bytes"):
            parts = [flow["sum"][key] for part in result.doc["intervals"] for flow in part["flows"]]
            self.assertGreater(len(parts), 2)
            self.assertEqual(sum(parts), total[key], key)
        sent = sum(part["sum"]["sent"] for part in result.doc["intervals"])
        self.assertEqual(sent, result.doc["end"]["sum"]["sent"])

    def test_another_run_is_not_in_it(self):
        other = self.wire.start("udp", self.wire.near_if, "-m", self.wire.far_mac, "-s", 128, "--rate", "1kpps",
                                "--duration", 20, "--quiet", "--cpus", lib.ALL_CPUS[-1])
        with other:
            lib.wait_for(lambda: lib.link_counters(self.wire.near_ns, self.wire.far_if)["rx_packets"] > 20, "frames")
            result = self.ok(self.wire.exchange("-s", 128, "-n", 1000, "--rate", "1kpps"))
            other.send(signal.SIGTERM)
            other.finish()
        self.assertEqual(self.columns(self.ledger(result)), {"received": 1000}, result)
        self.assertGreater(result.doc["end"]["rx"][0]["aside"]["refused"], 0)

    def test_nothing_left_attached(self):
        before = self.wire.near("ip", "-d", "link")
        self.ok(self.both_ways("-s", 128, "-n", 100))
        self.assertNotIn("xdp", self.wire.near("ip", "-d", "link"))
        self.assertEqual(before.count("prog/xdp"), 0)


class Refused(port_test_lib.PortTest):
    """Invalid combinations: one line, status 2, nothing attached."""

    def test_words(self):
        for args, words in (
                (("nosuch0", "--rx", "lo"), "nosuch0"),
                (("--rx", "lo", "-a", "127.0.0.1"), "--rx"),
                (("lo", "--drain", "1s"), "--drain"),
                (("lo", "--expect", "rx=1"), "--expect"),
                (("lo", "--bidir"), "--bidir"),
                (("lo", "--rx", "lo", "--no-signature"), "--no-signature"),
                (("lo", "--port", "lo"), "--port"),
                (("--port", "lo,colour=red"), "colour"),
                (("--port", "lo,pkt-size=1"), "--port"),
                (("lo", "--rx", "lo", "--expect", "rx@=1"), "@"),
                (("lo", "--rx", "lo", "--bidir"), "--bidir")):
            self.udp_refuses(args, words)


if __name__ == "__main__":
    lib.main()
