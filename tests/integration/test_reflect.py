# SPDX-License-Identifier: BSD-2-Clause
"""The reflector: it returns frames with unchanged contents, addresses reversed and correct checksums, and everything
else on its interface passes. The near side captures what returns."""
import json
import signal
import socket
import struct
import threading

import lib
from wire import BINARY, Capture, Process, keep_output, parse_json

REFLECTED = 0x08


class Reflector(Process):
    """`reflect` at the far end of a wire. It is reflecting when this returns."""

    def __init__(self, wire, *args, fix=True):
        super().__init__(["ip", "netns", "exec", wire.far_ns, BINARY],
                         ["reflect", wire.far_if, "--json-stream", *(["--fix"] if fix else []), *args])
        line = self.child.stdout.readline()
        self.first = parse_json(line) if line else None
        if self.first:
            keep_output(" ".join(self.args), line)

    def start(self):
        return self.first["data"]["configuration"]

    def finish(self, seconds=60):
        result = super().finish(seconds)
        ends = [event["data"] for event in result.events if event["event"] == "end"]
        result.end = ends[0] if ends else None
        result.intervals = [event["data"]["sum"] for event in result.events if event["event"] == "interval"]
        return result

    def stop(self):
        self.send(signal.SIGINT)
        return self.finish()


class ReflectTest(lib.TestCase):
    wire_options = ()

    def setUp(self):
        self.wire = lib.Wire(*self.wire_options)
        self.addCleanup(self.wire.close)

    def reflector(self, *args, **options):
        reflector = Reflector(self.wire, *args, **options)
        self.addCleanup(reflector.__exit__)
        return reflector

    def udp(self, *args, to=None):
        return self.ok(self.wire.udp("-a", to or self.wire.far_ip, *args))

    def capture(self):
        return Capture(self.wire.near_ns, self.wire.near_if)

    def sent_and_reflected(self, mirror_args, *args, count=2000, to=None, fix=True):
        """The frames that returned, the reflector's report, and its begin. Repeated at a lower rate if a ring on the
        path was full because its CPU was busy."""
        for rate in ("5kpps", "2kpps", "1kpps"):
            reflector = self.reflector(*mirror_args, fix=fix)
            with self.capture() as capture:
                sent = self.udp("-n", count, "--rate", rate, *args, to=to)
                frames = [lib.Frame(data) for data in capture.take(count)]
            result = reflector.stop()
            self.assertEqual(result.status, 0, result)
            refused = sent.total["driver_drops"] + result.end["link"]["rx_dropped"] + result.end["sum"]["driver_drops"]
            if refused == 0:
                return frames, result.end, reflector.start()
        raise AssertionError(f"rings are full even at 1kpps\n{result}")


