# A job with a checkpoint that is killed, stopped or over: the next run goes on, and nothing is counted twice.
# SPDX-License-Identifier: Apache-2.0
import os
import random
import re
import shutil
import signal
import subprocess
import time
import unittest
from collections import Counter

from support import SANITIZED, Case, rows, run, start, wait_until, words

KILLS = 5 if SANITIZED else 20


class Checkpoint(Case):
    def setUp(self):
        super().setUp()
        self.text = b" ".join(b"word%d" % (i * i % 5003) for i in range(400_000)) + b"\n"
        self.write("in.txt", self.text)
        self.directory_flags = ("--checkpoint", self.path("cp"), "--commit-every", "20ms")

    def job(self, *more):
        return (self.path("in.txt"), "--to", self.path("out"), *self.directory_flags, *more)

    def kill(self, arguments, seconds):
        """Starts it, and kills it a moment later. False: it had ended before."""
        process = start(*arguments)
        time.sleep(seconds)
        process.kill()
        process.communicate()
        return process.returncode == -signal.SIGKILL

    def manner(self):
        return ("--readers", random.randint(1, 4), "--threads", random.randint(1, 3),
                "--batch-bytes", random.choice(("4KiB", "64KiB", "1MiB")))

    def test_a_killed_job_goes_on(self):
        self.text *= 10
        self.write("in.txt", self.text)
        killed = sum(self.kill(self.job(*self.manner()), random.uniform(0.005, 0.1)) for _ in range(KILLS))
        result = run(*self.job(*self.manner()))
        self.assert_exit(result, 0)
        self.assertEqual(rows(self.read("out")), words(self.text))
        self.assertGreater(killed, 0, "no kill came before the end")

    def test_each_record_is_in_one_window(self):
        arguments = ("generate:?words=300k&vocabulary=1000&rate=200k", "--every", "50ms", "--to", self.path("dir/"),
                     *self.directory_flags)
        for _ in range(KILLS):
            self.kill((*arguments, *self.manner()), random.uniform(0.05, 0.3))
        self.assert_exit(run(*arguments), 0)
        counts = Counter()
        names = sorted(name for name in os.listdir(self.path("dir")) if name != "MANIFEST")
        listed = [line.split(b"\t") for line in self.read("dir/MANIFEST").splitlines()[1:]]
        self.assertEqual([line[3].decode() for line in listed], names, "each file is listed once, in order")
        for name, line in zip(names, listed):
            data = self.read(f"dir/{name}")
            self.assertEqual((int(line[4]), int(line[5])), (data.count(b"\n"), len(data)))
        for name in names:
            for line in self.read(f"dir/{name}").splitlines():
                _, _, key, count = line.split(b"\t")
                counts[key] += int(count)
        self.assertEqual(counts, rows(run("generate:?words=300k&vocabulary=1000").stdout))

    def test_a_stopped_job_says_that_it_goes_on(self):
        process = start("generate:?words=100M&rate=100k", "--to", self.path("out"), *self.directory_flags)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)
        self.assertIn(b"the same command goes on", errors)
        self.assertFalse(os.path.exists(self.path("out")), "what is open stays open")
        self.assertFalse(os.path.exists(self.path("out.partial")))

    def test_windows_that_are_open_when_a_job_is_stopped_stay_so(self):
        process = start("generate:?rate=10k&vocabulary=5", "--every", "1h", "--to", self.path("dir/"),
                        *self.directory_flags)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"what was read is kept, and the same command goes on", errors)
        self.assertFalse(os.path.exists(self.path("dir")))

    @unittest.skipIf(SANITIZED, "it takes a hundred megabytes of log")
    def test_snapshots_are_made_and_gone_on_with(self):
        words_made = "generate:?words=8M&vocabulary=20M&skew=0"  # most of them once: whatever the epochs, it is much
        for rate in ("500k", "200k"):  # a machine that is busy with more has little time for them
            self.directory_flags = ("--checkpoint", self.path(f"cp{rate}"), "--commit-every", "20ms")
            arguments = (f"{words_made}&rate={rate}", "--to", self.path(f"out{rate}"), *self.directory_flags)
            for _ in range(2):
                self.kill(arguments, 2)
            self.assert_exit(run(*arguments), 0)
            if any(name.startswith("snap-") for name in os.listdir(self.path(f"cp{rate}"))):
                break
        else:
            self.fail("none was made in time")
        self.assertIn(b"snapshot of epoch ", run("state", self.path(f"cp{rate}")).stdout)
        self.assertTrue(self.read(f"out{rate}") == run(words_made).stdout, "rows are those of one run")

    def test_records_that_an_earlier_run_did_not_count_are_told(self):
        self.write("in.csv", b"a,x\n" * 100 + b"a,1\n" * 2_000_000)
        job = ("--key", 1, "--value", 2, self.path("in.csv"), "--to", self.path("out"), "--threads", 1,
               *self.directory_flags)
        killed = run(*job, env={"MILLRACE_FAULT": "log.synced:2:kill"})  # the first epoch, with all of them, is there
        self.assertEqual(killed.returncode, -signal.SIGKILL)
        self.assert_exit(run(*job), 0, "100 records")

    def test_a_job_that_has_ended(self):
        self.assert_exit(run(*self.job()), 0)
        before = os.stat(self.path("out"))
        result = run(*self.job())
        self.assert_exit(result, 0, "nothing new to read")
        self.assertEqual(os.stat(self.path("out")).st_ino, before.st_ino)
        with open(self.path("in.txt"), "ab") as file:
            file.write(b"more words\n")
        self.assert_exit(run(*self.job()), 0)
        self.assertEqual(rows(self.read("out")), words(self.text + b"more words\n"))

    def test_standard_input_that_is_a_file(self):
        arguments = ("--to", self.path("out"), *self.directory_flags)
        for _ in range(2):
            with open(self.path("in.txt"), "rb") as file:
                self.assert_exit(run(*arguments, input=None, stdin=file), 0)
            self.assertEqual(rows(self.read("out")), words(self.text))

    def test_another_job_is_refused(self):
        self.assert_exit(run(*self.job()), 0)
        for command in ((), ("check",)):
            result = run(*command, *self.job("--fold-case"))
            self.assert_exit(result, 77, "another meaning of")

    def test_a_second_process_is_refused(self):
        process = start("--to", self.path("out"), *self.directory_flags)
        self.addCleanup(process.kill)
        while not os.path.exists(self.path("cp/seg-000000000001.log")):
            time.sleep(0.01)
        self.assert_exit(run("--to", self.path("other"), *self.directory_flags, input=b"a"), 77, "another process")
        process.stdin.write(b"a b a")
        process.stdin.close()
        process.stdin = None
        self.assertEqual(process.wait(timeout=60), 0)

    def test_a_check_changes_nothing(self):
        self.assert_exit(run("check", *self.job()), 0)
        self.assertEqual(os.listdir(self.directory), ["in.txt"])
        self.assert_exit(run(*self.job()), 0)
        before = sorted(os.listdir(self.path("cp")))
        self.assertIn(b"has ended", run("check", *self.job()).stdout)
        self.assertEqual(sorted(os.listdir(self.path("cp"))), before)

    def test_rows_that_may_come_again_tell_their_epoch(self):
        result = run("--checkpoint", self.path("cp"), "--format", "csv", input=b"a b a\n")
        self.assert_exit(result, 0, "cannot be read again")
        self.assertEqual(result.stdout, b"key,count,epoch\na,2,1\nb,1,1\n")

    def test_a_file_that_was_replaced_is_refused(self):
        self.kill(self.job("--batch-bytes", "4KiB", "--readers", 1), 0.03)
        if not os.path.exists(self.path("out")):
            os.remove(self.path("in.txt"))
            self.write("in.txt", b"other" * 100_000 + b"\n")
            result = run(*self.job())
            self.assertIn(result.returncode, (0, 66))
            if result.returncode == 0:  # nothing of the first one was in the log
                self.assertEqual(len(self.read("out").splitlines()), 1)


