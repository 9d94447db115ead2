# Outputs are never torn, widened, followed or half, whatever happens; what cannot be written is told first.
# SPDX-License-Identifier: Apache-2.0
import os
import resource
import shutil
import signal
import stat
import subprocess
import threading
import time
import unittest

from support import (MILLRACE, SANITIZED, Case, environment, locked_by, rows, run, start, unread, wait_until,
                     wait_until_taken)

ANOTHER = 61234  # a user that nobody is


class Outputs(Case):
    def names(self):
        return sorted(os.listdir(self.directory))

    def mode(self, name):
        return stat.S_IMODE(os.lstat(self.path(name)).st_mode)

    def feed(self, process, data):
        process.stdin.write(data)
        process.stdin.flush()
        wait_until(lambda: unread(process.stdin) == 0, "the program to read its input")



class WhatIsOpen(Outputs):
    def test_an_open_output_is_written_to_and_not_replaced(self):
        for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/fd/9", "/proc/thread-self/fd/1"):
            self.write("log", b"before\n")
            os.chmod(self.path("log"), 0o600)
            result = self.bash('"$0" --to "$1" 9>>log >>log && echo after >>log', name, input=b"a b a")
            self.assert_exit(result, 0)
            self.assertEqual(self.read("log"), b"before\na\t2\nb\t1\nafter\n", name)
            self.assertEqual((self.names(), self.mode("log")), (["log"], 0o600))

    def test_a_link_to_one_is_it(self):
        os.symlink("/dev/stdout", self.path("link"))
        self.assertEqual(self.bash('"$0" --to link', input=b"a").stdout, b"a\t1\n")
        self.assertTrue(os.path.islink(self.path("link")))

    def test_process_substitution(self):
        self.assert_exit(self.bash('set -e; "$0" --every 1s --to >(cat > got); wait $!', input=b"a b a"), 0)
        self.assertEqual(len(self.read("got").splitlines()), 2)

    def test_devices(self):
        for flags in ((), ("--every", "1s")):
            self.assert_exit(run(*flags, "--to", "/dev/null", input=b"a"), 0)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.assert_exit(run("--to", "/dev/full", input=b"a"), 74, "/dev/full: No space left on device")

    def test_a_descriptor_that_is_not_open(self):
        self.assert_exit(run("--to", "/dev/fd/987", input=b"a"), 74, "/dev/fd/987: Bad file descriptor")

    def test_a_fifo_waits_for_its_reader(self):
        os.mkfifo(self.path("fifo"))
        process = start("--to", self.path("fifo"), stdin=subprocess.DEVNULL, cwd=self.directory)
        self.addCleanup(process.kill)
        wait_until(lambda: unread(process.stderr) > 0, "word of the wait")
        self.assertIsNone(process.poll())
        with open(self.path("fifo"), "rb") as fifo:
            self.assertEqual(fifo.read(), b"")
        self.assert_exit(self.ending(process), 0, "waiting for somebody to read")

    def test_rows_come_through_a_fifo_and_a_check_does_not_end_its_reader(self):
        os.mkfifo(self.path("fifo"))
        got = []
        reader = threading.Thread(target=lambda: got.append(self.read("fifo")), daemon=True)
        reader.start()
        self.assert_exit(run("check", "--to", self.path("fifo")), 0)
        self.assert_exit(run("--to", self.path("fifo"), input=b"a b a"), 0)
        reader.join(timeout=60)
        self.assertEqual(rows(got[0]), {b"a": 2, b"b": 1})
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("fifo")).st_mode))


