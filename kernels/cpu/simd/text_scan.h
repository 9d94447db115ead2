// Finds words and delimiters in a stretch of text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/cpu/simd/length_classes.h"
#include "kernels/cpu/simd/text_kernels.h"

namespace millrace {

/// One thread uses it. REQUIRES, wherever a text is given: size <= kStretchBytes, and kSlackBytes may be read
/// past it. Places are counted from the text's first byte.
class TextScan {
 public:
  explicit TextScan(const TextKernels& kernels) : kernels_(kernels) {}

  /// Writes where words begin and end in turn, and returns how many places that are. An odd number: the last
  /// word is still open at the end. REQUIRES: room for size + 1 + kPositionSlack.
  std::size_t word_edges(const char* text, std::size_t size, bool alphanumeric, std::uint16_t* edges);
  /// Where bytes are that are `a` or `b`; valid until the next call.
  std::span<const std::uint16_t> matches(const char* text, std::size_t size, char a, char b);

 private:
  const TextKernels& kernels_;
  std::array<std::uint64_t, kStretchBytes / kBlockBytes + 1> masks_;
  std::array<std::uint16_t, kStretchBytes + kPositionSlack> places_;
};

}  // namespace millrace
