// Help texts.
// SPDX-License-Identifier: Apache-2.0
#include "host/cli/help.h"

#include <fmt/format.h>

#include "host/cli/flags.h"

namespace millrace::cli {
namespace {

constexpr std::string_view kHead =
    "millrace counts words, fields and lines of files and streams, exactly.\n"
    "Usage: millrace [run|check|config|devices|version] [FLAGS] [FILES]\n"
    "Without FILES it reads standard input. Rows go to stdout, all else to stderr.\n"
    "\n"
    "  millrace --top 10 book.txt                            the ten commonest words\n"
    "  millrace --from tcp://localhost:9999 --every 1s       the words of each second of a socket\n"
    "  millrace --key 1 --value 3 --scale 2 sales.csv        sums of field 3 by field 1\n";

constexpr std::string_view kSubCommands =
    "\nSub-commands, the first word that is no flag (a file of that name: ./check, or after --):\n"
    "  run                  Count; this is what happens without a sub-command.\n"
    "  check                Say what run would do, and everything that is wrong, without running.\n"
    "  config               Print all settings in force, each with its origin.\n"
    "  devices              Print the processors, memory and GPUs that can be used.\n"
    "  version [--json]     Print the version and how it was built.\n";

constexpr std::string_view kRest =
    "\nFILES: a name that exists is a file, whatever it looks like; -, stdin: and what has :// are addresses.\n"
    "Behind -- nothing is a flag. A directory among other inputs is skipped with a warning.\n"
    "\nRows: with --format auto an output path that ends in .csv, .tsv or .json has that format, standard "
    "output\n"
    "on a terminal is a table, and all else is text: keys as they are, a tab, the numbers.\n"
    "\nEvery flag can also be set by its environment variable (--batch-bytes: MILLRACE_BATCH_BYTES) and in\n"
    "the TOML file given by --config FILE (batch-bytes = \"4MiB\"). Flag beats environment beats file.\n"
    "Sizes: 64MiB, 1GB. Times: 250ms, 1s. Numbers: 10k, 2M.\n"
    "\nSignals: the first SIGINT, SIGTERM, SIGHUP or SIGQUIT stops reading, counts what was read, prints it "
    "and\n"
    "ends; the second, 0.1 s later or more, ends at once.\n"
    "\nExit codes: 0 done; 64 wrong usage; 65 bad data; 66 input missing; 69 a service or GPU is not there;\n"
    "70 internal error; 74 input or output failed, or no more files may be open; 75 too little memory or too\n"
    "few threads; 78 wrong configuration; 130, 143, ... (128 and the number of the signal) ended by a signal\n"
    "before input that has an end was read to it. Sockets that reconnect, made-up words without a number and,\n"
    "with --every, pipes have none: ending those is 0.\n";

std::string row(const Flag& flag, bool with_default) {
  std::string left = flag.letter == 0 ? "" : fmt::format("-{}, ", flag.letter);
  left += "--" + std::string(flag.name);
  if (!flag.argument.empty() && !flag.argument.starts_with('[')) left += ' ';
  left += flag.argument;
  std::string right(flag.help);
  if (with_default && !flag.standard.empty() && flag.standard != "false")
    right += fmt::format(" [{}]", flag.standard);
  return fmt::format("  {:<22} {}\n", left, right);
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
