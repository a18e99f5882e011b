# SPDX-License-Identifier: BSD-2-Clause
"""Receivers independent of the sender: every byte arrives, once, in order, and the connection ends properly."""
import hashlib
import os
import signal
import sys
import time

import lib
import tcp_lib

MIB = 1 << 20


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Contents(tcp_lib.WireTest):

    def both(self):
        return (self.wire.far_ip, self.wire.far_ip6)

    def file(self, size):
        path = lib.scratch(self) + "/payload"
        with open(path, "wb") as file:
            file.write(os.urandom(size))
        return path

    def test_zeros_and_pattern(self):
        for kind in ("zeros", "pattern"):
            for to in self.both():
                for flows in (1, 7):
                    with self.subTest(kind=kind, to=to, flows=flows), tcp_lib.Sink(self.wire, check=kind) as sink:
                        size = 20 * MIB + 7
                        result = self.done(self.tcp("--payload", kind, "--bytes-per-flow", size, "-f", flows, to=to))
                        self.delivered(result, sink)
                        self.assertEqual(result.total["bytes"], size * flows)

    def test_zeros_is_the_default(self):
        with tcp_lib.Sink(self.wire, check="zeros") as sink:
            self.delivered(self.done(self.tcp("--bytes", MIB)), sink)

    def test_file_once(self):
        for size in (1, 100, 1448, 65_536, 5 * MIB + 3):
            for flows in (1, 3):
                path = self.file(size)
                with self.subTest(size=size, flows=flows), tcp_lib.Sink(self.wire, check=path) as sink:
                    result = self.done(self.tcp("--payload-file", path, "-f", flows))
                    self.delivered(result, sink)
                    self.assertEqual(result.total["bytes"], size * flows)

    def test_file_over_and_over(self):
        for size in (1, 1000, 3 * MIB + 1):
            path = self.file(size)
            with self.subTest(size=size), tcp_lib.Sink(self.wire, check=path) as sink:
                result = self.done(self.tcp("--payload-file", path, "--repeat", "--bytes", 20 * MIB))
                self.delivered(result, sink)
                self.assertEqual(result.total["bytes"], 20 * MIB)

    def test_file_ends_before_the_amount(self):
        path = self.file(10_000)
        with tcp_lib.Sink(self.wire, check=path) as sink:
            result = self.done(self.tcp("--payload-file", path, "--duration", 5))
            self.delivered(result, sink)
            self.assertEqual(result.total["bytes"], 10_000)

    def test_host_by_name(self):
        hosts = lib.scratch(self) + "/hosts"
        with open(hosts, "w", encoding="ascii") as file:
            file.write(f"{self.wire.far_ip} receiver.test\n{self.wire.far_ip6} receiver.test\n")
        inside = ("unshare", "-m", "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh")
        for option, address in (("-4", self.wire.far_ip), ("-6", self.wire.far_ip6)):
            with self.subTest(option=option), tcp_lib.Sink(self.wire, check="zeros") as sink:
                result = self.done(self.tcp(option, "--bytes", MIB, to="receiver.test", inside=inside))
                self.delivered(result, sink)
                self.assertEqual(result.doc["start"]["configuration"]["dst_addr"], address)

    def test_interface_by_the_route(self):
        with tcp_lib.Sink(self.wire, check="zeros") as sink:
            result = self.wire.run("tcp", "--json", "--bytes", MIB, self.wire.far_ip)
            self.delivered(self.done(result), sink)
            self.assertEqual(result.doc["start"]["configuration"]["interface"]["name"], self.wire.near_if)


