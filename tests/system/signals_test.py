# Draining, the second signal, the limit on draining; what is partial says so.
# SPDX-License-Identifier: Apache-2.0
import json
import select
import signal
import subprocess
import time
import unittest

from support import Case, rows, start, unread, wait_until


class Signals(Case):
    def feed(self, process, data):
        process.stdin.write(data)
        process.stdin.flush()
        wait_until(lambda: unread(process.stdin) == 0, "the program to read its input")

    def test_the_first_signal_prints_what_was_counted(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = start()
            self.feed(process, b"to be or not to be \n")
            process.send_signal(number)
            result = self.ending(process)
            self.assert_exit(result, code, "partial")
            self.assertEqual(rows(result.stdout), {b"to": 2, b"be": 2, b"or": 1, b"not": 1})

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
            self.feed(process, b"hello half")
            process.send_signal(signal.SIGTERM)
            result = self.ending(process)
            self.assert_exit(result, 143, "partial")
            self.assertEqual(rows(result.stdout), counted)
            told = b"10 bytes of an unfinished record at the end of stdin were not counted" in result.stderr
            self.assertEqual(told, not counted)

    def test_a_pipe_is_endless_for_a_job_with_windows(self):
        for flags, code in (([], 130), (["--every", "1h"], 0)):
            process = start(*flags)
            self.feed(process, b"word ")
            process.send_signal(signal.SIGINT)
            self.assert_exit(self.ending(process), code)

    def test_windows_lose_nothing_when_drained(self):
        process = start("--every", "50ms", "--format", "json", "--order", "none")
        for _ in range(5):
            self.feed(process, b"word " * 1000)
            time.sleep(0.06)
        process.send_signal(signal.SIGINT)
        result = self.ending(process)
        self.assertEqual(sum(json.loads(line)["count"] for line in result.stdout.splitlines()), 5000)

    def blocked(self, *flags):
        """A job that cannot end because nobody reads its rows."""
        process = start("--from", "generate:?words=3M&vocabulary=1M", *flags)
        wait_until(lambda: select_readable(process.stdout), "the first rows")
        return process

    def test_the_second_signal_ends_at_once(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = self.blocked()
            process.send_signal(number)
            time.sleep(0.2)
            self.assertIsNone(process.poll(), "still draining")
            process.send_signal(number)
            self.assertEqual(process.wait(timeout=10), code)
            self.assertIn(b"second signal", process.stderr.read())
            process.stdout.close()
            process.stderr.close()
            process.stdin.close()

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


def select_readable(stream):
    return bool(select.select([stream], [], [], 0)[0])


if __name__ == "__main__":
    unittest.main()
