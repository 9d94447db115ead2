// A committer without an engine, and what stands around it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/testing/manual_clock.h>
#include <millrace/testing/memory_sink.h>

#include "host/engine/committer.h"
#include "kernels/key.h"

namespace millrace {

/// Fails as `error` says in the first `times` calls of a step.
template <class Error>
testing::MemorySink::Hook failing(testing::MemorySink::Step step, int times, Error error) {
  return [=, left = times](testing::MemorySink::Step called, EpochId) mutable {
    if (called == step && left-- > 0) throw error;
  };
}

inline Columns words(std::initializer_list<std::pair<std::string_view, std::int64_t>> counts) {
  Columns columns(0, unlimited_budget());
  const std::string_view none;
  for (const auto& [word, count] : counts) {
    const Key key = make_key(word.data(), static_cast<std::uint32_t>(word.size()), hash_seed(1, 63));
    columns.add({.keys = {&key, 1}, .texts = {&none, 1}, .counts = {&count, 1}, .values = {}, .unique = true});
  }
  return columns;
}

inline std::uint64_t frame_of(std::uint64_t epoch) {
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
  void replay(const TakeEpoch& take) override {
    for (EpochData& epoch : logged) {
      const std::uint64_t frame = frame_of(epoch.id.number);
      take(std::move(epoch), frame);
    }
  }

  bool work() override {
    if (pieces == 0) return false;
    if (--pieces == 0) throw IoError("no space left");
    return true;
  }

  std::vector<EpochData> logged;  ///< by earlier runs
  int pieces = 0;                 ///< of work that can wait; the last one fails

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
  CommitterTest() { options_.retry_pause = std::chrono::seconds(1); }

  Committer& with(std::vector<std::shared_ptr<Sink>> sinks,
                  const std::vector<std::optional<Shown>>& shown = {}) {
    return with(std::move(sinks), shown, panes_);
  }
  Committer& with(std::vector<std::shared_ptr<Sink>> sinks, const std::vector<std::optional<Shown>>& shown,
                  const PaneClock& panes) {
    std::vector<OpenedSink> opened;
    for (const auto& last : shown) opened.push_back({.name = "an output", .last = last});
    committer_.emplace(std::move(sinks), opened,
                       CommitterShared{plan_, options_, clock_, panes, ring_, readers_, log_, workers_,
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
  PaneClock panes_{std::chrono::seconds(1), clock_, {}};
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

}  // namespace millrace
