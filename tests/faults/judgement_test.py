# The judges of the fault and kill tests see each wrong that they look for, and none in what is right.
# SPDX-License-Identifier: Apache-2.0
import os
import stat
import unittest

import faults_test
import jobs
import kill_test
from support import Case

NEW = b"a\t2\nb\t1\n"
WINDOW = b"2026-11-28T20:42:50.230Z\t2026-11-28T20:42:50.231Z\t"
SAID = b"millrace: error: cannot write result: No space left on device\n"


def ending(code=0, stdout=b"", stderr=b"", hung=False):
    return jobs.Ending(code, stdout, stderr, hung)


class Judgement(Case):
    job = jobs.Job("file", [], {"result": (jobs.OLD, NEW)})

    def wrong(self, files, how, job=None, modes=()):
        """What is found where `files` are in the directory."""
        for name in os.listdir(self.directory):
            os.remove(self.path(name))
        for name, data in files.items():
            os.chmod(self.write(name, data), dict(modes).get(name, jobs.PRIVATE))
        return list((job or self.job).judge(self.directory, how))

    def test_files(self):
        failed = ending(74, stderr=SAID)
        told = ending(143, stderr=b"millrace: warning: partial: see result.partial\n")
        old = {"result": jobs.OLD}
        for files, how, modes, sin in (
                ({"result": NEW}, ending(), (), None),
                (old, failed, (), None),
                ({"result": NEW}, failed, (), None),
                (old | {"result.partial": b"a\t1\n"}, told, (), None),
                (old, ending(), (), "exit 0, and the output is the old one"),
                ({"result": NEW[:5]}, ending(), (), "neither the old one nor the new"),
                ({"result": jobs.OLD + NEW}, failed, (), "neither the old one nor the new"),
                ({}, failed, (), "the output is gone"),
                ({"result": NEW, ".result.tmp": b""}, ending(), (), "left over"),
                ({"result": NEW, "result2": b""}, ending(), (), "left over"),
                ({"result": NEW}, ending(), [("result", 0o644)], "another mode"),
                (old | {"result.partial": b"a\t1\n"}, failed, (), "nobody is told of"),
                ({"result": NEW, "result.partial": b"a\t1\n"}, ending(), (), "nobody is told of"),
                (old | {"result.partial": b"a\t1\nb"}, told, (), "torn partial"),
                (old | {"result.partial": b"a\t1\n"}, told, [("result.partial", 0o644)], "others may read")):
            with self.subTest(files=files, code=how.code, sin=sin):
                self.assert_finds(self.wrong(files, how, modes=modes), sin)

    def assert_finds(self, wrong, sin):
        if sin is None:
            self.assertEqual(wrong, [])
        else:
            self.assertTrue(any(sin in each for each in wrong), wrong)

    def test_words(self):
        for how, sin in ((ending(70, stderr=b"millrace: error: internal error: what is it\n"), "internal error"),
                         (ending(74), "without a sentence"),
                         (ending(74, stderr=b"oops\n"), "without a sentence"),
                         (ending(74, stderr=SAID + b"x" * 10_000), "without bounds"),
                         (ending(74, stderr=SAID + b"\0"), "NUL")):
            with self.subTest(sin=sin):
                self.assert_finds(self.wrong({"result": jobs.OLD}, how), sin)

    def test_stdout(self):
        job = jobs.Job("pipe", [], stdout=NEW)
        for how, sin in ((ending(stdout=NEW), None), (ending(74, NEW[:5], SAID), None),
                         (ending(stdout=NEW[:5]), "exit 0 with wrong rows"),
                         (ending(74, b"a\t3\n", SAID), "not a word that they are partial")):
            with self.subTest(sin=sin):
                self.assert_finds(self.wrong({}, how, job), sin)

    def test_windows(self):
        job = jobs.Job("directory", [], windows={b"a": 3, jobs.LAST: 2})
        first, second = "epoch-000000000001.txt", "epoch-000000000002.txt"
        whole = WINDOW + b"a\t1\n" + WINDOW + jobs.LAST + b"\t1\n"
        rest = WINDOW + b"a\t2\n" + WINDOW + jobs.LAST + b"\t1\n"
        for files, sin in (({first: whole, second: rest}, None),
                           ({first: whole}, "do not sum up"),
                           ({first: whole, second: rest, "epoch-000000000003.txt": whole}, "count too much"),
                           ({first: whole, second: rest[:-1]}, "torn window"),
                           ({first: whole, second: rest + rest}, "torn window"),
                           ({first: whole, second: WINDOW + b"a\t2\n"}, "without its last row"),
                           ({first: whole, second: rest, ".epoch-000000000003.txt.tmp": b""}, "left over")):
            with self.subTest(sin=sin):
                self.assert_finds(self.wrong(files, ending(), job), sin)

    def test_exit_codes(self):
        for fault, how, sin in (("write:1:ENOSPC", ending(74), None), ("write:1:ENOSPC", ending(0), None),
                                ("malloc:1:ENOMEM", ending(-6), None), ("stat:1:ENOMEM*", ending(75), None),
                                ("stat:1:EIO", ending(75), "exit 75"),
                                ("write:1:ENOSPC", ending(66), "exit 66"),
                                ("write:1:ENOSPC", ending(-11), "killed by SIGSEGV"),
                                ("malloc:1:ENOMEM", ending(-11), "killed by SIGSEGV"),
                                ("write:1:EINTR*50", ending(74), "for what is no error"),
                                ("pread:1:short", ending(74), "for what is no error"),
                                ("poll:1:ENOMEM", ending(143, hung=True), "hangs"),
                                ("poll:1:ENOMEM", ending(-9, hung=True), "SIGTERM does not end it")):
            with self.subTest(fault=fault, code=how.code):
                self.assert_finds(list(faults_test.judge_code(faults_test.Fault.parse(fault), how)), sin)

    def test_signals(self):
        for how, hit, refusable, sin in ((ending(143), 15, False, None), (ending(-1), 1, False, None),
                                         (ending(0), 15, False, None), (ending(78), None, True, None),
                                         (ending(78), None, False, "exit 78 without a signal"),
                                         (ending(74), 15, False, "exit 74 after SIGTERM"),
                                         (ending(-9, hung=True), 15, False, "hangs after SIGTERM")):
            with self.subTest(code=how.code, hit=hit):
                hit = kill_test.signal.Signals(hit) if hit else None
                self.assert_finds(list(kill_test.judge_code(how, hit, refusable)), sin)

    def test_two_jobs_at_once(self):
        other = jobs.Job("b", [], {"result": (jobs.OLD, b"c\t1\n")})
        moment = kill_test.Moment([[self.job, other]], 0)
        refused = ending(78, stderr=SAID)
        for signal, data, endings, sin in (
                (None, NEW, [ending(), refused], None), (None, b"c\t1\n", [ending(), ending()], None),
                (None, b"c\t1\n", [ending(), refused], "a refused job"),
                (None, jobs.OLD, [refused, refused], "none succeeds"),
                (None, NEW + b"c\t1\n", [ending(), ending()], "neither the old one nor the new")):
            with self.subTest(data=data, sin=sin):
                moment.signal = signal
                self.write("result", data)
                os.chmod(self.path("result"), stat.S_IRUSR | stat.S_IWUSR)
                self.assert_finds(list(moment.judge(self.directory, endings)), sin)


class Preloaded(Case):
    """Programs that hang, or that leave something for the next one."""

    def test_a_hang_is_seen(self):
        faults_test.HUNG_AFTER, faults_test.ENDS_WITHIN = 0.5, 0.5
        for script, code in (("trap '' TERM; while :; do sleep 1; done", -9), ("exec sleep 100", -15)):
            seen = faults_test.run(["sh", "-c", script], jobs.Job("fake", []), {})
            self.assertEqual((seen.hung, seen.code), (True, code))

    def test_a_call_fails(self):
        counts = self.path("counts")
        fault = faults_test.Fault.parse("write:2:ENOSPC")
        variables = fault.environment() | {"LD_PRELOAD": faults_test.LIBRARY, "FAULT_COUNTS": counts}
        seen = faults_test.run(["python3", "-c", "import os\nfor i in range(4): os.write(1, b'12')"],
                               jobs.Job("fake", []), variables)
        self.assertEqual(seen.stdout, b"12")
        self.assertIn(b"No space left on device", seen.stderr)
        self.assertEqual(faults_test.counts_in(counts)["failed"], 1)
        self.assertEqual(faults_test.counts_in(counts)["write"], 2)


if __name__ == "__main__":
    unittest.main()
