# SPDX-License-Identifier: BSD-2-Clause
"""Values of the varying fields in each packet, over any number of threads."""
import collections
import ipaddress
import itertools

import lib

THREADS = min(2, len(lib.ALL_CPUS))


def counts(values):
    return collections.Counter(values)


class Fields(lib.WireTest):

    def test_ports_exact_over_threads(self):
        for threads in range(1, THREADS + 1):
            for ports in (("-p", "5000-5009"), ("-p", 5000, "--dyn-ports", 10)):
                with self.subTest(threads=threads, ports=ports):
                    frames, _ = self.sent(self.wire, 10_000, *ports, "-t", threads, "--rate", "50kpps")
                    self.assertEqual(counts(frame.dst_port for frame in frames),
                                     {5000 + i: 1000 for i in range(10)})

    def test_values_belong_to_the_sequence_number(self):
        frames, _ = self.sent(self.wire, 3000, "-s", 128, "-t", THREADS, "-p", "1-7", "-P", "100-112",
                              "--rate", "30kpps")
        for frame in frames:
            k = frame.signature()["seq"]
            self.assertEqual((frame.dst_port, frame.src_port), (1 + k % 7, 100 + k % 13))

    def test_together_starts_anew_at_its_end(self):
        frames, _ = self.sent(self.wire, 30, "-p", "10-12", "-a", "198.18.0.4-198.18.0.8", "-m",
                              self.wire.far_mac)
        self.assertEqual([frame.dst_port for frame in frames], [10 + k % 3 for k in range(30)])
        self.assertEqual([int(frame.dst) & 0xff for frame in frames], [4 + k % 5 for k in range(30)])

    def test_product_is_an_odometer(self):
        # Fastest first: destination port, source port, destination address, source address, MACs.
        order = itertools.product(range(2), range(3), range(2), range(3), range(2), range(3))
        expect = [tuple(reversed(step)) for step in order]
        self.assertEqual(len(expect), 216)
        frames, _ = self.sent(self.wire, 2 * len(expect), "--vary", "product", "-p", "20-22", "-P", "30-31",
                              "-a", "198.18.0.8-198.18.0.10", "-A", "198.18.0.32-198.18.0.33",
                              "-m", "02:00:00:00:01:ff-02:00:00:00:02:01",
                              "-M", "02:00:00:00:00:00-02:00:00:00:00:01")
        seen = [(frame.dst_port - 20, frame.src_port - 30, (int(frame.dst) & 0xff) - 8,
                 (int(frame.src) & 0xff) - 32, int(frame.dst_mac.replace(":", ""), 16) - 0x0200000001ff,
                 int(frame.src_mac.replace(":", ""), 16) - 0x020000000000) for frame in frames]
        self.assertEqual(seen, expect + expect)

    def test_product_over_threads(self):
        frames, _ = self.sent(self.wire, 6000, "--vary", "product", "-p", "1-20", "-P", "1-30", "-t", THREADS,
                              "--rate", "50kpps")
        self.assertEqual(counts((frame.dst_port, frame.src_port) for frame in frames),
                         {pair: 10 for pair in itertools.product(range(1, 21), range(1, 31))})

    def test_mac_ranges(self):
        frames, _ = self.sent(self.wire, 1000, "-M", "02:aa:00:00:00:fe-02:aa:00:00:01:01",
                              "-m", "02:bb:00:00:00:00-02:bb:00:00:00:09")
        self.assertEqual(counts(frame.src_mac for frame in frames), {
            mac: 250 for mac in ("02:aa:00:00:00:fe", "02:aa:00:00:00:ff", "02:aa:00:00:01:00",
                                 "02:aa:00:00:01:01")})
        self.assertEqual(counts(frame.dst_mac for frame in frames),
                         {f"02:bb:00:00:00:{i:02x}": 100 for i in range(10)})

    def test_prefixes(self):
        for option, attribute, prefix in (("-a", "dst", "198.19.7.0/24"), ("-A", "src", "198.19.7.0/24"),
                                          ("-a", "dst", "2001:2:0:7::/120")):
            with self.subTest(option=option, prefix=prefix):
                hop = ("-m", self.wire.far_mac) if option == "-a" else ()
                frames, _ = self.sent(self.wire, 512, option, prefix, *hop)
                self.assertEqual(counts(getattr(frame, attribute) for frame in frames),
                                 {address: 2 for address in ipaddress.ip_network(prefix)})

    def test_a_prefix_means_all_its_addresses(self):
        frames, _ = self.sent(self.wire, 8, "-A", "198.19.7.77/29")
        self.assertEqual([str(frame.src) for frame in frames], [f"198.19.7.{i}" for i in range(72, 80)])

    def test_ranges_of_ipv6(self):
        frames, _ = self.sent(self.wire, 600, "-a", "2001:2::fffe-2001:2::1:3", "-m", self.wire.far_mac,
                              "-A", "2001:2::a:0-2001:2::a:2")
        first = int(ipaddress.ip_address("2001:2::fffe"))
        self.assertEqual(counts(int(frame.dst) - first for frame in frames), {i: 100 for i in range(6)})
        self.assertEqual(counts(str(frame.src) for frame in frames),
                         {"2001:2::a:0": 200, "2001:2::a:1": 200, "2001:2::a:2": 200})

    def sequence(self, seed, *args):
        frames, _ = self.sent(self.wire, 2000, "--vary", "random", "--seed", seed, "-p", "1-1000",
                              "-A", "198.19.0.0/16", *args)
        return [(frame.dst_port, frame.src) for frame in frames]

    def test_random_is_repeatable(self):
        first = self.sequence(7)
        self.assertEqual(first, self.sequence(7))
        self.assertNotEqual(first, self.sequence(8))
        ports = counts(port for port, _ in first)
        self.assertTrue(all(1 <= port <= 1000 for port in ports))
        self.assertGreater(len(ports), 750, "2000 draws from 1000 values leave about 135 out")
        self.assertGreater(len({source for _, source in first}), 1900)
        # Independent fields: the same port occurs with different sources.
        self.assertGreater(len(set(first)), 1990)

    def test_random_over_threads(self):
        if THREADS < 2:
            lib.skip("a second CPU")
        one = self.sequence(9)
        two = self.sequence(9, "-t", 2, "--rate", "20kpps")
        self.assertEqual(counts(one), counts(two))

    def test_dry_run_shows_what_is_sent(self):
        args = ("-n", 200, "--no-signature", "-s", 99, "--payload", "random", "--vary", "random", "-p",
                "1-1000", "-P", "5-9", "-A", "198.19.0.0/16", "-M", "02:00:00:00:00:00-02:00:00:00:ff:ff")
        shown = self.ok(self.wire.udp(*args, "--dry-run", "--show-frames", 200)).doc["frames"]
        frames, _ = self.sent(self.wire, *args[1:])
        self.assertEqual([frame.data.hex() for frame in frames], [frame["hex"] for frame in shown])


if __name__ == "__main__":
    lib.main()
