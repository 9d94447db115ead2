// The keys of one stretch of text, sorted by the class of their lengths.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/cpu/simd/text_kernels.h"

namespace millrace {

/// Stretches that fit the first-level cache beside what is noted of them.
inline constexpr std::size_t kStretchBytes = std::size_t{16} << 10;

/// Keys begin and end inside 64 KiB.
class LengthClasses {
 public:
  static constexpr std::size_t kKeysMax = kStretchBytes + 1;

  /// `edges` are begin, end, begin, end … REQUIRES: keys <= kKeysMax; kPositionSlack more edges may be read.
  void sort(const TextKernels& kernels, const char* base, const std::uint16_t* edges, std::size_t keys) {
    base_ = base;
    const PlaceLists begin{short_.data(), medium_.data(), long_.data()};
    const PlaceLists end = kernels.sort_by_length(edges, keys, begin);
    short_keys_ = {begin.short_end, end.short_end};
    medium_keys_ = {begin.medium_end, end.medium_end};
    long_keys_ = {begin.long_end, end.long_end};
  }

  const char* base() const { return base_; }
  std::span<const Place> short_keys() const { return short_keys_; }
  std::span<const Place> medium_keys() const { return medium_keys_; }
  std::span<const Place> long_keys() const { return long_keys_; }

 private:
  // Lists that began at equal places in their pages would get into each other's way.
  static constexpr std::size_t kStagger = 80;

  const char* base_ = nullptr;
  std::span<const Place> short_keys_;
  std::span<const Place> medium_keys_;
  std::span<const Place> long_keys_;
  std::array<Place, kKeysMax + kPlaceSlack> short_;
  std::array<Place, kKeysMax + kPlaceSlack + kStagger> medium_;
  std::array<Place, kKeysMax + kPlaceSlack> long_;
};

}  // namespace millrace
