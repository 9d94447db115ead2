// Runs: any rows come back, in the order of their keys.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/run.h"

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <millrace/testing/fake_disk.h>

#include "host/log/encoding.h"

namespace millrace::run_test {
namespace {

const HashSeed kSeed = hash_seed(1, 63);

struct Row {
  std::string key;
  std::int64_t count = 0;
  std::vector<std::int64_t> values;
  friend auto operator<=>(const Row&, const Row&) = default;
};

Columns columns_of(const std::vector<Row>& rows, std::size_t value_columns, const HashSeed& seed = kSeed) {
  Columns columns(value_columns, unlimited_budget());
  for (const Row& row : rows) {
    const Key key = make_key(row.key.data(), static_cast<std::uint32_t>(row.key.size()), seed);
    columns.append(key, is_packed(key) ? std::string_view() : row.key, row.count,
                   std::vector<Int128>(row.values.begin(), row.values.end()));
  }
  return columns;
}

std::vector<Row> rows_of(const Columns& columns) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    char scratch[8];
    Row& row = rows.emplace_back(std::string(columns.text(i, scratch)), columns.counts[i],
                                 std::vector<std::int64_t>());
    for (const auto& column : columns.values) row.values.push_back(column[i]);
  }
  return rows;
}

/// Writes them as a run and reads that. Keys are hashed by another seed then.
struct ThereAndBack {
  ThereAndBack(const std::vector<Row>& rows, std::size_t value_columns, Pane written = {}) {
    WorkerPool workers(1);
    const Columns columns = columns_of(rows, value_columns);
    const auto file = disk.create("f", {});
    FrameWriter frame(*file, 0, {});
    write_run(frame, written, columns, by_key(columns, unlimited_budget(), workers));
    frame.finish();

    const auto reader = disk.open("f");
    FrameReader frames(*reader, 0, 0);
    EXPECT_TRUE(frames.next());
    EXPECT_EQ(frames.next_section(), Section::run);
    Columns again(value_columns, unlimited_budget());
    const HashSeed other = hash_seed(2, 63);
    RunReader run(again, RunWidth::narrow, other);
    while (const auto chunk = frames.next_chunk()) {
      ++chunks;
      run.read(*chunk);
    }
    pane = run.finish();
    found = rows_of(again);
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT_EQ(again.keys[i],
                make_key(found[i].key.data(), static_cast<std::uint32_t>(found[i].key.size()), other));
  }
  testing::FakeDisk disk;
  std::size_t chunks = 0;
  Pane pane;
  std::vector<Row> found;
};

RC_GTEST_PROP(Run, AnyRowsComeBackInOrder, ()) {
  const auto value_columns = *rc::gen::inRange<std::size_t>(0, 3);
  const auto keys = *rc::gen::container<std::vector<std::string>>(
      rc::gen::oneOf(rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab\0\xff", 4))),
                     rc::gen::string<std::string>()));
  std::vector<Row> rows;
  for (const std::string& key : keys) {
    Row& row = rows.emplace_back(key, *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 40),
                                 std::vector<std::int64_t>());
    for (std::size_t i = 0; i < value_columns; ++i) row.values.push_back(*rc::gen::arbitrary<std::int64_t>());
  }
  const Pane pane{*rc::gen::arbitrary<std::int64_t>()};
  ThereAndBack run(rows, value_columns, pane);
  RC_ASSERT(run.pane == pane);
  RC_ASSERT(std::ranges::is_sorted(run.found, {}, &Row::key));
  std::ranges::sort(run.found);
  std::ranges::sort(rows);
  RC_ASSERT(run.found == rows);
}