class Servers(tcp_lib.WireTest):
    """Third-party programs."""

    def setUp(self):
        self.folder = lib.scratch(self)
        self.payload = self.folder + "/payload"
        with open(self.payload, "wb") as file:
            file.write(os.urandom(30 * MIB + 11))

    def background(self, *command, **popen):
        process = tcp_lib.Background(self.wire.far_ns, *command, **popen)
        self.addCleanup(process.close)
        return process

    def wait_listening(self, port=tcp_lib.PORT):
        lib.wait_for(lambda: f":{port} " in self.wire.far("ss", "-Hltn"), "the server listens")

    def test_one_with_a_protocol_of_its_own(self):
        """It answers requests that it cannot understand and closes."""
        self.background(sys.executable, "-c", f"""if True:
            import socket
            server = socket.create_server(("{self.wire.far_ip}", {tcp_lib.PORT}))
            peer, _ = server.accept()
            peer.recv(37)
            peer.sendall(b"-ERR")
            peer.close()""")
        self.wait_listening()
        result = self.tcp("--bytes", 50 * MIB)
        self.failed(result, 5, "the far end took", "sent 4 bytes", "reset the connection", "a protocol of its own")

    def test_socat(self):
        socat = lib.need_tool("socat")
        for listen, to in (("TCP4-LISTEN", self.wire.far_ip), ("TCP6-LISTEN", self.wire.far_ip6)):
            with self.subTest(listen=listen):
                stored = f"{self.folder}/{listen}"
                process = self.background(socat, "-u", f"{listen}:{tcp_lib.PORT},reuseaddr", f"CREATE:{stored}")
                self.wait_listening()
                result = self.done(self.tcp("--payload-file", self.payload, to=to))
                self.assertEqual(process.child.wait(lib.PATIENCE), 0)
                self.assertEqual(sha256(stored), sha256(self.payload))
                self.assertEqual(result.total["bytes"], os.path.getsize(self.payload))

    def nginx(self):
        nginx = lib.need_tool("nginx")
        os.mkdir(self.folder + "/store")
        os.chmod(self.folder, 0o777)
        conf = self.folder + "/nginx.conf"
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"""
daemon off; master_process off; user root; pid {self.folder}/pid; error_log {self.folder}/error;
events {{ worker_connections 1000; }}
http {{
  access_log {self.folder}/access; root {self.folder}/store; client_max_body_size 0;
  client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/p; fastcgi_temp_path {self.folder}/f;
  uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  server {{ listen {tcp_lib.PORT}; listen [::]:{tcp_lib.PORT}; location / {{ dav_methods PUT; }} }}
}}
""")
        process = self.background(nginx, "-c", conf, "-e", self.folder + "/error")
        self.addCleanup(process.child.terminate)
        self.wait_listening()

    def request(self, name):
        path = f"{self.folder}/request-{name}"
        with open(path, "wb") as file, open(self.payload, "rb") as body:
            file.write(f"PUT /{name} HTTP/1.1\r\nHost: {self.wire.far_ip}\r\nConnection: close\r\n"
                       f"Content-Length: {os.path.getsize(self.payload)}\r\n\r\n".encode())
            file.write(body.read())
        return path

    def test_nginx_stores_what_is_put(self):
        self.nginx()
        for name, to in (("four", self.wire.far_ip), ("six", self.wire.far_ip6)):
            with self.subTest(name=name):
                request = self.request(name)
                result = self.done(self.tcp("--payload-file", request, to=to))
                self.assertEqual(result.total["bytes"], os.path.getsize(request))
                self.assertEqual(sha256(f"{self.folder}/store/{name}"), sha256(self.payload))
                self.assertGreater(result.total["bytes_received"], 100, "the answer")
        with open(self.folder + "/access", encoding="utf-8") as file:
            self.assertEqual([line.split('"')[2].split()[0] for line in file], ["201", "201"])

    def test_nginx_stores_from_many(self):
        self.nginx()
        result = self.done(self.tcp("--payload-file", self.request("many"), "-f", 8))
        self.assertEqual(sha256(self.folder + "/store/many"), sha256(self.payload))
        with open(self.folder + "/access", encoding="utf-8") as file:
            codes = [line.split('"')[2].split()[0] for line in file]
        self.assertEqual((len(codes), set(codes) - {"201", "204"}), (8, set()))
        self.assertTrue(all(flow["bytes_received"] > 100 for flow in result.doc["end"]["flows"]))


