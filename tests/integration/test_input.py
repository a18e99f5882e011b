# SPDX-License-Identifier: BSD-2-Clause
"""Bad input of every option: one line naming the option and the value, exit status 2, nothing sent."""
import re

import lib

WRONG = {
    "--interface": ("", "a/b", "-4", "no such", "nosuch0", "two@if3"),
    "--dst-mac": ("", "1:2:3", "02:00:00:00:00:0g", "02:00:00:00:00:01-", "02:00:00:00:00:00:00",
                  "02:00:00:00:00:02-02:00:00:00:00:01"),
    "--src-mac": ("", "xx", "02:00:00:00:00:02-02:00:00:00:00:01"),
    "--dst-addr": ("", "198.18.0", "198.18.0.256", "198.18.0.2-198.18.0.1", "198.18.0.0/33", "2001:2::/129",
                   "198.18.0.1-2001:2::1", "2001:2::1-2001:3::1", "2001:2::/60", "::g", "198.18.0.1/", "/24",
                   "example.org"),
    "--src-addr": ("", "1.2.3.4.5", "198.18.0.2-198.18.0.1", "198.18.0.0/-1"),
    "--dst-port": ("", "65536", "-1", "10-", "10-9", "1-65536", "http", "1.5", "0x10", "1,", "1-9/0", "1-9/x"),
    "--src-port": ("", "65536", "9-8", "a"),
    "--dyn-ports": ("", "65536", "-1", "ten", "1.5"),
    "--hop-limit": ("", "0", "256", "-1", "x"),
    "--tos": ("", "256", "0x100", "-1", "0xzz", "AF41"),
    "--dscp": ("", "64", "-1", "AF44", "AF5", "CS8", "0x10"),
    "--profile": ("/no/such/file", "/", "/dev/null"),
    "--pkt-size": ("", "63", "9221", "-64", "64k", "1e3", "90000", "99999999999999999999",
                   "64:0", "64:7,", "64:4096,128:1", "1518-64", "64-1518/0", "64-", "imax", "random", "64:random:7"),
    "--vlan": ("", "4095", "100:8", "100:", "199-100", "100-199/0", "-1", "x", "1,,2"),
    "--tpid": ("", "0x5ff", "0x10000", "vlan", "0x8100,"),
    "--flows": ("", "0", "-1", "x", "4294967296"),
    "--flow-packets": ("", "0", "-1", "x", "4294967296"),
    "--payload": ("", "ones", "ZEROS ", "random,text"),
    "--vary": ("", "sometimes"),
    "--seed": ("", "-1", "18446744073709551616", "x", "1.5"),
    "--stamp": ("", "never"),
    "--session": ("", "1a2b3c4", "123456789", "x"),
    "--key": ("", "/no/such/file", "/dev/null", "/"),
    "--clock": ("", "utc"),
    "--announce-gap": ("", "0", "-1s", "x"),
    "--rx": ("", "a/b", "-4", "no such"),
    "--server": ("", "a:b:c", "[::1", "a:0", "a:65536", "a b"),
    "--far-interface": ("", "a/b", "no such"),
    "--token-file": ("",),
    "--drain": ("", "x", "-1"),
    "--window": ("", "0", "1000", "2097152"),
    "--expect": ("", "rx", "p98<1us", "rx@=1", "rx=2/1"),
    "--num-packets": ("", "-1", "1.5", "ten", "18446744073709551616", "99999999T", "1 000"),
    "--duration": ("", "0", "-1", "0s", "1d", "s", "1 s", "1e400", "10000000000h"),
    "--rate": ("", "1000", "10G", "-1pps", "1.2.3Mpps", "pps", "0pps", "nanpps", "infbps", "1e400bps", "10 Gbps",
               "2Gpps"),
    "--pace": ("", "lazy"),
    "--via": ("", "ndo", "XDP"),
    "--queues": ("", "0", "-1", "x", "3,", "2-1", "0,0", "1000-1000"),
    "--threads": ("", "0", "65", "-1", "1.5", "two"),
    "--cpus": ("", "0,", "0-", "1-0", "0,0", "x", "-1", "100000", "8000"),
    "--interval": ("", "0", "99ms", "-1", "x"),
    "--show-frames": ("", "-1", "1000001", "x"),
    "--write-pcap": ("", "/"),
    "--prometheus": ("", "0", "65536", "x", "198.18.0.1", ":9101", "1.2.3.4:", "-1"),
    "--report": ("", "/", "/dev/null", "/no/such/folder/r.html"),
}
# An option that is valid by itself, but not with or without another one.
WRONG_TOGETHER = (
    (("--rate-layer", "l4"), ("--rate-layer", "l4")),
    (("--rate", "1kpps", "--rate-layer", "l2"), ("--rate-layer", "l2")),
    (("--burst", "8"), ("--burst", "8")),
    (("--rate", "1kpps", "--burst", "0"), ("--burst", "0")),
    (("--rate", "1kpps", "--burst", "257"), ("--burst", "257")),
    (("--json-stream",), ("--json", "--json-stream")),
    (("--dst-port", "1-9", "--dyn-ports", "9"), ("--dst-port", "1-9", "--dyn-ports", "9")),
    (("--dst-port", "65000", "--dyn-ports", "1000"), ("--dyn-ports", "1000")),
    (("--threads", "2", "--cpus", "0"), ("--threads", "2", "--cpus")),
    (("--no-signature", "--stamp", "each"), ("--no-signature", "--stamp")),
    (("--no-signature", "--round-trip"), ("--no-signature", "--round-trip")),
    (("--round-trip", "--pkt-size", "101"), ("--round-trip", "--pkt-size 101", "102")),
    (("--dst-addr", "2001:2::2", "--pkt-size", "imix"), ("--pkt-size imix", "66")),
    (("--tpid", "0x8100"), ("--tpid", "--vlan")),
    (("--vlan", "1", "--vlan", "2", "--vlan", "3", "--vlan", "4", "--vlan", "5"), ("--vlan", "5", "4")),
    (("--dst-addr", "2001:2::2", "--pkt-size", "65"), ("--pkt-size", "65", "66")),
    (("--dst-addr", "2001:2::2", "--no-udp-checksum"), ("--no-udp-checksum",)),
    (("--dst-addr", "198.18.0.2", "--src-addr", "2001:2::1"), ("--src-addr", "2001:2::1", "--dst-addr")),
    (("--bidir",), ("--bidir", "--rx")),
    (("--tos", "0", "--dscp", "EF"), ("--tos", "--dscp")),
    (("--drain", "1s"), ("--drain", "--rx")),
    (("--reverse",), ("--reverse", "--server")),
    (("--wait",), ("--wait", "--server")),
    (("--no-wait",), ("--no-wait", "--server")),
    (("--server", "198.18.0.2", "--wait", "--no-wait"), ("--wait", "--no-wait", "exclude")),
    (("--announce", "--no-signature"), ("--announce", "--no-signature")),
    (("--announce-gap", "1ms"), ("--announce-gap", "--announce")),
    (("--clock", "tai", "--no-signature"), ("--clock tai", "--no-signature")),
    (("--session", "1a2b3c4d", "--no-signature"), ("--session", "--no-signature")),
    (("--session", "1a2b3c4d", "--rx", "lo"), ("--session", "--rx")),
    (("--rx", "lo", "--via", "receive"), ("--via receive", "--rx")),
    (("--rx", "lo", "--no-signature"), ("--rx", "--no-signature")),
    (("--show-frames", "3"), ("--show-frames", "3", "--dry-run")),
    (("--num-packets", "1", "--num-packets", "2"), ("--num-packets", "1", "2")),
    (("--threads", "64"), ("--threads", "64")),
    (("--fixx",), ("--fixx",)),
    (("--fix=yes",), ("--fix",)),
    (("--pkt",), ("--pkt",)),
    (("--pkt-size",), ("--pkt-size",)),
    (("second",), ("second",)),
)
WRONG_ELSEWHERE = (
    ((), ("udp", "probe", "demo")),
    (("frob",), ("frob",)),
    (("probe", "--bogus"), ("--bogus",)),
    (("probe", "a", "b"), ("b",)),
    (("completion", "tcsh"), ("tcsh",)),
    (("completion",), ("bash", "zsh", "fish")),
    (("demo", "--queues", "0"), ("--queues", "0")),
    (("demo", "--queues", "65"), ("--queues", "65")),
    (("demo", "--mtu", "67"), ("--mtu", "67")),
    (("demo", "--mtu", "65536"), ("--mtu", "65536")),
    (("demo", "--far", "moon"), ("--far", "moon")),
    (("demo", "--duration", "0"), ("--duration", "0")),
    (("demo", "--"), ("--",)),
    (("demo", "--rate", "1kpps", "--", "true"), ("--rate",)),
    (("demo", "true"), ("true",)),
)


