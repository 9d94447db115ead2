# The program built with CUDA, on a machine that lets it see no GPU: it counts on the CPU, or says what is missing.
# SPDX-License-Identifier: Apache-2.0
import os
import random
import subprocess
import unittest

from support import Case, run

ORACLE = os.environ["ORACLE"]
NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}  # where there is one, it is out of sight


class WithoutGpu(Case):
    def test_auto_counts_as_the_oracle_does(self):
        dice = random.Random(5)
        text = b"".join(b"%d%s%s" % (dice.randrange(3000), b"-and-a-long-word" * (dice.randrange(3) == 0),
                                     dice.choice((b" ", b"\n", b"\t  ", b"\r\n"))) for _ in range(200_000))
        expected = subprocess.run([ORACLE, "words"], input=text, capture_output=True, check=True).stdout
        result = run("--backend", "auto", input=text, env=NO_GPU)
        self.assert_exit(result, 0)
        self.assertTrue(result.stdout == expected, "other counts than the oracle's")

    def test_cuda_says_what_is_missing_by_name(self):
        self.assert_exit(run("--backend", "cuda", input=b"x", env=NO_GPU), 69, "the backend cuda cannot be used: cudaError")

    def test_devices_tells_the_same(self):
        result = run("devices", env=NO_GPU)
        self.assert_exit(result, 0)
        self.assertIn(b"cudaError", result.stdout)


if __name__ == "__main__":
    unittest.main()
