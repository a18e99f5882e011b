# SPDX-License-Identifier: BSD-2-Clause
"""`search` against limits that are known: a policer in a device between two ports, and a reflector's ceiling."""
import json
import os
import signal

import lib
import wire

RATE = 20_000       # frames per second that the policer passes
BURST_S = 0.02      # and how far ahead of that a sender may be: more than a busy host makes it
TRIAL_S = 0.4
GOAL = ("--goal", f"name=ndr,loss=0,duration={TRIAL_S}s,sum={3 * TRIAL_S:g}s,width=1%,initial=200ms")
TRIES = 3           # where the host was too busy to send what was asked for

HEAD = """
  static unsigned long long (*const now)(void) = (void*)5;                 // bpf_ktime_get_ns
  static long (*const redirect)(unsigned int, unsigned long long) = (void*)23;
  unsigned long long time = now();
"""

# Passes UDP on to another interface, RATE frames a second and no more (the generic cell rate algorithm).
POLICER = HEAD + """
  static unsigned long long due;
  if (data + 42 > end || data[12] != 8 || data[13] || data[23] != 17) return 2;
  if (due < time) due = time;
  if (due > time + BURST_NS) return 1;
  due += GAP_NS;
  return redirect(OUT, 0);
"""

# Passes DEPTH frames of a burst; a pause of IDLE_NS empties the queue.
DEPTH = 150
QUEUE = HEAD + """
  static unsigned long long last, queued;
  if (data + 42 > end || data[12] != 8 || data[13] || data[23] != 17) return 2;
  if (time > last + IDLE_NS) queued = 0;
  last = time;
  if (queued == DEPTH) return 1;
  queued++;
  return redirect(OUT, 0);
"""

# Passes UDP frames with the VLAN tag 5.
BRIDGE = HEAD + """
  (void)time;
  if (data + 46 > end || data[12] != 0x81 || data[15] != 5 || data[27] != 17) return 2;
  return redirect(OUT, 0);
"""


