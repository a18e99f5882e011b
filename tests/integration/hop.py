# SPDX-License-Identifier: BSD-2-Clause
"""A veth test bed with a hop in the middle that drops, duplicates, delays and reorders by a seeded rule.

See hop.h for the rules and the counters.
"""
import json
import os
import subprocess

from wire import PATIENCE, Wire, call

HOP = os.environ.get("XTG_HOP", "xtg-hop")
SLOTS, DRAWS = 64, ("drop", "hold", "late", "duplicate")
CERTAIN = 1 << 32
_MASK = (1 << 64) - 1


def splitmix64(i):
    z = (i + 1) * 0x9e3779b97f4a7c15 & _MASK
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9 & _MASK
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb & _MASK
    return z ^ (z >> 31)


def predict(count, seed=0, drop=0.0, hold=0.0, late=0.0, duplicate=0.0, hold_by=1, burst_from=0, burst_length=0,
            drop_every=0, hold_every=0, duplicate_every=0):
    """Model of a rule on `count` segments: the order in which their numbers leave, and the counters."""
    chances = {"drop": int(drop * CERTAIN), "hold": int(hold * CERTAIN), "late": int(late * CERTAIN),
               "duplicate": int(duplicate * CERTAIN)}

    every = {"drop": drop_every, "hold": hold_every, "late": 0, "duplicate": duplicate_every}

    def hit(n, draw):
        if every[draw] and (n + 1) % every[draw] == 0:
            return True
        return splitmix64(seed + n * len(DRAWS) + DRAWS.index(draw) & _MASK) >> 32 < chances[draw]

    figures = dict.fromkeys(("dropped", "held", "released", "late", "duplicated", "passed"), 0)
    order, kept = [], {}
    for n in range(count):
        if burst_from <= n < burst_from + burst_length or hit(n, "drop"):
            figures["dropped"] += 1
            continue
        due = figures["passed"] + hold_by
        if hit(n, "hold") and due not in kept:
            kept[due] = n
            figures["held"] += 1
            continue
        figures["passed"] += 1
        figures["late"] += hit(n, "late")
        if hit(n, "duplicate"):
            figures["duplicated"] += 1
            order.append(n)
        order.append(n)
        if figures["passed"] in kept:
            order.append(kept.pop(figures["passed"]))
            figures["released"] += 1
    return order, figures


class HopWire(Wire):
    """near - hop - far. The ends are those of a plain wire; the hop has neither addresses nor a name."""

    def __init__(self, *options, **wire):
        # One queue per direction and unmerged segments, so that the rule counts them in one order.
        super().__init__("--queues", 1, *options, **wire)
        self._hop = subprocess.Popen([HOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self._hop_pid = self._answer()["pid"]
            self._insert()
        except BaseException:
            self.close()
            raise

    def close(self):
        self._hop.stdin.close()
        self._hop.stdout.close()
        try:
            self._hop.wait(timeout=PATIENCE)
        finally:
            if self._hop.poll() is None:
                self._hop.kill()
                self._hop.wait()
            super().close()

    def in_hop(self, *command):
        return call("nsenter", "-t", str(self._hop_pid), "-n", *command)

    def _answer(self):
        line = self._hop.stdout.readline()
        if not line:
            raise AssertionError(f"the hop ended: {self._hop.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"the hop: {answer['error']}")
        return answer

    def ask(self, command, **arguments):
        self._hop.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
        self._hop.stdin.flush()
        return self._answer()

    def _insert(self):
        """The far end of the pair becomes the hop's near side; the far namespace gets a new pair of the same kind."""
        link = json.loads(self.far("ip", "-j", "addr", "show", "dev", self.far_if))[0]
        known = json.loads(self.far("ip", "-j", "neigh", "show", "dev", self.far_if))
        self.far("ip", "link", "set", "dev", self.far_if, "netns", str(self._hop_pid))
        self.in_hop("ip", "link", "set", "dev", self.far_if, "name", "near")
        self.far("ip", "link", "add", self.far_if, "address", self.far_mac, "mtu", str(link["mtu"]),
                 "numrxqueues", "1", "numtxqueues", "1", "type", "veth",
                 "peer", "name", "far", "mtu", str(link["mtu"]), "numrxqueues", "1", "numtxqueues", "1",
                 "netns", str(self._hop_pid))
        for side in ("near", "far", "line0"):
            self.in_hop("ip", "link", "set", "dev", side, "up", "promisc", "on")
        self.in_hop("ip", "link", "set", "dev", "line0", "mtu", str(link["mtu"]), "txqueuelen", "20000")
        self.far("ip", "link", "set", "dev", self.far_if, "addrgenmode", "none")
        self.far("ethtool", "-K", self.far_if, "gro", "on")
        self.far("ip", "link", "set", "dev", self.far_if, "up")
        for address in link["addr_info"]:
            if address["scope"] == "global":
                self.far("ip", "addr", "add", f"{address['local']}/{address['prefixlen']}", "dev", self.far_if)
        for entry in known:
            if "PERMANENT" in entry["state"]:
                self.far("ip", "neigh", "replace", entry["dst"], "lladdr", entry["lladdr"], "dev", self.far_if)
        self.ask("attach", near="near", far="far")
        # The kernel's own segments must also pass one by one and with their checksum.
        self.near("ethtool", "-K", self.near_if, "tx", "off", "tso", "off", "gso", "off")
        self.far("ethtool", "-K", self.far_if, "tx", "off", "tso", "off", "gso", "off")
        for side in ("near", "far"):
            self.in_hop("ethtool", "-K", side, "gro", "off", "tx", "off", "tso", "off", "gso", "off")

    def rule(self, direction=0, **wanted):
        """Sets the rule of a direction (0: to the far end) and clears its counters."""
        self.ask("rule", direction=direction, **wanted)

    def delay(self, seconds):
        """Sets how long the delay line holds `late` frames."""
        self.ask("delay", microseconds=round(seconds * 1e6))

    def by_xdp(self):
        """Forwards UDP over IPv4 to the far end within the driver, by rules that only drop. Frames that do not fit the
        far end's ring are then dropped by the far end, visible in its rx_dropped, and not by the hop."""
        self.ask("by_xdp", on=True)

    def counters(self, direction=0):
        return self.ask("read")["backward" if direction else "forward"]

    def overruns(self):
        """Frames for the far end that found its ring full, since the wire was made: losses outside any rule."""
        link = json.loads(self.in_hop("ip", "-j", "-s", "link", "show", "dev", "far"))[0]
        return link["stats64"]["tx"]["dropped"]
