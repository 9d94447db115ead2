# Compares tables of words and counts: the whole tables, without loading them.
# SPDX-License-Identifier: Apache-2.0
import itertools
import os
import subprocess


def normalise(output, filter_command, temporary):
    """Replaces the file by its rows as key<TAB>count, sorted by bytes."""
    pipeline = f"{filter_command or 'cat'} < \"$1\" | sort -S 1G -T \"$2\" > \"$1.sorted\""
    subprocess.run(["bash", "-o", "pipefail", "-c", pipeline, "bash", output, temporary], check=True,
                   env=os.environ | {"LC_ALL": "C"})
    os.replace(output + ".sorted", output)


def _row(line):
    key, _, count = line.rstrip(b"\n").rpartition(b"\t")
    return key, count.decode(errors="replace")


def first_difference(ours, theirs):
    """Of two sorted files: None, or a sentence about the first key that differs."""
    if subprocess.run(["cmp", "--silent", ours, theirs], check=False).returncode == 0:
        return None
    with open(ours, "rb") as mine, open(theirs, "rb") as other:
        a, b = next((a, b) for a, b in itertools.zip_longest(mine, other, fillvalue=b"") if a != b)
    (a_key, a_count), (b_key, b_count) = _row(a), _row(b)
    if a_key == b_key:
        return f"{_shown(a_key)}: ours {a_count}, theirs {b_count}"
    if b == b"" or (a != b"" and a_key < b_key):
        return f"{_shown(a_key)}: ours {a_count}, theirs has no such key"
    return f"{_shown(b_key)}: ours has no such key, theirs {b_count}"


def _shown(key):
    return repr(key.decode(errors="backslashreplace"))


def total(path):
    """The sum of the counts of a normalised file, and its number of keys."""
    words = keys = 0
    with open(path, "rb") as rows:
        for row in rows:
            words += int(row.rpartition(b"\t")[2])
            keys += 1
    return words, keys
