# Runs a peer on its processors and tells its time, processor time and memory.
# SPDX-License-Identifier: Apache-2.0
import os
import re
import signal
import socket
import subprocess
import threading
from dataclasses import dataclass, field

from peers import CPUS


@dataclass(frozen=True)
class Run:
    wall: float  # seconds, of the whole process; as the peer tells it where it counts several times
    cpu: float  # seconds, user and system, with the children it waited for
    rss: int  # bytes; of the largest process, where there are several
    told: dict = field(default_factory=dict)  # numbers that the peer wrote as "bench: name=value"


class Failed(Exception):
    """A peer did not end as it should, or gave another answer."""

    def __init__(self, text, code=None):
        super().__init__(text)
        self.code = code  # of the process, where that is what failed


def measure(launch, peer, words, output):
    """
    Runs the command `words` of a peer, with standard output to the file `output`. `launch` is the program that times
    it. Raises Failed with the end of standard error.
    """
    errors, report = output + ".errors", output + ".took"
    command = ["taskset", "--cpu-list", CPUS[peer.threads], launch, report, *words]
    late = threading.Event()

    def stop():
        late.set()
        os.killpg(process.pid, signal.SIGKILL)

    with open(output, "wb") as out, open(errors, "wb") as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
                                   env=os.environ | {"LC_ALL": "C"})
        watch = threading.Timer(peer.timeout, stop)
        watch.start()
        code = process.wait()
        watch.cancel()
    with open(errors, encoding="utf-8", errors="replace") as err:
        text = err.read()
    if code != 0:
        how = f"took longer than {peer.timeout} s" if late.is_set() else f"ended with {code}"
        raise Failed(f"{peer.name} {how}: {' '.join(words)}\n{text[-2000:]}", code)
    with open(report, encoding="ascii") as file:
        wall, cpu, rss = file.read().split()
    told = {key: float(value) for line in re.findall(r"^bench: (.*)$", text, re.M)
            for key, value in re.findall(r"(\w+)=([\d.]+)", line)}
    return Run(told.get("whole", float(wall)), float(cpu), int(rss), told)


class Sender:
    """A server on loopback that sends a file to the first who connects, then closes; on the processors of the peer."""

    def __init__(self, path, threads):
        self.path = path
        self.cpus = {int(cpu) for cpu in CPUS[threads].split(",")}
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self._send, daemon=True)

    def _send(self):
        os.sched_setaffinity(0, self.cpus)  # of this thread alone
        try:
            connection, _ = self.server.accept()
            with connection, open(self.path, "rb") as file:
                connection.sendfile(file)
        except OSError:
            pass  # the peer went away: its own exit code tells why

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        try:
            self.server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.server.close()
        self.thread.join(timeout=10)
