# What must hold of a job with a checkpoint that was disturbed, and has come to its end.
# SPDX-License-Identifier: Apache-2.0
import os
from collections import Counter

from frames import LAST, MARK, frames_of
from support import Case


class Judged(Case):
    """Tests of such jobs. `expected`: how often each key comes in the input."""

    expected = Counter()

    def judge_checkpoint(self, checkpoint):
        """Its epochs have no gaps, and the last one was shown to all."""
        self.assertEqual([flags & (LAST | MARK) for _, flags in frames_of(self.path(checkpoint))[-2:]], [LAST, MARK])

    def judge_directory(self, directory):
        """Its MANIFEST lists every file once, in order, and the rows of all are those of the job."""
        listed = [line.split(b"\t") for line in self.read(f"{directory}/MANIFEST").splitlines()[1:]]
        epochs = [int(line[0]) for line in listed]
        self.assertEqual(epochs, sorted(set(epochs)), "epochs grow")
        files = [line[3].decode() for line in listed]
        self.assertEqual(sorted(os.listdir(self.path(directory))), ["MANIFEST", *files], "each file is listed once")
        counts = Counter()
        for file, line in zip(files, listed):
            data = self.read(f"{directory}/{file}")
            self.assertEqual((int(line[4]), int(line[5])), (data.count(b"\n"), len(data)), file)
            for row in data.splitlines():
                counts[row.split(b"\t")[2]] += int(row.split(b"\t")[3])
        self.assertEqual(counts, self.expected)

    def judge_stream(self, outputs):
        """The rows of standard output: those of an epoch that was shown twice are the same."""
        shown = {}
        for output in outputs:
            for row in output[:output.rfind(b"\n") + 1].splitlines():
                *where, count, epoch = row.split(b"\t")
                self.assertEqual(shown.setdefault((epoch, *where), count), count, "a row that comes again is the same")
        counts = Counter()
        for (*_, key), count in shown.items():
            counts[key] += int(count)
        self.assertEqual(counts, self.expected)
