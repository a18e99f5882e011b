# SPDX-License-Identifier: BSD-2-Clause
"""Signals take effect whatever the program is doing: the first stops and reports, a later one leaves immediately."""
import fcntl
import fnmatch
import glob
import os
import select
import signal
import subprocess
import time

import lib

APART = 0.25  # seconds: signals within 0.2 s of the first one count as the first
POLL = ("7", "73")  # system call numbers: poll on x86-64, ppoll elsewhere
OPENAT = ("257", "56")


def read(path):
    """A file under /proc; empty if the process has ended."""
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except OSError:
        return ""


def signals(pid, kind):
    """A set of signals in /proc/PID/status."""
    for line in read(f"/proc/{pid}/status").splitlines():
        if line.startswith(kind + ":"):
            mask = int(line.split()[1], 16)
            return {number for number in signal.Signals if mask >> (number - 1) & 1}
    return set()


def threads(pid, name="*"):
    """The directories of its threads under /proc."""
    paths = glob.glob(f"/proc/{pid}/task/*")
    return [path for path in paths if fnmatch.fnmatch(read(f"{path}/comm").strip(), name)]


def waits_in(path, numbers):
    """Whether the thread sleeps in one of these system calls."""
    return read(f"{path}/syscall").partition(" ")[0] in numbers


def takes_signals(pid):
    """Whether the program handles them: before that, they would end it or what executes it."""
    return signal.SIGTERM in signals(pid, "SigBlk")


def has_heard(pid, number):
    """Whether it has noted the signal and its time, or has ended."""
    return number not in signals(pid, "ShdPnd") and all(waits_in(path, POLL) for path in threads(pid, "xtg-signals"))


def is_stopped(pid):
    return all(read(f"{path}/stat").rpartition(")")[2].split()[:1] == ["T"] for path in threads(pid))


class Unread:
    """The program with a full standard output that nobody reads."""

    def __init__(self, test, command):
        self.out, self.into = os.pipe()
        fcntl.fcntl(self.into, fcntl.F_SETPIPE_SZ, 4096)
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.into,
                                      stderr=subprocess.PIPE, text=True)
        test.addCleanup(self.close)
        lib.wait_for(lambda: not select.select([], [self.into], [], 0)[1], "the pipe is full")

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self.child.stderr.close()
        os.close(self.out)
        os.close(self.into)

    def read(self):
        with open(os.devnull, "wb") as null:
            os.dup2(null.fileno(), self.into)
        text = b""
        while select.select([self.out], [], [], lib.PATIENCE)[0]:
            piece = os.read(self.out, 65536)
            if not piece:
                break
            text += piece
        return text.decode()


class BeforeTheRun(lib.WireTest):
    """Slow steps before anything is sent end on a signal."""
    far = "drop"

    def ends(self, run, number, status=1):
        lib.wait_for(lambda: takes_signals(run.pid) or not run.running(), "it takes signals")
        run.send(number)
        result = run.finish()
        self.assertEqual(result.status, status, result)
        self.assertIn("interrupted before", result.err)
        self.assertEqual(len(result.err.splitlines()), 1, result)
        return result

    def test_during_a_name_look_up(self):
        folder = lib.scratch(self)
        for name, text in (("resolv.conf", f"nameserver {self.wire.far_ip}\noptions timeout:30 attempts:3\n"),
                           ("nsswitch.conf", "hosts: dns\n")):
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(text)
        mounts = " && ".join(f"mount --bind {folder}/{name} /etc/{name}" for name in os.listdir(folder))
        inside = ("unshare", "-m", "sh", "-c", f'{mounts} && exec "$@"', "sh")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number=number):
                before = self.wire.far_packets()
                run = self.wire.start("tcp", "nobody-answers.example", "--json", inside=inside)
                self.addCleanup(run.__exit__)
                lib.wait_for(lambda: self.wire.far_packets() > before, "the question is on its way")
                result = self.ends(run, number)
                self.assertEqual(result.doc["exit_status"], 1)

    def test_while_a_fifo_has_no_reader(self):
        fifo = os.path.join(lib.scratch(self), "fifo")
        os.mkfifo(fifo)
        for args in (("udp", self.wire.near_if, "-n", 1, "--dry-run"), ("udp", self.wire.near_if, "-n", 1),
                     ("rx", self.wire.near_if)):
            with self.subTest(args=args):
                run = self.wire.start(*args, "--write-pcap", fifo)
                self.addCleanup(run.__exit__)
                lib.wait_for(lambda: self.opens_a_fifo(run.pid) or not run.running(), "it opens the FIFO")
                self.ends(run, signal.SIGINT)
        self.assertNotIn("xdp", self.wire.near_link())

    def opens_a_fifo(self, pid):
        return takes_signals(pid) and waits_in(f"/proc/{pid}", OPENAT)

    def test_while_connections_are_opened(self):
        # The far end answers nothing.
        before = self.wire.far_packets()
        run = self.wire.start("tcp", self.wire.far_ip, "-i", self.wire.near_if, "--flows", 2000, "--timeout", "60s")
        self.addCleanup(run.__exit__)
        lib.wait_for(lambda: self.wire.far_packets() > before, "the first connection is asked for")
        self.ends(run, signal.SIGINT)

    def test_help_that_nobody_reads(self):
        run = Unread(self, [lib.BINARY, "udp", "--help"])
        run.child.send_signal(signal.SIGTERM)
        self.assertEqual(run.child.wait(lib.PATIENCE), 1)


