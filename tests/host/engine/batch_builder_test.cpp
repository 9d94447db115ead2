// An open batch, and what host functions give out: when they are full, and what they keep.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/reader/batch_builder.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/engine/reader/host_output.h"

namespace millrace::batch_builder_test {
namespace {

constexpr std::size_t kRoom = 1000;

/// How many of these fit an open batch until it is nearly full.
template <class Append>
std::size_t most(Append append) {
  std::vector<std::byte> memory(kRoom);
  BatchBuilder batch({0}, memory, unlimited_budget());
  EXPECT_TRUE(batch.empty());
  std::size_t number = 0;
  for (; !batch.nearly_full(); ++number) append(batch);
  EXPECT_EQ(batch.records(), number);
  return number;
}

TEST(BatchBuilder, IsFullWhenWhatIsKeptBesideTheBytesIsAsLargeAsTheBuffer) {
  const std::array<std::int64_t, 10> values{};
  EXPECT_EQ(most([](BatchBuilder& batch) { batch.record(""); }), kRoom / 4);
  EXPECT_EQ(most([](BatchBuilder& batch) { batch.row("", {}); }), kRoom / 8);
  EXPECT_EQ(most([&](BatchBuilder& batch) { batch.row("", values); }), kRoom / 88 + 1);
}

TEST(BatchBuilder, IsFullWhenNoMoreThanASixteenthIsLeft) {
  const auto after = [](std::size_t first) {
    return most([=](BatchBuilder& batch) { batch.record(std::string(batch.empty() ? first : 1, 'x')); });
  };
  EXPECT_EQ(after(kRoom - kRoom / 16), 1U);
  EXPECT_EQ(after(kRoom - kRoom / 16 - 1), 2U);
}

// An empty message is a record: the batch that holds nothing else goes to the engine.
TEST(BatchBuilder, ThatHoldsEmptyRecordsAloneIsNotEmpty) {
  std::vector<std::byte> memory(kRoom);
  BatchBuilder of_messages({0}, memory, unlimited_budget());
  const std::array<std::uint32_t, 2> ends{};
  of_messages.filled(0, ends, {});
  EXPECT_FALSE(of_messages.empty());
  EXPECT_EQ(of_messages.records(), 2U);
  EXPECT_EQ(std::move(of_messages).close(0, Instant{}).ends.size(), 2U);
  BatchBuilder of_keys({0}, memory, unlimited_budget());
  of_keys.row("", {});
  EXPECT_FALSE(of_keys.empty());
}

TEST(BatchBuilder, RecordsOfLaterReadsEndBehindThoseOfEarlierOnes) {
  std::vector<std::byte> memory(kRoom);
  BatchBuilder batch({0}, memory, unlimited_budget());
  const std::array<std::uint32_t, 2> ends{3, 5};
  batch.filled(5, ends, {});
  batch.filled(5, ends, {});
  EXPECT_EQ(batch.room().size(), kRoom - 10);
  const FilledBatch closed = std::move(batch).close(7, Instant{});
  EXPECT_EQ(std::vector(closed.ends.begin(), closed.ends.end()), (std::vector<std::uint32_t>{3, 5, 8, 10}));
  EXPECT_EQ(closed.reader, 7U);
}

std::vector<OriginRun> origins_of(FilledBatch batch) {
  return {batch.origins.begin(), batch.origins.end()};
}

TEST(BatchBuilder, ReadsThatFollowEachOtherHaveOneOrigin) {
  std::vector<std::byte> memory(kRoom);
  BatchBuilder batch({0}, memory, unlimited_budget());
  batch.filled(5, {}, std::vector<OriginRun>{{0, 2, 100}});
  batch.filled(6, {}, std::vector<OriginRun>{{0, 2, 105}});
  batch.filled(4, {}, std::vector<OriginRun>{{0, 2, 120}, {2, 3, 122}});
  EXPECT_EQ(origins_of(std::move(batch).close(0, Instant{})),
            (std::vector<OriginRun>{{0, 2, 100}, {11, 2, 120}, {13, 3, 122}}));
}

TEST(BatchBuilder, OriginsOfMessagesCountMessages) {
  std::vector<std::byte> memory(kRoom);
  BatchBuilder batch({0}, memory, unlimited_budget());
  const std::array<std::uint32_t, 2> ends{3, 5};
  batch.filled(5, ends, std::vector<OriginRun>{{0, 0, 7}});
  batch.filled(5, ends, std::vector<OriginRun>{{0, 0, 9}});
  batch.filled(5, ends, std::vector<OriginRun>{{0, 0, 20}});
  EXPECT_EQ(origins_of(std::move(batch).close(0, Instant{})), (std::vector<OriginRun>{{0, 0, 7}, {4, 0, 20}}));
}

TEST(BatchBuilder, ARecordThatIsPlacedAloneHasItsOwnOrigin) {
  std::vector<std::byte> memory(kRoom);
  BatchBuilder batch({0}, memory, unlimited_budget());
  const OriginRun first{40, 1, 1000};
  const OriginRun second{44, 1, 1004};
  batch.record("abc", &first);
  batch.record("d", &second);
  EXPECT_EQ(origins_of(std::move(batch).close(0, Instant{})),
            (std::vector<OriginRun>{{0, 1, 1000}, {1, 1, 1004}}));
}

Plan rows_of(std::size_t values) {
  Plan plan;
  plan.keyed_by = KeyedBy::rows;
  plan.row_values = static_cast<std::uint32_t>(values);
  return plan;
}

TEST(HostOutput, ARowHasAsManyValuesAsThePlanSays) {
  HostOutput output(rows_of(2), 100, unlimited_budget());
  const std::array<std::int64_t, 3> values{1, 2, 3};
  EXPECT_THROW(output.row("k", std::span(values).first(1)), ConfigError);
  EXPECT_THROW(output.row("k", values), ConfigError);
  EXPECT_TRUE(output.empty());
  output.row("k", std::span(values).first(2));
  output.row("", std::span(values).last(2));
  EXPECT_EQ(output.front(), "k");
  output.pop();
  EXPECT_EQ(output.front(), "");
  EXPECT_EQ(output.front_values()[1], 3);
  output.pop();
  EXPECT_TRUE(output.empty());
}

TEST(HostOutput, GivesBackWhatOneRecordTookThatGaveAGreatDeal) {
  MemoryBudget budget(std::size_t{1} << 30);
  HostOutput output(rows_of(1), 100, budget);
  const std::int64_t value = 0;
  for (int i = 0; i < 300'000; ++i) output.row("a longer key", {&value, 1});
  EXPECT_GT(budget.used(), 3U << 20);
  output.clear();
  EXPECT_EQ(budget.used(), 0U);
  output.row("k", {&value, 1});
  const std::size_t little = budget.used();
  output.pop();
  EXPECT_EQ(budget.used(), little) << "what is small is used again";
}

}  // namespace
}  // namespace millrace::batch_builder_test
