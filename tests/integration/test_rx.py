# SPDX-License-Identifier: BSD-2-Clause
"""The receiver over a plain wire: every frame is counted once, and everything that is not ours passes."""
import fcntl
import os
import signal
import socket
import struct
import threading

import lib
import rx_lib

MB = 1_000_000


class Counting(rx_lib.RxTest):

    def sent_and_received(self, *args, count=30_000, rate="30kpps", to=None, receiver=()):
        rx = self.receiver("-n", count, "--duration", 30, *receiver)
        sent = self.udp("-n", count, "--rate", rate, *args, to=to)
        result = rx.finish() if sent.total["accepted"] == count else self.skipTest("the wire refused frames")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.end["reason"], "amount", result)
        return sent, result.end

    def test_every_frame_once(self):
        for size, args, to in ((64, (), None), (128, (), None), (1514, (), None), (128, (), self.wire.far_ip6),
                               (82, (), self.wire.far_ip6), (256, ("-p", "1000-1099", "--vary", "random"), None)):
            with self.subTest(size=size, args=args):
                _, end = self.sent_and_received("-s", size, *args, to=to)
                self.said(end, rx_lib.expect(range(30_000)))
                self.assertEqual(end["sum"]["bytes"], 30_000 * size)
                self.assertEqual(sum(queue["packets"] for queue in end["queues"]), 30_000)
                self.assertEqual(sum(cpu["packets"] for cpu in end["cpus"]), 30_000)
                self.assertEqual(end["sum"]["negative_delays"], 0)
                self.assertEqual(end["sum"]["delay_us"]["count"], 30_000)

    def test_sending_threads(self):
        """Several threads claim numbers in batches: one overtaking another is not reordering."""
        _, end = self.sent_and_received("-s", 128, "--threads", 2)
        self.assertEqual((end["sum"]["unique"], end["sum"]["lost_packets"], end["sum"]["reordered"]), (30_000, 0, 0))

    def test_full_rate(self):
        """Frames that the interface did not drop were counted; missing ones are those it dropped."""
        for size in (64, 128):
            with self.subTest(size=size):
                rx = self.receiver()
                sent = self.udp("-s", size, "--duration", 1)
                lib.wait_for(lambda: self.wire.far_packets() > 0, "frames")
                rx.send(signal.SIGINT)
                result = rx.finish()
                self.assertEqual(result.status, 0, result)
                total = result.end["sum"]
                dropped = result.end["aside"]["link_dropped"]
                self.assertEqual(total["packets"] + dropped, sent.total["attempts"], result)
                # Frames refused by the driver were resent: no number is missing.
                self.assertEqual((total["lost_packets"], total["packets"]), (0, sent.total["accepted"]), result)
                self.assertEqual(total["duplicates"] + total["reordered"] + total["too_late"], 0)

    def test_intervals_add_up(self):
        rx = self.receiver("--interval", "200ms")
        self.udp("-s", 128, "--rate", "10kpps", "--duration", 1)
        rx.send(signal.SIGTERM)
        result = rx.finish()
        self.assertGreater(len(result.intervals), 3)
        for key in ("packets", "bytes", "unique", "lost_packets"):
            self.assertEqual(sum(part[key] for part in result.intervals), result.end["sum"][key], key)

    def test_generic_mode(self):
        rx = self.receiver("--mode", "generic", "-n", 2000, "--duration", 30)
        self.assertEqual(rx.start()["attached"], "generic")
        self.udp("-s", 128, "-n", 2000, "--rate", "5kpps")
        result = rx.finish()
        self.assertEqual(result.end["sum"]["unique"], 2000, result)

    def test_streams_are_distinguished(self):
        """By the session of their sender; --port and --session select."""
        rx = self.receiver("-p", 2001, "--duration", 30, "-n", 1000)
        self.udp("-s", 128, "-n", 500, "--rate", "5kpps", "-p", 2000)
        for _ in range(2):
            self.udp("-s", 128, "-n", 500, "--rate", "5kpps", "-p", 2001)
        end = rx.finish().end
        self.assertEqual([stream["packets"] for stream in end["streams"]], [500, 500])
        self.assertEqual(len({stream["session"] for stream in end["streams"]}), 2)
        self.assertEqual(end["aside"]["refused"], 500)


