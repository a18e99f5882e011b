# SPDX-License-Identifier: BSD-2-Clause
"""Shared code of the tests of `tcp`: receivers, counters of the receiving kernel, and sums of figures."""
import collections
import json
import os
import subprocess

import lib

SINK = os.environ.get("XTG_SINK", "xtg-sink")
PORT = 10000
CAUSES = ("sack", "rto", "tail_probe", "local_drop")
PATTERN_PERIOD = 4_194_301

Connection = collections.namedtuple("Connection", "port bytes sent wrong end")


class Background:
    """A process in a namespace, stopped at the end of the test."""

    def __init__(self, netns, *command, **popen):
        self.child = subprocess.Popen(["ip", "netns", "exec", netns, *map(str, command)], text=True,
                                      stdin=popen.pop("stdin", subprocess.PIPE), stdout=subprocess.PIPE, **popen)
        self.pid = self.child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for pipe in (self.child.stdin, self.child.stdout):
            if pipe:
                pipe.close()
        try:
            self.child.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.child.terminate()
            try:
                self.child.wait(timeout=lib.PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        self.child.kill()
        self.child.wait()


class Sink(Background):
    """The receiver of sink.cpp or a similar one; options are given with _ for -. It is listening when this returns."""

    def __init__(self, wire, port=PORT, program=SINK, **options):
        words = [f"{name.replace('_', '-')}={value}" for name, value in options.items()]
        super().__init__(wire.far_ns, program, f"port={port}", *words)
        if self.child.stdout.readline() != "ready\n":
            self.close()
            raise AssertionError(f"no sink: {words}")

    def connections(self):
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        return [Connection(*entry) for entry in json.loads(self.child.stdout.readline())]

    def total(self):
        return sum(connection.bytes for connection in self.connections())

    def wait_bytes(self, count, run=None):
        """Waits until this many bytes were read from a sender that is still running."""
        lib.wait_for(lambda: self.total() >= count or run and not run.running(), f"{count} bytes at the receiver")
        if self.total() < count:
            raise AssertionError(f"ended too early: {run.finish()}")

    def ended(self, count=1):
        """Waits for this many connections, and the end of the last of them."""
        def over():
            self._last = self.connections()
            return len(self._last) >= count and all(c.end not in ("open", "half") for c in self._last)
        lib.wait_for(over, "the receiver sees the end of its connections")
        return self._last


def protocol_counters(netns):
    """TCP and IP counters of the namespace, as {"Tcp.InCsumErrors": 0, ...}."""
    figures = {}
    with lib.in_netns(netns):
        for name in ("netstat", "snmp"):
            with open(f"/proc/thread-self/net/{name}", encoding="ascii") as file:
                lines = file.read().splitlines()
            for head, values in zip(lines[::2], lines[1::2]):
                group, _, keys = head.partition(": ")
                for key, value in zip(keys.split(), values.partition(": ")[2].split()):
                    figures[f"{group}.{key}"] = int(value)
        with open("/proc/thread-self/net/snmp6", encoding="ascii") as file:
            for line in file:
                key, value = line.split()
                figures[f"Ip6.{key}"] = int(value)
    return figures


# Each of these indicates a fault of the sender: damaged, duplicate, misplaced or unwanted segments.
REPROACHES = (
    "Ip.InHdrErrors", "Ip.InDiscards", "Ip.InAddrErrors", "IpExt.InTruncatedPkts", "IpExt.InCsumErrors",
    "Ip6.Ip6InHdrErrors", "Ip6.Ip6InTruncatedPkts", "Ip6.Ip6InDiscards", "Tcp.InErrs", "Tcp.InCsumErrors",
    "Tcp.OutRsts", "TcpExt.TCPOFOQueue", "TcpExt.TCPOFODrop", "TcpExt.TCPOFOMerge", "TcpExt.TCPDSACKOldSent",
    "TcpExt.TCPDSACKOfoSent", "TcpExt.DelayedACKLost", "TcpExt.PruneCalled", "TcpExt.RcvPruned", "TcpExt.OfoPruned",
    "TcpExt.TCPRcvCollapsed", "TcpExt.TCPBacklogDrop", "TcpExt.TCPRcvQDrop", "TcpExt.TCPZeroWindowDrop",
    "TcpExt.PAWSEstab", "TcpExt.TCPACKSkippedSeq", "TcpExt.TCPACKSkippedPAWS", "TcpExt.TCPChallengeACK",
    "TcpExt.TCPSYNChallenge", "TcpExt.TCPAbortOnData", "TcpExt.TCPAbortOnClose", "TcpExt.TCPAbortOnTimeout",
    "TcpExt.BeyondWindow", "TcpExt.TSEcrRejected")


# A segment takes a page at a veth receiver: one that is slow, or gets short segments, has to collapse its queue.
SQUEEZED = ("TcpExt.PruneCalled", "TcpExt.TCPRcvCollapsed")
# Tail probes cause these, too: a receiver that does not read may be slow to acknowledge.
PROBED = ("TcpExt.TCPDSACKOldSent", "TcpExt.DelayedACKLost")


def reproaches(before, after, but=()):
    return {key: after[key] - before[key] for key in REPROACHES
            if after.get(key, 0) != before.get(key, 0) and key not in but}


def pattern(size):
    """The first bytes of `--payload pattern`."""
    words = bytearray()
    i = 0
    while len(words) < min(size, PATTERN_PERIOD):
        z = (i + 1) * 0x9e3779b97f4a7c15 & 0xffffffffffffffff
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9 & 0xffffffffffffffff
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb & 0xffffffffffffffff
        words += (z ^ (z >> 31)).to_bytes(8, "little")
        i += 1
    period = bytes(words[:PATTERN_PERIOD])
    return (period * (size // PATTERN_PERIOD + 1))[:size]


class TcpTest(lib.TestCase):
    """Runs of `tcp` to a receiver on self.wire, and checks for every one of them."""

    def arguments(self, *args, to=None, port=PORT):
        return ("tcp", "-i", self.wire.near_if, "--json", "-p", port, *args, to or self.wire.far_ip)

    def tcp(self, *args, to=None, port=PORT, seconds=60, **options):
        with self.start(*args, to=to, port=port, **options) as run:
            return run.finish(seconds)

    def start(self, *args, to=None, port=PORT, **options):
        return self.wire.start(*self.arguments(*args, to=to, port=port), **options)

    def sink(self, **options):
        sink = Sink(self.wire, **options)
        self.addCleanup(sink.close)
        return sink

    def adds_up(self, result):
        """Checks that the figures of a run that began agree with each other."""
        end = result.doc["end"]
        total, flows = end["sum"], end["flows"]
        self.assertEqual(len(flows), result.doc["start"]["configuration"]["flows"], result)
        self.assertEqual([flow["number"] for flow in flows], list(range(len(flows))))
        self.assertEqual(total["attempts"], sum(total[key] for key in ("accepted", "driver_drops", "redirect_errors",
                                                                       "queue_drops", "queued")), result)
        self.assertEqual(total["packets"], total["accepted"])
        for key in ("bytes", "segments_sent", "bytes_sent", "retransmits", "retransmitted_bytes", "spurious",
                    "rto_fired", "tail_probes", "window_probes", "dup_acks", "acks", "bytes_received",
                    "ecn_reductions", "bad_segments"):
            self.assertEqual(sum(flow[key] for flow in flows), total[key], f"{key}: {result}")
            self.assertLessEqual(sum(part["sum"][key] for part in result.doc["intervals"]), total[key], key)
        for entry in (total, *flows):
            causes = entry["retransmits_by_cause"]
            self.assertEqual(sum(causes[key] for key in CAUSES if key != "local_drop"), entry["retransmits"], result)
            self.assertLessEqual(entry["bytes"], entry["bytes_sent"], result)
            self.assertLessEqual(entry["zero_window_seconds"], entry["window_limited_seconds"] + 1e-6, result)
        for interval in result.doc["intervals"]:
            for key in ("bytes", "segments_sent", "attempts", "retransmits", "acks"):
                self.assertGreaterEqual(interval["sum"][key], 0, key)
        return result

    def done(self, result, close="fin"):
        """A run in which every flow ended as requested."""
        self.adds_up(self.ok(result))
        self.assertEqual({flow["close"] for flow in result.doc["end"]["flows"]}, {close}, result)
        return result

    def delivered(self, result, sink, ends=("eof",)):
        """The receiver has every byte that the program reports as acknowledged, intact, flow by flow."""
        flows = result.doc["end"]["flows"]
        got = {connection.port: connection for connection in sink.ended(len(flows))}
        for flow in flows:
            connection = got[flow["src_port"]]
            self.assertIsNone(connection.wrong, (connection, flow))
            self.assertEqual(connection.bytes, flow["bytes"], (connection, flow))
            self.assertIn(connection.end, ends, (connection, flow))
        return got

    def undisturbed(self, result):
        """Requirements on a clean path: nothing sent twice, and no useless segment."""
        total = result.total
        for key in ("retransmits", "retransmitted_bytes", "spurious", "rto_fired", "bad_segments", "redirect_errors"):
            self.assertEqual(total[key], 0, f"{key}: {result}")
        return result


    def patient(self, result):
        """Requirements on a clean path to a slow receiver: at most tail probes were retransmitted."""
        total = result.total
        self.assertEqual(total["retransmits"], total["retransmits_by_cause"]["tail_probe"], result)
        for key in ("rto_fired", "bad_segments", "redirect_errors"):
            self.assertEqual(total[key], 0, f"{key}: {result}")
        return result


class WireTest(TcpTest):
    """One wire for all tests of the class."""
    wire_options = ()
    make_wire = lib.Wire

    @classmethod
    def setUpClass(cls):
        cls.wire = cls.make_wire(*cls.wire_options)
        cls.addClassCleanup(cls.wire.close)


class OwnWireTest(TcpTest):
    """A new wire for each test, which may break it."""
    wire_options = ()
    make_wire = lib.Wire

    def setUp(self):
        self.wire = self.make_wire(*self.wire_options)
        self.addCleanup(self.wire.close)
