# Counts the instructions of fixed jobs under callgrind and holds them against the recorded ones: scripts/instructions.
# SPDX-License-Identifier: Apache-2.0
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RECORDED = os.path.join(ROOT, "bench", "results", "instructions.json")
LEVELS = ("sse2", "avx2")  # what valgrind 3.19 knows of
GROWTH_MAX = 1.05  # another compiler of the same major version may need a little more


def of_dump(text):
    """The job and the instructions of one file of callgrind; None if it belongs to no job."""
    job = re.search(r"^desc: Trigger: Client Request: (.+)$", text, re.M)
    return (job[1], int(re.search(r"^totals: (\d+)$", text, re.M)[1])) if job else None


def measure(program):
    """What made the program, and instructions by job and level."""
    counts = {}
    for level in LEVELS:
        with tempfile.TemporaryDirectory(prefix="millrace_") as folder:
            ended = subprocess.run(
                ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/out", program],
                env=os.environ | {"MILLRACE_SIMD": level}, capture_output=True, text=True, check=False)
            if ended.returncode != 0:
                sys.exit(f"instructions: {program} under valgrind ended with {ended.returncode}:\n{ended.stderr}")
            for name in sorted(glob.glob(f"{folder}/out.*")):
                with open(name, encoding="utf-8") as file:
                    found = of_dump(file.read())
                if found:
                    counts.setdefault(found[0], {})[level] = found[1]
    return {"compiler": ended.stdout.strip(), "instructions": counts}


def compare(measured, recorded):
    """The lines of a table, and whether all is well."""
    if major(measured) != major(recorded):
        return [*table(measured, {}), f"not compared: recorded with {recorded['compiler']}, not {measured['compiler']}"], True
    ratios = {key: count / counts(recorded)[key] for key, count in counts(measured).items() if key in counts(recorded)}
    lines = [*table(measured, ratios)]
    grown = [" ".join(key) for key, ratio in ratios.items() if ratio > GROWTH_MAX]
    if grown:
        lines.append(f"more than {GROWTH_MAX} times the recorded instructions: {', '.join(grown)}")
    others = counts(measured).keys() ^ counts(recorded).keys()
    if others:
        lines.append(f"not both recorded and measured: {', '.join(' '.join(key) for key in sorted(others))}")
    return lines, not grown and not others


def table(measured, ratios):
    yield f"{'job':14}{'level':6}{'instructions':>13}  ratio to the recorded"
    for key, count in counts(measured).items():
        yield f"{key[0]:14}{key[1]:6}{count:13,}" + (f"{ratios[key]:7.3f}" if key in ratios else "")


def major(run):
    return run["compiler"].split(".")[0]


def counts(run):
    return {(job, level): count for job, levels in run["instructions"].items() for level, count in levels.items()}


def main():
    parser = argparse.ArgumentParser(prog="scripts/instructions", description=(
        f"Counts instructions per job under callgrind. More than {GROWTH_MAX} times the recorded ones is a failure."))
    parser.add_argument("--record", action="store_true", help="write what is measured to the file")
    parser.add_argument("--recorded", default=RECORDED, metavar="FILE", help="[bench/results/instructions.json]")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "cpu", "bench", "kernels", "instructions"),
                        help="what counts [build/cpu/bench/kernels/instructions]")
    options = parser.parse_args()
    measured = measure(options.program)
    if options.record:
        with open(options.recorded, "w", encoding="utf-8") as file:
            file.write(json.dumps(measured, indent=2) + "\n")
    with open(options.recorded, encoding="utf-8") as file:
        lines, good = compare(measured, json.load(file))
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
