# SPDX-License-Identifier: BSD-2-Clause
"""`demo` runs on namespaces that it makes and removes; `probe` finds what keeps frames from leaving."""
import os
import re
import shutil
import signal
import subprocess
import time

import lib


def namespaces():
    return set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set()


class Demo(lib.TestCase):
    """Names begin with the demo's process id, so that concurrent tests do not interfere."""

    def demo(self, *args, **popen):
        run = lib.Process([lib.BINARY, "demo"], args, **popen)
        self.addCleanup(run.__exit__)
        return run

    def ours(self, run):
        return {name for name in namespaces() if name.startswith(f"xtg-{run.pid:x}-")}

    def gone(self, run):
        self.assertEqual(self.ours(run), set(), "namespaces are left behind")

    def test_show(self):
        run = self.demo("--duration", "500ms", "--json")
        lib.wait_for(lambda: len(self.ours(run)) == 2 or not run.running(), "two namespaces")
        result = self.adds_up(self.ok(run.finish()))
        self.assertGreater(result.total["accepted"], 1000)
        self.assertEqual(result.doc["end"]["reason"], "duration")
        self.gone(run)

    def test_show_as_text(self):
        run = self.demo("--duration", "300ms", "--rate", "10kpps", "--far", "stack")
        result = run.finish()
        self.assertEqual((result.status, result.err), (0, ""), result)
        self.gone(run)

    def test_an_error_stands_alone(self):
        result = self.demo("--cpus", 5000).finish()
        self.assertEqual((result.status, result.out.count("far end")), (2, 0), result)
        self.assertIn("CPU 5000", result.err)

    def test_show_options(self):
        run = self.demo("--duration", "300ms", "--json", "-s", 128, "--rate", "20kpps", "--burst", 4, "--cpus",
                        lib.ALL_CPUS[-1], "--queues", 3, "--mtu", 600)
        result = self.adds_up(self.ok(run.finish()))
        plan = result.doc["start"]["configuration"]
        self.assertEqual((plan["cpus"], result.stream["frame_size"], plan["interface"]["mtu"],
                          plan["interface"]["tx_queues"]), ([lib.ALL_CPUS[-1]], 128, 600, 3))
        self.assertEqual(result.stream["rate"]["burst"], 4)
        self.gone(run)

    def test_show_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            run = self.demo("--json")
            lib.wait_for(lambda: len(self.ours(run)) == 2, "two namespaces")
            time.sleep(0.7)
            run.send(number)
            result = run.finish(5)
            self.assertEqual(result.status, 0, result)
            self.assertEqual(result.doc["end"]["reason"], "interrupted")
            self.gone(run)

    def test_interrupted_at_any_time(self):
        for wait in (0.0, 0.01, 0.03, 0.1, 0.2):
            run = self.demo("--duration", "10s", "--json")
            time.sleep(wait)
            run.send(signal.SIGINT)
            result = run.finish(8)
            self.assertIn(result.status, (0, 1, 130, -signal.SIGINT), result)
            self.gone(run)

    def test_show_without_gro(self):
        run = self.demo("--json", "--no-gro", "--far", "stack")
        result = self.failed(run.finish(), 4, "ethtool -K xtg1 gro on")
        name = re.search(r"ip netns exec (\S+)", result.doc["error"]).group(1)
        self.assertTrue(name.startswith(f"xtg-{run.pid:x}-"), name)
        self.assertNotIn("--fix", result.doc["error"])
        self.gone(run)

    def test_show_other_paths(self):
        run = self.demo("--json", "--via", "tc", "-s", 9000, "--rate", "1kpps", "--duration", "300ms")
        result = self.ok(run.finish())
        self.assertEqual(result.doc["start"]["configuration"]["interface"]["mtu"], 8982)
        self.failed(self.demo("--json", "--via", "tc", "-s", 9000, "--mtu", 1500).finish(), 4, "1500")
        run = self.demo("--via", "receive", "--rate", "1kpps", "--duration", "300ms")
        result = run.finish()
        self.assertEqual((result.status, result.out.count("far end")), (0, 0), result)
        self.assertIn("stack drops", result.out)
        self.assertIn("NO_SOCKET", result.out)

    def test_command_has_its_environment(self):
        run = self.demo("--", "sh", "-c", "env | grep ^XTG_; ip -br link show dev $XTG_NEAR_IF &&"
                        "ip netns exec $XTG_FAR_NS ip -br link show dev $XTG_FAR_IF")
        result = run.finish()
        self.assertEqual(result.status, 0, result)
        for name in ("NEAR_NS", "FAR_NS", "NEAR_IF", "FAR_IF", "NEAR_MAC", "FAR_MAC", "NEAR_IP", "FAR_IP",
                     "NEAR_IP6", "FAR_IP6"):
            self.assertRegex(result.out, rf"(?m)^XTG_{name}=\S+$")
        self.gone(run)

    def test_command_status(self):
        for command, status in ((("true",), 0), (("false",), 1), (("sh", "-c", "exit 42"), 42),
                                (("/nosuch/program",), 127), (("sh", "-c", "kill -9 $$"), 128 + 9)):
            with self.subTest(command=command):
                run = self.demo("--", *command)
                self.assertEqual(run.finish().status, status)
                self.gone(run)

    def test_command_interrupted(self):
        for to_group in (False, True):
            with self.subTest(to_group=to_group):
                run = self.demo("--", "sleep", "100", start_new_session=True)
                lib.wait_for(lambda: len(self.ours(run)) == 2, "two namespaces")
                time.sleep(0.5)
                if to_group:
                    os.killpg(run.pid, signal.SIGINT)
                else:
                    run.send(signal.SIGINT)
                self.assertNotEqual(run.finish(5).status, 0)
                self.gone(run)

    def test_wires_side_by_side(self):
        with lib.Wire() as one, lib.Wire() as two:
            self.assertEqual(len({one.near_ns, one.far_ns, two.near_ns, two.far_ns}), 4)
            for wire in (one, two):
                self.assertEqual(len(self.sent(wire, 50)[0]), 50)

    def test_far_ends(self):
        for far, program in (("drop", True), ("stack", False)):
            with self.subTest(far=far), lib.Wire(far=far) as wire:
                link = lib.parse_json(wire.far("ip", "-j", "link", "show", "dev", wire.far_if))[0]
                self.assertEqual("xdp" in link, program)
                self.assertTrue(wire.far_gro())

    def test_needs_root(self):
        lib.need_tool("setpriv")
        folder = lib.scratch(self)
        binary = shutil.copy(lib.BINARY, folder)
        run = lib.Process(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", binary, "demo"],
                          ("--", "true"))
        with run:
            result = run.finish()
        self.assertEqual(result.status, 4, result)
        self.assertEqual(len(result.err.splitlines()), 1)
        self.gone(run)