class Others(rx_lib.RxTest):
    """The interface stays usable."""

    def udp_socket(self, port):
        with lib.in_netns(self.wire.far_ns):
            there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * MB)
        there.bind((self.wire.far_ip, port))
        there.settimeout(5)
        self.addCleanup(there.close)
        return there

    def test_ordinary_datagrams_pass(self):
        there = self.udp_socket(5000)
        rx = self.receiver()
        with lib.in_netns(self.wire.near_ns):
            here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(here.close)
        for i in range(500):
            payload = bytes((i * 7 + j * 13) & 0xff for j in range(i % 300))
            here.sendto(payload, (self.wire.far_ip, 5000))
            self.assertEqual(there.recv(2048), payload)
        # A payload that ends like a signature of another version.
        for tail in (bytes(27) + b"\x09XTGS", bytes(26) + b"\x07\x01XTGS", bytes(14) + b"\xc7\xa2"):
            here.sendto(tail, (self.wire.far_ip, 5000))
            self.assertEqual(there.recv(2048), tail)
        rx.send(signal.SIGINT)
        result = rx.finish()
        self.assertEqual(result.status, 5, result)
        self.assertEqual(result.end["sum"]["packets"], 0)
        self.assertEqual(result.end["aside"]["unknown"], 3)
        self.assertGreaterEqual(result.end["sum"]["passed"], 500)

    def test_a_connection_goes_on_during_a_run_at_full_rate(self):
        with lib.in_netns(self.wire.far_ns):
            listener = socket.create_server((self.wire.far_ip, 5001))
        with lib.in_netns(self.wire.near_ns):
            here = socket.create_connection((self.wire.far_ip, 5001), timeout=20)
        there, _ = listener.accept()
        there.settimeout(20)
        for end in (listener, here, there):
            self.addCleanup(end.close)
        rx = self.receiver()
        data = bytes(range(256)) * 4096
        with self.wire.start("udp", self.wire.near_if, "-a", self.wire.far_ip, "--duration", 2) as run:
            self.wire.wait_sending()
            sender = threading.Thread(target=here.sendall, args=(data,))
            sender.start()
            got = b""
            while len(got) < len(data):
                got += there.recv(1 << 16)
            sender.join()
            run.finish()
        self.assertEqual(got, data)
        rx.send(signal.SIGINT)
        self.assertGreater(rx.finish().end["sum"]["packets"], 0)

    def test_observe(self):
        there = self.udp_socket(5000)
        rx = self.receiver("--observe", "-n", 100, "--duration", 30)
        self.udp("-s", 128, "-n", 100, "--rate", "1kpps", "-p", 5000)
        for _ in range(100):
            self.assertEqual(len(there.recv(2048)), 128 - 4 - 42)
        self.assertEqual(rx.finish().end["sum"]["unique"], 100)

    def test_a_program_that_is_there_stays(self):
        drop = lib.compile_bpf(self, "return 2;")
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "xdp", "obj", drop, "sec", "xdp")
        before = self.wire.far("ip", "-j", "link", "show", "dev", self.wire.far_if)
        for mode in ("native", "generic"):
            rx = rx_lib.Process(["ip", "netns", "exec", self.wire.far_ns, rx_lib.BINARY],
                                ["rx", self.wire.far_if, "--json", "--mode", mode])
            with rx:
                self.failed(rx.finish(), 4, self.wire.far_if, "XDP program", "--mode tc")
        rx = self.receiver("-n", 1000, "--duration", 30)
        self.assertEqual((rx.start()["mode"], rx.start()["attached"]), ("auto", "tc"))
        self.assertIn("XDP on " + self.wire.far_if + " belongs to program", str(rx.start()["notes"]))
        self.udp("-s", 128, "-n", 1000, "--rate", "5kpps")
        self.assertEqual(rx.finish().end["sum"]["unique"], 1000)
        self.assertEqual(self.wire.far("ip", "-j", "link", "show", "dev", self.wire.far_if), before)


