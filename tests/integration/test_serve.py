# SPDX-License-Identifier: BSD-2-Clause
"""`serve`: tests run for clients over HTTP, and nothing else is."""
import gzip
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import time

import lib
import serve_lib

RX = {"command": "rx", "duration": "20s"}


class ServeTest(lib.TestCase):

    def setUp(self):
        self.wire = lib.Wire()
        self.addCleanup(self.wire.close)
        self.wire.near("ethtool", "-K", self.wire.near_if, "gro", "on") # it receives, too

    def serve(self, *args, **options):
        self.server = serve_lib.Server(self, self.wire.far_ns, [self.wire.far_if], self.wire.far_ip, *args, **options)
        return self.client()

    def client(self, **options):
        client = serve_lib.Client(self.wire.near_ns, self.wire.far_ip, **options)
        self.addCleanup(client.close)
        return client

    def send(self, *args):
        return self.ok(self.wire.run("udp", self.wire.near_if, "-m", self.wire.far_mac, "-a", self.wire.far_ip, "-s", 128,
                                     "--rate", "5kpps", "--json", *args))


class Tests(ServeTest):

    def test_receives(self):
        client = self.serve()
        name = client.create(RX)
        client.wait(name, "running")
        self.send("-n", 2000, "--announce")
        value = client.wait(name, "done")
        self.assertEqual(value["result"]["end"]["sum"]["unique"], 2000, value)
        self.assertEqual(value["interfaces"], [self.wire.far_if], "by the address that the client reached")
        metrics = client.get("/metrics")
        self.assertIn('received_packets_total{test="%s",command="rx",interface="%s"} 2000\n' %
                      (name, self.wire.far_if), metrics)
        if shutil.which("promtool"):
            subprocess.run(["promtool", "check", "metrics"], input=metrics, text=True, check=True)

    def test_events_as_they_happen(self):
        client = self.serve()
        name = client.create({**RX, "interval": "100ms"})
        request = self.client().connect()
        request.sendall(f"GET /v1/tests/{name}/events HTTP/1.1\r\nHost: {self.wire.far_ip}\r\n"
                        f"Authorization: Bearer {serve_lib.TOKEN}\r\n\r\n".encode())
        with request:
            text = b""
            while text.count(b'{"event":"interval"') < 2:
                text += request.recv(4096)
        self.assertIn(b'{"event":"start"', text)
        self.assertEqual(client.get("/v1/tests/" + name)["state"], "running")

    def test_sends_to_who_answers(self):
        client = self.serve()
        test = {"command": "udp", "dst_addr": self.wire.near_ip, "num_packets": 100, "rate": "1kpps", "pkt_size": 128}
        status, value = client.request("POST", "/v1/tests", test)
        self.assertEqual(status, 403, value)
        self.assertIn("challenge", value["error"])
        self.assertEqual(client.prove(self.wire.near_ip), (200, {"proven": True}))
        with lib.Capture(self.wire.near_ns, self.wire.near_if) as capture:
            value = client.wait(client.create(test), "done")
            self.assertEqual(value["result"]["end"]["sum"]["packets"], 100, value)
            self.sound(capture.take(100), 100)

    def test_one_at_a_time(self):
        client, other = self.serve(), self.client()
        name = client.create(RX)
        client.wait(name, "running")
        status, value = other.request("POST", "/v1/tests", RX)
        self.assertEqual(status, 409, value)
        self.assertEqual(value["busy"]["client"], self.wire.near_ip)
        waits = other.create(RX, "?wait=true")
        self.assertEqual(other.get("/v1/tests/" + waits)["position"], 1)
        client.request("DELETE", "/v1/tests/" + name)
        client.wait(name, "failed") # nothing came
        other.wait(waits, "running")

    def test_client_vanishes(self):
        client = self.serve()
        name = client.create(RX, "?lease=1s")
        client.wait(name, "running")
        lib.wait_for(lambda: all(t["state"] == "failed" for t in client.get("/v1/tests")["tests"]), "the end of the test")
        self.assertEqual(client.get("/v1/health")["running"], 0)
        self.assertNotIn("xdp", self.wire.far("ip", "-d", "link", "show", "dev", self.wire.far_if))

    def test_many_in_a_row(self):
        """Descriptors and threads of the server do not grow."""
        client = self.serve()

        def held():
            return [len(os.listdir(f"/proc/{self.server.process.pid}/{what}")) for what in ("fd", "task")]

        def some(count):
            for _ in range(count):
                name = client.create({"command": "rx", "duration": "1ms"})
                client.wait(name, "failed") # nothing came
                client.request("DELETE", "/v1/tests/" + name)

        some(3)
        before = held()
        some(40)
        self.assertEqual(held(), before)


