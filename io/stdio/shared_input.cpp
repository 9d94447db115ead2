// Moving a shared offset behind what is finished.
// SPDX-License-Identifier: Apache-2.0
#include "io/stdio/shared_input.h"

#include <unistd.h>

#include <algorithm>

namespace millrace::io {

void SharedInput::expect(std::uint64_t begin, std::uint64_t end) {
  const std::scoped_lock lock(mutex_);
  ranges_[begin] = {begin, end};
}

bool SharedInput::begin(std::uint64_t begin) {
  const std::scoped_lock lock(mutex_);
  if (stop_ && begin >= *stop_) return false;
  begun_ = std::max(begun_, ranges_.at(begin).end);
  return true;
}

std::uint64_t SharedInput::stop() {
  const std::scoped_lock lock(mutex_);
  if (!stop_) stop_ = begun_;
  return *stop_;
}

void SharedInput::finished(std::uint64_t begin, std::uint64_t next) {
  const std::scoped_lock lock(mutex_);
  ranges_.at(begin).next = next;
  std::uint64_t reached = offset_;
  for (const auto& [from, range] : ranges_) {
    reached = std::max(reached, range.next);
    if (range.next < range.end) break;
  }
  // Should it fail, the next program reads from where this one began, and nothing is lost.
  if (reached != offset_) ::lseek(file_.get(), static_cast<off_t>(reached), SEEK_SET);
  offset_ = reached;
}

}  // namespace millrace::io
