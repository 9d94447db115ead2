# A disk that fills up under a job with a checkpoint, and has room again: the same command goes on, and nothing is lost.
# SPDX-License-Identifier: Apache-2.0
import ctypes
import os
import random
import subprocess
import unittest
from collections import Counter

from judged import Judged
from support import rows, run, start, wait_until

# MILLRACE_SEED says when the disk is full.
SEED = int(os.environ.get("MILLRACE_SEED", random.randrange(1 << 32)))
INPUT = "generate:?words=100k&vocabulary=2000"
MIB = 1 << 20
TIMES_FULL = 6
# Of words that hardly shrink: the log has some 820 bytes for 1,000.
LETTERS = bytes(code for code in range(0x21, 0x7f) if code != ord("\\"))


def setUpModule():
    """From now on what we mount is seen by nobody else, and gone with us."""
    new_namespace, new_user = 0x20000, 0x10000000
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(new_namespace | new_user) != 0:
        why = f"no mounts of its own to be had here: {os.strerror(ctypes.get_errno())}"
        raise AssertionError(why) if os.environ.get("CI") else unittest.SkipTest(why)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


class DiskFull(Judged):
    @classmethod
    def setUpClass(cls):
        cls.expected = rows(run(INPUT).stdout)

    def setUp(self):
        super().setUp()
        self.random = random.Random(f"{SEED} {self.id()}")

    def mount(self, size):
        """The directory `small` has a disk of its own from now on."""
        os.mkdir(self.path("small"))
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", self.path("small")], check=True)
        self.addCleanup(subprocess.run, ["umount", self.path("small")], check=True)

    def leave(self, room):
        """Fills the disk up to so many bytes, or frees them."""
        with open(self.path("small/filler"), "ab") as filler:
            free = os.statvfs(self.path("small")).f_bavail * 4096
            if free > room:
                filler.write(bytes(free - room))
            else:
                filler.truncate(max(0, filler.tell() - (room - free)))

    def go_on_until_there_is_room(self, job, where, pages):
        """Runs the job again and again, with room for some pages more each time. What it printed, run by run."""
        self.mount(4 * MIB)
        outputs = []
        for times_full in range(TIMES_FULL):
            self.leave(self.random.randrange(pages) * 4096)
            result = run(*job, cwd=self.directory)
            outputs.append(result.stdout)
            if result.returncode == 0 and times_full > 0:
                return outputs  # how much it writes depends on how fast it is
            self.assert_exit(result, 74, where, ": No space left on device")
        os.remove(self.path("small/filler"))
        result = run(*job, cwd=self.directory)
        self.assert_exit(result, 0)
        return [*outputs, result.stdout]

    def windows(self, directory, checkpoint):
        return (INPUT + "&rate=300k", "--every", "20ms", "--to", directory, "--to", "-",
                "--checkpoint", checkpoint, "--commit-every", "5ms")

    def test_the_disk_of_the_checkpoint(self):
        outputs = self.go_on_until_there_is_room(self.windows("dir/", "small/cp"), "small/cp/", 6)
        self.judge_checkpoint("small/cp")
        self.judge_directory("dir")
        self.judge_stream(outputs)

    def test_the_disk_of_the_windows(self):
        outputs = self.go_on_until_there_is_room(self.windows("small/dir/", "cp"), "small/dir/", 30)
        self.judge_checkpoint("cp")
        self.judge_directory("small/dir")
        self.judge_stream(outputs)

    def test_the_disk_of_a_whole_result(self):
        job = (INPUT, "--to", "small/out", "--checkpoint", "cp", "--commit-every", "5ms")
        self.mount(4 * MIB)
        self.leave(4096)
        for _ in range(2):
            self.assert_exit(run(*job, cwd=self.directory), 74, "small/", ": No space left on device")
            self.assertEqual(os.listdir(self.path("small")), ["filler"])
        os.remove(self.path("small/filler"))
        self.assert_exit(run(*job, cwd=self.directory), 0)
        self.judge_checkpoint("cp")
        self.assertEqual(rows(self.read("small/out")), self.expected)

    def feed(self, process, records):
        """Gives the program so many records of a kilobyte, each with a key of its own; waits until the log has them."""
        letters = bytes(LETTERS[code % len(LETTERS)] for code in range(256))
        new = [self.random.randbytes(1000).translate(letters) for _ in range(records)]
        self.expected.update(new)
        process.stdin.write(b"\n".join(new) + b"\n")
        process.stdin.flush()
        wait_until(lambda: self.log_bytes() >= 800 * len(self.expected), "the log to have the records")

    def log_bytes(self):
        names = [name for name in os.listdir(self.path("small/cp")) if name.startswith("seg-")]
        return sum(os.path.getsize(self.path(f"small/cp/{name}")) for name in names)

    def test_a_snapshot_for_which_there_is_no_room(self):
        self.mount(64 * MIB)
        self.expected = Counter()
        process = start("--to", self.path("out"), "--checkpoint", self.path("small/cp"), "--commit-every", "5ms")
        self.addCleanup(process.kill)
        wait_until(lambda: os.path.exists(self.path("small/cp/seg-000000000001.log")), "the job to begin")
        self.feed(process, 5_400)  # with the next frame a segment begins, and a snapshot of those before
        self.leave(2 * MIB)
        self.feed(process, 100)
        while b"no snapshot of the checkpoint was made" not in (line := process.stderr.readline()):
            self.assertNotEqual(line, b"")
        self.assertIn(b"No space left on device", line)
        wait_until(lambda: not [name for name in os.listdir(self.path("small/cp")) if "snap-" in name], "its remains to go")
        os.remove(self.path("small/filler"))
        self.feed(process, 1_400)
        self.feed(process, 100)
        wait_until(lambda: os.path.exists(self.path("small/cp/snap-000000000002.bin")), "another one")
        process.stdin.close()
        process.stdin = None
        self.assert_exit(self.ending(process), 0)
        self.judge_checkpoint("small/cp")
        self.assertTrue(rows(self.read("out")) == self.expected)


if __name__ == "__main__":
    print(f"MILLRACE_SEED={SEED}", flush=True)
    unittest.main()
