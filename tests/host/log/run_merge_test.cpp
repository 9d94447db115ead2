// Runs merged by key are what a map makes of them.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/snapshot/run_merge.h"

#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <millrace/testing/fake_disk.h>

namespace millrace::run_merge_test {
namespace {

const std::vector<ValueColumn> kColumns = {{Combine::sum, 0}, {Combine::min, 0}, {Combine::max, 0}};

struct Counted {
  std::int64_t count = 0;
  std::vector<Int128> values;
  friend bool operator==(const Counted&, const Counted&) = default;
};
using Table = std::map<std::string, Counted>;

void add(Table& into, const std::string& key, const Counted& more) {
  const auto [at, is_new] = into.try_emplace(key, more);
  if (is_new) return;
  Counted& all = at->second;
  all.count += more.count;
  all.values[0] += more.values[0];
  all.values[1] = std::min(all.values[1], more.values[1]);
  all.values[2] = std::max(all.values[2], more.values[2]);
}

/// Writes runs to a file, behind one another.
class Runs {
 public:
  RunPlace write(RunWidth width, const std::multimap<std::string, Counted>& rows) {
    const bool wide = width == RunWidth::wide;
    const auto path = std::make_shared<const std::filesystem::path>("f" + std::to_string(files_++));
    const auto file = disk.create(*path, {});
    FrameWriter frame(*file, 1, {});
    frame.begin(wide ? Section::wide_run : Section::run);
    const std::uint64_t offset = frame.size();
    frame.make_room(30);
    put_head(frame.chunk(), width, {.pane = {5}, .rows = rows.size(), .value_columns = kColumns.size()});
    RunRows writer(frame);
    for (const auto& [key, row] : rows) writer.add(key, row.count, row.values);
    frame.end();
    const std::uint64_t bytes = frame.size() - offset;
    frame.finish();
    return {
        .file = path, .width = width, .epoch = {1}, .span = {.pane = {5}, .offset = offset, .bytes = bytes}};
  }
  Table merged(const std::vector<RunPlace>& places) {
    RunMerge merge(disk, places, kColumns);
    Table found;
    while (const RunRow* row = merge.next()) {
      EXPECT_TRUE(found.empty() || found.rbegin()->first < row->key) << "each key once, in order";
      found[row->key] = {row->count, row->values};
    }
    return found;
  }
  testing::FakeDisk disk;

 private:
  int files_ = 0;
};

TEST(RunMerge, IsWhatAMapMakesOfThem) {
  std::mt19937_64 random(1);
  const auto draw = [&](std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(0, most)(random);
  };
  for (int round = 0; round < 60 / MILLRACE_ONE_CASE_IN; ++round) {
    Runs runs;
    Table truth;
    std::vector<RunPlace> places;
    for (std::uint64_t i = draw(9); i > 0; --i) {
      const auto width = draw(1) == 0 ? RunWidth::wide : RunWidth::narrow;
      std::multimap<std::string, Counted> rows;
      for (std::uint64_t row = draw(200); row > 0; --row) {
        std::string key(draw(12), 'k');
        if (!key.empty()) key.back() = static_cast<char>(draw(255));
        if (draw(40) == 0) key.append(kChunkBytesMax / 3, 'x');
        Int128 value = static_cast<std::int64_t>(random());
        if (width == RunWidth::wide) value *= static_cast<std::int64_t>(draw(1'000'000));
        const Counted counted{static_cast<std::int64_t>(draw(1000)), {value, -value / 2, value}};
        rows.emplace(key, counted);
        add(truth, key, counted);
      }
      places.push_back(runs.write(width, rows));
    }
    EXPECT_TRUE(runs.merged(places) == truth) << round;
  }
}

TEST(RunMerge, WhatIsDamagedOrGoneIsCorrupt) {
  Runs runs;
  const RunPlace place = runs.write(RunWidth::narrow, {{"a", {1, {1, 1, 1}}}, {"b", {1, {1, 1, 1}}}});
  RunPlace other = place;
  other.file = std::make_shared<const std::filesystem::path>("nothing");
  EXPECT_THROW(runs.merged({place, other}), CorruptError);
  std::string bytes = runs.disk.contents(*place.file).value();
  bytes[place.span.offset + 7] ^= 1;
  other.file = std::make_shared<const std::filesystem::path>("changed");
  runs.disk.create(*other.file, {})->write(std::as_bytes(std::span(bytes)));
  EXPECT_THROW(runs.merged({place, other}), CorruptError);
  const std::vector<ValueColumn> less = {{Combine::sum, 0}};
  EXPECT_THROW(RunMerge(runs.disk, std::vector{place}, less), CorruptError) << "values of another job";
  const auto most = std::numeric_limits<std::int64_t>::max();
  const RunPlace much = runs.write(RunWidth::wide, {{"a", {most, {1, 1, 1}}}});
  EXPECT_THROW(runs.merged({place, much}), CorruptError) << "more than can be counted";
}

}  // namespace
}  // namespace millrace::run_merge_test
