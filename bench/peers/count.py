# Word count in Python with collections.Counter. python3 count.py FILE
# SPDX-License-Identifier: Apache-2.0
import collections
import sys

counts = collections.Counter()
with open(sys.argv[1], "rb") as text:
    for line in text:
        counts.update(line.split())
sys.stdout.buffer.writelines(b"%s\t%d\n" % row for row in counts.items())
