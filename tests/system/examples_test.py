# The examples do what their first line says.
# SPDX-License-Identifier: Apache-2.0
import decimal
import os
import re
import subprocess
import unittest

from support import Case, environment, free_port

EXAMPLES = os.environ["EXAMPLES"]
SOURCE = os.environ["SOURCE"]


class Examples(Case):
    def example(self, name, *arguments):
        return subprocess.run([os.path.join(EXAMPLES, name), *arguments], stdout=subprocess.PIPE, check=True,
                              timeout=60, env=environment()).stdout

    def test_word_count(self):
        text = self.write("text", b"".join(b"w%d " % i * i for i in range(1, 15)))
        self.assertEqual(self.example("word_count", text),
                         b"".join(b"w%d\t%d\n" % (i, i) for i in range(14, 4, -1)))

    def test_network_word_count(self):
        port = free_port()
        with subprocess.Popen(["nc", "-l", "-k", "127.0.0.1", str(port)], stdin=subprocess.PIPE) as server, \
                subprocess.Popen([os.path.join(EXAMPLES, "network_word_count"), f"tcp://127.0.0.1:{port}"],
                                 stdout=subprocess.PIPE, env=environment()) as job:
            try:
                server.stdin.write(b"a b a\n")
                server.stdin.flush()
                rows = [job.stdout.readline().split(b"\t") for _ in range(2)]
                self.assertEqual([row[2:] for row in rows], [[b"a", b"2\n"], [b"b", b"1\n"]])
                self.assertRegex(rows[0][0], rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$")
            finally:
                job.kill()
                server.kill()

    def test_revenue_by_customer(self):
        sales = os.path.join(SOURCE, "examples/data/sales.csv")
        expected = {}
        with open(sales, encoding="utf-8") as file:
            for line in list(file)[1:]:
                customer, _, _, amount = line.strip().split(",")
                expected.setdefault(customer, []).append(decimal.Decimal(amount))
        shown = {}
        for line in self.example("revenue_by_customer", sales).decode().splitlines()[1:]:
            customer, total, orders, mean = re.fullmatch(r"(.*?) +(\S+) +(\S+) +(\S+)", line).groups()
            shown[customer] = (decimal.Decimal(total), int(orders), decimal.Decimal(mean))
        self.assertEqual(shown, {
            customer: (sum(amounts), len(amounts), (sum(amounts) / len(amounts)).quantize(
                decimal.Decimal("1e-8"), decimal.ROUND_HALF_EVEN)) for customer, amounts in expected.items()})

    def test_are_short(self):
        for name in ("word_count", "network_word_count"):
            with open(os.path.join(SOURCE, "examples", name + ".cpp"), encoding="utf-8") as file:
                self.assertLessEqual(len(file.readlines()), 15)


if __name__ == "__main__":
    unittest.main()
