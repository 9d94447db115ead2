// Keys on their way from a text into a table, many at a time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <millrace/memory_budget.h>

#include "kernels/cpu/simd/length_classes.h"
#include "kernels/cpu/simd/text_kernels.h"
#include "kernels/cpu/table/pane_table.h"

namespace millrace {

/// Keys of one stretch of text, by their places in it, and their values. REQUIRES: kSlackBytes may be read past
/// every key.
class KeyList {
 public:
  static constexpr std::size_t kKeysMax = LengthClasses::kKeysMax;

  /// Empties the list: places are now counted from `base`.
  void begin(const char* base) {
    base_ = base;
    edges_ = 0;
  }
  const char* base() const { return base_; }
  std::size_t size() const { return edges_ / 2; }
  bool is_full() const { return size() == kKeysMax; }
  /// REQUIRES: !is_full().
  void add(std::uint32_t begin, std::uint32_t end) {
    places_[edges_++] = static_cast<std::uint16_t>(begin);
    places_[edges_++] = static_cast<std::uint16_t>(end);
  }
  /// Where edges can be written that `added` then makes known. There is room for all that a stretch can have
  /// if the keys before it lie in as many bytes as they are.
  std::uint16_t* end() { return places_.data() + edges_; }
  void added(std::size_t edges) { edges_ += edges; }

  /// Moves all keys into a table, with one row of values each if the table has columns.
  void flush(PaneTable& table, std::span<const std::int64_t> values);

 private:
  const char* base_ = nullptr;
  std::size_t edges_ = 0;
  std::array<std::uint16_t, 2 * kKeysMax + kPositionSlack> places_;
  LengthClasses classes_;
};

}  // namespace millrace
