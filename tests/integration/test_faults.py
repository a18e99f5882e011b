# SPDX-License-Identifier: BSD-2-Clause
"""Faults during a run: it ends in time with the reason, or goes on with exact figures."""
import os
import signal
import socket
import time

import lib

SOON = 3.0  # seconds where the specification says one: slack for a busy host


class Faults(lib.OwnWireTest):

    def running(self, *args, **options):
        """A run of which frames have arrived."""
        run = self.wire.start("udp", self.wire.near_if, "--json", *args, **options)
        self.addCleanup(run.__exit__)
        self.wire.wait_sending()
        return run

    def ends(self, run, status, *words, seconds=SOON):
        """The run ends in time, and the figures add up."""
        result = self.failed(run.finish(seconds), status, *words)
        self.assertEqual(result.doc["end"]["reason"], "failed")
        return self.adds_up(result)

    def test_interface_down_before(self):
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "down")
        result = self.wire.udp("-n", 10)
        self.failed(result, 4, f"{self.wire.near_if} is down", f"ip link set dev {self.wire.near_if} up")

    def test_interface_down(self):
        run = self.running()
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "down")
        self.ends(run, 1, self.wire.near_if, "down")

    def test_interface_removed(self):
        for args in ((), ("--rate", "100pps")):
            with self.subTest(args=args), lib.Wire() as wire:
                with wire.start("udp", wire.near_if, "--json", *args) as run:
                    wire.wait_sending(10)
                    wire.near("ip", "link", "del", "dev", wire.near_if)
                    self.ends(run, 1, wire.near_if, "removed")

    def test_far_namespace_deleted(self):
        # demo holds its own namespaces open, so the far end moves to one that can be removed.
        name = self.wire.far_ns + "-gone"
        lib.call("ip", "netns", "add", name)
        self.addCleanup(lib.call, "ip", "netns", "del", name, check=False)
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "netns", name)
        lib.call("ip", "-n", name, "link", "set", "dev", self.wire.far_if, "up")
        with self.wire.start("udp", self.wire.near_if, "--json", "-m", self.wire.far_mac) as run:
            lib.wait_for(lambda: lib.link_counters(name, self.wire.far_if)["rx_packets"] > 100, "frames arrive")
            lib.call("ip", "netns", "del", name)
            self.ends(run, 1, self.wire.near_if, "removed")

    def test_peer_down(self):
        run = self.running()
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "down")
        self.ends(run, 1, self.wire.near_if)

    def test_mtu_shrunk(self):
        run = self.running("-s", 1000)
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "mtu", "500")
        result = self.ends(run, 1, "MTU is 500", "1000", "--pkt-size")
        self.assertGreater(result.total["redirect_errors"], 0)

    def test_peer_mtu_shrunk(self):
        run = self.running("-s", 1000)
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "mtu", "500")
        result = self.ends(run, 1, "MTU is 500", f"ip netns exec {self.wire.far_ns} ip link set")
        self.assertGreater(result.total["driver_drops"], 0)

    def test_peer_loses_its_ring(self):
        run = self.running()
        self.wire.far("ethtool", "-K", self.wire.far_if, "gro", "off")
        self.ends(run, 1, f"ip netns exec {self.wire.far_ns} ethtool -K {self.wire.far_if} gro on")

    def test_fault_that_passes(self):
        run = self.running("--rate", "5kpps", "--duration", 1)
        self.wire.far("ethtool", "-K", self.wire.far_if, "gro", "off")
        time.sleep(0.1)
        self.wire.far("ethtool", "-K", self.wire.far_if, "gro", "on")
        self.adds_up(self.ok(run.finish()))

    def test_kill_leaves_nothing(self):
        links, before = self.wire.near_links(), self.wire.near_link()
        run = self.running("-t", 1)
        held = lib.bpf_ids(run.pid)
        self.assertTrue({"link", "prog"} <= {kind for kind, _ in held}, held)
        self.assertEqual(lib.bpf_alive(held), held)
        run.send(signal.SIGKILL)
        self.assertEqual(run.child.wait(lib.PATIENCE), -signal.SIGKILL)
        lib.wait_for(lambda: not lib.bpf_alive(held), "the kernel lets go of the programs", SOON)
        after = self.wire.near_link()
        self.assertNotIn("xdp", after)
        self.assertEqual(self.wire.near_links(), links)
        for volatile in ("stats", "stats64"):
            before.pop(volatile, None), after.pop(volatile, None)
        self.assertEqual(after, before)
        self.adds_up(self.ok(self.wire.udp("-n", 10)))

    def test_nothing_is_left_after_a_run(self):
        before, links = self.wire.near_link(), self.wire.near_links()
        with self.wire.start("udp", self.wire.near_if, "--json") as run:
            self.wire.wait_sending()
            held = lib.bpf_ids(run.pid)
            self.assertNotIn("xdp", self.wire.near_link(), "a veth needs no program of ours")
            run.send(signal.SIGINT)
            self.ok(run.finish())
        lib.wait_for(lambda: not lib.bpf_alive(held), "the kernel lets go of the programs", SOON)
        self.assertEqual((self.wire.near_link(), self.wire.near_links()), (before, links))

    def test_stopped_and_continued(self):
        for args in (("--rate", "8kpps"), ()):
            with self.subTest(args=args):
                count = 8000 if args else 2_000_000
                before = self.wire.far_packets()
                run = self.running("-n", count, *args)
                run.send(signal.SIGSTOP)
                time.sleep(0.3)
                run.send(signal.SIGCONT)
                result = self.adds_up(self.ok(run.finish()))
                self.assertEqual(result.total["accepted"], count)
                self.assertEqual(result.total["accepted"], self.wire.far_packets() - before)

    def test_stopped_for_longer_than_the_patience_with_silence(self):
        run = self.running("--rate", "1kpps", "--duration", "1500ms")
        run.send(signal.SIGSTOP)
        time.sleep(1.2)
        run.send(signal.SIGCONT)
        self.adds_up(self.ok(run.finish()))

    def test_thread_moved_to_another_cpu(self):
        if len(lib.ALL_CPUS) < 2:
            lib.skip("a second CPU")
        for rate in ("8kpps", "max"):
            with self.subTest(rate=rate):
                count = 8000 if rate != "max" else 3_000_000
                before = self.wire.far_packets()
                run = self.running("-n", count, "--rate", rate, "--cpus", lib.ALL_CPUS[0])
                pinned = [int(tid) for tid in os.listdir(f"/proc/{run.pid}/task")
                          if os.sched_getaffinity(int(tid)) == {lib.ALL_CPUS[0]}]
                self.assertTrue(pinned, "no thread is pinned")
                for cpu in (1, 0, 1):
                    for tid in pinned:
                        os.sched_setaffinity(tid, {lib.ALL_CPUS[cpu]})
                    time.sleep(0.03)
                result = self.adds_up(self.ok(run.finish()))
                self.assertEqual(result.total["accepted"], count)
                self.assertEqual(result.total["accepted"], self.wire.far_packets() - before)

    def test_other_program_on_the_interface(self):
        program = lib.compile_bpf(self, "return 2;")
        self.wire.near("ip", "link", "set", "dev", self.wire.near_if, "xdp", "obj", program, "sec", "xdp")
        before = self.wire.near_link()
        self.assertIn("xdp", before)
        with self.wire.start("udp", self.wire.near_if, "--json", "-n", 4000, "--rate", "8kpps") as run:
            self.wire.wait_sending()
            self.assertEqual(self.wire.near_link(), before)
            result = self.adds_up(self.ok(run.finish()))
        self.assertEqual(result.total["accepted"], 4000)
        self.assertGreater(result.total["accepted"], 0)
        self.assertEqual(self.wire.near_link(), before)

    def test_host_still_talks_over_the_interface(self):
        """The kernel can still use the interface: a ping gets through in the middle of a run."""
        with self.wire.start("udp", self.wire.near_if, "--json", "-n", 4000, "--rate", "4kpps") as run:
            self.wire.wait_sending()
            with lib.in_netns(self.wire.near_ns):
                ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with lib.in_netns(self.wire.far_ns):
                theirs = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with ours, theirs:
                for end, address in ((ours, self.wire.near_ip), (theirs, self.wire.far_ip)):
                    end.settimeout(5)
                    end.bind((address, 4242))
                ours.sendto(b"there", (self.wire.far_ip, 4242))
                self.assertEqual(theirs.recv(100), b"there")
                theirs.sendto(b"back", (self.wire.near_ip, 4242))
                self.assertEqual(ours.recv(100), b"back")
            self.ok(run.finish())

    def test_no_bpffs(self):
        script = 'while umount -l /sys/fs/bpf 2>/dev/null; do :; done; ! grep " bpf " /proc/mounts && exec "$@"'
        result = self.wire.udp("-n", 100, inside=("unshare", "-m", "sh", "-c", script, "sh"))
        self.assertEqual(self.adds_up(self.ok(result)).total["accepted"], 100)

    def test_interface_gone_between_look_up_and_start(self):
        self.failed(self.wire.run("udp", "nosuch0", "--json", "-n", 1), 2, "nosuch0")


if __name__ == "__main__":
    lib.main()
