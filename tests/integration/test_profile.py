# SPDX-License-Identifier: BSD-2-Clause
"""A result repeats its run: what each command saves with --json configures the same run when given to --profile."""
import json
import os
import tempfile

import port_test_lib
import lib
import tcp_lib


def without_sessions(value):
    if isinstance(value, dict):
        return {key: without_sessions(inner) for key, inner in value.items() if key not in ("session", "session_hex")}
    return [without_sessions(inner) for inner in value] if isinstance(value, list) else value


class Profile(lib.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.wire = port_test_lib.Wire()
        cls.addClassCleanup(cls.wire.close)

    def saved(self, doc):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "result.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(doc, file)
        return path

    def same(self, first, second):
        """The configurations, without the random session of each run."""
        first, second = (without_sessions(doc["start"]["configuration"]) for doc in (first, second))
        self.assertEqual(first, second)
        self.assertIn("test", first)

    def test_udp(self):
        first = self.ok(self.wire.run("udp", self.wire.near_if, "-a", self.wire.far_ip, "-n", 7, "-s", 128, "--rate",
                                      "1kpps", "--dscp", "EF", "-p", "10-19", "--seed", 5, "--json"))
        again = self.ok(self.wire.run("--profile", self.saved(first.doc), "--json"))
        self.assertEqual(again.total["accepted"], 7)
        self.assertEqual(again.doc["start"]["configuration"]["streams"][0]["tos"], 0xb8)
        self.same(first.doc, again.doc)

    def test_plan(self):
        first = self.ok(self.wire.run("udp", self.wire.near_if, "-a", self.wire.far_ip, "--session", "1a2b3c4d",
                                      "--dry-run", "--json"))
        again = self.ok(self.wire.run("udp", "--profile", self.saved(first.doc), "--json"))
        self.assertEqual(first.doc, again.doc)

    def test_streams(self):
        profile = {"command": "udp", "interface": self.wire.near_if, "dst_addr": self.wire.far_ip, "pkt_size": 100,
                   "streams": [{"name": "voice", "rate": "50pps", "pkt_size": 200, "dscp": "EF"}, {"dst_port": "10-19"},
                               {"rate": "1kpps", "burst": 32}]}
        plan = self.ok(self.wire.run("--profile", self.saved(profile), "--dry-run", "--json")).doc["plan"]
        streams = [(s["frame_size"], s["tos"], s["dst_port"]["count"], s["rate"]["burst"]) for s in plan["streams"]]
        self.assertEqual(streams, [(200, 0xb8, 1, 1), (100, 0, 10, 1), (100, 0, 1, 32)])
        again = self.ok(self.wire.run("--profile", self.saved({"plan": plan}), "--json"))
        self.assertEqual(again.doc["plan"]["test"], plan["test"])

    def test_ports(self):
        first = self.wire.exchange("-n", 50, "--rate", "1kpps", "--expect", "loss=0%", "--drain", "3s")
        self.ok(first)
        again = self.ok(self.wire.run("--profile", self.saved(first.doc), "--json"))
        self.same(first.doc, again.doc)

    def test_rx(self):
        first = self.wire.run("rx", self.wire.far_if, "--json", "--duration", "300ms", "--match", "udp dst port 9",
                              "--window", 1024)
        again = self.wire.run("rx", "--json", "--profile", self.saved(first.doc))
        self.assertEqual(first.status, again.status)
        self.same(first.doc, again.doc)

    def test_reflect(self):
        first = self.wire.run("reflect", self.wire.far_if, "--json", "--fix", "--duration", "300ms", "--allow",
                              "198.18.0.0/15", "--max-rate", "1Mpps")
        again = self.wire.run("--profile", self.saved(first.doc), "--json")
        self.assertEqual(first.status, again.status)
        self.same(first.doc, again.doc)

    def test_demo(self):
        first = self.ok(self.wire.run("demo", "--duration", "300ms", "-s", 128, "--rate", "1kpps", "--json"))
        again = self.ok(self.wire.run("--profile", self.saved(first.doc), "--json"))
        self.same(first.doc, again.doc)

    def test_options_override(self):
        first = self.ok(self.wire.run("udp", self.wire.near_if, "-a", self.wire.far_ip, "-n", 7, "--json"))
        again = self.ok(self.wire.run("--profile", self.saved(first.doc), "-n", 3, "--json"))
        self.assertEqual(again.total["accepted"], 3)


class TcpProfile(tcp_lib.WireTest):

    def test_tcp(self):
        with tcp_lib.Sink(self.wire):
            first = self.tcp("--bytes", "100k", "--flows", 2, "--congestion", "cubic", "--tos", 8)
            self.done(first)
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "result.json")
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(first.doc, file)
                again = self.wire.run("--profile", path, "--json")
            self.done(again)
        self.assertEqual(first.doc["start"]["configuration"], again.doc["start"]["configuration"])


if __name__ == "__main__":
    lib.main()
