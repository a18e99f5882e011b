# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the real program share: wires, runs, captures, and an independent reading of frames.

A test file is a unittest program that ends with lib.main(). It judges by --json output and by what the
kernel counted at the far end, never by text meant for people. Wires come from `xdp-trafficgen demo`.
"""
import contextlib
import ctypes
import ipaddress
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BINARY = os.environ.get("XTG_BINARY", "xdp-trafficgen")
CLANG = os.environ.get("XTG_CLANG", "clang")
HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA_CHECK = os.path.join(HERE, "..", "check", "schema_check.py")
PATIENCE = 30.0  # seconds after which something hangs
ALL_CPUS = sorted(os.sched_getaffinity(0))

_libc = ctypes.CDLL(None, use_errno=True)
_outputs = []  # (command, JSON text): held to the schema at the end
_ran = 0


def required():
    return "netns" in os.environ.get("XTG_REQUIRE", "").split(",")


def skip(reason):
    """Ends a test for want of a named feature; where the label must run, that is a failure."""
    if required():
        raise AssertionError(f"required, but missing: {reason}")
    raise unittest.SkipTest(f"missing: {reason}")


def need_tool(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        skip(f"the tool {name}")
    return path


def wait_for(condition, what, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def call(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.returncode}: {done.stderr}")
    return done.stdout


@contextlib.contextmanager
def in_netns(name):
    """The calling thread is in the namespace for as long."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    away = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        if _libc.setns(away, 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            if _libc.setns(home, 0) != 0:
                os._exit(3)  # nothing that follows would be where it believes to be
    finally:
        os.close(away)
        os.close(home)


# --- running the program ---------------------------------------------------------------------------------


def keep_output(command, text):
    """Keeps a JSON text for the check against the schema; line breaks between tokens mean nothing."""
    _outputs.append((command, " ".join(text.split("\n"))))


def parse_json(text):
    def no_constant(name):
        raise ValueError(f"{name} is not JSON")
    return json.loads(text, parse_constant=no_constant)


class Result:
    """How a run of the program ended."""

    def __init__(self, args, status, out, err):
        self.args, self.status, self.out, self.err = args, status, out, err
        self.doc = None
        if "--json" in args and out:
            self.doc = parse_json(out)
            keep_output(" ".join(args), out)
        self.events = []
        if "--json-stream" in args:
            for line in out.splitlines():
                self.events.append(parse_json(line))
                keep_output(" ".join(args), line)

    @property
    def total(self):
        return self.doc["end"]["sum"]

    @property
    def stream(self):
        plan = self.doc["plan"] if "plan" in self.doc else self.doc["start"]["configuration"]
        return plan["streams"][0]

    def __str__(self):
        return f"{' '.join(self.args)}: status {self.status}\n{self.out[-1500:]}\n{self.err[-1500:]}"


class Process:
    """The program while it runs. Leaves nothing behind when the test fails."""

    def __init__(self, command, args, **popen):
        self.args = [str(arg) for arg in args]
        self.child = subprocess.Popen([*command, *self.args], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **popen)
        self.pid = self.child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()
        self.child.stderr.close()

    def send(self, number):
        os.kill(self.pid, number)

    def running(self):
        return self.child.poll() is None

    def finish(self, seconds=PATIENCE):
        try:
            out, err = self.child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            out, err = self.child.communicate()
            raise AssertionError(f"hangs: {' '.join(self.args)}\n{out}\n{err}") from None
        return Result(self.args, self.child.returncode, out, err)


def program(*args):
    """One run outside of any wire."""
    with Process([BINARY], args) as process:
        return process.finish()


# --- wires -----------------------------------------------------------------------------------------------


