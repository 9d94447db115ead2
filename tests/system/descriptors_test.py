# Descriptors by name: those that the program was given, each read once, and none of its own.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import unittest

from support import Case, MILLRACE, environment, rows, run


class NamedTwice(Case):
    """Two readers of one pipe would tear words between them."""

    def assert_refused(self, *inputs, **options):
        for command in ((), ("check",)):
            result = run(*command, *inputs, "--to", self.path("out"), input=b"a b", cwd=self.directory, **options)
            self.assert_exit(result, 78, "named twice: it can be read once")
        self.assertFalse(os.path.exists(self.path("out")))

    def test_standard_input(self):
        os.symlink("/dev/stdin", self.path("link"))
        for other in ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "link", "lin*"):
            self.assert_refused("-", other)
            self.assert_refused(other, other)

    def test_a_fifo(self):
        os.mkfifo(self.path("fifo"))
        os.symlink("fifo", self.path("link"))
        os.link(self.path("fifo"), self.path("hard"))
        for inputs in (("fifo", "fifo"), ("fifo", "./fifo"), ("fifo", "link"), ("fifo", "hard"), ("fifo", "fi*"), ("*",)):
            self.assert_refused(*inputs)

    def test_a_file_may_be_named_as_often_as_one_likes(self):
        path = self.write("file", b"a b")
        with open(path, "rb") as file:
            for other in ("/dev/stdin", "/dev/fd/0", path):
                os.lseek(file.fileno(), 0, os.SEEK_SET)
                result = subprocess.run([MILLRACE, "-", other], stdin=file, capture_output=True, env=environment(), timeout=60)
                self.assert_exit(result, 0)
                self.assertEqual(rows(result.stdout), {b"a": 2, b"b": 2})


class Given(Case):
    OWN = range(3, 40)

    def test_what_the_program_opens_for_itself_is_no_input(self):
        self.write("out", b"old")
        for number in self.OWN:
            for path in (f"/dev/fd/{number}", f"/proc/self/fd/{number}"):
                result = run(path, "--to", self.path("out"), "--from", "generate:?words=10", timeout=30)
                self.assertEqual(result.returncode, 66, result)
        self.assertEqual(self.read("out"), b"old")

    def test_nor_an_output(self):
        for number in self.OWN:
            self.assert_exit(run("--to", f"/dev/fd/{number}", input=b"a"), 74, "Bad file descriptor")

    def test_what_it_is_given_is(self):
        result = self.bash('"$0" /dev/fd/7 /dev/fd/8 --to /dev/fd/9 7< <(echo a) 8< <(echo b) 9> out')
        self.assert_exit(result, 0)
        self.assertEqual(self.read("out"), b"a\t1\nb\t1\n")

    def test_a_closed_standard_descriptor(self):
        self.write("out", b"old")
        for closed, path in (("<&-", "/dev/stdin"), ("<&-", "/dev/fd/0"), (">&-", "/dev/stdout"), ("2>&-", "/dev/fd/2")):
            told = path + ": Bad file descriptor" if closed != "2>&-" else ""
            self.assert_exit(self.bash(f'"$0" {path} --to out {closed}'), 66, told)
            self.assert_exit(self.bash(f'echo a > in; "$0" in --to {path} --to out {closed}'), 74, told)
            self.assertEqual(self.read("out"), b"old")

    def test_what_is_no_descriptor(self):
        for path in ("/dev/fd/01", "/dev/fd/x", "/proc/self/fd/-1"):
            self.assert_exit(run("--to", path, input=b"a"), 74, path + ": No such file")
            self.assert_exit(run(path), 66, path + ": No such file")
        self.assert_exit(run("--to", "/dev/fd/99999999999", input=b"a"), 74, "Bad file descriptor")


if __name__ == "__main__":
    unittest.main()
