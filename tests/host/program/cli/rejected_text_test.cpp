// Bad records are told with their number, examples and a remedy that fits the cause.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/rejected_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/state/bad_records.h"

namespace millrace::cli::rejected_text_test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Plan sums_of(std::uint32_t field, std::uint32_t scale = 0, char delimiter = ',') {
  Plan plan;
  plan.keyed_by = KeyedBy::fields;
  plan.fields = {.delimiter = delimiter, .key = 1, .values = {field}, .scale = scale};
  plan.measures = {{Reduction::sum, 0}};
  return plan;
}

/// What is told of these records, when `counted` others were counted.
std::string told(const Plan& plan, std::uint64_t counted, RejectReason reason,
                 const std::vector<std::string>& records) {
  Progress progress;
  progress.tokens = counted;
  progress.rejected.at(static_cast<std::size_t>(reason)) = records.size();
  for (const std::string& record : records) add_shown(progress.bad_records, {describe(reason, record, plan)});
  return rejected_text(progress, plan);
}

TEST(RejectedText, CountsByReason) {
  Progress progress;
  progress.tokens = 5000;
  EXPECT_EQ(rejected_text(progress, {}), "");
  progress.rejected[static_cast<std::size_t>(RejectReason::malformed)] = 1;
  EXPECT_EQ(rejected_text(progress, {}), "1 record was not counted: 1 malformed value");
  progress.rejected[static_cast<std::size_t>(RejectReason::oversized)] = 2000;
  EXPECT_EQ(rejected_text(progress, {}), "2,001 records were not counted: 2,000 oversized, 1 malformed value");
  progress.tokens = 1999;
  EXPECT_THAT(rejected_text(progress, {}), HasSubstr("2,001 of 4,000 records were not counted: "));
  progress.tokens = 2001;
  EXPECT_THAT(rejected_text(progress, {}), StartsWith("2,001 records were not counted: "))
      << "half is not most";
}

TEST(RejectedText, TheFirstFewAreShown) {
  EXPECT_EQ(told(sums_of(2), 9, RejectReason::malformed, {"b,oops"}),
            "1 record was not counted: 1 malformed value; field 2 is \"oops\" in \"b,oops\"");
  EXPECT_EQ(
      told(sums_of(3), 9, RejectReason::missing_field, {"a,1", "b,1", "c,1", "d,1"}),
      "4 records were not counted: 4 missing field, such as: \"a,1\" has no field 3; \"b,1\" has no field 3; "
      "\"c,1\" has no field 3");
  EXPECT_THAT(told(sums_of(2), 9, RejectReason::overflow, {"b,99999999999999999999"}),
              HasSubstr("field 2 is \"99999999999999999999\""));
  EXPECT_LT(
      told(sums_of(2), 9, RejectReason::malformed, {std::string(1000, 'k') + ',' + std::string(1000, 'v')})
          .size(),
      300U);
}

TEST(RejectedText, TheKeyIsMissedFirst) {
  Plan plan = sums_of(2);
  plan.fields.key = 3;
  EXPECT_THAT(told(plan, 9, RejectReason::missing_field, {"a"}), HasSubstr("\"a\" has no field 3"));
  EXPECT_THAT(told(sums_of(3), 9, RejectReason::missing_field, {"a"}), HasSubstr("\"a\" has no field 3"));
}

TEST(RejectedText, TheRemedyFitsTheCause) {
  const auto malformed = [](const Plan& plan, std::uint64_t counted, const std::string& record) {
    return told(plan, counted, RejectReason::malformed, {record});
  };
  EXPECT_THAT(malformed(sums_of(2), 9, "b,-1.50"), EndsWith("values have decimals: add --scale 2"));
  EXPECT_THAT(malformed(sums_of(2, 2), 9, "b,1.505"), EndsWith("add --scale 3"));
  EXPECT_THAT(told(sums_of(2), 9, RejectReason::malformed, {"a,1.255", "b,1.5"}), EndsWith("add --scale 3"));
  EXPECT_THAT(told(sums_of(2), 9, RejectReason::malformed, {"a,1.5", "b,1.255"}), EndsWith("add --scale 3"));
  EXPECT_THAT(malformed(sums_of(2), 9, "b,0." + std::string(18, '1')), EndsWith("add --scale 18"));
  EXPECT_THAT(malformed(sums_of(2), 9, "b,0." + std::string(19, '1')), Not(HasSubstr("--scale")))
      << "none such";
  EXPECT_THAT(malformed(sums_of(2), 9, "b,1.5.0"), Not(HasSubstr("--scale")));
  EXPECT_THAT(malformed(sums_of(2), 9, "b,+1.5"), EndsWith("add --scale 1"));
  EXPECT_THAT(malformed(sums_of(2), 9, "b,.5"), Not(HasSubstr("--scale"))) << "no digit before the point";
  EXPECT_THAT(malformed(sums_of(2), 9, "b, 1"), HasSubstr("tr -d ' ' < FILE"));
  EXPECT_THAT(malformed(sums_of(2), 9, "b,1 "), HasSubstr("tr -d ' ' < FILE"));
  EXPECT_THAT(malformed(sums_of(2, 0, '\t'), 0, "b\tx"), EndsWith("between \"tab\""));
  EXPECT_THAT(malformed(sums_of(2, 0, ';'), 0, "b;x"), EndsWith("between \";\""));
  EXPECT_THAT(told(sums_of(2), 9, RejectReason::malformed, {"a,x", "b,\"1\""}), HasSubstr("in quotes"))
      << "of the first that tells anything";
  EXPECT_THAT(malformed(sums_of(2), 9, "b,\"1\""), HasSubstr("in quotes"));
  EXPECT_THAT(malformed(sums_of(3), 0, "b,1,laptop"),
              AllOf(HasSubstr("field 3 is \"laptop\""), HasSubstr("--value names")));
  EXPECT_THAT(malformed(sums_of(3), 9, "b,1,laptop"), Not(HasSubstr("--value names"))) << "one among many";
  EXPECT_THAT(malformed(sums_of(2), 0, "b,"), EndsWith("--value names a field that is empty"));
  EXPECT_THAT(told(sums_of(2), 0, RejectReason::missing_field, {"a;1"}), HasSubstr("is --delimiter right?"));
  EXPECT_THAT(told(sums_of(3), 0, RejectReason::missing_field, {"a,1"}),
              HasSubstr("are --key and --value right?"));
}

}  // namespace
}  // namespace millrace::cli::rejected_text_test
