// The committer where an earlier run has ended: what is shown again, and to whom.
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/engine/lone_committer.h"

namespace millrace {
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

// Rows that were shown to others meanwhile would be missing, and nobody would know.
TEST_F(CommitterTest, AnOutputThatIsOutOfStepIsRefused) {
  const auto refusal = [&](const Shown& shown) -> std::string {
    log_.logged = logged();
    try {
      with({std::make_shared<WatchedSink>()}, {shown}).resume(interrupted());
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.exit_code(), 77);
      return error.what();
    }
    return "taken";
  };
  EXPECT_THAT(refusal({{4}, 0}), HasSubstr("finished epoch 4, and the checkpoint ends with epoch 3"));
  EXPECT_THAT(refusal({{3}, frame_of(3) + 1}), HasSubstr("not as the checkpoint has it"));
  EXPECT_THAT(refusal({{1}, 0}), HasSubstr("finished epoch 1, and epoch 2 was shown to others since"));
  EXPECT_THAT(refusal({{2}, frame_of(2) + 1}), HasSubstr("not as the checkpoint has it"));
  EXPECT_EQ(refusal({{2}, 0}), "taken");
  EXPECT_EQ(refusal({{2}, frame_of(2)}), "taken");
  EXPECT_EQ(refusal({{3}, frame_of(3)}), "taken");
}

// Epochs 2 and 3 show nothing. Whoever has shown something under their numbers is another job on a copy.
TEST_F(CommitterTest, AnOutputThatHasAnEpochWhichShowedNothingIsRefused) {
  std::vector<EpochData> epochs(3);
  for (std::size_t i = 0; i < epochs.size(); ++i) epochs[i].id = {i + 1};
  epochs[0].closed = {{0}};
  epochs[0].partials.emplace_back(Pane{0}, words({{"z", 1}}));
  log_.logged = std::move(epochs);
  Committer& committer = with({std::make_shared<WatchedSink>()}, {Shown{{2}, frame_of(2)}});
  EXPECT_THROW(committer.resume({.last = {3}, .stamp = 30, .frame = frame_of(3)}), ConfigError);
}

// A snapshot tells what was shown by epochs that are not handed over any more.
TEST_F(CommitterTest, AnOutputIsInStepWithWhatASnapshotTells) {
  Recovered recovered{.last = {9}, .frame = frame_of(9), .open = {{5}}};
  recovered.shown = {{7}, frame_of(7)};
  for (const std::uint64_t number : {std::uint64_t{6}, std::uint64_t{8}, std::uint64_t{7}}) {
    const Shown has{{number}, frame_of(number)};
    with({std::make_shared<MemorySink>()}, {has});
    recovered.rejected = {0, 0, 3, 0};
    if (number == 7)
      EXPECT_NO_THROW(committer_->resume(recovered));
    else
      EXPECT_THROW(committer_->resume(recovered), ConfigError) << number;
  }
  EXPECT_EQ(metrics_.rejected[2], 3U) << "they are told at the end of the job";
}

TEST_F(CommitterTest, AnOutputThatBeginsLateIsTold) {
  std::vector<std::string> told;
  options_.on_event = [&](const Event& event) { told.push_back(event.text); };
  log_.logged = logged();
  const auto late = std::make_shared<WatchedSink>();
  const auto known = std::make_shared<WatchedSink>();
  with({late, known}, {std::nullopt, Shown{{2}, frame_of(2)}}).resume(interrupted());
  EXPECT_THAT(told, ::testing::ElementsAre(HasSubstr("has no rows of the epochs up to 2")));
  told.clear();
  log_.logged = logged();
  const PaneClock whole({}, clock_, {});
  with({std::make_shared<WatchedSink>()}, {std::nullopt}, whole).resume(interrupted());
  EXPECT_TRUE(told.empty()) << "without windows its next rows are of everything";
}

}  // namespace
}  // namespace millrace
