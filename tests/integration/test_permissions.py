# SPDX-License-Identifier: BSD-2-Clause
"""An ordinary user: what works with which capabilities, and the message when one is missing."""
import ctypes
import os
import shutil
import signal
import struct
import tempfile

import lib

NOBODY = 65534
BPF_CALL = {"x86_64": 321, "aarch64": 280}


def no_bpf():
    """Makes bpf(2) fail with EPERM from now on."""
    deny = struct.pack("HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, BPF_CALL[os.uname().machine], 0x06, 0, 0, 0x50001,
                       0x06, 0, 0, 0x7FFF0000)
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 4, ctypes.addressof(
        kept := ctypes.create_string_buffer(deny))))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # no new privileges
    if libc.prctl(22, 2, program) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    del kept


# Ordinary systems have /dev/net/tun open to everybody; elsewhere the test makes a copy that is.
TUN_FOR_ALL = """
if [ "$(stat -Lc %a /dev/net/tun)" != 666 ]; then
  mount -t tmpfs -o mode=755 none /dev/net && mknod -m 666 /dev/net/tun c 10 200 || exit 99
fi
exec "$@"
"""


class OrdinaryUser(lib.WireTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # At a place that the user may read, whoever owns the build.
        folder = tempfile.mkdtemp(prefix="xtg-test-")
        cls.addClassCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        cls.binary = shutil.copy(shutil.which(lib.BINARY) or lib.BINARY, folder)
        os.chmod(cls.binary, 0o755)

    def setUp(self):
        lib.need_tool("setpriv")

    def inside(self, *caps):
        kept = ",".join(["-all", *(f"+{cap}" for cap in caps)])
        bounding = ("--bounding-set", kept)
        return ("unshare", "-m", "sh", "-c", TUN_FOR_ALL, "sh", "setpriv", f"--reuid={NOBODY}",
                f"--regid={NOBODY}", "--clear-groups", f"--inh-caps={kept}", f"--ambient-caps={kept}",
                *bounding)

    def as_user(self, *args, caps=()):
        result = self.wire.udp(*args, inside=self.inside(*caps), binary=self.binary)
        if result.status == 99:
            lib.skip("a /dev/net/tun for ordinary users")
        return result

    def test_with_the_three_capabilities(self):
        links = self.wire.near_links()
        for threads in range(1, min(2, len(lib.ALL_CPUS)) + 1):
            before = self.wire.far_packets()
            result = self.adds_up(self.ok(self.as_user("-n", 3000, "-t", threads, "--rate", "10kpps",
                                                       caps=("bpf", "net_admin", "perfmon"))))
            self.assertEqual(result.total["attempts"], 3000)
            self.assertEqual(result.total["accepted"], self.wire.far_packets() - before)
            self.assertEqual(result.doc["start"]["count_source"], "tracepoint")
            self.assertIsNone(result.doc["start"]["count_source_note"])
            self.assertEqual(self.wire.near_links(), links)

    def test_without_perfmon_by_the_links_counters(self):
        before = self.wire.far_packets()
        result = self.adds_up(self.ok(self.as_user("-n", 3000, "--rate", "10kpps", caps=("bpf", "net_admin"))))
        self.assertEqual(result.doc["start"]["count_source"], "link")
        self.assertIn("CAP_PERFMON", result.doc["start"]["count_source_note"])
        self.assertEqual(result.total["accepted"], self.wire.far_packets() - before)
        self.assertEqual(result.total["attempts"], 3000)
        self.assertIsNone(result.doc["end"]["workers"][0]["accepted"])

    def test_without_perfmon_the_frames_are_the_same(self):
        """Another program builds the frames then; they must be equally correct."""
        far6, threads = self.wire.far_ip6, min(2, len(lib.ALL_CPUS))
        for size, args in ((64, ()), (64, ("-t", threads, "--vary", "product")), (66, ("-a", far6)),
                           (83, ("-a", far6, "--vary", "random")), (128, ("--stamp", "each")),
                           (593, ("--payload", "random", "--no-signature")), (1517, ("-t", threads, "-a", far6)),
                           (100, ("-M", "02:00:00:00:00:00-02:00:00:00:00:04", "-A", "198.19.0.0/24")),
                           (72, ("--no-udp-checksum",))):
            with self.subTest(size=size, args=args):
                given = ("-s", size, "-p", "1-7", "-P", "100-112", *args)
                shown = self.ok(self.wire.udp("--dry-run", "--show-frames", 200, *given)).doc["frames"]
                with self.wire.capture() as capture:
                    result = self.ok(self.as_user("-n", 200, "--rate", "10kpps", *given,
                                                  caps=("bpf", "net_admin")))
                    self.assertEqual(result.total["attempts"], 200)
                    frames = self.sound(capture.take(result.total["accepted"]), size=size)
                if result.total["accepted"] == 200:
                    expect = [lib.Frame(bytes.fromhex(frame["hex"])) for frame in shown]
                    self.assertEqual(*(sorted((frame.src_mac, frame.src, frame.src_port, frame.dst_port)
                                              for frame in each) for each in (frames, expect)))

    def test_missing_ones_are_named_in_one_line(self):
        before = self.wire.far_packets()
        for caps, named, unnamed in (((), ("CAP_BPF", "CAP_NET_ADMIN"), ()),
                                     (("net_admin", "perfmon"), ("CAP_BPF",), ("CAP_NET_ADMIN missing",)),
                                     (("bpf", "perfmon"), ("CAP_NET_ADMIN",), ("CAP_BPF missing",))):
            with self.subTest(caps=caps):
                result = self.failed(self.as_user("-n", 10, caps=caps), 4, *named)
                for name in unnamed:
                    self.assertNotIn(name, result.doc["error"])
        self.assertEqual(self.wire.far_packets(), before)

    def test_killed_leaves_no_device(self):
        links = self.wire.near_links()
        caps = ("bpf", "net_admin", "perfmon")
        with self.wire.start("udp", self.wire.near_if, "--json", inside=self.inside(*caps),
                             binary=self.binary) as run:
            self.wire.wait_sending()
            run.send(signal.SIGKILL)
            run.child.wait(lib.PATIENCE)
        lib.wait_for(lambda: self.wire.near_links() == links, "its devices go with it", 3)
        self.assertNotIn("xdp", self.wire.near_link())

    def test_dry_run_needs_nothing(self):
        result = self.ok(self.as_user("--dry-run", "-n", 3, "-p", "1-3"))
        self.assertEqual(len(result.doc["frames"]), 3)
        self.sound([bytes.fromhex(frame["hex"]) for frame in result.doc["frames"]], 3, 64)
        self.assertEqual(result.stream["dst_mac"]["range"], self.wire.far_mac)

    def test_help_and_version_need_nothing(self):
        for args in (("--help",), ("--version",), ("udp", "--help"), ("completion", "bash")):
            result = self.wire.run(*args, inside=self.inside(), binary=self.binary)
            self.assertEqual((result.status, result.err), (0, ""), args)
            self.assertTrue(result.out)

    def probe(self, *caps):
        return self.wire.run("probe", "-i", self.wire.near_if, "--json", inside=self.inside(*caps),
                             binary=self.binary)

    def verdicts(self, result):
        return {check["id"]: check["verdict"] for check in result.doc["checks"]}

    def test_probe(self):
        able = self.probe("bpf", "net_admin", "perfmon")
        self.assertEqual(able.status, 0, able)
        self.assertTrue(able.doc["usable"])
        self.assertEqual(self.verdicts(able)["tracepoints"], "passed")
        half = self.probe("bpf", "net_admin")
        self.assertEqual(half.status, 0, half)
        self.assertNotEqual(self.verdicts(half)["tracepoints"], "passed")
        unable = self.probe()
        self.assertEqual(unable.status, 4, unable)
        self.assertFalse(unable.doc["usable"])
        self.assertEqual(self.verdicts(unable)["capabilities"], "failed")
        self.assertIn("CAP_BPF", next(check["value"] for check in unable.doc["checks"]
                                      if check["id"] == "capabilities"))


class Refused(lib.WireTest):
    """Root with a seccomp filter that refuses bpf(2), as in a container."""

    def refused(self, *args):
        return self.wire.run(*args, "--json", preexec_fn=no_bpf)

    def test_not_for_a_capability(self):
        near = self.wire.near_if
        for args in (("udp", near, "-n", 10), ("udp", near, "--rx", near, "-n", 10), ("rx", near), ("reflect", near),
                     ("demo",)):
            with self.subTest(args=args):
                result = self.failed(self.refused(*args), 4, "Operation not permitted", "no capability is missing",
                                     "CAP_BPF", "seccomp")
                self.assertNotIn("setcap", result.doc["error"])

    def test_probe(self):
        result = self.refused("probe")
        self.assertEqual(result.status, 4, result)
        check = next(check for check in result.doc["checks"] if check["id"] == "live-frames")
        self.assertIn("seccomp", check["repair"])
        self.assertNotIn("setcap", check["repair"])


class NoTun(lib.WireTest):
    """Root without /dev/net/tun, as in many containers: veths in a private namespace are used instead."""

    def test_sends(self):
        script = 'mount -t tmpfs none /dev/net && exec "$@"'
        result = self.wire.udp("-n", 100, "--rate", "10kpps", inside=("unshare", "-m", "sh", "-c", script, "sh"))
        self.assertEqual(self.adds_up(self.ok(result)).total["attempts"], 100)


if __name__ == "__main__":
    lib.main()
