# SPDX-License-Identifier: BSD-2-Clause
"""Output formats: JSON document and stream, dry run, capture file. lib checks the schema."""
import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess

import lib
import rx_lib


class Prometheus(lib.WireTest):
    """--prometheus: figures of a run while it runs."""
    port = 9101

    def figures(self, netns, address="127.0.0.1", port=None):
        """By name and labels, once somebody listens there."""
        def ask():
            try:
                with lib.in_netns(netns) if netns else contextlib.nullcontext():
                    self.connection = socket.create_connection((address, port or self.port), timeout=lib.PATIENCE)
                return True
            except ConnectionRefusedError:
                return False
        lib.wait_for(ask, "somebody listens")
        client = http.client.HTTPConnection(address)
        client.sock = self.connection
        with contextlib.closing(client):
            client.request("GET", "/metrics")
            answer = client.getresponse()
            text = answer.read().decode()
        self.assertEqual((answer.status, answer.getheader("Content-Type")), (200, "text/plain; version=0.0.4"))
        if shutil.which("promtool"):
            subprocess.run(["promtool", "check", "metrics"], input=text, text=True, check=True)
        return dict(re.findall(r"^xdp_trafficgen_(\S+) (\S+)$", text, re.M))

    def at_least(self, count, key, *where, **options):
        lib.wait_for(lambda: int(self.figures(*where, **options).get(key, 0)) >= count, f"{key} of {count}")

    def test_udp_and_rx(self):
        self.wire.near("ip", "link", "set", "lo", "up")
        with rx_lib.Receiver(self.wire, "--prometheus", f"{self.wire.far_ip}:{self.port}", "-I", "100ms") as rx:
            with self.wire.start("udp", self.wire.near_if, "-m", self.wire.far_mac, "-s", 128, "--rate", "2kpps", "-I", "100ms",
                                 "--prometheus", self.port) as udp:
                labels = f'{{command="udp",interface="{self.wire.near_if}"}}'
                self.at_least(100, "sent_packets_total" + labels, self.wire.near_ns)
                self.assertEqual(self.figures(self.wire.near_ns)["test_running" + labels], "1")
                labels = f'{{command="rx",interface="{self.wire.far_if}"}}'
                self.at_least(100, "received_packets_total" + labels, self.wire.near_ns, self.wire.far_ip)
                self.at_least(100, "delay_seconds_count" + labels, self.wire.near_ns, self.wire.far_ip)
                for process in (udp, rx):
                    process.send(signal.SIGINT)
                    self.assertEqual(process.finish().status, 0)

    def test_tcp_sink(self):
        self.wire.near("ip", "link", "set", "lo", "up")
        with self.wire.start("tcp-sink", self.wire.near_if, "-I", "100ms", "--prometheus", self.wire.near_ip + ":9102") as sink:
            labels = f'{{command="tcp-sink",interface="{self.wire.near_if}"}}'
            lib.wait_for(lambda: self.figures(self.wire.near_ns, self.wire.near_ip, 9102).get("test_running" + labels) == "1",
                         "the sink's figures")
            sink.send(signal.SIGINT)
            self.assertEqual(sink.finish().status, 5, "nobody connected")

    def test_in_use(self):
        with lib.in_netns(self.wire.far_ns):
            other = socket.create_server((self.wire.far_ip, self.port))
        with other:
            with lib.Process(["ip", "netns", "exec", self.wire.far_ns, lib.BINARY],
                             ["rx", self.wire.far_if, "--prometheus", f"{self.wire.far_ip}:{self.port}", "--json"]) as rx:
                self.failed(rx.finish(), 1, "--prometheus", "in use")

    def test_demo_listens_outside(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with lib.Process([lib.BINARY], ["demo", "--prometheus", port, "--duration", "30s", "--rate", "1kpps", "-I", "100ms"]) as demo:
            lib.wait_for(lambda: any(key.startswith("sent_packets") for key in self.figures(None, port=port)), "frames")
            demo.send(signal.SIGINT)
            self.assertEqual(demo.finish().status, 0)


class Json(lib.WireTest):

    def stream(self, *args, **options):
        return self.wire.run("udp", self.wire.near_if, "--json-stream", *args, **options)

    def kinds(self, result):
        return [event["event"] for event in result.events]

    def test_stream(self):
        before = self.wire.far_packets()
        result = self.stream("--rate", "5kpps", "--duration", 1, "-I", "200ms")
        self.assertEqual(result.status, 0, result)
        kinds = self.kinds(result)
        self.assertEqual(kinds, ["start", *(len(kinds) - 2) * ["interval"], "end"])
        self.assertGreaterEqual(len(kinds), 5)
        end = result.events[-1]["data"]
        self.assertEqual(end["sum"]["accepted"], self.wire.far_packets() - before)
        self.assertEqual(end["reason"], "duration")

    def test_stream_comes_as_it_happens(self):
        with self.wire.start("udp", self.wire.near_if, "--json-stream", "-I", "100ms", "--rate", "1kpps") as run:
            first = [lib.parse_json(run.child.stdout.readline()) for _ in range(3)]
            self.assertTrue(run.running())
            run.send(signal.SIGINT)
            rest = run.finish(3)
        self.assertEqual([event["event"] for event in first], ["start", "interval", "interval"])
        self.assertEqual(rest.status, 0)
        self.assertEqual(rest.events[-1]["event"], "end")
        self.assertEqual(rest.events[-1]["data"]["reason"], "interrupted")

    def test_stream_of_a_failure(self):
        result = self.stream("-n", 1, "-s", 2000)
        self.assertEqual(result.status, 4)
        self.assertEqual(self.kinds(result), ["error"])
        self.assertEqual(result.events[0]["exit_status"], 4)

    def test_stream_of_a_usage_error(self):
        result = self.stream("--rate", "5")
        self.assertEqual((result.status, self.kinds(result)), (2, ["error"]))
        self.assertIn("--rate", result.events[0]["data"])

    def test_stream_of_a_late_failure(self):
        with lib.Wire() as wire, wire.start("udp", wire.near_if, "--json-stream") as run:
            wire.wait_sending()
            wire.near("ip", "link", "del", "dev", wire.near_if)
            result = run.finish(5)
        self.assertEqual(result.status, 1, result)
        kinds = self.kinds(result)
        self.assertEqual((kinds[0], sorted(kinds[-2:])), ("start", ["end", "error"]))

    def test_configuration_is_the_effective_one(self):
        result = self.ok(self.wire.udp(
            "-n", "2k", "-s", 300, "-p", "7-9", "-a", self.wire.far_ip, "-P", 4, "--tos", 8, "-l", 9, "--seed", 3,
            "--vary", "product", "--payload", "text", "--rate", "100kpps", "--burst", 2, "--stamp", "each"))
        stream, plan = result.stream, result.doc["start"]["configuration"]
        self.assertEqual(stream["dst_port"], {"range": "7-9", "count": 3})
        self.assertEqual(stream["src_port"], {"range": "4", "count": 1})
        self.assertEqual(stream["dst_mac"], {"range": self.wire.far_mac, "count": 1})
        self.assertEqual(stream["src_addr"], {"range": self.wire.near_ip, "count": 1})
        expect = {"tos": 8, "hop_limit": 9, "seed": 3, "vary": "product", "payload": "text", "stamp": "each",
                  "frame_size": 300, "num_packets": 2000}
        self.assertEqual({key: stream[key] for key in expect}, expect)
        self.assertEqual(stream["rate"]["burst"], 2)
        self.assertEqual((plan["threads"], plan["interface"]["name"]), (1, self.wire.near_if))
        self.assertEqual(plan["interface"]["mac"], self.wire.near_mac)
        self.assertIn("udp", result.doc["start"]["command"])
        self.assertEqual(result.doc["start"]["kernel"], os.uname().release)

    def test_host_facts(self):
        """As ethtool and the kernel name them, at the time of the run."""
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            models = re.findall(r"^(?:model name|cpu model|cpu)\t+: (.*)$", file.read(), re.M)
        for gro in ("on", "off"):
            self.wire.near("ethtool", "-K", self.wire.near_if, "gro", gro)
            host = self.ok(self.wire.udp("-n", 10)).doc["start"]["host"]
            (interface,) = host["interfaces"]
            self.assertEqual("rx-gro" in interface["offloads"], gro == "on", interface)
        self.assertIn("tx-scatter-gather", interface["offloads"])
        self.assertEqual([interface[key] for key in ("name", "driver", "mtu", "tx_queues_used", "rx_queues_used")],
                         [self.wire.near_if, "veth", 1500, 2, 2])
        self.assertEqual((host["kernel"], host["cpus"], host["cpu_model"]),
                         (os.uname().release, os.sysconf("SC_NPROCESSORS_ONLN"), models[0] if models else None))

    def test_quiet(self):
        result = self.wire.run("udp", self.wire.near_if, "-n", 10, "--quiet")
        self.assertEqual((result.status, result.out, result.err), (0, "", ""))

    def test_text_has_the_same_figures(self):
        # Of the text, only the one figure that a pipe might want: accepted frames, in full.
        result = self.wire.run("udp", self.wire.near_if, "-n", 1234, "--rate", "10kpps")
        self.assertEqual((result.status, result.err), (0, ""))
        self.assertTrue(re.search(r"\b1[,']?234\b", result.out), result.out)
        self.assertNotIn("\r", result.out)
        self.assertNotIn("\x1b", result.out)

    def test_a_result_that_cannot_be_written_is_no_success(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(["ip", "netns", "exec", self.wire.near_ns, lib.BINARY, "udp",
                                   self.wire.near_if, "-n", "10", "--json"], stdout=full,
                                  stderr=subprocess.DEVNULL, timeout=lib.PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)


class DryRun(lib.WireTest):

    def test_sends_and_leaves_nothing(self):
        before, links = self.wire.far_packets(), self.wire.near_links()
        result = self.ok(self.wire.udp("--dry-run", "-n", 5))
        self.assertEqual([frame["seq"] for frame in result.doc["frames"]], list(range(5)))
        self.assertEqual((self.wire.far_packets(), self.wire.near_links()), (before, links))

    def test_shows_valid_frames(self):
        for args, size in (((), 64), (("-a", self.wire.far_ip6), 82), (("-s", 1001, "--payload", "random"), 1001),
                           (("-s", 3412, "--payload", "text", "-a", self.wire.far_ip6), 3412)):
            result = self.ok(self.wire.udp("--dry-run", "--show-frames", 20, "-p", "1-3", *args))
            frames = self.sound([bytes.fromhex(frame["hex"]) for frame in result.doc["frames"]], 20, size)
            self.assertEqual([frame.dst_port for frame in frames], [1 + k % 3 for k in range(20)])
            for k, frame in enumerate(frames):
                if frame.signature():
                    self.assertEqual(frame.signature()["seq"], k)

    def pcap(self, *args):
        path = os.path.join(lib.scratch(self), "frames.pcap")
        return path, self.ok(self.wire.udp("--write-pcap", path, *args))

    def test_capture_file(self):
        path, result = self.pcap("--dry-run", "--show-frames", 50, "-s", 200, "--payload", "random", "-P", "1-50")
        data = lib.frames_of_pcap(path)
        frames = self.sound(data, 50, 200)
        self.assertEqual([frame.src_port for frame in frames], list(range(1, 51)))
        self.assertEqual(len(result.doc["frames"]), 50)

    def test_capture_file_of_a_run(self):
        path, result = self.pcap("-n", 30, "-s", 200, "-P", "1-50", "--no-signature")
        self.assertEqual(result.total["attempts"], 30)
        self.sound(lib.frames_of_pcap(path), 10, 200)

    def test_capture_on_the_standard_output(self):
        path = os.path.join(lib.scratch(self), "frames.pcap")
        rx = ("rx", self.wire.near_if, "--duration", "300ms")
        for args, count in ((("udp", self.wire.near_if, "--dry-run", "--show-frames", "5"), 5),
                            (("udp", self.wire.near_if, "-n", "5", "--json"), 5), (rx, 0)):
            with self.subTest(args=args), open(path, "wb") as out:
                done = subprocess.run(["ip", "netns", "exec", self.wire.near_ns, lib.BINARY, *args, "--write-pcap", "-"],
                                      stdout=out, stderr=subprocess.PIPE, timeout=lib.PATIENCE, check=False)
                self.assertEqual(done.returncode, 5 if args == rx else 0, done)
                self.assertEqual(len(lib.frames_of_pcap(path)), count)
                self.assertTrue(done.stderr)

    def test_quiet(self):
        for args in (("udp", self.wire.near_if), ("tcp", self.wire.far_ip),
                     ("udp", self.wire.near_if, "--rx", self.wire.near_if)):
            result = self.wire.run(*args, "--dry-run", "--quiet")
            self.assertEqual((result.status, result.out, result.err), (0, "", ""), result)

    def test_tcpdump_reads_it(self):
        tcpdump = lib.need_tool("tcpdump")
        for args in (("-s", 65), ("-s", 129, "-a", self.wire.far_ip6), ("-s", 1518, "--payload", "random")):
            with self.subTest(args=args):
                path, _ = self.pcap("--dry-run", "--show-frames", 20, "-P", "2000-2019", "-p", 9, *args)
                text = lib.call(tcpdump, "-nn", "-vv", "-r", path)
                self.assertEqual(text.count("[udp sum ok]"), 20, text)
                self.assertNotIn("bad", text)


if __name__ == "__main__":
    lib.main()
