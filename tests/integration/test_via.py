# SPDX-License-Identifier: BSD-2-Clause
"""The ways out other than XDP transmit: --via tc and --via receive, over every kind of interface that this
kernel has, with counts at the far end; and which way --via auto takes."""
import fcntl
import os
import socket
import struct
import time

import lib
import port_test_lib
import rx_lib
from test_streams import written
from test_vlan_sizes import RawCapture

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
OUTCOMES = ("accepted", "driver_drops", "redirect_errors", "queue_drops", "queued")


class Ways(lib.OwnWireTest):

    def add(self, *words):
        """A network device beside the wire, of a kind that may be missing."""
        try:
            self.wire.near("ip", "link", "add", *words)
        except Exception as error:  # noqa: BLE001: `call` says what ip said
            if "Unknown device type" in str(error):
                self.skipTest(f"this kernel has no such device: {' '.join(words)}")
            raise

    def accounts(self, result, attempts=None):
        """The columns add up: in all, by thread and by stream."""
        total, end = result.total, result.doc["end"]
        self.assertEqual(total["attempts"], sum(total[key] for key in OUTCOMES), result)
        for key in ("attempts", *OUTCOMES):
            self.assertEqual(sum(worker[key] for worker in end["workers"]), total[key], key)
        for key in ("attempts", "driver_drops", "queue_drops", "queued"):
            self.assertEqual(sum(stream[key] for stream in end["streams"]), total[key], key)
        if attempts is not None:
            self.assertEqual(total["attempts"] - total["resent"], attempts, result)
        return result

    def send(self, name, *args, via="tc", count=2000):
        result = self.ok(self.wire.run("udp", name, "--json", "--via", via, "-n", count, *args))
        self.assertEqual(result.doc["start"]["configuration"]["via"], via)
        return self.accounts(result, count)

    def captured(self, count, *args, name=None):
        """What `udp --via tc` sent, as it arrived, taken apart."""
        name = name or self.wire.near_if
        for rate in ("4kpps", "2kpps", "1kpps"):
            with self.wire.capture() as capture:
                result = self.send(name, "--rate", rate, *args, count=count)
                frames = self.sound(capture.take(result.total["accepted"]), result.total["accepted"])
            if result.total["accepted"] == count and result.total["resent"] == 0:
                return frames
        return self.fail(f"the wire refuses frames: {result}")

    def tagged(self, count, *args, name=None):
        """The same with its VLAN tags."""
        capture = RawCapture(self.wire.far_ns, self.wire.far_if)
        self.addCleanup(capture.close)
        result = self.send(name or self.wire.near_if, "--rate", "1kpps", *args, count=count)
        self.assertEqual(result.total["accepted"], count, result)
        frames = capture.take(count)
        for frame in frames:
            self.assertEqual(frame.inner.problems, [])
        return frames

    # --- tc

    def test_every_frame_arrives(self):
        result = self.send(self.wire.near_if, count=300_000)
        self.assertEqual(result.total["accepted"], 300_000, "what the driver refuses is sent again")
        lib.wait_for(lambda: self.arrived() >= 300_000, "all arrive")
        self.assertLess(self.arrived(), 300_020)

    def test_once(self):
        result = self.send(self.wire.near_if, "--once", count=100_000)
        self.assertEqual(result.total["resent"], 0)
        lib.wait_for(lambda: self.arrived() >= result.total["accepted"], "all accepted ones arrive")
        self.assertLess(self.arrived(), result.total["accepted"] + 20)

    def test_frames(self):
        for args in (("-s", 64), ("-s", 1514, "--payload", "random"), ("-s", "imix"), ("--no-udp-checksum",),
                     ("-a", self.wire.far_ip6), ("-a", self.wire.far_ip6, "-s", 200, "--stamp", "each"),
                     ("-A", "198.18.0.1-198.18.0.99", "-p", "1000-1019", "--vary", "product")):
            with self.subTest(args=args):
                frames = self.captured(50, *args)
                self.assertEqual([frame.signature()["seq"] for frame in frames], list(range(50)))

    def test_frames_longer_than_a_page(self):
        for end, name in (("near", self.wire.near_if), ("far", self.wire.far_if)):
            getattr(self.wire, end)("ip", "link", "set", "dev", name, "mtu", "9202")
        for args in (("-s", 3413), ("-s", 9220), ("-s", 9219, "--payload", "random"), ("-s", 9000, "--no-signature"),
                     ("-s", 9001, "-a", self.wire.far_ip6, "--payload", "text", "--stamp", "each"),
                     ("-s", "64:3,9000:2,3000:1", "--payload", "random"),
                     ("-s", "100-9000/445:random", "-p", "1000-1019"),
                     ("-s", 5001, "--round-trip", "-a", self.wire.far_ip6)):
            with self.subTest(args=args):
                frames = self.captured(50, *args)
                if "--no-signature" not in args:
                    self.assertEqual([frame.signature()["seq"] for frame in frames], list(range(50)))
                if isinstance(args[1], int):
                    self.assertEqual({len(frame.data) + 4 for frame in frames}, {args[1]})
                if args[-1] == "random":
                    self.assertGreater(len(set(frames[1].data[-60:-33])), 10)
        self.failed(self.wire.udp("-n", 1, "-s", 3413, "--via", "xdp"), 2, "3412")
        chosen = self.ok(self.wire.udp("-n", 10, "-s", 9000))
        self.assertEqual(chosen.doc["start"]["configuration"]["via"], "tc")
        self.assertIn("3412", chosen.doc["start"]["configuration"]["via_reason"])

    def test_tags(self):
        for args, tags in ((("--vlan", "7:3"), ((0x8100, 3, 7),)),
                           (("--vlan", "7", "--vlan", "8:1"), ((0x88a8, 0, 7), (0x8100, 1, 8)))):
            with self.subTest(args=args):
                frames = self.tagged(50, *args)
                self.assertEqual({tuple(frame.tags) for frame in frames}, {tags})

    def test_threads_and_streams(self):
        if len(lib.ALL_CPUS) < 2:
            lib.skip("two CPUs")
        result = self.send(self.wire.near_if, "-t", 2, count=100_000)
        self.assertEqual(result.total["accepted"], 100_000)
        lib.wait_for(lambda: self.arrived() >= 100_000, "all arrive")

    def test_paced(self):
        result = self.send(self.wire.near_if, "--rate", "2kpps", count=1000)
        self.assertEqual(result.total["attempts"] - result.total["resent"], 1000, result)

    def test_peer_without_ring(self):
        self.wire.far("ethtool", "-K", self.wire.far_if, "gro", "off")
        self.send(self.wire.near_if, count=1000)
        lib.wait_for(lambda: self.arrived() >= 1000, "all arrive")
        self.failed(self.wire.udp("-n", 10, "--via", "xdp"), 4, "neither GRO nor an XDP program")
        chosen = self.ok(self.wire.udp("-n", 10))
        self.assertEqual(chosen.doc["start"]["configuration"]["via"], "tc")
        self.assertIn("neither GRO", chosen.doc["start"]["configuration"]["via_reason"])
        fixed = self.ok(self.wire.udp("-n", 10, "--fix"))
        self.assertEqual(fixed.doc["start"]["configuration"]["via"], "xdp")

    def test_auto_takes_xdp(self):
        result = self.ok(self.wire.udp("-n", 10))
        self.assertEqual(result.doc["start"]["configuration"]["via"], "xdp")
        self.assertIsNone(result.doc["start"]["configuration"]["via_reason"])

    def test_probe(self):
        """It names the paths, the one first that --via auto takes."""
        for gro, first in (("on", "xdp"), ("off", "tc")):
            self.wire.far("ethtool", "-K", self.wire.far_if, "gro", gro)
            result = self.wire.run("probe", self.wire.near_if, "--json")
            check, = [check for check in result.doc["checks"] if check["id"] == "transmit-paths"]
            self.assertTrue(check["value"].startswith(first), check)

    def test_bridge(self):
        self.add("br0", "type", "bridge")
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "master", "br0")
        self.wire.near("ip", "link", "set", "dev", "br0", "up")
        to = ("-m", self.wire.far_mac, "-a", self.wire.far_ip)
        lib.wait_for(lambda: self.wire.run("udp", "br0", "--json", "--via", "tc", "-n", 1, *to)
                     and self.arrived() >= 1, "the bridge forwards")
        before = self.arrived()
        result = self.send("br0", *to)
        self.assertEqual(result.total["accepted"], 2000)
        lib.wait_for(lambda: self.arrived() - before >= 2000, "all arrive")

    def test_vlan_interface(self):
        self.add("link", self.wire.near_if, "name", "v5", "type", "vlan", "id", "5")
        self.wire.near("ip", "link", "set", "dev", "v5", "up")
        frames = self.tagged(50, "-m", self.wire.far_mac, "-a", self.wire.far_ip, name="v5")
        self.assertEqual({tuple(frame.tags) for frame in frames}, {((0x8100, 0, 5),)})

    def test_macvlan(self):
        self.add("link", self.wire.near_if, "name", "mv0", "type", "macvlan", "mode", "bridge")
        self.wire.near("ip", "link", "set", "dev", "mv0", "up")
        result = self.send("mv0", "-m", self.wire.far_mac, "-a", self.wire.far_ip)
        lib.wait_for(lambda: self.arrived() >= result.total["accepted"], "all arrive")

    def test_loopback(self):
        self.wire.near("ip", "link", "set", "dev", "lo", "up")
        before = lib.link_counters(self.wire.near_ns, "lo")["rx_packets"]
        result = self.send("lo", "-a", self.wire.near_ip)
        self.assertEqual(lib.link_counters(self.wire.near_ns, "lo")["rx_packets"] - before,
                         result.total["accepted"])

    def test_loopback_into_a_socket(self):
        self.wire.near("ip", "link", "set", "dev", "lo", "up")
        self.wire.near("sysctl", "-q", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.lo.rp_filter=0")
        for address, family, args in (("127.0.0.1", socket.AF_INET, ("--allow-public",)),
                                      ("::1", socket.AF_INET6, ("--allow-public",)),
                                      (self.wire.near_ip, socket.AF_INET, ()),
                                      (self.wire.near_ip6, socket.AF_INET6, ())):
            with self.subTest(address=address), lib.in_netns(self.wire.near_ns), \
                    socket.socket(family, socket.SOCK_DGRAM) as receiver:
                receiver.bind((address, 1000))
                receiver.settimeout(lib.PATIENCE)
                self.assertEqual(self.send("lo", "-a", address, *args, count=20).total["accepted"], 20)
                for _ in range(20):
                    self.assertEqual(receiver.recvfrom(2048)[1][1], 1, "the source port")

    def test_without_ethernet(self):
        self.wire.near("ip", "tuntap", "add", "tn0", "mode", "tun")
        self.wire.near("ip", "link", "set", "dev", "tn0", "up")
        self.failed(self.wire.run("udp", "tn0", "--json", "--via", "xdp", "-n", 1), 4, "no Ethernet framing")
        self.failed(self.wire.run("udp", "tn0", "--json", "--vlan", "1", "-n", 1), 2, "--vlan")
        # Nobody holds it open, so its driver refuses all.
        result = self.wire.run("udp", "tn0", "--json", "--once", "-n", 100)
        self.failed(result, 4, "no frame was accepted")
        self.assertEqual(self.accounts(result).total["queue_drops"], 100)
        with lib.in_netns(self.wire.near_ns):
            tun = os.open("/dev/net/tun", os.O_RDWR)
            self.addCleanup(os.close, tun)
            fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"tn0", IFF_TUN | IFF_NO_PI))
        self.assertEqual(self.send("tn0", "-s", 128, count=100).total["accepted"], 100)
        for _ in range(100):
            packet = os.read(tun, 4096)
            while packet[0] >> 4 != 4:  # the kernel's own: router solicitations
                packet = os.read(tun, 4096)
            self.sound([bytes(12) + b"\x08\x00" + packet], 1, 128)

    # --- queueing disciplines

    def qdisc(self, *words):
        self.wire.near("tc", "qdisc", "replace", "dev", self.wire.near_if, "root", *words)

    def test_shaper(self):
        self.qdisc("tbf", "rate", "1mbit", "burst", "10k", "limit", "30k")  # far slower than any sender
        result = self.send(self.wire.near_if, count=50_000)
        self.assertGreater(result.total["queue_drops"], 10_000)
        self.assertEqual(result.total["driver_drops"], 0, result)
        # On a host that stood still the rest of the queue comes later than the run waits.
        sent = result.total["accepted"] + result.total["queued"]
        lib.wait_for(lambda: self.arrived() >= sent, "all that was not dropped arrives")
        self.assertLess(self.arrived(), sent + 20)

    def test_drops_are_told_as_such(self):
        """What -n asked for was handed over; the summary says at once that the discipline dropped of it."""
        self.qdisc("tbf", "rate", "8kbit", "burst", "2k", "limit", "1k")
        result = self.wire.run("udp", self.wire.near_if, "--via", "tc", "-n", 200)
        self.assertEqual(result.status, 0, result)
        self.assertRegex(result.out, r"ended +all packets handed over, \d+ dropped by the queueing discipline")

    def test_a_discipline_that_drops_everything(self):
        self.qdisc("pfifo", "limit", "0")
        self.failed(self.wire.udp("--via", "tc", "-n", 200), 4, "the queueing discipline of", "dropped every frame",
                    f"tc -s qdisc show dev {self.wire.near_if}")

    def test_queue_that_outlasts_the_run(self):
        self.qdisc("tbf", "rate", "8kbit", "burst", "2k", "limit", "100k")
        result = self.send(self.wire.near_if, count=300)
        self.assertGreater(result.total["queued"], 100)

    def test_qdisc_replaced(self):
        run = self.wire.start("udp", self.wire.near_if, "--json", "--via", "tc", "--duration", 1)
        self.addCleanup(run.__exit__)
        self.wire.wait_sending()
        self.qdisc("tbf", "rate", "20mbit", "burst", "10k", "limit", "30k")
        time.sleep(0.2)
        self.qdisc("pfifo", "limit", "100")
        self.accounts(self.ok(run.finish()))

    # --- faults

    def running(self, *args):
        run = self.wire.start("udp", self.wire.near_if, "--json", "--via", "tc", *args)
        self.addCleanup(run.__exit__)
        self.wire.wait_sending()
        return run

    def test_interface_down(self):
        run = self.running()
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "down")
        self.accounts(self.failed(run.finish(5), 1, self.wire.near_if, "down"))

    def test_interface_removed(self):
        run = self.running()
        self.wire.near("ip", "link", "del", "dev", self.wire.near_if)
        self.accounts(self.failed(run.finish(5), 1, self.wire.near_if, "removed"))

    def test_peer_down(self):
        run = self.running()
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "down")
        self.accounts(self.failed(run.finish(8), 1, self.wire.near_if))

    def test_nothing_is_left(self):
        before = self.wire.near_links()
        self.send(self.wire.near_if, count=10)
        self.assertEqual(self.wire.near_links(), before)
        for number in (9, 2):
            run = self.running()
            run.send(number)
            run.child.wait(lib.PATIENCE)
            lib.wait_for(lambda: self.wire.near_links() == before, "the ingress devices go")

    # --- receive

    def test_receive_into_a_socket(self):
        result = self.send(self.wire.near_if, via="receive", count=10_000)
        self.assertEqual(result.total["accepted"], 10_000, result)
        drops = result.doc["end"]["stack_drops"]
        self.assertEqual(sum(drops.values()), 10_000, drops)

    def test_receive_counts_its_own(self):
        """Not what another run sends into the same interface, nor one in another namespace into an interface with
        the same index."""
        for end in (self.wire.near, self.wire.far):
            end("ip", "link", "add", "in0", "index", "4242", "type", "veth", "peer", "name", "in1")
            for name in ("in0", "in1"):
                end("ip", "link", "set", "dev", name, "up")
        args = ("udp", "in0", "--json", "--via", "receive", "-a", "198.18.77.1", "-n", 1000, "--rate", "1kpps")
        runs = [self.wire.start(*args) for _ in range(2)]
        runs.append(lib.Process(["ip", "netns", "exec", self.wire.far_ns, lib.BINARY], args))
        for run in runs:
            self.addCleanup(run.__exit__)
        for run in runs:
            result = self.accounts(self.ok(run.finish()))
            self.assertEqual((result.total["attempts"], result.total["queued"]), (1000, 0), result)
            self.assertEqual(sum(result.doc["end"]["stack_drops"].values()), result.total["accepted"], result)

    def test_receive_is_forwarded(self):
        self.add("br0", "type", "bridge")
        self.wire.near("ip", "link", "add", "in0", "type", "veth", "peer", "name", "in1")
        for name in (self.wire.near_if, "in0"):
            self.wire.near("ip", "link", "set", "dev", name, "master", "br0")
        for name in ("in0", "in1", "br0"):
            self.wire.near("ip", "link", "set", "dev", name, "up")
        to = ("-m", self.wire.far_mac, "-a", self.wire.far_ip)
        lib.wait_for(lambda: self.wire.run("udp", "in0", "--json", "--via", "receive", "-n", 1, *to)
                     and self.arrived() >= 1, "the bridge forwards")
        before = self.arrived()
        result = self.send("in0", *to, "--rate", "20kpps", via="receive")
        self.assertEqual(result.total["accepted"], 2000)
        lib.wait_for(lambda: self.arrived() - before >= 2000, "all arrive")


