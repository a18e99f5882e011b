# SPDX-License-Identifier: BSD-2-Clause
"""`tcp --server` and `tcp-sink`: bytes sent, acknowledged and read; what goes wrong between two hosts."""
import json
import signal

import lib
import serve_lib
import wire
from test_hosts import Hosts

BYTES = 8_000_000


class TcpHostsTest(lib.TestCase):

    def setUp(self):
        lib.need_tool("ethtool")
        self.hosts = Hosts(self)

    def serve(self, *args, family=0):
        self.address = Hosts.FAR[family]
        listen = self.address if family == 0 else f"[{self.address}]:9950"
        self.server = serve_lib.Server(self, self.hosts.far, ["far0"], listen, *args)

    def client(self):
        client = serve_lib.Client(self.hosts.near, self.address)
        self.addCleanup(client.close)
        return client

    def start(self, *args, command="tcp"):
        return wire.Process(["ip", "netns", "exec", self.hosts.near, lib.BINARY],
                            [command, "--server", self.address, "--token-file", self.server.path, *args])

    def run_tcp(self, *args, status=0):
        with self.start(*args, "--json") as process:
            result = process.finish()
        self.assertEqual((result.status, result.doc["exit_status"]), (status, status), result)
        return result

    def check(self, ledger, size=BYTES, flows=1):
        self.assertEqual((ledger["bytes_acknowledged"], ledger["bytes_read"], ledger["bytes_unread"]), (size, size, 0))
        self.assertEqual((ledger["connections_opened"], ledger["connections_accepted"], ledger["connections_closed"],
                          ledger["connections_reset"], ledger["wrong_data"]), (flows, flows, flows, 0, 0))

    def nothing_runs(self, client):
        lib.wait_for(lambda: client.get("/v1/health")["running"] == 0, "the end of the tests")


class Directions(TcpHostsTest):

    def test_near_to_far(self):
        for family, args in ((0, ("--payload", "pattern", "--flows", 4)), (1, ())):
            with self.subTest(family):
                self.serve(family=family)
                result = self.run_tcp("--bytes", BYTES, *args)
                self.check(*result.doc["end"]["ledger"], flows=4 if args else 1)
                sink = result.doc["end"]["far"]["rx"]
                self.assertEqual(sink["start"]["configuration"]["verify"], "pattern" if args else "zeros")
                self.assertEqual(sum(c["bytes"] for c in sink["end"]["connections"]), BYTES)
                self.server.stop()

    def test_far_to_near(self):
        self.serve()
        result = self.run_tcp("-R", "--bytes", BYTES)
        self.check(*result.doc["end"]["ledger"])
        self.assertEqual(result.doc["end"]["near"]["rx"]["end"]["sum"]["bytes"], BYTES)
        self.assertIsNone(result.doc["end"]["near"]["tx"])

    def test_both_ways(self):
        self.serve()
        result = self.run_tcp("--bidir", "--bytes", BYTES)
        there, back = result.doc["end"]["ledger"]
        self.check(there)
        self.check(back)
        self.assertEqual((there["from"], there["to"]), (back["to"], back["from"]))

    def test_text_and_lines(self):
        self.serve()
        with self.start("--bytes", BYTES) as process:
            result = process.finish()
        self.assertEqual((result.status, result.err), (0, ""), result)
        self.assertIn("ledger of 198.18.1.2 (near0) -> 198.18.2.2", result.out)
        with self.start("--bytes", BYTES, "--json-stream") as process:
            result = process.finish()
        lines = [json.loads(line) for line in result.out.splitlines()]
        for line in result.out.splitlines():
            wire.keep_output("tcp --server --json-stream", line)
        self.check(*lines.pop()["data"]["ledger"])
        self.assertEqual({(line["side"], line["event"]) for line in lines if line["event"] in ("start", "end")},
                         {(side, event) for side in ("near", "far") for event in ("start", "end")})


class Sink(TcpHostsTest):

    def test_alone(self):
        """`tcp-sink` of this host, with a sender of the kernel."""
        with wire.Process(["ip", "netns", "exec", self.hosts.far, lib.BINARY],
                          ["tcp-sink", "far0", "--allow", "198.18.1.0/24", "--connections", 1, "--bytes", 1000,
                           "--json"]) as process:
            def connect():
                return serve_lib.Client(self.hosts.near, Hosts.FAR[0], port=10000).connect()
            lib.wait_for(lambda: ":10000 " in self.hosts.run(self.hosts.far, "ss", "-Hltn"), "the sink")
            with connect() as first:
                first.sendall(bytes(400))
                with connect() as second:  # one too many
                    self.assertRaises(ConnectionError, lambda: second.recv(1) or self.fail("closed in peace"))
                first.sendall(bytes(600))
                result = process.finish()
        self.assertEqual(result.status, 0, result)
        total = result.doc["end"]["sum"]
        self.assertEqual((total["bytes"], total["connections"], total["refused"], result.doc["end"]["reason"]),
                         (1000, 1, 1, "amount"), result)

    def test_wrong_data(self):
        self.serve()
        client = self.client()
        test = client.create({"command": "tcp-sink", "verify": "pattern", "bytes": 5000, "allow": ["198.18.1.2"]})
        client.wait(test, "running")
        with serve_lib.Client(self.hosts.near, self.address, port=10000).connect() as connection:
            connection.sendall(bytes(5000))
            state = client.wait(test, "failed", "done")
        self.assertEqual((state["state"], state["exit_status"]), ("failed", 5), state)
        self.assertIn("1 of 1 connections carried other data", state["error"])
        self.assertIsNotNone(state["result"]["end"]["connections"][0]["wrong_at"])