class Device(wire.Wire):
    """The far namespace is a device: what comes in at its one port leaves by the other, to `rx_if`."""

    rx_if, out_if = "xtgsrx", "xtgsout"

    def __init__(self):
        super().__init__("--queues", 1)
        try:
            self.far("ip", "link", "add", self.out_if, "numtxqueues", "1", "numrxqueues", "1", "type", "veth", "peer", "name",
                     self.rx_if, "netns", self.near_ns, "numtxqueues", "1", "numrxqueues", "1")
            self.far("ip", "link", "set", "dev", self.out_if, "up")
            self.near("ip", "link", "set", "dev", self.rx_if, "up")
        except BaseException:
            self.close()
            raise

    def runs(self, test, body, back=False):
        """What arrives at one port is sent out of the other; `back`: towards the near end."""
        came, out = (self.out_if, self.far_if) if back else (self.far_if, self.out_if)
        out = self.far("cat", f"/sys/class/net/{out}/ifindex").strip()
        for word, value in (("OUT", out), ("GAP_NS", 10**9 // RATE), ("BURST_NS", int(BURST_S * 1e9)), ("DEPTH", DEPTH),
                            ("IDLE_NS", 20_000_000)):
            body = body.replace(word, f"{value}{'' if word == 'OUT' else 'ull'}")
        program = lib.compile_bpf(test, body)
        self.far("ip", "link", "set", "dev", came, "xdpdrv", "obj", program, "sec", "xdp")

    def command(self, *args):
        return ("search", self.near_if, "--rx", self.rx_if, "-m", self.far_mac, "-a", self.far_ip, "--json", *args)

    def search(self, *args):
        with self.start(*self.command(*args)) as process:
            return process.finish(240)


class SearchTest(lib.TestCase):

    def adds_up(self, result):
        """The columns of every trial, and that the bounds in the result are those that the trials gave."""
        trials = result.doc["intervals"]
        self.assertEqual([trial["trial"] for trial in trials], list(range(1, len(trials) + 1)))
        kinds = [trial["kind"] for trial in trials]
        self.assertEqual(set(kinds[:1]), {"learning"} if kinds else set(), result)
        self.assertLessEqual(kinds.count("ceiling"), len({trial["size"] for trial in trials}), result)
        for trial in trials:
            self.assertEqual(trial["asked"], trial["unsent"] + trial["lost_packets"] + trial["received"], trial)
        if result.doc["end"]:
            self.assertEqual(result.doc["end"]["trials"], len(trials))
            for size in result.doc["end"]["sizes"]:
                for goal in size["goals"]:
                    for bound in ("lower", "upper"):
                        if goal[bound] is None:
                            continue
                        reported = [trial["bounds"][goal["name"]] for trial in trials
                                    if trial["load_pps"] == goal[bound]["pps"] and trial["kind"] == "search"
                                    and trial["size"] == size["size"]]
                        self.assertEqual(reported[-1], bound, result)
                    if goal["regular"]:
                        self.assertLess(goal["lower"]["pps"], goal["upper"]["pps"])

    def until_found(self, search):
        """A search in which the generator did not stand in the way."""
        for _ in range(TRIES):
            result = search()
            self.adds_up(result)
            self.assertIsNotNone(result.doc["end"], result)
            goals = [goal for size in result.doc["end"]["sizes"] for goal in size["goals"]]
            if all(goal["regular"] and goal["limited_by"] == "device" for goal in goals):
                break
        self.assertTrue(all(goal["regular"] for goal in goals), result)
        self.assertEqual({goal["limited_by"] for goal in goals}, {"device"}, result)
        return result, goals


class Policer(SearchTest):

    def setUp(self):
        self.wire = Device()
        self.addCleanup(self.wire.close)
        self.wire.runs(self, POLICER)

    @staticmethod
    def limited(args):
        return (*(() if "--max-rate" in args else ("--max-rate", "60kpps")), *args)

    def command(self, *args):
        return self.wire.command(*self.limited(args))

    def search(self, *args):
        return self.wire.search(*self.limited(args))

    def test_found(self):
        result, (goal,) = self.until_found(lambda: self.search(*GOAL, "--expect", "ndr>10kpps,ndr<1Mpps"))
        self.assertEqual(result.status, 0, result)
        self.assertGreater(goal["upper"]["pps"], RATE * 0.98, result)
        # No trial at a higher load can have been without loss.
        self.assertLess(goal["lower"]["pps"], RATE * (1 + BURST_S / TRIAL_S) * 1.01, result)
        self.assertTrue(all(verdict["held"] for verdict in result.doc["end"]["expect"]))
        (size,) = result.doc["end"]["sizes"]
        self.assertEqual([point["share_percent"] for point in size["latency"]], [10, 50, 90, 100])
        self.assertTrue(all(point["delay_us"]["p99"] > 0 for point in size["latency"]))
        self.assertEqual(size["ceiling"]["pps"], 60_000, result)
        self.assertTrue(size["ceiling_is_max_rate"])

    def test_expectation_missed(self):
        result = self.search(*GOAL, "--expect", "ndr>50kpps", "--max-time", "3s")
        self.assertEqual(result.status, 3, result)
        self.assertIn("1 of 1 conditions missed", result.doc["error"])
        self.adds_up(result)

    def test_no_limit_is_irregular(self):
        """Below what the device takes there is no upper bound, and none is made up."""
        for _ in range(TRIES):
            result = self.search(*GOAL, "--max-rate", "2kpps")
            (goal,) = result.doc["end"]["sizes"][0]["goals"]
            if goal["limited_by"] == "max-load":
                break
        self.assertEqual((goal["state"], goal["upper"], goal["lower"]["pps"]), ("no-upper-bound", None, 2000), result)
        self.assertEqual(result.status, 0)

    def test_rate_of_several_sizes(self):
        result, goals = self.until_found(lambda: self.search(*GOAL, "--resolution", "2kpps", "--sizes", "64,imix"))
        self.assertEqual([size["size"] for size in result.doc["end"]["sizes"]], ["64", "imix"])
        for goal in goals:
            self.assertLess(goal["lower"]["pps"], RATE * (1 + BURST_S / TRIAL_S) * 1.01 + 2000, result)

    def test_sizes_are_checked_before_the_first_trial(self):
        before = self.wire.far_packets()
        for args in ((), ("--dry-run",)):
            result = self.search("--sizes", "64,9000", *args)
            self.assertEqual(result.status, 4, result)
            self.assertIn("does not fit", result.doc["error"])
            self.assertEqual((result.doc["intervals"], self.wire.far_packets()), ([], before), "nothing is sent")

    def test_dry_run_prints_the_searchs_plan(self):
        before = self.wire.far_packets()
        args = ("--quick", "--sizes", "64,1518", "--burst", "4", "--max-rate", "10Mbps", "--rate-layer", "l2", "--dry-run")
        plan = self.ok(self.search(*args)).doc["plan"]
        self.assertEqual([(search["size"], search["via"]) for search in plan["searches"]], [("64", "xdp"), ("1518", "xdp")])
        self.assertEqual([round(search["max_load_pps"]) for search in plan["searches"]], [19531, 823])
        self.assertTrue(all(0 < search["estimated_seconds"] <= 14 for search in plan["searches"]), plan)
        self.assertEqual([goal["name"] for goal in plan["goals"]], ["ndr", "pdr"])
        text = self.wire.run(*(arg for arg in self.command(*args) if arg != "--json"))
        self.assertEqual(text.status, 0, text)
        for line in ("search from", "ndr: no loss", "frames of 1518 bytes", "at most 14s"):
            self.assertIn(line, text.out)
        self.assertEqual(self.wire.far_packets(), before, "nothing is sent")

    def test_interrupt(self):
        with self.wire.start(*self.command(*GOAL)) as process:
            self.wire.wait_sending(more=1000)
            process.send(signal.SIGINT)
            result = process.finish()
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.doc["end"]["reason"], "interrupted")
        self.adds_up(result)

    def test_rfc2544(self):
        """Its procedures, with trials that are shorter than it wants them."""
        goal = ("--goal", f"name=throughput,exceed=0,duration={TRIAL_S}s,sum={TRIAL_S}s,width=5%,initial=200ms")
        result = self.search("--rfc2544", *goal, "--drain", "300ms")
        self.assertEqual(result.status, 0, result)
        self.adds_up(result)
        points = result.doc["end"]["sizes"][0]["loss_rate"]
        self.assertEqual([round(point["load_pps"]) for point in points[:3]], [60_000, 54_000, 48_000])
        self.assertAlmostEqual(points[0]["loss_percent"], 100 * (1 - RATE / 60_000), delta=8)
        self.assertEqual([point["loss_percent"] for point in points[-2:]], [0, 0], result)

    def test_nothing_arrives(self):
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "xdpdrv", "off")
        self.wire.runs(self, "return 1;")
        result = self.search(*GOAL)
        self.assertEqual(result.status, 5, result)
        self.assertIn("none arrived", result.doc["error"])

    def test_text_and_events(self):
        args = [arg for arg in self.command(*GOAL, "--max-time", "2s") if arg != "--json"]
        text = self.wire.run(*args).out
        for word in ("ceiling", "ndr", "search", "summary"):
            self.assertIn(word, text)
        events = self.wire.run(*args, "--json-stream").events
        self.assertEqual([events[0]["event"], events[1]["event"], events[-1]["event"]], ["start", "interval", "end"])

    def test_wrong_input(self):
        before = self.wire.far_packets()
        for args, words in (
                (("--goal", "loss=2"), ("--goal", "loss=2")),
                (("--goal", "loss=0", "--goal", "loss=0"), ("--goal", "ndr", "name=")),
                (("--expect", "ndr"), ("--expect", "ndr>1Mpps")),
                (("--expect", "xyz>1Mpps"), ("--expect", "xyz", "ndr, pdr")),
                (("--max-latency", "p98<1us"), ("--max-latency", "p98<1us")),
                (("--max-latency", "p99<50"), ("--max-latency", "50us")),
                (("--rate-layer", "l2"), ("--rate-layer l2", "--max-rate")),
                (("--max-rate", "5"), ("--max-rate", "5")),
                (("--min-rate", "0%"), ("--min-rate", "0%")),
                (("--min-rate", "70kpps"), ("--min-rate 70kpps", "--max-rate 60kpps")),
                (("--resolution", "x"), ("--resolution", "x")),
                (("--sizes", "64,,128"), ("--sizes",)),
                (("--sizes", "64", "-s", "64"), ("--sizes", "--pkt-size")),
                (("--max-time", "0"), ("--max-time", "0")),
                (("--rate", "1kpps"), ("--rate", "--max-rate")),
                (("--quick", "--rfc2544"), ("--quick", "--rfc2544")),
                (("--preset", "slow"), ("--preset", "slow")),
                (("--reflect", "198.18.0.2"), ("--reflect", "--rx")),
                (("--duration", "5"), ("--duration",))):
            with self.subTest(args=args):
                result = self.wire.run(*self.command(*args))
                self.assertEqual(result.status, 2, result)
                self.assertEqual(len(result.err.splitlines()), 1, result)
                for word in words:
                    self.assertIn(word, result.err)
        self.assertEqual(self.wire.far_packets(), before, "nothing is sent")


