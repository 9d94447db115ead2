// Sub-commands, flags and files on the command line.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/error.h>

namespace millrace::cli::command_line_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> texts(const CommandLine& line, const std::string& flag) {
  const auto found = line.settings.find(flag);
  return found == line.settings.end() ? std::vector<std::string>{} : found->second.texts;
}

std::string refusal(const std::vector<std::string>& arguments) {
  try {
    read_command_line(arguments);
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 64);
    return error.what();
  }
  return "taken";
}

TEST(CommandLine, NothingMeansRun) {
  const CommandLine line = read_command_line({});
  EXPECT_EQ(line.command, Command::run);
  EXPECT_THAT(line.settings, IsEmpty());
}

TEST(CommandLine, FilesComeBeforeFromFlags) {
  EXPECT_THAT(texts(read_command_line({"--from", "c", "a", "--from=d", "b"}), "from"),
              ElementsAre("a", "b", "c", "d"));
}

TEST(CommandLine, AFlagTakesExactlyOneValue) {
  const CommandLine line = read_command_line({"--top", "5", "book.txt", "--to", "-"});
  EXPECT_THAT(texts(line, "top"), ElementsAre("5"));
  EXPECT_THAT(texts(line, "to"), ElementsAre("-"));
  EXPECT_THAT(texts(line, "from"), ElementsAre("book.txt"));
}

TEST(CommandLine, ValuesAreTakenAsTheyAre) {
  EXPECT_THAT(texts(read_command_line({"--delimiter", "-"}), "delimiter"), ElementsAre("-"));
  EXPECT_THAT(texts(read_command_line({"--from", "[a,b]"}), "from"), ElementsAre("[a,b]"));
  EXPECT_THAT(texts(read_command_line({"--from", "{}"}), "from"), ElementsAre("{}"));
  EXPECT_THAT(texts(read_command_line({"--delimiter", "\""}), "delimiter"), ElementsAre("\""));
  EXPECT_THAT(texts(read_command_line({"-"}), "from"), ElementsAre("-"));
}

TEST(CommandLine, SwitchesNeedNoValue) {
  const CommandLine line = read_command_line({"--fold-case", "-v", "--no-output-header=false", "book.txt"});
  EXPECT_THAT(texts(line, "fold-case"), ElementsAre("true"));
  EXPECT_THAT(texts(line, "verbose"), ElementsAre("true"));
  EXPECT_THAT(texts(line, "no-output-header"), ElementsAre("false"));
  EXPECT_THAT(texts(line, "from"), ElementsAre("book.txt"));
}

TEST(CommandLine, ASubCommandBeatsAFileOfItsName) {
  EXPECT_EQ(read_command_line({"check", "book.txt"}).command, Command::check);
  EXPECT_EQ(read_command_line({"-v", "check", "book.txt"}).command, Command::check);
  EXPECT_EQ(read_command_line({"--threads", "2", "devices"}).command, Command::devices);
  EXPECT_EQ(read_command_line({"config"}).command, Command::config);
  EXPECT_EQ(read_command_line({"version"}).command, Command::version);
}

TEST(CommandLine, AFileOfASubCommandsNameCanBeReached) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--", "check"}, {"run", "check"}}) {
    const CommandLine line = read_command_line(arguments);
    EXPECT_EQ(line.command, Command::run);
    EXPECT_THAT(texts(line, "from"), ElementsAre("check"));
  }
  EXPECT_THAT(texts(read_command_line({"./check"}), "from"), ElementsAre("./check"));
  EXPECT_THAT(texts(read_command_line({"book.txt", "check"}), "from"), ElementsAre("book.txt", "check"));
}

TEST(CommandLine, AfterTwoDashesEverythingIsAFile) {
  const CommandLine line = read_command_line({"--top", "3", "--", "--top", "--", "-v"});
  EXPECT_THAT(texts(line, "from"), ElementsAre("--top", "--", "-v"));
  EXPECT_THAT(texts(line, "top"), ElementsAre("3"));
  EXPECT_THAT(texts(read_command_line({"a", "--from", "d", "b", "--", "c"}), "from"),
              ElementsAre("a", "b", "c", "d"));
  const CommandLine check = read_command_line({"check", "--", "run"});
  EXPECT_EQ(check.command, Command::check);
  EXPECT_THAT(texts(check, "from"), ElementsAre("run"));
}

TEST(CommandLine, StateTakesOneDirectory) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"state", "kept"}, {"-v", "state", "--", "kept"}}) {
    const CommandLine line = read_command_line(arguments);
    EXPECT_EQ(line.command, Command::state);
    EXPECT_EQ(line.directory, "kept");
    EXPECT_THAT(texts(line, "from"), IsEmpty());
  }
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"state"}, {"state", "a", "b"}, {"state", "--checkpoint", "kept"}})
    EXPECT_THAT(refusal(arguments), HasSubstr("millrace state DIR"));
  EXPECT_EQ(read_command_line({"state", "--help"}).command, Command::help);
}

TEST(CommandLine, HelpAndVersion) {
  EXPECT_EQ(read_command_line({"--help"}).command, Command::help);
  EXPECT_EQ(read_command_line({"check", "-h"}).command, Command::help);
  EXPECT_EQ(read_command_line({"--help-all"}).command, Command::help_all);
  EXPECT_EQ(read_command_line({"--version"}).command, Command::version);
  EXPECT_TRUE(read_command_line({"version", "--json"}).json);
  EXPECT_TRUE(read_command_line({"--version", "--json"}).json);
  EXPECT_EQ(read_command_line({"--help", "--help-all"}).command, Command::help_all);
  EXPECT_EQ(read_command_line({"--version", "--help"}).command, Command::help);
  EXPECT_TRUE(read_command_line({"check", "--faults"}).faults);
  EXPECT_THAT(refusal({"--faults", "book.txt"}), HasSubstr("millrace check"));
  EXPECT_THAT(refusal({"--json", "book.txt"}), HasSubstr("--format json"));
}

