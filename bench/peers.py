# Who is measured, as data: the command, its threads, and how its output becomes key<TAB>count lines.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
from dataclasses import dataclass, replace

UNIQ = r"sed -E 's/^ *([0-9]+) (.*)$/\2\t\1/'"
PROCESSORS = sorted(os.sched_getaffinity(0))
CPUS = {threads: ",".join(map(str, PROCESSORS[:threads])) for threads in (1, 2)}  # as for taskset


@dataclass(frozen=True)
class Peer:
    """
    Words of `command` may hold {file}, {folder} (the same lines in many files), {port} (a socket that sends the file),
    {table} (where it writes its rows; else standard output is taken), {threads} and {words} (how many there are).
    """

    name: str
    command: tuple
    threads: int = 1
    normalise: str = ""  # a shell filter that makes key<TAB>count lines of the output; none: it is so already
    total_only: bool = False  # tells how many words there are, not which
    slow: bool = False  # measured fewer times
    quick: bool = True  # whether --quick has time for it
    baseline: str = ""  # whom its time is divided by; none: millrace, with as many threads
    group: str = "programs"  # what --peers can name, beside the name
    version: tuple = ()  # a command whose first line of output tells it
    missing: str = ""  # why it cannot run
    timeout: int = 600
    flags: str = ""  # how it was built

    @property
    def key(self):
        return f"{self.name}/{self.threads}"

    @property
    def baseline_key(self):
        return f"{self.baseline or OURS}/{self.threads}"

    def filled(self, values):
        words = list(self.command)
        for name, value in values.items():
            words = [word.replace("{" + name + "}", str(value)) for word in words]
        return words

    def wants(self, name):
        return any("{" + name + "}" in word for word in self.command)


OURS = "millrace"
OURS_SOCKET = "millrace, from a socket"
OURS_PIPE = "millrace, from a pipe"
OURS_AVX2 = "millrace, AVX2"
OURS_SSE2 = "millrace, SSE2"
BARE_BACKEND = "bare_backend (text in memory)"
FLAGS = "g++, CMake's Release: -O3 -DNDEBUG, for any machine of its kind"


def ours(program):
    both = []
    for threads in CPUS:
        both += [
            Peer(OURS, (program, "--backend", "cpu", "{file}"), threads, group=OURS,
                 version=(program, "version"), flags=FLAGS),
            Peer(OURS_SOCKET, (program, "--backend", "cpu", "--from", "tcp://127.0.0.1:{port}?reconnect=no"), threads,
                 baseline=OURS_SOCKET, group=OURS),
            Peer(OURS_PIPE, ("bash", "-c", 'cat "$1" | "$0" --backend cpu', program, "{file}"), threads,
                 baseline=OURS_PIPE, group=OURS),
        ]
    return both


def parts_of_ours(program, built):
    """What shows where our time goes: lesser instruction sets than the best one, and counting alone."""
    flags = processor_flags()
    best = "AVX-512" if "avx512_vbmi2" in flags else "AVX2" if "avx2" in flags else ""

    def lesser(name, level, baseline, missing):
        return Peer(name, ("env", f"MILLRACE_SIMD={level}", program, "--backend", "cpu", "{file}"), 1,
                    baseline=baseline, group=OURS, missing=missing)

    return [
        lesser(OURS_AVX2, "avx2", OURS, "" if best == "AVX-512" else "this processor has nothing better"),
        lesser(OURS_SSE2, "sse2", OURS_AVX2 if best == "AVX-512" else OURS,
               "" if best else "this processor has no AVX2"),
        Peer(BARE_BACKEND, (os.path.join(built, "bare_backend"), "{file}"), total_only=True, group=OURS, flags=FLAGS),
    ]


def processor_flags():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split() for line in file if line.startswith("flags")), [])


def programs(root, built):
    """Filters from Debian's packages, and programs of our own."""
    here = os.path.join(root, "bench", "peers")

    def script(name):
        return os.path.join(here, name)

    def own(name, flags=FLAGS, **more):
        return Peer(name, (os.path.join(built, name), "{file}"), version=("g++", "--version"), flags=flags, **more)

    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else "python3"
    return [
        own("word_floor", FLAGS.replace("for any machine of its kind", "-march=native"), total_only=True),
        Peer("wc -w", ("wc", "-w", "{file}"), total_only=True, version=("wc", "--version")),
        own("flat_map"),
        own("unordered_map", slow=True),
        Peer("mawk", ("mawk", "-f", script("count.awk"), "{file}"), slow=True, version=("mawk", "-W", "version")),
        Peer("gawk", ("gawk", "-f", script("count.awk"), "{file}"), slow=True, version=("gawk", "--version")),
        Peer("perl", ("perl", script("count.pl"), "{file}"), slow=True, version=("perl", "-e", "print $^V")),
        Peer("python3 Counter", (python, script("count.py"), "{file}"), slow=True, version=(python, "--version")),
        Peer("tr | sort | uniq -c",
             ("bash", "-o", "pipefail", "-c", r"tr -s ' \n' '\n' <" + '"$0" | sort | grep . | uniq -c', "{file}"),
             normalise=UNIQ, slow=True, version=("sort", "--version")),
    ]


def duckdb(root, modules):
    package = os.path.join(modules, "node_modules", "@duckdb", "node-api", "package.json")
    missing = "" if os.path.exists(package) else "the npm package @duckdb/node-api is not there"
    show = f"console.log('DuckDB, @duckdb/node-api', require('{package}').version)"
    return [Peer("DuckDB", ("env", f"MILLRACE_BENCH_NODE={modules}/package.json", "node",
                            os.path.join(root, "bench", "peers", "count.mjs"), "{file}", "{table}", "{threads}"),
                 threads, slow=True, group="duckdb", version=("node", "-e", show), missing=missing)
            for threads in CPUS]


def given(text):
    """NAME=COMMAND of --also: a shell command that prints key<TAB>count lines; {file} is the text."""
    name, _, command = text.partition("=")
    return Peer(name, ("bash", "-c", command.replace("{file}", '"$0"'), "{file}"), group="given")


def installed(peer):
    """The peer, with the reason why it cannot run if its program or a processor is not there."""
    program = peer.command[0]
    if peer.threads > len(PROCESSORS):
        return replace(peer, missing="there is only one processor")
    if peer.missing or shutil.which(program):
        return peer
    return replace(peer, missing=f"{program} is not installed")
