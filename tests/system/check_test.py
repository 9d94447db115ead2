# `millrace check` tells what a run would tell, and touches nothing.
# SPDX-License-Identifier: Apache-2.0
import os
import unittest

from support import Case, run


class Check(Case):
    def test_it_says_what_run_would_do_and_touches_nothing(self):
        text, out = self.write("book.txt", b"x"), self.path("out.txt")
        result = run("check", text, "--to", out, "--to", "stdout:")
        self.assert_exit(result, 0)
        self.assertIn(b"exactly once", result.stdout)
        self.assertIn(b"at least once", result.stdout)
        self.assertEqual(os.listdir(self.directory), ["book.txt"])

    def test_it_tells_what_holds_for_each_input_and_output(self):
        text, out = self.write("book.txt", b"x"), self.path("out.csv")
        once = "at most once for what was read since the last result"
        shown = {
            (): f"counts   words\nreads    {text}, again from any position after a failure\n"
                f"writes   {out} as csv, exactly once\n"
                "writes   stdout: as text, at least once: rows may come again after a failure\n",
            ("-", "--by", "lines"): f"counts   whole lines\nreads    {text}, again from any position after a failure\n"
                f"reads    -, once\nwrites   {out} as csv, {once}\nwrites   stdout: as text, {once}\n",
        }
        for arguments, expected in shown.items():
            result = run("check", text, *arguments, "--to", out, "--to", "stdout:", "--threads", 3, "--memory", "64MiB")
            self.assert_exit(result, 0)
            head, _, tail = result.stdout.decode().partition("runs on  ")
            self.assertEqual(head, expected)
            self.assertEqual(tail.split("\n", 1)[1], "uses     3 threads, 64.0 MiB of memory\n")

    def test_it_tells_what_is_counted(self):
        for flags, counted in ((("--by", "split"), b"pieces between delimiters"), (("--key", 2), b"a field of each record")):
            self.assertTrue(run("check", *flags).stdout.startswith(b"counts   " + counted + b"\n"))

    def test_it_tells_the_name_of_the_job(self):
        self.assertTrue(run("check", "--name", "hourly counts").stdout.startswith(b"job      hourly counts\ncounts   words\n"))
        self.assert_exit(run("check", "--name", "a/b"), 78, "the name of the job", "without '/'")

    def test_it_tells_what_run_tells_and_all_of_it(self):
        text = self.write("text", b"a b\n")
        run(text, "--every", "1h", "--to", self.path("earlier/"))
        for job, code, told in (
                ((text, "--every", "1h", "--to", self.path("earlier/")), 78, ["results of an earlier run (up to epoch 1): name an empty directory"]),
                ((self.path("nothing"), "--to", self.path("no/where")), 66, ["cannot read", "cannot write"]),
                ((text, "--readers", "5000", "--to", self.path("no/where")), 78, ["limited to 1024", "cannot write"]),
                ((self.path("nothing"), "--backend", "cuda", "--to", "kafka://b/t"), 66,
                 ["cannot read", "not for this version"])):
            with self.subTest(job=job):
                checked, ran = run("check", *job), run(*job)
                self.assertEqual(ran.stderr, checked.stderr)
                self.assert_exit(ran, code, *told)
                self.assert_exit(checked, code, *told)

    def test_it_finds_everything_at_once(self):
        result = run("check", self.path("nothing.txt"), "--to", self.path("no/where"), "--by", "fields", "--measure", "sum")
        self.assert_exit(result, 78, "nothing.txt", "no/where", "sum needs a value")
        self.assertEqual(result.stdout, b"")
        self.assert_exit(run("check", self.path("nothing.txt")), 66)


if __name__ == "__main__":
    unittest.main()
