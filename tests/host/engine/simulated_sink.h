// A sink that fails at random, and what of it outlives a crash.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <millrace/sink.h>

#include "tests/host/engine/simulated_source.h"

namespace millrace::simulation {

/// Keeps what every finished epoch showed; fails at random. A transactional one may have finished an epoch
/// although it fails, and says so when it is opened again; others can tell nothing, and may get after a crash
/// of the job what they have: the same rows, which take the place of the others.
class SimSink final : public Sink {
 public:
  SimSink(Dice& dice, Delivery delivery) : dice_(dice), delivery_(delivery) {}

  std::optional<Shown> open(const JobId&) override {
    failed_ = open_ = false;
    stumble();
    if (delivery_ != Delivery::transactional || epochs_.empty()) return std::nullopt;
    return Shown{epochs_.back().id, epochs_.back().frame};
  }
  void begin(const Epoch& epoch) override {
    check(!failed_, "who failed is opened before anything else");
    check(!told_ || told_->id != epoch.id || told_->frame == epoch.frame,
          "an epoch that is repeated is told with its frame");
    check(told_ && told_->id == epoch.id ? told_->stamp == epoch.stamp : !told_ || told_->stamp < epoch.stamp,
          "stamps grow, and stay when an epoch is repeated");
    check(!told_ || told_->id == epoch.id || !told_->last, "nothing comes behind the last epoch");
    told_ = epoch;
    stumble();
    check(!open_ && (epochs_.empty() || epochs_.back().id < epoch.id || may_repeat(epoch.id)),
          "epochs come in order");
    open_ = true;
    rows_.clear();
  }
  void write(std::span<const Aggregate> rows) override {
    stumble();
    for (const Aggregate& row : rows)
      rows_.push_back({row.window, std::string(row.key), static_cast<std::int64_t>(row.values[0])});
  }
  void finish(const Epoch& epoch) override {
    stumble();
    const bool again = !epochs_.empty() && epochs_.back().id == epoch.id;
    check(!again || epochs_.back().rows == rows_,
          "an epoch that comes again has the same rows in the same order");
    check(!again || epochs_.back().frame == epoch.frame, "and with the same frame");
    if (!again) epochs_.push_back({epoch.id, epoch.frame, rows_});
    crashed_ = false;
    if (delivery_ == Delivery::transactional) stumble();
    open_ = false;
  }
  void abandon(EpochId epoch) noexcept override {
    abandoned_unasked_ = abandoned_unasked_ || !told_ || told_->id != epoch;
    open_ = false;
  }
  Delivery delivery() const override { return delivery_; }
  bool remembers() const override { return delivery_ == Delivery::transactional; }

  struct Row {
    std::optional<Window> window;
    std::string key;
    std::int64_t count;
    bool operator==(const Row&) const = default;
  };
  struct Finished {
    EpochId id;
    std::uint64_t frame;
    std::vector<Row> rows;
  };
  const std::vector<Finished>& epochs() const { return epochs_; }
  /// Somebody has removed what it held.
  void forget() { epochs_.clear(); }
  /// The job has ended in the midst of something.
  void crash() { crashed_ = true; }
  /// It had not been told of the epoch.
  bool abandoned_unasked() const { return abandoned_unasked_; }

 private:
  bool may_repeat(EpochId id) const {
    return crashed_ && delivery_ != Delivery::transactional && epochs_.back().id == id;
  }
  void stumble() {
    if (!dice_.one_in(30)) return;
    failed_ = true;
    throw TransientError("the sink stumbled");
  }
  Dice& dice_;
  Delivery delivery_;
  bool open_ = false;
  bool failed_ = false;        ///< and was not opened since
  bool crashed_ = false;       ///< the job, and no epoch was finished since
  std::optional<Epoch> told_;  ///< the epoch that was begun last, or failed to
  bool abandoned_unasked_ = false;
  std::vector<Row> rows_;
  std::vector<Finished> epochs_;
};

/// Of all its epochs.
inline Counts counts_of(const SimSink& sink) {
  Counts counts;
  for (const SimSink::Finished& epoch : sink.epochs())
    for (const SimSink::Row& row : epoch.rows) counts[row.key] += row.count;
  return counts;
}

/// What it says when the next run begins.
inline std::optional<Shown> open_after_crash(SimSink& sink) {
  sink.crash();
  for (;;) {
    try {
      return sink.open({});
    } catch (const TransientError&) {
    }
  }
}

/// What is wrong with its rows; empty: nothing. See is_between.
inline std::string verdict_on(const SimSink& sink, bool windowed, const WindowCounts& begun,
                              const WindowCounts& returned) {
  if (sink.abandoned_unasked()) return "an epoch is abandoned that had not begun";
  WindowCounts shown;
  std::uint64_t id = 0;
  Timestamp last = Timestamp::min();
  for (const SimSink::Finished& epoch : sink.epochs()) {
    if (epoch.id.number <= std::exchange(id, epoch.id.number)) return "epochs are out of order";
    if (epoch.rows.empty() && windowed) return "an epoch without rows was shown";
    const Timestamp earlier = last;
    for (const SimSink::Row& row : epoch.rows) {
      if (row.window && row.window->start <= earlier) return "windows go back";
      if (row.window) last = std::max(last, row.window->start);
      if (!shown.emplace(std::pair(row.key, row.window), row.count).second) return "a window shows a key twice";
    }
  }
  return is_between(shown, begun, returned) ? "" : "the rows are not the records of their windows";
}

}  // namespace millrace::simulation