class Ends(ServeTest):

    def test_terminated(self):
        client = self.serve()
        client.wait(client.create(RX), "running")
        result = self.server.stop()
        self.assertEqual((result.status, result.err), (0, ""), result)
        self.assertNotIn("xdp", self.wire.far("ip", "-d", "link", "show", "dev", self.wire.far_if))

    def test_killed(self):
        client = self.serve()
        client.prove(self.wire.near_ip)
        client.wait(client.create(RX), "running")
        client.wait(client.create({"command": "udp", "dst_addr": self.wire.near_ip, "rate": "1kpps"}), "running")
        held = lib.bpf_ids(self.server.process.pid)
        self.assertTrue(held)
        self.server.process.send(signal.SIGKILL)
        self.server.process.finish()
        lib.wait_for(lambda: not lib.bpf_alive(held), "the kernel cleans up")
        self.assertNotIn("xdp", self.wire.far("ip", "-d", "link", "show", "dev", self.wire.far_if))

    def test_interface_gone(self):
        client = self.serve()
        name = client.create(RX)
        client.wait(name, "running")
        # The control connection goes over the same interface: it is asked again when it is back.
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "down")
        time.sleep(0.5)
        self.wire.far("ip", "link", "set", "dev", self.wire.far_if, "up")
        value = client.wait(name, "failed")
        self.assertIn("went down", value["error"])


