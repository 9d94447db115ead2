# What the system tests share: running the program, a reference count, a scratch directory.
# SPDX-License-Identifier: Apache-2.0
import array
import collections
import fcntl
import os
import re
import signal
import socket
import subprocess
import tempfile
import termios
import time
import unittest

MILLRACE = os.environ.get("MILLRACE", "millrace")
SANITIZED = bool(os.environ.get("SANITIZED"))
LEVEL = os.environ.get("MILLRACE_TEST_LEVEL", "fast")
# nohup and shells that start things in the background have them ignored, and what we start would, too.
for each in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    signal.signal(each, signal.SIG_DFL)
SEPARATORS = re.compile(rb"[ \t\n\v\f\r]+")


def environment(**more):
    """Ours without the settings of whoever runs the tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_") and k != "NO_COLOR"}
    # A program that ends at once joins nobody; ThreadSanitizer calls who had just finished a leak, and exits with 66.
    kept["TSAN_OPTIONS"] = kept.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"
    return kept | more


def run(*arguments, input=b"", timeout=120, env=None, **options):
    """Runs the program to its end; stdin is always given, so that no test waits for a terminal."""
    return subprocess.run([MILLRACE, *map(str, arguments)], input=input, capture_output=True, timeout=timeout,
                          env=environment(**(env or {})), **options)


def start(*arguments, env=None, **options):
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen([MILLRACE, *map(str, arguments)], env=environment(**(env or {})), **options)


def limited(limit, *arguments):
    """Runs the program with a limit of ulimit's."""
    return subprocess.run(["bash", "-c", f'ulimit {limit}; exec "$0" "$@"', MILLRACE, *arguments], input=b"a b a",
                          capture_output=True, env=environment(), timeout=60, check=False)


def words(data):
    """The counts that millrace must give, found without it."""
    return collections.Counter(word for word in SEPARATORS.split(data) if word)


def rows(output):
    """Rows of --format text as a Counter. A key that comes twice is an error."""
    counts = collections.Counter()
    for line in output.split(b"\n")[:-1]:
        key, count = line.rsplit(b"\t", 1)
        assert key not in counts, f"{key!r} comes twice"
        counts[key] = int(count)
    assert output == b"" or output.endswith(b"\n"), "the last row has no end"
    return counts


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, what, seconds=60, pause=0.01):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(pause)


def wait_until_taken(process, number):
    """Until the program has a signal that was sent to it."""
    def is_pending():
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            pending = next(line for line in file if line.startswith("ShdPnd:"))
        return int(pending.split()[1], 16) >> (number - 1) & 1
    wait_until(lambda: not is_pending(), f"signal {number} to be taken", pause=0.001)


def locked_by(process):
    """The paths that it has locked. REQUIRES: it opens and closes nothing meanwhile."""
    paths = []
    for number in os.listdir(f"/proc/{process.pid}/fd"):
        with open(f"/proc/{process.pid}/fdinfo/{number}", encoding="ascii") as file:
            if "FLOCK" in file.read():
                paths.append(os.readlink(f"/proc/{process.pid}/fd/{number}"))
    return paths


def full_pipe(case):
    """A pipe that has no room and is never read, until the test is over."""
    unread_end, end = os.pipe()
    case.addCleanup(os.close, unread_end)
    case.addCleanup(os.close, end)
    os.write(end, b"x" * fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 4096))
    return end


def unread(pipe):
    """How many bytes lie in a pipe: written, but not read."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe.fileno(), termios.FIONREAD, count)
    return count[0]


class Case(unittest.TestCase):
    """A test in an empty directory of its own."""

    maxDiff = 2000

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="millrace_")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def bash(self, script, *arguments, **options):
        """A script that has the program as $0."""
        return subprocess.run(["bash", "-c", script, MILLRACE, *arguments], capture_output=True, timeout=60, check=False,
                              cwd=self.directory, env=environment(), **options)

    def assert_exit(self, result, code, *texts):
        """The exit code, and texts that stderr must hold."""
        error = result.stderr.decode(errors="replace")
        self.assertEqual(result.returncode, code, error)
        for text in texts:
            self.assertIn(text, error)

    def ending(self, process, timeout=60):
        """Exit code, stdout and stderr of a process that is about to end."""
        stdin, process.stdin = process.stdin, None  # stays open: the end of input would be another reason to end
        try:
            output, error = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            raise
        finally:
            if stdin:
                stdin.close()
        return subprocess.CompletedProcess(process.args, process.returncode, output, error)
