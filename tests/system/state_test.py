# `millrace state` tells what a checkpoint holds, of a job that runs, was killed or is over, and touches nothing.
# SPDX-License-Identifier: Apache-2.0
import os
import re
import signal
import unittest

from support import SANITIZED, Case, run, start, wait_until

SEGMENT = "cp/seg-000000000001.log"


class State(Case):
    def state(self):
        """What it prints of the checkpoint `cp`, line by line, by what a line begins with."""
        result = run("state", self.path("cp"))
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr, b"")
        lines = {}
        for line in result.stdout.decode().splitlines():
            name, text = line[:9].strip(), line[9:]
            lines.setdefault(name or last, []).append(text)
            last = name or last
        return lines

    def positions(self):
        """(read to, end, done, name) of each partition."""
        return [(text[:15].strip(), text[15:31].strip(), text[33:37].strip(), text[39:]) for text in self.state()["inputs"][1:]]

    def files(self):
        """What changes of a file when somebody does."""
        stats = {name: os.stat(self.path(f"cp/{name}")) for name in os.listdir(self.path("cp"))}
        return {name: (each.st_ino, each.st_size, each.st_mtime_ns, each.st_ctime_ns) for name, each in stats.items()}

    def endless(self, *flags):
        """A job that keeps an epoch every few milliseconds, and is killed at the end of the test."""
        process = start("generate:?vocabulary=1000&rate=400k", "--to", "discard:", "--checkpoint", self.path("cp"),
                        "--commit-every", "5ms", "--readers", 1, *flags)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        wait_until(lambda: os.path.exists(self.path(SEGMENT)), "the checkpoint to begin")
        wait_until(lambda: self.epoch() > 3, "a few epochs")
        return process

    def epoch(self):
        return int(re.match(r"\d+", self.state()["epoch"][0])[0])

    def test_a_job_that_is_over(self):
        text = self.write("in.txt", b"a b a\n")
        self.assert_exit(run(text, "--name", "hourly", "--to", self.path("out"), "--checkpoint", self.path("cp")), 0)
        before = self.files()
        state = self.state()
        self.assertEqual((state["job"][0], state["job"][-1]), ("name: hourly", "order: value"))
        self.assertRegex(state["birth"][0], r"^[0-9a-f]{16}$")
        self.assertEqual(state["segments"], [f"1, {os.path.getsize(self.path(SEGMENT))} B"])
        self.assertRegex(state["epoch"][0], r"^1, of 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z, shown to all outputs$")
        self.assertEqual(state["ended"], ["yes, with this epoch"])
        self.assertEqual(state["keys"], ["2 at most"])
        self.assertEqual(self.positions(), [("6", "6", "done", text)])
        self.assertEqual(self.files(), before)

    def test_a_job_that_runs(self):
        self.endless()
        first = self.epoch()
        for _ in range(10 if SANITIZED else 100):
            state = self.state()
            self.assertEqual(state["ended"], ["no: the same command goes on"])
        self.assertGreater(self.epoch(), first)

    def test_a_job_that_was_killed(self):
        process = self.endless("--every", "1h")
        process.send_signal(signal.SIGKILL)
        process.wait()
        state = self.state()
        self.assertEqual(state["ended"], ["no: the same command goes on"])
        self.assertRegex(state["clock"][0], r"^no later record lies in a window before 20[-\d]+T\d\d:00:00\.000Z$")
        self.assertRegex(state["keys"][0], r"^[\d,]+ at most in the window from 20[-\d]+T\d\d:00:00\.000Z$")
        self.assertGreater(int(self.positions()[0][0]), 0)

    def frames(self):
        """What the segment holds, and where its frames begin."""
        data = self.read(SEGMENT)
        return data, [found.start() for found in re.finditer(b"FRAM", data)]

    def test_what_is_cut_off_is_no_damage(self):
        run(self.write("in.txt", b"a b a\n"), "--to", self.path("out"), "--checkpoint", self.path("cp"))
        data, (_, epoch, mark) = self.frames()
        for end, last, ended in ((mark, "1, of ", "with this epoch, once all outputs have it"),
                                 (epoch, "0: nothing was read yet", "no: the same command goes on")):
            self.write(SEGMENT, data[:end])
            whole = self.state()
            self.assertTrue(whole["epoch"][0].startswith(last), whole)
            self.assertEqual(whole["epoch"][0].endswith("not known whether all outputs have it"), end == mark)
            self.assertEqual(whole["ended"], [ended])
            self.write(SEGMENT, data[:end + 20])
            cut = self.state()
            self.assertEqual(cut.pop("tail"), ["20 bytes of a frame that is being written, or was cut off"])
            self.assertNotEqual(cut.pop("segments"), whole.pop("segments"))
            self.assertEqual(cut, whole)

    def test_one_changed_byte_is_found(self):
        process = self.endless()
        process.kill()
        process.wait()
        data, (first, second, _, third, *_) = self.frames()  # behind the second is its commit mark
        for place in (9, 40, first + 5, second + 40, third + 40):
            self.write(SEGMENT, data[:place] + bytes([data[place] ^ 1]) + data[place + 1:])
            result = run("state", self.path("cp"))
            self.assert_exit(result, 74, "the checkpoint is damaged", SEGMENT)
            self.assertEqual((result.stdout, result.stderr.count(b"\n")), (b"", 1))

    def test_names_draw_nothing_on_a_terminal(self):
        run(self.write("\x1b[2J\n.txt", b"a\n"), "--to", self.path("out"), "--checkpoint", self.path("cp"))
        ((_, _, _, name),) = self.positions()
        self.assertEqual(name, self.path("") + "\\x1b[2J\\n.txt")

    def test_where_no_checkpoint_is(self):
        os.mkdir(self.path("empty"))
        os.mkfifo(self.path("fifo"))
        self.write("file", b"")
        for name, why in (("nothing", "there is no such directory"), ("file/below", "there is no such directory"),
                          ("empty", "no job has begun one there"), ("file", "that is no directory"),
                          ("fifo", "that is no directory")):
            result = run("state", self.path(name))
            self.assert_exit(result, 66, f"no checkpoint is in {self.path(name)}: {why}")
            self.assertEqual((result.stdout, result.stderr.count(b"\n")), (b"", 1))
        for words in ((), ("a", "b"), ("--checkpoint", self.path("empty"))):
            self.assert_exit(run("state", *words), 64, "millrace state DIR")
        self.write("empty/seg-000000000001.log", b"a text that somebody has put here\n" * 3)
        self.assert_exit(run("state", self.path("empty")), 74, "is no part of a checkpoint")


if __name__ == "__main__":
    unittest.main()
