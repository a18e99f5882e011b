# SPDX-License-Identifier: BSD-2-Clause
"""What a receiving interface drops stands in the ledger as that, and in no other column.

Behind the hop, which passes frames on within the driver (XDP_REDIRECT), a ring of 256 that nobody empties in time is
an overflow of the receiving end: veth counts it there, as rx_dropped. So the poller of that end is made a thread
(`threaded`), and the thread one that gets only what the sender, on the same CPU, leaves over.
"""
import os
import signal
import subprocess
import time

import port_test_lib
import hop
import lib
import rx_lib

ENOUGH = 1000  # drops of a run that is judged
AMOUNTS = (200_000, 1_000_000, 5_000_000)
RING = 256


class Interface:
    """One that a test made. `run` runs a command in its namespace."""

    def __init__(self, run, name):
        self._run, self.name = run, name

    def _sys(self, command):
        """Within /sys/class/net; what is mounted there may be that of another namespace, or already this one's."""
        return self._run("unshare", "-m", "sh", "-c", "mount -t sysfs none /sys 2>/dev/null; "
                         f"cd /sys/class/net/{self.name} && {command}")

    def count(self, what):
        return int(self._sys(f"cat statistics/{what}"))

    def rename(self, name):
        """To one that nobody else on this machine has: threads are known by it."""
        for change in (("down",), ("name", name)):
            self._run("ip", "link", "set", "dev", self.name, *change)
        self.name = name
        self._run("ip", "link", "set", "dev", self.name, "up")

    def poller(self):
        """The thread that polls it, from now on; its one queue has one."""
        self._sys("echo 1 > threaded")
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/comm", encoding="ascii", errors="replace") as file:
                    if file.read().startswith(f"napi/{self.name}-"):
                        found.append(int(pid))
            except OSError:
                pass
        if not found:
            lib.skip("the kernel's threads in /proc")
        if len(found) != 1:
            raise AssertionError(f"threads of {self.name}: {found}")
        return found[0]


def starve(thread, cpu):
    os.sched_setaffinity(thread, {cpu})
    os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))


def feed(thread):
    os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))
    os.sched_setaffinity(thread, lib.ALL_CPUS)


class Drops(port_test_lib.PortTest):
    make_wire = port_test_lib.HopWire

    def setUp(self):
        self.wire = self.make_wire()
        self.addCleanup(self.wire.close)
        self.cpu = lib.ALL_CPUS[0]
        self.far = Interface(self.wire.near, self.wire.far_if)
        self.far.rename(f"f{os.getpid():x}")
        self.wire.far_if = self.far.name
        self.poller = self.far.poller()

    def start(self, *args):
        return self.wire.start("udp", self.wire.near_if, "--rx", self.wire.far_if, "-m", self.wire.far_mac, "-a",
                               self.wire.far_ip, "-s", 128, "--cpus", self.cpu, "--once", "--json", *args)


class Dropped(Drops):

    def setUp(self):
        super().setUp()
        self.wire.by_xdp()
        self.middle = Interface(self.wire.in_hop, "near")

    def over(self, *args, wanted, status=0, **rule):
        """Runs, larger and larger, until what both rings had no room for is as wanted; and how much that is."""
        for amount in AMOUNTS:
            self.wire.rule(**rule)
            before = [end.count("rx_dropped") for end in (self.middle, self.far)]
            starve(self.poller, self.cpu)
            with self.start("-n", amount, *args) as run:
                # What lies in the ring when all is sent has to arrive, however busy this machine is.
                while run.running() and self.wire.counters()["seen"] < amount * 3 // 4:
                    time.sleep(0.01)
                feed(self.poller)
                result = run.finish(60)
            self.assertEqual(result.status, status, result)
            refused, dropped = [end.count("rx_dropped") - count
                                for end, count in zip((self.middle, self.far), before)]
            if wanted(refused, dropped):
                return amount, refused, dropped, result
        self.fail(f"refused {refused}, dropped {dropped}: {result}")

    def exactly(self, *args, wanted=lambda refused, dropped: dropped > max(ENOUGH, refused), **rule):
        """The ledger, each column of which is known from somewhere else."""
        amount, refused, dropped, result = self.over(*args, wanted=wanted, **rule)
        ledger, counters = self.ledger(result, self.wire.near_if), self.wire.counters()
        self.assertEqual((ledger["asked"], self.columns(ledger)), (amount, {key: value for key, value in (
            ("refused", refused), ("lost", counters["dropped"]), ("dropped", dropped),
            ("received", counters["passed"] - dropped)) if value}), result)
        aside = next(port["aside"] for port in result.doc["end"]["rx"] if port["interface"] == self.wire.far_if)
        self.assertEqual((aside["link_dropped"], aside["link_missed"], aside["link_errors"]), (dropped, 0, 0))
        return result, ledger

    def test_alone(self):
        result, ledger = self.exactly("--rate", "300kpps", "--expect", "dropped=0,late=0,dropped>1000", status=3)
        self.assertEqual((ledger["lost"], ledger["limited_by"]), (0, "receiver"), result)
        self.assertEqual(self.held(result), [False, True, True])

    def test_beside_what_is_lost(self):
        rule = {"drop": 0.0001, "burst_from": 5000, "burst_length": 137, "seed": 5}
        result, ledger = self.exactly("--rate", "300kpps", **rule)
        self.assertEqual(ledger["lost"], hop.predict(self.wire.counters()["seen"], **rule)[1]["dropped"], result)
        self.assertEqual(ledger["limited_by"], "receiver", result)

    def test_beside_what_is_refused(self):
        """The ring between sender and hop has no room either; of that one the sender knows."""
        self.middle.rename(f"m{os.getpid():x}")
        os.sched_setaffinity(self.middle.poller(), {self.cpu})
        result, ledger = self.exactly(wanted=lambda *both: min(both) > ENOUGH, burst_from=7, burst_length=99)
        self.assertEqual(ledger["lost"], 99)
        self.assertEqual(ledger["limited_by"], "receiver" if ledger["dropped"] >= ledger["refused"] else "generator",
                         result)

    def test_both_ways(self):
        """The way back, whose frames arrive elsewhere, has no part in it."""
        result, _ = self.exactly("--bidir", "--src-mac", self.wire.near_mac, "--rate", "50kpps")
        back = self.ledger(result, self.wire.far_if)
        self.assertEqual(back["dropped"], 0, result)
        self.assertGreater(back["received"], 0)


