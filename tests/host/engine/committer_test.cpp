// The committer alone: what it counts of an epoch, who comes first, and what a sink gets that has failed.
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "tests/host/engine/lone_committer.h"

namespace millrace::committer_test {
namespace {

using namespace std::chrono_literals;
using testing::MemorySink;

TEST_F(CommitterTest, CountsTheRowsAndTokensOfEachEpochOnce) {
  const auto sink = std::make_shared<MemorySink>();
  with({sink});
  show(window(1, words({{"a", 5}, {"b", 2}})));
  EXPECT_EQ(metrics_.rows, 2U);
  EXPECT_EQ(metrics_.tokens, 7U);

  EpochData nothing_but_rejects = window(2, words({}));
  nothing_but_rejects.rejected = {1, 2, 3, 4};
  show(std::move(nothing_but_rejects));
  EXPECT_EQ(metrics_.rows, 2U) << "nothing was shown";
  EXPECT_EQ(metrics_.tokens, 7U);
  for (std::size_t reason = 0; reason < kRejectReasons; ++reason)
    EXPECT_EQ(metrics_.rejected[reason], reason + 1);

  EpochData two = window(3, words({{"a", 1}}));
  two.partials.emplace_back(Pane{4}, words({{"b", 10}, {"c", 100}}));
  two.closed.push_back({4});
  show(std::move(two));
  EXPECT_EQ(metrics_.rows, 5U);
  EXPECT_EQ(metrics_.tokens, 118U);
  EXPECT_EQ(metrics_.epochs, 3U);
  EXPECT_EQ(sink->rows().size(), 5U);
}

TEST_F(CommitterTest, TheTimeOfAnEpochIsPartedByItsPlacesAndSinks) {
  const auto slow = [this](std::chrono::nanoseconds time) {
    return std::make_shared<MemorySink>([this, time](MemorySink::Step, EpochId) { clock_.advance(time); });
  };
  with({slow(1ms), slow(10ms)});
  for (std::int64_t pane = 1; pane <= 2; ++pane) show(window(pane, words({{"a", 1}})));
  const std::vector<EpochTimes> epochs = metrics_.timeline.epochs.latest();
  ASSERT_EQ(epochs.size(), 2U);
  for (const EpochTimes& epoch : epochs) {
    EXPECT_EQ(epoch.sinks[0], 3ms) << "begin, write, finish";
    EXPECT_EQ(epoch.sinks[1], 30ms);
    EXPECT_EQ(epoch.published - epoch.folded, 33ms);
  }
}

TEST_F(CommitterTest, ARepeatedAttemptCountsItsRowsOnce) {
  const auto sink =
      std::make_shared<MemorySink>(failing(MemorySink::Step::finish, 2, TransientError("the disk stumbled")));
  with({sink});
  show(window(1, words({{"a", 1}, {"b", 1}})));
  EXPECT_EQ(sink->begins(), 3U);
  EXPECT_EQ(sink->abandons(), 2U);
  EXPECT_EQ(sink->rows().size(), 2U);
  EXPECT_EQ(metrics_.rows, 2U);
  EXPECT_EQ(metrics_.retries, 2U);
}

// Where another one fails, it has not yet shown anything for good.
TEST_F(CommitterTest, ASinkThatRepeatsWithATraceComesLast) {
  const auto traces = std::make_shared<MemorySink>(MemorySink::Hook(), Delivery::at_least_once);
  const auto others = std::make_shared<MemorySink>(
      [&](MemorySink::Step step, EpochId) {
        if (step == MemorySink::Step::finish) {
          EXPECT_EQ(traces->begins(), 0U);
        }
      },
      Delivery::idempotent);
  with({traces, others});
  show(window(1, words({{"a", 1}})));
  EXPECT_EQ(traces->finishes(), 1U);
  EXPECT_EQ(others->finishes(), 1U);
}

// The one before has finished the epoch, and the one behind has not begun it.
TEST_F(CommitterTest, ASinkThatFailsForNowIsRepeatedAlone) {
  for (const std::string step : {"begin", "write", "finish"}) {
    const auto before = std::make_shared<WatchedSink>();
    const auto fails = std::make_shared<WatchedSink>(std::deque{step});
    const auto behind = std::make_shared<WatchedSink>();
    with({before, fails, behind});
    for (std::int64_t pane = 1; pane <= 2; ++pane) show(window(pane, words({{"a", 1}})));
    const std::string twice = "begin write finish begin write finish ";
    EXPECT_EQ(before->calls, twice);
    EXPECT_EQ(behind->calls, twice);
    EXPECT_EQ(fails->calls, twice.substr(0, twice.find(step)) + step + " abandon open-a " + twice);
  }
}

TEST_F(CommitterTest, ASinkIsOpenedAfterEachFailureUntilItIsOpen) {
  const auto sink =
      std::make_shared<WatchedSink>(std::deque<std::string>{"write", "open-a", "open-a", "begin"});
  with({sink});
  show(window(1, words({{"a", 1}})));
  EXPECT_EQ(sink->calls, "begin write abandon open-a open-a open-a begin abandon open-a begin write finish ");
  EXPECT_EQ(metrics_.retries, 4U);
  EXPECT_EQ(metrics_.rows, 1U);
}

TEST_F(CommitterTest, WhatASinkIsToldOfAnEpochIsTheSameEachTime) {
  const auto sink = std::make_shared<WatchedSink>(std::deque<std::string>{"finish"});
  with({sink});
  EpochData epoch = window(1, words({{"a", 1}}));
  epoch.stamp = 42;
  epoch.last = epoch.partial = true;
  show(std::move(epoch));
  ASSERT_EQ(sink->told.size(), 4U);
  for (const Epoch& told : sink->told) {
    EXPECT_EQ(told.id, EpochId{1});
    EXPECT_EQ(told.stamp, 42);
    EXPECT_EQ(told.frame, frame_of(1));
    EXPECT_TRUE(told.last && told.partial);
  }
}

TEST_F(CommitterTest, AnEpochIsNotShownAgainWhereOnlyTheReplyWasLost) {
  const auto sink = std::make_shared<WatchedSink>(std::deque<std::string>{"finish", "begin"});
  with({sink});
  sink->answer = Shown{{1}, frame_of(1)};
  show(window(1, words({{"a", 1}, {"b", 1}})));
  EXPECT_EQ(sink->calls, "begin write finish abandon open-a ");
  EXPECT_EQ(metrics_.rows, 2U);
  show(window(2, words({{"a", 1}})));
  EXPECT_EQ(sink->calls, "begin write finish abandon open-a begin abandon open-a begin write finish ")
      << "it has the first one, and nothing of the second";
}

TEST_F(CommitterTest, OfASinkThatKeepsNoFramesTheNumberIsEnough) {
  const auto sink = std::make_shared<WatchedSink>(std::deque<std::string>{"finish"});
  sink->answer = Shown{{1}};
  with({sink});
  show(window(1, words({{"a", 1}})));
  EXPECT_EQ(sink->calls, "begin write finish abandon open-a ");
}

// Another instance of the job has written there: nothing of this one may come behind it.
TEST_F(CommitterTest, ASinkThatHasFinishedWhatItWasNotShownEndsTheJob) {
  for (const Shown other : {Shown{{1}, frame_of(1)}, Shown{{2}, 5}, Shown{{3}, frame_of(3)}, Shown{{3}, 0}}) {
    const auto sink = std::make_shared<WatchedSink>(std::deque<std::string>{"finish"});
    sink->answer = other;
    with({sink});
    epochs_ = 1;
    EXPECT_THROW(show(window(1, words({{"a", 1}}))), IoError);
    EXPECT_EQ(sink->calls, "begin write finish abandon open-a ");
  }
}

TEST_F(CommitterTest, FailuresOfOneSinkDoNotCountAgainstAnother) {
  options_.retries = 1;
  const auto fails_once = [] { return std::make_shared<WatchedSink>(std::deque<std::string>{"write"}); };
  with({fails_once(), fails_once()});
  EXPECT_NO_THROW(show(window(1, words({{"a", 1}}))));
}

TEST_F(CommitterTest, AnEpochThatFailsForGoodIsAbandonedByWhoMayHaveBegunIt) {
  const auto has_it = std::make_shared<MemorySink>();
  const auto fails =
      std::make_shared<MemorySink>(failing(MemorySink::Step::begin, 1, IoError("the disk is gone")));
  const auto unasked = std::make_shared<MemorySink>();
  with({has_it, fails, unasked});
  EXPECT_THROW(show(window(1, words({{"a", 1}}))), IoError);
  EXPECT_EQ(has_it->finishes(), 1U);
  EXPECT_EQ(has_it->abandons(), 0U);
  EXPECT_EQ(fails->abandons(), 1U);
  EXPECT_EQ(unasked->abandons(), 0U);
}

TEST_F(CommitterTest, ASinkWhoseReaderHasGoneIsAbandonedOnceThoughOthersAreRepeated) {
  const auto gone =
      std::make_shared<MemorySink>(failing(MemorySink::Step::write, 1, OutputClosed("nobody reads")));
  const auto stays =
      std::make_shared<MemorySink>(failing(MemorySink::Step::finish, 1, TransientError("the disk stumbled")));
  with({gone, stays});
  show(window(1, words({{"a", 1}})));
  show(window(2, words({{"a", 1}})));
  EXPECT_EQ(gone->begins(), 1U);
  EXPECT_EQ(gone->abandons(), 1U);
  EXPECT_EQ(stays->rows().size(), 2U);
}

TEST_F(CommitterTest, TellsTheEngineWhenAnEpochIsOver) {
  Committer& committer = with({std::make_shared<MemorySink>()});
  const std::uint64_t work = committer.work.seen();
  EpochData epoch = window(1, words({{"a", 1}}));
  epoch.id = {1};
  committer.accept(std::move(epoch));
  EXPECT_NE(committer.work.seen(), work);
  const std::uint64_t over = ring_.engine.seen();
  while (committer.step().progress) {
  }
  EXPECT_TRUE(committer.idle());
  EXPECT_NE(ring_.engine.seen(), over);
}

TEST_F(CommitterTest, AnEpochIsRecordedThenShownThenCommitted) {
  with({std::make_shared<MemorySink>([&](MemorySink::Step step, EpochId) {
    if (step == MemorySink::Step::begin) calls_.push_back("show");
  })});
  show(window(1, words({{"a", 1}})));
  show(window(2, words({})));
  EXPECT_EQ(calls_, (std::vector<std::string>{"append 1", "show", "commit 1", "append 2", "commit 2"}));
}

TEST_F(CommitterTest, TheLogIsTendedBetweenEpochs) {
  std::vector<std::string> told;
  options_.on_event = [&](const Event& event) { told.push_back(event.text); };
  log_.pieces = 3;
  with({std::make_shared<MemorySink>()});
  EXPECT_TRUE(committer_->step().progress);
  EXPECT_EQ(log_.pieces, 2);
  show(window(1, words({{"a", 5}})));
  EXPECT_EQ(log_.pieces, 2) << "an epoch comes first";
  EXPECT_TRUE(committer_->step().progress);
  EXPECT_FALSE(committer_->step().progress) << "that failed";
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0], "no snapshot of the checkpoint was made, and it grows: no space left");
  show(window(2, words({{"a", 5}})));
  EXPECT_EQ(metrics_.rows, 2U) << "the job goes on";
}

TEST_F(CommitterTest, OfABusyJobTheLogGetsAQuarterOfTheTime) {
  log_.pieces = 9;
  with({std::make_shared<MemorySink>()});
  EpochData epoch = window(1, words({{"a", 5}}));
  epoch.times.asked = clock_.now() - 4s;
  show(std::move(epoch));
  epoch = window(2, words({{"a", 5}}));
  epoch.id = {2};
  committer_->accept(std::move(epoch));
  EXPECT_TRUE(committer_->step().progress);
  EXPECT_EQ(log_.pieces, 8) << "an epoch waits";
  clock_.advance(1s);
  EXPECT_TRUE(committer_->step().progress);
  EXPECT_EQ(log_.pieces, 8) << "it has waited long enough";
  EXPECT_EQ(calls_.back(), "append 2");
}

}  // namespace
}  // namespace millrace::committer_test
