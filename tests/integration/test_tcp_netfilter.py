# SPDX-License-Identifier: BSD-2-Clause
"""What acts between the kernel's sockets and the wire on the sending host, and XDP bypasses: netfilter's address
translation and connection tracking, and cgroup programs."""
import ipaddress
import os
import subprocess

import lib
import tcp_lib

ELSEWHERE = {False: "192.168.79.1", True: "2001:2:0:79::1"}


class NetfilterTest(tcp_lib.OwnWireTest):

    def setUp(self):
        lib.need_tool("nft")
        super().setUp()

    def nft(self, rules, far=False):
        where = self.wire.far_ns if far else self.wire.near_ns
        subprocess.run(["ip", "netns", "exec", where, "nft", "-f", "-"], input=rules, text=True, check=True,
                       capture_output=True, timeout=lib.PATIENCE)

    def count_at_far_end(self, match):
        """Counts from now on; returns a function that gives the number of matching packets."""
        self.nft(f"table inet seen {{ counter c {{ }}; chain i {{ type filter hook prerouting priority -400; "
                 f"{match} counter name c; }}; }}", far=True)
        return lambda: int(self.wire.far("nft", "list", "counter", "inet", "seen", "c").split("packets ")[1].split()[0])

    def refused(self, result, *words):
        self.failed(result, 4, *words)
        return result


class Translation(NetfilterTest):

    def sorts(self):
        for six in (False, True):
            far, near = (self.wire.far_ip6, self.wire.near_ip6) if six else (self.wire.far_ip, self.wire.near_ip)
            yield six, "ip6" if six else "ip", far, near

    def test_destination(self):
        self.sink()
        for six, family, far, _ in self.sorts():
            with self.subTest(family=family):
                other = ELSEWHERE[six]
                self.wire.near("ip", "route", "replace", other, "via", far)
                self.nft(f"table {family} nat {{ chain o {{ type nat hook output priority -100; "
                         f"{family} daddr {other} dnat to {far}; }}; }}")
                stray = self.count_at_far_end(f"{family} daddr {other}")
                result = self.refused(self.tcp("--bytes", 100_000, "-f", 3, to=other), other, far, "translates",
                                      f"tcp {far} -p {tcp_lib.PORT}")
                self.assertEqual(stray(), 0, "no segment to an unexpected address")
                self.assertFalse(result.doc["end"], result)
                self.wire.far("nft", "delete", "table", "inet", "seen")

    def test_port(self):
        self.sink(port=10001)
        self.nft(f"table ip nat {{ chain o {{ type nat hook output priority -100; "
                 f"tcp dport {tcp_lib.PORT} dnat to {self.wire.far_ip}:10001; }}; }}")
        self.refused(self.tcp("--bytes", 1000), "port 10001", f"tcp {self.wire.far_ip} -p 10001")

    def test_source(self):
        sink = self.sink()
        for six, family, far, near in self.sorts():
            with self.subTest(family=family):
                own = "192.168.80.1" if not six else "2001:2:0:80::1"
                self.wire.near("ip", "address", "add", own, "dev", "lo")
                self.nft(f"table {family} nat {{ chain p {{ type nat hook postrouting priority 100; "
                         f"{family} saddr {own} masquerade; }}; }}")
                self.refused(self.tcp("--bytes", 1000, "-A", own, to=far), own, near, "translates", "-A")
        # Works from the address that needs no translation.
        self.done(self.tcp("--bytes", 100_000))
        sink.ended(3)

    def test_rules_for_others(self):
        """Only rules that concern the connection matter."""
        self.sink()
        self.nft("table ip nat { chain o { type nat hook output priority -100; ip daddr 192.168.1.1 dnat to 10.1.1.1; };"
                 " chain p { type nat hook postrouting priority 100; masquerade; }; }")
        self.done(self.tcp("--bytes", 100_000, "-f", 20))

    def test_connections_are_not_left_behind(self):
        sink = self.sink(port=10001)
        self.nft(f"table ip nat {{ chain o {{ type nat hook output priority -100; "
                 f"tcp dport {tcp_lib.PORT} dnat to {self.wire.far_ip}:10001; }}; }}")
        self.refused(self.tcp("--bytes", 1000, "-f", 5), "port 10001")
        self.assertEqual({connection.bytes for connection in sink.ended(5)}, {0})


