# Jobs that are disturbed, and the judgement of what they leave: exit code, messages, files.
# SPDX-License-Identifier: Apache-2.0
import collections
import os
import random
import re
import socket
import threading

from support import words

OLD = b"an older result\t1\n"
PRIVATE = 0o600
LAST = b"~"  # in --order key no row comes behind it: without it an output is torn
EPOCH = re.compile(r"epoch-\d{12}\.txt")
SENTENCE = re.compile(rb"^millrace: \S.{15,}$", re.M)
LONGEST_MESSAGE = 4096


def table(counts):
    """--format text: the most frequent first, equals by key."""
    return b"".join(b"%s\t%d\n" % row for row in sorted(counts.items(), key=lambda row: (-row[1], row[0])))


def by_key(counts):
    """--format text --order key."""
    return b"".join(b"%s\t%d\n" % row for row in sorted(counts.items()))


def text(seed, tokens, vocabulary):
    """Words, with LAST so often among them that every window has it."""
    source = random.Random(seed)
    return b"".join(b"w%d%s " % (source.randrange(vocabulary), b" " + LAST if i % 8 == 0 else b"")
                    for i in range(tokens)) + LAST + b"\n"


def write_file(path, data, mode=0o644):
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


class Ending:
    """How a run ended: what it said, and whether it had to be ended."""

    def __init__(self, code, stdout, stderr, hung=False):
        self.code, self.stdout, self.stderr, self.hung = code, stdout, stderr, hung
        self.done = code == 0 and not hung


class Job:
    """A run of the program. `arguments` may hold {inputs}, {out} and {port}; `files`: name → (old, new, ...), each of
    which a file may hold afterwards; old None: there was none. `links`: name → what it leads to, for good."""

    def __init__(self, name, arguments, files=None, stdin=None, stdout=None, windows=None, sends=None, links=None):
        self.name, self.arguments, self.files, self.links = name, arguments, files or {}, links or {}
        self.stdin, self.stdout, self.windows, self.sends = stdin, stdout, windows, sends

    def prepare(self, out):
        os.makedirs(out)
        for name, (old, *_) in self.files.items():
            if old is not None:
                write_file(os.path.join(out, name), old, PRIVATE)
        for name, target in self.links.items():
            os.symlink(target, os.path.join(out, name))

    def command(self, inputs, out, port=0):
        return [part.format(inputs=inputs, out=out, port=port) for part in self.arguments]

    def judge(self, out, ending):
        """What is wrong, each in a few words."""
        return [*judge_words(ending), *judge_files(self, out, ending.done, ending.stderr), *self.judge_stdout(ending)]

    def judge_stdout(self, ending):
        if self.stdout is None:
            return
        if ending.done and ending.stdout != self.stdout:
            yield "exit 0 with wrong rows on stdout"
        if not ending.done and b"partial" not in ending.stderr and not self.stdout.startswith(ending.stdout):
            yield "wrong rows on stdout, and not a word that they are partial"


def judge_words(ending):
    if b"internal error" in ending.stderr:
        yield "internal error"
    if ending.code is not None and ending.code > 0 and not SENTENCE.search(ending.stderr):
        yield f"exit {ending.code} without a sentence"
    if len(ending.stderr) > LONGEST_MESSAGE:
        yield "messages without bounds"
    if b"\0" in ending.stderr:
        yield "NUL in a message"


def judge_files(job, out, done, stderr):
    names = sorted(os.listdir(out))
    for name, (old, *new) in job.files.items():
        if name not in names:
            if old is not None or done:
                yield "the output is gone" if old is not None else "exit 0 without an output"
            continue
        data = read_file(os.path.join(out, name))
        if data not in (old, *new):
            yield "an output that is neither the old one nor the new"
        elif done and data not in new:
            yield "exit 0, and the output is the old one"
        if old is not None and mode(out, name) != PRIVATE:
            yield "the output has another mode than before"
    for name in job.links:
        if not os.path.islink(os.path.join(out, name)):
            yield "a link is none any more"
    for name in names:
        whole = name.removesuffix(".partial")
        if name != whole and whole in job.files:
            yield from judge_partial(job.files[whole], out, name, stderr)
        elif name not in job.files and name not in job.links and not (job.windows is not None and EPOCH.fullmatch(name)):
            yield f"left over: {re.sub(r'[0-9a-f]{6,}|[0-9]+', 'N', name)}"
    if job.windows is not None:
        yield from judge_windows(job, out, done)


def mode(out, name):
    return os.stat(os.path.join(out, name)).st_mode & 0o777


def judge_modes(job, out):
    """Of what a killed job left over."""
    for name in os.listdir(out):
        if name.startswith(".") and any(old is not None for old, *_ in job.files.values()) and mode(out, name) & ~PRIVATE:
            yield "a temporary that others may read, of a private output"


