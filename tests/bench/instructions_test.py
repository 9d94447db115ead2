# When scripts/instructions fails: instructions_test.py BENCH, the folder of the module.
# SPDX-License-Identifier: Apache-2.0
import copy
import json
import sys
import unittest

sys.path.insert(0, sys.argv.pop())

import instructions  # noqa: E402

DUMP = """# callgrind format
part: 1

desc: Timerange: Basic block 0 - 10815165
desc: Trigger: Client Request: many words

summary: 0
totals: 64368005
"""


class Compared(unittest.TestCase):
    def setUp(self):
        with open(instructions.RECORDED, encoding="utf-8") as file:
            self.recorded = json.load(file)
        self.measured = copy.deepcopy(self.recorded)

    def compare(self):
        lines, good = instructions.compare(self.measured, self.recorded)
        return "\n".join(lines), good

    def multiply(self, factor):
        self.measured["instructions"]["words"]["avx2"] = int(self.recorded["instructions"]["words"]["avx2"] * factor)

    def test_what_is_recorded_is_all_that_is_measured(self):
        for levels in self.recorded["instructions"].values():
            self.assertEqual(tuple(levels), instructions.LEVELS)

    def test_no_growth(self):
        for factor in (0.5, 1, 1.049):
            self.multiply(factor)
            self.assertTrue(self.compare()[1], factor)

    def test_growth(self):
        self.multiply(1.051)
        text, good = self.compare()
        self.assertFalse(good)
        self.assertIn("times the recorded instructions: words avx2", text)

    def test_a_job_that_is_only_recorded(self):
        del self.measured["instructions"]["words"]
        text, good = self.compare()
        self.assertFalse(good)
        self.assertIn("not both recorded and measured: words avx2, words sse2", text)

    def test_a_job_that_is_only_measured(self):
        self.measured["instructions"]["new"] = {"avx2": 1}
        self.assertFalse(self.compare()[1])

    def test_compilers(self):
        self.multiply(2)
        self.measured["compiler"] = "GNU 99.1.0"
        text, good = self.compare()
        self.assertTrue(good)
        self.assertIn(f"not compared: recorded with {self.recorded['compiler']}, not GNU 99.1.0", text)
        self.measured["compiler"] = self.recorded["compiler"].rsplit(".", 1)[0] + ".99"
        self.assertFalse(self.compare()[1], "another minor version is compared")

    def test_dumps(self):
        self.assertEqual(instructions.of_dump(DUMP), ("many words", 64368005))
        self.assertIsNone(instructions.of_dump(DUMP.replace("Client Request: many words", "Program termination")))


if __name__ == "__main__":
    unittest.main()
