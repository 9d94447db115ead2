// Counting bytes against the limit.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/memory_budget.h>

namespace millrace {
namespace {
constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
}  // namespace

std::size_t MemoryBudget::take(std::size_t bytes) noexcept {
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ - used) return bytes > kMost - used ? kMost : used + bytes;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  std::size_t peak = peak_.load(std::memory_order_relaxed);
  while (peak < used + bytes && !peak_.compare_exchange_weak(peak, used + bytes, std::memory_order_relaxed)) {
  }
  return 0;
}

void MemoryBudget::reserve(std::size_t bytes, std::string_view what) {
  // Not by used(): another thread may have given memory back meanwhile, and then the limit would seem enough.
  if (const std::size_t needed = take(bytes)) throw BudgetError(what, needed, limit_);
}

void MemoryBudget::release(std::size_t bytes) noexcept {
  used_.fetch_sub(bytes, std::memory_order_relaxed);
}

void Reservation::set(std::size_t bytes, std::string_view what) {
  if (bytes > bytes_) budget_.reserve(bytes - bytes_, what);
  if (bytes < bytes_) budget_.release(bytes_ - bytes);
  bytes_ = bytes;
}

MemoryBudget& unlimited_budget() noexcept {
  static MemoryBudget budget(kMost);
  return budget;
}

}  // namespace millrace