class Replacing(Outputs):
    def test_rights_are_kept(self):
        for mode in (0o600, 0o640, 0o666, 0o755):
            self.write("out", b"old")
            os.chmod(self.path("out"), mode)
            self.assert_exit(run("--to", self.path("out"), input=b"a"), 0)
            self.assertEqual((self.read("out"), self.mode("out")), (b"a\t1\n", mode))
        for mask in (0o022, 0o077, 0o002):
            os.remove(self.path("out"))
            self.assert_exit(self.bash(f'umask {mask:o}; "$0" --to out', input=b"a"), 0)
            self.assertEqual(self.mode("out"), 0o666 & ~mask)

    def test_links_stay(self):
        os.mkdir(self.path("sub"))
        self.write("sub/there", b"old")
        for name in ("there", "missing"):
            os.symlink(f"sub/{name}", self.path("link"))
            self.assert_exit(run("--to", self.path("link"), input=b"a"), 0)
            self.assertEqual((os.readlink(self.path("link")), self.read(f"sub/{name}")), (f"sub/{name}", b"a\t1\n"))
            os.remove(self.path("link"))

    def test_another_hard_link_keeps_its_content_and_that_is_told(self):
        self.write("out", b"old")
        os.link(self.path("out"), self.path("other"))
        result = run("--to", self.path("out"), input=b"a")
        self.assert_exit(result, 0, "hard links")
        self.assertEqual(result.stderr.count(b"\n"), 1)
        self.assertEqual((self.read("out"), self.read("other")), (b"a\t1\n", b"old"))
        self.assertEqual(run("--to", self.path("out"), input=b"a").stderr, b"")

    def test_two_jobs_on_one_output_leave_one_of_their_results(self):
        texts = [b" ".join(b"%d%d" % (job, i) for i in range(100_000)) for job in range(2)]
        files = [self.write(f"in{job}", text) for job, text in enumerate(texts)]
        expected = [run(file).stdout for file in files]
        for _ in range(5):
            jobs = [start(file, "--to", self.path("out"), stdin=subprocess.DEVNULL) for file in files]
            for job in jobs:
                self.assert_exit(self.ending(job), 0)
            self.assertIn(self.read("out"), expected)
            self.assertEqual(self.names(), ["in0", "in1", "out"])

    def test_a_job_that_did_not_read_its_input_to_the_end_replaces_nothing(self):
        umask = os.umask(0o022)
        os.umask(umask)
        for there in (True, False):
            if there:
                self.write("out", b"precious")
                os.chmod(self.path("out"), 0o600)
            process = start("--to", self.path("out"))
            self.feed(process, b"to be or not to be \n")
            process.send_signal(signal.SIGTERM)
            result = self.ending(process)
            self.assert_exit(result, 143, "partial", self.path("out.partial"))
            self.assertEqual(result.stderr.count(b"out.partial"), 1)
            self.assertEqual(rows(self.read("out.partial")), {b"to": 2, b"be": 2, b"or": 1, b"not": 1})
            self.assertEqual(self.mode("out.partial"), 0o600 if there else 0o666 & ~umask)
            self.assertEqual(self.names(), ["out", "out.partial"] if there else ["out.partial"])
            if there:
                self.assertEqual(self.read("out"), b"precious")
                self.assert_exit(run("--to", self.path("out"), input=b"a"), 0)
                self.assertEqual(self.names(), ["out", "out.partial"], "a later result leaves it alone")
                os.remove(self.path("out"))
                os.remove(self.path("out.partial"))


