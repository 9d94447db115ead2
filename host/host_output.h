// What a host function made of one record, kept until batches have room for it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <millrace/error.h>
#include <millrace/plan.h>

namespace millrace {

/// A queue of records or rows. The buffers are reused from record to record.
class HostOutput final : public RecordOut {
 public:
  explicit HostOutput(std::size_t row_values) : row_values_(row_values) {}

  void record(std::string_view text) override { append(text); }
  void row(std::string_view key, std::span<const std::int64_t> values) override {
    check(values.size() == row_values_, "a host function gives as many values as the plan says");
    append(key);
    values_.insert(values_.end(), values.begin(), values.end());
  }

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
  void append(std::string_view text) {
    text_ += text;
    ends_.push_back(text_.size());
  }
  std::size_t row_values_;
  std::string text_;
  std::vector<std::size_t> ends_;
  std::vector<std::int64_t> values_;
  std::size_t next_ = 0;
};

}  // namespace millrace
