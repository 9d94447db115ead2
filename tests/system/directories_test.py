# Outputs that are directories: one job's from its start on, and gone again if nothing came into them.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import signal
import unittest

from support import Case, locked_by, run, start, wait_until


class Directories(Case):
    def windows(self, output="dir/"):
        """A job that writes window after window."""
        process = start("--from", "generate:?rate=100k&vocabulary=10", "--every", "50ms", "--to", self.path(output))
        self.addCleanup(process.kill)
        wait_until(lambda: os.path.isdir(self.path(output)) and len(self.epochs(output)) > 2, "the first windows")
        return process

    def epochs(self, folder):
        return sorted(name for name in os.listdir(self.path(folder)) if name.startswith("epoch-"))

    def is_locked(self, folder, process):
        try:
            return os.path.realpath(self.path(folder)) in locked_by(process)
        except FileNotFoundError:  # closed while we looked
            return False

    def test_a_directory_belongs_to_the_job_that_started_first(self):
        for flags in ((), ("--every", "1h")):
            process = start(*flags, "--to", self.path("deep/dir/"))
            self.addCleanup(process.kill)
            wait_until(lambda: os.path.isdir(self.path("deep/dir")), "the directory, before anything is read")
            wait_until(lambda: self.is_locked("deep/dir", process), "the directory to be the job's")
            self.assert_exit(run("--to", self.path("deep/dir/"), input=b"a"), 78, "another job writes to")
            self.assert_exit(run("check", "--to", self.path("deep/dir/")), 78, "another job writes to")
            process.stdin.write(b"a b a")
            process.stdin.close()
            process.stdin = None
            self.assert_exit(self.ending(process), 0)
            self.assertEqual(self.epochs("deep/dir"), ["epoch-000000000001.txt"])
            shutil.rmtree(self.path("deep"))

    def test_what_was_made_for_nothing_is_gone(self):
        text = b" ".join(b"%d" % i for i in range(100_000))
        for output in ("dir/", "deep/dir/"):
            result = self.limited(output, text)
            self.assert_exit(result, 74, "File too large")
            self.assert_exit(run("--every", "1h", "--to", self.path(output)), 0)
            process = start("--every", "1h", "--to", self.path(output))
            wait_until(lambda: os.path.isdir(self.path(output)), "the directory")
            process.send_signal(signal.SIGTERM)
            self.assert_exit(self.ending(process), 0)
            self.assertEqual(os.listdir(self.directory), [])
        os.mkdir(self.path("dir"))
        self.assert_exit(self.limited("dir/", text), 74)
        self.assertEqual(os.listdir(self.directory), ["dir"], "it was there before")
        os.mkdir(self.path("deep"))
        self.assert_exit(self.limited("deep/dir/", text), 74)
        self.assertEqual(os.listdir(self.path("deep")), [])

    def limited(self, output, text):
        return self.bash('ulimit -f 100; "$0" --to "$1"', self.path(output), input=text)

    def test_no_window_goes_into_another_directory(self):
        for replace in (lambda: os.mkdir(self.path("dir")), lambda: os.symlink("other", self.path("dir")),
                        lambda: os.symlink("moved", self.path("dir")), lambda: None):
            os.mkdir(self.path("other"))
            process = self.windows()
            os.rename(self.path("dir"), self.path("moved"))
            replace()
            result = self.ending(process)
            # That it was moved, removed or replaced, unless a file was being written there just then.
            self.assert_exit(result, 74, self.path("dir"))
            if os.path.isdir(self.path("dir")) and not os.path.islink(self.path("dir")):
                self.assertEqual(os.listdir(self.path("dir")), [])
            self.assertEqual(os.listdir(self.path("other")), [])
            for name in os.listdir(self.directory):
                path = self.path(name)
                os.remove(path) if os.path.islink(path) else shutil.rmtree(path)


if __name__ == "__main__":
    unittest.main()
