# A job that ends at each point of MILLRACE_FAULT: after the next run everything is counted once, and shown so.
# SPDX-License-Identifier: Apache-2.0
import os
import random
import signal
import unittest
from concurrent.futures import ThreadPoolExecutor

from frames import frames_of, last_epoch
from judged import Judged
from support import rows, run, start

# MILLRACE_SEED says which manners and moments are drawn.
SEED = int(os.environ.get("MILLRACE_SEED", random.randrange(1 << 32)))
INPUT = "generate:?words=100k&vocabulary=100"
FLAGS = ("--checkpoint", "cp", "--commit-every", "3ms")
WINDOWS = (INPUT + "&rate=400k", "--every", "10ms", "--to", "dir/", "--to", "other/", "--to", "-", *FLAGS)
WHOLE = (INPUT + "&rate=1M", "--to", "out", "--to", "-", *FLAGS)
POINTS = [line.split()[0] for line in run("check", "--faults").stdout.decode().splitlines()]
# What a run comes to as it begins, and once.
AT_START = set("log.lock log.locked log.create log.created log.rename log.renamed log.sync_directory "
               "log.synced_directory output.lock output.locked sink.open sink.opened".split())
# What only a run that goes on comes to; before it one is killed with a file of rows in the making, and one with a segment.
AFTER_OTHERS = {"log.read", "log.remove", "log.removed", "output.read", "output.remove", "output.removed"}
EARLIER = ("output.rename:5:kill", "log.rename:kill")
MOST = 8  # so often at most a run comes to another point before it is killed there
LIVES = 20


class Life:
    """A job in a directory of its own, from its first run to its end; each run in a manner of its own."""

    def __init__(self, test, job, name, draw):
        self.test, self.job, self.name, self.draw = test, job, name, draw
        self.outputs, self.over = [], False
        os.makedirs(test.path(name))

    def manner(self):
        draw = self.draw.choice
        return ("--readers", draw("1234"), "--threads", draw("123"), "--memory", draw(("48MiB", "256MiB")),
                "--batch-bytes", draw(("4KiB", "64KiB", "1MiB")))

    def run(self, fault=""):
        """Whether the fault struck. Raises AssertionError if the run ended otherwise than it must."""
        result = run(*self.job, *self.manner(), cwd=self.test.path(self.name), env={"MILLRACE_FAULT": fault})
        struck = f"the fault {fault} strikes".encode() in result.stderr
        self.outputs.append(result.stdout)
        codes = (-signal.SIGKILL,) if struck and fault.endswith("kill") else (0, 74) if struck else (0,)
        self.test.assertIn(result.returncode, codes, result.stderr)
        self.over = result.returncode == 0
        return struck

    def prepare(self, *faults):
        for fault in faults:
            if not self.over:
                self.run(fault)

    def epoch(self):
        return last_epoch(self.test.path(f"{self.name}/cp"))

    def end(self, judge):
        if not self.over:
            self.test.assertFalse(self.run())
        self.test.judge_checkpoint(f"{self.name}/cp")
        judge(self.name, self.outputs)


