# SPDX-License-Identifier: BSD-2-Clause
"""Runs of the program, the wires that they use, and captures at the far end."""
import contextlib
import ctypes
import json
import os
import socket
import struct
import subprocess
import threading
import time

import frames

BINARY = os.environ.get("XTG_BINARY", "xdp-trafficgen")
PATIENCE = float(os.environ.get("XTG_PATIENCE", "30"))  # seconds after which a step counts as hanging

_libc = ctypes.CDLL(None, use_errno=True)
outputs = []  # (command, JSON text): checked against the schema at the end


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
    """Puts the calling thread into the namespace meanwhile."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    away = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        if _libc.setns(away, 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            if _libc.setns(home, 0) != 0:
                os._exit(3)  # otherwise what follows would run in the wrong namespace
    finally:
        os.close(away)
        os.close(home)


# --- running the program ---------------------------------------------------------------------------------


def keep_output(command, text):
    """Keeps a JSON text for the schema check; line breaks between tokens are irrelevant."""
    outputs.append((command, " ".join(text.split("\n"))))


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
        if "--json-stream" in args and self.doc is None:
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
    """The program while it runs. Cleans up if the test fails."""

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
    """One run outside any wire."""
    with Process([BINARY], args) as process:
        return process.finish()


# --- wires -----------------------------------------------------------------------------------------------


class Wire:
    """Two namespaces and a veth pair, held by `demo` while its command reads our pipe."""

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
        """Starts the program in the near namespace, with the command prefix `inside`."""
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
        """Waits until this many more frames have arrived at the far end."""
        before = self.far_packets()
        wait_for(lambda: self.far_packets() >= before + more, "frames arrive at the far end")

    def capture(self, **options):
        return Capture(self.far_ns, self.far_if, **options)


def link_counters(netns, name):
    """The interface's own counters, as the kernel shows them to everybody."""
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
            if address[2] == self.PACKET_OUTGOING or not frames.is_udp(frame):
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
        """The frames, once this many have arrived; may include more."""
        with contextlib.suppress(AssertionError):
            wait_for(lambda: len(self.frames) >= count, "frames captured", 5.0)
        time.sleep(0.02)
        statistics = self._socket.getsockopt(self.SOL_PACKET, self.PACKET_STATISTICS, 8)
        lost = struct.unpack("II", statistics)[1]
        if lost:
            raise AssertionError(f"the test's own socket lost {lost} frames")
        return self.frames
