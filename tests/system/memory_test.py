# The memory budget is kept: too many keys or long records end with a sentence, a slow reader slows the input down.
# SPDX-License-Identifier: Apache-2.0
import collections
import json
import os
import random
import re
import socket
import subprocess
import threading
import time
import unittest

from support import Case, LEVEL, MILLRACE, environment, limited, run, start, wait_until

MIB = 1 << 20
SECONDS = float(os.environ.get("MILLRACE_SOAK_SECONDS", "5" if LEVEL == "ci" else "2"))


def beside(budget):
    """What a process may take in all."""
    return budget + 64 * MIB


class Cgroup:
    """A control group with a limit of memory; without effect where none can be made. The peak is checked anyway."""

    PARENTS = (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"))

    def __init__(self, limit):
        self.path = None
        for parent, file in self.PARENTS:
            path = os.path.join(parent, f"millrace_test_{os.getpid()}")
            try:
                os.mkdir(path)
                with open(os.path.join(path, file), "w", encoding="ascii") as limits:
                    limits.write(str(limit))
            except OSError:
                continue  # not this version, or not ours to make
            self.path = path
            return

    def enter(self):
        if self.path:
            with open(os.path.join(self.path, "cgroup.procs"), "w", encoding="ascii") as processes:
                processes.write(str(os.getpid()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.path:
            wait_until(self.is_gone, "the control group to be empty")

    def is_gone(self):
        try:
            os.rmdir(self.path)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


def run_within(budget, *arguments, stdin=subprocess.DEVNULL):
    """Runs a job in a control group that holds the budget and what may be beside it: exit code, peak, stderr."""
    with Cgroup(beside(budget)) as group:
        process = subprocess.Popen([MILLRACE, "--memory", str(budget), *arguments], stdin=stdin,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(),
                                   preexec_fn=group.enter)
        error = process.stderr.read().decode()
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * 1024, error


def peak_rss(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        match = re.search(r"VmHWM:\s+(\d+) kB", file.read())
        return int(match.group(1)) * 1024 if match else 0  # it has ended since


def send_half_a_record(server):
    with server.accept()[0] as connection:
        try:
            for _ in range(240):
                connection.sendall(b"x" * 65536)
            time.sleep(60)
        except OSError:
            pass  # the job has ended


class Memory(Case):
    def test_ten_million_keys_do_not_fit_256_mib(self):
        with subprocess.Popen(["seq", "1", "10000000"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as keys:
            result = subprocess.run([MILLRACE, "--memory", "256MiB", "--to", "discard:"], stdin=keys.stdout,
                                    capture_output=True, env=environment(), timeout=300, check=False)
            keys.stdout.close()
        self.assert_exit(result, 75)
        self.assertRegex(result.stderr.decode(), r"memory budget of 256MiB .* at least \d+MiB .* --memory")

    def test_little_memory_is_told(self):
        for kibibytes in range(12_000, 100_000, 4_000):
            result = limited(f"-v {kibibytes}", "--top", "1")
            self.assertNotIn(b"internal error", result.stderr)
            self.assertIn(result.returncode, (0, 75, 127), result.stderr)  # 127: it could not be loaded
            self.assertEqual(result.returncode == 0, result.stdout == b"a\t2\n")
            self.assertNotEqual(result.returncode == 0, result.stderr.count(b"\n") == 1, result.stderr)

    def test_more_addresses_never_fail_where_fewer_do(self):
        """Heaps of many threads take addresses that are then missing elsewhere."""
        keys = self.write("keys", b"\n".join(b"%d" % i for i in range(300_000)))
        codes = [limited(f"-v {kibibytes}", "--top", "1", keys).returncode
                 for kibibytes in range(40_000, 360_000, 8_000)]
        self.assertEqual(codes[0], 75)
        beyond = codes.index(0) + 3  # at the border it matters which thread comes first; a heap takes 64 MiB
        self.assertEqual(set(codes[beyond:]), {0}, codes)

    def assert_within(self, budget, *arguments, codes=(0, 75), **more):
        code, peak, error = run_within(budget, *arguments, **more)
        self.assertIn(code, codes, error)
        self.assertLessEqual(peak, beside(budget), f"{arguments} at {budget >> 20}MiB")
        if code == 75:
            self.assertRegex(error, r"the memory budget of \d+MiB does not hold .*; try --memory")
        return code

    def long_records(self, count, length, differ=True):
        records = (b"%07d" % (i if differ else 0) + b"x" * (length - 8) + b"\n" for i in range(count))
        path = self.path(f"records_{count}_{length}_{differ}")
        with open(path, "wb") as file:
            file.writelines(records)
        return path

    def test_long_records(self):
        """The heap would keep what each of them took."""
        for length in (MIB, 4_000_000, 15_000_000):
            different = self.long_records(200_000_000 // length, length)
            alike = self.long_records(200_000_000 // length, length, differ=False)
            self.assert_within(128 * MIB, different, codes=[75])
            self.assert_within(768 * MIB, different)
            for readers in ("1", "2", "16"):  # they wait for each other's memory
                self.assert_within(96 * MIB, "--by", "lines", "--readers", readers, alike, codes=[0])
            os.remove(different)
            os.remove(alike)

    def test_one_record_longer_than_the_budget(self):
        """On a stream it is held until it has come whole."""
        path = self.long_records(1, 200_000_000)
        for mebibytes in (64, 128, 256, 512, 1024):
            with open(path, "rb") as record:
                self.assert_within(mebibytes * MIB, "--max-record-bytes", "512MiB", "--to", "discard:", stdin=record)
            with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
                code = self.assert_within(mebibytes * MIB, "--max-record-bytes", "512MiB", "--to", "discard:",
                                          stdin=cat.stdout)
                cat.stdout.close()
            self.assertEqual(code, 75 if mebibytes < 400 else code)
        self.assertEqual(code, 0)

    def test_unfinished_records_of_many_connections(self):
        servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(20)]
        for server in servers:
            self.addCleanup(server.close)
            threading.Thread(target=send_half_a_record, args=(server,), daemon=True).start()
        inputs = [f"tcp://127.0.0.1:{server.getsockname()[1]}?reconnect=no" for server in servers]
        self.assert_within(128 * MIB, "--by", "lines", "--to", "discard:", *inputs, codes=[75])

    def test_verify(self):
        keys = self.write("keys", b"\n".join(b"%d" % i for i in range(1_000_000)))
        self.assertEqual(self.assert_within(96 * MIB, "--verify", keys), 75)
        self.assertEqual(self.assert_within(1024 * MIB, "--verify", keys), 0)

    def test_a_budget_that_the_control_group_does_not_hold(self):
        with Cgroup(256 * MIB) as group:
            if not group.path:
                self.skipTest("no control group can be made here; machine_test tries the rule itself")
            def job(*arguments):
                return subprocess.run([MILLRACE, *arguments], input=b"a b a", capture_output=True, env=environment(),
                                      preexec_fn=group.enter, timeout=60, check=False)
            self.assert_exit(job("--memory", "200MiB"), 75, "allows 256MiB", "try --memory 128MiB")
            self.assert_exit(job("check", "--memory", "200MiB", "-"), 75, "allows 256MiB")
            self.assert_exit(job("--memory", "192MiB"), 0)
            self.assert_exit(job(), 0)

    def test_every_budget_gives_the_right_rows_or_a_sentence(self):
        """From too little to enough in small steps, so that each place that asks for memory is refused once."""
        words = self.write("words", b" ".join(b"w%d" % (i * 7919 % 60_000) for i in range(120_000)))
        pairs = self.write("pairs", b"".join(b"key number %d,%d\n" % (i % 20_000, i) for i in range(60_000)))
        texts = self.write("texts", b"".join(b"%06d%s\n" % (i, b"y" * 200) for i in range(20_000)))
        step = 1.01 if "MILLRACE_SOAK_SECONDS" in os.environ else 1.05 if LEVEL == "ci" else 1.1
        for arguments in (["--threads", "6", words], ["--threads", "1", "--top", "10", words],
                          ["--key", "1", "--value", "2", "--measure", "sum,min,mean", pairs],
                          ["--by", "lines", texts], ["--verify", pairs], ["--batch-records", "7", words]):
            expected = run("--order", "key", *arguments).stdout
            budget, seen, right = 1.5 * MIB, set(), 0
            while right < 3:
                result = run("--order", "key", "--memory", int(budget), *arguments)
                seen.add(result.returncode)
                self.assertIn(result.returncode, (0, 75), result.stderr)
                if result.returncode == 0:
                    self.assertEqual(result.stdout, expected, f"{arguments} with --memory {int(budget)}")
                    right += 1
                budget *= step
            self.assertEqual(seen, {0, 75}, arguments)

    def test_a_slow_reader_slows_the_input(self):
        """Input ten times faster than the sink: the peak stays near the budget and every word arrives."""
        budget = 96 * MIB
        process = start("--memory", f"{budget >> 20}MiB", "--every", "100ms", "--format", "json", "--order", "none",
                        bufsize=0)
        chunk = " ".join(f"word{random.Random(i).randrange(20_000)}" for i in range(100_000)).encode() + b"\n"
        sent = 0
        stop = threading.Event()

        def feed():
            nonlocal sent
            while not stop.is_set():
                process.stdin.write(chunk)  # blocks when the program does not read
                sent += 1
            process.stdin.close()

        peaks = []
        counts = collections.Counter()
        feeder = threading.Thread(target=feed)
        begin = time.monotonic()
        feeder.start()
        rest = b""
        while piece := os.read(process.stdout.fileno(), 1 << 16):
            lines = (rest + piece).split(b"\n")
            rest = lines.pop()
            for line in lines:
                row = json.loads(line)
                counts[row["key"]] += row["count"]
            if time.monotonic() - begin < SECONDS:
                time.sleep(0.1)  # 640 KiB/s
            else:
                stop.set()
            if process.poll() is None:
                peaks.append(peak_rss(process))
        feeder.join()
        process.stdin = None
        self.assert_exit(self.ending(process), 0)
        once = collections.Counter(chunk.decode().split())
        self.assertEqual(counts, collections.Counter({word: n * sent for word, n in once.items()}))
        self.assertLessEqual(max(peaks), budget + 64 * MIB)
        print(f"{sent * len(chunk) / MIB:.0f} MiB in, peak {max(peaks) / MIB:.0f} MiB of {budget / MIB:.0f} + 64")


if __name__ == "__main__":
    unittest.main()