class FaultPoints(Judged):
    @classmethod
    def setUpClass(cls):
        cls.expected = rows(run(INPUT).stdout)

    def kill(self, job, point, epochs, judge):
        """Kills lives of a job there until so many epochs had a kill. In how many one came."""
        draw = random.Random(f"{SEED} {point}")
        most = 1 if point in AT_START | AFTER_OTHERS else MOST
        killed = set()
        for number in range(LIVES):
            life, goes_on = Life(self, job, f"{point}-{number}", draw), True
            while not life.over and len(killed) < epochs:
                # Who would be killed in the same epoch again is let go on to another one.
                life.prepare(*(EARLIER if point in AFTER_OTHERS else EARLIER[:0 if goes_on else 1]))
                if life.over:
                    break
                before = len(killed)
                if life.run(f"{point}:{draw.randint(1, most)}:kill"):
                    killed.add((number, life.epoch()))
                else:
                    most = max(1, most // 2)
                goes_on = len(killed) > before and most > 1
            life.end(judge)
            if len(killed) >= epochs:
                break
        return len(killed)

    def let_fail(self, job, point, times, judge):
        """Lets the point fail the first time that a run comes there, then the second time and so on. How often it did."""
        draw = random.Random(f"{SEED} {point}")
        failed, life = 0, None
        for at in range(1, times + 1):
            if not life or life.over:
                life = Life(self, job, f"{point}-{at}", draw)
            if point in AFTER_OTHERS:
                life.prepare(*EARLIER)
            failed += life.run(f"{point}:{at}:error")
            if life.over or at == times:
                life.end(judge)
        return failed

    def try_all(self, how, job, points, times, judge):
        """How often each point had its fault."""
        def try_point(point):
            try:
                return how(job, point, times, judge), None
            except (AssertionError, OSError) as error:
                return 0, f"{point}, with MILLRACE_SEED={SEED}: {error}"
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(try_point, points))
        wrong = [problem for _, problem in results if problem]
        self.assertFalse(wrong, "\n".join(wrong[:10]))
        return {point: struck for point, (struck, _) in zip(points, results)}

    def judge_directories(self, name, outputs):
        for directory in ("dir", "other"):
            self.judge_directory(f"{name}/{directory}")
        self.assertEqual(self.read(f"{name}/dir/MANIFEST"), self.read(f"{name}/other/MANIFEST"))
        self.judge_stream(outputs)

    def judge_file(self, name, outputs):
        self.assertEqual(sorted(os.listdir(self.path(name))), ["cp", "out"], "nothing lies beside it")
        self.assertEqual(rows(self.read(f"{name}/out")), self.expected)
        self.judge_stream(outputs)

    def test_windows_survive_kills_at_each_point(self):
        killed = self.try_all(self.kill, WINDOWS, POINTS, 5, self.judge_directories)
        self.assertEqual(killed, dict.fromkeys(POINTS, 5))

    def test_windows_survive_an_error_at_each_point(self):
        points = [point for point in POINTS if point != "output.remove"]  # what cannot be removed stays
        failed = self.try_all(self.let_fail, WINDOWS, points, 2, self.judge_directories)
        self.assertEqual([point for point in points if not failed[point]], [])

    def test_a_whole_stream_survives_a_kill_at_each_point(self):
        points = [point for point in POINTS if point not in AFTER_OTHERS | {"output.lock", "output.locked"}]
        killed = self.try_all(self.kill, WHOLE, points, 1, self.judge_file)
        self.assertEqual(killed, dict.fromkeys(points, 1))

    def test_a_job_that_stalls_is_killed_and_goes_on(self):
        life = Life(self, WINDOWS, "stalled", random.Random(SEED))
        stalled = start(*WINDOWS, cwd=self.path("stalled"), env={"MILLRACE_FAULT": "sink.written:3:stall"})
        while b"the fault sink.written:3:stall strikes" not in stalled.stderr.readline():
            self.assertIsNone(stalled.poll())
        stalled.kill()
        life.outputs.append(stalled.communicate()[0])
        life.end(self.judge_directories)

    def test_the_judges_see_what_is_missing_and_what_comes_twice(self):
        life = Life(self, WINDOWS, "cut", random.Random(SEED))
        self.assertTrue(life.run("output.rename:5:kill"))
        with self.assertRaises(AssertionError):
            self.judge_directory("cut/dir")
        with self.assertRaises(AssertionError):
            self.judge_stream(life.outputs)
        life.end(self.judge_directories)
        lines = self.read("cut/dir/MANIFEST").splitlines(keepends=True)
        self.write("cut/dir/MANIFEST", b"".join([*lines, lines[-1]]))
        with self.assertRaises(AssertionError):
            self.judge_directory("cut/dir")
        segment = self.read("cut/cp/seg-000000000001.log")
        first, second = (segment.index(b"FRAM" + epoch.to_bytes(8, "little")) for epoch in (1, 2))
        self.write("cut/cp/seg-000000000001.log", segment[:first] + segment[second:])
        with self.assertRaises(AssertionError):
            frames_of(self.path("cut/cp"))

    def test_what_is_no_fault_is_refused(self):
        for text, what in (("log.snyc:kill", 'did you mean "log.sync"?'), ("log.sync:klil", 'did you mean "kill"?'),
                           ("log.sync:0:kill", "from 1 on"), ("kill", "POINT[:N]:ACTION")):
            self.assert_exit(run(env={"MILLRACE_FAULT": text}), 78, "MILLRACE_FAULT: ", what)
        self.assert_exit(run(input=b"a", env={"MILLRACE_FAULT": ""}), 0)
        self.assert_exit(run("--faults"), 64, "belongs to millrace check")


if __name__ == "__main__":
    print(f"MILLRACE_SEED={SEED}", flush=True)
    unittest.main()
