# How long after a line is sent to a socket its row comes out, at a low rate.
# SPDX-License-Identifier: Apache-2.0
import socket
import statistics
import subprocess
import threading
import time

from peers import CPUS
from runner import Failed

LINES = 2000
PER_SECOND = 200
WARM_UP = 200  # lines that are not looked at


def delay(program):
    sent, seen = {}, {}
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}?reconnect=no"
        command = ["taskset", "--cpu-list", CPUS[2], program, "--backend", "cpu", "--from", address, "--every", "1ms",
                   "--format", "text", "--quiet"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            reader = threading.Thread(target=_read, args=[process.stdout, seen])
            reader.start()
            connection, _ = server.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                begin = time.monotonic()
                for number in range(LINES):
                    time.sleep(max(0, begin + number / PER_SECOND - time.monotonic()))
                    word = b"line%d" % number
                    sent[word] = time.monotonic()
                    connection.sendall(word + b"\n")
            reader.join(timeout=30)
            process.kill()
    if sent.keys() != seen.keys():
        raise Failed(f"delay: {len(sent)} lines were sent, {len(seen.keys() & sent.keys())} of them came back")
    delays = [1e3 * (seen[word] - sent[word]) for word in list(sent)[WARM_UP:]]
    percentiles = statistics.quantiles(delays, n=100)
    return {"what": f"from a line on a socket to its row on a pipe, {PER_SECOND} lines/s, --every 1ms, both processors",
            "lines": len(delays), "p50_ms": percentiles[49], "p99_ms": percentiles[98], "max_ms": max(delays)}


def _read(rows, seen):
    for row in rows:
        now = time.monotonic()
        for field in row.split():
            if field.startswith(b"line"):
                seen[field] = now
