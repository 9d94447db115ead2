// Help texts.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/help.h"

#include <algorithm>

#include <fmt/format.h>

#include "host/program/cli/flags/flags.h"

namespace millrace::cli {
namespace {

constexpr std::size_t kColumns = 79;
constexpr std::size_t kIndent = 25;

constexpr std::string_view kHead =
    "millrace counts words, fields and lines of files and streams, exactly.\n"
    "Usage: millrace [run|check|config|devices|state|version] [FLAGS] [FILES]\n"
    "Without FILES it reads standard input. Rows go to stdout, all else to stderr.\n"
    "\n"
    "  millrace --top 10 book.txt                       the ten commonest words\n"
    "  millrace --from tcp://localhost:9999 --every 1s  words per second of a socket\n"
    "  millrace --key 1 --value 4 --scale 2 sales.csv   sums of field 4 by field 1\n";

constexpr std::string_view kSubCommands =
    "\nSub-commands, the first word that is no flag (a file of that name: ./check, or\n"
    "after --):\n"
    "  run                    Count; this is what happens without a sub-command.\n"
    "  check                  Tell what is wrong with settings, inputs and outputs,\n"
    "                         and what run would do, without running.\n"
    "  check --faults         Print the points of MILLRACE_FAULT.\n"
    "  config                 Print all settings in force, each with its origin.\n"
    "  devices                Print the processors, memory and GPUs there are.\n"
    "  state DIR              Print what a checkpoint holds, of a job that runs, too.\n"
    "  version [--json]       Print the version and how it was built.\n";

constexpr std::string_view kRest =
    "\nFILES: a name that exists is a file, whatever it looks like; -, stdin: and what\n"
    "has :// are addresses. Behind -- nothing is a flag. A directory among other\n"
    "inputs is skipped with a warning.\n"
    "\nRows: with --format auto an output path that ends in .csv, .tsv or .json has\n"
    "that format, standard output on a terminal is a table, and all else is text:\n"
    "keys as they are, a tab, the numbers.\n"
    "\nEvery flag can also be set by its environment variable (--batch-bytes:\n"
    "MILLRACE_BATCH_BYTES) and in the TOML file given by --config FILE\n"
    "(batch-bytes = \"4MiB\"). Flag beats environment beats file. A flag that the\n"
    "chosen way of counting does not use is refused, wherever it comes from.\n"
    "MILLRACE_FAULT=POINT[:N]:kill|error|stall, several with commas, makes a job fail\n"
    "on purpose the N-th time it comes to the point.\n"
    "Sizes: 64MiB, 1GB. Times: 250ms, 1s, 5m, 1d (days of UTC).\n"
    "Numbers: 10k, 2M.\n"
    "\nSignals: the first SIGINT, SIGTERM, SIGHUP or SIGQUIT stops reading, counts what\n"
    "was read, prints it and ends; the second, 0.1 s later or more, ends at once.\n"
    "\nExit codes: 0 done; 64 wrong usage; 65 bad data, or input that is no text;\n"
    "66 input missing; 69 a service or GPU is not there; 70 internal error; 74 input\n"
    "or output failed, or no more files may be open; 75 too little memory or too few\n"
    "threads; 77 a checkpoint that does not fit the job or its outputs; 78 wrong\n"
    "configuration; 130, 143, ... (128 and the signal's number) ended by a signal\n"
    "before input that has an end was read to it. Sockets that\n"
    "reconnect, made-up words without a number and, with --every, pipes have none:\n"
    "ending those is 0.\n";

/// `right` beside `left`, in lines that fit a terminal of 80 columns.
std::string wrapped(const std::string& left, std::string_view right) {
  std::string text;
  std::string line = fmt::format("  {:<{}} ", left, kIndent - 3);
  while (!right.empty()) {
    const std::string_view word = right.substr(0, right.find(' '));
    if (line.size() > kIndent && line.size() + word.size() > kColumns) {
      text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
      line.assign(kIndent, ' ');
    }
    line += std::string(word) + ' ';
    right.remove_prefix(std::min(word.size() + 1, right.size()));
  }
  return text + line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
}

std::string row(const Flag& flag, bool with_default) {
  std::string left = flag.letter == 0 ? "" : fmt::format("-{}, ", flag.letter);
  left += "--" + std::string(flag.name);
  if (!flag.argument.empty() && !flag.argument.starts_with('[')) left += ' ';
  left += flag.argument;
  std::string right(flag.help);
  if (with_default && !flag.default_text.empty() && flag.default_text != "false")
    right += fmt::format(" [{}]", flag.default_text);
  return wrapped(left, right);
}

std::string rows(bool all) {
  std::string text;
  std::string_view group;
  for (const Flag& flag : flags()) {
    if (!all && !flag.common) continue;
    if (flag.group != group) text += '\n' + std::string(flag.group) + ":\n";
    group = flag.group;
    text += row(flag, all);
  }
  return text;
}

}  // namespace

std::string help_text() {
  return std::string(kHead) + rows(false) + "\nMore flags, the environment, exit codes: millrace --help-all\n";
}

std::string help_all_text() {
  return std::string(kHead) + rows(true) +
         "  --config FILE          Read settings from this TOML file.\n"
         "  -h, --help             The commonest flags.\n"
         "  --help-all             This text.\n" +
         std::string(kSubCommands) + std::string(kRest);
}

}  // namespace millrace::cli