class AtTc(rx_lib.RxTest):
    """The receiver as a tc program: --mode tc."""

    def tc(self, *words):
        return self.wire.far("tc", *words)

    def counted(self, *args, count=1000, to=None, options=()):
        rx = self.receiver("--mode", "tc", "-n", count, "--duration", 30, *options)
        self.assertEqual(rx.start()["attached"], "tc")
        self.udp("-n", count, "--rate", "5kpps", *args, to=to)
        end = rx.finish().end
        self.assertEqual((end["sum"]["unique"], end["sum"]["lost_packets"], end["sum"]["duplicates"]), (count, 0, 0))
        return end

    def test_counts(self):
        for args, to in ((("-s", 64), None), (("-s", 1514), None), (("-s", 300), self.wire.far_ip6)):
            with self.subTest(args=args):
                end = self.counted(*args, to=to)
                self.assertEqual(end["sum"]["bytes"], 1000 * args[1])

    def test_frames_longer_than_a_page(self):
        for end, name in (("near", self.wire.near_if), ("far", self.wire.far_if)):
            getattr(self.wire, end)("ip", "link", "set", "dev", name, "mtu", "9202")
        end = self.counted("-s", 9220, "--via", "tc", "--payload", "random", count=300, options=("--verify",))
        self.assertEqual(end["sum"]["bytes"], 300 * 9220)
        self.assertEqual((end["verify"]["corrupt"], end["verify"]["unverified"]), (0, 0))

    def test_merged_frames(self):
        """GRO changes nothing, not even where it merges frames of UDP, which it does only if told."""
        for gro in (("gro", "off"), ("gro", "on"), ("rx-udp-gro-forwarding", "on"), ("rx-gro-list", "on")):
            self.wire.far("ethtool", "-K", self.wire.far_if, *gro)
            with self.subTest(gro=gro):
                rx = self.receiver("--mode", "tc", "-n", 50_000, "--duration", 30)
                sent = self.udp("-s", 200, "-n", 50_000, "--via", "tc")
                total = rx.finish().end["sum"]
                self.assertEqual((total["unique"], total["lost_packets"], total["bytes"]),
                                 (sent.total["accepted"], 0, sent.total["accepted"] * 200))

    def test_tags(self):
        """The outermost tag is not among an skb's bytes, and counts all the same."""
        rx = self.receiver("--mode", "tc", "--match", "vlan 7", "--duration", 30, "-n", 100)
        self.udp("-s", 128, "-n", 100, "--rate", "1kpps", "--vlan", "7", "--no-signature")
        self.udp("-s", 128, "-n", 100, "--rate", "1kpps", "--vlan", "8", "--no-signature")
        end = rx.finish().end
        self.assertEqual((end["sum"]["packets"], end["sum"]["bytes"]), (100, 12_800))
        end = self.counted("-s", 128, "--vlan", "7", "--vlan", "8", options=("--verify",))
        self.assertEqual((end["sum"]["bytes"], end["verify"]["unverified"]), (128_000, 0))

    def test_without_ethernet(self):
        self.wire.far("ip", "tuntap", "add", "tn0", "mode", "tun")
        self.wire.far("ip", "link", "set", "dev", "tn0", "up")
        with lib.in_netns(self.wire.far_ns):
            tun = os.open("/dev/net/tun", os.O_RDWR)
            self.addCleanup(os.close, tun)
            fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"tn0", 0x1001))
        far_if, self.wire.far_if = self.wire.far_if, "tn0"
        self.addCleanup(setattr, self.wire, "far_if", far_if)
        rx = self.receiver("-n", 500, "--duration", 30, "--verify", "--match", "udp dst port 1001")
        self.assertEqual(rx.start()["attached"], "tc")
        self.assertIn("tn0 has no Ethernet framing", str(rx.start()["notes"]))
        for args in (("-n", 400), ("-n", 100, "--no-signature", "-p", "1001")):
            with rx_lib.Process(["ip", "netns", "exec", self.wire.far_ns, rx_lib.BINARY],
                                ["udp", "tn0", "--json", "--via", "receive", "-s", 128, "--rate", "5kpps", *args]) as udp:
                self.ok(udp.finish())
        end = rx.finish().end
        self.assertEqual((end["sum"]["packets"], end["verify"]["corrupt"], end["verify"]["unverified"]), (500, 0, 0))

    def test_other_programs_stay(self):
        """Whatever else is at tc ingress keeps its place, and nothing of ours stays behind."""
        other = lib.compile_bpf(self, "return 0;", section="tc")
        self.tc("qdisc", "add", "dev", self.wire.far_if, "clsact")
        self.tc("filter", "add", "dev", self.wire.far_if, "ingress", "bpf", "da", "obj", other, "sec", "tc")
        before = self.tc("filter", "show", "dev", self.wire.far_if, "ingress")
        for number in (signal.SIGINT, signal.SIGKILL):
            rx = self.receiver("--mode", "tc")
            held = lib.bpf_ids(rx.pid)
            self.assertTrue(held)
            self.udp("-s", 128, "-n", 100, "--rate", "5kpps")
            rx.send(number)
            rx.finish()
            lib.wait_for(lambda: not lib.bpf_alive(held), "the program is gone")
            self.assertEqual(self.tc("filter", "show", "dev", self.wire.far_if, "ingress"), before)

    def test_interface_removed(self):
        rx = self.receiver("--mode", "tc")
        self.wire.far("ip", "link", "del", "dev", self.wire.far_if)
        result = rx.finish(10)
        self.assertEqual(result.status, 1, result)
        self.assertIn(self.wire.far_if + " was removed", result.err)