class Refused(Drops):

    @staticmethod
    def make_wire():
        return port_test_lib.Wire("--queues", 1)

    def test_not_dropped_again(self):
        """Over one pair what the driver refuses is also what the far end says it dropped: it is not why others miss.

        These lie in the ring still, for a loop takes the CPU from the poller when the run ends and waits for nothing.
        """
        loop = subprocess.Popen(["sh", "-c", "while :; do :; done"])
        self.addCleanup(loop.wait)
        self.addCleanup(loop.kill)
        os.sched_setaffinity(loop.pid, {self.cpu})
        for _ in range(30):
            before = self.far.count("rx_dropped")
            starve(self.poller, self.cpu)
            with self.start("-n", AMOUNTS[0], "--drain", "0s") as run:
                result = run.finish(60)
            feed(self.poller)
            ledger = self.ledger(result)
            self.assertEqual((ledger["refused"], ledger["dropped"]), (self.far.count("rx_dropped") - before, 0), result)
            self.assertLessEqual(ledger["lost"], RING, result)
            if ledger["lost"]:
                return
        self.fail(f"nothing stays in the ring: {result}")


class Flooded(rx_lib.RxTest):
    """Two commands that know nothing of each other: what the sender's driver refuses is nothing to the receiver."""

    @staticmethod
    def make_wire():
        return lib.Wire("--queues", 1)

    def flood(self, *args):
        """With a ring that is full most of the time; what arrived, and what was sent."""
        far, cpu = Interface(self.wire.far, self.wire.far_if), lib.ALL_CPUS[0]
        far.rename(f"f{os.getpid():x}")
        self.wire.far_if = far.name
        poller = far.poller()
        rx = self.receiver()
        starve(poller, cpu)
        with self.wire.start("udp", self.wire.near_if, "-m", self.wire.far_mac, "-a", self.wire.far_ip, "-s", 128,
                             "--cpus", cpu, "--json", *args) as run:
            time.sleep(0.5)
            feed(poller)
            sent = self.adds_up(self.ok(run.finish(60)))
        lib.wait_for(lambda: far.count("rx_packets") >= sent.total["accepted"], "all that was accepted")
        rx.send(signal.SIGTERM)
        return rx.finish().end["sum"], sent.total

    def whole(self, total, sent):
        self.assertGreater(sent["driver_drops"], ENOUGH)
        self.assertEqual((total["packets"], total["lost_packets"], total["reordered"], total["duplicates"],
                          total["too_late"]), (sent["accepted"], 0, 0, 0, 0), (total, sent))

    def test_an_amount(self):
        total, sent = self.flood("-n", 500_000)
        self.assertEqual(sent["accepted"], 500_000)
        self.whole(total, sent)

    def test_a_duration(self):
        self.whole(*self.flood("--duration", 1))

    def test_once(self):
        """The receiver can't know better, and its text says so."""
        total, sent = self.flood("-n", 500_000, "--once")
        self.assertEqual((sent["attempts"], sent["resent"]), (500_000, 0))
        self.assertGreater(total["lost_packets"], ENOUGH)
        self.assertLessEqual(total["lost_packets"], sent["driver_drops"])


class Before(rx_lib.RxTest):

    @staticmethod
    def make_wire():
        return lib.Wire("--queues", 1)

    def test_what_an_announced_run_finds_is_not_its_own(self):
        far, cpu = Interface(self.wire.far, self.wire.far_if), lib.ALL_CPUS[0]
        far.rename(f"f{os.getpid():x}")
        self.wire.far_if = far.name
        poller, before = far.poller(), far.count("rx_dropped")
        rx = self.receiver()
        starve(poller, cpu)
        self.udp("-s", 128, "-n", AMOUNTS[0], "--once", "--cpus", cpu)
        feed(poller)
        self.assertGreater(far.count("rx_dropped") - before, ENOUGH)
        sent = self.udp("-s", 128, "-n", 200, "--rate", "1kpps", "--announce")
        result = rx.finish()
        self.assertEqual((result.end["reason"], result.end["sum"]["sent"]), ("announced", sent.total["accepted"]),
                         result)
        self.assertLessEqual(result.end["aside"]["link_dropped"], sent.total["driver_drops"], result)


if __name__ == "__main__":
    lib.main()
