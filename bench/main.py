# Measures millrace side by side with what people use instead: scripts/bench builds, then runs this. See README.md.
# SPDX-License-Identifier: Apache-2.0
import argparse
import os
import sys
import tempfile
from dataclasses import replace

import growth
import jvm
import peers
import plot
import report
from contest import Contest
from corpora import MB, Corpora, TooLarge
from delay import delay
from goals import Measured, goals
from runner import Failed

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# On all but English text.
FEW = (peers.OURS, peers.BARE_BACKEND, "wc -w", "flat_map", "unordered_map", "DuckDB", "mawk")


def read_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Word count, ours and others', in one table.")
    parser.add_argument("--quick", action="store_true", help="20 MB, 3 runs, slow peers once, under 3 minutes")
    parser.add_argument("--growth", action="store_true", help="only ours: time per byte as text and vocabulary grow")
    parser.add_argument("--runs", type=int, help="of the fast; slow ones run a third as often [9, quick: 3]")
    parser.add_argument("--size", type=int, metavar="MB", help="of a text, about [430, quick: 20]")
    parser.add_argument("--peers", help="only these, with commas: names, or programs, duckdb, jvm")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=COMMAND",
                        help="one more: a shell command that prints key<TAB>count of {file}")
    parser.add_argument("--file", help="count this text instead of the corpora")
    parser.add_argument("--remark", default="", help="a sentence about the machine, for the report")
    parser.add_argument("--out", default=os.path.join(ROOT, "bench", "results"), help="[bench/results]")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), help="the folder of all builds [build]")
    parser.add_argument("--bin", help="the folder of the build to measure [build/cpu]")
    return parser.parse_args()


def told_again(arguments):
    """What was asked for, without the places of this machine."""
    return ([f"--{name}" for name in ("quick", "growth") if getattr(arguments, name)] +
            [f"--{name}={getattr(arguments, name)}" for name in ("size", "runs", "peers")
             if getattr(arguments, name) is not None])


def choose(arguments, built, scratch):
    """All peers that are wanted; ours is always among them."""
    program = os.path.join(built, "millrace")
    known = (peers.programs(ROOT, os.path.join(built, "bench")) + peers.duckdb(ROOT, os.path.join(scratch, "node")) +
             jvm.peers(ROOT, scratch))
    if arguments.peers is not None:
        wanted = set(filter(None, arguments.peers.split(",")))
        unknown = wanted - {name for peer in known for name in (peer.name, peer.group)}
        if unknown:
            raise Failed(f"no peer is called {', '.join(sorted(unknown))}")
        known = [peer for peer in known if wanted & {peer.name, peer.group}]
    if arguments.quick:
        known = [peer if peer.quick else replace(peer, missing="not with --quick") for peer in known]
    ours = peers.ours(program) + peers.parts_of_ours(program, os.path.join(built, "bench"))
    return [peers.installed(peer) for peer in ours + known + [peers.given(text) for text in arguments.also]]


def texts(arguments, corpora):
    """The name each has in the report, a maker, and whether all peers count it."""
    if arguments.file:
        return [("english", lambda: corpora.given(arguments.file), True)]
    size = arguments.size or (20 if arguments.quick else 430)
    words = 140_000 * size
    vocabulary = min(10_000_000, words // 2)
    return [("english", lambda: corpora.repeated("kjv", size * MB), True),
            ("dictionary", lambda: corpora.repeated("gcide", size * MB), False),
            ("zipf", lambda: corpora.generated(words, vocabulary, 1), False),
            ("uniform", lambda: corpora.generated(words, vocabulary, 0), False)]


def hold_all(launch, arguments, corpora, everybody, work):
    runs = arguments.runs or (3 if arguments.quick else 9)
    slow_runs = 1 if arguments.quick else -(-runs // 3)
    for name, make, all_peers in texts(arguments, corpora):
        try:
            corpus = make()
        except TooLarge as error:
            yield {"name": name, "what": f"not run: {error}", "bytes": 0, "words": 0, "keys": 0, "rows": []}
            continue
        print(f"bench: {name}: {corpus.what}, {corpus.bytes / 1e6:.1f} MB", file=sys.stderr, flush=True)
        chosen = everybody if all_peers else [peer for peer in everybody if peer.name in FEW or peer.group == "given"]
        contest = Contest(launch, corpus, chosen, work, runs, slow_runs)
        rows = contest.hold()
        yield {"name": name, "what": corpus.what, "bytes": corpus.bytes, "words": corpus.words, "keys": contest.keys,
               "rows": rows}


def main():
    arguments = read_arguments()
    built = arguments.bin or os.path.join(arguments.build, "cpu")
    scratch = os.path.join(arguments.build, "bench")
    corpora = Corpora(os.path.join(scratch, "texts"), os.path.join(ROOT, "scripts", "real-texts"),
                      os.path.join(built, "bench", "generate_words"))
    launch = os.path.join(built, "bench", "launch")
    machine = report.machine()
    commit = report.told("git", "-C", ROOT, "describe", "--always", "--dirty")
    everybody = choose(arguments, built, scratch)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="run-") as work:
        grown = growth.grow(launch, corpora, everybody, work, quick=arguments.quick) if arguments.growth else []
        held = [] if arguments.growth else list(hold_all(launch, arguments, corpora, everybody, work))
        delays = None if arguments.growth or arguments.file else delay(everybody[0].command[0])
    judged = goals(Measured(held, grown, delays))
    if arguments.growth:
        judged = [goal for goal in judged if "met" in goal]
    kind = ("-quick" if arguments.quick else "") + ("-growth" if arguments.growth else "")
    result = {"date": report.today(), "arguments": told_again(arguments), "remark": arguments.remark,
              "commit": commit, "machine": machine,
              "corpora": held, "growth": grown, "delay": delays, "goals": judged,
              "versions": {peer.name: " · ".join(filter(None, (report.told(*peer.version), peer.flags)))
                           for peer in everybody if peer.version and not peer.missing}}
    base = report.write(result, arguments.out, kind)
    plot.draw(result, base)
    print(report.markdown(result))
    print(f"bench: wrote {base}.md, .json and, with gnuplot, .svg", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(1)
