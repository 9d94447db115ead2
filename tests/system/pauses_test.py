# A job with a checkpoint that SIGSTOP holds for a while: nobody takes its place, and it goes on as if nothing had been.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import signal
import socket
import threading
import time
import unittest

from frames import last_epoch
from judged import Judged
from support import LEVEL, rows, run, start, wait_until, words

SECONDS = 60 if LEVEL == "ci" else 2
GENERATED = "generate:?words=200k&vocabulary=500"
PIECES = [b"".join(b"word%d " % ((i * 997 + piece) % 503) for i in range(1000)) for piece in range(200)]


class Paused:
    """A job of windows in a directory of its own, from an input that takes some two seconds."""

    def __init__(self, test, name, *source, feed=None, **options):
        self.test, self.name, self.source = test, name, source
        os.mkdir(test.path(name))
        self.process = start(*self.job(), cwd=test.path(name), **options)
        test.addCleanup(self.process.kill)
        self.feeder = threading.Thread(target=feed or (lambda _: None), args=(self.process,))
        self.feeder.start()

    def job(self, checkpoint="cp", output="dir/"):
        return (*self.source, "--every", "100ms", "--to", output, "--checkpoint", checkpoint, "--commit-every", "20ms")

    def epoch(self):
        return last_epoch(self.test.path(f"{self.name}/cp"))

    def stop(self):
        wait_until(lambda: self.epoch() >= 10, "some epochs")
        self.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: b"State:\tT" in self.status(), "the job to stop")

    def status(self):
        with open(f"/proc/{self.process.pid}/status", "rb") as file:
            return file.read()

    def try_to_replace(self):
        """Another process gets neither the checkpoint nor, with a copy of it, the output."""
        where = self.test.path(self.name)
        shutil.copytree(os.path.join(where, "cp"), os.path.join(where, "copy"))
        for checkpoint, output, code, why in (("cp", "other/", 77, "another process uses the checkpoint"),
                                              ("copy", "dir/", 78, "another job writes to")):
            result = run(*self.job(checkpoint, output), cwd=where)
            self.test.assert_exit(result, code, why)
            self.test.assertEqual(result.stdout, b"")

    def go_on(self, expected):
        before = self.epoch()
        self.process.send_signal(signal.SIGCONT)
        self.feeder.join()
        self.test.assert_exit(self.test.ending(self.process), 0)
        self.test.assertGreater(self.epoch(), before, "the job was over before it was stopped")
        self.test.expected = expected
        self.test.judge_checkpoint(f"{self.name}/cp")
        self.test.judge_directory(f"{self.name}/dir")


def write_slowly(write):
    for piece in PIECES:
        write(piece)
        time.sleep(0.01)


class Pauses(Judged):
    def type(self, process):
        write_slowly(lambda piece: (process.stdin.write(piece), process.stdin.flush()))
        process.stdin.close()
        process.stdin = None

    def serve(self, server):
        with server, server.accept()[0] as connection:
            write_slowly(connection.sendall)

    def test_a_job_that_is_stopped_for_a_while(self):
        server = socket.create_server(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}?reconnect=no"
        fed = words(b"".join(PIECES))
        jobs = {Paused(self, "generated", GENERATED + "&rate=100k"): rows(run(GENERATED).stdout),
                Paused(self, "typed", feed=self.type): fed,
                Paused(self, "sent", "--from", address, feed=lambda _: self.serve(server)): fed}
        for job in jobs:
            job.stop()
        until = time.monotonic() + SECONDS
        for job in jobs:
            job.try_to_replace()
        time.sleep(max(0, until - time.monotonic()))
        for job, expected in jobs.items():
            with self.subTest(job.name):
                job.go_on(expected)


if __name__ == "__main__":
    unittest.main()
