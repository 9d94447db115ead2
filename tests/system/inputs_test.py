# Files as they are met: odd names, sizes that lie or change, directories, a standard input that others share.
# SPDX-License-Identifier: Apache-2.0
import bz2
import glob
import gzip
import lzma
import os
import signal
import subprocess
import unittest

from support import Case, MILLRACE, environment, rows, run, start, wait_until, words

MIB = 1 << 20
TIB = 1 << 40


def bytes_read_by(process):
    """By all system calls, also those of its start."""
    try:
        with open(f"/proc/{process.pid}/io", encoding="ascii") as file:
            return int(file.readline().removeprefix("rchar:"))
    except OSError:
        return 0  # it has ended


class Sizes(Case):
    def test_files_that_the_kernel_makes_up_are_read_without_a_word(self):
        paths = ["/proc/cpuinfo", "/proc/self/mounts", *glob.glob("/sys/devices/system/cpu/*line"),
                 *glob.glob("/sys/kernel/mm/transparent_hugepage/*")]
        for path in (path for path in paths if os.path.isfile(path) and os.access(path, os.R_OK)):
            with open(path, "rb") as file:
                expected = words(file.read())
                file.seek(0)
                for result in (run(path), run(input=None, stdin=file)):
                    self.assert_exit(result, 0)
                    self.assertEqual(result.stderr, b"", path)
                    if "cpuinfo" not in path:  # it tells the clock's speed
                        self.assertEqual(rows(result.stdout), expected, path)

    def endless(self):
        """A file that says four thousand bytes, and then nothing for hours."""
        with open(self.write("endless", b"a b\n" * 1000), "r+b") as file:
            file.truncate(TIB)
        return self.path("endless")

    def shrunk(self, *arguments):
        """Runs on an endless file, and cuts it off when all is under way."""
        with open(self.endless(), "rb") as file:
            process = start(*arguments, stdin=file)
        self.wait_until_it_reads(process)
        os.truncate(self.path("endless"), 4001)
        return self.ending(process)

    def wait_until_it_reads(self, process):
        """Far more than a program reads to start: it is in the endless part of its input."""
        def bytes_read():
            with open(f"/proc/{process.pid}/io", encoding="ascii") as file:
                return int(file.readline().removeprefix("rchar:"))
        wait_until(lambda: bytes_read() > 64 * MIB, "it reads")

    def test_a_file_that_becomes_shorter_is_told_once_and_costs_the_others_nothing(self):
        other = self.write("other", b"c a")
        for readers in (1, 2, 8):
            result = self.shrunk("--readers", readers, other, self.path("endless"), other)
            self.assert_exit(result, 0, f"endless became shorter while it was read, from {TIB} to 4001 bytes")
            self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)
            self.assertEqual(rows(result.stdout), {b"a": 1002, b"b": 1000, b"c": 2})

    def test_a_standard_input_that_becomes_shorter(self):
        result = self.shrunk("--by", "lines")
        self.assert_exit(result, 0, "stdin became shorter")
        self.assertEqual(rows(result.stdout), {b"a b": 1000})

    def test_a_signal_ends_the_search_for_the_end_of_a_record(self):
        with open(self.endless(), "rb") as file:
            process = start("--readers", "1", stdin=file)
            self.wait_until_it_reads(process)
            process.send_signal(signal.SIGTERM)
            result = self.ending(process)
            self.assert_exit(result, 143, "partial")
            self.assertEqual(rows(result.stdout), {b"a": 1000, b"b": 1000})
            self.assertEqual(os.lseek(file.fileno(), 0, os.SEEK_CUR), 4000, "the next program reads on there")