def judge_partial(contents, out, name, stderr):
    old, new = contents[:2]
    if name.encode() not in stderr:
        yield "a partial result that nobody is told of"
    if old is not None and mode(out, name) & ~PRIVATE:
        yield "a partial result that others may read, of a private one"
    data = read_file(os.path.join(out, name))
    columns = new.splitlines()[0].count(b"\t")
    if data[-1:] not in (b"", b"\n") or any(line.count(b"\t") != columns for line in data.splitlines()):
        yield "a torn partial result"


def window_rows(output):
    """The sum over windows of rows of the form begin, end, key, count. A key comes once in a window."""
    counts, seen = collections.Counter(), set()
    for line in output.splitlines():
        window, key, count = line[:49], *line[50:].split(b"\t")
        counts[key] += int(count)
        seen.add((window, key))
    assert output == b"" or (output.endswith(b"\n") and len(seen) == output.count(b"\n"))
    return counts


def judge_windows(job, out, done):
    seen = collections.Counter()
    epochs = sorted(name for name in os.listdir(out) if EPOCH.fullmatch(name))
    for name in epochs:
        data = read_file(os.path.join(out, name))
        try:
            seen += window_rows(data)
        except (AssertionError, ValueError):
            yield "a torn window"
        if data and data.splitlines()[-1].split(b"\t")[2] != LAST:
            yield "a window without its last row"
    if done and seen != job.windows:
        yield "exit 0, and the windows do not sum up"
    if any(count > job.windows[key] for key, count in seen.items()):
        yield "windows that count too much"


class Server:
    """Sends its data to the first who connects, and closes."""

    def __init__(self, data):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, args=(data,), daemon=True)
        self.thread.start()

    def serve(self, data):
        try:
            peer, _ = self.listener.accept()
            with peer:
                peer.sendall(data)
        except OSError:
            pass  # closed, or the program has gone

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def make_jobs(inputs, generated):
    """The jobs, and their inputs in the directory `inputs`. `generated`: the rows of GENERATE, counted before."""
    texts = [text(1, 120_000, 1_000_000), text(2, 20_000, 500) * 5]
    for number, data in enumerate(texts):
        write_file(os.path.join(inputs, f"{number}.txt"), data)
    counts = words(b"\n".join(texts))
    small = ["--threads", "2", "--batch-bytes", "64KiB"]
    every = [*small, "{inputs}/0.txt", "{inputs}/1.txt"]
    sales = b"".join(b"k%d,%d\n" % (i * i % 997, i) for i in range(20_000))
    sums, lines = collections.Counter(), collections.Counter()
    for i in range(20_000):
        sums[b"k%d" % (i * i % 997)] += i
        lines[b"k%d" % (i * i % 997)] += 1
    summed = b"".join(b"%s\t%d\t%d\n" % (key, value, lines[key])
                      for key, value in sorted(sums.items(), key=lambda row: (-row[1], row[0])))
    result = {"result": (OLD, table(counts))}
    return [
        Job("file", [*every, "--to", "{out}/result"], result),
        Job("directory", [*small, "{inputs}/1.txt", "{inputs}/1.txt", "--every", "1ms", "--order", "key",
                          "--to", "{out}/"], windows=words(texts[1] * 2)),
        Job("pipe", small, stdin=texts[0], stdout=table(words(texts[0]))),
        Job("two", [*every, "--to", "{out}/result", "--to", "-"], result, stdout=table(counts)),
        Job("link", [*small, "{inputs}/0.txt", "--to", "{out}/link"], {"result": (OLD, table(words(texts[0])))},
            links={"link": "result"}),
        Job("fields", [*small, "--key", "1", "--value", "2", "--measure", "sum,count", "--to", "{out}/sales",
                       "{out}/sales"], {"sales": (sales, summed)}),
        Job("tcp", [*small, "--from", "tcp://127.0.0.1:{port}?reconnect=no", "--to", "{out}/result"],
            {"result": (None, table(words(texts[0])))}, sends=texts[0]),
        Job("generate", [*small, "--from", GENERATE, "--to", "{out}/result"], {"result": (OLD, generated)}),
        Job("check", ["check", *every, "--to", "{out}/result"], {"result": (OLD, OLD)}),
    ]


GENERATE = "generate:?words=300k&vocabulary=20k&seed=7"


def make_ready_again(job, out):
    """For the next job: the old outputs, and what was left over."""
    for name in os.listdir(out):
        if EPOCH.fullmatch(name) or name.endswith(".partial"):
            os.remove(os.path.join(out, name))
    for name, (old, *_) in job.files.items():
        if old is not None:
            write_file(os.path.join(out, name), old, PRIVATE)


def report(findings):
    """Prints what is wrong, the commonest first, with the first runs; how often anything was."""
    for sin, runs in sorted(findings.items(), key=lambda finding: -len(finding[1])):
        print(f"{len(runs):5} × {sin}: {'; '.join(runs[:4])}{' …' if len(runs) > 4 else ''}")
    return sum(map(len, findings.values()))
