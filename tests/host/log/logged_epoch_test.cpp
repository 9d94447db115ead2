// An epoch as a frame, and back: all that the next run is made of.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/logged_epoch.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/testing/fake_disk.h>

#include "host/log/encoding.h"

namespace millrace::logged_epoch_test {
namespace {

const HashSeed kSeed = hash_seed(1, 63);

Columns columns_of(const std::vector<std::string>& keys) {
  Columns columns(1, unlimited_budget());
  for (const std::string& key : keys) {
    const Key made = make_key(key.data(), static_cast<std::uint32_t>(key.size()), kSeed);
    columns.append(made, is_packed(made) ? std::string_view() : key, 2, std::vector<Int128>{-3});
  }
  return columns;
}

std::vector<std::string> keys_of(const Columns& columns) {
  std::vector<std::string> keys;
  for (std::size_t row = 0; row < columns.size(); ++row) {
    char scratch[8];
    keys.emplace_back(columns.text(row, scratch));
  }
  return keys;
}

EpochData some_epoch() {
  EpochData epoch;
  epoch.id = {4};
  epoch.stamp = 1'700'000'000'000'000;
  epoch.pane = {-8};
  epoch.partial = true;
  epoch.last = true;
  epoch.closed = {{-9}, {-8}};
  epoch.rejected[1] = 6;
  epoch.partials.emplace_back(Pane{-9}, columns_of({"zebra", "ant", "a key of many letters"}));
  epoch.partials.emplace_back(Pane{-8}, columns_of({"ant"}));
  epoch.marks = {{{.partition = 0, .next = 50, .done = false}}};
  return epoch;
}

LoggedInputs one_input() {
  LoggedInputs inputs;
  inputs.start({{{{.name = "a"}}, {{.partition = 0, .next = 0, .done = false}}}});
  return inputs;
}

struct Log {
  std::uint64_t write(const EpochData& epoch, const LoggedInputs* inputs) {
    FrameWriter frame(*file, 0, {.epoch = epoch.id, .key = inputs != nullptr, .last = epoch.last});
    write_epoch(frame, epoch, inputs, unlimited_budget(), workers);
    return frame.finish();
  }
  EpochData read(const EpochReading& reading) {
    const auto reader = disk.open("f");
    FrameReader frames(*reader, 0, 0);
    const auto head = frames.next();
    return read_epoch(frames, *head, reading);
  }
  testing::FakeDisk disk;
  std::unique_ptr<DiskFile> file = disk.create("f", {});
  WorkerPool workers{1};
};

EpochReading all_of(LoggedInputs& inputs) {
  return {.inputs = &inputs, .budget = &unlimited_budget(), .value_columns = 1, .seed = kSeed};
}

TEST(LoggedEpoch, ComesBack) {
  Log log;
  log.write(some_epoch(), nullptr);
  LoggedInputs inputs = one_input();
  const EpochData epoch = log.read(all_of(inputs));
  EXPECT_EQ(epoch.id, EpochId{4});
  EXPECT_EQ(epoch.stamp, 1'700'000'000'000'000);
  EXPECT_EQ(epoch.pane, Pane{-8});
  EXPECT_TRUE(epoch.partial);
  EXPECT_TRUE(epoch.last);
  EXPECT_EQ(epoch.closed, (std::vector<Pane>{{-9}, {-8}}));
  EXPECT_EQ(epoch.rejected[1], 6U);
  ASSERT_EQ(epoch.partials.size(), 2U);
  EXPECT_EQ(epoch.partials[0].first, Pane{-9});
  EXPECT_EQ(keys_of(epoch.partials[0].second),
            (std::vector<std::string>{"a key of many letters", "ant", "zebra"}));
  EXPECT_EQ(epoch.partials[0].second.counts[1], 2);
  EXPECT_EQ(epoch.partials[0].second.values[0][1], -3);
  EXPECT_EQ(keys_of(epoch.partials[1].second), std::vector<std::string>{"ant"});
  EXPECT_EQ(inputs.all().marks[0].next, 50);
}

TEST(LoggedEpoch, AKeyFrameTellsAllInputs) {
  LoggedInputs inputs = one_input();
  inputs.merge({}, some_epoch().marks);
  Log log;
  log.write(some_epoch(), &inputs);
  LoggedInputs again;
  log.read(all_of(again));
  EXPECT_EQ(again.all().partitions, inputs.all().partitions);
  EXPECT_EQ(again.all().marks, inputs.all().marks);
}

TEST(LoggedEpoch, AnotherFrameTellsWhatWasFound) {
  EpochData epoch = some_epoch();
  epoch.found = {{{.name = "b", .end = 9}}};
  epoch.marks[0].push_back({.partition = 1, .next = 3, .done = true});
  LoggedInputs inputs = one_input();
  inputs.merge(epoch.found, epoch.marks);
  Log log;
  log.write(epoch, nullptr);
  LoggedInputs again = one_input();
  log.read(all_of(again));
  EXPECT_EQ(again.all().partitions, inputs.all().partitions);
  EXPECT_EQ(again.all().marks, inputs.all().marks);
}

TEST(LoggedEpoch, WithoutPartialsOnlyTheirPanesAreRead) {
  Log log;
  log.write(some_epoch(), nullptr);
  const EpochData epoch = log.read({});
  ASSERT_EQ(epoch.partials.size(), 2U);
  EXPECT_EQ(epoch.partials[0].first, Pane{-9});
  EXPECT_EQ(epoch.partials[0].second.size(), 0U);
  EXPECT_EQ(epoch.closed.size(), 2U);
}

TEST(LoggedEpoch, RowsOfEachPaneAreAddedUp) {
  Log log;
  EpochData epoch = some_epoch();
  epoch.partials.emplace_back(Pane{-8}, columns_of({"bee", "cow"}));
  log.write(epoch, nullptr);
  LoggedInputs inputs = one_input();
  EpochReading partials = all_of(inputs);
  for (EpochReading reading : {EpochReading{}, partials}) {
    std::map<Pane, std::uint64_t> rows = {{{-8}, 100}};
    reading.rows = &rows;
    log.read(reading);
    EXPECT_EQ(rows, (std::map<Pane, std::uint64_t>{{{-9}, 3}, {{-8}, 103}}));
  }
}

// Though equal keys have no order of their own, and positions are told in another way.
TEST(LoggedEpoch, CopiedItsRowsAreTheSameBytes) {
  EpochData epoch = some_epoch();
  Columns same(1, unlimited_budget());
  const std::string key = "a key that comes often";
  for (std::int64_t i = 0; i < 300; ++i)
    same.append(make_key(key.data(), static_cast<std::uint32_t>(key.size()), kSeed), key, i * 7 % 300,
                std::vector<Int128>{i});
  epoch.partials.emplace_back(Pane{-8}, std::move(same));
  Log log;
  const std::uint64_t rows = log.write(epoch, nullptr);
  const auto written = log.disk.open("f");
  FrameReader found(*written, 0, 0);
  ASSERT_TRUE(found.next());

  Log copy;
  const LoggedInputs inputs = one_input();
  FrameWriter frame(*copy.file, 0, {.epoch = epoch.id, .key = true, .last = true});
  frame.begin(Section::optional);  // of a later version: it stays, too
  frame.add_chunk("something");
  frame.end();
  copy_epoch(found, frame);
  inputs.write(frame);
  EXPECT_EQ(frame.finish(), rows);
  LoggedInputs again;
  const EpochData copied = copy.read(all_of(again));
  EXPECT_EQ(copied.partials.back().second.size(), 300U);
  EXPECT_EQ(again.all().partitions, inputs.all().partitions);
}

/// An epoch with one more section.
void write_with(Log& log, int kind) {
  FrameWriter frame(*log.file, 0, {});
  write_epoch(frame, some_epoch(), nullptr, unlimited_budget(), log.workers);
  frame.begin(static_cast<Section>(kind));
  frame.add_chunk("x");
  frame.end();
  frame.finish();
}

TEST(LoggedEpoch, SectionsFrom128OnAreSkipped) {
  Log later;
  write_with(later, 128);
  EXPECT_NO_THROW(later.read({}));
  for (const int kind : {5, 127}) {
    Log newer;
    write_with(newer, kind);
    EXPECT_THROW(newer.read({}), TooNewError) << kind;
  }
}

TEST(LoggedEpoch, OneThatSaysNothingOfItselfIsCorrupt) {
  Log log;
  FrameWriter(*log.file, 0, {}).finish();
  EXPECT_THROW(log.read({}), CorruptError);
}

}  // namespace
}  // namespace millrace::logged_epoch_test
