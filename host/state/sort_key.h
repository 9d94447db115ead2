// One number instead of two to sort rows by.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/key.h"

namespace millrace {

/// What the lowest byte of a prefix says instead of a length, if the key is longer than the prefix.
inline constexpr std::uint64_t kGoesOn = kPackedBytesMax + 1;
static_assert(std::has_single_bit(kGoesOn), "no length has that bit");

/// Makes one number of a rank and a prefix, of the bits that differ between rows, in their order: so many bits
/// never differ (all keys are ASCII, most counts are small) that one number nearly always tells what two do.
class SortKey {
 public:
  /// Of the bits that differ from those of one row, and that row's prefix.
  SortKey(std::uint64_t in_rank, std::uint64_t in_prefix, std::uint64_t prefix)
      : of_prefix_(static_cast<unsigned>(std::popcount(in_prefix))) {
    add(in_rank, 0);
    add(in_prefix, 1);
    constexpr std::uint64_t kBelow = kGoesOn - 1;  // lower bits than the one that only kGoesOn has
    goes_on_if_ =
        incomplete_ || (in_prefix & kGoesOn) == 0 ? 0 : std::uint64_t{1} << std::popcount(in_prefix & kBelow);
    all_go_on_ = !incomplete_ && (in_prefix & kGoesOn) == 0 && (prefix & kGoesOn) != 0;
  }
  unsigned count() const { return count_; }
  unsigned of_prefix() const { return of_prefix_; }
  /// Not all bits of the prefix had room: equal numbers may stand for different prefixes.
  bool incomplete() const { return incomplete_; }
  /// Whether the key behind a number is longer than its prefix. REQUIRES: !incomplete().
  bool goes_on(std::uint64_t number) const { return all_go_on_ || (number & goes_on_if_) != 0; }
  std::uint64_t of(std::uint64_t rank, std::uint64_t prefix) const {
    const std::array<std::uint64_t, 2> from = {rank, prefix};
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < runs_; ++i)
      bits = bits << run_[i].width | (from[run_[i].from] >> run_[i].shift & run_[i].mask);
    return bits;
  }

 private:
  struct Run {
    std::uint64_t mask;
    std::uint8_t from, shift, width;
  };

  // Runs of ones, the highest first.
  void add(std::uint64_t differing, std::uint8_t from) {
    while (differing != 0) {
      const auto top = static_cast<unsigned>(std::bit_width(differing));
      const auto length = static_cast<unsigned>(std::countl_one(differing << (64 - top)));
      const unsigned width = std::min(length, 64 - count_);
      incomplete_ = incomplete_ || width < length;
      if (width == 0) return;
      run_[runs_++] = {~std::uint64_t{0} >> (64 - width), from, static_cast<std::uint8_t>(top - width),
                       static_cast<std::uint8_t>(width % 64)};
      count_ += width;
      differing &= (std::uint64_t{1} << (top - length)) - 1;
    }
  }

  std::array<Run, 64> run_;
  std::size_t runs_ = 0;
  unsigned count_ = 0;
  unsigned of_prefix_;
  bool incomplete_ = false;
  bool all_go_on_ = false;
  std::uint64_t goes_on_if_ = 0;
};

}  // namespace millrace
