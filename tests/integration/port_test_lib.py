# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of runs that see both ends share: wires whose two ends are in one namespace, and the ledger."""
import hop
import lib

COLUMNS = ("not_sent", "refused", "lost", "dropped", "received", "duplicated", "late")


class _Joined:
    """The far end comes over to the near namespace."""

    def join(self):
        self.far("ip", "link", "set", "dev", self.far_if, "netns", self.near_ns)
        self.near("ethtool", "-K", self.far_if, "gro", "on")
        self.near("ip", "link", "set", "dev", self.far_if, "up")
        return self

    def exchange(self, *args, to=None):
        """A run from the one end to the other."""
        return self.run("udp", self.near_if, "--rx", self.far_if, "-m", self.far_mac, "-a", to or self.far_ip, "--json",
                        *args)


class Wire(_Joined, lib.Wire):
    def __init__(self, *options):
        super().__init__(*options)
        self.join()


class HopWire(_Joined, hop.HopWire):
    def __init__(self, *options):
        super().__init__(*options)
        self.join()


class FloodWire(hop.HopWire):
    """Behind the hop a bridge, which floods to two ports: both are in the near namespace."""

    RX = ("xtgr1", "xtgr2")

    def __init__(self, *options):
        super().__init__(*options)
        try:
            self.far("ip", "link", "add", "flood", "type", "bridge", "mcast_snooping", "0")
            self.far("ip", "link", "set", "dev", "flood", "up")
            self.far("ip", "link", "set", "dev", self.far_if, "master", "flood", "promisc", "on")
            for port in self.RX:
                inner = port.replace("r", "b")
                self.far("ip", "link", "add", inner, "type", "veth", "peer", "name", port, "netns", self.near_ns)
                self.far("ip", "link", "set", "dev", inner, "master", "flood", "up")
                self.near("ip", "link", "set", "dev", port, "up")
        except BaseException:
            self.close()
            raise

    def exchange(self, *args):
        """A run to nobody's address, which comes to both."""
        return self.run("udp", self.near_if, "--rx", self.RX[0], "--rx", self.RX[1], "-m", "02:00:00:00:77:77", "-a",
                        self.far_ip, "--json", *args)


class PortTest(lib.TestCase):

    def ledger(self, result, port=None):
        """The ledger of a sending port; its columns add up to what was asked for, in every run."""
        for ledger in result.doc["end"]["ledger"]:
            self.assertEqual(sum(ledger[column] for column in COLUMNS), ledger["asked"], result)
        sent = {tx["interface"]: tx["sum"] for tx in result.doc["end"]["tx"]}
        for ledger in result.doc["end"]["ledger"]:
            tx = sent[ledger["interface"]]
            self.assertEqual(ledger["asked"] - ledger["not_sent"], tx["attempts"] - tx["resent"], result)
            self.assertEqual(ledger["refused"], tx["driver_drops"] + tx["redirect_errors"] - tx["resent"], result)
            came = [flow["sum"]["unique"] for flow in result.doc["end"]["flows"]
                    if flow["from"] == ledger["interface"] and flow["sum"]["unique"]]
            if len(came) == 1:
                self.assertEqual(ledger["received"] + ledger["duplicated"], came[0], result)
        return next(l for l in result.doc["end"]["ledger"] if port in (None, l["interface"]))

    def flow(self, result, start, end):
        return next(f["sum"] for f in result.doc["end"]["flows"] if (f["from"], f["to"]) == (start, end))

    def held(self, result):
        """Of the conditions that were asked for."""
        return [verdict["held"] for verdict in result.doc["end"]["expect"] if not verdict["implied"]]

    def columns(self, ledger):
        """Those that are not 0."""
        return {key: ledger[key] for key in (*COLUMNS, "copies") if ledger[key]}