class Readers(tcp_lib.WireTest):
    """Receivers that read at irregular times."""

    def test_slow(self):
        sink = self.sink(check="pattern", rate=8_000_000, buffer=200_000)
        before = tcp_lib.protocol_counters(self.wire.far_ns)
        result = self.done(self.tcp("--payload", "pattern", "--bytes", 16_000_000, "--drain", 20))
        self.delivered(result, sink)
        self.patient(result)
        self.assertGreater(result.total["window_limited_seconds"], 0.5)
        after = tcp_lib.protocol_counters(self.wire.far_ns)
        self.assertEqual(tcp_lib.reproaches(before, after, but=tcp_lib.PROBED + tcp_lib.SQUEEZED), {})

    def test_slow_with_many_flows(self):
        sink = self.sink(check="pattern", rate=1_000_000, buffer=50_000)
        result = self.done(self.tcp("--payload", "pattern", "--bytes-per-flow", 2_000_000, "-f", 20, "--drain", 20))
        self.delivered(result, sink)
        self.assertGreater(result.total["window_limited_seconds"], 1)

    def stopped(self, flows, threads, *args):
        """A run to a receiver that pauses for three seconds, and its kernel's error counters."""
        with tcp_lib.Sink(self.wire, check="pattern", pause_at=3_000_000, pause=3) as sink:
            before = tcp_lib.protocol_counters(self.wire.far_ns)
            result = self.done(self.tcp("--payload", "pattern", "--bytes-per-flow", 30_000_000, "-f", flows,
                                        "--threads", min(threads, len(lib.ALL_CPUS)), *args))
            self.delivered(result, sink)
            after = tcp_lib.protocol_counters(self.wire.far_ns)
        return result, tcp_lib.reproaches(before, after, but=tcp_lib.PROBED + tcp_lib.SQUEEZED)

    def test_stops_for_three_seconds(self):
        for threads, flows in ((1, 1), (2, 8)):
            with self.subTest(flows=flows):
                # A ring that a busy host did not empty in time loses segments: then repeated at a lower rate.
                for rate in ((), ("--rate", "2Gbps"), ("--rate", "1Gbps")):
                    result, reproaches = self.stopped(flows, threads, *rate)
                    if result.total["driver_drops"] == 0:
                        break
                end = result.doc["end"]
                self.patient(result)
                for flow in end["flows"]:
                    self.assertGreater(flow["zero_window_seconds"], 1.5, flow)
                    self.assertGreater(flow["window_probes"], 0, flow)
                # For three seconds there is nothing to do: no CPU time is burnt, whatever sending takes.
                self.assertLess(end["cpu_seconds"], threads * (end["sum"]["seconds"] - 3) + 1.5, result)
                self.assertEqual(reproaches, {}, result)

    def test_never_reads_on(self):
        sink = self.sink(pause_at=100_000)
        result = self.tcp("--duration", 1, "--drain", 1)
        self.adds_up(self.failed(result, 5))
        # A closed window takes no FIN either, even if all data has just been acknowledged.
        close = result.doc["end"]["flows"][0]["close"]
        self.assertIn(close, ("unfinished", "fin_unacknowledged"))
        if close == "unfinished":
            self.assertEqual(sink.ended()[0].end, "reset")


class Endings(tcp_lib.WireTest):
    """The receiver ends the connection in its own way, or sends data."""

    def test_closes_early(self):
        for end in ("close", "reset"):
            for flows in (1, 4):
                with self.subTest(end=end, flows=flows), tcp_lib.Sink(self.wire, end_at=1_000_000, end=end) as sink:
                    result = self.tcp("--bytes-per-flow", 100_000_000, "-f", flows)
                    self.adds_up(self.failed(result, 5))
                    self.assertEqual({flow["close"] for flow in result.doc["end"]["flows"]}, {"peer_reset"}, result)
                    for flow in result.doc["end"]["flows"]:
                        self.assertGreaterEqual(flow["bytes"], 1_000_000 - 1)
                        self.assertTrue(flow["detail"])
                    self.assertEqual([c.bytes for c in sink.connections()], flows * [1_000_000])

    def test_half_close(self):
        sink = self.sink(check="pattern", end_at=1_000_000, end="half")
        result = self.done(self.tcp("--payload", "pattern", "--bytes", 30_000_000))
        self.delivered(result, sink)
        self.assertEqual(result.total["bytes"], 30_000_000)

    def test_half_close_from_the_start(self):
        sink = self.sink(check="pattern", end_at=1, end="half")
        result = self.done(self.tcp("--payload", "pattern", "--bytes-per-flow", 3_000_000, "-f", 20))
        self.delivered(result, sink)

    def test_does_not_close(self):
        sink = self.sink(check="zeros", stay=1)
        result = self.adds_up(self.tcp("--bytes", 1_000_000, "--drain", 1))
        self.assertEqual([flow["close"] for flow in result.doc["end"]["flows"]], ["fin_one_way"])
        self.delivered(result, sink)
        self.assertEqual(result.status, 0)

    def test_echo(self):
        for flows in (1, 5):
            with self.subTest(flows=flows), tcp_lib.Sink(self.wire, check="pattern", echo=1) as sink:
                result = self.done(self.tcp("--payload", "pattern", "--bytes-per-flow", 10_000_000, "-f", flows))
                got = self.delivered(result, sink)
                for flow in result.doc["end"]["flows"]:
                    self.assertEqual(flow["bytes_received"], got[flow["src_port"]].sent)
                    self.assertEqual(flow["bytes_received"], 10_000_000)

    def test_talks_all_the_time(self):
        with tcp_lib.Sink(self.wire, check="pattern", send=20_000_000) as sink:
            result = self.done(self.tcp("--payload", "pattern", "--bytes", 20_000_000))
            self.delivered(result, sink)
            self.assertEqual(result.total["bytes_received"], 20_000_000)
            self.assertEqual(sink.connections()[0].sent, 20_000_000)

    def test_keepalive_is_answered(self):
        """A far end that probes a silent sender gets its answers, and keeps the connection."""
        for key, value in (("time", 1), ("intvl", 1), ("probes", 1)):
            self.wire.far("sysctl", "-qw", f"net.ipv4.tcp_keepalive_{key}={value}")
        socat = lib.need_tool("socat")
        stored = lib.scratch(self) + "/stored"
        server = tcp_lib.Background(self.wire.far_ns, socat, "-u", f"TCP-LISTEN:{tcp_lib.PORT},reuseaddr,keepalive",
                                    f"CREATE:{stored}")
        self.addCleanup(server.close)
        lib.wait_for(lambda: f":{tcp_lib.PORT} " in self.wire.far("ss", "-Hltn"), "the server listens")
        before = tcp_lib.protocol_counters(self.wire.far_ns)
        # One full segment every few seconds: in between there are only keepalives.
        with self.start("--payload", "pattern", "-n", 3, "--burst", 1, "--rate", "0.3pps") as run:
            time.sleep(3.5)
            self.assertTrue(run.running())
            result = self.done(run.finish())
        self.assertEqual(server.child.wait(lib.PATIENCE), 0)
        after = tcp_lib.protocol_counters(self.wire.far_ns)
        self.assertGreater(after["TcpExt.TCPKeepAlive"], before["TcpExt.TCPKeepAlive"])
        with open(stored, "rb") as file:
            self.assertEqual(file.read(), tcp_lib.pattern(result.total["bytes"]))


