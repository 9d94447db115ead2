// Fields and pieces against a plain split.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/field.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/record.h"
#include "tests/support/property.h"

namespace millrace::field_test {
namespace {

Token whole(const std::string& text) {
  return {0, static_cast<std::uint32_t>(text.size())};
}

std::vector<std::string> plain_split(const std::string& text, char delimiter) {
  std::vector<std::string> pieces(1);
  for (const char c : text) {
    if (c == delimiter) {
      pieces.emplace_back();
    } else {
      pieces.back() += c;
    }
  }
  return pieces;
}

TEST(Field, EveryFieldIsThePlainSplitsPiece) {
  check_property(2000, [] {
    const auto text = *rc::gen::container<std::string>(rc::gen::element(',', ',', 'a', '\0', '\n', '\xfe'));
    const std::vector<std::string> pieces = plain_split(text, ',');
    for (std::uint32_t n = 0; n < pieces.size(); ++n) {
      const Field field = find_field(text.data(), whole(text), ',', n);
      RC_ASSERT(field.found);
      RC_ASSERT(text.substr(field.where.offset, field.where.length) == pieces[n]);
    }
    RC_ASSERT(!find_field(text.data(), whole(text), ',', static_cast<std::uint32_t>(pieces.size())).found);
  });
}

TEST(Field, TheDelimiterMayBeAnyByte) {
  for (const char delimiter : {'\0', '\x80', '\xff', '\t'}) {
    const std::string text = std::string("a") + delimiter + "b";
    EXPECT_EQ(find_field(text.data(), whole(text), delimiter, 1).where, (Token{2, 1}));
  }
}

TEST(Field, NothingOutsideTheRecordIsRead) {
  const std::string text = "x,y|a,b|z,,";
  const Token record{4, 3};
  EXPECT_EQ(find_field(text.data(), record, ',', 0).where, (Token{4, 1}));
  EXPECT_EQ(find_field(text.data(), record, ',', 1).where, (Token{6, 1}));
  EXPECT_FALSE(find_field(text.data(), record, ',', 2).found);
}

TEST(Field, OneCarriageReturnBeforeTheEndIsDropped) {
  const std::string text = "a,\r\r";
  EXPECT_EQ(without_carriage_return(text.data(), whole(text)), (Token{0, 3}));
  EXPECT_EQ(without_carriage_return(text.data(), Token{3, 1}), (Token{3, 0})) << "a record of nothing else";
  EXPECT_EQ(without_carriage_return(text.data(), Token{3, 0}), (Token{3, 0}))
      << "the byte before an empty record";
}

class ReadFields : public ::testing::Test {
 protected:
  RecordFields read(const std::string& record) {
    const FieldView rule{',', 1, fields_.data(), 2, 2};
    return read_fields(record.data(), whole(record), rule, values_);
  }
  std::vector<std::uint32_t> fields_ = {3, 2};
  std::int64_t values_[2] = {};
};

TEST_F(ReadFields, GivesKeyAndValuesInTheOrderOfTheRule) {
  const RecordFields fields = read("key,1.5,-2");
  ASSERT_TRUE(fields.counted);
  EXPECT_EQ(fields.key, (Token{0, 3}));
  EXPECT_EQ(values_[0], -200);
  EXPECT_EQ(values_[1], 150);
}

TEST_F(ReadFields, NamesTheFirstProblemInTheOrderOfTheRule) {
  EXPECT_EQ(read("key,x").reason, RejectReason::missing_field);
  EXPECT_EQ(read("key,x,").reason, RejectReason::malformed);
  EXPECT_EQ(read("key,x,99999999999999999999").reason, RejectReason::overflow);
  EXPECT_EQ(read("key,99999999999999999999,1").reason, RejectReason::overflow);
  EXPECT_EQ(read("key,99999999999999999999,x").reason, RejectReason::malformed);
  for (const char* record : {"", "key,x", "key,1,x", "key,x,1", "key,1,99999999999999999999"})
    EXPECT_FALSE(read(record).counted) << record;
}

}  // namespace
}  // namespace millrace::field_test
