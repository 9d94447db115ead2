# What rows and messages look like: raw text, headers, formats by name, and nothing that a terminal would obey.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import unittest

from support import MILLRACE, Case, environment, run

# What a terminal obeys, and bytes that are no UTF-8; ends of lines are ours.
CONTROLS = "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\udc80-\udcff]"


class Formats(Case):
    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def test_text_is_raw_and_tsv_is_not(self):
        data = b"\\section C:\\new \\section"
        self.assertEqual(run(input=data).stdout, b"\\section\t2\nC:\\new\t1\n")
        self.assertIn(b"\\\\section\t2\nC:\\\\new\t1\n", run("--format", "tsv", input=data).stdout)
        self.assertEqual(run("--by", "lines", input=b"a\tb\n").stdout, b"a\tb\t1\n")
        self.assertIn(b"a\\tb\t1\n", run("--by", "lines", "--format", "tsv", input=b"a\tb\n").stdout)

    def test_csv_and_tsv_begin_with_a_header_unless_told(self):
        leave_out = self.write("job.toml", b"no-output-header = true\n")
        for name, header in (("csv", b"key,count\n"), ("tsv", b"key\tcount\n"), ("text", b""), ("json", b"")):
            row = run("--format", name, "--no-output-header", input=b"a").stdout
            self.assertEqual(row.count(b"\n"), 1)
            self.assertEqual(run("--format", name, input=b"a").stdout, header + row)
            self.assertEqual(run("--format", name).stdout, header, "of no rows, too")
            self.assertEqual(run("--format", name, input=b"a", env={"MILLRACE_NO_OUTPUT_HEADER": "true"}).stdout, row)
            self.assertEqual(run("--format", name, "--config", leave_out, input=b"a").stdout, row)
            self.assertEqual(run("--format", name, "--config", leave_out, "--no-output-header=false", input=b"a").stdout,
                             header + row)

    def test_windows_have_a_header_in_each_file_and_once_on_a_stream(self):
        out = self.path("out/")
        run("--every", "1h", "--format", "csv", "--to", out, "--to", "-", input=b"a")
        (name,) = os.listdir(out)
        self.assertRegex(self.read(out + name), rb"^start,end,key,count\n\S+Z,\S+Z,a,1\n$")
        many = run("--from", "generate:?words=300&rate=1k&vocabulary=1", "--every", "100ms", "--format", "csv").stdout
        self.assertGreater(many.count(b"\n"), 2)
        self.assertEqual(many.count(b"start,end,key,count\n"), 1)

    def test_each_output_has_the_format_that_its_name_ends_with(self):
        outputs = [self.path(name) for name in ("a.csv", "b.tsv", "c.json", "d.txt")]
        to = [argument for output in outputs for argument in ("--to", output)]
        written = {"csv": b"key,count\na,1\n", "tsv": b"key\tcount\na\t1\n", "json": b'{"key":"a","count":1}\n',
                   "txt": b"a\t1\n"}
        self.assertEqual(run(*to, "--to", "-", input=b"a").stdout, b"a\t1\n")
        for output in outputs:
            self.assertEqual(self.read(output), written[output.rpartition(".")[2]])
        run(*to, "--format", "json", input=b"a")
        for output in outputs:
            self.assertEqual(self.read(output), written["json"], "--format is for all")
        run("--to", self.path("dir.csv/"), input=b"a")
        self.assertEqual(os.listdir(self.path("dir.csv")), ["epoch-000000000001.txt"])
        run("--to", self.path("dir/"), "--format", "csv", input=b"a")
        self.assertEqual(os.listdir(self.path("dir")), ["epoch-000000000001.csv"])

    def test_check_and_config_tell_the_chosen_format(self):
        to = ("--to", self.path("a.csv"), "--to", "stdout:")
        self.assertRegex(run("check", *to).stdout.decode(), r"writes +\S+/a\.csv as csv, .*\nwrites +stdout: as text, ")
        self.assertRegex(run("check", *to, "--format", "json").stdout.decode(), r"/a\.csv as json, .*\n.*stdout: as json, ")
        self.assertRegex(run("config", *to).stdout.decode(), r'# format = "auto" +# default: csv for \S+/a\.csv, text for stdout:\n')
        self.assertRegex(run("config", *to, "--format", "json").stdout.decode(), r'format = "json" +# flag\n')

    def test_a_header_is_explained(self):
        for arguments in (("--header",), ("--header=true",)):
            self.assert_exit(run(*arguments, input=b"a"), 64, "--no-output-header", "tail -n +2 FILE | millrace")
        self.assertIn(b"--no-output-header", run(input=b"a", env={"MILLRACE_HEADER": "true"}).stderr)


class Terminals(Case):
    def assert_draws_nothing(self, output):
        self.assertNotRegex(output.decode(errors="surrogateescape"), CONTROLS)

    def test_control_characters_do_not_reach_the_terminal(self):
        # C0, DEL, C1 in UTF-8 and as a byte, and what turns the direction of writing
        evil = b"k\x1b[2J\x7f\xc2\x9b2J\x9b2J\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xd8\x9cname"
        shown = r"k\x1b[2J\x7f\u009b2J\x9b2J\u202e\u2066\u200f\u061cname"
        bad = ("--value", "2", "--on-bad-record", "stop", "--delimiter", ";")
        for arguments in ((evil,), ("--format", evil), (b"--" + evil,), ("--config", evil), ("check", evil)):
            result = subprocess.run([MILLRACE, *arguments], capture_output=True, env=environment())
            self.assert_exit(result, result.returncode, shown)
            self.assert_draws_nothing(result.stderr)
        for log_format in ("text", "json"):
            result = run(*bad, "--log-format", log_format, input=evil + b";x\n")
            self.assert_draws_nothing(result.stderr)
        table = run("--format", "table", input=evil)
        self.assertIn(shown, table.stdout.decode())
        self.assert_draws_nothing(table.stdout)

    def test_settings_are_printed_without_control_characters(self):
        evil = b"k\x1b\x7f\xc2\x9b\xe2\x80\xae\xc3\xa9"
        printed = subprocess.run([MILLRACE, "config", "--to", evil], capture_output=True, env=environment()).stdout
        self.assert_draws_nothing(printed)
        again = run("config", "--config", self.write("again.toml", printed)).stdout
        self.assertEqual(again.replace(b"# file", b"# flag"), printed, "and mean the same when they are read")


if __name__ == "__main__":
    unittest.main()
