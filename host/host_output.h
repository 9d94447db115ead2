// What a host function made of one record, kept until batches have room for it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/error.h>
#include <millrace/plan.h>

namespace millrace {

/// A queue of records or rows. The buffers are reused from record to record. A record or key above
/// `max_record_bytes` is not kept, only counted. Throws ConfigError for what the plan does not expect.
class HostOutput final : public RecordOut {
 public:
  HostOutput(const Plan& plan, std::size_t max_record_bytes)
      : rows_(plan.keyed_by == KeyedBy::rows),
        row_values_(plan.row_values),
        max_record_bytes_(max_record_bytes) {}

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
    return std::string_view(text_).substr(begin, ends_[next_] - begin);
  }
  std::span<const std::int64_t> front_values() const {
    return std::span(values_).subspan(next_ * row_values_, row_values_);
  }
  void pop() {
    if (++next_ == ends_.size()) clear();
  }
  void clear() {
    text_.clear();
    ends_.clear();
    values_.clear();
    next_ = 0;
  }

 private:
  static void require(bool condition, const char* problem) {
    if (!condition) throw ConfigError({problem});
  }
  bool append(std::string_view text) {
    if (text.size() > max_record_bytes_) {
      ++oversized_;
      return false;
    }
    text_ += text;
    ends_.push_back(text_.size());
    return true;
  }

  const bool rows_;
  const std::size_t row_values_;
  const std::size_t max_record_bytes_;
  std::string text_;
  std::vector<std::size_t> ends_;
  std::vector<std::int64_t> values_;
  std::size_t next_ = 0;
  std::uint64_t oversized_ = 0;
};

}  // namespace millrace
