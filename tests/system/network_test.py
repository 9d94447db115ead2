# A socket as the source, with nc as the server, as in Spark's NetworkWordCount.
# SPDX-License-Identifier: Apache-2.0
import array
import collections
import ctypes
import fcntl
import json
import re
import resource
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import unittest

from support import SANITIZED, Case, free_port, rows, start, wait_until


class Network(Case):
    def serve(self, port, *flags):
        server = subprocess.Popen(["nc", "-l", *flags, "127.0.0.1", str(port)], stdin=subprocess.PIPE)
        self.addCleanup(lambda: (server.kill(), server.wait(), server.stdin.close()))
        return server

    def job(self, port):
        process = start("--from", f"tcp://127.0.0.1:{port}", "--every", "100ms", "--format", "json")
        counts = collections.Counter()

        def read_until(wanted):
            while counts != wanted:
                row = json.loads(process.stdout.readline())
                counts[row["key"]] += row["count"]
                self.assertLessEqual(counts[row["key"]], wanted[row["key"]])
        return process, read_until

    def test_windows_of_what_is_typed(self):
        port = free_port()
        server = self.serve(port, "-k")
        process, read_until = self.job(port)
        server.stdin.write(b"to be or not to be\n")
        server.stdin.flush()
        read_until(collections.Counter({"to": 2, "be": 2, "or": 1, "not": 1}))
        server.stdin.write(b"that is\n")
        server.stdin.flush()
        read_until(collections.Counter({"to": 2, "be": 2, "or": 1, "not": 1, "that": 1, "is": 1}))
        process.send_signal(signal.SIGTERM)
        self.assert_exit(self.ending(process), 0)

    def test_a_server_that_comes_back(self):
        port = free_port()
        first = self.serve(port, "-N")
        process, read_until = self.job(port)
        first.stdin.write(b"before\nunfinished")
        first.stdin.close()
        read_until(collections.Counter({"before": 1, "unfinished": 1}))
        first.wait(timeout=60)
        second = self.serve(port)
        second.stdin.write(b"after\n")
        second.stdin.flush()
        read_until(collections.Counter({"before": 1, "unfinished": 1, "after": 1}))
        process.send_signal(signal.SIGINT)
        self.assert_exit(self.ending(process), 0)

    def test_what_came_before_a_broken_connection_is_kept_and_partial(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            process = start("--from", f"tcp://127.0.0.1:{server.getsockname()[1]}?reconnect=no")
            reset_after(server, b"one two\nthr")
            result = self.ending(process)
        self.assert_exit(result, 74, "broke before its end, after 11 bytes: Connection reset by peer",
                         "not counted: 3 bytes of an unfinished record", "partial")
        self.assertEqual(rows(result.stdout), {b"one": 1, b"two": 1})

    def test_half_a_record_is_never_counted(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            process = start("--from", f"tcp://127.0.0.1:{port}", "--key", "1", "--value", "2")
            reset_after(server, b"k,1000\nk,12")
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"k,1234\nk,5")
                wait_until(lambda: all_read(connection), "the program to read")
                process.send_signal(signal.SIGTERM)
                result = self.ending(process)
        self.assert_exit(result, 0, f"tcp://127.0.0.1:{port} was lost after 11 bytes: Connection reset by peer",
                         "not counted: 4 bytes", "3 bytes of an unfinished record at the end of tcp:")
        self.assertEqual(rows(result.stdout), {b"k": 2234})

    def test_losses_are_told_and_many_of_them_in_few_lines(self):
        begin = time.monotonic()
        with socket.create_server(("127.0.0.1", 0)) as server:
            process = start("--from", f"tcp://127.0.0.1:{server.getsockname()[1]}", "--every", "1h")
            for _ in range(20):
                connection, _ = server.accept()
                connection.sendall(b"word\n")
                connection.close()
            connection, _ = server.accept()
            with connection:
                process.send_signal(signal.SIGTERM)
                result = self.ending(process)
        self.assert_exit(result, 0, "was lost after 5 bytes: the server closed it; trying again")
        self.assertIn(b"word\t20\n", result.stdout)
        told = result.stderr.decode().splitlines()
        self.assertLessEqual(len(told), 2 + (time.monotonic() - begin) / 10)
        counts = [int(count) for count in re.findall(r"lost (\d+) more times", result.stderr.decode())]
        self.assertEqual(1 + sum(counts) + len(re.findall("bytes in all", result.stderr.decode())) - len(counts), 20)

    def test_a_loss_that_was_not_told_at_once_is_told_when_its_time_has_come(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            process = start("--from", f"tcp://127.0.0.1:{server.getsockname()[1]}", "--every", "1h")
            for _ in range(2):
                server.accept()[0].close()
            connection, _ = server.accept()
            limit = threading.Timer(60, process.kill)
            limit.start()
            with connection:  # on which nothing comes
                told = [process.stderr.readline() for _ in range(2)]
                limit.cancel()
                process.send_signal(signal.SIGTERM)
                self.assert_exit(self.ending(process), 0)
        self.assertIn(b"was lost after 0 bytes: the server closed it; trying again", told[0])
        self.assertIn(b"was lost after 0 bytes in all: the server closed it; connected again", told[1])

    def test_it_says_once_when_rows_will_come(self):
        port = free_port()
        self.serve(port, "-k")
        for flags, said in (([], 1), (["--every", "1s"], 0), (["--quiet"], 0)):
            process = start("--from", f"tcp://127.0.0.1:{port}", *flags)
            wait_until(lambda: connected(port), "the connection")
            process.send_signal(signal.SIGINT)
            result = self.ending(process)
            self.assert_exit(result, 0)
            self.assertEqual(result.stderr.count(b"for rows each second add --every 1s"), said, result.stderr)

    @unittest.skipIf(SANITIZED, "UndefinedBehaviorSanitizer looks at objects through a pipe")
    def test_too_few_descriptors_are_named(self):
        def limit(descriptors):
            return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
        addresses = ["tcp://127.0.0.1:9", "tcp://localhost:9"]
        running = [(start("--from", address, "--quiet", preexec_fn=limit(descriptors)), descriptors)
                   for address in addresses for descriptors in range(4, 15)]
        named = set()
        for process, descriptors in running:
            result = self.ending(process)
            if b"Connection refused" in result.stderr:
                self.assert_exit(result, 69)
            else:
                self.assert_exit(result, 74, "Too many open files")
                named.add(descriptors)
        self.assertGreaterEqual(named, {4, 5, 6, 7, 8})

    def test_a_client_never_connects_to_itself(self):
        def in_a_network_of_its_own():
            new_user, new_network, flags_of_interface, up = 0x10000000, 0x40000000, 0x8914, 1
            if ctypes.CDLL(None, use_errno=True).unshare(new_user | new_network) != 0:
                raise OSError(ctypes.get_errno(), "unshare")
            with socket.socket() as any_socket:
                fcntl.ioctl(any_socket, flags_of_interface, struct.pack("16sh", b"lo", up) + bytes(22))
            # The client's end gets the server's port, or the one beside it.
            with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as ports:
                ports.write("40000 40001")
        try:
            process = start("--from", "tcp://127.0.0.1:40000", preexec_fn=in_a_network_of_its_own)
        except subprocess.SubprocessError:
            self.skipTest("no network of its own to be had here")
        self.assert_exit(self.ending(process), 69, "Connection refused")

    def test_an_idle_socket_costs_nothing(self):
        port = free_port()
        self.serve(port, "-k")
        process, _ = self.job(port)
        wait_until(lambda: connected(port), "the connection")

        def ticks():
            with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])
        before = ticks()
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        self.assertLess(ticks() - before, 20, "more than a fifth of a processor for nothing")
        process.send_signal(signal.SIGTERM)
        self.assert_exit(self.ending(process), 0)


def reset_after(server, data):
    """Takes one connection and breaks it when the program has read the data."""
    connection, _ = server.accept()
    connection.sendall(data)
    wait_until(lambda: all_read(connection), "the program to read")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by reset
    connection.close()


def all_read(connection):
    """Whether the peer's kernel has taken what was sent, and the peer has read it."""
    unsent = array.array("i", [0])
    fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, unsent)
    ends = [f"0100007F:{port:04X}" for _, port in (connection.getpeername(), connection.getsockname())]
    with open("/proc/net/tcp", encoding="ascii") as file:
        peer = next(line.split() for line in file if line.split()[1:3] == ends)
    return unsent[0] == 0 and peer[4].endswith(":00000000")


def connected(port):
    with open("/proc/net/tcp", encoding="ascii") as file:
        return any(f"0100007F:{port:04X} " in line and " 01 " in line for line in file)


if __name__ == "__main__":
    unittest.main()
