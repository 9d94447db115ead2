// A sink that keeps what it was given.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <millrace/error.h>
#include <millrace/sink.h>

namespace millrace::testing {

/// An Aggregate that owns its key and values.
struct MemoryRow {
  std::optional<Window> window;
  std::string key;
  std::int64_t count = 0;
  std::vector<Int128> values;
  std::uint32_t rank = 0;
  RowKind kind = RowKind::put;
  friend bool operator==(const MemoryRow&, const MemoryRow&) = default;
};

/// Any thread may look at it at any time. Several jobs may write to it, one after the other:
/// it has the rows of the last one.
class MemorySink final : public Sink {
 public:
  enum class Step : std::uint8_t { begin, write, finish };
  /// Called first in each step: a test makes the sink fail by throwing, or slow by sleeping.
  using Hook = std::function<void(Step step, EpochId epoch)>;

  explicit MemorySink(Hook hook = {}, Delivery delivery = Delivery::idempotent)
      : hook_(std::move(hook)), delivery_(delivery) {}

  std::optional<Shown> open(const JobId& job) override {
    const std::lock_guard lock(mutex_);
    ++opens_;
    if (job_ != job) {
      shown_.reset();
      epochs_.clear();
    }
    job_ = job;
    return shown_;
  }
  void begin(const Epoch& epoch) override {
    {
      const std::lock_guard lock(mutex_);
      check(!open_, "an epoch ends before the next begins");
      open_ = epoch.id;
      told_ = epoch;
      ++begins_;
    }
    if (hook_) hook_(Step::begin, epoch.id);
  }
  void write(std::span<const Aggregate> rows) override {
    check(open_.has_value(), "rows belong to an epoch");
    if (hook_) hook_(Step::write, *open_);
    const std::lock_guard lock(mutex_);
    for (const Aggregate& row : rows)
      written_.push_back({.window = row.window,
                          .key = std::string(row.key),
                          .count = row.count,
                          .values = {row.values.begin(), row.values.end()},
                          .rank = row.rank,
                          .kind = row.kind});
  }
  void finish(const Epoch& epoch) override {
    check(open_ == epoch.id, "the epoch that began is finished");
    if (hook_) hook_(Step::finish, epoch.id);
    const std::lock_guard lock(mutex_);
    ++finishes_;
    open_.reset();
    epochs_[epoch.id] = std::exchange(written_, {});
    shown_ = Shown{epoch.id, epoch.frame};
  }
  void abandon(EpochId) noexcept override {
    const std::lock_guard lock(mutex_);
    ++abandons_;
    open_.reset();
    written_.clear();
  }
  Delivery delivery() const override { return delivery_; }

  /// The rows of each finished epoch.
  std::map<EpochId, std::vector<MemoryRow>> epochs() const {
    const std::lock_guard lock(mutex_);
    return epochs_;
  }
  /// The rows of all finished epochs, in order.
  std::vector<MemoryRow> rows() const {
    const std::lock_guard lock(mutex_);
    std::vector<MemoryRow> all;
    for (const auto& [epoch, rows_of_epoch] : epochs_)
      all.insert(all.end(), rows_of_epoch.begin(), rows_of_epoch.end());
    return all;
  }
  /// What it was told of the epoch that was begun last.
  Epoch told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  /// How often each was called.
  std::uint64_t opens() const { return locked(opens_); }
  std::uint64_t begins() const { return locked(begins_); }
  std::uint64_t finishes() const { return locked(finishes_); }
  std::uint64_t abandons() const { return locked(abandons_); }

 private:
  std::uint64_t locked(const std::uint64_t& counter) const {
    const std::lock_guard lock(mutex_);
    return counter;
  }

  const Hook hook_;
  const Delivery delivery_;
  mutable std::mutex mutex_;
  std::optional<EpochId> open_;
  Epoch told_;
  std::optional<JobId> job_;
  std::optional<Shown> shown_;  ///< of that job
  std::vector<MemoryRow> written_;
  std::map<EpochId, std::vector<MemoryRow>> epochs_;
  std::uint64_t opens_ = 0;
  std::uint64_t begins_ = 0;
  std::uint64_t finishes_ = 0;
  std::uint64_t abandons_ = 0;
};

}  // namespace millrace::testing
