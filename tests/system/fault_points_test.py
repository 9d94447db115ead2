# A job that ends at each point of MILLRACE_FAULT: after the next run everything is counted once, and shown so.
# SPDX-License-Identifier: Apache-2.0
import os
import signal
import subprocess
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from support import Case, rows, run

INPUT = "generate:?words=20k&vocabulary=500"
FLAGS = ("--checkpoint", "cp", "--commit-every", "20ms", "--threads", 2, "--readers", 2)
WINDOWS = (INPUT + "&rate=100k", "--every", "50ms", "--to", "dir/", "--to", "-", *FLAGS)
WHOLE = (INPUT + "&rate=200k", "--to", "out", *FLAGS)
POINTS = [line.split()[0] for line in run("check", "--faults").stdout.decode().splitlines()]
# What only a run that goes on comes to; before it one is killed with a file of rows in the making, and one with a segment.
AFTER_OTHERS = {"log.read", "log.remove", "log.removed", "output.read", "output.remove", "output.removed"}
EARLIER = ("output.rename:3:kill", "log.rename:kill")
NUMBERS = (1, 2, 3, 4, 5)


class FaultPoints(Case):
    @classmethod
    def setUpClass(cls):
        cls.expected = rows(run(INPUT).stdout)

    def job(self, name, job, fault=""):
        """A run of the job in a directory of that name."""
        os.makedirs(self.path(name), exist_ok=True)
        return run(*job, cwd=self.path(name), env={"MILLRACE_FAULT": fault})

    def case(self, job, fault, judge):
        """Whether the fault struck. Raises what is wrong, then or after the next run."""
        name = fault.replace(":", "-")
        outputs = []
        if fault.split(":")[0] in AFTER_OTHERS and job is WINDOWS:
            outputs += [self.job(name, job, earlier).stdout for earlier in EARLIER]
        result = self.job(name, job, fault)
        struck = f"the fault {fault} strikes".encode() in result.stderr
        outputs.append(result.stdout)
        if fault.endswith("kill"):
            self.assertEqual(result.returncode, -signal.SIGKILL if struck else 0, result.stderr)
        else:
            self.assertIn(result.returncode, (0, 74), result.stderr)
        result = self.job(name, job)
        self.assert_exit(result, 0)
        judge(name, [*outputs, result.stdout])
        return struck

    def try_point(self, job, point, numbers, action, judge):
        """How many faults struck at the point, up to the first that did not; and what was wrong."""
        for number in numbers:
            fault = f"{point}:{number}:{action}"
            try:
                if not self.case(job, fault, judge):
                    return number - 1, None
            except (AssertionError, OSError) as error:
                return number, f"{fault}: {error}"
        return len(numbers), None

    def try_all(self, job, points, numbers, action, judge):
        """The points at which a fault struck."""
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda point: self.try_point(job, point, numbers, action, judge), points))
        wrong = [problem for _, problem in results if problem]
        self.assertFalse(wrong, "\n".join(wrong[:10]))
        print(f"{self.id().split('.')[-1]}: {sum(struck for struck, _ in results)} faults struck", flush=True)
        return [point for point, (struck, _) in zip(points, results) if struck]

    def judge_directory(self, name, outputs):
        """Its MANIFEST lists every file once, in order, and the rows of all are those of the job."""
        directory = os.path.join(name, "dir")
        listed = [line.split(b"\t") for line in self.read(f"{directory}/MANIFEST").splitlines()[1:]]
        epochs = [int(line[0]) for line in listed]
        self.assertEqual(epochs, sorted(set(epochs)), "epochs grow")
        files = [line[3].decode() for line in listed]
        self.assertEqual(sorted(os.listdir(self.path(directory))), ["MANIFEST", *files], "each file is listed once")
        counts = Counter()
        for file, line in zip(files, listed):
            data = self.read(f"{directory}/{file}")
            self.assertEqual((int(line[4]), int(line[5])), (data.count(b"\n"), len(data)), file)
            for row in data.splitlines():
                counts[row.split(b"\t")[2]] += int(row.split(b"\t")[3])
        self.assertEqual(counts, self.expected)
        self.judge_stream(outputs)

    def judge_stream(self, outputs):
        """The rows of standard output: those of an epoch that was shown twice are the same."""
        shown = {}
        for output in outputs:
            for row in output[:output.rfind(b"\n") + 1].splitlines():
                *where, count, epoch = row.split(b"\t")
                self.assertEqual(shown.setdefault((epoch, *where), count), count, "a row that comes again is the same")
        counts = Counter()
        for (_, _, _, key), count in shown.items():
            counts[key] += int(count)
        self.assertEqual(counts, self.expected)

    def judge_file(self, name, _):
        self.assertEqual(sorted(os.listdir(self.path(name))), ["cp", "out"], "nothing lies beside it")
        self.assertEqual(rows(self.read(f"{name}/out")), self.expected)

    def test_windows_survive_a_kill_at_each_point(self):
        self.assertEqual(self.try_all(WINDOWS, POINTS, NUMBERS, "kill", self.judge_directory), POINTS)

    def test_windows_survive_an_error_at_each_point(self):
        points = [point for point in POINTS if point != "output.remove"]  # what cannot be removed stays
        self.assertEqual(self.try_all(WINDOWS, points, NUMBERS[:2], "error", self.judge_directory), points)

    def test_a_whole_stream_survives_a_kill_at_each_point(self):
        points = [point for point in POINTS if point not in AFTER_OTHERS | {"output.lock", "output.locked"}]
        self.assertEqual(self.try_all(WHOLE, points, NUMBERS[:2], "kill", self.judge_file), points)

    def test_a_job_that_stalls_is_killed_and_goes_on(self):
        with self.assertRaises(subprocess.TimeoutExpired) as stalled:
            run(*WINDOWS, cwd=self.directory, env={"MILLRACE_FAULT": "sink.written:3:stall"}, timeout=2)
        self.assertIn(b"the fault sink.written:3:stall strikes", stalled.exception.stderr)
        outputs = [stalled.exception.stdout or b"", self.job("", WINDOWS).stdout]
        self.judge_directory("", outputs)

    def test_the_judges_see_what_is_missing_and_what_comes_twice(self):
        outputs = [self.job("cut", WINDOWS, "output.rename:3:kill").stdout]
        with self.assertRaises(AssertionError):
            self.judge_directory("cut", outputs)
        with self.assertRaises(AssertionError):
            self.judge_stream(outputs)
        outputs.append(self.job("cut", WINDOWS).stdout)
        self.judge_directory("cut", outputs)
        lines = self.read("cut/dir/MANIFEST").splitlines(keepends=True)
        self.write("cut/dir/MANIFEST", b"".join([*lines, lines[-1]]))
        with self.assertRaises(AssertionError):
            self.judge_directory("cut", outputs)

    def test_what_is_no_fault_is_refused(self):
        for text, what in (("log.snyc:kill", 'did you mean "log.sync"?'), ("log.sync:klil", 'did you mean "kill"?'),
                           ("log.sync:0:kill", "from 1 on"), ("kill", "POINT[:N]:ACTION")):
            self.assert_exit(run(env={"MILLRACE_FAULT": text}), 78, "MILLRACE_FAULT: ", what)
        self.assert_exit(run(input=b"a", env={"MILLRACE_FAULT": ""}), 0)
        self.assert_exit(run("--faults"), 64, "belongs to millrace check")


if __name__ == "__main__":
    unittest.main()