class Interrupts(lib.WireTest):

    def test_two_at_once_are_one(self):
        # timeout(1) signals its child, and then its group.
        with self.wire.start("udp", self.wire.near_if, "--json") as run:
            self.wire.wait_sending()
            run.send(signal.SIGSTOP)
            lib.wait_for(lambda: is_stopped(run.pid), "it is stopped")
            run.send(signal.SIGTERM)
            run.send(signal.SIGINT)
            run.send(signal.SIGCONT)
            result = self.adds_up(self.ok(run.finish()))
        self.assertEqual(result.doc["end"]["reason"], "interrupted")

    def test_a_background_job_gets_signals(self):
        # A shell without job control starts it with SIGINT ignored.
        with self.wire.start("udp", self.wire.near_if, "--json",
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) as run:
            self.wire.wait_sending()
            run.send(signal.SIGINT)
            result = self.ok(run.finish())
        self.assertEqual(result.doc["end"]["reason"], "interrupted")

    def test_nohup_is_respected(self):
        with self.wire.start("udp", self.wire.near_if, "--json",
                             preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as run:
            self.wire.wait_sending()
            run.send(signal.SIGHUP)
            self.wire.wait_sending()
            run.send(signal.SIGTERM)
            self.ok(run.finish())

    def test_a_command_gets_its_signals_back(self):
        script = "import signal; print(repr(signal.getsignal(signal.SIGINT)), signal.pthread_sigmask(0, []))"
        for handler, name in ((signal.SIG_DFL, "default_int_handler"), (signal.SIG_IGN, "SIG_IGN")):
            with self.subTest(name=name):
                # pylint: disable-next=cell-var-from-loop
                with lib.Process([lib.BINARY, "demo"], ["--", "python3", "-c", script],
                                 preexec_fn=lambda: signal.signal(signal.SIGINT, handler)) as run:
                    result = run.finish()
                self.assertIn(name, result.out, result)
                self.assertIn("set()", result.out)


class UnreadOutput(lib.OwnWireTest):

    def blocked(self, *args):
        return Unread(self, ["ip", "netns", "exec", self.wire.near_ns, lib.BINARY, *map(str, args)])

    def quiet(self):
        """Whether nothing arrives any more."""
        before = self.wire.far_packets()
        time.sleep(0.2)
        return self.wire.far_packets() == before

    SENDING = (("udp",), ("udp", "--rate", "5kpps"))

    def test_the_first_stops_the_sending(self):
        for command, *args in self.SENDING:
            with self.subTest(args=args):
                run = self.blocked(command, self.wire.near_if, "--json-stream", "-I", "100ms", *args)
                self.wire.wait_sending()
                run.child.send_signal(signal.SIGINT)
                lib.wait_for(self.quiet, "nothing is sent any more")
                # A reader that starts now gets all of it.
                text = run.read()
                self.assertEqual(run.child.wait(lib.PATIENCE), 0, run.child.stderr.read())
                end = [lib.parse_json(line) for line in text.splitlines()][-1]
                self.assertEqual((end["event"], end["data"]["reason"]), ("end", "interrupted"))

    def test_a_second_one_leaves(self):
        for command, *args in (*self.SENDING, ("rx",), ("udp", "--rx", self.wire.near_if)):
            with self.subTest(command=command, args=args):
                run = self.blocked(command, self.wire.near_if, "--json-stream", "-I", "100ms", *args)
                run.child.send_signal(signal.SIGTERM)
                lib.wait_for(lambda: has_heard(run.child.pid, signal.SIGTERM), "it has heard the first one")
                time.sleep(APART)
                run.child.send_signal(signal.SIGINT)
                self.assertEqual(run.child.wait(lib.PATIENCE), 130)
                self.assertNotIn("xdp", self.wire.near_link())

    def test_unread_output_does_not_block_the_end(self):
        run = self.blocked("udp", self.wire.near_if, "--json-stream", "-I", "100ms")
        self.wire.wait_sending()
        run.child.send_signal(signal.SIGTERM)
        self.assertEqual(run.child.wait(lib.PATIENCE), 1)
        self.assertIn("standard output", run.child.stderr.read())


if __name__ == "__main__":
    lib.main()