class Queues(rx_lib.RxTest):
    """Transmit queues, seen in the far end's receive queues, which are a veth's transmit queues."""
    wire_options = ("--queues", 4)

    def used(self, *args, count=4000):
        """Packets by queue."""
        rx = self.receiver("--mode", "native", "-n", count, "--duration", 30)
        sent = self.udp("--via", "tc", *args)
        self.assertEqual(sent.total["accepted"], count, sent)
        return {queue["queue"]: queue["packets"] for queue in rx.finish().end["queues"] if queue["packets"]}

    def test_own_queues(self):
        """Whatever their flows, which the kernel would spread by a hash."""
        threads = min(2, len(lib.ALL_CPUS))
        used = self.used("-n", 4000, "--rate", "20kpps", "-p", "1000-1999", "-t", threads)
        self.assertEqual((set(used), sum(used.values())), (set(range(threads)), 4000))
        streams = [{"num_packets": count, "rate": "10kpps", "src_port": "1000-1999"} for count in (1500, 2500)]
        used = self.used("--profile", written(self, {"streams": streams}))
        self.assertEqual(used, {0: 1500, 1: 2500})

    def test_queues(self):
        threads = min(2, len(lib.ALL_CPUS))
        for asked, queues in (("3-3", (3, 3)), ("1,2", (1, 2)), ("4", (0, 1)), ("auto", (0, 1))):
            with self.subTest(queues=asked):
                rx = self.receiver("--mode", "native", "-n", 4000, "--duration", 30)
                sent = self.udp("--queues", asked, "-n", 4000, "--rate", "20kpps", "-t", threads)
                configuration = sent.doc["start"]["configuration"]
                self.assertEqual(configuration["via"], "tc")
                self.assertIn("--queues", configuration["via_reason"])
                used = {queue["queue"]: queue["packets"] for queue in rx.finish().end["queues"] if queue["packets"]}
                self.assertEqual(set(used), set(queues[:threads]), sent)
                self.assertEqual(sum(used.values()), 4000)

    def test_wrong(self):
        for args, words in ((("--queues", "5"), ("--queues 5", "4 transmit queues")),
                            (("--queues", "1,9"), ("--queues 1,9", "0 to 3")),
                            (("--queues", "2", "--via", "xdp"), ("--queues 2", "--cpus")),
                            (("--queues", "auto", "--via", "receive"), ("--queues auto",))):
            self.failed(self.wire.udp("-n", 1, *args), 2, *words)


