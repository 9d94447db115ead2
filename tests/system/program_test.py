# The contracts of the command line: input, flags, configuration, exit codes, output.
# SPDX-License-Identifier: Apache-2.0
import collections
import json
import os
import shutil
import subprocess
import unittest

from support import MILLRACE, SANITIZED, Case, environment, limited, rows, run, words

MIB = 1 << 20


class Filter(Case):
    def count(self, data, *flags):
        result = run(*flags, input=data)
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr, b"", "quiet where stderr is no terminal")
        return rows(result.stdout)

    def test_counts_standard_input(self):
        self.assertEqual(self.count(b"to be or not to be\n"), {b"to": 2, b"be": 2, b"or": 1, b"not": 1})

    def test_rows_are_ordered_by_value_then_key(self):
        self.assertEqual(run(input=b"b a c c").stdout, b"c\t2\na\t1\nb\t1\n")

    def test_odd_bytes_are_never_lost(self):
        for data in (b"", b"\n", b" \t\n\v\f\r", b"end without newline", b"dos\r\nlines\r\nagain\r\n", b"nul\0byte \0 \0\0",
                     b"a \xff\xfe broken \xc3( utf\xc3\xa9 \x80", "naïve Ωμέγα 漢字 naïve".encode(), b"a" * 100000,
                     bytes(range(256)) * 3):
            for flags in ((), ("--batch-bytes", "64"), ("--threads", "3")):
                self.assertEqual(self.count(data, *flags), words(data), data[:40])

    def test_a_line_of_100_megabytes(self):
        data = b"alpha beta gamma " * (100_000_000 // 17)
        self.assertEqual(self.count(data), {b"alpha": 5882352, b"beta": 5882352, b"gamma": 5882352})

    def test_a_word_longer_than_a_batch(self):
        word = b"w" * (3 * MIB)
        self.assertEqual(self.count(b"a " + word + b" b", "--batch-bytes", "64KiB"), {b"a": 1, word: 1, b"b": 1})

    def test_a_record_that_is_too_long_is_counted_as_such(self):
        result = run("--by", "lines", "--max-record-bytes", "1KiB", input=b"short\n" + b"x" * 5000 + b"\nshort\n")
        self.assert_exit(result, 0, "1 record was not counted: 1 oversized")
        self.assertEqual(rows(result.stdout), {b"short": 2})

    def test_lines_split_and_folded_words(self):
        self.assertEqual(self.count(b"a b\r\na b\n\nc", "--by", "lines"), {b"a b": 2, b"": 1, b"c": 1})
        self.assertEqual(self.count(b"a  b\n", "--by", "split", "--delimiter", "space"), {b"a": 1, b"": 1, b"b": 1})
        self.assertEqual(self.count(b"The the. THE!", "--fold-case", "--alphanumeric"), {b"the": 3})

    def test_several_files_and_globs(self):
        self.write("a.txt", b"one two")
        self.write("b.txt", b"two three")
        expected = {b"one": 1, b"two": 2, b"three": 1}
        self.assertEqual(self.count(b"", self.path("a.txt"), self.path("b.txt")), expected)
        self.assertEqual(self.count(b"", "--from", self.path("*.txt")), expected)

    def test_many_small_files(self):
        os.mkdir(self.path("many"))
        for i in range(20_000):
            self.write(f"many/{i}.txt", b"common %d" % (i % 100))  # no newline at the end
        expected = {b"common": 20_000, **{b"%d" % i: 200 for i in range(100)}}
        for readers in ("0", "1", "3"):
            self.assertEqual(self.count(b"", self.path("many/*"), "--readers", readers), expected)

    def test_writes_to_a_file(self):
        self.count(b"x y x", "--to", self.path("out.txt"))
        with open(self.path("out.txt"), "rb") as file:
            self.assertEqual(rows(file.read()), {b"x": 2, b"y": 1})


class Fields(Case):
    SALES = b"ann,x,1.50\nbob,y,2.25\nann,z,-0.25\n"

    def test_sums_with_a_scale(self):
        result = run("--key", 1, "--value", 3, "--scale", 2, input=self.SALES)
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"bob\t2.25\nann\t1.25\n")

    def test_fields_count_from_1_as_in_cut(self):
        sales = self.write("sales.csv", self.SALES)
        for n in (1, 2, 3):
            column = subprocess.run(["cut", "-d,", f"-f{n}", sales], stdout=subprocess.PIPE, check=True).stdout
            self.assertEqual(rows(run("--key", n, sales).stdout), rows(run("--by", "lines", input=column).stdout))
        csv = run("--value", "3,2", "--measure", "sum,max", "--format", "csv", input=b"k,1,2\n").stdout
        self.assertEqual(csv, b"key,sum_3,sum_2,max_3,max_2\nk,2,1,2,1\n")
        for flags in (("--key", 0), ("--value", "3,0"), ("--measure", "sum:0")):
            self.assert_exit(run(*flags, sales), 64, f"{flags[0]}: fields count from 1, as in cut: the first is 1")

    def test_several_measures_in_every_format(self):
        flags = ("--key", 1, "--measure", "count,sum:3,mean:3", "--scale", 2, "--order", "key")
        self.assertEqual(run(*flags, input=self.SALES).stdout, b"ann\t2\t1.25\t0.62500000\nbob\t1\t2.25\t2.25000000\n")
        csv = run(*flags, "--format", "csv", input=self.SALES).stdout
        self.assertEqual(csv.splitlines()[0], b"key,count,sum,mean")
        lines = run(*flags, "--format", "json", input=self.SALES).stdout.splitlines()
        self.assertEqual([json.loads(line)["count"] for line in lines], [2, 1])
        table = run(*flags, "--format", "table", input=self.SALES).stdout.decode()
        self.assertIn("ann", table)

    def test_bad_records_are_skipped_and_reported(self):
        result = run("--key", 1, "--value", 3, "--scale", 2, input=self.SALES + b"eve\ncyd,x,many\n")
        self.assert_exit(result, 0, "2 records were not counted: 1 missing field, 1 malformed value")
        self.assertEqual(result.stdout.count(b"\n"), 2)
        self.assert_exit(result, 0, f'"eve" has no field 3 (stdin at offset {len(self.SALES)})',
                         f'field 3 is "many" in "cyd,x,many" (stdin at offset {len(self.SALES) + 4})')

    def test_a_bad_record_of_a_large_file_is_found_by_its_offset(self):
        data = b"".join(b"key%d,%d\n" % (i % 1000, i) for i in range(600_000))
        place = data.index(b"\n", len(data) * 2 // 3) + 1
        text = self.write("large.csv", data[:place] + b"here,x\n" + data[place:])
        for flags in (("--readers", 3), ("--readers", 1, "--batch-records", 1000)):
            result = run("--value", 2, *flags, text)
            self.assert_exit(result, 0, f'"here,x" ({text} at offset {place})')
            stopped = run("--value", 2, "--on-bad-record", "stop", *flags, text)
            self.assert_exit(stopped, 65, f'"here,x" ({text} at offset {place})')

    def test_what_most_records_lack_is_told_with_the_remedy(self):
        result = run("--value", 3, input=self.SALES)
        self.assert_exit(result, 0, "3 of 3 records were not counted", 'field 3 is "1.50" in "ann,x,1.50"', "add --scale 2")
        self.assertEqual(result.stderr.count(b"\n"), 1)
        self.assert_exit(run("--value", 2, input=self.SALES), 0, 'field 2 is "x"', "--value names the fields of numbers")
        self.assert_exit(run("--value", 3, "--delimiter", ";", input=self.SALES), 0, "is --delimiter right?")
        self.assert_exit(run("--value", 3, "--scale", 2, input=self.SALES + b"k,x,\x1b[2J\n"), 0, 'field 3 is "\\x1b[2J"')

    def test_bad_records_stop_the_job_if_asked(self):
        self.assert_exit(run("--value", 3, "--on-bad-record", "stop", input=b"a,b,many\n"), 65)


class FlagsWithoutEffect(Case):
    """Whoever gives a flag believes that it does something."""

    def test_they_are_refused_wherever_they_come_from(self):
        for flags in (("--by", "lines", "--fold-case"), ("--by", "split", "--alphanumeric"), ("--delimiter", ";"),
                      ("--by", "lines", "--delimiter", ";"), ("--scale", 2), ("--key", 1, "--scale", 2)):
            result = run(*flags, input=b"A,1")
            self.assert_exit(result, 64, "belongs to", "leave it out")
            self.assertEqual((result.stdout, result.stderr.count(b"\n")), (b"", 1))
        self.assert_exit(run("--by", "lines", env={"MILLRACE_FOLD_CASE": "true"}), 78, "MILLRACE_FOLD_CASE: belongs")
        config = self.write("job.toml", b"delimiter = ';'\n")
        self.assert_exit(run("--config", config, "--by", "words"), 78, "job.toml:1:1: delimiter: belongs")

    def test_one_key_is_named_once(self):
        for flags in (("--key", "1,3"), ("--key", 1, "--key", 3)):
            self.assert_exit(run(*flags, input=b"a,b,c"), 64, "awk -F, '{print $1\",\"$3}' FILE | millrace --by lines")
        joined = subprocess.run(["awk", "-F,", '{print $1","$3}'], input=b"a,b,c\na,d,c\n", stdout=subprocess.PIPE,
                                check=True).stdout
        self.assertEqual(rows(run("--by", "lines", input=joined).stdout), {b"a,c": 2})
        self.assert_exit(run("--key", "customer", input=b"a"), 64, "head -n 1 FILE")
        self.assert_exit(run("--top", 1, "--top", 2, input=b"a"), 64, "--top: is given twice")


class ExitCodes(Case):
    def test_usage(self):
        self.assert_exit(run("--tpo", 3), 64, 'unknown flag --tpo (did you mean "--top"?)')
        self.assert_exit(run("chekc"), 64, 'did you mean "check"?')
        self.assert_exit(run("--format", "jsno"), 64, 'did you mean "json"?')
        self.assert_exit(run("--top", "many", "--memory", "12parsecs"), 64, "--top", "--memory")
        self.assert_exit(run("--top"), 64, "--top needs a value")

    def test_missing_input(self):
        self.assert_exit(run(self.path("nothing.txt")), 66, "nothing.txt", "No such file")
        self.assert_exit(run("--config", self.path("nothing.toml")), 66, "nothing.toml")
        self.assert_exit(run("a\nb"), 66, "error: cannot read a\\nb: No such file")
        self.write("there.txt", b"x")
        result = run(self.path("a"), self.path("there.txt"), self.path("b"))
        self.assert_exit(result, 66, self.path("a"), self.path("b"))
        self.assertEqual(result.stdout, b"")

    def test_configuration(self):
        self.assert_exit(run("--config", self.write("job.toml", b"top = 3\ntpo = 3\n")), 78,
                         'job.toml:2:1: unknown key "tpo" (did you mean "top"?)')
        self.assert_exit(run(env={"MILLRACE_TOP": "x"}), 78, "MILLRACE_TOP")
        self.assert_exit(run("--by", "fields", "--measure", "sum"), 78, "sum needs a value")

    def test_unavailable(self):
        self.assert_exit(run("--backend", "cuda", input=b"x") if not os.path.exists("/dev/nvidia0") else
                         run("--backend", "cuda", input=b"x", env={"CUDA_VISIBLE_DEVICES": ""}), 69)

    def test_output_failed(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([MILLRACE], input=b"x", stdout=full, stderr=subprocess.PIPE, env=environment(),
                                    timeout=60, check=False)
        self.assert_exit(result, 74, "No space left on device")

    def test_dead_host(self):
        result = run("--from", "tcp://127.0.0.1:1")
        self.assert_exit(result, 69, "127.0.0.1:1")
        self.assertEqual(result.stderr.count(b"\n"), 1, "not that the input has no end")

    def test_results_of_an_earlier_run_are_not_replaced(self):
        folder = self.path("windows/")
        self.assert_exit(run("--every", "1s", "--to", folder, input=b"first"), 0)
        before = {name: open(folder + name, "rb").read() for name in os.listdir(folder)}
        self.assert_exit(run("--every", "1s", "--to", folder, input=b"second"), 78, "earlier run")
        self.assertEqual({name: open(folder + name, "rb").read() for name in os.listdir(folder)}, before)

    def test_outputs_that_are_not_meant(self):
        self.assert_exit(run("--to", self.directory, input=b"x"), 78, "is a directory", self.directory + "/")
        self.assert_exit(run("--to", self.path("a"), "--to", self.path("a"), input=b"x"), 78, "named twice")
        self.assert_exit(run("--threads", "100000", input=b"x"), 78, "1024")

    def test_closed_standard_descriptors(self):
        for closed, text in (("<&-", "stdin"), (">&-", "output")):
            result = subprocess.run(["bash", "-c", f'"$0" - {closed}', MILLRACE], input=b"x", capture_output=True,
                                    env=environment(), timeout=60, check=False)
            self.assert_exit(result, 74, text, "Bad file descriptor")

    def test_a_bad_record_is_shown(self):
        self.assert_exit(run("--value", "2", "--on-bad-record", "stop", input=b"k,1\nk,x\n"), 65, 'malformed value: "k,x"')
        self.assert_exit(run("--value", "2", input=b"k,1.5\n"), 0, "--scale")

    def test_a_budget_that_holds_no_batch(self):
        self.assert_exit(run("--memory", "1KiB", input=b"x"), 75, "--memory")

    def test_a_reader_that_has_seen_enough_is_no_error(self):
        text = self.write("text", b"\n".join(b"%d" % i for i in range(300_000)))
        pipe = subprocess.run(["bash", "-c", f'"$0" "$1" | head -1; exit ${{PIPESTATUS[0]}}', MILLRACE, text],
                              capture_output=True, env=environment(), timeout=60, check=False)
        self.assert_exit(pipe, 0)
        self.assertEqual(pipe.stderr, b"")
        self.assertEqual(pipe.stdout, b"0\t1\n")


class Verify(Case):
    def test_the_output_is_that_of_one_backend(self):
        data = b" ".join(b"word%d" % (i * i % 997) for i in range(50_000)) + b"\n\xff naive\0 " + b"l" * 5000
        for flags in ((), ("--by", "lines"), ("--value", "2")):
            alone = run(*flags, "--batch-bytes", "16KiB", input=data)
            for verify in ("--verify", "--verify=3"):
                both = run(*flags, verify, "--batch-bytes", "16KiB", input=data)
                self.assert_exit(both, 0)
                self.assertEqual(both.stdout, alone.stdout)
                # Which of the bad records comes first is up to who reads it.
                self.assertEqual(sorted(both.stderr.split(b"; ")), sorted(alone.stderr.split(b"; ")))

    def test_check_and_the_log_say_with_what(self):
        text = self.write("book.txt", b"x")
        self.assertIn(b"runs on  cpu, verified by the reference backend", run("check", "--verify", text).stdout)
        self.assertIn(b"in one epoch in 7", run("-v", "--verify=7", text).stderr)
        self.assertEqual(rows(run("--verify", text).stdout), {b"x": 1})

    def test_what_is_no_number(self):
        for wrong in ("0", "-1", "x", "1.5"):
            result = run(f"--verify={wrong}", input=b"x")
            self.assert_exit(result, 64, f'--verify: "{wrong}" is not a number from 1 on, true or false')
            self.assertEqual(result.stderr.count(b"\n"), 1)
        self.assert_exit(run(input=b"x", env={"MILLRACE_VERIFY": "0"}), 78, "MILLRACE_VERIFY")
        self.assert_exit(run(input=b"x", env={"MILLRACE_VERIFY": "true"}), 0)


class SubCommands(Case):
    def test_a_sub_command_beats_a_file_of_its_name(self):
        self.write("version", b"a file")
        self.assertIn(b"millrace ", run("version", cwd=self.directory).stdout)
        for arguments in (("./version",), ("--", "version"), ("run", "version")):
            self.assertEqual(rows(run(*arguments, cwd=self.directory).stdout), {b"a": 1, b"file": 1})

    def test_version(self):
        self.assertEqual(json.loads(run("version", "--json").stdout)["name"], "millrace")
        self.assertEqual(run("--version").stdout, run("version").stdout)

    def test_help_fits_eighty_columns(self):
        lines = run("--help").stdout.decode().splitlines()
        self.assertLessEqual(len(lines), 40)
        self.assertLessEqual(max(map(len, lines)), 80)
        sales = os.path.join(os.path.dirname(__file__), "../../examples/data/sales.csv")
        example = next(line.split("sales.csv")[0].split()[1:] for line in lines if "sales.csv" in line)
        result = run(*example, sales)
        self.assert_exit(result, 0, "1 record was not counted", "customer,date,item,amount")
        self.assertGreater(result.stdout.count(b"\n"), 2)
        self.assertIn(b"130, 143", run("--help-all").stdout)

    def test_devices(self):
        text = run("devices").stdout.decode()
        self.assertRegex(text, r"processors +\d+ usable")
        for word in ("memory", "cuda", "default"):
            self.assertIn(word, text)

    def test_any_instruction_set_can_be_chosen_and_counts_alike(self):
        text = self.write("book.txt", b"a mill turns the wheel that turns the mill of somebody else entirely\n" * 500)
        expected = run(text).stdout
        shown = run("devices", env={"MILLRACE_SIMD": "scalar"}).stdout.decode()
        self.assertRegex(shown, r"vectors +scalar \(MILLRACE_SIMD can choose ")
        self.assertEqual(run(text, env={"MILLRACE_SIMD": "scalar"}).stdout, expected)
        self.assertEqual(run(text, env={"MILLRACE_SIMD": ""}).stdout, expected)
        self.assert_exit(run(text, env={"MILLRACE_SIMD": "mmx"}), 78, "MILLRACE_SIMD=mmx: this machine has ", "scalar")

    def test_config_tells_origins_and_is_itself_a_configuration(self):
        file = self.write("job.toml", b'threads = 3\ntop = 9\nfrom = ["a", "b#c"]\n')
        printed = run("config", "--config", file, "--by", "split", "--delimiter", "tab", env={"MILLRACE_TOP": "5"}).stdout
        text = " ".join(printed.decode().split())
        self.assertIn('top = "5" # env', text)
        self.assertIn('threads = "3" # file', text)
        self.assertIn('delimiter = "tab" # flag', text)
        self.assertIn('# order = "value" # default', text)
        again = run("config", "--config", self.write("again.toml", printed)).stdout
        self.assertEqual(again.count(b"# file"), 5)


class Messages(Case):
    def test_messages_as_json(self):
        result = run("--log-format", "json", "--value", 2, "--on-bad-record", "skip", input=b'a,x"\x1b\n')
        message = json.loads(result.stderr.splitlines()[0])
        self.assertEqual(message["level"], "warning")
        self.assertIn("1 malformed value", message["message"])
        self.assertRegex(message["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_verbose_and_quiet(self):
        self.assertIn(b"cpu", run("-v", input=b"x").stderr)
        self.assertRegex(run("-v", input=b"x y\n" * 100_000).stderr, rb"time: a batch .* to count, [.\d]+ ms of that at work")
        self.assertIn(b"the job hourly runs on cpu", run("-v", "--name", "hourly", input=b"x").stderr)
        self.assertEqual(run("-q", "-v", "--progress", "always", "--value", 2, input=b"a\n").stderr, b"")
        self.assertRegex(run("--progress", "always", input=b"a\n").stderr, rb"1 words, 2 B in ")

    def test_near_misses_of_environment_variables_are_told(self):
        self.assertIn(b"MILLRACE_THREADS", run(input=b"x", env={"MILLRACE_TREADS": "2"}).stderr)


class Limits(Case):
    """Of the machine, and of whoever writes arguments."""

    @unittest.skipIf(SANITIZED, "UndefinedBehaviorSanitizer looks at objects through a pipe")
    def test_few_descriptors_are_told(self):
        text, out = self.write("text", b"a b a"), self.path("out/")
        for number in range(4, 16):
            self.assert_exit(limited(f"-n {number}", "--help"), 0)
        told = 0
        for arguments in ([], [text], [text, "--to", out, "--every", "1h"], ["--from", "generate:?words=9"],
                          ["--from", "tcp://127.0.0.1:1"], ["check", text], ["--config", text]):
            for number in range(4, 30):
                result = limited(f"-n {number}", *arguments)
                shutil.rmtree(out, ignore_errors=True)
                if b"Too many open files" not in result.stderr:
                    break
                self.assertIn(result.returncode, (66, 74))
                self.assertIn(b"ulimit -n", result.stderr)
                told += 1
            expected = 69 if "tcp://127.0.0.1:1" in arguments else 78 if "--config" in arguments else 0
            self.assert_exit(result, expected)
        self.assertGreater(told, 7)

    def test_messages_are_short_whatever_they_quote(self):
        long = "\n\x1b" * 50_000
        for arguments in ((long,), ("--" + long,), ("-" + long,), ("--top", long), ("--format", long), ("--every", long),
                          ("--config", long), ("--value", long), ("--measure", long), ("--delimiter", long),
                          ("--to", "no/" + long), ("--from", "tcp://" + long), ("--from", "generate:?" + long),
                          ("--from", "generate:?" + long + "=1"), ("--from", "generate:?words=" + long),
                          ("--from", "f" * 100_000 + ":"), ("--to", "f" * 100_000 + ":"), ("--to", "stdout:" + long),
                          ("check", long), ("--to", long, "--to", long), ("--from", "tcp://h:" + long),
                          ("--from", "tcp://h:1?reconnect=" + long)):
            result = run(*arguments)
            self.assertIn(result.returncode, (64, 66, 69, 74, 78), result.stderr[:300])
            self.assertLess(len(result.stderr), 3000, arguments[0][:20])
        self.assertLess(len(run(input=b"x", env={"MILLRACE_SIMD": long}).stderr), 5000)
        self.assertLess(len(run(input=b"x", env={"MILLRACE_TOP": long}).stderr), 5000)
        bad = b"k" * 1_000_000 + b",x\n"
        self.assertLess(len(run("--value", 2, "--on-bad-record", "stop", input=bad).stderr), 5000)

    def test_a_zero_byte_does_not_end_a_message(self):
        result = run("--value", 2, "--on-bad-record", "stop", input=b"k\0t,x\n")
        self.assert_exit(result, 65, 'malformed value: "k\\x00t,x"')
        result = run("--log-format", "json", "--value", 2, "--on-bad-record", "stop", input=b"k\0t,x\n")
        self.assertIn('"k\\x00t,x"', json.loads(result.stderr)["message"])

    def test_configuration_of_any_depth_is_refused_with_its_place(self):
        for text in (".".join(["a"] * 100_000) + " = 1", "[" + ".".join(["a"] * 100_000) + "]", "from = " + "[" * 100_000,
                     "from = " + "{a=" * 100_000):
            self.assert_exit(run("check", "--config", self.write("deep.toml", text.encode())), 78, "deep.toml:1:", "nested")

    def test_a_hundred_thousand_arguments(self):
        self.write("a", b"word")
        result = run(*["a"] * 100_000, cwd=self.directory)
        self.assertEqual(result.stdout, b"word\t100000\n")
        self.assert_exit(run("check", *["--from", "a"] * 50_000, cwd=self.directory), 0)
        result = run(*["no"] * 100_000, cwd=self.directory)
        self.assert_exit(result, 66, "99,980 more")
        self.assertEqual(result.stderr.count(b"\n"), 21)


class Generated(Case):
    def test_made_up_input_is_the_same_for_the_same_seed(self):
        flags = ("--from", "generate:?words=100k&vocabulary=1k&seed=7")
        result = run(*flags, "--threads", 1)
        self.assert_exit(result, 0)
        counts = rows(result.stdout)
        self.assertEqual(sum(counts.values()), 100_000)
        self.assertEqual(counts, rows(run(*flags, "--threads", 4, "--batch-bytes", "4KiB").stdout))
        self.assertNotEqual(counts, rows(run("--from", "generate:?words=100k&vocabulary=1k&seed=8").stdout))
        self.assertIsInstance(counts, collections.Counter)


if __name__ == "__main__":
    unittest.main()
