// Texts of errors: whole, and bounded.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/error.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <source_location>
#include <string>

namespace millrace::error_test {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

TEST(Excerpt, IsTheDataUnlessItIsLong) {
  EXPECT_EQ(excerpt("key"), "key");
  EXPECT_EQ(excerpt(std::string(200, 'k')), std::string(200, 'k'));
  EXPECT_EQ(excerpt(std::string(201, 'k')), std::string(200, 'k') + "…");
  EXPECT_EQ(excerpt("a\0b\x1b"s), "a\\x00b\\x1b") << "and never more than printable";
}

TEST(Excerpt, CutsNoCharacterInTwo) {
  for (const std::string character : {"é", "漢", "\xF0\x9F\x8C\xBE"})
    for (std::size_t before = 0; before <= character.size(); ++before) {
      const std::string text = std::string(10 - before, 'x') + character + "and more";
      const std::size_t whole = before >= character.size() ? 10 : 10 - before;
      EXPECT_EQ(excerpt(text, 10), text.substr(0, whole) + "…") << before;
    }
  EXPECT_EQ(excerpt(std::string(20, '\x80'), 10).size(),
            7 * std::string("\\x80").size() + std::string("…").size())
      << "is no UTF-8 at all";
}

TEST(Error, AZeroByteDoesNotEndTheText) {
  EXPECT_STREQ(IoError("the key \"a\0b\": use another"s).what(), "the key \"a\\x00b\": use another");
  EXPECT_STREQ(ConfigError({"one\0"s, "two"s}).what(), "one\\x00\ntwo");
  EXPECT_STREQ(BudgetError("keys of a\0b"s, 1, 1).what(),
               "the memory budget of 1B does not hold the keys of a\\x00b: at least 1B are needed so far; try "
               "--memory 1B");
}

// More is needed than is known by then, so half as much again is advised, as a round number.
TEST(Error, AnExhaustedBudgetTellsHowMuchToTry) {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  EXPECT_THAT(BudgetError("keys", 80 * kMiB, 64 * kMiB).what(), ::testing::EndsWith("try --memory 128MiB"));
  EXPECT_THAT(BudgetError("keys", 90 * kMiB, 64 * kMiB).what(), ::testing::EndsWith("try --memory 256MiB"));
}

TEST(Error, DrawsNothingOnATerminal) {
  const ConfigError error({"one\n\xc2\x9b", "two\x1b"});
  EXPECT_STREQ(error.what(), "one\\n\\u009b\ntwo\\x1b") << "a line for each problem, and no other";
  EXPECT_THAT(error.problems(), ::testing::ElementsAre("one\\n\\u009b", "two\\x1b"));
  EXPECT_STREQ(IoError("cannot read \xe2\x80\xae.txt").what(), "cannot read \\u202e.txt");
  EXPECT_STREQ(IoError("one\ntwo\n").what(), "one\ntwo\n");
}

TEST(Error, TooFewDescriptorsAreToldWithTheRemedy) {
  EXPECT_STREQ(IoError::from_errno("cannot read a", EMFILE).what(),
               "cannot read a: Too many open files: allow this process more with ulimit -n");
  EXPECT_STREQ(IoError::from_errno("cannot read a", ENFILE).what(),
               "cannot read a: Too many open files in system: close others, or raise fs.file-max");
  EXPECT_STREQ(IoError::from_errno("cannot read a", ENOENT).what(), "cannot read a: No such file or directory");
}

TEST(Error, ALongNameIsCut) {
  const std::string text = IoError::from_errno("cannot read " + std::string(100'000, 'n'), ENAMETOOLONG).what();
  EXPECT_LT(text.size(), 300U);
  EXPECT_THAT(text, HasSubstr("…: File name too long"));
}

TEST(Error, AFullMachineIsToldApartFromAFullBudget) {
  const BudgetError error = BudgetError::machine_is_full("rows", 5000);
  EXPECT_STREQ(
      error.what(),
      "the machine gives no more memory for the rows (5KiB were asked for, within the budget): free some, or "
      "raise its limit");
  EXPECT_EQ(error.needed(), 5000U);
}

TEST(Error, ABrokenPromiseIsToldWithItsPlace) {
  const auto line = std::source_location::current().line() + 2;
  try {
    check(false, "numbers grow");
    FAIL() << "they do not";
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(), ::testing::StartsWith("internal error: numbers grow ("));
    EXPECT_THAT(error.what(), ::testing::EndsWith("error_test.cpp:" + std::to_string(line) + ")"));
  }
}

// After sysexits.h, as --help-all says.
TEST(Error, EachKindHasItsExitStatus) {
  EXPECT_EQ(ConfigError({"a"}).exit_code(), 78);
  EXPECT_EQ(ConfigError({"a"}, 66).exit_code(), 66);
  EXPECT_EQ(TransientError("a").exit_code(), 74);
  EXPECT_EQ(TransientError("a", 69).exit_code(), 69);
  EXPECT_EQ(IoError("a").exit_code(), 74);
  EXPECT_EQ(OutputClosed("a").exit_code(), 0);
  EXPECT_EQ(UnavailableError("a").exit_code(), 69);
  EXPECT_EQ(DeviceError("a").exit_code(), 69);
  EXPECT_EQ(BudgetError("a", 1, 1).exit_code(), 75);
  EXPECT_EQ(LimitError("a").exit_code(), 75);
  EXPECT_EQ(BadRecordError("a").exit_code(), 65);
  EXPECT_EQ(InternalError("a").exit_code(), 70);
}

}  // namespace
}  // namespace millrace::error_test