class Guarded(ServeTest):

    def test_needs_a_token(self):
        client = self.serve()
        for token in (None, "another-token"):
            status, value = self.client(token=token).request("POST", "/v1/tests", RX)
            self.assertEqual(status, 401, value)
        self.assertEqual(client.get("/v1/health")["status"], "ok")

    def test_refuses_to_be_open_to_all(self):
        result = lib.program("serve", "lo", "--listen", "any")
        self.assertEqual(result.status, 2, result)
        self.assertIn("--token-file", result.err)
        self.assertEqual(len(result.err.splitlines()), 1, result)

    def test_wrong_words(self):
        path = os.path.join(lib.scratch(self), "short")
        with open(path, "w", encoding="ascii") as file:
            file.write("abc")
        for args, words in (((), "serve eth1"), (("nosuch0",), "nosuch0"), (("lo", "--listen", "here"), "--listen"),
                            (("lo", "--token-file", "/nosuch"), "/nosuch"), (("lo", "--token-file", path), "8 to 512"),
                            (("lo", "--allow", "x"), "--allow"), (("lo", "--send-to", "1/33"), "--send-to"),
                            (("lo", "--max-rate", "10G"), "--max-rate"), (("lo", "--max-duration", "0"), "--max-duration"),
                            (("lo", "--user", "no such"), "--user")):
            with self.subTest(args):
                result = lib.program("serve", *args)
                self.assertEqual(result.status, 2, result)
                self.assertEqual(len(result.err.splitlines()), 1, result)
                self.assertIn(words, result.err)

    def test_other_clients(self):
        self.serve("--allow", "198.51.100.0/24")
        status, value = self.client().request("GET", "/v1/health")
        self.assertEqual(status, 403, value)

    def test_slow_and_idle_connections(self):
        """They cost nobody a turn."""
        client = self.serve()
        probe = self.client()
        idle = []
        self.addCleanup(lambda: [each.close() for each in idle])
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        count = min(10_000, before[1] - 2000) # the server has its own, of which it keeps 1024 for tests
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], count + 500), before[1]))
        for i in range(count):
            idle.append(probe.connect())
            if i % 3 == 0:
                idle[-1].sendall(b"POST /v1/tests HTTP/1.1\r\nContent-Length: 100\r\n")
        self.assertEqual(client.get("/v1/health")["status"], "ok")
        client.wait(client.create({**RX, "duration": "10ms"}), "failed") # nothing came

    def test_nonsense(self):
        client = self.serve()
        for text in (b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
                     b"POST /v1/tests HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"\x00" * 20000,
                     b"GET /" + b"a" * 20000, b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"):
            with self.client().connect() as connection:
                connection.settimeout(lib.PATIENCE)
                connection.sendall(text if b"\r\n" in text or len(text) > 100 else text + b"\r\n")
                try:
                    self.assertRegex(connection.recv(4096), rb"^HTTP/1.1 4\d\d ")
                except ConnectionResetError:
                    pass # it sent more than it was read
        connection = self.client().connect()
        with connection:
            connection.sendall(b"GET /%ff%00 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
                               serve_lib.TOKEN.encode() + b"\r\n\r\n")
            self.assertIn(b" 404 ", connection.recv(4096))
        self.assertEqual(client.get("/v1/health")["status"], "ok")

    def ask(self, *lines, body=b""):
        """A request as bytes; its connection."""
        connection = self.client().connect()
        self.addCleanup(connection.close)
        connection.settimeout(lib.PATIENCE)
        connection.sendall("\r\n".join((*lines, f"Host: {self.wire.far_ip}", f"Content-Length: {len(body)}", "", ""))
                           .encode() + body)
        return connection

    def test_packed_body(self):
        """Nothing is unpacked, least of all before the token is looked at."""
        self.serve()
        packed = gzip.compress(b" " * 50_000_000)
        connection = self.ask("POST /v1/tests HTTP/1.1", "Content-Encoding: gzip", "Content-Type: application/json", body=packed)
        self.assertRegex(connection.recv(4096), rb"^HTTP/1.1 415 ")

    def read_until(self, wanted, connection, text=b""):
        while wanted not in text:
            piece = connection.recv(4096)
            self.assertTrue(piece, text)
            text += piece
        return text

    def test_closes_its_side(self):
        """As nc -N does: the answer still comes, and so do events, also if the request was taken before."""
        client = self.serve()
        name = client.create({**RX, "interval": "100ms"})
        client.wait(name, "running")
        for path, taken, wanted in (("health", b"", b'"status":"ok"'), (f"tests/{name}/events", b"", b'"event":"start"'),
                                    (f"tests/{name}/events", b'"event":"start"', b'"event":"interval"')):
            with self.subTest(path=path, taken=taken):
                connection = self.ask(f"GET /v1/{path} HTTP/1.1", f"Authorization: Bearer {serve_lib.TOKEN}")
                text = self.read_until(taken, connection)
                connection.shutdown(socket.SHUT_WR)
                self.read_until(wanted, connection, text)

    def test_readers_of_events(self):
        """They leave threads for others."""
        client = self.serve()
        name = client.create({**RX, "interval": "100ms"})
        client.wait(name, "running")
        readers = []
        for _ in range(70):
            readers.append(self.ask(f"GET /v1/tests/{name}/events HTTP/1.1", f"Authorization: Bearer {serve_lib.TOKEN}"))
            if readers[-1].recv(4096).startswith(b"HTTP/1.1 503 "):
                break
        self.assertLess(len(readers), 64)
        self.assertEqual(self.client().get("/v1/health")["status"], "ok")
        readers[0].close()

        def place():
            reader = self.ask(f"GET /v1/tests/{name}/events HTTP/1.1", f"Authorization: Bearer {serve_lib.TOKEN}")
            with reader:
                return reader.recv(4096).startswith(b"HTTP/1.1 200 ")

        lib.wait_for(place, "the place of a reader that has gone")

    def test_privileges(self):
        client = self.serve("--user", "nobody")
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
        self.assertNotEqual(status["Uid"].split()[1], "0")
        kept = {12, 13, 23, 38, 39}  # NET_ADMIN, NET_RAW, SYS_NICE, PERFMON, BPF
        effective = int(status["CapEff"], 16)
        self.assertTrue(effective)
        self.assertEqual(effective & ~sum(1 << bit for bit in kept), 0, status["CapEff"])
        self.assertEqual(status["NoNewPrivs"], "1")
        name = client.create(RX)
        client.wait(name, "running")
        self.send("-n", 500, "--announce")
        self.assertEqual(client.wait(name, "done")["result"]["end"]["sum"]["unique"], 500)
        if os.stat("/dev/net/tun").st_mode & 0o006 != 0o006:
            return # without CAP_SYS_ADMIN the ingress devices are TAPs
        client.prove(self.wire.near_ip)
        name = client.create({"command": "udp", "dst_addr": self.wire.near_ip, "num_packets": 50, "rate": "1kpps"})
        self.assertEqual(client.wait(name, "done")["result"]["end"]["sum"]["packets"], 50)


class Systemd(ServeTest):

    def test_sockets_and_readiness(self):
        folder = lib.scratch(self)
        with lib.in_netns(self.wire.far_ns):
            listener = socket.create_server((self.wire.far_ip, 0))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, listener:
            manager.bind(os.path.join(folder, "notify"))
            manager.settimeout(lib.PATIENCE)
            shell = f"exec 3<&{listener.fileno()}; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\""
            path = os.path.join(folder, "token")
            with open(path, "w", encoding="ascii") as file:
                file.write(serve_lib.TOKEN)
            args = ["ip", "netns", "exec", self.wire.far_ns, "sh", "-c", shell, "sh", lib.BINARY, "serve", self.wire.far_if,
                    "--token-file", path]
            with subprocess.Popen(args, pass_fds=[listener.fileno()], stdout=subprocess.PIPE,
                                  env={**os.environ, "NOTIFY_SOCKET": os.path.join(folder, "notify")}) as child:
                try:
                    self.assertEqual(manager.recv(100), b"READY=1")
                    client = self.client(port=listener.getsockname()[1])
                    self.assertEqual(client.get("/v1/health")["status"], "ok")
                    child.send_signal(signal.SIGTERM)
                    self.assertEqual(manager.recv(100), b"STOPPING=1")
                    self.assertEqual(child.wait(timeout=lib.PATIENCE), 0)
                finally:
                    if child.poll() is None:
                        child.kill()


if __name__ == "__main__":
    lib.main()