class Outputs(Case):
    """Those of a job with windows come and go between its runs."""

    def command(self, *outputs):
        to = [word for output in outputs for word in ("--to", output if output == "-" else self.path(output))]
        return ("generate:?vocabulary=5&rate=100k", "--every", "20ms", "--checkpoint", self.path("cp"), *to)

    def stopped(self, *arguments):
        """A run that shows a few windows and is stopped: what it says on stderr."""
        before = len(self.listed("a"))
        process = start(*arguments, stdout=subprocess.DEVNULL)
        self.addCleanup(process.kill)
        wait_until(lambda: len(self.listed("a")) > before + 3 or process.poll() is not None, "windows to be shown")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, errors)
        return errors.decode()

    def listed(self, directory):
        """The epochs in its manifest."""
        path = self.path(f"{directory}/MANIFEST")
        if not os.path.exists(path):
            return []
        return [line.split(b"\t")[0] for line in self.read(f"{directory}/MANIFEST").splitlines()[1:]]

    def assert_refused(self, command, *texts):
        for sub_command in ((), ("check",)):
            self.assert_exit(run(*sub_command, *command), 77, self.path("b/") + " has no rows of ", "--accept-gap", *texts)

    def test_one_that_was_left_out_is_refused(self):
        both = self.command("a/", "b/")
        self.assertNotIn("b/", self.stopped(*both))
        self.assertNotIn("b/", self.stopped(*both))
        first = self.listed("a")
        self.assertEqual(self.listed("b"), first)
        self.stopped(*self.command("a/"))
        second = self.listed("a")
        self.assert_refused(both, f"to {int(second[-1])}, which the job has shown")
        self.assertEqual(self.listed("a"), second)
        self.assertIn("it goes on without them", self.stopped(*both, "--accept-gap"))
        self.assertNotIn("b/", self.stopped(*both))
        self.assertEqual(self.listed("b"), first + self.listed("a")[len(second):])

    def test_one_that_was_emptied_is_refused(self):
        both = self.command("a/", "b/")
        self.stopped(*both)
        shutil.rmtree(self.path("b"))
        self.assert_refused(both, "the epochs 1 to ")
        before = self.listed("a")
        self.stopped(*both, "--accept-gap")
        self.assertEqual(self.listed("b"), self.listed("a")[len(before):])
        self.assertIn("begins with what comes now", self.stopped(*self.command("a/", "c/")), "it is new")

    def test_a_stream_may_come_and_go(self):
        self.stopped(*self.command("a/"))
        with_stream = self.command("a/", "-")
        self.assertNotIn("has no rows", self.stopped(*with_stream))
        self.stopped(*self.command("a/"))
        self.assertIn("- has no rows of the epochs ", self.stopped(*with_stream), "it is told, and goes on")
        self.assertNotIn("has no rows", self.stopped(*with_stream))

    def test_a_result_of_all_input_lacks_nothing(self):
        def job(*outputs):
            return (self.path("in.txt"), "--checkpoint", self.path("cp"),
                    *(word for output in outputs for word in ("--to", self.path(output))))
        text = b""
        for outputs in (("a", "b", "c/"), ("a",), ("a", "b", "c/")):
            text += b"some words "
            self.write("in.txt", text)
            self.assertNotIn(b"has no rows", run(*job(*outputs)).stderr)
        self.assertEqual(rows(self.read("b")), rows(self.read("a")))

    def test_a_checkpoint_tells_its_outputs(self):
        self.stopped(*self.command("a/", "b/", "-"))
        last = int(self.listed("b")[-1])
        self.stopped(*self.command("a/"))
        state = run("state", self.path("cp")).stdout.decode()
        self.assertRegex(state, rf"(?m)^outputs +to epoch \d+  {self.path('a/')}\n"
                                rf" +to epoch (\d+)  {self.path('b/')}, left out since\n"
                                rf" +to epoch \1  stdout:, left out since$")
        self.assertGreaterEqual(int(re.search(r"to epoch (\d+)  .*b/", state)[1]), last)


if __name__ == "__main__":
    unittest.main()