class Verdicts(rx_lib.RxTest):

    def judged(self, conditions, status):
        rx = self.receiver("-n", 500, "--duration", 5, "--expect", conditions)
        self.udp("-s", 128, "-n", 500, "--rate", "5kpps")
        result = rx.finish()
        self.assertEqual(result.status, status, result)
        return [entry["held"] for entry in result.end["expect"]]

    def test_expect(self):
        self.assertEqual(self.judged("loss<0.001%,rx=500,dup=0,p99<10s,streams=1", 0), [True] * 5)
        self.assertEqual(self.judged("rx>500,loss=0", 3), [False, True])

    def test_nothing_arrives(self):
        rx = self.receiver("--duration", "300ms")
        result = rx.finish()
        self.assertEqual(result.status, 5)
        self.assertIn("no test frame arrived", result.err)
        self.assertEqual(result.end["sum"]["packets"], 0)
        rx = self.receiver("--session", "00000001", "--duration", "3s")
        self.udp("-s", 128, "-n", 20, "--rate", "1kpps")
        result = rx.finish()
        self.assertEqual(result.status, 5)
        self.assertIn(f"nothing was counted on {self.wire.far_if}; 20 test frames arrived, of another session", result.err)
        rx = self.receiver("--duration", "300ms", "--expect", "rx=0")
        self.assertEqual(rx.finish().status, 0)


class Faults(rx_lib.RxTest):

    def attached(self):
        return "xdp" in self.wire.far("ip", "-j", "link", "show", "dev", self.wire.far_if)

    def test_interface_goes(self):
        for command, words in ((("set", "dev", self.wire.far_if, "down"), "went down"),
                               (("del", "dev", self.wire.far_if), "was removed")):
            with self.subTest(words):
                rx = self.receiver("-n", 1000)
                self.wire.far("ip", "link", *command)
                result = rx.finish()
                self.assertEqual(result.status, 1, result)
                self.assertIn(words, result.err)
                self.assertIsNotNone(result.end)
                if words == "went down":
                    self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "up")

    def test_nothing_is_left(self):
        self.assertFalse(self.attached())
        rx = self.receiver()
        self.assertTrue(self.attached())
        rx.send(signal.SIGKILL)
        rx.finish()
        lib.wait_for(lambda: not self.attached(), "the program is gone")
        rx = self.receiver()
        rx.send(signal.SIGINT)
        rx.finish()
        self.assertFalse(self.attached())


if __name__ == "__main__":
    lib.main()
