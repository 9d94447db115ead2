# What a person sees: the program on a pseudo-terminal.
# SPDX-License-Identifier: Apache-2.0
import os
import pty
import re
import signal
import subprocess
import unittest

from support import Case, MILLRACE, environment

ERASE = b"\r\x1b[K"


class Terminal(Case):
    def on_terminal(self, *arguments, stdin=subprocess.DEVNULL, stdout=None, env=None, act=None, typed=b""):
        """Runs the program with stderr (and stdout, unless given) on a terminal; returns code and what it shows."""
        own, theirs = pty.openpty()
        os.write(own, typed)
        process = subprocess.Popen([MILLRACE, *map(str, arguments)], stdin=theirs if stdin is None else stdin,
                                   stdout=theirs if stdout is None else stdout, stderr=theirs,
                                   env=environment(**({"TERM": "xterm"} | (env or {}))), start_new_session=True)
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(own, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if act and act(process, shown, own):
                act = None
        os.close(own)
        return process.wait(timeout=60), shown.replace(b"\r\n", b"\n")

    def test_a_table_and_a_summary(self):
        text = self.write("text", b"to be or not to be")
        code, shown = self.on_terminal(text)
        self.assertEqual(code, 0)
        self.assertRegex(shown, rb"key +count\n")
        self.assertRegex(shown.split(b"\n")[-2], rb"^(\r\x1b\[K)*6 words, [0-9]+ B in .* s, .*/s, on cpu$")

    def test_a_table_on_the_terminal_beside_a_file_of_another_format(self):
        out = self.path("out.csv")
        code, shown = self.on_terminal(self.write("text", b"to be or not to be"), "--to", out, "--to", "-")
        self.assertEqual(code, 0)
        self.assertRegex(shown, rb"key +count\n")
        with open(out, "rb") as file:
            self.assertIn(b"key,count\nbe,2\n", file.read())
        _, shown = self.on_terminal("check", "--to", "/dev/stdout")
        self.assertIn(b"/dev/stdout as table, ", shown)

    def test_a_terminal_that_is_named_twice_is_refused(self):
        code, shown = self.on_terminal(self.write("text", b"a"), "--to", "-", "--to", "/dev/stdout")
        self.assertEqual(code, 78)
        self.assertIn(b"name it once", shown)

    def test_progress_is_drawn_and_erased(self):
        code, shown = self.on_terminal("--from", "generate:?rate=2M&words=2M", "--to", "discard:")
        self.assertEqual(code, 0)
        self.assertRegex(shown, rb"\r\x1b\[K[0-9.]+ [KMG]iB(, | of )")
        self.assertRegex(shown, rb"\r\x1b\[K(\r\x1b\[K)*2,000,000 words")

    def test_progress_of_a_known_size_has_a_percentage(self):
        def stop(process, shown, _):
            if b"%, " not in shown:
                return False
            process.send_signal(signal.SIGINT)
            return True
        # The same file many times: more than any machine counts before progress is drawn.
        texts = [self.write("text", b"word and word \n" * 2_000_000)] * 1000
        code, shown = self.on_terminal(*texts, "--threads", 1, "--to", "discard:", act=stop)
        self.assertEqual(code, 130)
        self.assertRegex(shown, rb" of 27\.9 GiB, \d+%, ")

    def test_rows_are_not_drawn_over(self):
        def stop(process, shown, _):
            if shown.count(b'"count"') <= 5:
                return False
            process.send_signal(signal.SIGINT)
            return True
        code, shown = self.on_terminal("--from", "generate:?rate=1k&vocabulary=1", "--every", "100ms", "--format", "json",
                                       act=stop)
        self.assertEqual(code, 0)
        for line in shown.split(b"\n"):
            if b'"count"' in line:
                self.assertRegex(line, rb'^(\r\x1b\[K[^{]*)*\r?(\x1b\[K)?\{.*\}$', "a row starts on an erased line")

    def test_no_progress_if_unwanted(self):
        code, shown = self.on_terminal("--from", "generate:?rate=1M&words=500k", "--to", "discard:", "--progress", "never")
        self.assertEqual((code, shown), (0, b""))

    def test_a_dumb_terminal_gets_no_drawing(self):
        text = self.write("text", b"x")
        _, shown = self.on_terminal(text, "--progress", "auto", env={"TERM": "dumb"})
        self.assertNotIn(b"\x1b", shown)

    def test_colours_obey(self):
        red = b"\x1b[31m"
        self.assertIn(red, self.on_terminal("nothing")[1])
        self.assertNotIn(red, self.on_terminal("nothing", env={"NO_COLOR": "1"})[1])
        self.assertIn(red, self.on_terminal("nothing", "--color", "always", env={"NO_COLOR": "1"})[1])
        shown = self.on_terminal("--value", 2, self.write("text", b"a\n"))[1]
        self.assertIn(b"millrace: \x1b[33mwarning: \x1b[0m1 of 1 records", shown)

    def test_a_terminal_as_input_is_explained(self):
        for arguments in ((), ("stdin:",), ("-", "--to", self.path("out"))):
            code, shown = self.on_terminal(*arguments, stdin=None, typed=b"hello hello\n\x04")
            self.assertEqual(code, 0)
            self.assertIn(b"reading what you type", shown)
            if "--to" not in arguments:
                self.assertTrue(re.search(rb"hello +2\n", shown), shown)

    def test_a_terminal_as_input_is_not_explained_to_who_wants_quiet_or_reads_a_file(self):
        for arguments in (("-q", "-"), (self.write("text", b"a b"), "--progress", "never")):
            shown = self.on_terminal(*arguments, "--to", self.path("out"), stdin=None, typed=b"\x04")
            self.assertEqual(shown, (0, b""))


if __name__ == "__main__":
    unittest.main()