class Udp(lib.WireTest):

    def setUp(self):
        self.before = self.wire.far_packets()

    def tearDown(self):
        self.assertEqual(self.wire.far_packets(), self.before, "nothing is sent")

    def refused(self, args, words):
        base = () if any(arg.startswith("--interface") for arg in args) else (self.wire.near_if,)
        amount = () if any(arg.startswith("--num-packets") for arg in args) else ("-n", 5)
        result = self.wire.run("udp", *base, "--json", *amount, *args)
        self.assertEqual(result.status, 2, result)
        self.assertEqual(len(result.err.splitlines()), 1, result)
        for word in words:
            self.assertIn(word, result.err)
        self.assertEqual(result.doc["exit_status"], 2)
        self.assertTrue(result.doc["error"])

    def test_each_option(self):
        for option, values in WRONG.items():
            for value in values:
                with self.subTest(option=option, value=value):
                    shown = (value,) if option == "--interface" and value in ("nosuch0", "two@if3") else (option, value)
                    self.refused((f"{option}={value}",), shown)

    def test_options_that_do_not_go_together(self):
        for args, words in WRONG_TOGETHER:
            with self.subTest(args=args):
                self.refused(args, words)

    def test_no_option_is_forgotten(self):
        """Every option that takes a value is in the tables above."""
        text = self.wire.run("udp", "--help").out
        takes_value = set(re.findall(r"(--[a-z][a-z-]+)[ =]+[A-Za-z]+[A-Za-z|\[\]/-]*(?=\s)", text))
        listed = set(WRONG) | {word for args, _ in WRONG_TOGETHER for word in args}
        flags = {"--help", "--version", "--json", "--quiet", "--verbose", "--dry-run", "--allow-public",
                 "--allow-default-route", "--json-stream", "--fix", "--once"}
        self.assertGreater(len(takes_value), 20)
        self.assertEqual(takes_value - listed - flags, set())

    def test_a_bad_value_is_shown_on_one_line(self):
        result = self.wire.run("udp", self.wire.near_if, "--rate", "1\n2\x1b[31m")
        self.assertEqual(result.status, 2)
        self.assertEqual(len(result.err.splitlines()), 1, result)
        self.assertNotIn("\x1b", result.err)

    def test_cpu_that_is_not_ours(self):
        self.refused(("--cpus", "5000"), ("--cpus", "5000"))

    def test_the_name_that_ip_link_shows(self):
        self.refused(("--interface=two@if3",), ("the name is two",))

    def test_pcap_that_cannot_be_written(self):
        result = self.wire.run("udp", self.wire.near_if, "--dry-run", "--write-pcap", "/nosuch/folder/x.pcap")
        self.assertIn(result.status, (1, 2), result)
        self.assertIn("/nosuch/folder/x.pcap", result.err)
        self.assertEqual(len(result.err.splitlines()), 1)

    def test_other_commands(self):
        for args, words in WRONG_ELSEWHERE:
            with self.subTest(args=args):
                result = lib.program(*args)
                self.assertEqual(result.status, 2, result)
                self.assertEqual((result.out, len(result.err.splitlines())), ("", 1), result)
                for word in words:
                    self.assertIn(word, result.err)


if __name__ == "__main__":
    lib.main()
