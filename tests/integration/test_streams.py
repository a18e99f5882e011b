# SPDX-License-Identifier: BSD-2-Clause
"""Several streams of one run: each keeps its own rate, amount, size and fields, on any number of threads."""
import json
import os

import port_test_lib
import lib

VOICE = {"name": "voice", "rate": "500pps", "pkt_size": 200, "dscp": "EF", "dst_port": 5000, "num_packets": 100}
IMIX = {"name": "mix", "pkt_size": "78:7,594:4,1518:1", "dst_port": 2000, "num_packets": 12_000}
BURSTS = {"name": "bursts", "rate": "20kpps", "burst": 32, "pkt_size": 512, "dst_port": 3000, "num_packets": 6_400}
PERIOD = 7 * 78 + 4 * 594 + 1518
SENT = {"voice": (100, 100 * 200), "mix": (12_000, 1_000 * PERIOD), "bursts": (6_400, 6_400 * 512)}


def written(test, profile):
    path = os.path.join(lib.scratch(test), "profile.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write("// Streams of a test.\n")
        json.dump(profile, file)
    return path


class Streams(lib.WireTest):
    far = "drop"

    def streams(self, streams, *args):
        before = lib.link_counters(self.wire.far_ns, self.wire.far_if)
        result = self.ok(self.wire.udp("--profile", written(self, {"streams": streams}), *args))
        after = lib.link_counters(self.wire.far_ns, self.wire.far_if)
        packets, octets = (after[key] - before[key] for key in ("rx_packets", "rx_bytes"))
        rows = result.doc["end"]["streams"]
        self.assertEqual(packets, result.total["accepted"])
        self.assertEqual(octets, result.total["bytes"] - 4 * packets, "without the FCS")
        for key in ("packets", "bytes", "attempts", "driver_drops", "resent", "skipped_slots"):
            self.assertEqual(sum(row[key] for row in rows), result.total[key], key)
        for interval in result.doc["intervals"]:
            self.assertEqual(sum(row["packets"] for row in interval["streams"]), interval["sum"]["packets"])
        return result, {row["name"]: row for row in rows}

    def test_each_keeps_its_amount_and_size(self):
        threads = (1, 2) if len(lib.ALL_CPUS) > 1 else (1,)
        for count in threads:
            with self.subTest(threads=count):
                _, rows = self.streams([VOICE, IMIX, BURSTS], "--threads", count)
                self.assertEqual({name: (row["packets"], row["bytes"]) for name, row in rows.items()}, SENT)

    def test_paced_beside_a_flood(self):
        """Slots that were sent and slots that were missed are the rate times the time, whatever the others do."""
        flood = {"name": "flood", "pkt_size": 64}
        paced = [{"name": f"paced{rate}", "rate": f"{rate}pps"} for rate in (50, 1_000, 33_000)]
        _, rows = self.streams([*paced, flood], "--duration", 1)
        for stream, rate in zip(paced, (50, 1_000, 33_000)):
            row = rows[stream["name"]]
            self.assertEqual(row["packets"] + row["skipped_slots"], rate, row)
        self.assertGreater(rows["flood"]["packets"], 0)

    def test_weights(self):
        _, rows = self.streams([{"name": "one"}, {"name": "three", "weight": 3}], "--duration", 1)
        # Batches are dealt out by weight; the last round may be cut short.
        self.assertLessEqual(abs(rows["three"]["attempts"] - rows["three"]["resent"] -
                                 3 * (rows["one"]["attempts"] - rows["one"]["resent"])), 4 * 3 * 256, rows)

    def test_sixty_four(self):
        many = [{"name": f"s{i}", "num_packets": 100 + i, "dst_port": 1000 + i} for i in range(64)]
        _, rows = self.streams(many)
        self.assertEqual({name: row["packets"] for name, row in rows.items()},
                         {stream["name"]: stream["num_packets"] for stream in many})
        result = self.wire.udp("--profile", written(self, {"streams": [*many, {}]}))
        self.assertEqual(result.status, 2, result)
        self.assertIn("64", result.err)


class BothEnds(lib.TestCase):

    def test_ledger(self):
        with port_test_lib.Wire() as wire:
            # Slow enough for a busy host, so that nothing is refused and all can be expected.
            mix = {**IMIX, "rate": "10kpps", "num_packets": 1_200}
            bursts = {**BURSTS, "rate": "5kpps", "num_packets": 640}
            result = self.ok(wire.exchange("--profile", written(self, {"streams": [VOICE, mix, bursts]}),
                                           "--expect", "loss=0%,streams=3,unsent=0"))
            ledger, flow = result.doc["end"]["ledger"][0], result.doc["end"]["flows"][0]
            self.assertEqual((ledger["asked"], ledger["received"]), (1_940, 1_940))
            received = {stream["stream"]: (stream["unique"], stream["bytes"]) for stream in flow["streams"]}
            self.assertEqual(received, {0: (100, 100 * 200), 1: (1_200, 100 * PERIOD), 2: (640, 640 * 512)})


if __name__ == "__main__":
    lib.main()
