# Draining, the second signal, the limit on draining; what is partial says so.
# SPDX-License-Identifier: Apache-2.0
import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import termios
import time
import unittest

from support import Case, MILLRACE, environment, full_pipe, rows, start, unread, wait_until, wait_until_taken

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


def feed(process, data):
    process.stdin.write(data)
    process.stdin.flush()
    wait_until(lambda: unread(process.stdin) == 0, "the program to read its input")


class Signals(Case):
    def test_the_first_signal_prints_what_was_counted(self):
        for number in ENDING:
            process = start()
            feed(process, b"to be or not to be \n")
            process.send_signal(number)
            result = self.ending(process)
            self.assert_exit(result, 128 + number, "partial")
            self.assertEqual(rows(result.stdout), {b"to": 2, b"be": 2, b"or": 1, b"not": 1})

    def test_a_signal_at_any_moment_leaves_the_whole_result_or_none(self):
        text, out = self.write("text", b"one two " * 200_000), self.path("out")
        for moment in range(60):
            process = start(text, "--to", out)
            time.sleep(moment * 0.0005)
            process.send_signal(signal.SIGTERM)
            result = self.ending(process)
            # -15: nobody listened yet; 0: the job was done already.
            self.assertIn(result.returncode, (-signal.SIGTERM, 128 + signal.SIGTERM, 0), result.stderr)
            if os.path.exists(out):
                with open(out, "rb") as file:
                    self.assertEqual(file.read(), b"one\t200000\ntwo\t200000\n")
                os.remove(out)
            self.assertLessEqual(set(os.listdir(self.directory)), {"text", "out.partial"})

    def test_ignored_signals_stay_ignored(self):
        def ignore():
            for number in (signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
        process = start(preexec_fn=ignore)
        feed(process, b"a b ")
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGINT):
            process.send_signal(number)
        output, error = process.communicate(b"a\n", timeout=60)
        self.assertEqual((process.returncode, output, error), (0, b"a\t2\nb\t1\n", b""))

    def test_endless_input_is_drained_with_success(self):
        process = start("--from", "generate:?rate=100k&vocabulary=10", "--every", "100ms", "--format", "json")
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        result = self.ending(process)
        self.assert_exit(result, 0)
        for line in result.stdout.splitlines():
            json.loads(line)

    def test_the_last_unfinished_word_is_counted_but_no_half_line(self):
        for flags, counted in (([], {b"hello": 1, b"half": 1}), (["--by", "lines"], {})):
            process = start(*flags)
            feed(process, b"hello half")
            process.send_signal(signal.SIGTERM)
            result = self.ending(process)
            self.assert_exit(result, 143, "partial")
            self.assertEqual(rows(result.stdout), counted)
            told = b"10 bytes of an unfinished record at the end of stdin were not counted" in result.stderr
            self.assertEqual(told, not counted)

    def test_a_pipe_is_endless_for_a_job_with_windows(self):
        for flags, code in (([], 130), (["--every", "1h"], 0)):
            process = start(*flags)
            feed(process, b"word ")
            process.send_signal(signal.SIGINT)
            self.assert_exit(self.ending(process), code)

    def test_finite_input_beside_endless_input_is_what_has_to_be_read(self):
        text, endless = self.write("text", b"finite"), "generate:?rate=1k&vocabulary=1"
        process = start(text, "--from", endless, "--every", "50ms")
        for line in iter(process.stdout.readline, b""):
            if b"finite" in line:
                break
        process.send_signal(signal.SIGTERM)
        self.assert_exit(self.ending(process), 0)

        process = start("-", "--from", endless)
        feed(process, b"not the end ")
        process.send_signal(signal.SIGTERM)
        result = self.ending(process)
        self.assert_exit(result, 143, "partial")
        self.assertEqual(rows(result.stdout)[b"end"], 1)

    def test_windows_lose_nothing_when_drained(self):
        process = start("--every", "50ms", "--format", "json", "--order", "none")
        for _ in range(5):
            feed(process, b"word " * 1000)
            time.sleep(0.06)
        process.send_signal(signal.SIGINT)
        result = self.ending(process)
        self.assertEqual(sum(json.loads(line)["count"] for line in result.stdout.splitlines()), 5000)

    def blocked(self, *flags, **options):
        """A job that cannot end because nobody reads its rows."""
        process = start("--from", "generate:?words=3M&vocabulary=1M", *flags, **options)
        wait_until(lambda: select_readable(process.stdout), "the first rows")
        return process

    def test_signals_that_come_together_are_one(self):
        """As systemd sends SIGHUP behind SIGTERM."""
        for numbers in ((signal.SIGTERM, signal.SIGHUP), (signal.SIGINT, signal.SIGTERM, signal.SIGINT)):
            process = start()
            feed(process, b"a b a ")
            for number in numbers:
                process.send_signal(number)
            result = self.ending(process)
            self.assertIn(result.returncode - 128, numbers, result.stderr)  # the kernel hands over the lowest first
            self.assertEqual(rows(result.stdout), {b"a": 2, b"b": 1})

    def test_a_terminal_that_closes_leaves_a_partial_result(self):
        """Its end may be seen before the signal."""
        for _ in range(10):
            out = self.write("out", b"old")
            own, theirs = pty.openpty()
            with os.fdopen(theirs, "rb", buffering=0) as terminal:
                os.write(own, b"a b a\n")
                wait_until(lambda file=terminal: unread(file) == 6, "the line to come to the other end")
                process = start("--to", out, "--progress", "never", stdin=terminal, stderr=terminal,
                                start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
                wait_until(lambda file=terminal: unread(file) == 0, "the line to be read")
                os.close(own)
                self.assertEqual(self.ending(process).returncode, 128 + signal.SIGHUP)
            with open(out, "rb") as whole, open(out + ".partial", "rb") as partial:
                self.assertEqual((whole.read(), partial.read()), (b"old", b"a\t2\nb\t1\n"))
            os.remove(out + ".partial")

    def test_the_second_signal_ends_at_once(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = self.blocked()
            process.send_signal(number)
            wait_until_taken(process, number)
            time.sleep(0.2)  # until another one counts as that
            self.assertIsNone(process.poll(), "still draining")
            process.send_signal(number)
            self.assertEqual(process.wait(timeout=10), code)
            self.assertIn(b"second signal", process.stderr.read())
            process.stdout.close()
            process.stderr.close()
            process.stdin.close()

    def test_the_second_signal_ends_at_once_though_nobody_reads_stderr(self):
        process = self.blocked("--progress", "always", "-v", stderr=full_pipe(self))
        process.send_signal(signal.SIGTERM)
        wait_until_taken(process, signal.SIGTERM)
        time.sleep(0.2)
        self.assertIsNone(process.poll(), "still draining")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=10), 143)
        process.stdout.close()
        process.stdin.close()

    def test_draining_needs_no_reader_of_stderr(self):
        process = start("--from", "generate:?rate=100k&vocabulary=10", "--every", "100ms", "--progress", "always", "-v",
                        stderr=full_pipe(self))
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ending(process).returncode, 0)

    def test_the_longest_limit_on_draining(self):
        process = start("--drain-timeout", "2562047h", "--progress", "always")
        feed(process, b"a ")
        process.send_signal(signal.SIGTERM)
        self.assert_exit(self.ending(process), 143)

    def test_draining_has_a_limit(self):
        process = self.blocked("--drain-timeout", "300ms")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=10), 143)
        self.assertIn(b"--drain-timeout", process.stderr.read())
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()

    def test_a_complete_input_is_not_partial(self):
        process = start(stdin=subprocess.DEVNULL)
        self.assertEqual(self.ending(process).returncode, 0)