class Trouble(TcpHostsTest):

    def fails(self, process, words, status=5):
        result = process.finish()
        self.assertEqual(result.status, status, result)
        self.assertIn(words, result.doc["error"])
        self.assertEqual(result.err.count("\n"), 1, result)
        return result

    def test_wrong_token(self):
        self.serve()
        with open(self.server.path, "w", encoding="ascii") as file:
            file.write("another-token")
        with self.start("--json") as process:
            self.fails(process, "token")

    def test_two_clients(self):
        self.serve()
        with self.start("--duration", "30s", "--rate", "10Mbps", "--json") as first:
            client = self.client()
            lib.wait_for(lambda: ":10000" in self.hosts.run(self.hosts.far, "ss", "-Htn", "state", "established"), "data")
            with self.start("--bytes", 1000, "--json") as second:
                self.fails(second, "in use by a test of 198.18.1.2")
            first.send(signal.SIGINT)
            result = first.finish()
            self.assertEqual(result.status, 0, result)
        self.nothing_runs(client)

    def test_server_killed(self):
        self.serve()
        for args in ((), ("-R",)):
            with self.subTest(args), self.start("--duration", "30s", "--rate", "10Mbps", "--json", *args) as process:
                client = self.client()
                lib.wait_for(lambda: any(t["state"] == "running" for t in client.get("/v1/tests")["tests"]), "the test")
                client.close()
                self.server.process.send(signal.SIGKILL)
                self.server.process.finish()
                self.fails(process, "no longer answers")
            self.serve()

    def test_client_killed(self):
        self.serve()
        for args in ((), ("-R",)):
            with self.subTest(args), self.start("--duration", "30s", "--rate", "10Mbps", *args) as process:
                client = self.client()
                lib.wait_for(lambda: client.get("/v1/health")["running"] == 1, "the test")
                process.send(signal.SIGKILL)
                process.finish()
                self.nothing_runs(client)

    def test_control_cut(self):
        """What the two say to each other is lost; the traffic would go on."""
        self.serve()
        with self.start("--duration", "60s", "--rate", "10Mbps", "--json") as process:
            client = self.client()
            lib.wait_for(lambda: client.get("/v1/health")["running"] == 1, "the test")
            self.hosts.drop("tcp", "dport", str(serve_lib.PORT))
            self.fails(process, "no longer answers")
        self.hosts.run(self.hosts.router, "nft", "flush", "ruleset")
        self.nothing_runs(self.client())

    def test_longer_than_the_server_allows(self):
        """As of udp: one with a duration is refused; one without ends when the server's sink does, and says so."""
        self.serve("--max-duration", "2s")
        for args in ((), ("-R",), ("--bidir",)):
            with self.start("--duration", "9s", "--json", *args) as process:
                result = self.fails(process, "at most 2s", 2)
            self.assertEqual(result.doc["end"]["ledger"], [], "nothing was sent")
        with self.start("--rate", "10Mbps", "--json") as process:
            result = self.fails(process, "--max-duration")
        ledger, = result.doc["end"]["ledger"]
        self.assertGreater(ledger["bytes_read"], 0, result)
        self.run_tcp("-R", "--rate", "10Mbps")  # the server's sender keeps to the ceiling by itself

    def test_data_cut(self):
        self.serve()
        self.hosts.drop("tcp", "dport", "10000")
        with self.start("--bytes", 1000, "--timeout", "300ms", "--json") as process:
            result = process.finish()
        self.assertEqual(result.status, 5, result)
        self.assertIn("198.18.2.2", result.doc["error"])
        self.nothing_runs(self.client())

    def test_older_server(self):
        """One that has no TCP sinks."""
        self.serve()  # for its token
        self.server.stop()
        answers = {("GET", "/v1/interfaces"): (200, {"interfaces": []}),
                   ("POST", "/v1/tests"): (400, {"error": "test: command \"tcp-sink\" is not known: expected one of udp, tcp"})}
        with serve_lib.FakeServer(self.hosts.far, self.address, answers):
            with self.start("--duration", "1s", "--json") as process:
                self.fails(process, "tcp-sink", 2)


if __name__ == "__main__":
    lib.main()
