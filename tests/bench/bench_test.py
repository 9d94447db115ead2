# scripts/bench on tiny texts: who is measured, wrong answers, the shape of the report.
# SPDX-License-Identifier: Apache-2.0
import collections
import json
import os
import shutil
import subprocess
import sys
import unittest
import xml.dom.minidom

ROOT = os.environ["MILLRACE_ROOT"]
BUILT = os.environ["MILLRACE_BUILT"]  # the folder with millrace and, in bench/, the peers
sys.path.insert(0, os.path.join(ROOT, "bench"))
sys.path.insert(1, os.path.join(ROOT, "tests", "system"))

import answers  # noqa: E402
import corpora  # noqa: E402
import delay  # noqa: E402
import goals  # noqa: E402
import growth  # noqa: E402
import peers  # noqa: E402
import runner  # noqa: E402
from support import Case  # noqa: E402

TEXT = b"the mill turns  the wheel\n\n and\\or the rest \xc3\xa9t\xc3\xa9 a|b\n" * 50 + b"last"
LAUNCH = os.path.join(BUILT, "bench", "launch")


class WholeRuns(Case):
    def bench(self, *arguments):
        text = self.write("text", TEXT)
        return subprocess.run(
            [sys.executable, os.path.join(ROOT, "bench", "main.py"), "--file", text, "--bin", BUILT, "--build",
             self.path("build"), "--out", self.path("out"), "--runs", "2", *arguments],
            capture_output=True, text=True, timeout=120, check=False)

    def test_report(self):
        ended = self.bench("--peers", "mawk,unordered_map,flat_map,word_floor,wc -w,jvm", "--also",
                           "plain sort=tr -s ' \\n' '\\n' < {file} | grep . | sort | uniq -c | "
                           "awk '{ print $2 \"\\t\" $1 }'")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        (name,) = [name for name in os.listdir(self.path("out")) if name.endswith(".json")]
        with open(os.path.join(self.path("out"), name), encoding="utf-8") as file:
            result = json.load(file)
        self.assertEqual(result.keys(), {"date", "arguments", "remark", "commit", "machine", "corpora", "growth", "delay",
                                         "goals", "versions"})
        self.assertEqual(result["arguments"], ["--runs=2", "--peers=mawk,unordered_map,flat_map,word_floor,wc -w,jvm"])
        (corpus,) = result["corpora"]
        words = collections.Counter(TEXT.split())
        self.assertEqual((corpus["bytes"], corpus["words"], corpus["keys"]), (len(TEXT), words.total(), len(words)))
        rows = {(row["peer"], row["threads"]): row for row in corpus["rows"]}
        for peer in ("unordered_map", "flat_map", "word_floor", "wc -w", "plain sort", "millrace"):
            row = rows[peer, 1]
            self.assertGreaterEqual(row["runs"], 1, peer)
            self.assertTrue(0 < row["min_s"] <= row["median_s"] <= row["max_s"], row)
            self.assertTrue(0 < row["rss_bytes"] < 1e9, row)
            self.assertEqual("times_slower" in row, peer != "millrace", row)
        self.assertIn("jars are not there", rows["Spark RDD", 2]["not_run"])
        self.assertIn("millrace, from a socket", {peer for peer, _ in rows})
        for goal in result["goals"]:
            self.assertTrue("not_run" in goal or isinstance(goal["met"], bool), goal)
        self.assertIn("not run: not in the packages used here", ended.stdout)
        self.assertIn("| unordered_map | 1 | 1 |", ended.stdout)
        if shutil.which("gnuplot"):
            xml.dom.minidom.parse(os.path.join(self.path("out"), name.replace(".json", ".svg")))

    def assert_noticed(self, script, *texts):
        ended = self.bench("--peers", "", "--also", f"liar={script}")
        self.assertEqual(ended.returncode, 1, ended.stderr)
        for text in ("liar", *texts):
            self.assertIn(text, ended.stderr)
        self.assertFalse(os.path.exists(self.path("out")), "a report of wrong answers")

    def test_wrong_answers(self):
        right = "tr -s ' \\n' '\\n' < {file} | grep . | sort | uniq -c | awk '{ print $2 \"\\t\" $1 }'"
        self.assert_noticed(f"{right} | sed 's/^mill\t50/mill\t49/'", "'mill': ours 50, theirs 49")
        self.assert_noticed(f"{right} | grep -v ^mill", "'mill': ours 50, theirs has no such key")
        self.assert_noticed(f"{right}; echo 'zzz\t1'", "'zzz': ours has no such key, theirs 1")
        self.assert_noticed("true", "has no such key")

    def test_a_peer_that_fails(self):
        self.assert_noticed("echo no memory >&2; exit 3", "ended with 3", "no memory")

    def test_a_number_that_is_wrong(self):
        os.mkdir(self.path("bench"))
        os.symlink(os.path.join(BUILT, "millrace"), self.path("millrace"))
        os.symlink(LAUNCH, self.path("bench/launch"))
        with open(self.path("bench/word_floor"), "w", encoding="ascii") as liar:
            liar.write("#!/bin/sh\necho 7\n")
        os.chmod(self.path("bench/word_floor"), 0o755)
        ended = self.bench("--peers", "word_floor", "--bin", self.directory)
        self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertIn("word_floor counts 7 words", ended.stderr)

    def test_an_unknown_peer(self):
        ended = self.bench("--peers", "mawkk")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("no peer is called mawkk", ended.stderr)


