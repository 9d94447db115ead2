// Lists the bits that are set.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace millrace {

/// TextKernels::positions for machines without an instruction for it. Writes eight at a time, needed or
/// not, so that few branches depend on the text. Inlined, so that each caller's instruction set is used.
[[gnu::always_inline]] inline std::size_t write_set_bits(const std::uint64_t* masks, std::size_t blocks,
                                                         std::uint16_t* at) {
  std::uint16_t* const begin = at;
  for (std::size_t block = 0; block < blocks; ++block) {
    std::uint64_t bits = masks[block];
    const auto base = static_cast<std::uint16_t>(64 * block);
    const int count = std::popcount(bits);
    for (int done = 0; done < count; done += 8) {
      for (int i = 0; i < 8; ++i) {
        at[done + i] = static_cast<std::uint16_t>(base + std::countr_zero(bits));
        bits &= bits - 1;
      }
    }
    at += count;
  }
  return static_cast<std::size_t>(at - begin);
}

}  // namespace millrace
