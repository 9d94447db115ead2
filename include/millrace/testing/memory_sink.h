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
  friend bool operator==(const MemoryRow&, const MemoryRow&) = default;
};

/// Any thread may look at it at any time.
class MemorySink final : public Sink {
 public:
  enum class Step : std::uint8_t { begin, write, finish };
  /// Called first in each step: a test makes the sink fail by throwing, or slow by sleeping.
  using Hook = std::function<void(Step step, EpochId epoch)>;

  explicit MemorySink(Hook hook = {}, Delivery delivery = Delivery::idempotent)
      : hook_(std::move(hook)), delivery_(delivery) {}

  void begin(const Epoch& epoch) override {
    {
      const std::lock_guard lock(mutex_);
      check(!open_, "an epoch ends before the next begins");
      open_ = epoch.id;
      partial_ = epoch.partial;
      ++begins_;
    }
    if (hook_) hook_(Step::begin, epoch.id);
  }
  void write(std::span<const Aggregate> rows) override {
    check(open_.has_value(), "rows belong to an epoch");
    if (hook_) hook_(Step::write, *open_);
    const std::lock_guard lock(mutex_);
    for (const Aggregate& row : rows)
      written_.push_back({row.window, std::string(row.key), row.count, {row.values.begin(), row.values.end()}});
  }
  void finish(EpochId epoch) override {
    check(open_ == epoch, "the epoch that began is finished");
    if (hook_) hook_(Step::finish, epoch);
    const std::lock_guard lock(mutex_);
    ++finishes_;
    open_.reset();
    epochs_[epoch] = std::exchange(written_, {});
  }
  void abandon(EpochId) noexcept override {
    const std::lock_guard lock(mutex_);
    ++abandons_;
    open_.reset();
    written_.clear();
  }
  std::optional<EpochId> last_finished() override {
    const std::lock_guard lock(mutex_);
    if (epochs_.empty()) return std::nullopt;
    return epochs_.rbegin()->first;
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
  /// Whether the last epoch begun was said to be partial.
  bool partial() const {
    const std::lock_guard lock(mutex_);
    return partial_;
  }
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
  bool partial_ = false;
  std::vector<MemoryRow> written_;
  std::map<EpochId, std::vector<MemoryRow>> epochs_;
  std::uint64_t begins_ = 0;
  std::uint64_t finishes_ = 0;
  std::uint64_t abandons_ = 0;
};

}  // namespace millrace::testing