class Path(ReflectTest):

    def judged(self, frames, source, sport=1, dport=1000):
        for frame in frames:
            self.assertEqual(frame.problems, [])
            self.assertEqual((frame.src_mac, frame.dst_mac), (self.wire.far_mac, self.wire.near_mac))
            self.assertEqual(str(frame.src), source)
            self.assertEqual((frame.src_port, frame.dst_port), (dport, sport))

    def test_every_frame_comes_back_once(self):
        for size, args, to in ((128, (), None), (129, (), None), (1514, (), None), (128, (), self.wire.far_ip6),
                               (151, ("--payload", "random"), self.wire.far_ip6), (300, ("--no-udp-checksum",), None)):
            with self.subTest(size=size, args=args, to=to):
                frames, end, _ = self.sent_and_reflected((), "-s", size, *args, to=to)
                self.judged(frames, to or self.wire.far_ip)
                marks = [frame.signature() for frame in frames]
                self.assertEqual([mark["seq"] for mark in marks if mark["type"] == 0], list(range(2000)))
                self.assertTrue(all(mark["flags"] & REFLECTED for mark in marks))
                self.assertTrue(all(len(frame.data) == size - 4 for frame in frames if
                                    frame.signature()["type"] == 0))
                stream, = end["streams"]
                self.assertEqual((stream["session"], stream["form"], stream["packets"]),
                                 (marks[0]["session"], "full", 2000))
                self.assertEqual(end["sum"]["packets"], 2000 + stream["announcements"])

    def test_redirect_xdp_tx_and_generic(self):
        """In the driver by redirect or XDP_TX, in generic mode, and through tc."""
        passing = lib.compile_bpf(self, "return 2;")
        for args, program, said in (((), False, ("native", "redirect")), ((), True, ("native", "tx")),
                                    (("--via", "redirect"), True, ("native", "redirect")),
                                    (("--mode", "generic"), False, ("generic", "tx")),
                                    (("--mode", "generic", "--via", "redirect"), False, ("generic", "redirect")),
                                    (("--mode", "tc"), False, ("tc", "tc")), (("--via", "tc"), True, ("tc", "tc"))):
            with self.subTest(args=args, program=program):
                if program:
                    self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "xdp", "obj", passing, "sec", "xdp")
                frames, end, start = self.sent_and_reflected(args, "-s", 128)
                self.assertEqual((start["attached"], start["via"]), said)
                self.judged(frames, self.wire.far_ip)
                self.assertEqual(len(frames), end["sum"]["packets"])
                if program:
                    self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "xdp", "off")

    def test_long_frames_through_tc(self):
        """They go through the reflector's queueing discipline, whose drops it counts."""
        for end, name in (("near", self.wire.near_if), ("far", self.wire.far_if)):
            getattr(self.wire, end)("ip", "link", "set", "dev", name, "mtu", "9202")
        for args in (("-s", 9220), ("-s", 9001, "--round-trip"), ("-s", 3000, "--round-trip", "--vlan", "7")):
            with self.subTest(args=args):
                frames, end, _ = self.sent_and_reflected(("--mode", "tc"), "--via", "tc", "--payload", "random", *args,
                                                         count=300)
                for frame in frames:
                    self.assertEqual(frame.problems, [])
                self.assertEqual([frame.signature()["seq"] for frame in frames if frame.signature()["type"] == 0],
                                 list(range(300)))
                if "--round-trip" in args:
                    self.assertEqual(end["sum"]["told"], end["sum"]["packets"])
        self.wire.far("tc", "qdisc", "replace", "dev", self.wire.far_if, "root", "tbf", "rate", "1mbit",
                      "burst", "2k", "limit", "4k")
        reflector = self.reflector("--mode", "tc")
        with self.capture() as capture:
            self.udp("-n", 500, "-s", 512)
            total = reflector.stop().end["sum"]
            self.assertGreater(total["driver_drops"], 100)
            frames = capture.take(total["packets"])
        self.assertGreater(len(frames), 0)

    def test_answers_too_long_for_the_way_back(self):
        """The sender's MTU is lowered during the run: the driver drops them, and they are counted."""
        reflector = self.reflector("--mode", "tc")
        with self.wire.start("udp", self.wire.near_if, "--json", "-a", self.wire.far_ip, "-s", 1000, "--via", "tc",
                             "--rate", "1kpps") as run:
            self.wire.wait_sending()
            self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "mtu", "576")
            self.wire.wait_sending()
            run.send(signal.SIGINT)
            sent = self.ok(run.finish())
        total = reflector.stop().end["sum"]
        self.assertGreaterEqual(total["packets"], 100)
        self.assertGreaterEqual(total["driver_drops"], 100)
        self.assertEqual(total["packets"] + total["driver_drops"], sent.total["accepted"])

    def test_compact_signatures(self):
        """The first frame of an unannounced stream passes."""
        frames, end, _ = self.sent_and_reflected((), "-s", 64)
        self.judged(frames, self.wire.far_ip)
        self.assertTrue(all(frame.data[-1] == 0xa9 for frame in frames if len(frame.data) == 60))
        unsure = end["sum"]["refused"]["unsure"]
        self.assertLessEqual(unsure, 1)
        compact, = [stream for stream in end["streams"] if stream["form"] == "compact"]
        self.assertEqual(compact["packets"], 2000 - unsure)

    def test_announced(self):
        """Announcements return, too, and make compact signatures known from the first frame on."""
        frames, end, _ = self.sent_and_reflected((), "-s", 64, "--announce")
        self.judged([frame for frame in frames if len(frame.data) == 60], self.wire.far_ip)
        self.assertEqual(end["sum"]["refused"]["unsure"], 0)
        streams = {stream["form"]: stream for stream in end["streams"]}
        self.assertEqual((streams["compact"]["packets"], streams["full"]["packets"]), (2000, 0))
        announced = [frame for frame in frames if frame.data.endswith(b"XTGS")]
        self.assertGreater(len(announced), 0)
        self.assertGreaterEqual(streams["full"]["announcements"], len(announced))
        self.assertTrue(all(frame.problems == [] and frame.signature()["flags"] & REFLECTED for frame in announced))

    def test_intervals_add_up(self):
        reflector = self.reflector("--interval", "200ms")
        self.udp("-s", 128, "--rate", "5kpps", "--duration", 1)
        result = reflector.stop()
        self.assertGreater(len(result.intervals), 3)
        for key in ("packets", "passed", "told", "driver_drops"):
            self.assertEqual(sum(part[key] for part in result.intervals), result.end["sum"][key], key)

    def test_amount(self):
        reflector = self.reflector("-n", 500, "--duration", 30)
        self.udp("-s", 128, "-n", 1000, "--rate", "5kpps")
        result = reflector.finish()
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.end["reason"], "amount")
        self.assertEqual(result.end["sum"]["packets"] + result.end["sum"]["driver_drops"], 500)

    def test_full_rate(self):
        """Everything that the reflector handed to its driver was accepted or counted as refused."""
        before = lib.link_counters(self.wire.near_ns, self.wire.near_if)["rx_packets"]
        reflector = self.reflector()
        self.udp("-s", 128, "--duration", 1)
        result = reflector.stop()
        self.assertEqual(result.status, 0, result)
        total = result.end["sum"]
        self.assertGreater(total["packets"], 0)
        lib.wait_for(lambda: lib.link_counters(self.wire.near_ns, self.wire.near_if)["rx_packets"] - before
                     >= total["packets"], "all that was sent back arrives")
        came = lib.link_counters(self.wire.near_ns, self.wire.near_if)["rx_packets"] - before
        self.assertLessEqual(came - total["packets"], 50, "except for frames of the far end itself")


