# A socket as the source, with nc as the server, as in Spark's NetworkWordCount.
# SPDX-License-Identifier: Apache-2.0
import collections
import json
import signal
import socket
import struct
import subprocess
import time
import unittest

from support import Case, free_port, start, wait_until


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

    def test_a_broken_connection_is_no_end(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            process = start("--from", f"tcp://127.0.0.1:{server.getsockname()[1]}?reconnect=no")
            connection, _ = server.accept()
            connection.sendall(b"one two\nthr")
            time.sleep(1)  # a reset before the program has noticed the connection would only be tried again
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by reset
            connection.close()
            result = self.ending(process)
        self.assert_exit(result, 74, "broke before its end")
        self.assertEqual(result.stdout, b"")

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


def connected(port):
    with open("/proc/net/tcp", encoding="ascii") as file:
        return any(f"0100007F:{port:04X} " in line and " 01 " in line for line in file)


if __name__ == "__main__":
    unittest.main()
