// The committer alone: what it counts of an epoch, who comes first, and what a sink gets that has failed.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/committer.h"

#include <deque>
#include <initializer_list>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <millrace/testing/manual_clock.h>
#include <millrace/testing/memory_sink.h>

#include "kernels/key.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;
using testing::MemorySink;

/// Fails as `error` says in the first `times` calls of a step.
template <class Error>
MemorySink::Hook failing(MemorySink::Step step, int times, Error error) {
  return [=, left = times](MemorySink::Step called, EpochId) mutable {
    if (called == step && left-- > 0) throw error;
  };
}

Columns words(std::initializer_list<std::pair<std::string_view, std::int64_t>> counts) {
  Columns columns(0, unlimited_budget());
  const std::string_view none;
  for (const auto& [word, count] : counts) {
    const Key key = make_key(word.data(), static_cast<std::uint32_t>(word.size()), hash_seed(1, 63));
    columns.add({.keys = {&key, 1}, .texts = {&none, 1}, .counts = {&count, 1}, .values = {}, .unique = true});
  }
  return columns;
}

std::uint64_t frame_of(std::uint64_t epoch) {
  return 1000 + epoch;
}

/// Says in which order it and a sink were called.
class WatchedLog final : public EpochLog {
 public:
  explicit WatchedLog(std::vector<std::string>& calls) : calls_(calls) {}
  bool durable() const override { return true; }
  std::uint64_t append(const EpochData& epoch) override {
    note("append", epoch.id);
    return frame_of(epoch.id.number);
  }
  void commit(EpochId id) override { note("commit", id); }

 private:
  void note(std::string call, EpochId id) {
    calls_.push_back(std::move(call) + ' ' + std::to_string(id.number));
  }
  std::vector<std::string>& calls_;
};

/// Notes its calls, and what it was told. A call that fails has had its effect.
class WatchedSink final : public Sink {
 public:
  explicit WatchedSink(std::deque<std::string> fails = {}) : fails_(std::move(fails)) {}

  std::optional<Shown> open(const JobId& job) override {
    call("open-" + job.name);
    return answer;
  }
  void begin(const Epoch& epoch) override {
    told.push_back(epoch);
    call("begin");
  }
  void write(std::span<const Aggregate>) override { call("write"); }
  void finish(const Epoch& epoch) override {
    told.push_back(epoch);
    call("finish");
  }
  void abandon(EpochId) noexcept override { calls += "abandon "; }
  Delivery delivery() const override { return Delivery::transactional; }

  std::string calls;
  std::vector<Epoch> told;      ///< at begin and finish
  std::optional<Shown> answer;  ///< when it is opened

 private:
  void call(const std::string& name) {
    calls += name + ' ';
    if (fails_.empty() || fails_.front() != name) return;
    fails_.pop_front();
    throw TransientError("the world stumbled");
  }
  std::deque<std::string> fails_;  ///< calls that come to fail, in their order
};

/// Without an engine: the test hands epochs over.
class CommitterTest : public ::testing::Test {
 protected:
  CommitterTest() { options_.retry_pause = 1s; }

  Committer& with(std::vector<std::shared_ptr<Sink>> sinks,
                  const std::vector<std::optional<Shown>>& shown = {}) {
    committer_.emplace(std::move(sinks), shown,
                       CommitterShared{plan_, options_, clock_, panes_, ring_, readers_, log_, workers_,
                                       unlimited_budget(), metrics_, 1, job_});
    return *committer_;
  }
  void show(EpochData epoch) {
    epoch.id = {++epochs_};
    committer_->accept(std::move(epoch));
    settle();
  }
  void settle() {
    while (!committer_->idle()) {
      const Step step = committer_->step();
      if (!step.progress) clock_.advance(step.wake - clock_.now());
    }
  }
  static EpochData window(std::int64_t pane, Columns columns) {
    EpochData epoch;
    if (columns.size() != 0) epoch.partials.emplace_back(Pane{pane}, std::move(columns));
    epoch.closed = {{pane}};
    return epoch;
  }

  Plan plan_;
  Options options_;
  testing::ManualClock clock_;
  PaneClock panes_{1s, clock_, {}};
  Ring ring_{unlimited_budget()};
  ReaderMailboxes readers_{0, ring_.readers, [](std::size_t) {}};
  std::vector<std::string> calls_;
  WatchedLog log_{calls_};
  WorkerPool workers_{1};
  Metrics metrics_;
  const JobId job_{"a", 7};
  std::optional<Committer> committer_;
  std::uint64_t epochs_ = 0;
};

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

/// A log whose third epoch, of pane 1, is undecided; pane 2 is open.
Recovered interrupted() {
  Recovered recovered{.last = {3}, .stamp = 30, .open = {}, .frame = frame_of(3)};
  recovered.open.emplace_back(Pane{1}, words({{"a", 5}, {"b", 2}}));
  recovered.open.emplace_back(Pane{2}, words({{"a", 1}}));
  EpochData& undecided = recovered.undecided.emplace();
  undecided.id = {3};
  undecided.stamp = 30;
  undecided.closed = {{1}};
  undecided.finished = {{{0, 7}}, {{0, 9}}};  // of readers that are no more
  undecided.rejected = {1, 2, 3, 4};
  undecided.bad_records = {{RejectReason::malformed, "a,x"}};
  return recovered;
}

TEST_F(CommitterTest, AnUndecidedEpochIsShownAgainAsItWas) {
  const auto rows = std::make_shared<MemorySink>();
  const auto sink = std::make_shared<WatchedSink>();
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
    with({knows, knows_not}, {Shown{{3}, frame}, std::nullopt}).resume(interrupted());
    settle();
    EXPECT_EQ(knows->calls, "");
    EXPECT_EQ(knows_not->calls, "begin write finish ");
  }
}

TEST_F(CommitterTest, OpenPanesGoOnWithWhatWasCounted) {
  const auto sink = std::make_shared<MemorySink>();
  with({sink}).resume(interrupted());
  settle();
  epochs_ = 3;
  show(window(2, words({{"a", 10}})));
  ASSERT_EQ(sink->epochs().size(), 2U);
  EXPECT_EQ(sink->epochs().at({4})[0].count, 11);
}

}  // namespace
}  // namespace millrace
