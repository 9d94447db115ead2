// Flags that would have no effect are refused, wherever they were set.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/unused_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include <millrace/error.h>

#include "host/program/cli/flags/command_line.h"
#include "host/program/cli/flags/flags.h"
#include "tests/host/program/cli/refusal.h"

namespace millrace::cli::unused_flags_test {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// Every flag that takes part in finding keys, with a value that asks for something, and who uses it.
TEST(UnusedFlags, EachFlagIsTakenOrRefusedByEachWayOfCounting) {
  const std::map<std::string, std::string> users = {
      {"--fold-case", "words"},     {"--alphanumeric", "words"}, {"--delimiter=;", "fields split"},
      {"--key=2", "fields"},        {"--value=2", "fields"},     {"--scale=2", "fields"},
      {"--measure=sum:2", "fields"}};
  for (const auto& [flag, used_by] : users)
    for (const std::string by : {"words", "split", "fields", "lines"}) {
      std::vector<std::string> arguments = {"--by=" + by, flag};
      if (flag == "--scale=2" && by == "fields") arguments.emplace_back("--value=2");
      const ConfigError error = refusal_of(arguments);
      const bool used = used_by.find(by) != std::string::npos;
      EXPECT_EQ(error.exit_code(), used ? 0 : 64) << flag << " by " << by;
      if (used) continue;
      EXPECT_THAT(error.what(), StartsWith(flag.substr(0, flag.find('=')) + ": belongs to --by "));
    }
}

TEST(UnusedFlags, TheRefusalSaysWhatToType) {
  EXPECT_STREQ(
      refusal_of(std::vector<std::string>{"--fold-case", "--by=lines"}).what(),
      "--fold-case: belongs to --by words, and this job counts --by lines: give --by words, or leave it "
      "out; or fold before: tr A-Z a-z < FILE | millrace ...");
  EXPECT_STREQ(
      refusal_of(std::vector<std::string>{"--delimiter=,", "in.csv"}).what(),
      "--delimiter: belongs to --by fields or --by split, and this job counts --by words: give --by fields "
      "or --by split, or leave it out");
}

TEST(UnusedFlags, CommitEveryBelongsToACheckpoint) {
  EXPECT_THAT(refusal_of(std::vector<std::string>{"--commit-every=1s", "book.txt"}).what(),
              HasSubstr("--commit-every: belongs to --checkpoint DIR"));
  EXPECT_STREQ(refusal_of(std::vector<std::string>{"--commit-every=1s", "--checkpoint=dir"}).what(), "taken");
}

TEST(UnusedFlags, AGapIsOneOfACheckpoint) {
  EXPECT_THAT(refusal_of(std::vector<std::string>{"--accept-gap", "book.txt"}).what(),
              HasSubstr("--accept-gap: belongs to --checkpoint DIR"));
  EXPECT_STREQ(refusal_of(std::vector<std::string>{"--accept-gap", "--checkpoint=dir"}).what(), "taken");
}

TEST(UnusedFlags, AScaleDoesNotTurnWordsIntoFields) {
  EXPECT_THAT(refusal_of(std::vector<std::string>{"--scale=2", "book.txt"}).what(),
              HasSubstr("--scale: belongs to --by fields"));
  EXPECT_THAT(refusal_of(std::vector<std::string>{"--scale=2", "--key=1"}).what(),
              HasSubstr("--scale: belongs to values"));
  EXPECT_STREQ(refusal_of(std::vector<std::string>{"--scale=2", "--measure=sum:3"}).what(), "taken");
}

// It would be named as one that belongs to another way of counting than the one that was meant.
TEST(UnusedFlags, NoneIsToldWhereTheWayOfCountingWasNotUnderstood) {
  const ConfigError error = refusal_of(std::vector<std::string>{"--by=feilds", "--delimiter=;"});
  ASSERT_THAT(error.problems(), SizeIs(1));
  EXPECT_THAT(error.problems()[0], StartsWith("--by: \"feilds\""));
}

TEST(UnusedFlags, ElsewhereThanOnTheCommandLineTheyAreWrongConfiguration) {
  const ConfigError error = refusal({{"by", {{"lines"}, Origin::flag, "--by"}},
                                     {"fold-case", {{"true"}, Origin::environment, "MILLRACE_FOLD_CASE"}},
                                     {"delimiter", {{";"}, Origin::file, "job.toml:2:1: delimiter"}}});
  EXPECT_EQ(error.exit_code(), 78);
  ASSERT_THAT(error.problems(), SizeIs(2));
  EXPECT_THAT(error.problems()[0], StartsWith("MILLRACE_FOLD_CASE: belongs to --by words"));
  EXPECT_THAT(error.problems()[1], StartsWith("job.toml:2:1: delimiter: belongs to --by fields or --by split"));
}

TEST(UnusedFlags, ASwitchThatIsOffAsksForNothing) {
  EXPECT_STREQ(refusal({{"by", {{"lines"}, Origin::flag, "--by"}},
                        {"fold-case", {{"false"}, Origin::file, "job.toml:1:1"}}})
                   .what(),
               "taken");
}

}  // namespace
}  // namespace millrace::cli::unused_flags_test