class Refusals(ReflectTest):

    def refused(self, reason, mirror_args, *udp_args, to=None, count=500):
        """Nothing returns, and the reflector reports why; the far end's stack got the frames."""
        reflector = self.reflector(*mirror_args)
        with self.capture() as capture:
            self.udp("-s", 128, "-n", count, "--rate", "5kpps", *udp_args, to=to)
            lib.wait_for(lambda: self.wire.far_packets() >= count, "frames arrive")
            back = [data for data in capture.take(0) if lib.Frame(data).signature()]
        result = reflector.stop()
        self.assertEqual(result.status, 5, result)
        self.assertEqual(back, [])
        refused = result.end["sum"]["refused"]
        self.assertEqual(result.end["sum"]["packets"], 0)
        self.assertGreaterEqual(refused[reason], count)
        self.assertEqual(sum(refused.values()), refused[reason])
        return result

    def test_reasons(self):
        other_mac = "02:00:00:00:77:77"
        for reason, mirror_args, udp_args in (("session", ("--session", "00000001"), ()), ("port", ("-p", 7), ()),
                                              ("source", ("--allow", "10.0.0.0/8"), ()),
                                              ("source", (), ("-A", "9.9.9.9")),
                                              ("mac", (), ("-m", other_mac))):
            with self.subTest(reason=reason, udp_args=udp_args):
                result = self.refused(reason, mirror_args, *udp_args)
                self.assertIn("no test frame was sent back", result.err)

    def test_allowed(self):
        for mirror_args, udp_args in ((("--allow", "10.0.0.0/8,9.9.9.0/24"), ("-A", "9.9.9.9")),
                                      (("--allow", "any", "--allow", "10.0.0.0/8"), ("-A", "9.9.9.9")),
                                      (("--any-mac",), ("-m", "02:00:00:00:77:77")),
                                      (("-p", 1000, "--max-rate", "1Mpps"), ())):
            with self.subTest(mirror_args=mirror_args):
                frames, _, _ = self.sent_and_reflected(mirror_args, "-s", 128, *udp_args)
                self.assertGreaterEqual(len(frames), 2000)

    def test_highest_rate(self):
        reflector = self.reflector("--max-rate", "100pps")
        self.udp("-s", 128, "-n", 2000, "--rate", "2kpps")
        end = reflector.stop().end
        total, dropped = end["sum"], end["sum"]["refused"]["rate"]
        self.assertGreater(dropped, 0)
        self.assertGreaterEqual(total["packets"], 16)
        self.assertLessEqual(total["packets"], 16 + 100 * total["seconds"] + 1)
        self.assertGreaterEqual(total["packets"] + total["driver_drops"] + dropped + end["link"]["rx_dropped"], 2000)

    def test_two_reflectors_do_not_loop(self):
        """Returned frames also meet a reflector at the near side."""
        near = Process(["ip", "netns", "exec", self.wire.near_ns, BINARY],
                       ["reflect", self.wire.near_if, "--json", "--any-mac", "--via", "redirect"])
        with near:
            lib.wait_for(lambda: "xdp" in self.wire.near_link(), "the near reflector is there")
            far = self.reflector("--via", "redirect")
            self.udp("-s", 128, "-n", 300, "--rate", "1kpps")
            lib.wait_for(lambda: lib.link_counters(self.wire.near_ns, self.wire.near_if)["rx_packets"] >= 300, "back")
            end = far.stop().end
            near.send(signal.SIGINT)
            result = near.finish()
        self.assertEqual(result.status, 5, result)
        self.assertEqual(result.doc["end"]["sum"]["packets"], 0)
        self.assertEqual(result.doc["end"]["sum"]["refused"]["again"], end["sum"]["packets"])
        self.assertGreaterEqual(end["sum"]["packets"], 300)


