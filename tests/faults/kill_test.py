#!/usr/bin/env python3
# Ends the program at random moments by five signals, and judges what is left of its outputs.
# SPDX-License-Identifier: Apache-2.0
#
# MILLRACE_MOMENTS says how many, MILLRACE_SEED which; `kill_test.py NUMBER` repeats one moment of that seed.
import collections
import concurrent.futures
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import jobs
from support import MILLRACE, environment, words

MOMENTS = int(os.environ.get("MILLRACE_MOMENTS", "400"))
SEED = os.environ.get("MILLRACE_SEED", str(time.time_ns()))
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
HUNG_AFTER = 30  # seconds


def make_jobs(inputs):
    """Lists of jobs that run at the same time."""
    texts = [jobs.text(3, 200_000, 2_000_000), jobs.text(4, 200_000, 2_000_000), jobs.text(5, 500_000, 5_000) * 5]
    for name, data in zip("abc", texts):
        jobs.write_file(os.path.join(inputs, name), data)
    first, second = (jobs.by_key(words(data)) for data in texts[:2])
    plain = ["--order", "key", "--batch-bytes", "64KiB"]
    flags = [*plain, "--threads", "2"]

    def to_result(name):
        return jobs.Job(name, [*flags, "{inputs}/" + name, "--to", "{out}/result"],
                        {"result": (jobs.OLD, {"a": first, "b": second}[name])})

    return [
        [to_result("a")],
        [jobs.Job("own", [*flags, "{out}/own", "--to", "{out}/own"], {"own": (texts[0], first)})],
        [jobs.Job("directory", [*plain, "--threads", "1", "{inputs}/c", "--every", "2ms", "--to", "{out}/"],
                  windows=words(texts[2]))],
        [jobs.Job("two", [*flags, "{inputs}/a", "--to", "{out}/one", "--to", "{out}/other"],
                  {"one": (jobs.OLD, first), "other": (jobs.OLD, first)})],
        [to_result("a"), to_result("b")],
    ]


def start(job, inputs, out):
    return subprocess.Popen([MILLRACE, *job.command(inputs, out)], env=environment(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(process):
    hung = False
    try:
        output, error = process.communicate(timeout=HUNG_AFTER)
    except subprocess.TimeoutExpired:
        hung = True
        process.kill()
        output, error = process.communicate()
    return jobs.Ending(process.returncode, output, error, hung)


class Moment:
    """What happens, from one random number: which jobs, which of them gets which signal, and when."""

    def __init__(self, scenarios, number):
        source = random.Random(f"{SEED} {number}")
        self.number, self.jobs = number, source.choice(scenarios)
        self.signal, self.at = source.choice(SIGNALS), 1.1 * source.random()  # of the time that the job takes
        self.victim, self.lead = source.randrange(len(self.jobs)), source.random()
        if len(self.jobs) > 1 and source.random() < 0.3:
            self.signal = None

    def __str__(self):
        name = " and ".join(job.name for job in self.jobs)
        return f"{self.number} ({name}, {self.signal.name if self.signal else 'no signal'} at {self.at:.0%})"

    def run(self, inputs, out, seconds):
        """What is wrong afterwards. `seconds`: how long the first job takes undisturbed."""
        self.jobs[0].prepare(out)
        processes = []
        for job in self.jobs:
            processes.append(start(job, inputs, out))
            time.sleep(self.lead * seconds * (len(self.jobs) - 1) / 2)
        if self.signal:
            time.sleep(self.at * seconds)
            processes[self.victim].send_signal(self.signal)
        endings = [ended(process) for process in processes]
        self.codes = [ending.code for ending in endings]
        wrong = list(self.judge(out, endings))
        if any(ending.code == -signal.SIGKILL for ending in endings):
            jobs.make_ready_again(self.jobs[0], out)
            next_one = self.jobs[0].judge(out, ended(start(self.jobs[0], inputs, out)))
            wrong += [f"after the next job: {sin}" for sin in next_one]
        return wrong

    def judge(self, out, endings):
        killed = self.signal == signal.SIGKILL
        for i, ending in enumerate(endings):
            hit = self.signal if i == self.victim else None
            yield from jobs.judge_words(ending)
            yield from judge_code(ending, hit, len(endings) > 1)
        files = self.jobs[0].files
        if len(self.jobs) > 1:
            files = {"result": (jobs.OLD, *(job.files["result"][1] for job in self.jobs))}
        done = [job for job, ending in zip(self.jobs, endings) if ending.done]
        together = jobs.Job("all", [], files, windows=self.jobs[0].windows)
        for sin in jobs.judge_files(together, out, bool(done), b"".join(ending.stderr for ending in endings)):
            if not (killed and sin.startswith("left over")):
                yield sin
        if killed:
            yield from jobs.judge_modes(together, out)
        if len(self.jobs) > 1:
            yield from self.judge_both(out, endings, done)

    def judge_both(self, out, endings, done):
        """One of two jobs may be refused; then its rows must not be there."""
        if not self.signal and not done:
            yield "two jobs on one output, and none succeeds"
        refused = [ending for ending in endings if ending.code > 0 and ending.code != 128 + (self.signal or 0)]
        if refused and done and jobs.read_file(os.path.join(out, "result")) != done[0].files["result"][1]:
            yield "the rows of a refused job are the result"


def judge_code(ending, hit, may_be_refused):
    if ending.hung:
        yield f"hangs after {hit.name if hit else 'no signal'}"
    elif hit:
        if ending.code not in (0, -hit, 128 + hit) and not (may_be_refused and ending.code > 0):
            yield f"exit {ending.code} after {hit.name}"
    elif ending.code not in ((0, 74, 77, 78) if may_be_refused else (0,)):
        yield f"exit {ending.code} without a signal"


def measure(scenarios, inputs, scratch):
    """How long each takes undisturbed, while as many run as later; and what is wrong even so."""
    seconds, findings = {}, collections.defaultdict(list)
    for together in scenarios:
        job = together[0]
        times = []
        for _ in range(3):
            with tempfile.TemporaryDirectory(dir=scratch) as home:
                out = os.path.join(home, "out")
                job.prepare(out)
                begin = time.monotonic()
                ending = ended(start(job, inputs, out))
                times.append(time.monotonic() - begin)
                for sin in job.judge(out, ending):
                    findings[f"undisturbed: {sin}"].append(job.name)
        seconds[job.name] = statistics.median(times)
    return seconds, findings


def main(arguments):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(f"MILLRACE_SEED={SEED} MILLRACE_MOMENTS={MOMENTS}", flush=True)
    with tempfile.TemporaryDirectory(prefix="millrace_") as scratch:
        inputs = os.path.join(scratch, "inputs")
        os.makedirs(inputs)
        scenarios = make_jobs(inputs)
        seconds, findings = measure(scenarios, inputs, scratch)
        print(", ".join(f"{name} {1000 * each:.0f} ms" for name, each in seconds.items()))

        def one(number):
            moment = Moment(scenarios, number)
            with tempfile.TemporaryDirectory(dir=scratch) as home:
                return moment, moment.run(inputs, os.path.join(home, "out"), seconds[moment.jobs[0].name])

        numbers = [int(arguments[0])] if arguments else range(MOMENTS)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            codes = collections.Counter()
            for moment, wrong in pool.map(one, numbers):
                codes.update(moment.codes)
                for sin in wrong:
                    findings[sin].append(str(moment))
        failed = jobs.report(findings)
        print("exit codes:", ", ".join(f"{code} {times} ×" for code, times in sorted(codes.items())))
        print(f"{len(numbers)} moments, {failed} findings")
        return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
