#!/usr/bin/env python3
# Lets the Nth call of each kind fail, in several jobs, and judges what is left.
# SPDX-License-Identifier: Apache-2.0
#
# faults_test.py                       a sample; with MILLRACE_FAULTS=all every N up to 200 and every error
# faults_test.py JOB KIND:N:ERROR      one run and the command for it; ERROR as ENOSPC, EINTR*50, short* (*: from then on)
# faults_test.py --self-test           programs that do wrong, each of which must be noticed
import collections
import concurrent.futures
import errno
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import threading

import jobs
from support import MILLRACE, environment

LIBRARY = os.environ.get("INTERPOSE", "")
ALL = os.environ.get("MILLRACE_FAULTS") == "all"
HUNG_AFTER = 15  # seconds
ENDS_WITHIN = 10  # after SIGTERM

# What each kind of call can fail with. "short" moves half the bytes, "eof" none.
ERRORS = {
    "write": "ENOSPC ENOSPC* EIO* EDQUOT EFBIG EINTR EINTR*50 short short*",
    "fsync": "EIO EIO* ENOSPC EDQUOT EINTR",
    "rename": "ENOSPC EACCES EXDEV EROFS EIO*",
    "open": "EMFILE EMFILE* ENFILE ENOSPC EACCES EINTR EINTR*50",
    "read": "EIO EIO* EINTR EINTR*50 short short*",
    "pread": "EIO EIO* EINTR EINTR*50 short short* eof",
    "mmap": "ENOMEM ENOMEM*",
    "pthread_create": "EAGAIN EAGAIN*",
    "eventfd": "EMFILE* ENFILE ENOMEM",
    "signalfd": "EMFILE* ENOMEM",
    "timerfd": "EMFILE* ENOMEM",
    "epoll_create": "EMFILE* ENOMEM",
    "socket": "EMFILE* ENOBUFS",
    "connect": "EINTR ECONNREFUSED*",
    "recv": "EINTR EINTR*50 short short*",
    "poll": "EINTR EINTR*50 ENOMEM",
    "close": "EIO EINTR ENOSPC",
    "unlink": "EACCES EIO*",
    "mkdir": "ENOSPC EACCES",
    "stat": "EACCES EIO ENOMEM*",
    "dup": "EMFILE*",
    "flock": "ENOLCK EINTR EWOULDBLOCK",
    "link": "EMLINK EPERM ENOSPC",
    "chmod": "EPERM EROFS",
    "chown": "EPERM",
    "readlink": "EIO",
    "xattr": "ENOTSUP EPERM",
    "truncate": "EIO ENOSPC",
    "malloc": "ENOMEM",
}
# Exit codes of README and --help-all that such a failure may bring.
CODES = {"mmap": (74, 75), "pthread_create": (69, 74, 75), "malloc": (69, 74, 75), "connect": (69, 74),
         "socket": (69, 74), "open": (66, 74, 78), "stat": (66, 74, 78), "readlink": (66, 74, 78)}
GOES_ON = ("write", "read", "pread", "recv", "poll", "flock", "open", "connect", "close")  # after EINTR
FOR_EVER = 10**9


class Fault(collections.namedtuple("Fault", "kind at error times")):
    @classmethod
    def parse(cls, words):
        kind, at, error = words.split(":")
        error, star, times = error.partition("*")
        return cls(kind, int(at), error, int(times or FOR_EVER) if star else 1)

    def __str__(self):
        times = "" if self.times == 1 else "*" if self.times == FOR_EVER else f"*{self.times}"
        return f"{self.kind}:{self.at}:{self.error}{times}"

    def environment(self):
        variables = {"FAULT_CALL": self.kind, "FAULT_AT": str(self.at), "FAULT_TIMES": str(self.times)}
        if self.error == "eof":
            variables["FAULT_BYTES"] = "0"
        if self.error not in ("short", "eof"):
            variables["FAULT_ERROR"] = str(getattr(errno, self.error))
        if self.kind == "malloc":
            variables["FAULT_FROM"] = "pthread_create"
        return variables

    def must_be_survived(self):
        return self.error == "short" or (self.error == "EINTR" and self.kind in GOES_ON)


def judge_code(fault, ending):
    if ending.hung:
        yield "hangs, and SIGTERM does not end it" if ending.code == -signal.SIGKILL else "hangs"
    elif ending.code < 0 and (fault.kind != "malloc" or ending.code != -signal.SIGABRT):
        yield f"killed by {signal.Signals(-ending.code).name}"
    elif fault.must_be_survived() and ending.code != 0:
        yield f"exit {ending.code} for what is no error"
    elif fault.error == "ENOMEM" and ending.code == 75:
        return
    elif ending.code > 0 and ending.code not in CODES.get(fault.kind, (74,)):
        yield f"exit {ending.code}"


