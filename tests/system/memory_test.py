# The memory budget is kept: too many keys end with a sentence, a slow reader slows the input down.
# SPDX-License-Identifier: Apache-2.0
import collections
import json
import os
import random
import re
import subprocess
import threading
import time
import unittest

from support import Case, LEVEL, MILLRACE, environment, limited, start

MIB = 1 << 20
SECONDS = float(os.environ.get("MILLRACE_SOAK_SECONDS", "5" if LEVEL == "ci" else "2"))


def peak_rss(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        match = re.search(r"VmHWM:\s+(\d+) kB", file.read())
        return int(match.group(1)) * 1024 if match else 0  # it has ended since


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