class NothingIsLeft(Outputs):
    def stops_while_writing(self, process, left):
        """With a temporary file that it has locked: before that one passes for a left-over. Those that were `left`
        it locks only to remove them."""
        while process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            if os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT).si_code != os.CLD_STOPPED:
                continue
            if any("millrace-" in path and path.endswith(".tmp") and path not in left for path in locked_by(process)):
                return True
            process.send_signal(signal.SIGCONT)
            time.sleep(0.002)
        return False

    def writing(self, output):
        """A job that was stopped in the middle of writing: its million rows were being sorted, or came."""
        def no_core():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        old = self.read("out") if os.path.exists(self.path("out")) else None
        folder = os.path.realpath(os.path.dirname(output))
        left = [os.path.join(folder, name) for name in os.listdir(folder)] if os.path.isdir(folder) else []
        for _ in range(20):
            process = start("--from", "generate:?words=3M&vocabulary=1M", "--to", output, preexec_fn=no_core,
                            stdin=subprocess.DEVNULL)
            for clean_up in (process.stdout.close, process.stderr.close, process.wait, process.kill):
                self.addCleanup(clean_up)
            if self.stops_while_writing(process, left):
                return process
            self.assertEqual(process.returncode, 0, "it was over before it could be stopped")
            if output.endswith("/"):
                shutil.rmtree(output)
            elif old is None:
                os.remove(output)
            else:
                self.write("out", old)
        raise AssertionError("no job could be stopped in the middle of writing")

    def go_on(self, process, number):
        """It gets the signal before it does anything else."""
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)

    def test_after_a_signal_that_ends_the_program(self):
        self.write("out", b"old")
        mistakes = () if SANITIZED else (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS)  # which sanitizers handle
        for number in (*mistakes, signal.SIGUSR1, signal.SIGALRM, signal.SIGXCPU, signal.SIGRTMIN, signal.SIGRTMAX):
            for output, found in (("out", ["out"]), ("dir/", ["dir", "out"])):
                process = self.writing(self.path(output))
                self.go_on(process, number)
                self.assertEqual(process.wait(timeout=60), -number)
                self.assertEqual(self.names(), found)
                self.assertEqual(self.read("out"), b"old")
            self.assertEqual(os.listdir(self.path("dir")), [])
            os.rmdir(self.path("dir"))

    def test_after_a_second_signal(self):
        for _ in range(20):  # all may be written before it comes
            self.write("out", b"old")
            process = self.writing(self.path("out"))
            self.go_on(process, signal.SIGTERM)
            wait_until_taken(process, signal.SIGTERM)
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.2)  # until it counts as another one
            self.go_on(process, signal.SIGTERM)
            code = process.wait(timeout=60)
            if self.read("out") == b"old":
                break
        self.assertEqual((code, self.names(), self.read("out")), (128 + signal.SIGTERM, ["out"], b"old"))

    def test_what_sigkill_leaves_the_next_job_removes_but_not_what_is_in_use(self):
        for output in ("out", "dir/"):
            killed = self.writing(self.path(output))
            killed.kill()
            killed.wait()
            folder = self.path(os.path.dirname(output))
            temporary, = [name for name in os.listdir(folder) if "millrace-" in name]
            self.assert_exit(run("check", "--to", self.path(output)), 0)
            self.assertIn(temporary, os.listdir(folder), "a check touches nothing")
            self.assert_exit(run(self.path("missing"), "--to", self.path(output)), 66)
            self.assertIn(temporary, os.listdir(folder), "nor does a start that is refused")
            if output == "out":
                running = self.writing(self.path(output))
                mine, = [name for name in os.listdir(folder) if "millrace-" in name]
                self.assertNotEqual(mine, temporary, "the killed job's is gone")
                self.assert_exit(run("--to", self.path(output), input=b"a"), 0)
                self.assertIn(mine, os.listdir(folder))
                running.send_signal(signal.SIGCONT)
                self.assertEqual(running.wait(timeout=60), 0)
                self.assertEqual(len(self.read("out").splitlines()), len(set(self.read("out").splitlines())))
            else:
                self.assert_exit(run("--to", self.path(output), input=b"a"), 0)
            self.assertEqual([name for name in os.listdir(folder) if "millrace-" in name], [])

    def test_after_a_write_that_fails(self):
        self.write("out", b"old")
        text = b" ".join(b"%d" % i for i in range(100_000))
        for output in ("out", "dir/"):
            result = self.bash('ulimit -f 100; "$0" --to "$1"', output, input=text)
            self.assert_exit(result, 74, "File too large")
        self.assertEqual((self.names(), self.read("out")), (["out"], b"old"))

    def test_after_a_rename_that_fails(self):
        process = start("--to", self.path("out"))
        self.feed(process, b"a \n")
        os.mkdir(self.path("out"))
        process.stdin.close()
        self.assertEqual(process.wait(timeout=60), 74)
        self.assertIn(b"rename", process.stderr.read())
        process.stderr.close()
        process.stdout.close()
        self.assertEqual(self.names(), ["out"])