class Others(ReflectTest):
    """The interface stays usable."""

    def test_ordinary_datagrams_pass(self):
        with lib.in_netns(self.wire.far_ns):
            there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        there.bind((self.wire.far_ip, 5000))
        there.settimeout(5)
        self.addCleanup(there.close)
        reflector = self.reflector()
        with lib.in_netns(self.wire.near_ns):
            here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(here.close)
        for i in range(300):
            payload = bytes((i * 7 + j * 13) & 0xff for j in range(i % 300))
            here.sendto(payload, (self.wire.far_ip, 5000))
            self.assertEqual(there.recv(2048), payload)
        # Payload that ends like a compact signature by chance; and a signature of another version.
        for tail in (b"\x5a" * 30 + b"\xc7\xa1", bytes(27) + b"\x09XTGS"):
            here.sendto(tail, (self.wire.far_ip, 5000))
            self.assertEqual(there.recv(2048), tail)
        result = reflector.stop()
        self.assertEqual(result.status, 5, result)
        total = result.end["sum"]
        self.assertEqual((total["refused"]["unsure"], total["refused"]["unknown"]), (1, 1))
        self.assertGreaterEqual(total["passed"], 300)

    def test_a_connection_goes_on_during_a_run_at_full_rate(self):
        with lib.in_netns(self.wire.far_ns):
            listener = socket.create_server((self.wire.far_ip, 5001))
        with lib.in_netns(self.wire.near_ns):
            here = socket.create_connection((self.wire.far_ip, 5001), timeout=30)
        there, _ = listener.accept()
        there.settimeout(30)
        for end in (listener, here, there):
            self.addCleanup(end.close)
        reflector = self.reflector()
        data = bytes(range(256)) * 1024
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
        self.assertGreater(reflector.stop().end["sum"]["packets"], 0)

    def test_ping(self):
        """The kernel answers echo requests; the reflector does not."""
        reflector = self.reflector()
        for family, protocol, request, reply, address in (
                (socket.AF_INET, socket.IPPROTO_ICMP, 8, 0, self.wire.far_ip),
                (socket.AF_INET6, socket.IPPROTO_ICMPV6, 128, 129, self.wire.far_ip6)):
            with lib.in_netns(self.wire.near_ns):
                here = socket.socket(family, socket.SOCK_RAW, protocol)
            self.addCleanup(here.close)
            here.settimeout(5)
            for number in range(5):
                # Ends like a test frame; the kernel fills in the checksum over IPv6.
                body = struct.pack("!HH", 77, number) + bytes(27) + b"\x01XTGS"
                message = struct.pack("!BBH", request, 0, 0) + body
                if family == socket.AF_INET:
                    message = struct.pack("!BBH", request, 0, 0xffff ^ lib.ones_sum(message)) + body
                here.sendto(message, (address, 0))
                answer = b""
                while answer[:1] != bytes([reply]) or answer[4:] != body:
                    answer = here.recv(2048)
                    if family == socket.AF_INET:
                        answer = answer[20:]
        result = reflector.stop()
        self.assertEqual(result.status, 5, result)
        self.assertEqual(result.end["sum"]["refused"]["packet"], 10)