class OtherDevices(SearchTest):

    def setUp(self):
        self.wire = Device()
        self.addCleanup(self.wire.close)

    def test_back_to_back(self):
        """The longest burst is the queue's depth, to the frame, in every search."""
        self.wire.runs(self, QUEUE)
        goal = ("--goal", "name=throughput,exceed=0,duration=100ms,sum=100ms,width=20%,initial=100ms")
        for _ in range(TRIES):
            result = self.wire.search("--rfc2544", *goal, "--drain", "50ms", "--max-time", "60s")
            self.assertEqual(result.status, 0, result)
            self.adds_up(result)
            bursts = result.doc["end"]["sizes"][0]["back_to_back"]
            if bursts and bursts["searches"] > 1:
                break
        self.assertEqual((bursts["min_frames"], bursts["mean_frames"], bursts["max_frames"]), (DEPTH, DEPTH, DEPTH), result)
        self.assertGreater(bursts["searches"], 1)

    def test_streams_tags_and_both_directions(self):
        """Each port sends the load, which its streams share."""
        self.wire.runs(self, BRIDGE)
        self.wire.runs(self, BRIDGE, back=True)
        profile = os.path.join(lib.scratch(self), "mix.json")
        with open(profile, "w", encoding="utf-8") as file:
            json.dump({"streams": [{"rate": "3kpps"}, {"rate": "1kpps", "pkt_size": 128}], "vlan": ["5"]}, file)
        # With so much loss accepted, a busy host is no obstacle.
        result = self.wire.search("--profile", profile, "--bidir", "--src-mac", self.wire.near_mac, "--max-rate", "2kpps",
                                  "--goal", "name=most,loss=99%,duration=200ms,sum=200ms")
        self.assertEqual(result.status, 0, result)
        self.adds_up(result)
        (size,) = result.doc["end"]["sizes"]
        (goal,) = size["goals"]
        self.assertEqual((goal["state"], goal["limited_by"]), ("no-upper-bound", "max-load"), result)
        self.assertEqual(goal["lower"]["pps"], size["max_load_pps"], result)
        for trial in result.doc["intervals"]:
            if trial["kind"] == "search":
                asked = 2 * trial["load_pps"] * trial["trial_seconds"]
                self.assertLess(abs(trial["asked"] - asked), 0.01 * asked + 8, trial)
        for port in result.doc["start"]["configuration"]["ports"]:
            self.assertTrue(port["receives"])
            self.assertEqual(len(port["sends"]["streams"]), 2)
            for stream in port["sends"]["streams"]:
                self.assertEqual([tag["vlan"] for tag in stream["vlans"]], ["5"], stream)
        # The result repeats the search.
        with open(profile, "w", encoding="utf-8") as file:
            json.dump(result.doc, file)
        again = self.ok(self.wire.run("--profile", profile, "--json"))
        self.assertEqual(*(doc["start"]["configuration"]["test"] for doc in (result.doc, again.doc)))
        self.assertEqual([goal["state"] for goal in again.doc["end"]["sizes"][0]["goals"]], ["no-upper-bound"], again)