CONNECT = """
struct bpf_sock_addr { unsigned int user_family, user_ip4, user_ip6[4], user_port; };
__attribute__((section("cgroup/connect4"), used)) int xtg_test(struct bpf_sock_addr* c) {
  if (c->user_ip4 == __builtin_bswap32(%d)) {
    c->user_ip4 = __builtin_bswap32(%d);
    c->user_port = (unsigned short)__builtin_bswap16(10001);
  }
  return 1;
}
char gpl[] __attribute__((section("license"), used)) = "GPL";
"""


class SocketRewriting(tcp_lib.OwnWireTest):
    """As container load balancers do: the socket itself is connected elsewhere."""

    def setUp(self):
        super().setUp()
        self.bpftool, self.clang = lib.need_tool("bpftool"), lib.need_tool(lib.CLANG)
        self.folder = lib.scratch(self)
        self.cgroup, self.bpffs = os.path.join(self.folder, "cgroup"), os.path.join(self.folder, "bpf")
        for path, kind in ((self.cgroup, "cgroup2"), (self.bpffs, "bpf")):
            os.mkdir(path)
            lib.call("mount", "-t", kind, "none", path)
            self.addCleanup(lib.call, "umount", path)
        self.group = os.path.join(self.cgroup, f"xtg-test-{os.getpid()}")
        os.mkdir(self.group)
        self.addCleanup(os.rmdir, self.group)

    def test_connect(self):
        other = ELSEWHERE[False]
        source = CONNECT % tuple(int(ipaddress.ip_address(a)) for a in (other, self.wire.far_ip))
        program = os.path.join(self.folder, "test.o")
        subprocess.run([self.clang, "-target", "bpf", "-O2", "-g", "-x", "c", "-", "-c", "-o", program], input=source,
                       text=True, check=True, timeout=lib.PATIENCE)
        pinned = os.path.join(self.bpffs, "connect")
        lib.call(self.bpftool, "prog", "load", program, pinned)
        lib.call(self.bpftool, "cgroup", "attach", self.group, "connect4", "pinned", pinned)
        self.addCleanup(lib.call, self.bpftool, "cgroup", "detach", self.group, "connect4", "pinned", pinned)
        self.wire.near("ip", "route", "replace", other, "via", self.wire.far_ip)
        self.sink(port=10001)
        inside = ("sh", "-c", f'echo $$ >{self.group}/cgroup.procs && exec "$@"', "-")
        result = self.failed(self.tcp("--bytes", 1000, to=other, inside=inside), 4, other, "port 10001",
                             f"tcp {self.wire.far_ip} -p 10001")
        self.assertFalse(result.doc["end"], result)


class Tracking(NetfilterTest):

    def stateful(self):
        self.nft("table inet guard { chain o { type filter hook output priority 0; ct state invalid drop; }; }")

    def test_fin_that_the_firewall_drops(self):
        self.stateful()
        with tcp_lib.Sink(self.wire) as sink:
            result = self.failed(self.tcp("--bytes", 20_000_000), 5, "nf_conntrack_tcp_be_liberal=1")
            self.assertEqual(result.doc["end"]["flows"][0]["close"], "fin_unacknowledged", result)
            self.assertEqual(result.total["bytes"], 20_000_000)
            self.assertEqual(sink.total(), 20_000_000)

    def test_liberal_one_lets_it_pass(self):
        self.stateful()
        self.wire.near("sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_be_liberal=1")
        sink = self.sink()
        result = self.done(self.tcp("--bytes", 20_000_000))
        self.delivered(result, sink)


if __name__ == "__main__":
    lib.main()
