// Growing by pages, and giving them back.
// SPDX-License-Identifier: Apache-2.0
#include "io/record_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::io {
namespace {

constexpr std::string_view kWhat = "records that have not come whole";
constexpr std::size_t kLeast = std::size_t{4} << 10;
constexpr std::size_t kKept = std::size_t{1} << 20;  // more is given back when no more is needed

}  // namespace

RecordBuffer::~RecordBuffer() {
  free();
}

std::span<std::byte> RecordBuffer::room(std::size_t at_least) {
  const std::size_t needed = size() + at_least;
  if (capacity_ > kKept && needed <= kKept / 2) move_to(kKept / 2);
  if (capacity_ - end_ < at_least && begin_ > 0) {
    std::memmove(data_, data_ + begin_, size());
    end_ -= std::exchange(begin_, 0);
  }
  if (capacity_ < needed) {
    const std::size_t more = std::max({needed, capacity_ + capacity_ / 2, kLeast});
    data_ = static_cast<std::byte*>(capacity_ == 0
                                        ? allocate_memory(more, Fill::anything, *budget_, kWhat)
                                        : grow_memory(data_, capacity_, more, Fill::anything, *budget_, kWhat));
    capacity_ = more;
  }
  return {data_ + end_, capacity_ - end_};
}

void RecordBuffer::append(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  std::memcpy(room(bytes.size()).data(), bytes.data(), bytes.size());
  added(bytes.size());
}

void RecordBuffer::drop_front(std::size_t bytes) noexcept {
  begin_ += bytes;
  forget_if_empty();
}

void RecordBuffer::drop_back(std::size_t bytes) noexcept {
  end_ -= bytes;
  forget_if_empty();
}

void RecordBuffer::forget_if_empty() noexcept {
  if (!empty()) return;
  begin_ = end_ = 0;
  if (capacity_ > kKept) free();
}

// The tail of a long record's neighbour needs little.
void RecordBuffer::move_to(std::size_t capacity) {
  auto* smaller = static_cast<std::byte*>(allocate_memory(capacity, Fill::anything, *budget_, kWhat));
  if (!empty()) std::memcpy(smaller, data_ + begin_, size());
  end_ -= std::exchange(begin_, 0);
  free();
  data_ = smaller;
  capacity_ = capacity;
}

void RecordBuffer::free() noexcept {
  if (capacity_ > 0) free_memory(data_, capacity_, *budget_);
  data_ = nullptr;
  capacity_ = 0;
}

}  // namespace millrace::io