class BothEnds(port_test_lib.PortTest):
    """A run that sees both ends: what the sender's queueing discipline did is no loss on the way."""

    def setUp(self):
        self.wire = port_test_lib.Wire()
        self.addCleanup(self.wire.close)

    def test_ledger_of_a_shaped_sender(self):
        self.wire.near("tc", "qdisc", "replace", "dev", self.wire.near_if, "root", "tbf", "rate", "20mbit", "burst",
                       "10k", "limit", "30k")
        result = self.ok(self.wire.exchange("--via", "tc", "-n", 5000, "-s", 128))
        ledger, = result.doc["end"]["ledger"]
        tx = result.doc["end"]["tx"][0]["sum"]
        self.assertEqual(ledger["queue_drops"], tx["queue_drops"] + tx["queued"], result)
        self.assertGreater(ledger["queue_drops"], 1000, result)
        left = ledger["asked"] - ledger["not_sent"] - ledger["refused"]
        self.assertEqual((ledger["received"], ledger["lost"]), (left, 0), result)

    def test_frames_longer_than_a_page(self):
        for name in (self.wire.near_if, self.wire.far_if):
            self.wire.near("ip", "link", "set", "dev", name, "mtu", "9202")
        result = self.ok(self.wire.exchange("-n", 500, "-s", 9000, "--rate", "2kpps"))
        self.assertEqual(self.columns(self.ledger(result)), {"received": 500}, result)


if __name__ == "__main__":
    lib.main()
