# Measures peers on one text in turns with ours, and holds every answer against ours.
# SPDX-License-Identifier: Apache-2.0
import contextlib
import hashlib
import os
import statistics

from answers import first_difference, normalise, total
from peers import OURS
from runner import Failed, Sender, measure


class Contest:
    """One text and those who count it. A run of ours goes right before each run of a peer: a pair."""

    def __init__(self, launch, corpus, peers, scratch, runs, slow_runs):
        self.launch = launch
        self.corpus = corpus
        self.peers = {peer.key: peer for peer in peers}
        self.scratch = scratch
        self.runs = runs
        self.slow_runs = slow_runs
        self.reference = os.path.join(scratch, "reference")
        self.keys = 0
        self.measured = {peer.key: [] for peer in peers}
        self.pairs = {peer.key: [] for peer in peers}  # (run, run of the baseline)
        self.checked = {}  # a peer's outputs, by their hash, that are known to be right

    def hold(self):
        """Rows of the report. Raises Failed for a peer that fails or gives another answer."""
        self._make_reference()
        for turn in range(self.runs):
            for peer in self.peers.values():
                if peer.missing or turn >= (self.slow_runs if peer.slow else self.runs):
                    continue
                baseline = self.peers[peer.baseline_key]
                ours = self._once(baseline)
                if baseline is not peer:
                    self.pairs[peer.key].append((self._once(peer), ours))
        return [self._row(peer) for peer in self.peers.values()]

    def _make_reference(self):
        ours = self.peers[f"{OURS}/1"]
        with open(self.corpus.path, "rb") as file:  # into the page cache
            while file.read(1 << 24):
                pass
        measure(self.launch, ours, ours.filled({"file": self.corpus.path}), self.reference)
        normalise(self.reference, ours.normalise, self.scratch)
        words, self.keys = total(self.reference)
        self._check_words(ours, words)

    def _once(self, peer):
        table = os.path.join(self.scratch, "table")
        output = os.path.join(self.scratch, "output")
        for path in (table, output):
            if os.path.exists(path):
                os.remove(path)
        values = {"file": self.corpus.path, "table": table, "threads": peer.threads, "words": self.corpus.words}
        if peer.wants("folder"):
            values["folder"] = self.corpus.parts
        with contextlib.ExitStack() as stack:
            if peer.wants("port"):
                values["port"] = stack.enter_context(Sender(self.corpus.path, peer.threads)).port
            run = measure(self.launch, peer, peer.filled(values), output)
        self._check(peer, table if peer.wants("table") else output)
        self.measured[peer.key].append(run)
        return run

    def _check(self, peer, answer):
        if peer.total_only:
            with open(answer, encoding="ascii") as file:
                self._check_words(peer, int(file.read().split()[0]))
            return
        with open(answer, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest in self.checked.setdefault(peer.key, set()):
            return
        normalise(answer, peer.normalise, self.scratch)
        difference = first_difference(self.reference, answer)
        if difference:
            raise Failed(f"{peer.name} with {peer.threads} threads gives another answer for {self.corpus.what}; "
                         f"the first key that differs is {difference}")
        self.checked[peer.key].add(digest)

    def _check_words(self, peer, words):
        if words != self.corpus.words:
            raise Failed(f"{peer.name} counts {words} words of {self.corpus.what}, there are {self.corpus.words}")

    def _row(self, peer):
        row = {"peer": peer.name, "threads": peer.threads, "answer": "words" if peer.total_only else "table"}
        if peer.missing:
            return row | {"not_run": peer.missing}
        runs = self.measured[peer.key]
        walls = [run.wall for run in runs]
        median = statistics.median(walls)
        row |= {"runs": len(runs), "median_s": median, "min_s": min(walls), "max_s": max(walls),
                "mb_per_s": self.corpus.bytes / median / 1e6,
                "cpu_s": statistics.median(run.cpu for run in runs), "rss_bytes": max(run.rss for run in runs)}
        pairs = self.pairs[peer.key]
        if pairs:
            row |= {"baseline": peer.baseline or OURS,
                    "times_slower": statistics.median(run.wall / ours.wall for run, ours in pairs)}
            if not runs[0].told:  # else the processor time is that of several passes
                row["cpu_times_ours"] = statistics.median(run.cpu / ours.cpu for run, ours in pairs)
        steady = [(run.told["steady"], ours.wall) for run, ours in pairs if "steady" in run.told]
        if steady:
            seconds = statistics.median(s for s, _ in steady)
            row |= {"steady_s": seconds, "steady_mb_per_s": self.corpus.bytes / seconds / 1e6,
                    "steady_times_slower": statistics.median(s / ours for s, ours in steady)}
        return row
