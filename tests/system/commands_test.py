# The sub-commands beside run: what they print, from which settings, and to whom.
# SPDX-License-Identifier: Apache-2.0
import fcntl
import json
import os
import re
import subprocess
import unittest

from support import MILLRACE, Case, environment, rows, run, unread, wait_until


class Configuration(Case):
    def value(self, *arguments, env=None):
        """What `config` says of --top, with its origin."""
        result = run("config", *arguments, env=env)
        self.assert_exit(result, 0)
        (line,) = [line.split() for line in result.stdout.decode().splitlines() if "top = " in line]
        return line[-3:] if line[0] != "#" else line[-4:]

    def test_the_flag_names_the_file_before_the_environment_does(self):
        five, six = self.write("five.toml", b"top = 5\n"), self.write("six.toml", b"top = 6\n")
        self.assertEqual(self.value(env={"MILLRACE_CONFIG": five}), ['"5"', "#", "file"])
        self.assertEqual(self.value("--config", six, env={"MILLRACE_CONFIG": five}), ['"6"', "#", "file"])
        self.assertEqual(self.value(env={"MILLRACE_CONFIG": ""})[-1], "default", "an empty name is none")
        self.assert_exit(run("config", env={"MILLRACE_CONFIG": self.path("none")}), 66, "none: No such file")

    def test_a_switch_that_is_given_twice_is_printed_once(self):
        printed = run("config", "-v", "-v").stdout.decode()
        self.assertRegex(printed, r'(?m)^verbose = "true" +# flag$')

    def test_several_inputs_are_a_list_and_one_is_none(self):
        self.assertRegex(run("config", "a", "b").stdout.decode(), r'(?m)^from = \["a", "b"\] +# flag$')
        self.assertRegex(run("config", "a").stdout.decode(), r'(?m)^from = "a" +# flag$')
        self.assertRegex(run("config").stdout.decode(), r'(?m)^# from = "-" +# default$')


class Version(Case):
    def test_json_tells_the_same_as_the_line(self):
        built = json.loads(run("version", "--json").stdout)
        self.assertEqual(list(built), ["name", "version", "compiler", "build_type", "cuda"])
        line = f"{built['name']} {built['version']} ({built['compiler']}, {built['build_type']}; CUDA: {built['cuda']})\n"
        self.assertEqual(run("--version").stdout.decode(), line)


class Devices(Case):
    def test_processors_are_those_that_it_may_use(self):
        one = min(os.sched_getaffinity(0))
        text = run("devices", preexec_fn=lambda: os.sched_setaffinity(0, {one})).stdout.decode()
        self.assertRegex(text, r"^processors  1 usable \(1 in the affinity mask, (no cgroup quota|cgroup quota \d+\.\d\d)\)\n")

    def test_the_default_is_what_is_asked_for(self):
        self.assertIn(b"default     cpu, as asked\n", run("devices", "--backend", "cpu").stdout)

    def test_instructions_that_could_be_chosen_are_the_other_ones(self):
        def vectors(env=None):
            return re.search(r"\nvectors     (\S+) \(MILLRACE_SIMD can choose (.*)\)\n", run("devices", env=env).stdout.decode())
        chosen, others = vectors().groups()
        self.assertNotIn(chosen, others.split(", "))
        for other in others.split(", "):
            now, rest = vectors({"MILLRACE_SIMD": other}).groups()
            self.assertEqual((now, {now, *rest.split(", ")}), (other, {chosen, *others.split(", ")}))


class Words(Case):
    def test_a_file_whose_name_is_nearly_a_sub_command(self):
        self.write("chekc", b"a b a")
        self.assertEqual(rows(run("chekc", cwd=self.directory).stdout), {b"a": 2, b"b": 1})


class Printing(Case):
    def test_an_output_that_fails_is_an_error(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([MILLRACE, "--help"], stdout=full, stderr=subprocess.PIPE, env=environment(), timeout=60,
                                    check=False)
        self.assert_exit(result, 74, "standard output: No space left on device")

    def test_a_reader_that_has_gone_is_none(self):
        reading, writing = os.pipe()
        os.close(reading)
        result = subprocess.run([MILLRACE, "--help-all"], stdout=writing, stderr=subprocess.PIPE, env=environment(),
                                timeout=60, check=False)
        os.close(writing)
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr, b"")

    def test_an_output_that_another_process_has_made_non_blocking(self):
        expected = run("--help-all").stdout
        reading, writing = os.pipe()
        room = fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        self.assertGreater(len(expected), room)
        os.set_blocking(writing, False)
        process = subprocess.Popen([MILLRACE, "--help-all"], stdout=writing, stderr=subprocess.PIPE, env=environment())
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            wait_until(lambda: process.poll() is not None or unread(pipe) == room, "the pipe to be full")
            self.assertEqual(pipe.read(), expected)
        self.assert_exit(self.ending(process), 0)


if __name__ == "__main__":
    unittest.main()