class Names(Case):
    NAMES = ("web1:8080.log", "web2:a?b.log", "tcp:80", "generate:?words=3", "a b", "[a]*", "50%zz:?", "--top", "-x")

    def run_here(self, *arguments):
        result = run(*arguments, cwd=self.directory)
        self.assert_exit(result, 0)
        return rows(result.stdout)

    def test_an_existing_name_is_a_file(self):
        for number, name in enumerate(self.NAMES):
            self.write(name, b"all n%d" % number)
        expected = {b"all": len(self.NAMES), **{b"n%d" % i: 1 for i in range(len(self.NAMES))}}
        self.assertEqual(self.run_here("--", *self.NAMES), expected)
        self.assertEqual(self.run_here("--", *os.listdir(self.directory)), expected)
        self.assertEqual(self.run_here(*(f"--from={name}" for name in self.NAMES)), expected)
        names = [name for name in self.NAMES if not name.startswith("-")]
        self.assertEqual(self.run_here(*names)[b"all"], len(names))
        self.assertEqual(self.run_here("web*")[b"all"], 2)
        self.assertEqual(self.run_here("web1:*")[b"all"], 1)
        self.assertIn(b"reads    tcp:80", run("check", "tcp:80", cwd=self.directory).stdout)

    def test_what_is_not_there_is_told_with_what_to_type(self):
        self.assert_exit(run("web1:x.log", cwd=self.directory), 66, "cannot read web1:x.log: No such file")
        self.assert_exit(run("--from", "kafka://h/t"), 78, "kcat -C -u -b HOST -t TOPIC | millrace")
        self.assert_exit(run("https://h/x"), 78, "curl -sN https://h/x | millrace")
        os.makedirs(self.path("a/b"))
        for name in ("x.log", "a/x.log", "a/b/x.log"):
            self.write(name, b"word\n")
        result = run("**/*.log", cwd=self.directory)
        self.assert_exit(result, 66, "** is not understood")
        self.assertEqual(self.run_here("*.log", "*/*.log", "*/*/*.log"), {b"word": 3})

    def test_behind_two_dashes_there_are_addresses_too(self):
        self.assertEqual(sum(self.run_here("--", "generate:?words=3").values()), 3)
        self.assertEqual(rows(run("--", "-", input=b"x").stdout), {b"x": 1})
        self.assert_exit(run("--", "--top"), 66, "cannot read --top: No such file")


class NotText(Case):
    TEXT = "hello wörld\n" * 1000

    def test_packed_and_wide_text_is_refused_with_the_pipe_that_helps(self):
        kept = self.write("out", b"kept")
        for name, data, pipe in (("a.gz", gzip.compress(self.TEXT.encode()), "zcat"),
                                 ("a.xz", lzma.compress(self.TEXT.encode()), "xzcat"),
                                 ("a.bz2", bz2.compress(self.TEXT.encode()), "bzcat"),
                                 ("a.zst", b"\x28\xb5\x2f\xfd" + b"\0" * 9, "zstdcat"),
                                 ("16le", b"\xff\xfe" + self.TEXT.encode("utf-16-le"), "iconv -f UTF-16 -t UTF-8"),
                                 ("16be", b"\xfe\xff" + self.TEXT.encode("utf-16-be"), "iconv -f UTF-16 -t UTF-8"),
                                 ("32", self.TEXT.encode("utf-32"), "iconv -f UTF-32 -t UTF-8")):
            path = self.write(name, data)
            self.assert_exit(run(path, "--to", kept), 65, f"{pipe} {path} | millrace ...")
            self.assert_exit(run("check", path), 65, pipe)
            self.assert_exit(run("--to", kept, input=data), 65, f"... | {pipe} | millrace ...")
            with open(path, "rb") as file:
                self.assert_exit(run("--to", kept, input=None, stdin=file), 65, f"... | {pipe} | millrace ...")
            with open(kept, "rb") as file:
                self.assertEqual(file.read(), b"kept")
        piped = subprocess.run(["bash", "-c", f'zcat {self.path("a.gz")} | "$0"', MILLRACE], capture_output=True,
                               env=environment(), timeout=60, check=True)
        self.assertEqual(rows(piped.stdout), {b"hello": 1000, "wörld".encode(): 1000})

    def test_a_byte_order_mark_is_no_part_of_the_first_word(self):
        mark = b"\xef\xbb\xbf"
        data = mark + b"the cat\n" * MIB
        path = self.write("marked", data)
        for readers in (1, 7):
            self.assertEqual(rows(run("--readers", readers, path, path).stdout), {b"the": 2 * MIB, b"cat": 2 * MIB})
        self.assertEqual(rows(run(input=data).stdout), {b"the": MIB, b"cat": MIB})
        with open(path, "rb") as file:
            self.assertEqual(rows(run(input=None, stdin=file).stdout), {b"the": MIB, b"cat": MIB})
            self.assertEqual(os.lseek(file.fileno(), 0, os.SEEK_CUR), len(data))
        self.assertEqual(run("--key", 1, "--value", 2, input=mark + b"a,1\na,2\n").stdout, b"a\t3\n")
        self.assertEqual(rows(run(input=b"a " + mark + b"b").stdout), {b"a": 1, mark + b"b": 1}, "only at the front")


