// Where threads of the SIMT shim meet, and what they bring along.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <source_location>

namespace simt::detail {

/// What the lanes of a warp do together once.
struct Meeting {
  const char* what = nullptr;  ///< CUDA's name for it; the same for all lanes, as the place is
  std::source_location where;
  unsigned arrived = 0;  ///< lanes
  unsigned nonzero = 0;  ///< bit i: lane i has brought something else than 0
  std::uint64_t brought[32] = {};
};

/// Waits for the other lanes. The result stays as it is until this lane meets the others again.
const Meeting& meet_warp(const char* what, unsigned mask, std::uint64_t brings, std::source_location where);
/// Waits for the other threads of the block.
void meet_block(std::source_location where);
/// Perhaps lets another thread go on. Comes before every access that others may be making as well.
void touch();

}  // namespace simt::detail
