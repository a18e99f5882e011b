# SPDX-License-Identifier: BSD-2-Clause
"""A server in the far namespace of a wire, and a client in the near one."""
import http.client
import http.server
import json
import os
import signal
import socket
import threading
import time

import lib
import wire

PORT = 9950
TOKEN = "a-token-of-the-tests"


class Server:
    """`serve` in a namespace, until the test ends."""

    def __init__(self, test, netns, interfaces, address, *args, token=TOKEN, prefix=()):
        self.token = token
        self.path = os.path.join(lib.scratch(test), "token")
        with open(self.path, "w", encoding="ascii") as file:
            file.write(token + "\n")
        given = ["serve", *interfaces, "--token-file", self.path, *map(str, args)]
        if address:
            given += ["--listen", address]
        self.process = wire.Process(["ip", "netns", "exec", netns, *prefix, lib.BINARY], given)
        test.addCleanup(self.process.__exit__)
        self.lines = [self.process.child.stdout.readline() for _ in range(2)]
        if not self.lines[1]:
            raise AssertionError(str(self.process.finish()))

    def stop(self):
        self.process.send(signal.SIGTERM)
        return self.process.finish()


class Client:
    """One connection from a namespace, as of any HTTP client."""

    def __init__(self, netns, address, token=TOKEN, port=PORT):
        self.netns, self.address, self.port = netns, address, port
        self.headers = {"Authorization": "Bearer " + token} if token else {}
        self.connection = None

    def connect(self):
        with lib.in_netns(self.netns):
            return socket.create_connection((self.address, self.port), timeout=lib.PATIENCE)

    def _open(self):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address, self.port)
            self.connection.sock = self.connect()
        return self.connection

    def request(self, method, path, body=None, headers=()):
        """Status and body, of JSON its value."""
        connection = self._open()
        sent = {**self.headers, **dict(headers)}
        if body is not None:
            body = json.dumps(body)
            sent["Content-Type"] = "application/json"
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.will_close:
            self.close()
        is_json = answer.getheader("Content-Type") == "application/json"
        return answer.status, json.loads(text) if is_json and text else text

    def get(self, path):
        status, value = self.request("GET", path)
        if status != 200:
            raise AssertionError(f"{path}: {status} {value}")
        return value

    def create(self, test, query=""):
        """The id of a test that was accepted."""
        status, value = self.request("POST", "/v1/tests" + query, test)
        if status != 201:
            raise AssertionError(f"{test}: {status} {value}")
        return value["id"]

    def wait(self, name, *states, seconds=lib.PATIENCE):
        deadline = time.monotonic() + seconds
        while True:
            value = self.get("/v1/tests/" + name)
            if value["state"] in states:
                return value
            if value["state"] in ("done", "failed") or time.monotonic() > deadline:
                raise AssertionError(f"not {states}: {value}")
            time.sleep(0.02)

    def prove(self, address):
        """Answers a challenge on the data path."""
        with lib.in_netns(self.netns):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            ear = socket.socket(family, socket.SOCK_DGRAM)
        with ear:
            ear.bind((address, 0))
            ear.settimeout(lib.PATIENCE)
            status, value = self.request("POST", "/v1/challenges",
                                         {"address": address, "port": ear.getsockname()[1]})
            if status != 201:
                raise AssertionError(f"{status} {value}")
            nonce = ear.recv(1024).decode().split()[-1]
        return self.request("POST", "/v1/challenges/" + value["id"], {"nonce": nonce})

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class FakeServer:
    """Gives the answers that it was made with: {(method, path): (status, body)}. All else does not exist."""

    def __init__(self, netns, address, answers):
        self.bodies = bodies = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                status, body = answers.get((self.command, self.path.partition("?")[0]), (404, {"error": "no such thing"}))
                text = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *_):
                pass

        with lib.in_netns(netns):
            self.server = http.server.ThreadingHTTPServer((address, PORT), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
