# SPDX-License-Identifier: BSD-2-Clause
"""A well-behaved process: its descriptors, its time namespace, and never zero results without a message."""
import os
import subprocess

import lib


class Descriptors(lib.WireTest):

    def shell(self, redirect, *args):
        return subprocess.run(["ip", "netns", "exec", self.wire.near_ns, "sh", "-c", f'exec "$@" {redirect}', "sh",
                               lib.BINARY, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=lib.PATIENCE, check=False)

    def test_an_output_error_is_reported(self):
        near = self.wire.near_if
        for redirect, why in ((">/dev/full", "No space left"), (">&-", "Bad file descriptor")):
            for args in (("--help",), ("udp", "--help"), ("completion", "bash"), ("probe",), ("probe", "--json"),
                         ("udp", near, "-n", 10, "--json"), ("udp", near, "-n", 10), ("udp", near, "--dry-run"),
                         ("udp", near, "--rate", "1kpps", "-I", "100ms"),
                         ("rx", near, "--duration", "1s", "-I", "100ms"),
                         ("reflect", near, "--duration", "1s", "-I", "100ms", "--allow", "any"),
                         ("demo", "--duration", "100ms"), ("tcp", self.wire.far_ip, "--dry-run")):
                with self.subTest(redirect=redirect, args=args):
                    done = self.shell(redirect, *args)
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn(why, done.stderr)

    def test_a_capture_is_no_standard_output(self):
        path = os.path.join(lib.scratch(self), "frames.pcap")
        for args in (("udp", self.wire.near_if, "-n", 1000, "--rate", "2kpps"), ("udp", self.wire.near_if, "--dry-run"),
                     ("rx", self.wire.near_if, "--duration", "500ms")):
            for redirect in (">&-", ">&- 2>&-", "<&- >&- 2>&-"):
                with self.subTest(args=args, redirect=redirect):
                    self.shell(redirect, *args, "-I", "100ms", "--write-pcap", path)
                    self.assertIn(len(lib.frames_of_pcap(path)), (0, 10))


class TimeNamespace(lib.WireTest):
    """CLOCK_MONOTONIC differs from that of the kernel programs."""

    def inside(self, offset):
        done = subprocess.run(["unshare", "--time", "--fork", "--monotonic", str(offset), "true"],
                              capture_output=True, check=False)
        if done.returncode != 0:
            lib.skip("time namespaces")
        return ("unshare", "--time", "--fork", "--monotonic", str(offset))

    def uptime(self):
        with open("/proc/uptime", encoding="ascii") as file:
            return int(float(file.read().split()[0]))

    def offsets(self):
        return 10_000_000, -(self.uptime() // 2)

    def test_amount_and_duration(self):
        for offset in self.offsets():
            for args in (("--rate", "5kpps", "-n", 1000), ("-n", 5000),):
                with self.subTest(offset=offset, args=args):
                    result = self.adds_up(self.ok(self.wire.udp(*args, inside=self.inside(offset))))
                    self.assertEqual(result.doc["end"]["reason"], "amount")
            result = self.adds_up(self.ok(self.wire.udp("--rate", "1kpps", "--duration", "1s",
                                                        inside=self.inside(offset))))
            self.assertEqual(result.doc["end"]["reason"], "duration")
            self.assertAlmostEqual(result.total["end"], 1, delta=0.01)
            self.assertGreater(result.total["attempts"], 500)

    def test_both_ends(self):
        """Sender and receiver are in different time namespaces, but have the same clock."""
        for offset in self.offsets():
            with self.subTest(offset=offset):
                rx = self.wire.start("rx", self.wire.near_if, "--json", "--duration", "3s", inside=self.inside(offset))
                self.addCleanup(rx.__exit__)
                lib.wait_for(lambda: "xdp" in self.wire.near_link(), "it receives")
                with lib.Process(["ip", "netns", "exec", self.wire.far_ns, lib.BINARY],
                                 ["udp", self.wire.far_if, "--json", "--rate", "1kpps", "-n", 500, "-m",
                                  self.wire.near_mac, "-s", 128]) as sender:
                    self.ok(sender.finish())
                result = self.ok(rx.finish())
                total = result.doc["end"]["sum"]
                self.assertEqual(total["packets"], 500)
                self.assertEqual(total["negative_delays"], 0)
                self.assertLess(result.doc["end"]["streams"][0]["delay_us"]["min"], 1e6)


class NothingSent(lib.WireTest):

    def test_no_time_to_send(self):
        for args in (("--duration", "1ns"), ("--duration", "1ns", "--rate", "10pps")):
            with self.subTest(args=args):
                result = self.wire.udp(*args)
                self.assertIn(result.status, (0, 1), result)
                if result.total["attempts"] == 0:
                    self.failed(result, 1, "nothing was sent")

    def test_both_ends(self):
        result = self.wire.run("udp", self.wire.near_if, "--rx", self.wire.near_if, "--json", "--duration", "1ns",
                               "--rate", "10pps")
        self.failed(result, 1, "nothing was sent")


if __name__ == "__main__":
    lib.main()
