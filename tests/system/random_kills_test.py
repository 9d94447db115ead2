# Jobs that are killed at random, most between an epoch's frame and its mark, and go on in another manner each time.
# SPDX-License-Identifier: Apache-2.0
import os
import random
import signal
import subprocess
import time
import unittest
from collections import defaultdict

from support import LEVEL, MILLRACE, Case, environment

# MILLRACE_KILLS says how many, MILLRACE_SEED which.
KILLS = int(os.environ.get("MILLRACE_KILLS", "200" if LEVEL == "ci" else "20"))
SEED = int(os.environ.get("MILLRACE_SEED", random.randrange(1 << 32)))
FILES, RECORDS, KEYS = 4, 30_000, 800
# Behind the first sync of a frame and before its mark.
UNDECIDED = ("log.synced", "sink.begin", "sink.write", "sink.finish", "sink.finished", "output.renamed")


class RandomKills(Case):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.killed = self.undecided = 0
        # key -> records, and the sums of their numbers and of the squares: a record that is lost and another that
        # comes twice do not make up for each other.
        self.truth = defaultdict(lambda: [0, 0, 0])
        for number in range(FILES):
            lines = []
            for i in range(RECORDS):
                key, value = f"key{i * i * 7 % KEYS}", number * RECORDS + i
                lines.append(f"{key},{value},{value * value}\n")
                for at, more in enumerate((1, value, value * value)):
                    self.truth[key.encode()][at] += more
            self.write(f"in{number}.csv", "".join(lines).encode())

    def manner(self):
        draw = self.random.choice
        return ["--readers", draw("1234"), "--threads", draw("123"), "--memory", draw(("48MiB", "256MiB")),
                "--batch-bytes", draw(("2KiB", "8KiB", "64KiB"))]

    def run_once(self, name, windowed):
        """One run, which is killed or comes to its end. False: it did."""
        job = [self.path(f"in{i}.csv") for i in range(FILES)]
        job += ["--key", "1", "--value", "2,3", "--measure", "count,sum", "--max-record-bytes", "512"]
        job += ["--checkpoint", f"{name}/cp", "--commit-every", "2ms", "--to", f"{name}/dir/", "--to", "-", "--format", "tsv"]
        job += ["--no-output-header", *(("--every", "10ms") if windowed else ("--to", f"{name}/out"))]
        fault = ""
        if self.random.random() < 0.75:
            fault = f"{self.random.choice(UNDECIDED)}:{self.random.randint(1, 8)}:kill"
        os.makedirs(self.path(name), exist_ok=True)
        with open(self.path(f"{name}/stdout"), "ab") as out:
            process = subprocess.Popen([MILLRACE, *job, *self.manner()], cwd=self.directory, stdout=out,
                                       stderr=subprocess.PIPE, env=environment(MILLRACE_FAULT=fault))
            if not fault:
                time.sleep(self.random.uniform(0, 0.12))
                process.kill()
            _, errors = process.communicate(timeout=120)
        if process.returncode == -signal.SIGKILL:
            self.killed += 1
            self.undecided += bool(fault)
            return True
        self.assertEqual(process.returncode, 0, errors)
        return False

    def add(self, counts, row):
        key, *numbers = row
        for at, number in enumerate(numbers):
            counts[key][at] += int(number)

    def judge_directory(self, name):
        counts = defaultdict(lambda: [0, 0, 0])
        listed = [line.split(b"\t") for line in self.read(f"{name}/dir/MANIFEST").splitlines()[1:]]
        epochs = [int(line[0]) for line in listed]
        self.assertEqual(epochs, sorted(set(epochs)))
        for line in listed:
            for row in self.read(f"{name}/dir/{line[3].decode()}").splitlines():
                self.add(counts, row.split(b"\t")[-4:])
        self.assertEqual(counts, self.truth)

    def judge_stdout(self, name):
        shown = {}
        for row in self.read(f"{name}/stdout").splitlines():
            if row.count(b"\t") < 4 or not row.rsplit(b"\t", 1)[1]:
                continue  # cut off by a kill
            *where, count, first, second, epoch = row.split(b"\t")
            values = (count, first, second)
            self.assertEqual(shown.setdefault((epoch, *where), values), values, "what comes again is the same")
        counts = defaultdict(lambda: [0, 0, 0])
        for (_, *_, key), values in shown.items():
            self.add(counts, (key, *values))
        self.assertEqual(counts, self.truth)

    def test_each_record_is_counted_once(self):
        jobs = 0
        while self.killed < KILLS:
            jobs += 1
            name, windowed = f"job{jobs}", self.random.random() < 0.7
            while self.run_once(name, windowed):
                pass
            with self.subTest(name=name, windowed=windowed, seed=SEED):
                self.judge_directory(name)
                self.judge_stdout(name)
        print(f"{self.killed} kills of {jobs} jobs, {self.undecided} of them between a frame and its mark", flush=True)
        # Of a few dozen chance decides.
        self.assertGreater(self.undecided, 0.3 * self.killed if self.killed >= 100 else 0)


if __name__ == "__main__":
    print(f"MILLRACE_SEED={SEED} MILLRACE_KILLS={KILLS}", flush=True)
    unittest.main()
