# SPDX-License-Identifier: BSD-2-Clause
"""Cards whose driver takes no XDP program as they are set up: every command says why, in the driver's words,
and what repairs it. tc sends instead."""
import json

import cards


class Refusal(cards.CardTest):
    words = ()

    def test_probe(self):
        """tc sends, so the interface is usable; the check says what keeps XDP from it."""
        result = self.wire.run("probe", "eth0", "--json")
        self.assertEqual((result.status, result.doc["usable"]), (0, True), result)
        check, = [check for check in result.doc["checks"] if check["id"] == "xdp-transmit"]
        for word in self.words:
            self.assertIn(word, json.dumps(check))

    def test_udp(self):
        self.failed(self.wire.udp("-n", 10, "--via", "xdp"), 4, *self.words)

    def test_udp_by_tc(self):
        """Which --via auto takes instead, and says so."""
        result = self.ok(self.wire.udp("-n", 300, "--rate", "400pps"))
        configuration = result.doc["start"]["configuration"]
        self.assertEqual((configuration["via"], result.total["accepted"]), ("tc", 300), result)
        for word in self.words:
            self.assertIn(word, json.dumps(configuration["via_reason"]))


class NoReceiver(Refusal):
    """Nor does it take one that copes with frames in several pieces."""

    def test_receive(self):
        for command in ("rx", "reflect"):
            with self.subTest(command=command):
                result = self.wire.run(command, "eth0", "--mode", "native", "--duration", 1, "--json")
                self.failed(result, 4, *self.words)

    def test_receive_behind_the_driver(self):
        result = self.wire.run("rx", "eth0", "--duration", 1, "--json")
        self.assertEqual(result.doc["start"]["configuration"]["attached"], "generic", result)
        self.assertIn(self.words[0], json.dumps(result.doc["start"]))

    def test_udp_rx(self):
        with self.wire.joined():
            for receiver in ("eth0", "eth1"):
                with self.subTest(receiver=receiver):
                    result = self.wire.run("udp", "eth0", "--rx", receiver, "-m", self.wire.far_mac, "-a",
                                           self.wire.far_ip, "-n", 10, "-s", 128, "--json")
                    self.failed(result, 4, *self.words)


class LargeMtu(Refusal):
    words = ("MTU too large", "ip link set dev eth0 mtu 1500")


class FixedOffloads(NoReceiver):
    words = ("GRO_HW/CSUM", "guest_csum=off")


class NoXdp(cards.CardTest):
    """A driver without XDP."""

    def test_udp(self):
        self.failed(self.wire.udp("-n", 10, "--via", "xdp"), 4, "cannot transmit frames from XDP (no ndo_xdp_xmit)")


BY_CARD = {"virtio-net-pci,mtu=9000": LargeMtu, "virtio-net-pci,offloads=fixed": FixedOffloads, "e1000e": NoXdp}
