# SPDX-License-Identifier: BSD-2-Clause
"""The static executable: all that it needs is in it, and names resolve as far as its own C library can."""
import socket
import struct
import threading

import empty_root
import lib
import tcp_lib


class NameServer(threading.Thread):
    """Answers every question for an A record with one address, and every other with none."""

    def __init__(self, netns, bind, answers):
        super().__init__(daemon=True)
        self.answers = answers
        with lib.in_netns(netns):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind((bind, 53))
        self._socket.settimeout(0.1)
        self._over = False
        self.start()

    def run(self):
        while not self._over:
            try:
                query, client = self._socket.recvfrom(512)
            except TimeoutError:
                continue
            at, labels = 12, []
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            question, kind = query[12:at + 5], struct.unpack("!H", query[at + 1:at + 3])[0]
            address = self.answers.get(".".join(labels))
            records = b""
            if address and kind == 1:
                records = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + socket.inet_aton(address)
            flags = 0x8180 if address else 0x8183
            head = query[:2] + struct.pack("!HHHHH", flags, 1, 1 if records else 0, 0, 0)
            self._socket.sendto(head + question + records, client)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over = True
        self.join()
        self._socket.close()


class Static(empty_root.Exchange, lib.WireTest):

    def test_needs_no_library(self):
        empty_root.make(self)
        with open(empty_root.STATIC, "rb") as file:
            head = file.read(64)
            offset, size, count = (struct.unpack_from(form, head, at)[0] for form, at in
                                   (("<Q", 32), ("<H", 54), ("<H", 56)))
            file.seek(offset)
            kinds = [struct.unpack("<I", file.read(size)[:4])[0] for _ in range(count)]
        self.assertNotIn(3, kinds, "it names an interpreter")


class Names(tcp_lib.WireTest):
    """Where the system's settings name a library of its own, which a static executable cannot load."""

    def setUp(self):
        self.root = empty_root.make(self)
        empty_root.write(self.root, "hosts", f"{self.wire.far_ip} in-the-file\n")
        empty_root.write(self.root, "nsswitch.conf", "hosts: mymachines [UNAVAIL=return] files dns\n")
        empty_root.write(self.root, "resolv.conf", f"nameserver {self.wire.far_ip}\noptions timeout:2 attempts:2\n")

    def tcp_to(self, name):
        return self.wire.run("tcp", name, "-p", tcp_lib.PORT, "--bytes", 1_000_000, "--json",
                             inside=empty_root.inside(self.root), binary=empty_root.PROGRAM)

    def test_found(self):
        for name in ("in-the-file", "in-the-dns.example"):
            with self.subTest(name=name), tcp_lib.Sink(self.wire) as sink, \
                    NameServer(self.wire.far_ns, self.wire.far_ip, {"in-the-dns.example": self.wire.far_ip}):
                self.ok(self.tcp_to(name))
                self.assertEqual(sink.total(), 1_000_000)

    def test_not_found(self):
        with NameServer(self.wire.far_ns, self.wire.far_ip, {}):
            self.failed(self.tcp_to("nowhere.example"), 2, 'find host "nowhere.example"', "not known")


if __name__ == "__main__":
    lib.main()