def run(command, job, variables):
    process = subprocess.Popen(command, env=environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               stdin=subprocess.PIPE if job.stdin is not None else subprocess.DEVNULL)
    hung = False
    try:
        output, error = process.communicate(job.stdin, timeout=HUNG_AFTER)
    except subprocess.TimeoutExpired:
        hung = True
        process.terminate()
        try:
            output, error = process.communicate(timeout=ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            output, error = process.communicate()
    return jobs.Ending(process.returncode, output, error, hung)


def counts_in(path):
    if not os.path.exists(path):
        return {}
    return {name.rstrip(b"\0").decode(): calls for name, calls in struct.iter_unpack("24sQ", jobs.read_file(path))}


class Bench:
    """Runs jobs with faults, each in a directory of its own."""

    def __init__(self, scratch, program=(MILLRACE,)):
        self.scratch, self.program = scratch, program
        self.inputs = os.path.join(scratch, "inputs")
        os.makedirs(self.inputs)
        generated = subprocess.run([*program, "--from", jobs.GENERATE], capture_output=True, check=True, timeout=60,
                                   env=environment()).stdout
        self.always = {}  # what goes wrong without a fault is told once
        self.jobs = {job.name: job for job in jobs.make_jobs(self.inputs, generated)}

    def try_once(self, job, variables):
        """The ending, the counts, what is wrong with the files; and what a next run leaves after an abort."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as home:
            out, counts = os.path.join(home, "out"), os.path.join(home, "counts")
            job.prepare(out)
            ending = self.run(job, out, variables | {"FAULT_COUNTS": counts, "LD_PRELOAD": LIBRARY})
            wrong = list(job.judge(out, ending))
            if ending.code < 0:
                died_with = [sin for sin in wrong if sin.startswith("left over")]
                wrong = [sin for sin in wrong if sin not in died_with] + self.next_job(job, out)
            return ending, counts_in(counts), wrong

    def run(self, job, out, variables):
        server = jobs.Server(job.sends) if job.sends else None
        try:
            return run([*self.program, *job.command(self.inputs, out, server.port if server else 0)], job, variables)
        finally:
            if server:
                server.close()

    def next_job(self, job, out):
        """What died may leave a temporary until the next job on that output has finished."""
        jobs.make_ready_again(job, out)
        return [f"after the next job: {sin}" for sin in job.judge(out, self.run(job, out, {}))]

    def judge(self, job, fault):
        ending, counts, wrong = self.try_once(job, fault.environment())
        wrong += judge_code(fault, ending)
        wrong = [sin for sin in wrong if sin.removeprefix("after the next job: ") not in self.always.get(job.name, ())]
        if fault.error == "eof" and ending.done and b"shorter" in ending.stderr:
            wrong = [sin for sin in wrong if not sin.startswith("exit 0")]
        return ending, counts.get("failed", 0) > 0, wrong


def places(count, step):
    """The calls that are to fail: all, or the first, the last and some between."""
    if step == 1:
        return range(1, count + 1)
    return sorted({1, 2, count, *range(3, count, max(1, count // step))})


def plan(bench, step, malloc_step, findings):
    """Pairs of job and fault. In a sample the first call gets each error, the others one in turn."""
    for job in bench.jobs.values():
        _, counts, wrong = bench.try_once(job, {})
        for sin in wrong:
            findings[f"without a fault: {sin}"].append(job.name)
        bench.always[job.name] = wrong
        counts["malloc"] = bench.try_once(job, {"FAULT_FROM": "pthread_create"})[1].get("malloc", 0)
        turn = 0
        for kind, errors in ERRORS.items():
            count = counts.get(kind, 0)
            if kind != "malloc":
                count = min(count, 200)
            if count == 0:
                continue
            for at in places(count, malloc_step if kind == "malloc" else step):
                some = errors.split()
                if step != 1 and at > 1:
                    turn += 1
                    some = [some[turn % len(some)]]
                for error in some:
                    yield job, Fault.parse(f"{kind}:{at}:{error}")


def run_all(bench, pairs, findings):
    """Several at once, as most of them wait most of the time. How many calls failed."""
    lock = threading.Lock()
    reached = 0

    def one(pair):
        nonlocal reached
        job, fault = pair
        _, failed, wrong = bench.judge(job, fault)
        with lock:
            reached += failed
            for sin in wrong:
                findings[f"{fault.kind}: {sin}"].append(f"{job.name} {fault}")

    with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        list(pool.map(one, pairs))
    return reached


def show(bench, name, words):
    fault = Fault.parse(words)
    ending, failed, wrong = bench.judge(bench.jobs[name], fault)
    variables = {"LD_PRELOAD": LIBRARY} | fault.environment()
    command = bench.jobs[name].command("INPUTS", "OUT", "PORT")
    print(" ".join([*(f"{k}={v}" for k, v in variables.items()), MILLRACE, *command]))
    print(f"exit {ending.code}, {'the call failed' if failed else 'the call was not reached'}")
    print(ending.stderr.decode(errors="replace"), end="")
    print("\n".join(f"WRONG: {sin}" for sin in wrong))
    return 1 if wrong else 0


def main(arguments):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="millrace_") as scratch:
        bench = Bench(scratch)
        if len(arguments) == 2:
            return show(bench, *arguments)
        findings = collections.defaultdict(list)
        pairs = list(plan(bench, 1 if ALL else 16, 1 if ALL else 64, findings))
        reached = run_all(bench, pairs, findings)
        failed = jobs.report(findings)
        print(f"{len(pairs)} runs, in {reached} of them the call failed; {failed} findings")
        return 1 if findings or reached < len(pairs) // 2 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