class Wire:
    """Two namespaces and a veth pair, held by `demo` for as long as its command reads our pipe."""

    def __init__(self, *options, far="stack"):
        self.holder = subprocess.Popen(
            [BINARY, "demo", "--far", far, *map(str, options), "--",
             "sh", "-c", "env | grep ^XTG_ && echo && exec cat >/dev/null"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        env = {}
        for line in iter(self.holder.stdout.readline, "\n"):
            if not line:
                status = self.holder.wait()
                raise AssertionError(f"demo made no wire: status {status}")
            key, _, value = line.rstrip("\n").partition("=")
            env[key] = value
        self.near_ns, self.far_ns = env["XTG_NEAR_NS"], env["XTG_FAR_NS"]
        self.near_if, self.far_if = env["XTG_NEAR_IF"], env["XTG_FAR_IF"]
        self.near_mac, self.far_mac = env["XTG_NEAR_MAC"], env["XTG_FAR_MAC"]
        self.near_ip, self.far_ip = env["XTG_NEAR_IP"], env["XTG_FAR_IP"]
        self.near_ip6, self.far_ip6 = env["XTG_NEAR_IP6"], env["XTG_FAR_IP6"]
        self.env = env

    def close(self):
        self.holder.stdin.close()
        self.holder.stdout.close()
        try:
            self.holder.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.holder.kill()
            self.holder.wait()
            raise AssertionError("demo does not end with its command") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def near(self, *command):
        return call("ip", "netns", "exec", self.near_ns, *command)

    def far(self, *command):
        return call("ip", "netns", "exec", self.far_ns, *command)

    def start(self, *args, inside=(), **popen):
        """Starts the program in the near namespace, behind the command prefix `inside`."""
        return Process(["ip", "netns", "exec", self.near_ns, *inside, popen.pop("binary", BINARY)], args,
                       **popen)

    def run(self, *args, **options):
        with self.start(*args, **options) as process:
            return process.finish()

    def udp(self, *args, **options):
        """A run on the wire with --json."""
        return self.run("udp", self.near_if, "--json", *args, **options)

    def far_packets(self):
        return link_counters(self.far_ns, self.far_if)["rx_packets"]

    def near_link(self):
        return json.loads(self.near("ip", "-j", "link", "show", "dev", self.near_if))[0]

    def near_links(self):
        return sorted(link["ifname"] for link in json.loads(self.near("ip", "-j", "link")))

    def far_gro(self):
        features = json.loads(self.far("ethtool", "--json", "-k", self.far_if))[0]
        return features["generic-receive-offload"]["active"]

    def wait_sending(self, more=100):
        """Until so many more frames have arrived at the far end."""
        before = self.far_packets()
        wait_for(lambda: self.far_packets() >= before + more, "frames arrive at the far end")

    def capture(self, **options):
        return Capture(self.far_ns, self.far_if, **options)


def link_counters(netns, name):
    """The interface's own counters, as the kernel tells them to anybody."""
    with in_netns(netns), open("/proc/thread-self/net/dev", encoding="ascii") as file:
        for line in file:
            head, _, rest = line.partition(":")
            if head.strip() == name:
                figures = [int(word) for word in rest.split()]
                return {"rx_bytes": figures[0], "rx_packets": figures[1], "tx_packets": figures[9]}
    raise AssertionError(f"no {name} in {netns}")


class Capture:
    """Every IPv4 and IPv6 UDP frame that arrives at an interface, in order."""

    SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
    SOL_PACKET, PACKET_STATISTICS, ETH_P_ALL, PACKET_OUTGOING = 263, 6, 3, 4

    def __init__(self, netns, name, times=False):
        self.frames, self.times = [], []
        self._want_times = times
        with in_netns(netns):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, self.SO_RCVBUFFORCE, 1 << 30)
        if times:
            self._socket.setsockopt(socket.SOL_SOCKET, self.SO_TIMESTAMPNS, 1)
        self._socket.settimeout(0.05)
        with in_netns(netns):
            self._socket.bind((name, self.ETH_P_ALL))
        self._stop = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while not self._stop:
            try:
                if self._want_times:
                    frame, ancillary, _, address = self._socket.recvmsg(65536, 64)
                else:
                    frame, address = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            except OSError:
                return
            if address[2] == self.PACKET_OUTGOING or not is_udp(frame):
                continue
            if self._want_times:
                seconds, nanos = struct.unpack("qq", ancillary[0][2])
                self.times.append(seconds + nanos * 1e-9)
            self.frames.append(frame)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop = True
        self._thread.join()
        self._socket.close()

    def take(self, count):
        """The frames, when that many have come; what comes on top of them is there too."""
        with contextlib.suppress(AssertionError):
            wait_for(lambda: len(self.frames) >= count, "frames captured", 5.0)
        time.sleep(0.02)
        statistics = self._socket.getsockopt(self.SOL_PACKET, self.PACKET_STATISTICS, 8)
        lost = struct.unpack("II", statistics)[1]
        if lost:
            raise AssertionError(f"the test's own socket lost {lost} frames")
        return self.frames


# --- reading frames, independently of the program --------------------------------------------------------


def is_udp(frame):
    kind = frame[12:14]
    return (kind == b"\x08\x00" and frame[23] == 17) or (kind == b"\x86\xdd" and frame[20] == 17)


def ones_sum(data):
    """RFC 1071, word for word."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


class Frame:
    """Headers of a UDP frame taken apart. `problems` lists all that no receiver would accept."""

    def __init__(self, data):
        self.data = data = bytes(data)
        self.problems = []
        self.dst_mac, self.src_mac = data[0:6].hex(":"), data[6:12].hex(":")
        if data[12:14] == b"\x08\x00":
            self._ipv4(data[14:])
        else:
            self._ipv6(data[14:])

    def _ipv4(self, packet):
        self.version, self.tos, self.hop_limit = 4, packet[1], packet[8]
        self._expect(packet[0] == 0x45, "version and header length")
        self._expect(struct.unpack("!H", packet[2:4])[0] == len(packet), "IPv4 total length")
        self._expect(packet[9] == 17, "protocol")
        self._expect(ones_sum(packet[:20]) == 0xffff, "IPv4 header checksum")
        self.src, self.dst = ipaddress.IPv4Address(packet[12:16]), ipaddress.IPv4Address(packet[16:20])
        self._udp(packet[20:], packet[12:20])

    def _ipv6(self, packet):
        self.version, self.hop_limit = 6, packet[7]
        word, length = struct.unpack("!IH", packet[:6])
        self.tos = word >> 20 & 0xff
        self._expect(word >> 28 == 6, "version")
        self._expect(length == len(packet) - 40, "IPv6 payload length")
        self._expect(packet[6] == 17, "next header")
        self.src, self.dst = ipaddress.IPv6Address(packet[8:24]), ipaddress.IPv6Address(packet[24:40])
        self._udp(packet[40:], packet[8:40])

    def _udp(self, segment, addresses):
        self.src_port, self.dst_port, length, self.checksum = struct.unpack("!HHHH", segment[:8])
        self.payload = segment[8:]
        self._expect(length == len(segment), "UDP length")
        if self.checksum != 0:
            pseudo = addresses + struct.pack("!II", len(segment), 17)
            self._expect(ones_sum(pseudo + segment) == 0xffff, "UDP checksum")

    def _expect(self, fulfilled, what):
        if not fulfilled:
            self.problems.append(what)

    def signature(self):
        """By the man page: a dict, or None when the payload ends with neither form."""
        tail = self.payload[-32:]
        if len(tail) == 32 and tail[28:] == b"XTGS":
            seq, tx_ns, session, stream, lane, flags, reserved, kind, version = \
                struct.unpack("!QQIHBBHBB", tail[:28])
            return {"form": "full", "seq": seq, "tx_ns": tx_ns, "session": session, "stream": stream,
                    "lane": lane, "flags": flags, "reserved": reserved, "type": kind, "version": version}
        tail = self.payload[-16:]
        if len(tail) == 16 and tail[14:] == b"\xc7\xa1":
            seq, high, low, session, stream, lane = struct.unpack("!IHIHBB", tail[:14])
            return {"form": "compact", "seq": seq, "tx_ns": high << 32 | low, "session": session,
                    "stream": stream, "lane": lane}
        return None


def frames_of_pcap(path):
    with open(path, "rb") as file:
        data = file.read()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<",
             b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}[data[:4]]
    link_type = struct.unpack(order + "I", data[20:24])[0]
    assert link_type == 1, f"link type {link_type} is not Ethernet"
    at, frames = 24, []
    while at < len(data):
        _, _, captured, original = struct.unpack(order + "IIII", data[at:at + 16])
        assert captured == original, "a frame is cut short"
        frames.append(data[at + 16:at + 16 + captured])
        at += 16 + captured
    return frames


# --- test cases ------------------------------------------------------------------------------------------


class TestCase(unittest.TestCase):
    maxDiff = 2000

    def ok(self, result):
        self.assertEqual(result.status, 0, result)
        if result.doc is not None and "exit_status" in result.doc:
            self.assertEqual(result.doc["exit_status"], 0, result)
            self.assertNotIn("error", result.doc)
        return result

    def failed(self, result, status, *words):
        """Ended with the status, and the document says the same and has the words in its error."""
        self.assertEqual(result.status, status, result)
        self.assertEqual(result.doc["exit_status"], status, result)
        for word in words:
            self.assertIn(word, result.doc["error"])
        self.assertEqual(len(result.err.splitlines()), 1, result)
        return result

    def adds_up(self, result):
        """The figures of a finished run agree with each other."""
        total, size = result.total, result.stream["frame_size"]
        outcomes = ("accepted", "driver_drops", "redirect_errors")
        self.assertEqual(total["attempts"], sum(total[key] for key in outcomes), result)
        self.assertEqual(total["packets"], total["accepted"])
        self.assertEqual(total["bytes"], total["accepted"] * size)
        for key in ("attempts", *outcomes, "skipped_slots", "nomem_retries"):
            workers = [worker[key] for worker in result.doc["end"]["workers"]]
            self.assertEqual(len(workers), result.doc["start"]["configuration"]["threads"])
            if key != "nomem_retries" and None not in workers:
                self.assertEqual(sum(workers), total[key], key)
            parts = sum(interval["sum"][key] for interval in result.doc["intervals"])
            self.assertLessEqual(parts, total[key], key)
        for interval in result.doc["intervals"]:
            self.assertGreaterEqual(interval["sum"]["attempts"], 0)
        return result

    def sound(self, frames, count=None, size=None):
        """Takes frames apart; each must be one that a receiver accepts."""
        if count is not None:
            self.assertEqual(len(frames), count)
        parsed = [Frame(data) for data in frames]
        for frame in parsed:
            self.assertEqual(frame.problems, [], frame.data.hex())
            if size is not None:
                self.assertEqual(len(frame.data) + 4, size)
        return parsed

    def sent(self, wire, count, *args, size=None, **options):
        """Runs `udp -n count` and gives what arrived, taken apart, and the result.

        The ring of a veth is short, and on a busy host its far end may be late to empty it. Then frames are
        refused, as the figures say, and for a test of their contents the run is made again, slower.
        """
        rates = (args[args.index("--rate") + 1],) if "--rate" in args else ("20kpps", "10kpps", "4kpps")
        for rate in (*rates, rates[-1], rates[-1]):
            given = args if "--rate" in args else (*args, "--rate", rate)
            with wire.capture() as capture:
                result = self.adds_up(self.ok(wire.udp("-n", count, *given, **options)))
                self.assertEqual(result.total["attempts"], count, result)
                self.assertEqual(result.total["redirect_errors"], 0, result)
                accepted = result.total["accepted"]
                frames = self.sound(capture.take(accepted), accepted, size)
            if accepted == count:
                return frames, result
        self.fail(f"the wire refuses frames at {rates[-1]}: {result}")


class WireTest(TestCase):
    """One wire for all tests of the class."""
    wire_options = ()
    far = "stack"

    @classmethod
    def setUpClass(cls):
        cls.wire = Wire(*cls.wire_options, far=cls.far)
        cls.addClassCleanup(cls.wire.close)


class OwnWireTest(TestCase):
    """A wire for each test, which may break it."""
    wire_options = ()
    far = "stack"

    def setUp(self):
        self.wire = Wire(*self.wire_options, far=self.far)
        self.addCleanup(self.wire.close)
        self._before = self.wire.far_packets()

    def arrived(self):
        """How many packets the far end has counted since the test began."""
        return self.wire.far_packets() - self._before


def scratch(test):
    """A folder for the length of a test, open to other users."""
    path = tempfile.mkdtemp(prefix="xtg-test-")
    os.chmod(path, 0o755)
    test.addCleanup(shutil.rmtree, path, ignore_errors=True)
    return path


def compile_bpf(test, body):
    """Makes an XDP object with one program from the body of its function; data, end point at the frame."""
    source = """
struct xdp_md { unsigned int data, data_end, data_meta, ingress_ifindex; };
__attribute__((section("xdp"), used)) int xtg_test(struct xdp_md* ctx) {
  unsigned char* data = (unsigned char*)(long)ctx->data;
  unsigned char* end = (unsigned char*)(long)ctx->data_end;
  (void)data, (void)end;
  """ + body + """
}
char gpl[] __attribute__((section("license"), used)) = "GPL";
"""
    need_tool(CLANG)
    path = os.path.join(scratch(test), "test.o")
    subprocess.run([CLANG, "-target", "bpf", "-O2", "-g", "-x", "c", "-", "-c", "-o", path], input=source,
                   text=True, check=True, timeout=PATIENCE)
    return path


# --- the end of a test file ------------------------------------------------------------------------------


class _Counting(unittest.TextTestResult):
    def addSuccess(self, test):
        global _ran
        _ran += 1
        super().addSuccess(test)


def _schema_problem():
    """All JSON that the tests saw, in one go."""
    if not _outputs:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("".join(text.strip() + "\n" for _, text in _outputs))
        file.flush()
        check = subprocess.run([sys.executable, SCHEMA_CHECK, "--lines", file.name], capture_output=True,
                               text=True, timeout=120)
    if check.returncode == 0:
        return None
    if check.returncode == 77 and not required():
        print(check.stderr, file=sys.stderr)
        return None
    where = check.stderr.split(".jsonl:")[-1].split(":")[0]
    command = _outputs[int(where) - 1][0] if where.isdigit() else ""
    return f"schema: {check.stderr.strip()}\n{command}"


def main():
    if os.geteuid() != 0:
        print("skipped: root is missing", file=sys.stderr)
        sys.exit(1 if required() else 77)
    # A test that is stopped takes its children along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    runner = unittest.TextTestRunner(verbosity=2, resultclass=_Counting)
    outcome = unittest.main(module="__main__", testRunner=runner, exit=False).result
    problem = _schema_problem()
    if problem:
        print(problem, file=sys.stderr)
    if problem or not outcome.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if _ran == 0 and outcome.skipped else 0)