class Obstacles(ReflectTest):
    """A reflector that returns nothing says why."""

    def run_far(self, *args):
        with Process(["ip", "netns", "exec", self.wire.far_ns, BINARY],
                     ["reflect", self.wire.far_if, "--json", *args]) as process:
            return process.finish()

    def repaired(self):
        """Whether the near end has the program of --fix, which creates a ring there."""
        link = json.loads(self.wire.near("ip", "-j", "link", "show", "dev", self.wire.near_if))[0]
        return "xdp" in link and link["xdp"]["prog"]["name"] == "xtg_ring"

    def test_a_far_end_that_takes_nothing(self):
        self.wire.near("ethtool", "-K", self.wire.near_if, "gro", "off")
        self.failed(self.run_far("--duration", "200ms", "--mode", "native"), 4, "neither GRO nor an XDP program", "--fix")
        frames, _, start = self.sent_and_reflected(("--mode", "auto"), "-s", 128, fix=False)
        self.assertEqual((start["attached"], start["via"]), ("tc", "tc"))
        self.assertIn("neither GRO", str(start["notes"]))
        self.assertGreaterEqual(len(frames), 2000)
        reflector = self.reflector()
        self.assertTrue(self.repaired())
        reflector.stop()
        self.assertFalse(self.repaired())
        frames, _, _ = self.sent_and_reflected((), "-s", 128)
        self.assertGreaterEqual(len(frames), 2000)
        self.assertFalse(self.repaired())

    def test_nothing_is_left_in_a_ring(self):
        """XDP_TX to a veth whose far end has GRO but no program: the kernel does not wake it."""
        self.failed(self.run_far("--via", "tx"), 4, self.wire.near_if, "--via redirect")

    def test_a_program_that_is_there_stays(self):
        drop = lib.compile_bpf(self, "return 2;")
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "xdp", "obj", drop, "sec", "xdp")
        before = self.wire.far("ip", "-j", "link", "show", "dev", self.wire.far_if)
        self.failed(self.run_far("--mode", "generic"), 4, self.wire.far_if, "XDP program", "--mode tc")
        frames, end, start = self.sent_and_reflected((), "-s", 128)
        self.assertEqual((start["attached"], start["via"]), ("tc", "tc"))
        self.assertIn("XDP on " + self.wire.far_if + " belongs to program", str(start["notes"]))
        self.assertEqual(len(frames), end["sum"]["packets"])
        self.assertEqual(self.wire.far("ip", "-j", "link", "show", "dev", self.wire.far_if), before)

    def test_nothing_arrives(self):
        result = self.reflector("--duration", "300ms").finish()
        self.assertEqual(result.status, 5)
        self.assertIn("no test frame arrived", result.err)

    def attached(self):
        return "xdp" in self.wire.far("ip", "-j", "link", "show", "dev", self.wire.far_if)

    def test_nothing_is_left(self):
        self.assertFalse(self.attached())
        reflector = self.reflector()
        self.assertTrue(self.attached())
        reflector.send(signal.SIGKILL)
        reflector.finish()
        lib.wait_for(lambda: not self.attached(), "the program is gone")
        self.reflector().stop()
        self.assertFalse(self.attached())

    def test_interface_goes(self):
        reflector = self.reflector()
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "down")
        result = reflector.finish()
        self.assertEqual(result.status, 1, result)
        self.assertIn("went down", result.err)
        self.assertIsNotNone(result.end)


if __name__ == "__main__":
    lib.main()