class InputWarnings(Case):
    """What is told of inputs that are counted otherwise than their user expects."""

    def told(self, *arguments, **options):
        result = run(*arguments, cwd=self.directory, **options)
        self.assert_exit(result, 0)
        return result.stderr.decode().splitlines()

    def test_quotes_headers_and_carriage_returns_are_told_once(self):
        self.write("q.csv", b'1,3,"Brown, Mr. Owen",10,88\n' * 10)
        self.write("h.csv", b"city,qty\nrome,1\n")
        self.write("mac.txt", b"a b\rc d\r" * 100_000)
        for arguments, text in ((("--key", 2, "--value", 5, "q.csv", "q.csv"), "20 records seen in the first 64 KiB of q.csv"),
                                (("--key", 1, "h.csv", "h.csv"), "tail -n +2 h.csv | millrace"),
                                (("--by", "lines", "mac.txt"), "tr '\\r' '\\n' < mac.txt | millrace")):
            for command in ((), ("check",)):
                told = self.told(*command, *arguments)
                self.assertEqual(len(told), 1, told)
                self.assertIn(text, told[0])
        self.assertEqual(self.told("q.csv", "h.csv", "mac.txt"), [], "words have neither")
        self.assertIn("... | tr", self.told("--by", "lines", input=b"a\rb\r")[0])

    def test_windows_of_stored_files(self):
        self.write("a.log", b"a b\n")
        for arguments in (("a.log",), ("check", "a.log")):
            told = self.told("--every", "1h", *arguments)
            self.assertEqual(len(told), 1)
            self.assertIn("stored files arrive at once: for one result leave --every out", told[0])
        self.assertEqual(self.told("--every", "1h", input=b"a"), [])


