// What a host function made of one record, kept until batches have room for it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <millrace/error.h>
#include <millrace/functions.h>
#include <millrace/memory_budget.h>
#include <millrace/plan.h>

namespace millrace {

/// A queue of records or rows, in memory drawn from the budget. The buffers are reused from record to record. A
/// record or key above `max_record_bytes` is not kept, only counted. Throws BudgetError, and ConfigError for
/// what the plan does not expect.
class HostOutput final : public RecordOut {
 public:
  HostOutput(const Plan& plan, std::size_t max_record_bytes, MemoryBudget& budget)
      : rows_(plan.keyed_by == KeyedBy::rows),
        row_values_(plan.row_values),
        max_record_bytes_(max_record_bytes),
        text_(BudgetAllocator<char>(budget)),
        ends_(BudgetAllocator<std::size_t>(budget)),
        values_(BudgetAllocator<std::int64_t>(budget)) {}

  void record(std::string_view text) override {
    require(!rows_, "a host function gave a record, but the job is keyed by rows: let it give rows");
    append(text);
  }
  void row(std::string_view key, std::span<const std::int64_t> values) override {
    require(rows_, "a host function gave a row, but the job is not keyed by rows: let it give records");
    require(values.size() == row_values_, "a host function gave a row of more or fewer values than row_values");
    if (append(key)) values_.insert(values_.end(), values.begin(), values.end());
  }

  /// How many were too long since the last call.
  std::uint64_t take_oversized() { return std::exchange(oversized_, 0); }
  bool empty() const { return next_ == ends_.size(); }
  std::string_view front() const {
    const std::size_t begin = next_ == 0 ? 0 : ends_[next_ - 1];
    return {text_.data() + begin, ends_[next_] - begin};
  }
  std::span<const std::int64_t> front_values() const {
    return std::span(values_).subspan(next_ * row_values_, row_values_);
  }
  void pop() {
    if (++next_ == ends_.size()) clear();
  }
  void clear() {
    empty_out(text_);
    empty_out(ends_);
    empty_out(values_);
    next_ = 0;
  }

 private:
  static void require(bool condition, const char* problem) {
    if (!condition) throw ConfigError({problem});
  }
  /// What one record took that gave a great deal is not kept for the others.
  template <class T>
  static void empty_out(BudgetVector<T>& buffer) {
    constexpr std::size_t kKeptBytes = std::size_t{1} << 20;
    if (buffer.capacity() * sizeof(T) > kKeptBytes) buffer = BudgetVector<T>(buffer.get_allocator());
    buffer.clear();
  }
  bool append(std::string_view text) {
    if (text.size() > max_record_bytes_) {
      ++oversized_;
      return false;
    }
    text_.insert(text_.end(), text.begin(), text.end());
    ends_.push_back(text_.size());
    return true;
  }

  const bool rows_;
  const std::size_t row_values_;
  const std::size_t max_record_bytes_;
  BudgetVector<char> text_;
  BudgetVector<std::size_t> ends_;
  BudgetVector<std::int64_t> values_;
  std::size_t next_ = 0;
  std::uint64_t oversized_ = 0;
};

}  // namespace millrace
