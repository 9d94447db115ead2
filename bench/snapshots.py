#!/usr/bin/env python3
# Measures what snapshots of a checkpoint with many keys take from a job that is busy.
# SPDX-License-Identifier: Apache-2.0
"""The same job runs in turns with snapshots and without: there, files of the names that their temporary ones would have
stand in the way, which the job says once and goes on. Prints the seconds of each pair and the median of their ratios."""
import argparse
import glob
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HINDERED = 10_000  # segments that a job may begin, each of which a snapshot may be named after


def hinder(job, checkpoint):
    """What a killed job left is removed when a job starts: its first segment comes after that."""
    while not glob.glob(os.path.join(checkpoint, "seg-*.log")):
        if job.poll() is not None:
            return
        time.sleep(0.001)
    for number in range(HINDERED):
        with open(os.path.join(checkpoint, f".snap-{number:012}.bin.tmp"), "xb"):
            pass


def run(arguments, folder, snapshots):
    """Seconds."""
    checkpoint = os.path.join(folder, "checkpoint")
    shutil.rmtree(checkpoint, ignore_errors=True)
    command = [arguments.millrace, "--backend", "cpu", "--from", arguments.source, "--threads", str(arguments.threads),
               "--commit-every", arguments.commit_every, "--checkpoint", checkpoint, "--to", os.path.join(folder, "rows"),
               "--top", "10"]
    begin = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as job:
        if not snapshots:
            hinder(job, checkpoint)
        error = job.stderr.read()
    took = time.monotonic() - begin
    if job.returncode != 0:
        sys.exit(f"snapshots.py: exit code {job.returncode}: {error}")
    made = bool(glob.glob(os.path.join(checkpoint, "snap-*.bin")))
    hindered = "no snapshot of the checkpoint was made" in error
    if (made, hindered) != (snapshots, not snapshots):
        sys.exit("snapshots.py: " + ("some snapshots were hindered, some not" if made else "the job ended before a snapshot"))
    os.remove(os.path.join(folder, "rows"))
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millrace", default="build/cpu/millrace")
    parser.add_argument("--source", default="generate:?words=400M&vocabulary=10M&skew=1")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--commit-every", default="1s")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--folder", default=".", help="on the disk that is measured")
    arguments = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for _ in range(arguments.pairs):
            without = run(arguments, folder, snapshots=False)
            with_them = run(arguments, folder, snapshots=True)
            ratios.append(with_them / without)
            print(f"without {without:.2f} s, with snapshots {with_them:.2f} s: {ratios[-1]:.3f}", flush=True)
    print(f"median of the ratios: {statistics.median(ratios):.3f}")


main()