class Directories(Case):
    def test_a_directory_among_others_is_skipped(self):
        text = self.write("text", b"a b")
        os.mkdir(self.path("folder"))
        for arguments in ((self.path("folder"), text), (text, self.path("folder")), (self.path("f*"), text)):
            result = run(*arguments)
            self.assert_exit(result, 0, "warning: skipped " + self.path("f"), "files, as in " + self.path("f"))
            self.assertEqual(rows(result.stdout), {b"a": 1, b"b": 1})
            self.assertEqual(result.stderr.count(b"\n"), 1)
        checked = run("check", self.path("folder"), text)
        self.assert_exit(checked, 0, "warning: skipped")
        self.assertIn(b"skips    " + self.path("folder").encode(), checked.stdout)
        self.assertEqual(rows(run(self.path("folder"), "-", input=b"x").stdout), {b"x": 1})
        with open(text, "rb") as file:
            self.assertEqual(rows(run(self.path("folder"), "-", input=None, stdin=file).stdout), {b"a": 1, b"b": 1})

    def test_a_directory_alone_is_no_input(self):
        for arguments in ((), ("check",)):
            result = run(*arguments, self.directory, self.directory + "/")
            self.assert_exit(result, 66, "is a directory; name its files, as in " + self.directory + "/*")
            self.assertEqual(result.stdout, b"")
        folder = os.open(self.directory, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        self.assert_exit(run(input=None, stdin=folder), 66, "cannot read stdin: it is a directory")

    def test_a_missing_file_refuses_the_run_first(self):
        result = run(self.directory, self.write("text", b"a"), self.path("missing"))
        self.assert_exit(result, 66, "missing: No such file")
        self.assertEqual(result.stdout, b"")

    def test_a_file_that_may_not_be_read_is_told_with_all_else(self):
        os.chmod(self.directory, 0o755)
        closed = self.write("closed", b"a")
        os.chmod(closed, 0)
        another = 61234  # a user that nobody is
        as_user = {"user": another, "group": another, "extra_groups": []} if os.geteuid() == 0 else {}
        result = run(closed, self.path("missing"), **as_user)
        self.assert_exit(result, 66, f"cannot read {closed}: Permission denied", "missing: No such file")
        self.assertEqual(result.stderr.count(b"\n"), 2, result.stderr)


class SharedInput(Case):
    def rest(self, data, *flags, skip=0):
        """What the program that comes next on the same standard input reads, and the rows."""
        with open(self.write("input", data), "rb") as file:
            os.lseek(file.fileno(), skip, os.SEEK_SET)
            result = subprocess.run([MILLRACE, *flags], stdin=file, capture_output=True, env=environment(), timeout=120)
            self.assert_exit(result, 0)
            return os.read(file.fileno(), 100), rows(result.stdout)

    def test_the_offset_is_left_at_the_end(self):
        for data in (b"", b"\n", b"one\ntwo\n", b"no end", b"1234 5678\n" * MIB):
            for flags in ((), ("--readers", "3"), ("--by", "lines"), ("--every", "1h")):
                self.assertEqual(self.rest(data, *flags)[0], b"", (data[:20], flags))

    def test_reading_starts_where_it_stands(self):
        self.assertEqual(self.rest(b"one two three", skip=4), (b"", {b"two": 1, b"three": 1}))
        self.assertEqual(self.rest(b"one", skip=9), (b"", {}))

    def test_a_signal_leaves_it_behind_what_was_counted(self):
        """Whatever readers have taken: no line is counted twice, and none is lost."""
        lines = b"".join(b"%07d\n" % i for i in range(4_000_000))
        path = self.write("input", lines)
        for readers in ("1", "2", "5"):
            with open(path, "rb") as file:
                process = start("--by", "lines", "--readers", readers, "--to", self.path("rows"), "--order", "key",
                                stdin=file)
                wait_until(lambda: process.poll() is not None or bytes_read_by(process) > 2 * MIB, "some of it to be read")
                process.send_signal(signal.SIGINT)
                self.assertIn(self.ending(process).returncode, (0, 130))
                offset = os.lseek(file.fileno(), 0, os.SEEK_CUR)
            counted = b"".join(line.split(b"\t")[0] + b"\n" for path in (self.path("rows.partial"), self.path("rows"))
                               if os.path.exists(path) for line in open(path, "rb"))
            self.assertEqual(len(counted), offset)
            self.assertTrue(lines.startswith(counted))
            for name in ("rows", "rows.partial"):
                if os.path.exists(self.path(name)):
                    os.remove(self.path(name))

    def test_a_job_that_fails_leaves_it_alone(self):
        with open(self.write("input", b"k,1\nk,x\n"), "rb") as file:
            result = subprocess.run([MILLRACE, "--value", "2", "--on-bad-record", "stop"], stdin=file,
                                    capture_output=True, env=environment(), timeout=60)
            self.assert_exit(result, 65)
            self.assertEqual(os.lseek(file.fileno(), 0, os.SEEK_CUR), 0)


if __name__ == "__main__":
    unittest.main()