class Probe(lib.TestCase):

    def probe(self, wire, *args):
        result = wire.run("probe", "--json", *args)
        self.checks = {check["id"]: check for check in result.doc["checks"]}
        return result

    def test_good_wire(self):
        with lib.Wire("--queues", 3, "--mtu", 1400) as wire:
            for args in (("-i", wire.near_if), (wire.near_if,)):
                result = self.probe(wire, *args)
                self.assertEqual(result.status, 0, result)
                self.assertTrue(result.doc["usable"])
                self.assertLessEqual({check["verdict"] for check in self.checks.values()}, {"passed", "info"})
                for name in ("kernel", "capabilities", "live-frames", "tracepoints", "xdp-transmit"):
                    self.assertEqual(self.checks[name]["verdict"], "passed", name)
                self.assertIn(os.uname().release, self.checks["kernel"]["value"])
                self.assertEqual(self.checks["driver"]["value"], "veth")
                self.assertIn("1400", self.checks["mtu"]["value"])
                self.assertIn("3", self.checks["queues"]["value"])
                self.assertIn(wire.far_if, self.checks["peer"]["value"])
            self.assertEqual(self.probe(wire).status, 0)
            self.assertNotIn("xdp-transmit", self.checks)

    def test_repairs(self):
        with lib.Wire() as wire:
            far_link = ("ip", "link", "set", "dev", wire.far_if)
            near_link = ("ip", "link", "set", "dev", wire.near_if)
            for break_it, expect, mend_it in (
                    ((*far_link, "down"), f"ip netns exec {wire.far_ns} ip link set dev {wire.far_if} up", None),
                    ((*near_link, "down"), f"ip link set dev {wire.near_if} up", wire.near)):
                with self.subTest(broken=break_it):
                    (wire.near if mend_it else wire.far)(*break_it)
                    result = self.probe(wire, "-i", wire.near_if)
                    self.assertEqual(result.status, 4, result)
                    self.assertFalse(result.doc["usable"])
                    check = self.checks["xdp-transmit"]
                    self.assertEqual((check["verdict"], check["repair"]), ("fixable", expect))
                    (mend_it or lib.call)(*check["repair"].split())
                    self.assertEqual(self.probe(wire, "-i", wire.near_if).status, 0)

    def test_without_xdp_transmit_tc_sends(self):
        """Where probe says that an interface can send, udp sends, and by the path that probe names."""
        with lib.Wire("--no-gro", far="stack") as wire:
            wire.near("ip", "link", "set", "dev", "lo", "up")
            wire.near("ip", "link", "add", "link", wire.near_if, "name", "mv0", "type", "macvlan")
            wire.near("ip", "link", "set", "dev", "mv0", "up")
            for name, verdict in (("lo", "info"), ("mv0", "info"), (wire.near_if, "fixable")):
                with self.subTest(interface=name):
                    result = self.probe(wire, "-i", name)
                    self.assertEqual(result.status, 0, result)
                    self.assertTrue(result.doc["usable"])
                    self.assertEqual(self.checks["xdp-transmit"]["verdict"], verdict)
                    self.assertTrue(self.checks["transmit-paths"]["value"].startswith("tc is what auto takes: "), self.checks)
                    if name == "lo":
                        continue  # no Ethernet framing: test_via sends there
                    sent = wire.run("udp", name, "-m", wire.far_mac, "-A", "198.18.0.9", "-n", 10, "--json")
                    self.assertEqual((sent.status, sent.doc["start"]["configuration"]["via"]), (0, "tc"), sent)

    def test_no_such_interface(self):
        with lib.Wire() as wire:
            result = self.probe(wire, "-i", "nosuch0")
            self.assertEqual((result.status, len(result.err.splitlines())), (2, 1), result)
            self.assertIn("nosuch0", result.err)
            self.assertIn("nosuch0", self.checks["interface"]["value"])

    def test_another_program_is_reported(self):
        program = lib.compile_bpf(self, "return 2;")
        with lib.Wire() as wire:
            wire.near("ip", "link", "set", "dev", wire.near_if, "xdp", "obj", program, "sec", "xdp")
            link = wire.near_link()
            self.assertEqual(self.probe(wire, "-i", wire.near_if).status, 0)
            self.assertIn(str(link["xdp"]["prog"]["id"]), self.checks["programs"]["value"])
            self.assertEqual(wire.near_link(), link)

    def test_changes_nothing(self):
        with lib.Wire("--no-gro") as wire:
            before = wire.near_link(), wire.near_links(), wire.far_packets(), wire.far_gro()
            self.assertEqual(self.probe(wire, "-i", wire.near_if).status, 0)
            self.assertEqual((wire.near_link(), wire.near_links(), wire.far_packets(), wire.far_gro()), before)


class Startup(lib.WireTest):

    def test_help_and_version(self):
        for args in ((), ("udp",), ("probe",), ("demo",), ("completion",)):
            for option in ("--help", "--version"):
                result = lib.program(*args, option)
                self.assertEqual((result.status, result.err), (0, ""), result)
                self.assertTrue(result.out.strip())

    def test_a_closed_pipe_ends_it(self):
        with self.wire.start("udp", self.wire.near_if, "--json-stream", "-I", "100ms") as run:
            run.child.stdout.readline()
            run.child.stdout.close()
            time.sleep(0.5)
            if run.running():
                run.send(signal.SIGINT)
            self.assertEqual(run.child.wait(5), 1)

    def test_stdin_does_not_matter(self):
        done = subprocess.run(["ip", "netns", "exec", self.wire.near_ns, lib.BINARY, "udp",
                               self.wire.near_if, "-n", "1", "--quiet"], stdin=None, capture_output=True,
                              timeout=lib.PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, b""))


if __name__ == "__main__":
    lib.main()