class Parts(Case):
    def test_first_difference(self):
        for ours, theirs, said in ((b"a\t1\nb\t2\n", b"a\t1\nb\t2\n", None),
                                   (b"a\t1\nb\t2\n", b"a\t1\nb\t3\n", "'b': ours 2, theirs 3"),
                                   (b"a\t1\nb\t2\n", b"a\t1\n", "'b': ours 2, theirs has no such key"),
                                   (b"a\t1\n", b"a\t1\nb\t2\n", "'b': ours has no such key, theirs 2"),
                                   (b"b\t1\n", b"a\t1\nb\t1\n", "'a': ours has no such key, theirs 1"),
                                   (b"a\t1\nb\t1\n", b"b\t1\n", "'a': ours 1, theirs has no such key"),
                                   (b"", b"a\t1\n", "'a': ours has no such key, theirs 1")):
            self.assertEqual(answers.first_difference(self.write("ours", ours), self.write("theirs", theirs)), said)

    def test_memory_is_that_of_the_peer(self):
        ballast = bytearray(100 << 20)
        peer = peers.Peer("small", ("true",))
        run = runner.measure(LAUNCH, peer, peer.command, self.path("output"))
        self.assertLess(run.rss, 20 << 20)
        self.assertEqual(len(ballast), 100 << 20)

    def test_a_peer_that_hangs(self):
        peer = peers.Peer("late", ("sleep", "60"), timeout=0.2)
        with self.assertRaisesRegex(runner.Failed, "late took longer than 0.2 s"):
            runner.measure(LAUNCH, peer, peer.command, self.path("output"))

    def test_goals(self):
        def row(peer, **more):
            return {"peer": peer, "threads": 1, "median_s": 1.0, "rss_bytes": 1e6} | more

        for slower, floor, met in ((10.0, 0.5, (True, True)), (8.9, 0.3, (False, False))):
            rows = [row("millrace"), row("wc -w", times_slower=slower), row("word_floor", times_slower=floor)]
            table = {goal["against"]: goal
                     for goal in goals.goals(goals.Measured([{"name": "english", "rows": rows}], [], None))}
            self.assertEqual((table["GNU wc -w, 1T"]["met"], next(
                goal["met"] for against, goal in table.items() if "word_floor" in against)), met)
            self.assertIn("not_run", table["DuckDB, 1T"])

    def test_growth(self):
        growth.SIZES, growth.KEYS, growth.words_for = (), (10, 1000, 10**15), lambda keys: 20_000
        texts = corpora.Corpora(self.directory, "", os.path.join(BUILT, "bench", "generate_words"))
        steps = growth.grow(LAUNCH, texts, peers.ours(os.path.join(BUILT, "millrace")), self.directory, quick=False)
        self.assertEqual([(step["size"], step["threads"], "ns_per_byte" in step) for step in steps],
                         [(10, 1, True), (10, 2, True), (1000, 1, True), (1000, 2, True), (10**15, 1, False),
                          (10**15, 2, False)])
        self.assertIn("GB of memory", steps[-1]["not_run"])

    def test_growth_beyond_memory(self):
        growth.SIZES, growth.KEYS, growth.words_for = (), (10,), lambda keys: 100
        texts = corpora.Corpora(self.directory, "", os.path.join(BUILT, "bench", "generate_words"))
        full = peers.Peer(peers.OURS, ("sh", "-c", "echo too many keys >&2; exit 75"))
        (step,) = growth.grow(LAUNCH, texts, [full], self.directory, quick=False)
        self.assertEqual(step["not_run"], "too many keys")
        wrong = peers.Peer(peers.OURS, ("printf", r"a\t99\n"))
        with self.assertRaisesRegex(runner.Failed, "of the 100 words"):
            growth.grow(LAUNCH, texts, [wrong], self.directory, quick=False)

    def test_delay(self):
        measured = delay.delay(os.path.join(BUILT, "millrace"), seconds=0.5)
        self.assertGreater(measured["lines"], 10)
        self.assertTrue(0 < measured["p50_ms"] <= measured["p99_ms"] <= 2 * measured["max_ms"], measured)

    def test_no_room_on_the_disk(self):
        with self.assertRaisesRegex(corpora.TooLarge, "needs .* GB of disk, .* are free"):
            corpora.require_room(self.directory, 10**18)


if __name__ == "__main__":
    unittest.main()