class Reflected(SearchTest):

    def test_ceiling_of_a_reflector(self):
        """One port, there and back; the reflector sends back no more than its --max-rate."""
        net = wire.Wire("--queues", 1)
        self.addCleanup(net.close)
        net.near("ethtool", "-K", net.near_if, "gro", "on")
        with wire.Process(["ip", "netns", "exec", net.far_ns, wire.BINARY],
                          ["reflect", net.far_if, "--allow", "any", "--max-rate", f"{RATE}pps", "--quiet"]):
            wire.wait_for(lambda: "xdp" in net.far("ip", "link", "show", "dev", net.far_if), "the reflector is attached")

            def search():
                with net.start("search", net.near_if, "--reflect", net.far_ip, "-m", net.far_mac, "--max-rate", "60kpps",
                               "--quick", "--json") as process:
                    return process.finish(120)
            for _ in range(TRIES):
                result = search()
                self.assertEqual(result.status, 0, result)
                self.adds_up(result)
                goal = result.doc["end"]["sizes"][0]["goals"][0]
                rate = goal["lower"] or goal["estimate"]
                if rate and rate["pps"] > RATE * 0.8:
                    break
        # The reflector lets a short burst through as fast as it comes.
        self.assertTrue(RATE * 0.8 < rate["pps"] < RATE * 1.3, result)
        self.assertTrue(all(point["delay_us"] for point in result.doc["end"]["sizes"][0]["latency"]), result)


if __name__ == "__main__":
    lib.main()
