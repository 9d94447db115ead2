// Settings from TOML.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/error.h>

#include "tests/io/temporary_directory.h"

namespace millrace::cli::config_file_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> problems_of(std::string_view text) {
  try {
    read_config(text, "job.toml");
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 78);
    return error.problems();
  }
  return {};
}

TEST(ConfigFile, ValuesOfAllKinds) {
  const SettingMap settings = read_config(
      "# a job\n"
      "from = [\"a#1.txt\", 'b,c.txt']\n"
      "top = 10\n"
      "fold_case = true\n"
      "delimiter = \",\"  # a comma\n"
      "memory = \"1GiB\"\n",
      "job.toml");
  EXPECT_THAT(settings.at("from").texts, ElementsAre("a#1.txt", "b,c.txt"));
  EXPECT_THAT(settings.at("top").texts, ElementsAre("10"));
  EXPECT_THAT(settings.at("fold-case").texts, ElementsAre("true"));
  EXPECT_THAT(settings.at("delimiter").texts, ElementsAre(","));
  EXPECT_THAT(read_config("fold-case = false\n", "job.toml").at("fold-case").texts, ElementsAre("false"));
  EXPECT_THAT(read_config("value = [2, 3]\n", "job.toml").at("value").texts, ElementsAre("2", "3"));
  EXPECT_EQ(settings.at("memory").where, "job.toml:6:1: memory");
  EXPECT_EQ(settings.at("memory").origin, Origin::file);
}

TEST(ConfigFile, UnknownKeysAreNamedWithTheirPlace) {
  EXPECT_THAT(problems_of("top = 1\n  tpo = 1\nmoon = 2\n"),
              ElementsAre("job.toml:2:3: unknown key \"tpo\" (did you mean \"top\"?)",
                          "job.toml:3:1: unknown key \"moon\""));
  EXPECT_THAT(
      problems_of("header = true\n"),
      ElementsAre(AllOf(HasSubstr("job.toml:1:1: unknown key \"header\": "), HasSubstr("--no-output-header"))));
  EXPECT_THAT(problems_of("[section]\ntop = 1\n"), ElementsAre(HasSubstr("unknown key \"section\"")));
}

TEST(ConfigFile, SyntaxErrorsHaveAPlace) {
  EXPECT_THAT(problems_of("top = 1\nfrom = \"open\n"), ElementsAre(HasSubstr("job.toml:2:")));
  EXPECT_THAT(problems_of("top = 1\ntop = 2\n"), ElementsAre(HasSubstr("job.toml:2:")));
}

TEST(ConfigFile, WhatNoFlagTakesIsRefused) {
  EXPECT_THAT(problems_of("top = 1.5\n"), ElementsAre(HasSubstr("job.toml:1:1: top takes")));
  EXPECT_THAT(problems_of("top = [1, 2]\n"), ElementsAre(HasSubstr("top takes")));
  EXPECT_THAT(problems_of("from = [[\"a\"]]\n"), ElementsAre(HasSubstr("or a list of them")));
  EXPECT_THAT(problems_of("fold-case = true\nfold_case = false\n"), ElementsAre(HasSubstr("is there twice")));
}

TEST(ConfigFile, WhatNestsTooDeeplyIsRefusedBeforeAParserRecurses) {
  std::string key = "a";
  for (int i = 0; i < 100'000; ++i) key += ".a";
  EXPECT_THAT(
      problems_of("top = 1\n " + key + " = 1"),
      ElementsAre("job.toml:2:35: is nested too deeply: a line is name = value, or name = [value, value]"));
  EXPECT_THAT(problems_of('[' + key + ']'), ElementsAre(HasSubstr("job.toml:1:35: is nested")));
  EXPECT_THAT(problems_of("from = [\"é\", " + std::string(100'000, '[')),
              ElementsAre(HasSubstr("job.toml:1:29: is nested")));
}

TEST(ConfigFile, LongNamesAreShortened) {
  const auto problems = problems_of(std::string(100'000, 'k') + " = 1");
  ASSERT_THAT(problems, ElementsAre(HasSubstr("…\"")));
  EXPECT_LT(problems.front().size(), 300U);
}

TEST(ConfigFile, AFileIsOneMebibyteAtMost) {
  try {
    read_config_file("/dev/zero");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 78);
    EXPECT_STREQ(error.what(), "/dev/zero: is above 1MiB: no settings take that much");
  }
}

TEST(ConfigFile, AFileOfOneMebibyteIsRead) {
  const millrace::testing::TemporaryDirectory directory;
  std::string text = "top = 5\n";
  text.resize(std::size_t{1} << 20, '\n');
  EXPECT_EQ(read_config_file(directory.write("job.toml", text)).size(), 1U);
  EXPECT_THROW(read_config_file(directory.write("job.toml", text + '\n')), ConfigError);
}

TEST(ConfigFile, AnEmptyFileSetsNothing) {
  EXPECT_THAT(read_config("", "job.toml"), IsEmpty());
}

TEST(ConfigFile, AMissingFileIsAMissingInput) {
  try {
    read_config_file("/no/such/job.toml");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 66);
    EXPECT_THAT(error.what(), HasSubstr("/no/such/job.toml: No such file"));
  }
}

TEST(ConfigFile, ADirectoryIsNone) {
  const millrace::testing::TemporaryDirectory directory;
  try {
    read_config_file(directory.path());
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 66);
    EXPECT_THAT(error.what(), HasSubstr("Is a directory"));
  }
}

}  // namespace
}  // namespace millrace::cli::config_file_test
