# The texts that are counted: real ones repeated to a size, and words made up by our own generator.
# SPDX-License-Identifier: Apache-2.0
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

MB = 1_000_000
PARTS = 16  # files of the folder for engines that do not split a file


@dataclass(frozen=True)
class Corpus:
    name: str
    what: str
    path: str
    bytes: int
    words: int  # as found without millrace

    @property
    def parts(self):
        """A folder with the same lines in several files, made when it is asked for."""
        folder = self.path + ".parts"
        if not os.path.isdir(folder):
            making = folder + ".new"
            shutil.rmtree(making, ignore_errors=True)
            os.mkdir(making)
            subprocess.run(["split", f"--number=l/{PARTS}", self.path, making + "/"], check=True)
            os.rename(making, folder)
        return folder


class TooLarge(Exception):
    """There is not room enough on the disk; the text says how much is missing."""


def free_bytes(folder):
    return shutil.disk_usage(folder).free


def require_room(folder, wanted):
    """Keeps a fifth of what is free, so that others on the machine are not hurt."""
    free = free_bytes(folder)
    if wanted > 0.8 * free:
        raise TooLarge(f"needs {wanted / 1e9:.1f} GB of disk, {free / 1e9:.1f} GB are free")


def count_words(path):
    with open(path, "rb") as file:
        return sum(len(line.split()) for line in file)


class Corpora:
    """Makes corpora in a folder, each once, whole or not at all."""

    def __init__(self, folder, real_texts, generate_words):
        self.folder = folder
        self.real_texts = real_texts
        self.generate_words = generate_words
        os.makedirs(folder, exist_ok=True)

    def repeated(self, text, size):
        """A text of scripts/real-texts, again and again, to about `size` bytes."""
        unit = self._unit(text)
        times = max(1, round(size / os.path.getsize(unit)))
        what = {"kjv": "King James Bible", "gcide": "dictionary GCIDE"}[text]
        return self._make(f"{text}-{times}", f"{what}, {times} times", times * os.path.getsize(unit),
                          times * count_words(unit), lambda out: self._copy(unit, times, out))

    def generated(self, words, vocabulary, skew):
        address = f"generate:?words={words}&vocabulary={vocabulary}&skew={skew}"
        law = f"Zipf's law, exponent {skew}" if skew else "all alike"
        return self._make(f"words-{words}-{vocabulary}-{skew}",
                          f"{words:,} made-up words out of {vocabulary:,}, {law}", words * 9, words,
                          lambda out: subprocess.run([self.generate_words, address], stdout=out, check=True))

    def given(self, path):
        return Corpus(os.path.basename(path), os.path.basename(path), path, os.path.getsize(path), count_words(path))

    def _make(self, name, what, about, words, write):
        path = os.path.join(self.folder, name + ".txt")
        if not os.path.exists(path):
            require_room(self.folder, about)
            with open(path + ".new", "wb") as out:
                write(out)
            os.rename(path + ".new", path)
        return Corpus(name, what, path, os.path.getsize(path), words)

    def _unit(self, text):
        """The text once, as valid UTF-8 with no white space but spaces and newlines: then all see the same words."""
        clean = os.path.join(self.folder, text + ".unit")
        if not os.path.exists(clean):
            subprocess.run([self.real_texts, self.folder, text], check=True)
            with open(os.path.join(self.folder, text + ".txt"), "rb") as file:
                data = file.read().decode(errors="ignore").encode()
            data = re.sub(rb"[\t\v\f\r\0]", b" ", data)
            with open(clean, "wb") as file:
                file.write(data if data.endswith(b"\n") else data + b"\n")
        return clean

    @staticmethod
    def _copy(unit, times, out):
        with open(unit, "rb") as file:
            data = file.read()
        for _ in range(times):
            out.write(data)
