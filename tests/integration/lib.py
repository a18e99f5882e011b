# SPDX-License-Identifier: BSD-2-Clause
"""Shared code of the tests of the real program.

A test file is a unittest program that ends with lib.main(). Tests check the --json output and what the kernel counted
at the far end, never text meant for people. Wires are made by `xdp-trafficgen demo`.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import wire as _wire
from frames import Frame, frames_of_pcap, ones_sum, packets_of_pcap
from wire import (BINARY, PATIENCE, Capture, Process, Wire, call, in_netns, link_counters, parse_json, program,
                  wait_for)

__all__ = ["BINARY", "PATIENCE", "Capture", "Frame", "Process", "Wire", "call", "frames_of_pcap", "in_netns",
           "link_counters", "ones_sum", "packets_of_pcap", "parse_json", "program", "wait_for"]

CLANG = os.environ.get("XTG_CLANG", "clang")
SCHEMA_CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "check", "schema_check.py")
ALL_CPUS = sorted(os.sched_getaffinity(0))
_ran = 0


def required():
    return "netns" in os.environ.get("XTG_REQUIRE", "").split(",")


def skip(reason):
    """Skips a test for lack of a named feature; fails if the label must run."""
    if required():
        raise AssertionError(f"required, but missing: {reason}")
    raise unittest.SkipTest(f"missing: {reason}")


def need_tool(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        skip(f"the tool {name}")
    return path


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
        """Checks the exit status, the same status in the document, and the words in its error."""
        self.assertEqual(result.status, status, result)
        self.assertEqual(result.doc["exit_status"], status, result)
        for word in words:
            self.assertIn(word, result.doc["error"])
        self.assertEqual(len(result.err.splitlines()), 1, result)
        return result

    def udp_refuses(self, args, words):
        """Checks that `udp` with these arguments ends with status 2 and one line that has the words."""
        with self.subTest(args):
            result = program("udp", *args)
            self.assertEqual(result.status, 2, result)
            self.assertEqual(len(result.err.splitlines()), 1, result)
            self.assertIn(words, result.err)

    def adds_up(self, result):
        """Checks that the figures of a finished run agree with each other."""
        total, size = result.total, result.stream["frame_size"]
        outcomes = ("accepted", "driver_drops", "redirect_errors")
        self.assertEqual(total["attempts"], sum(total[key] for key in outcomes), result)
        self.assertLessEqual(total["resent"], total["driver_drops"] + total["redirect_errors"], result)
        self.assertEqual(total["packets"], total["accepted"])
        self.assertEqual(total["bytes"], total["accepted"] * size)
        for key in ("attempts", *outcomes, "resent", "skipped_slots", "nomem_retries"):
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
        """Parses frames; each must be one that a receiver accepts."""
        if count is not None:
            self.assertEqual(len(frames), count)
        parsed = [Frame(data) for data in frames]
        for frame in parsed:
            self.assertEqual(frame.problems, [], frame.data.hex())
            if size is not None:
                self.assertEqual(len(frame.data) + 4, size)
        return parsed

    def sent(self, wire, count, *args, size=None, **options):
        """Runs `udp -n count`; returns the parsed frames that arrived, and the result.

        A veth's ring is short, and on a busy host the far end may be late to empty it. Then frames are refused, as the
        figures show, and for a test of their contents the run is repeated at a lower rate.
        """
        rates = [f"{min(max(4 * count, 2000), 20_000)}pps", "10kpps", "4kpps", "4kpps"]
        if "--rate" in args:
            at = args.index("--rate")
            rates[0], args = args[at + 1], args[:at] + args[at + 2:]
        for rate in rates:
            with wire.capture() as capture:
                result = self.adds_up(self.ok(wire.udp("-n", count, "--rate", rate, *args, **options)))
                self.assertEqual(result.total["attempts"] - result.total["resent"], count, result)
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
    """A new wire for each test, which may break it."""
    wire_options = ()
    far = "stack"

    def setUp(self):
        self.wire = Wire(*self.wire_options, far=self.far)
        self.addCleanup(self.wire.close)
        self._before = self.wire.far_packets()

    def arrived(self):
        """Number of packets that the far end has counted since the test began."""
        return self.wire.far_packets() - self._before


def scratch(test):
    """A folder for the duration of a test, open to other users."""
    path = tempfile.mkdtemp(prefix="xtg-test-")
    os.chmod(path, 0o755)
    test.addCleanup(shutil.rmtree, path, ignore_errors=True)
    return path


def compile_bpf(test, body, section="xdp"):
    """Compiles an object with one XDP program from the body of its function; data, end point at the frame. A program of
    another section must not look at it."""
    source = """
struct xdp_md { unsigned int data, data_end, data_meta, ingress_ifindex; };
__attribute__((section("SECTION"), used)) int xtg_test(struct xdp_md* ctx) {
  unsigned char* data = (unsigned char*)(long)ctx->data;
  unsigned char* end = (unsigned char*)(long)ctx->data_end;
  (void)data, (void)end;
  """ + body + """
}
char gpl[] __attribute__((section("license"), used)) = "GPL";
"""
    source = source.replace("SECTION", section)
    need_tool(CLANG)
    path = os.path.join(scratch(test), "test.o")
    subprocess.run([CLANG, "-target", "bpf", "-O2", "-g", "-x", "c", "-", "-c", "-o", path], input=source,
                   text=True, check=True, timeout=PATIENCE)
    return path


def bpf_ids(pid):
    """Ids of the links and programs that the process holds, from /proc. The process opens and closes other descriptors
    meanwhile: one that has disappeared when it is read held nothing that stays."""
    ids = set()
    for number in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{number}", encoding="ascii") as file:
                lines = file.readlines()
        except OSError:
            continue
        for line in lines:
            key, _, value = line.partition(":")
            if key in ("link_id", "prog_id"):
                ids.add((key.split("_")[0], int(value)))
    return ids


def bpf_alive(ids):
    """Those that still exist in the kernel."""
    bpftool = need_tool("bpftool")
    return {(kind, number) for kind, number in ids if subprocess.run(
        [bpftool, kind, "show", "id", str(number)], capture_output=True, check=False).returncode == 0}


# --- the end of a test file ------------------------------------------------------------------------------


class _Counting(unittest.TextTestResult):
    def addSuccess(self, test):
        global _ran
        _ran += 1
        super().addSuccess(test)


def schema_problem():
    """Validates all JSON that the tests saw, in one go."""
    if not _wire.outputs:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("".join(text.strip() + "\n" for _, text in _wire.outputs))
        file.flush()
        check = subprocess.run([sys.executable, SCHEMA_CHECK, "--lines", file.name], capture_output=True,
                               text=True, timeout=120)
    if check.returncode == 0:
        return None
    if check.returncode == 77 and not required():
        print(check.stderr, file=sys.stderr)
        return None
    where = check.stderr.split(".jsonl:")[-1].split(":")[0]
    command = _wire.outputs[int(where) - 1][0] if where.isdigit() else ""
    return f"schema: {check.stderr.strip()}\n{command}"


def main():
    if os.geteuid() != 0:
        print("skipped: root is missing", file=sys.stderr)
        sys.exit(1 if required() else 77)
    # A test that is stopped also stops its children.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    runner = unittest.TextTestRunner(verbosity=2, resultclass=_Counting)
    outcome = unittest.main(module="__main__", testRunner=runner, exit=False).result
    problem = schema_problem()
    if problem:
        print(problem, file=sys.stderr)
    if problem or not outcome.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if _ran == 0 and outcome.skipped else 0)