TEST(CommandLine, TheConfigurationFile) {
  EXPECT_EQ(read_command_line({"--config", "job.toml"}).config, "job.toml");
  EXPECT_FALSE(read_command_line({}).config);
}

TEST(CommandLine, MisspeltFlagsGetASuggestion) {
  EXPECT_THAT(refusal({"--tpo", "5"}), HasSubstr("unknown flag --tpo (did you mean \"--top\"?)"));
  EXPECT_THAT(refusal({"--fromat=json"}), HasSubstr("did you mean \"--format\"?"));
  EXPECT_THAT(refusal({"-top", "5"}), HasSubstr("did you mean \"--top\"?"));
  EXPECT_THAT(refusal({"--no-output-heaader"}), HasSubstr("did you mean \"--no-output-header\"?"));
  EXPECT_THAT(refusal({"--confg=a"}), HasSubstr("did you mean \"--config\"?"));
  EXPECT_THAT(refusal({"--hlep-all"}), HasSubstr("did you mean \"--help-all\"?"));
  EXPECT_THAT(refusal({"--verison"}), HasSubstr("did you mean \"--version\"?"));
  EXPECT_THAT(refusal({"--moonlight"}), HasSubstr("unknown flag --moonlight; see millrace --help"));
}

TEST(CommandLine, AHeaderIsExplained) {
  for (const char* flag : {"--header", "--header=false"})
    EXPECT_THAT(refusal({flag, "book.csv"}),
                AllOf(HasSubstr("--no-output-header"), HasSubstr("tail -n +2 FILE")))
        << flag;
}

TEST(CommandLine, LongWordsAreShortenedInMessages) {
  const std::string longest(100'000, 'x');
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--" + longest}, {"--" + longest + "=1"}, {'-' + longest}})
    EXPECT_LT(refusal(arguments).size(), 300U);
  EXPECT_EQ(refusal({longest}), "taken");
}

TEST(CommandLine, MisspeltSubCommandsGetASuggestion) {
  EXPECT_THAT(refusal({"chekc", "book.txt"}), HasSubstr("did you mean \"check\"?"));
  EXPECT_THAT(refusal({"device"}), HasSubstr("did you mean \"devices\"?"));
  for (const char* no_word : {"./chekc", "run.", "run*", "ru?", "run:"})
    EXPECT_EQ(refusal({no_word}), "taken") << no_word;
  EXPECT_EQ(refusal({"book.txt", "chekc"}), "taken");
}

TEST(CommandLine, AFlagWithoutItsValueIsRefused) {
  EXPECT_THAT(refusal({"--top"}), HasSubstr("--top"));
}

TEST(CommandLine, FlagsOfOthersAreAnswered) {
  EXPECT_EQ(refusal({"--follow", "x.log"}),
            "unknown flag --follow: a file is read to its end: tail -F FILE | millrace --every 1s");
  EXPECT_THAT(refusal({"--window=5s"}), HasSubstr("--every TIME"));
  EXPECT_THAT(refusal({"--slide", "1s"}), HasSubstr("in this version"));
  EXPECT_THAT(refusal({"--filter", "x"}), HasSubstr("grep PATTERN FILE | millrace"));
  EXPECT_THAT(refusal({"-k2"}), HasSubstr("--key N"));
  for (const char* flag : {"--slide", "--interval", "--skip-lines", "--limit", "--separator", "-d", "-n", "-o"})
    EXPECT_THAT(refusal({flag, "1"}), HasSubstr(std::string("unknown flag ") + flag + ": ")) << flag;
}

TEST(CommandLine, FlagsOfOthersAreAnsweredByWhatTheyMean) {
  const std::vector<std::pair<const char*, std::vector<const char*>>> answers = {
      {"--every TIME", {"--window", "--slide", "--interval", "--batch-interval", "--trigger", "--watermark"}},
      {"--checkpoint DIR", {"--checkpoint-location", "--checkpoint-dir", "--state"}},
      {"tail -F FILE", {"--follow", "--tail"}},
      {"grep PATTERN FILE", {"--filter", "--where", "--grep", "--match"}},
      {"tail -n +2 FILE",
       {"--skip", "--skip-lines", "--skip-records", "--skip-header", "--has-header", "--input-header",
        "--header-lines", "--headers"}},
      {"--top N", {"--limit", "--head", "-n"}},
      {"--key N", {"--group-by", "--column", "--field", "-k", "--csv"}},
      {"--delimiter BYTE", {"--separator", "--sep", "--fs", "-d", "-F"}},
      {"--to PATH", {"--output", "-o"}},
      {"--from PATH", {"--input"}},
      {"--value N", {"--sum", "--csv"}},
      {"| tac", {"--reverse", "-r"}},
      {"| wc -l", {"--distinct"}}};
  for (const auto& [answer, flags] : answers)
    for (const char* flag : flags) EXPECT_THAT(refusal({flag}), HasSubstr(answer)) << flag;
}

TEST(CommandLine, OneConfigurationIsNamed) {
  EXPECT_THAT(refusal({"--config=a", "--config=b"}), HasSubstr("--config is given twice"));
}

}  // namespace
}  // namespace millrace::cli::command_line_test