TEST(Run, ManyRowsTakeSeveralChunks) {
  std::vector<Row> rows;
  for (int i = 0; i < 200'000; ++i) rows.push_back({"common beginning " + std::to_string(i), i, {-i}});
  ThereAndBack run(rows, 1);
  EXPECT_GT(run.chunks, 1U);
  std::ranges::sort(rows);
  EXPECT_EQ(run.found, rows);
}

TEST(Run, LongKeysAreCutByNoChunk) {
  std::vector<Row> rows;
  for (char letter = 'a'; letter <= 'z'; ++letter) rows.push_back({std::string(64 << 10, letter), 1, {}});
  const ThereAndBack run(rows, 0);
  EXPECT_EQ(run.chunks, 2U);
  EXPECT_EQ(run.found, rows);
}

TEST(Run, AKeyThatNoChunkTakesHasItsOwn) {
  std::vector<Row> rows = {{"a", 1, {}}};
  for (const std::size_t more : {0U, 1U, 5'000'000U})
    rows.push_back({std::string(kChunkBytesMax + more, 'b'), 2, {}});
  rows.push_back({std::string(kChunkBytesMax, 'b') + 'c', 3, {}});
  rows.push_back({"d", 4, {}});
  const ThereAndBack run(rows, 0);
  EXPECT_EQ(run.chunks, 6U);
  std::ranges::sort(rows);
  EXPECT_EQ(run.found, rows);
}

TEST(Run, TheFirstKeyMayBeLong) {
  const std::vector<Row> rows = {{std::string(2 * kChunkBytesMax, 'a'), 1, {}}};
  const ThereAndBack run(rows, 0, {3});
  EXPECT_EQ(run.pane, Pane{3});
  EXPECT_EQ(run.found, rows);
}

// Of several collects: sorting them ends, and loses none.
TEST(Run, AKeyMayComeOften) {
  std::vector<Row> rows;
  for (int i = 0; i < 1000; ++i)
    for (const char* key : {"the same long key", "the same long key!", "short", "the same long ke"})
      rows.push_back({key, i, {}});
  ThereAndBack run(rows, 0);
  EXPECT_TRUE(std::ranges::is_sorted(run.found, {}, &Row::key));
  std::ranges::sort(run.found);
  std::ranges::sort(rows);
  EXPECT_EQ(run.found, rows);
}

TEST(Run, NoRowsAreARun) {
  const ThereAndBack run({}, 2, {9});
  EXPECT_EQ(run.pane, Pane{9});
  EXPECT_TRUE(run.found.empty());
}

std::string chunk(std::uint64_t rows, std::uint64_t value_columns, std::uint64_t shared,
                  std::string_view rest) {
  std::string bytes;
  put_zigzag(bytes, 0);
  put_varint(bytes, rows);
  put_varint(bytes, value_columns);
  put_varint(bytes, shared);
  put_text(bytes, rest);
  put_varint(bytes, 1);
  return bytes;
}

void read(const std::string& bytes) {
  Columns columns(0, unlimited_budget());
  RunReader run(columns, RunWidth::narrow, kSeed);
  run.read(bytes);
  run.finish();
}

TEST(Run, WhatCannotBeOneIsCorrupt) {
  EXPECT_NO_THROW(read(chunk(1, 0, 0, "key")));
  EXPECT_THROW(read(chunk(2, 0, 0, "key")), CorruptError) << "fewer rows than it says";
  EXPECT_THROW(read(chunk(0, 0, 0, "key")), CorruptError) << "more rows than it says";
  EXPECT_THROW(read(chunk(1, 1, 0, "key")), CorruptError) << "values of another job";
  EXPECT_THROW(read(chunk(1, 0, 1, "key")), CorruptError) << "shares more than there is";
  std::string negative = chunk(1, 0, 0, "key");
  negative.pop_back();
  put_varint(negative, std::uint64_t{1} << 63);
  EXPECT_THROW(read(negative), CorruptError);
  std::string too_much = chunk(2, 0, 0, "key");
  put_varint(too_much, 0);
  put_text(too_much, "other");
  put_varint(too_much, std::numeric_limits<std::int64_t>::max());
  EXPECT_THROW(read(too_much), CorruptError);
  Columns columns(0, unlimited_budget());
  EXPECT_THROW(static_cast<void>(RunReader(columns, RunWidth::narrow, kSeed).finish()), CorruptError)
      << "nothing";
}

}  // namespace
}  // namespace millrace::run_test
