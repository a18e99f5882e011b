# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's pktgen as a sender that is not this program: `rx --match` counts what pktgen says that it sent."""
import re

import cards
import lib
import rx_lib

COUNT, SIZE = 300, 200  # pktgen counts sizes without the FCS


class Pktgen(cards.CardTest):

    def write(self, name, *lines):
        for line in lines:
            self.wire.near("sh", "-c", 'echo "$1" >"/proc/net/pktgen/$0"', name, line)

    def test_counted(self):
        lib.call("modprobe", "pktgen")
        self.write("kpktgend_0", "rem_device_all", "add_device eth0")
        self.addCleanup(self.write, "kpktgend_0", "rem_device_all")
        # Ports in turn; the last one is not sent to.
        self.write("eth0", f"count {COUNT}", f"pkt_size {SIZE}", "delay 2500000", f"dst_mac {self.wire.far_mac}",
                   f"dst {self.wire.far_ip}", f"src_min {self.wire.near_ip}", f"src_max {self.wire.near_ip}",
                   "udp_src_min 9", "udp_src_max 9", "udp_dst_min 1000", "udp_dst_max 1003")
        one, rest = "udp dst port 1000", "udp dst portrange 1001-1002"
        receiver = rx_lib.Receiver(self.wire, "-n", COUNT, "--duration", 60, "--match", one, "--match", rest)
        self.addCleanup(receiver.__exit__)
        before = self.wire.far_packets()
        self.write("pgctrl", "start")  # and waits for its end
        sent, failed = re.search(r"pkts-sofar: (\d+) +errors: (\d+)", self.wire.near("cat", "/proc/net/pktgen/eth0")).groups()
        self.assertEqual((int(sent), int(failed)), (COUNT, 0))
        result = receiver.finish()
        self.assertEqual(result.status, 0, result)
        self.assertEqual({stream["match"]: (stream["packets"], stream["bytes"]) for stream in result.end["streams"]},
                         {one: (COUNT // 3, COUNT // 3 * (SIZE + 4)), rest: (COUNT // 3 * 2, COUNT // 3 * 2 * (SIZE + 4))})
        self.assertLess(self.wire.far_packets() - before, COUNT + cards.CHATTER)
