# Time per byte of ours as the text grows, and as the number of distinct keys does.
# SPDX-License-Identifier: Apache-2.0
import contextlib
import os
import statistics
import sys
from dataclasses import replace

from answers import total
from corpora import TooLarge
from peers import OURS, OURS_PIPE, OURS_SOCKET
from runner import Failed, Sender, measure

SIZES = (10**7, 10**8, 10**9, 10**10)
KEYS = (10**3, 10**4, 10**5, 10**6, 10**7, 10**8)
VIA = {OURS: "file", OURS_PIPE: "pipe", OURS_SOCKET: "socket"}
RUNS = 5
ENOUGH = 40  # seconds; after so many there is no further run of a step
TIMEOUT = 1800
KEPT = 10**9  # bytes; a larger text is made anew each time
BYTES_PER_KEY = 120  # of memory that a key may need, roughly; the program itself knows better and says so
OUT_OF_MEMORY = 75


def free_memory():
    with open("/proc/meminfo", encoding="utf-8") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))


def words_for(keys):
    """Enough that nearly all keys come, and a text that is not too small to measure."""
    return max(20_000_000, 4 * keys)


def grow(launch, corpora, peers, work, quick):
    """The steps, each measured or with the reason why not."""
    ours = [replace(peer, timeout=TIMEOUT) for peer in peers if peer.name in VIA and not peer.missing]
    sizes, keys = (SIZES[:2], KEYS[:4]) if quick else (SIZES, KEYS)
    steps = []
    for size in sizes:
        steps += _step(launch, "bytes", size, ours, work, lambda size=size: corpora.repeated("kjv", size))
    for count in keys:
        of_files = [peer for peer in ours if VIA[peer.name] == "file"]
        steps += _step(launch, "keys", count, of_files, work, lambda count=count: _vocabulary(corpora, count))
    return steps


def _vocabulary(corpora, keys):
    if keys * BYTES_PER_KEY > 0.8 * free_memory():
        raise TooLarge(f"needs {keys * BYTES_PER_KEY / 1e9:.0f} GB of memory, {free_memory() / 1e9:.0f} GB are free")
    return corpora.generated(words_for(keys), keys, 0)


def _step(launch, axis, size, peers, work, make):
    print(f"bench: growth of {axis}: {size:,}", file=sys.stderr, flush=True)
    heads = [{"axis": axis, "size": size, "threads": peer.threads, "via": VIA[peer.name]} for peer in peers]
    try:
        corpus = make()
    except TooLarge as error:
        return [head | {"not_run": str(error)} for head in heads]
    runs = [[] for _ in peers]
    reasons = [""] * len(peers)
    counts = set()
    for turn in range(RUNS):
        for place, peer in enumerate(peers):
            if reasons[place] or sum(run.wall for run in runs[place]) > ENOUGH:
                continue
            try:
                run, counted = _once(launch, peer, corpus, work, with_total=turn == 0)
            except Failed as error:
                if error.code != OUT_OF_MEMORY:
                    raise
                reasons[place] = str(error).strip().rpartition("\n")[2]
                continue
            runs[place].append(run)
            counts |= counted
    if len(counts) > 1 or any(words != corpus.words for words, _ in counts):
        raise Failed(f"growth: of the {corpus.words} words of {corpus.what} these (words, keys) were counted: {counts}")
    if axis == "keys" or corpus.bytes > KEPT:
        os.remove(corpus.path)
    return [head | ({"not_run": reason} if reason else _measured(corpus, of_peer))
            for head, reason, of_peer in zip(heads, reasons, runs)]


def _once(launch, peer, corpus, work, with_total):
    output = os.path.join(work, "output")
    with contextlib.ExitStack() as stack:
        values = {"file": corpus.path}
        if peer.wants("port"):
            values["port"] = stack.enter_context(Sender(corpus.path, peer.threads)).port
        run = measure(launch, peer, peer.filled(values), output)
    return run, {total(output)} if with_total else set()


def _measured(corpus, runs):
    seconds = statistics.median(run.wall for run in runs)
    return {"bytes": corpus.bytes, "runs": len(runs), "median_s": seconds, "min_s": min(run.wall for run in runs),
            "max_s": max(run.wall for run in runs), "ns_per_byte": 1e9 * seconds / corpus.bytes,
            "mb_per_s": corpus.bytes / seconds / 1e6, "rss_bytes": max(run.rss for run in runs)}