class ToldBefore(Outputs):
    def as_another(self, *arguments, **options):
        """Runs the program as somebody who may not write here."""
        as_user = {"user": ANOTHER, "group": ANOTHER, "extra_groups": []} if os.geteuid() == 0 else {}
        return subprocess.run([MILLRACE, *arguments], capture_output=True, timeout=60, check=False, env=environment(),
                              stdin=subprocess.DEVNULL, **as_user, **options)

    def test_an_output_that_cannot_be_written(self):
        os.chmod(self.directory, 0o755)
        os.mkdir(self.path("ro"), 0o555)
        os.chmod(self.write("in", b"a"), 0o644)
        for output in ("ro/out", "ro/dir/", "ro/deep/dir/", "ro/"):
            for arguments in ([self.path("in")], ["--from", "generate:?rate=1k"]):
                result = self.as_another(*arguments, "--to", self.path(output))
                self.assert_exit(result, 74, self.path("ro"), "Permission denied")
                self.assertEqual(result.stderr.count(b"\n"), 1)
            self.assert_exit(self.as_another("check", self.path("in"), "--to", self.path(output)), 74)
            result = self.as_another("check", self.path("missing"), "--top", "0", "--to", self.path(output))
            self.assert_exit(result, 74, "missing", "Permission denied")
        self.assertEqual(os.listdir(self.path("ro")), [])
        os.mkfifo(self.path("fifo"), 0o400)
        self.assert_exit(self.as_another("check", self.path("in"), "--to", self.path("fifo")), 74,
                         f"cannot write to {self.path('fifo')}: Permission denied")

    def test_a_check_makes_nothing(self):
        for output in ("new", "new/", "deep/new/"):
            self.assert_exit(run("check", "--to", self.path(output)), 0)
            self.assert_exit(run(self.path("missing"), "--to", self.path(output)), 66)
        self.assertEqual(self.names(), [])

    def test_a_directory_in_use_is_refused_and_its_job_goes_on(self):
        folder = self.path("dir/")
        process = start("--from", "generate:?rate=100k&vocabulary=10", "--every", "50ms", "--to", folder)
        self.addCleanup(process.kill)
        wait_until(lambda: os.path.isdir(folder) and len(os.listdir(folder)) > 2, "the first windows")
        for _ in range(20):
            self.assert_exit(run("--to", folder, input=b"a"), 78, "another job writes to")
            self.assert_exit(run("check", "--to", folder), 78, "another job writes to")
        seen = len(os.listdir(folder))
        wait_until(lambda: len(os.listdir(folder)) > seen, "more windows")
        process.send_signal(signal.SIGTERM)
        self.assert_exit(self.ending(process), 0)
        self.assertEqual([name for name in os.listdir(folder) if not name.startswith("epoch-")], [])

    def test_one_output_named_twice_is_one_problem(self):
        self.write("x", b"old")
        os.symlink("x", self.path("link"))
        os.link(self.path("x"), self.path("hard"))
        os.mkdir(self.path("d"))
        for first, second in (("-", "-"), ("-", "stdout:"), ("-", "/dev/stdout"), ("x", "x"), ("x", "./x"), ("x", "file:x"),
                              ("x", "link"), ("x", "hard"), ("d/", "d/../d//"), ("new", "./new"), ("new/", "d/../new/")):
            for command in ((), ("check",)):
                result = run(*command, "--to", first, "--to", second, input=b"a", cwd=self.directory)
                self.assert_exit(result, 78, "name it once")
                self.assertEqual((result.stdout, result.stderr.count(b"\n")), (b"", 1), (first, second))
        self.assertEqual((self.read("x"), self.names()), (b"old", ["d", "hard", "link", "x"]))
        with open(self.path("x"), "ab") as stdout:
            result = subprocess.run([MILLRACE, "--to", "-", "--to", self.path("x")], input=b"a", stdout=stdout,
                                    stderr=subprocess.PIPE, timeout=60, check=False, env=environment())
        self.assert_exit(result, 78, "are the same: name it once")

    def test_places_that_are_for_other_things_get_no_files(self):
        for place in ("./", ".", "/", "//", "../"):
            result = run("--to", place, input=b"a", cwd=self.directory)
            self.assert_exit(result, 78, "name a directory of their own")
        self.assertEqual(self.names(), [])


if __name__ == "__main__":
    unittest.main()
