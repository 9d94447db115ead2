#!/usr/bin/env python3
# Measures the delay from a line's arrival on a socket to its row on stdout, and what waiting for lines costs.
# SPDX-License-Identifier: Apache-2.0
"""Each program connects to a socket and gets lines, each with a key of its own, at random moments: even gaps would
always meet the same phase of a window. The delay of a line ends when its row has been read from the program's stdout.
`nc`, which only copies, goes first: its delay is what the measurement itself adds. Then each program gets nothing, to
see what idling costs. Exit code 1: a row was missing or came twice."""
import argparse
import gc
import json
import os
import random
import re
import select
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

HOST = "127.0.0.1"
COPIER = "nc -d {host} {port}"
MILLRACE = "{program} --from tcp://{host}:{port} --every {every} --format text --quiet"
IDLE_WINDOWS = ("1ms", "1s")
SETTLE = 1.5  # seconds after which the last window of a feed is over
COLUMNS = {"p50_ms": "p50 ms", "p90_ms": "p90 ms", "p99_ms": "p99 ms", "max_ms": "max ms", "cpu_percent": "CPU %",
           "sent": "lines", "missing": "missing", "twice": "twice"}


class Subject:
    """A program that is fed by a socket. Its output is kept in chunks, each with the time of its arrival."""

    def __init__(self, template, connect_time):
        with socket.create_server((HOST, 0)) as server:
            port = str(server.getsockname()[1])
            command = [word.replace("{host}", HOST).replace("{port}", port) for word in shlex.split(template)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            deadline = time.monotonic() + connect_time
            while not select.select([server], [], [], 0.1)[0]:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.process.kill()
                    sys.exit(f"latency.py: this does not connect: {shlex.join(command)}")
            self.connection, _ = server.accept()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.chunks = []
        self.reader = threading.Thread(target=self.keep_output)
        self.reader.start()

    def keep_output(self):
        output = self.process.stdout.fileno()
        while chunk := os.read(output, 1 << 16):
            self.chunks.append((time.monotonic_ns(), chunk))

    def feed(self, rate, seconds, prefix):
        """Sends lines for some time; {key: time just before it was sent}."""
        sent = {}
        gaps = random.Random(0)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(gaps.expovariate(rate))
            key = b"%s%d" % (prefix, len(sent))
            line = key + b"\n"
            sent[key] = time.monotonic_ns()
            self.connection.sendall(line)
        return sent

    def rows(self, pattern):
        """[(key, time of arrival)]"""
        found, rest = [], b""
        for at, chunk in list(self.chunks):
            *lines, rest = (rest + chunk).split(b"\n")
            found += ((match.group(1), at) for match in map(pattern.search, lines) if match)
        return found

    def cpu_ns(self):
        """CPU time of all threads, ended ones too; not in ticks of 10 ms, as in /proc."""
        return time.clock_gettime_ns(~self.process.pid << 3 | 2)  # the clock that clock_getcpuclockid(3) names

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.connection.close()
        self.reader.join()
        self.process.stdout.close()


def measure(template, silent, options):
    subject = Subject(template, options.connect_time)
    subject.feed(options.rate, options.warm_up, b"w")
    if silent:
        time.sleep(SETTLE)
    cpu, begin, sent = subject.cpu_ns(), time.monotonic_ns(), {}
    if silent:
        time.sleep(options.idle)
    else:
        sent = subject.feed(options.rate, options.seconds, b"k")
    result = {"cpu_percent": 100 * (subject.cpu_ns() - cpu) / (time.monotonic_ns() - begin)}
    pattern = re.compile(options.row.encode())
    deadline = time.monotonic() + options.patience
    while not silent and sent.keys() - dict(subject.rows(pattern)).keys() and time.monotonic() < deadline:
        time.sleep(0.1)
    subject.end()
    return result if silent else result | summary(sent, subject.rows(pattern))


def summary(sent, rows):
    rows = [(key, at) for key, at in rows if key in sent]
    seen = len(dict(rows))
    result = {"sent": len(sent), "missing": len(sent) - seen, "twice": len(rows) - seen}
    delays = sorted((at - sent[key]) / 1e6 for key, at in rows)
    for name, share in (("p50_ms", .5), ("p90_ms", .9), ("p99_ms", .99), ("max_ms", 1)):
        result[name] = delays[min(len(delays) - 1, int(share * len(delays)))] if delays else None
    return result


def median(rounds):
    """Of each figure; lines are added up."""
    total = {}
    for name in rounds[0]:
        values = [result[name] for result in rounds if result[name] is not None]
        combine = sum if name in ("sent", "missing", "twice") else statistics.median
        total[name] = combine(values) if values else None
    return total


def show(name, result):
    cells = (result.get(column) for column in COLUMNS)
    texts = ("" if cell is None else f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells)
    print(f"{name if len(name) <= 44 else name[:20] + '…' + name[-23:]:<44}" + "".join(f"{text:>9}" for text in texts))


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millrace", action="append", default=[], metavar="PATH", help="several may be compared")
    parser.add_argument("--command", action="append", default=[], metavar="TEMPLATE",
                        help="another program, in the foreground; {host} and {port} say where it connects")
    parser.add_argument("--row", default=r"\b(k\d+)([\t, ]1\)?)?$", metavar="REGEX",
                        help="a row; its first group is the key (default: %(default)s)")
    parser.add_argument("--every", default="1ms", help="millrace's windows while lines come (default: %(default)s)")
    for name, default, what in (("rate", 200, "lines per second"), ("seconds", 10, "how long they are sent"),
                                ("idle", 10, "seconds of silence; 0: do without"),
                                ("warm-up", 1, "seconds with lines before both, not counted"),
                                ("patience", 5, "seconds to wait for the last rows"),
                                ("connect-time", 60, "seconds to wait for a program to connect")):
        parser.add_argument("--" + name, type=float, default=default, metavar="N", help=f"{what} (default: {default})")
    parser.add_argument("--rounds", type=int, default=3, metavar="N",
                        help="all programs take turns; medians are shown (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="every round, for other programs")
    options = parser.parse_args(arguments)
    if not options.millrace and not options.command:
        options.millrace = ["build/cpu/millrace"]
    return options


def jobs(options):
    """{name: (command, whether it gets nothing)}"""
    def millrace(program, every):
        return MILLRACE.replace("{program}", shlex.quote(program)).replace("{every}", every)
    found = {"nc: what measuring adds": (COPIER, False)}
    found |= {f"{program} --every {options.every}": (millrace(program, options.every), False)
              for program in options.millrace}
    found |= {command: (command, False) for command in options.command}
    if options.idle > 0:
        found |= {f"idle: {program} --every {every}": (millrace(program, every), True)
                  for program in options.millrace for every in IDLE_WINDOWS}
        found |= {f"idle: {command}": (command, True) for command in options.command}
    return found


def main():
    options = parse_arguments()
    gc.disable()  # its pauses would be taken for delay
    rounds = {name: [] for name in jobs(options)}
    for _ in range(options.rounds):
        for name, (command, silent) in jobs(options).items():
            rounds[name].append(measure(command, silent, options))
    medians = {name: median(results) for name, results in rounds.items()}
    print(" " * 44 + "".join(f"{head:>9}" for head in COLUMNS.values()))
    for name, result in medians.items():
        show(name, result)
    print(f"load average {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} processors")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"options": vars(options), "load": os.getloadavg()[0], "rounds": rounds}, file, indent=1)
    wrong = {name: result for name, result in medians.items() if result.get("missing") or result.get("twice")}
    for name, result in wrong.items():
        print(f"latency.py: {name}: {result['missing']} missing, {result['twice']} twice", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
