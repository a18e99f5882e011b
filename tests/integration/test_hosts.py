# SPDX-License-Identifier: BSD-2-Clause
"""`udp --server`: two hosts and a router between them; one command, one ledger, one exit status."""
import json
import os
import re
import signal
import subprocess
import time

import lib
import serve_lib
import wire

COLUMNS = ("not_sent", "refused", "lost", "dropped", "received", "duplicated", "late")


class Hosts:
    """near -- router -- far, each a namespace."""

    NEAR, FAR = ("198.18.1.2", "2001:2:0:1::2"), ("198.18.2.2", "2001:2:0:2::2")

    def __init__(self, test):
        tag = f"{os.getpid()}-{time.monotonic_ns() % 100000}"
        self.near, self.router, self.far = (f"xtgh{part}-{tag}" for part in "nrf")
        for name in (self.near, self.router, self.far):
            lib.call("ip", "netns", "add", name)
            test.addCleanup(lib.call, "ip", "netns", "del", name, check=False)
            self.run(name, "ip", "link", "set", "dev", "lo", "up")
        for side, name, host in ((1, "near0", self.near), (2, "far0", self.far)):
            inner = f"r{side}"
            lib.call("ip", "link", "add", name, "netns", host, "type", "veth", "peer", "name", inner, "netns", self.router)
            for where, device, last in ((host, name, 2), (self.router, inner, 1)):
                self.run(where, "ip", "addr", "add", f"198.18.{side}.{last}/24", "dev", device)
                self.run(where, "ip", "addr", "add", f"2001:2:0:{side}::{last}/64", "dev", device, "nodad")
                self.run(where, "ip", "link", "set", "dev", device, "up")
                self.run(where, "ethtool", "-K", device, "gro", "on")
            self.run(host, "ip", "route", "add", "198.18.0.0/15", "via", f"198.18.{side}.1")
            self.run(host, "ip", "-6", "route", "add", "2001:2::/48", "via", f"2001:2:0:{side}::1")
        self.run(self.router, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")

    @staticmethod
    def run(name, *command):
        return lib.call("ip", "netns", "exec", name, *command)

    def drop(self, *rule):
        """In the router, on the way."""
        lib.need_tool("nft")
        self.run(self.router, "nft", "add", "table", "inet", "t")
        self.run(self.router, "nft", "add", "chain", "inet", "t", "f", "{ type filter hook forward priority 0 ; }")
        self.run(self.router, "nft", "add", "rule", "inet", "t", "f", *rule, "drop")


class HostsTest(lib.TestCase):

    def setUp(self):
        lib.need_tool("ethtool")
        self.hosts = Hosts(self)

    def serve(self, *args, family=0, prefix=()):
        address = Hosts.FAR[family]
        self.server = serve_lib.Server(self, self.hosts.far, ["far0"], address if family == 0 else f"[{address}]:9950", *args,
                                       prefix=prefix)
        self.address = address

    def start(self, *args):
        return wire.Process(["ip", "netns", "exec", self.hosts.near, lib.BINARY],
                            ["udp", "--server", self.address, "--token-file", self.server.path, "-s", 128, *args])

    def run_udp(self, *args, status=0):
        with self.start(*args, "--json") as process:
            result = process.finish()
        self.assertEqual(result.status, status, result)
        self.assertEqual(result.doc["exit_status"], status, result)
        for ledger in result.doc["end"]["ledger"]:
            self.assertEqual(sum(ledger[column] for column in COLUMNS), ledger["asked"], result)
        return result

    def columns(self, ledger):
        return {key: ledger[key] for key in (*COLUMNS, "copies") if ledger[key]}

    def wait_traffic(self, client, args):
        """Until the far end has counted some, in each direction."""
        for what in {(): ["received"], ("-R",): ["sent"], ("--round-trip",): ["reflected"]}.get(args, ["received", "sent"]):
            counted = re.compile(f"^xdp_trafficgen_{what}_packets_total.* [1-9]", re.M)
            lib.wait_for(lambda c=counted: c.search(client.get("/metrics")), "traffic")

    def idle(self):
        """Nothing is left at either end."""
        for name, device in ((self.hosts.near, "near0"), (self.hosts.far, "far0")):
            lib.wait_for(lambda n=name, d=device: "xdp" not in self.hosts.run(n, "ip", "-d", "link", "show", "dev", d),
                         f"{device} without programs", 10)


class Directions(HostsTest):

    def test_near_to_far(self):
        for family in (0, 1):
            with self.subTest(family):
                self.serve(family=family)
                result = self.run_udp("-n", 3000, "--rate", "5kpps")
                ledger, = result.doc["end"]["ledger"]
                self.assertEqual(self.columns(ledger), {"received": 3000}, result)
                self.assertEqual(result.doc["end"]["sum"]["lost_percent"], 0)
                self.assertEqual(result.doc["end"]["far"]["rx"]["end"]["sum"]["unique"], 3000)
                self.assertEqual(result.doc["end"]["near"]["tx"]["end"]["sum"]["packets"], 3000)
                self.server.stop()
        self.idle()

    def test_far_to_near(self):
        self.serve()
        result = self.run_udp("-R", "-n", 3000, "--rate", "5kpps")
        ledger, = result.doc["end"]["ledger"]
        self.assertEqual(self.columns(ledger), {"received": 3000}, result)
        self.assertEqual(result.doc["end"]["far"]["tx"]["end"]["sum"]["packets"], 3000)
        self.idle()

    def test_both_ways(self):
        self.serve()
        page = os.path.join(lib.scratch(self), "r.html")
        result = self.run_udp("--bidir", "-n", 2000, "--rate", "4kpps", "--report", page)
        with open(page, encoding="utf-8") as file:
            self.assertIn(f"{result.doc['end']['ledger'][0]['from']} to ", file.read())
        there, back = result.doc["end"]["ledger"]
        self.assertEqual(self.columns(there), {"received": 2000}, result)
        self.assertEqual(self.columns(back), {"received": 2000}, result)
        self.assertEqual((there["from"], there["to"]), (back["to"], back["from"]))
        near, far = (result.doc["end"][end]["tx"]["end"]["first_frame_monotonic_ns"] for end in ("near", "far"))
        self.assertEqual(result.doc["end"]["starts"], {"apart_us": (far - near) / 1e3, "error_us": 0, "source": "same"}, result)

    def test_only_we_can_open_connections(self):
        """Not even a datagram that nobody asked for comes back, but for the stream and the challenge."""
        self.serve()
        self.hosts.drop("iifname", "r2", "tcp", "flags", "syn", "/", "syn,ack")
        self.run_udp("-R", "-n", 500, "--rate", "5kpps")

    def test_loss_is_counted(self):
        self.serve()
        self.hosts.drop("udp", "dport", "1000", "udp", "sport", "1", "meta", "length", "110", "numgen", "inc", "mod", "10", "0")
        result = self.run_udp("-n", 2000, "--rate", "4kpps")
        ledger, = result.doc["end"]["ledger"]
        self.assertEqual(self.columns(ledger), {"received": 1800, "lost": 200}, result)
        self.assertEqual(result.doc["end"]["sum"]["lost_percent"], 10)
        result = self.run_udp("-n", 2000, "--rate", "4kpps", "--expect", "loss<1%", status=3)
        self.assertIn("far end: 1 of 1 conditions missed", result.doc["error"])

    def test_nothing_arrives(self):
        self.serve()
        self.hosts.drop("ip", "daddr", "198.18.2.2", "udp", "dport", "1000")
        result = self.run_udp("-n", 500, "--rate", "5kpps", "--drain", "100ms", status=5)
        self.assertIn("no test frame arrived", result.doc["error"])

    def test_clocks(self):
        """Two namespaces of one kernel: the true offset is 0."""
        self.serve()
        result = self.run_udp("--bidir", "-n", 500, "--rate", "5kpps")
        clocks = result.doc["end"]["clocks"]
        self.assertEqual((clocks["state"], clocks["estimate"], clocks["steady"]), ("same", False, True), result)
        self.assertLessEqual(abs(clocks["offset_us"]), clocks["error_us"], result)
        self.assertGreater(clocks["exchanges"], 16, result)
        for ledger in result.doc["end"]["ledger"]:
            self.assertEqual((ledger["delay_us"]["error"], ledger["delay_us"]["count"]), (0, 500), result)

    def test_clocks_of_another_boot(self):
        """The far end looks like another host, so the offset is estimated; still, the true one is 0."""
        boot = os.path.join(lib.scratch(self), "boot_id")
        with open(boot, "w", encoding="ascii") as file:
            file.write("4147ec64-cf33-43b8-8fd4-822f8fc54604\n")
        self.serve(prefix=("unshare", "-m", "sh", "-c",
                           f'mount --bind {boot} /proc/sys/kernel/random/boot_id && exec "$@"', "sh"))
        result = self.run_udp("--bidir", "-n", 500, "--rate", "5kpps")
        clocks = result.doc["end"]["clocks"]
        self.assertIn(clocks["state"], ("estimated", "in_step"), result)
        self.assertLessEqual(abs(clocks["offset_us"]), clocks["error_us"], result)
        for ledger in result.doc["end"]["ledger"]:
            delay = ledger["delay_us"]
            self.assertEqual(delay["count"], 500, result)
            self.assertGreaterEqual(delay["error"], clocks["error_us"], result)
            self.assertGreaterEqual(delay["min"], -delay["error"], result)
            self.assertEqual(delay["sound"], delay["error"] < delay["mean"], result)
        for end, side in (("near", "rx"), ("far", "rx")):
            stream, = result.doc["end"][end][side]["end"]["streams"]
            self.assertEqual(stream["clock"], "offset", result)

    def test_lines_of_both_ends(self):
        self.serve()
        with self.start("--bidir", "-n", 500, "--rate", "5kpps", "--json-stream") as process:
            result = process.finish()
        self.assertEqual((result.status, result.err), (0, ""), result)
        lines = [json.loads(line) for line in result.out.splitlines()]
        for line in result.out.splitlines():
            wire.keep_output("udp --server --json-stream", line)
        page = subprocess.run([lib.BINARY, "report", "-", "-o", "-"], input=result.out, capture_output=True, text=True,
                              check=True).stdout
        self.assertEqual(page.count("<figcaption>Where the 500 packets of "), 2, page[:2000])
        last = lines.pop()
        self.assertEqual((last["event"], last["exit_status"], len(last["data"]["ledger"])), ("result", 0, 2), last)
        for event in ("start", "end"):
            ends = {(line["side"], line["direction"]) for line in lines if line["event"] == event}
            self.assertEqual(ends, {(side, way) for side in ("near", "far") for way in ("forward", "reverse")}, result.out)

    def test_round_trip(self):
        self.serve()
        # Of the frames on the way there every tenth, of those on the way back every fifth.
        for side, port, every in (("r2", "dport", "10"), ("r1", "sport", "5")):
            self.hosts.drop("oifname", side, "udp", port, "1000", "meta", "length", "110", "numgen", "inc", "mod", every, "0")
        result = self.run_udp("--round-trip", "-n", 1000, "--rate", "5kpps")
        ledger, = result.doc["end"]["ledger"]
        trip = ledger["round_trip"]
        self.assertEqual((trip["lost_forward"], trip["reflected"], trip["lost_back"]), (100, 900, 180), result)
        self.assertEqual(self.columns(ledger), {"received": 720, "lost": 280}, result)
        self.assertEqual(trip["delay_us"]["count"], 720)
        self.assertEqual(result.doc["end"]["far"]["reflector"]["end"]["sum"]["packets"], 900)
        self.idle()

    def test_words(self):
        self.serve()
        with self.start("-n", 500, "--rate", "5kpps") as process:
            result = process.finish()
        self.assertEqual(result.status, 0, result)
        self.assertIn("ledger of 198.18.1.2 (near0) -> 198.18.2.2", result.out)
        self.assertIn("received", result.out)


class Searching(HostsTest):
    """A limit of 2000 packets per second and direction on the way, which a trial may exceed by 100."""

    TRIAL = ("--goal", "loss=0,duration=200ms,sum=200ms,width=20%,initial=200ms", "--min-rate", "1kpps", "--max-rate", "8kpps",
             "--json")

    def start_search(self, *args):
        return wire.Process(["ip", "netns", "exec", self.hosts.near, lib.BINARY],
                            ["search", "--server", self.address, "--token-file", self.server.path, "-s", 128, *self.TRIAL,
                             *args])

    def search(self, *args, status=0):
        with self.start_search(*args) as process:
            result = process.finish()
        self.assertEqual(result.status, status, result)
        for trial in result.doc["intervals"]:
            self.assertEqual(trial["asked"], trial["unsent"] + trial["lost_packets"] + trial["received"], trial)
        return result

    def found(self, *args, most=2000 + 100 / 0.2, limits=("device",)):
        """On a machine that lets the generator send in time."""
        for _ in range(3):
            result = self.search(*args)
            (goal,) = result.doc["end"]["sizes"][0]["goals"]
            if goal["regular"] and goal["limited_by"] == "device":
                break
        self.assertTrue(goal["regular"], result)
        self.assertIn(goal["limited_by"], limits, result)
        self.assertLess(goal["lower"]["pps"], most, result)
        self.assertGreater(goal["upper"]["pps"], 1500, result)
        self.idle()
        return result

    def found_by(self, family, *args):
        self.serve(family=family)
        self.hosts.drop("meta", "l4proto", "udp", "limit", "rate", "over", "2000/second", "burst", "100", "packets")
        result = self.found(*args)
        configuration = result.doc["start"]["configuration"]
        self.assertEqual(configuration["reverse"], bool(args), result)
        self.assertIn(Hosts.FAR[family], configuration["server"])
        (size,) = result.doc["end"]["sizes"]
        self.assertTrue(all(point["delay_us"]["p99"] > 0 for point in size["latency"]), result)

    def test_found(self):
        self.found_by(0)

    def test_found_on_the_way_back(self):
        self.found_by(1, "-R")

    def test_both_ways_share_the_limit(self):
        self.serve()
        self.hosts.drop("meta", "l4proto", "udp", "limit", "rate", "over", "4000/second", "burst", "200", "packets")
        # Two senders are more than a busy host lets send in time.
        result = self.found("--bidir", most=4000, limits=("device", "generator"))
        self.assertEqual({trial["starts"]["source"] for trial in result.doc["intervals"]}, {"same"}, result)

    def test_attached_between_trials(self):
        """A driver would take its link down for each attachment."""
        self.serve()
        with self.start_search() as process:
            def attached():
                return "xdp" in self.hosts.run(self.hosts.far, "ip", "-d", "link", "show", "dev", "far0")

            lib.wait_for(attached, "a first trial")
            for _ in range(20):
                self.assertTrue(attached())
                time.sleep(0.05)
            process.send(signal.SIGINT)
            process.finish()
        self.idle()

    def test_nothing_arrives(self):
        self.serve()
        self.hosts.drop("meta", "l4proto", "udp")
        result = self.search(status=5)
        self.assertIn("no test frame arrived", result.doc["error"])
        self.idle()

    def test_server_killed(self):
        self.serve()
        with self.start_search() as process:
            client = serve_lib.Client(self.hosts.near, self.address)
            lib.wait_for(lambda: client.get("/v1/health")["running"], "a trial")
            self.server.process.send(signal.SIGKILL)
            result = process.finish()
        self.assertEqual(result.status, 5, result)
        self.assertTrue(result.doc["error"], result)
        self.idle()


class Trouble(HostsTest):

    def test_refused(self):
        self.serve()
        result = self.run_udp("-R", "-n", 500, "--rate", "11Gbps", status=2)
        self.assertIn("at most 10Gbps", result.doc["error"])
        result = self.run_udp("-n", 500, "--far-interface", "nosuch0", status=2)
        self.assertIn("far0", result.doc["error"])
        with open(self.server.path, "w", encoding="ascii") as file:
            file.write("another-token")
        result = self.run_udp("-n", 500, status=5)
        self.assertIn("token", result.doc["error"])
        self.server.stop()
        result = self.run_udp("-n", 500, status=5)
        self.assertIn("Connection refused", result.doc["error"])
        self.idle()

    def test_in_use(self):
        self.serve()
        with self.start("--rate", "1kpps", "--duration", "30s", "--json") as first:
            client = serve_lib.Client(self.hosts.near, self.address)
            self.addCleanup(client.close)
            lib.wait_for(lambda: any(t["state"] == "running" for t in client.get("/v1/tests")["tests"]), "the first test")
            result = self.run_udp("-n", 100, "--rate", "1kpps", status=5)
            self.assertIn("in use by a test of 198.18.1.2", result.doc["error"])
            self.assertIn("--wait waits for it", result.doc["error"])
            with self.start("-n", 100, "--rate", "1kpps", "--wait", "--json") as second:
                lib.wait_for(lambda: any(t["state"] == "waiting" for t in client.get("/v1/tests")["tests"]), "the second")
                first.send(signal.SIGTERM)
                self.assertEqual(first.finish().status, 0)
                result = second.finish()
                self.assertEqual(result.status, 0, result)
                self.assertIn("place 1", result.err)

    def test_client_killed(self):
        self.serve()
        for args in ((), ("-R",)):
            with self.subTest(args), self.start("--rate", "1kpps", "--duration", "60s", *args) as process:
                client = serve_lib.Client(self.hosts.near, self.address)
                self.addCleanup(client.close)
                lib.wait_for(lambda: client.get("/v1/health")["running"] == 1, "the test")
                process.send(signal.SIGKILL)
                process.finish()
                lib.wait_for(lambda: client.get("/v1/health")["running"] == 0, "the end of the test")
        self.idle()

    def test_server_killed(self):
        for args in ((), ("-R",)):
            with self.subTest(args):
                self.serve()
                with self.start("--rate", "1kpps", "--duration", "60s", "--interval", "100ms", "--json", *args) as process:
                    client = serve_lib.Client(self.hosts.near, self.address)
                    self.wait_traffic(client, args)
                    client.close()
                    self.server.process.send(signal.SIGKILL)
                    self.server.process.finish()
                    result = process.finish()
                self.assertEqual(result.status, 5, result)
                self.assertIn("no longer answers", result.doc["error"])
        self.idle()

    def test_server_frozen(self):
        """It holds its connections, and its host answers for it."""
        for args in ((), ("-R",), ("--round-trip",)):
            with self.subTest(args):
                self.serve()
                with self.start("--rate", "1kpps", "--duration", "60s", "--interval", "100ms", "--json-stream", *args) as process:
                    client = serve_lib.Client(self.hosts.near, self.address)
                    self.wait_traffic(client, args)
                    client.close()
                    self.server.process.send(signal.SIGSTOP)
                    result = process.finish()
                self.server.process.send(signal.SIGKILL)
                self.server.process.finish()
                self.assertEqual(result.status, 5, result)
                lines = [json.loads(line) for line in result.out.splitlines()]
                self.assertIn("no longer answers", lines[-1]["error"])
                if args:
                    continue
                # 3 s are promised; the near end's clock counts from its own first frame.
                last = {side: max(line["data"]["sum"]["end"] for line in lines
                                  if line["event"] == "interval" and line["side"] == side) for side in ("near", "far")}
                self.assertLess(last["near"] - last["far"], 3.8, result)
        self.idle()

    def test_longer_than_the_server_allows(self):
        """A test with a duration is refused; one without ends when the server's part does, and says so."""
        self.serve("--max-duration", "4s")
        for args in ((), ("--round-trip",)):
            result = self.run_udp("--rate", "200pps", "--duration", "9s", *args, status=2)
            self.assertIn("--duration 9s is above the server's ceiling: at most 4s", result.doc["error"])
            self.assertEqual(result.doc["end"]["ledger"], [], "nothing was sent")
        with self.start("-R", "--rate", "11Gbps", "-n", 100) as process:
            result = process.finish()
        self.assertEqual((result.status, result.out), (2, ""), "nothing ran here")
        for args in ((), ("--round-trip",)):
            result = self.run_udp("--rate", "200pps", "-n", 100_000, *args, status=5)
            self.assertIn("--max-duration", result.doc["error"])
            self.assertEqual(result.doc["end"]["ledger"], [], "what was lost is not known")
        self.idle()

    def test_interrupted(self):
        self.serve()
        for args in ((), ("-R",), ("--bidir",)):
            with self.subTest(args), self.start("--rate", "1kpps", "--duration", "60s", "--interval", "100ms", "--json",
                                                *args) as process:
                client = serve_lib.Client(self.hosts.near, self.address)
                self.addCleanup(client.close)
                self.wait_traffic(client, args)
                process.send(signal.SIGINT)
                result = process.finish()
                self.assertEqual(result.status, 0, result)
                for ledger in result.doc["end"]["ledger"]:
                    self.assertGreater(ledger["received"], 0, result)
                    self.assertEqual(ledger["lost"], 0, result)
            for test in client.get("/v1/tests")["tests"]:
                client.request("DELETE", "/v1/tests/" + test["id"])
        self.idle()

    def fails(self, process, words, status=5):
        """With one line that says why."""
        result = process.finish()
        self.assertEqual(result.status, status, result)
        self.assertIn(words, result.doc["error"])
        self.assertEqual(result.err.count("\n"), 1, result)
        return result

    def test_control_cut(self):
        """What the two ends say to each other is lost; the frames are not."""
        self.serve()
        for args in ((), ("-R",)):
            with self.subTest(args):
                with self.start("--rate", "1kpps", "--duration", "60s", "--interval", "100ms", "--json", *args) as process:
                    client = serve_lib.Client(self.hosts.near, self.address)
                    self.wait_traffic(client, args)
                    client.close()
                    self.hosts.drop("tcp", "dport", str(serve_lib.PORT))
                    self.fails(process, "no longer answers")
                self.hosts.run(self.hosts.router, "nft", "flush", "ruleset")
                client = serve_lib.Client(self.hosts.near, self.address)
                self.addCleanup(client.close)
                lib.wait_for(lambda c=client: c.get("/v1/health")["running"] == 0, "the end of the test")
        self.idle()

    def test_far_interface_down(self):
        """Another one than that by which the server is reached."""
        for command in (("ip", "link", "add", "other0", "type", "veth", "peer", "name", "other1"),
                        ("ip", "addr", "add", "198.18.9.1/24", "dev", "other0")):
            self.hosts.run(self.hosts.far, *command)
        self.address = Hosts.FAR[0]
        self.server = serve_lib.Server(self, self.hosts.far, ["far0", "other0"], self.address)
        with self.start("--far-interface", "other0", "-n", 100, "--json") as process:
            result = self.fails(process, "other0 is down")
        self.assertEqual(result.doc["end"]["near"], {"tx": None, "rx": None}, "nothing was sent")

    def test_older_server(self):
        """One that has no clock to show, one that has no tests, and one that is something else."""
        self.serve()  # for its token
        self.server.stop()
        interfaces = {("GET", "/v1/interfaces"): (200, {"interfaces": [{"name": "far0", "addresses": [self.address]}]})}
        old = {"error": "test: window is not known: expected one of duration, num_packets"}
        for answers, status, words in (({}, 5, "no such thing"),
                                       ({("GET", "/v1/interfaces"): (200, "<html>")}, 5, "no JSON object"),
                                       ({**interfaces, ("POST", "/v1/tests"): (400, old)}, 2, "window is not known"),
                                       ({**interfaces, ("POST", "/v1/tests"): (201, {"state": "running"})}, 5, "names no test")):
            with self.subTest(words), serve_lib.FakeServer(self.hosts.far, self.address, answers) as server:
                with self.start("-n", 100, "--json") as process:
                    self.fails(process, words, status)
                self.assertNotIn(b"clock_offset", b"".join(server.bodies))

    def test_wrong_words(self):
        for args, words in ((("--server", "a:b:c]"), "--server"), (("--server", ""), "--server"),
                            (("--server", "a:0"), "--server"), (("lo", "-R"), "--reverse"), (("lo", "--wait"), "--wait"),
                            (("lo", "--server", "a", "--rx", "lo"), "--rx"),
                            (("--server", "a", "-R", "--bidir"), "--bidir"),
                            (("--server", "a", "--round-trip", "-R"), "--round-trip"),
                            (("--server", "a", "--round-trip", "--bidir"), "--round-trip"),
                            (("--server", "a", "--no-signature"), "--no-signature"),
                            (("--server", "127.0.0.1", "--token-file", "/nosuch"), "/nosuch")):
            self.udp_refuses(args, words)


if __name__ == "__main__":
    lib.main()
