# PATH.partial replaces an earlier one of its kind and nothing else, and what stands in its way is told first.
# SPDX-License-Identifier: Apache-2.0
import os
import signal
import socket
import subprocess
import unittest

from support import Case, MILLRACE, environment, run, start, unread, wait_until


class Partial(Case):
    def assert_refused(self, *arguments, code=78, told=".partial", **options):
        before = sorted(os.listdir(self.directory))
        for command in ((), ("check",)):
            result = subprocess.run([MILLRACE, *command, *arguments], capture_output=True, timeout=60, check=False,
                                    cwd=self.directory, env=environment(), **({"input": b"a"} | options))
            self.assert_exit(result, code, told)
        self.assertEqual(sorted(os.listdir(self.directory)), before)

    def test_an_input(self):
        self.write("out.partial", b"precious")
        os.symlink("out.partial", self.path("link"))
        os.symlink("out", self.path("to-out"))
        for source in ("out.partial", "./out.partial", "link", "file:out.partial", "*.partial"):
            self.assert_refused(source, "--to", "out", told="out.partial, which is an input")
        self.assert_refused("out.partial", "--to", "to-out", told="out.partial, which is an input")
        for source in ("-", "stdin:", "/dev/stdin"):
            with open(self.path("out.partial"), "rb") as file:
                self.assert_refused(source, "--to", "out", told="which is an input", input=None, stdin=file)
        self.assertEqual(self.read("out.partial"), b"precious")
        self.assert_exit(run("out.partial", "--to", "dir/", cwd=self.directory), 0)

    def test_another_output(self):
        for other in ("out.partial", "./out.partial", "out.partial/"):
            self.assert_refused("--to", "out", "--to", other, told="out.partial, which is another output")
            self.assert_refused("--to", other, "--to", "out", told="out.partial, which is another output")
        with open(self.path("out.partial"), "ab") as file:
            for command in ((), ("check",)):
                result = subprocess.run([MILLRACE, *command, "--to", self.path("out"), "--to", "-"], input=b"a", stdout=file,
                                        stderr=subprocess.PIPE, timeout=60, check=False, env=environment())
                self.assert_exit(result, 78, "another output")

    def test_what_is_no_regular_file(self):
        def bind(path):
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(path)
        self.write("precious", b"old")
        for make in (os.mkdir, os.mkfifo, bind, lambda path: os.symlink("precious", path),
                     lambda path: os.symlink("nowhere", path), lambda path: os.symlink("/dev/null", path)):
            make(self.path("out.partial"))
            self.assert_refused("--to", "out", told="out.partial, which is no regular file")
            os.rename(self.path("out.partial"), self.path("moved"))
            self.assert_exit(run("--to", self.path("out"), input=b"a"), 0)
            for name in ("out", "moved"):
                os.rmdir(self.path(name)) if os.path.isdir(self.path(name)) else os.remove(self.path(name))

    def test_a_name_that_is_too_long(self):
        self.assert_refused("--to", "x" * 248, code=74, told="cannot write a partial result of xxx")
        self.assert_exit(run("--to", self.path("x" * 247), input=b"a"), 0)

    def test_a_path_that_is_too_long_for_a_temporary_file(self):
        folder = self.path("deep")
        while len(folder) < 4080:
            folder += "/" + "d" * min(200, 4080 - len(folder) - 1)
        os.makedirs(folder)
        self.assert_refused("--to", folder + "/x", code=74, told="File name too long")

    def test_an_earlier_one_is_replaced(self):
        self.write("out.partial", b"old")
        process = start("--to", self.path("out"))
        process.stdin.write(b"a \n")
        process.stdin.flush()
        wait_until(lambda: unread(process.stdin) == 0, "the program to read its input")
        process.send_signal(signal.SIGTERM)
        self.assert_exit(self.ending(process), 143, "out.partial")
        self.assertEqual(self.read("out.partial"), b"a\t1\n")


if __name__ == "__main__":
    unittest.main()