class Closing(tcp_lib.WireTest):
    """--close, as the receiver sees it."""

    def test_fin(self):
        for option in ((), ("--close", "fin")):
            with tcp_lib.Sink(self.wire, check="zeros") as sink:
                self.delivered(self.done(self.tcp("--bytes", 5_000_000, "-f", 3, *option)), sink, ends=("eof",))

    def test_rst(self):
        with tcp_lib.Sink(self.wire, check="zeros") as sink:
            result = self.done(self.tcp("--bytes-per-flow", 100_000, "-f", 3, "--close", "rst"), close="rst")
            self.assertEqual({c.end for c in sink.ended(3)}, {"reset"})
            self.assertEqual(result.total["bytes"], 300_000)

    def test_keep_open(self):
        with tcp_lib.Sink(self.wire, check="zeros") as sink:
            result = self.done(self.tcp("--bytes-per-flow", 100_000, "-f", 3, "--close", "keep-open"),
                               close="kept_open")
            sink.wait_bytes(300_000)
            time.sleep(0.3)
            self.assertEqual({(c.end, c.bytes) for c in sink.connections()}, {("open", 100_000)})
            self.assertEqual(result.total["bytes"], 300_000)

    def test_interrupt_is_a_clean_end(self):
        for flows in (1, 30):
            with self.subTest(flows=flows), tcp_lib.Sink(self.wire, check="pattern") as sink:
                with self.start("--payload", "pattern", "-f", flows) as run:
                    sink.wait_bytes(10_000_000, run)
                    run.send(signal.SIGINT)
                    result = self.done(run.finish())
                self.assertEqual(result.doc["end"]["reason"], "interrupted")
                self.delivered(result, sink)

    def test_interrupt_between_slots(self):
        """Nothing is in flight, and the next segment is due in seconds: there is nothing to wait for."""
        with tcp_lib.Sink(self.wire, check="pattern") as sink:
            with self.start("--payload", "pattern", "-f", 4, "--threads", 2, "--rate", "0.1pps") as run:
                sink.wait_bytes(1_000, run)
                run.send(signal.SIGINT)
                result = self.done(run.finish())
            self.delivered(result, sink)

    def test_drain_is_for_closing_too(self):
        """The wait for a far end that does not close is as long as configured, and ends on ^C."""
        with tcp_lib.Sink(self.wire, stay=1):
            with self.start("--bytes", 100_000, "--drain", 60) as run:
                time.sleep(7)
                self.assertTrue(run.running(), "it waits for the far end to close")
                run.send(signal.SIGINT)
                self.done(run.finish(30), close="fin_one_way")

    def test_second_interrupt_leaves_at_once(self):
        sink = self.sink(pause_at=100_000)
        with self.start("--drain", 60) as run:
            sink.wait_bytes(100_000, run)
            time.sleep(0.3)
            run.send(signal.SIGINT)
            time.sleep(0.3)
            self.assertTrue(run.running(), "it waits for data in flight")
            run.send(signal.SIGINT)
            self.assertEqual(run.finish(5).status, 130)
        self.assertNotIn("xdp", self.wire.near_link())


if __name__ == "__main__":
    lib.main()