class LastWords(Case):
    """What is told at the end, to a pipe that is full."""

    def test_the_process_ends_without_a_reader(self):
        for code, arguments in ((0, ["--value", "2"]), (66, ["nothing.txt"]), (64, ["--tpo", "3"])):
            begin = time.monotonic()
            result = subprocess.run([MILLRACE, *arguments], input=b"a,b\n", stderr=full_pipe(self), timeout=60,
                                    env=environment(), check=False)
            self.assertEqual(result.returncode, code)
            self.assertGreaterEqual(time.monotonic() - begin, 1, "somebody might have read them within a second")

    def test_a_signal_cuts_them_short_and_does_not_change_the_status(self):
        out = self.path("out")
        process = start("--value", "2", "--to", out, stdin=subprocess.DEVNULL, stderr=full_pipe(self))
        wait_until(lambda: os.path.exists(out), "the job's end")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ending(process).returncode, 0)

    def test_nor_does_it_change_the_status_of_a_partial_result(self):
        out = self.path("out")
        process = start("--to", out, stderr=full_pipe(self))
        feed(process, b"a b ")
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: os.path.exists(out + ".partial") and threads(process) <= 2, "the job's end")
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.ending(process).returncode, 143)


def threads(process):
    """The main one and the one that waits for signals are left when the job is over; none if the process is."""
    return len(os.listdir(f"/proc/{process.pid}/task"))


def select_readable(stream):
    return bool(select.select([stream], [], [], 0)[0])


if __name__ == "__main__":
    unittest.main()
