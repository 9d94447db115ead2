# Words of real texts, counted by millrace and by tr, sort and uniq: from files, standard input and a socket.
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import subprocess
import unittest

from support import Case, LEVEL, MILLRACE, environment, free_port

FOLDER = os.environ["MILLRACE_TEXTS"]
SCRIPT = os.path.join(os.path.dirname(__file__), "../../scripts/real-texts")
BATCHES = ("4KiB", "64KiB", "1MiB", "64MiB")


def reference(path):
    """The rows of --order key, made by other people's programs."""
    pipeline = "tr -s '[:space:]' '\\n' < \"$0\" | sort -S 512M | uniq -c"
    counted = subprocess.run(["bash", "-c", pipeline, path], stdout=subprocess.PIPE, env=environment(LC_ALL="C"),
                             check=True).stdout
    expected = []
    for line in counted.split(b"\n")[:-1]:
        count, word = line.lstrip(b" ").split(b" ", 1)
        if word:
            expected.append(word + b"\t" + count)
    return b"\n".join(expected) + b"\n"


class Text(Case):
    name = "kjv"

    @classmethod
    def setUpClass(cls):
        if LEVEL == "fast" and shutil.which("bible") is None:
            raise unittest.SkipTest("the package bible-kjv is not installed")
        subprocess.run([SCRIPT, FOLDER, cls.name], check=True)
        cls.text = os.path.join(FOLDER, cls.name + ".txt")
        cls.expected = reference(cls.text)

    def assert_counted(self, *arguments, **options):
        result = subprocess.run([MILLRACE, "--order", "key", *arguments], stdout=subprocess.PIPE, timeout=300,
                                env=environment(), check=False, **options)
        self.assertEqual(result.returncode, 0, arguments)
        self.assertTrue(result.stdout == self.expected, f"other counts with {arguments}")

    def test_file(self):
        for batch in BATCHES:
            for threads in ("1", "2", "5"):
                self.assert_counted(self.text, "--batch-bytes", batch, "--threads", threads)

    def test_file_by_several_readers(self):
        for readers in ("2", "7"):
            self.assert_counted(self.text, "--readers", readers, "--batch-bytes", "64KiB")

    def test_standard_input(self):
        for batch in BATCHES:
            with open(self.text, "rb") as text:
                self.assert_counted("--batch-bytes", batch, stdin=text)

    def test_pipe(self):
        with subprocess.Popen(["cat", self.text], stdout=subprocess.PIPE) as cat:
            self.assert_counted(stdin=cat.stdout)

    def test_socket(self):
        for batch in ("4KiB", "1MiB"):
            port = free_port()
            with open(self.text, "rb") as text, \
                    subprocess.Popen(["nc", "-N", "-l", "127.0.0.1", str(port)], stdin=text) as server:
                self.assert_counted("--from", f"tcp://127.0.0.1:{port}?reconnect=no", "--batch-bytes", batch)
                self.assertEqual(server.wait(timeout=60), 0)


@unittest.skipIf(LEVEL == "fast", "takes a minute")
class Dictionary(Text):
    name = "gcide"


@unittest.skipIf(LEVEL == "fast", "takes a minute")
class LinuxDocumentation(Text):
    name = "linux"


if __name__ == "__main__":
    unittest.main()
