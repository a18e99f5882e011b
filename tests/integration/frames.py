# SPDX-License-Identifier: BSD-2-Clause
"""Reads frames and capture files independently of the program, as a receiver would."""
import collections
import ipaddress
import struct


def is_udp(frame):
    kind = frame[12:14]
    return (kind == b"\x08\x00" and frame[23] == 17) or (kind == b"\x86\xdd" and frame[20] == 17)


def ones_sum(data):
    """The checksum of RFC 1071, implemented literally."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


class Frame:
    """Parses the headers of a UDP frame. `problems` lists everything that no receiver would accept."""

    def __init__(self, data):
        self.data = data = bytes(data)
        self.problems = []
        self.dst_mac, self.src_mac = data[0:6].hex(":"), data[6:12].hex(":")
        if data[12:14] == b"\x08\x00":
            self._ipv4(data[14:])
        else:
            self._ipv6(data[14:])

    def _ipv4(self, packet):
        self.version, self.tos, self.hop_limit = 4, packet[1], packet[8]
        self._expect(packet[0] == 0x45, "version and header length")
        self._expect(struct.unpack("!H", packet[2:4])[0] == len(packet), "IPv4 total length")
        self._expect(packet[9] == 17, "protocol")
        self._expect(ones_sum(packet[:20]) == 0xffff, "IPv4 header checksum")
        self.src, self.dst = ipaddress.IPv4Address(packet[12:16]), ipaddress.IPv4Address(packet[16:20])
        self._udp(packet[20:], packet[12:20])

    def _ipv6(self, packet):
        self.version, self.hop_limit = 6, packet[7]
        word, length = struct.unpack("!IH", packet[:6])
        self.tos = word >> 20 & 0xff
        self._expect(word >> 28 == 6, "version")
        self._expect(length == len(packet) - 40, "IPv6 payload length")
        self._expect(packet[6] == 17, "next header")
        self.src, self.dst = ipaddress.IPv6Address(packet[8:24]), ipaddress.IPv6Address(packet[24:40])
        self._udp(packet[40:], packet[8:40])

    def _udp(self, segment, addresses):
        self.src_port, self.dst_port, length, self.checksum = struct.unpack("!HHHH", segment[:8])
        self.payload = segment[8:]
        self._expect(length == len(segment), "UDP length")
        if self.checksum != 0:
            pseudo = addresses + struct.pack("!II", len(segment), 17)
            self._expect(ones_sum(pseudo + segment) == 0xffff, "UDP checksum")

    def _expect(self, fulfilled, what):
        if not fulfilled:
            self.problems.append(what)

    def signature(self):
        """Parses a signature by the man page: a dict, or None if the payload ends with neither form."""
        tail = self.payload[-32:]
        if len(tail) == 32 and tail[28:] == b"XTGS":
            seq, tx_ns, session, stream, lane, flags, reserved, kind, version = \
                struct.unpack("!QQIHBBHBB", tail[:28])
            return {"form": "full", "seq": seq, "tx_ns": tx_ns, "session": session, "stream": stream,
                    "lane": lane, "flags": flags, "reserved": reserved, "type": kind, "version": version}
        tail = self.payload[-16:]
        if len(tail) == 16 and tail[14:] == b"\xc7\xa1":
            seq, high, low, session, stream, lane = struct.unpack("!IHIHBB", tail[:14])
            return {"form": "compact", "seq": seq, "tx_ns": high << 32 | low, "session": session,
                    "stream": stream, "lane": lane}
        return None


# A packet of a capture file: time in ns since 1970, bytes, and length before truncation.
Packet = collections.namedtuple("Packet", "time data length comment")


def packets_of_pcap(path):
    """The packets of a classic pcap or pcapng file."""
    with open(path, "rb") as file:
        data = file.read()
    return list(_packets_of_pcapng(data) if data[:4] == b"\n\r\r\n" else _packets_of_classic(data))


def _packets_of_classic(data):
    order, unit = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\x4d\x3c\xb2\xa1": ("<", 1),
                   b"\xa1\xb2\xc3\xd4": (">", 1000), b"\xa1\xb2\x3c\x4d": (">", 1)}[data[:4]]
    link_type = struct.unpack(order + "I", data[20:24])[0]
    assert link_type == 1, f"link type {link_type} is not Ethernet"
    at = 24
    while at < len(data):
        seconds, fraction, captured, original = struct.unpack(order + "IIII", data[at:at + 16])
        yield Packet(seconds * 10**9 + fraction * unit, data[at + 16:at + 16 + captured], original, None)
        at += 16 + captured


def _packets_of_pcapng(data):
    """Packets of a pcapng file with one section and one interface, little-endian, in nanoseconds, as rx writes them."""
    at, heads = 0, []
    while at < len(data):
        kind, length = struct.unpack("<II", data[at:at + 8])
        block = data[at + 8:at + length - 4]
        assert length % 4 == 0 and data[at + length - 4:at + length] == data[at + 4:at + 8], "block length"
        at += length
        if kind != 6:
            heads.append(kind)
            continue
        assert heads == [0x0a0d0d0a, 1], heads
        _, high, low, captured, original = struct.unpack("<IIIII", block[:20])
        rest, comment = block[20 + (captured + 3) // 4 * 4:], None
        while rest:
            code, size = struct.unpack("<HH", rest[:4])
            if code == 1:
                comment = rest[4:4 + size].decode()
            rest = rest[4 + (size + 3) // 4 * 4:]
        yield Packet(high << 32 | low, block[20:20 + captured], original, comment)


def frames_of_pcap(path):
    packets = packets_of_pcap(path)
    assert all(len(packet.data) == packet.length for packet in packets), "a frame is cut short"
    return [packet.data for packet in packets]
