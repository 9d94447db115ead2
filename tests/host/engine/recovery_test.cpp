// The committer where an earlier run has ended: what is shown again, and to whom.
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/engine/lone_committer.h"

namespace millrace::recovery_test {
namespace {

using ::testing::HasSubstr;
using testing::MemorySink;

/// A log whose third epoch, of pane 1, is undecided; pane 2 is open, and pane 0 was shown.
Recovered interrupted() {
  return {.last = {3},
          .stamp = 30,
          .frame = frame_of(3),
          .open = {{1}, {2}},
          .undecided = Undecided{.closed = {{1}}}};
}
std::vector<EpochData> logged() {
  std::vector<EpochData> epochs(3);
  epochs[0].id = {1};
  epochs[0].partials.emplace_back(Pane{0}, words({{"z", 1}}));
  epochs[1].id = {2};
  epochs[1].closed = {{0}};
  epochs[1].partials.emplace_back(Pane{1}, words({{"a", 4}}));
  epochs[2].id = {3};
  epochs[2].closed = {{1}};
  epochs[2].partials.emplace_back(Pane{1}, words({{"a", 1}, {"b", 2}}));
  epochs[2].partials.emplace_back(Pane{2}, words({{"a", 1}}));
  return epochs;
}

TEST_F(CommitterTest, AnUndecidedEpochIsShownAgainAsItWas) {
  const auto rows = std::make_shared<MemorySink>();
  const auto sink = std::make_shared<WatchedSink>();
  log_.logged = logged();
  with({rows, sink}, {std::nullopt, Shown{{2}, frame_of(2)}}).resume(interrupted());
  EXPECT_FALSE(committer_->idle()) << "the engine hands over nothing before";
  settle();
  EXPECT_EQ(sink->calls, "begin write finish ");
  EXPECT_EQ(sink->told[0].id, EpochId{3});
  EXPECT_EQ(sink->told[0].stamp, 30);
  EXPECT_EQ(sink->told[0].frame, frame_of(3));
  ASSERT_EQ(rows->rows().size(), 2U);
  EXPECT_EQ(rows->rows()[0].count, 5);
  EXPECT_EQ(calls_, (std::vector<std::string>{"commit 3"})) << "it is in the log already";
  for (const auto& rejected : metrics_.rejected) EXPECT_EQ(rejected, 0U) << "told by the run that read them";
  EXPECT_TRUE(metrics_.bad_records.get().empty());
}

TEST_F(CommitterTest, WhoHasTheUndecidedEpochDoesNotGetIt) {
  for (const std::uint64_t frame : {std::uint64_t{0}, frame_of(3)}) {
    const auto knows = std::make_shared<WatchedSink>();
    const auto knows_not = std::make_shared<WatchedSink>();
    log_.logged = logged();
    with({knows, knows_not}, {Shown{{3}, frame}, std::nullopt}).resume(interrupted());
    settle();
    EXPECT_EQ(knows->calls, "");
    EXPECT_EQ(knows_not->calls, "begin write finish ");
  }
}

TEST_F(CommitterTest, OpenPanesGoOnWithWhatWasCounted) {
  const auto sink = std::make_shared<MemorySink>();
  log_.logged = logged();
  with({sink}).resume(interrupted());
  settle();
  epochs_ = 3;
  show(window(2, words({{"a", 10}})));
  ASSERT_EQ(sink->epochs().size(), 2U);
  EXPECT_EQ(sink->epochs().at({4})[0].count, 11);
}

// The next run of a job without windows counts what its input has grown by.
TEST_F(CommitterTest, TheResultOfAWholeStreamIsKeptBehindItsEnd) {
  for (const bool again : {false, true}) {
    const auto sink = std::make_shared<MemorySink>();
    log_.logged.clear();
    if (again) {
      EpochData& last = log_.logged.emplace_back(window(0, words({{"a", 1}, {"b", 1}})));
      last.id = {1};
      last.last = true;
    }
    PaneClock whole_stream({}, clock_, {});
    with({sink}, {}, whole_stream).resume({.last = {again ? 1U : 0U}, .finished = again});
    epochs_ = again ? 1 : 0;
    if (!again) show(window(0, words({{"a", 1}, {"b", 1}})));
    show(window(0, words({{"a", 10}})));
    const auto rows = sink->epochs().at({2});
    ASSERT_EQ(rows.size(), 2U) << again;
    EXPECT_EQ(rows[0].count, 11) << again;
  }
}

TEST_F(CommitterTest, RecordsThatEarlierRunsDidNotCountAreToldAtTheEnd) {
  with({std::make_shared<MemorySink>()}).resume({.last = {9}, .rejected = {0, 0, 3, 0}});
  EXPECT_EQ(metrics_.rejected[2], 3U);
}

}  // namespace
}  // namespace millrace::recovery_test
