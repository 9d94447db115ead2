// Which field a record was rejected for, and how much of it is shown.
// SPDX-License-Identifier: Apache-2.0
#include "host/state/bad_records.h"

#include <string>

#include <gtest/gtest.h>

namespace millrace::bad_records_test {
namespace {

Plan plan_of(std::uint32_t key, std::vector<std::uint32_t> values) {
  Plan plan;
  plan.keyed_by = KeyedBy::fields;
  plan.fields = {.delimiter = ',', .key = key, .values = std::move(values), .scale = 0};
  return plan;
}

TEST(BadRecords, TheFieldIsTheFirstWithThatFault) {
  const Plan plan = plan_of(1, {4, 2, 3});
  const std::string too_large(30, '9');
  const BadRecord malformed = describe(RejectReason::malformed, "k," + too_large + ",x", plan);
  EXPECT_EQ(malformed.field, 3U) << "one that is missing or too large is not malformed";
  EXPECT_EQ(malformed.field_text, "x");
  const BadRecord overflow = describe(RejectReason::overflow, "k," + too_large + ",x", plan);
  EXPECT_EQ(overflow.field, 2U);
  EXPECT_EQ(overflow.field_text, too_large);
  const BadRecord missing = describe(RejectReason::missing_field, "k," + too_large + ",x", plan);
  EXPECT_EQ(missing.field, 4U);
  EXPECT_EQ(missing.field_text, "");
  EXPECT_EQ(describe(RejectReason::malformed, "k,x,y,z", plan).field, 4U) << "in the order of the values";
}

TEST(BadRecords, OfALongRecordAndItsFieldABeginningIsShown) {
  const std::string record = std::string(200, 'k') + ',' + std::string(200, 'v');
  const BadRecord bad = describe(RejectReason::malformed, record, plan_of(1, {2}));
  EXPECT_LT(bad.text.size(), 100U);
  EXPECT_TRUE(bad.text.starts_with(std::string(60, 'k')));
  EXPECT_LT(bad.field_text.size(), 50U);
  EXPECT_TRUE(bad.field_text.starts_with(std::string(30, 'v')));
}

TEST(BadRecords, OnlyTheFirstFewAreKept) {
  const auto named = [](const std::string& text) {
    return BadRecord{.reason = RejectReason::malformed, .text = text};
  };
  BadRecords records;
  records.add({named("a"), named("b")});
  records.add({});
  records.add({named("c"), named("d"), named("e")});
  records.add({named("f")});
  std::string kept;
  for (const BadRecord& record : records.get()) kept += record.text;
  EXPECT_EQ(kept, "abc");
}

}  // namespace
}  // namespace millrace::bad_records_test
