# SPDX-License-Identifier: BSD-2-Clause
"""--report of every command: a whole file at the end, in every way a run ends, and nothing else changes."""
import os
import re
import signal
import subprocess
import xml.etree.ElementTree as ElementTree

import lib
import port_test_lib
import rx_lib
import tcp_lib
from test_reflect import Reflector


def page(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    ElementTree.fromstring(text.replace("<!DOCTYPE html>", "", 1))
    return text


class Report(lib.WireTest):

    def setUp(self):
        self.folder = lib.scratch(self)

    def path(self):
        return os.path.join(self.folder, "run.html")

    def test_udp(self):
        result = self.wire.udp("--rate", "5kpps", "-n", 1000, "-I", "100ms", "--json", "--report", self.path())
        self.assertEqual(result.status, 0, result)
        text = page(self.path())
        self.assertIn("Packet rate over time", text)
        self.assertIn("1,000", text)
        self.assertNotIn("report", result.doc["start"]["configuration"]["test"])

    def test_text_output_is_the_same(self):
        result = self.wire.run("udp", self.wire.near_if, "-n", 10, "--report", self.path())
        self.assertEqual(result.status, 0, result)
        self.assertIn("xmit/s", result.out)
        self.assertNotIn("<", result.out)
        page(self.path())

    def test_rx_after_an_interrupt(self):
        with rx_lib.Receiver(self.wire, "--report", self.path(), "-I", "100ms") as rx:
            self.wire.udp("-n", 500, "--rate", "5kpps")
            self.assertFalse(os.path.exists(self.path()))
            rx.send(signal.SIGINT)
            self.assertEqual(rx.finish().status, 0)
        text = page(self.path())
        self.assertIn("Latency by percentile", text)
        self.assertIn("Interrupted", text)

    def test_reflect(self):
        with Reflector(self.wire, "--report", self.path()) as reflector:
            self.ok(self.wire.udp("-a", self.wire.far_ip, "-n", 100, "--rate", "2kpps", "-s", 128))
            self.assertEqual(reflector.stop().status, 0)
        self.assertIn("packets reflected", page(self.path()))

    def test_tcp(self):
        with tcp_lib.Sink(self.wire):
            result = self.wire.run("tcp", self.wire.far_ip, "--bytes", 100000, "--json", "--report", self.path())
        self.assertEqual(result.status, 0, result)
        self.assertIn("goodput", page(self.path()))

    def test_standard_output(self):
        """All other output then goes to the standard error, as with --write-pcap -."""
        for args, words in (((), "xmit/s"), (("--json",), '"accepted"')):
            with self.subTest(args=args):
                done = subprocess.run(["ip", "netns", "exec", self.wire.near_ns, lib.BINARY, "udp", self.wire.near_if,
                                       "-n", "10", "--report", "-", *args],
                                      capture_output=True, text=True, timeout=lib.PATIENCE, check=False)
                self.assertEqual(done.returncode, 0, done)
                self.assertTrue(done.stdout.startswith("<!") and done.stdout.rstrip().endswith("</html>"), done)
                self.assertIn(words, done.stderr)

    def test_a_failure_has_a_report(self):
        result = self.wire.udp("-n", 1, "-s", 2000, "--report", self.path())
        self.assertEqual(result.status, 4, result)
        self.assertIn("Error", page(self.path()))

    def test_replaces_and_keeps_the_old_until_the_end(self):
        with open(self.path(), "w", encoding="utf-8") as file:
            file.write("old")
        with self.wire.start("udp", self.wire.near_if, "--rate", "1kpps", "--report", self.path()) as run:
            self.wire.wait_sending()
            run.send(signal.SIGKILL)
            run.finish(5)
        with open(self.path(), encoding="utf-8") as file:
            self.assertEqual(file.read(), "old")
        self.assertEqual(os.listdir(self.folder), ["run.html"])

    def test_a_file_that_became_impossible_is_an_error(self):
        folder = os.path.join(self.folder, "gone")
        os.mkdir(folder)
        path = os.path.join(folder, "r.html")
        with self.wire.start("udp", self.wire.near_if, "--rate", "1kpps", "--report", path) as run:
            self.wire.wait_sending()
            os.rmdir(folder)
            run.send(signal.SIGINT)
            result = run.finish(5)
        self.assertEqual(result.status, 1, result)
        self.assertRegex(result.err, re.compile(r"--report .*gone", re.M))


class BothEnds(lib.TestCase):
    def test_port_test(self):
        wire = port_test_lib.Wire()
        self.addCleanup(wire.close)
        path = os.path.join(lib.scratch(self), "run.html")
        result = wire.exchange("--rate", "5kpps", "-n", 1000, "-I", "100ms", "--report", path)
        self.assertEqual(result.status, 0, result)
        text = page(path)
        for words in ("Ledger", "Latency by percentile", "Time between packets", "Loss over time"):
            self.assertIn(words, text)


class Demo(lib.TestCase):
    def test_demo(self):
        with lib.Wire() as wire:
            path = os.path.join(lib.scratch(self), "run.html")
            result = wire.run("demo", "--duration", "300ms", "--rate", "1kpps", "--json", "--report", path)
        self.assertEqual(result.status, 0, result)
        page(path)


if __name__ == "__main__":
    lib.main()
