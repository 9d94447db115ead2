// How a block's shared memory is laid out: its counters, its table, and the tile of text at hand.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/device_types.h"
#include "kernels/hd.h"

namespace millrace::cuda {

/// What the threads of a block count together.
struct BlockCounters {
  std::uint64_t tokens;
  std::uint64_t spilled;
  std::uint64_t largest;
  std::uint32_t units[2];  ///< found in the tile at hand, and in the next one
};

/// Slots of the table that are looked at together.
inline constexpr std::uint32_t kBucketSlots = 4;

/// Keys, counts and values of `slots` slots.
MILLRACE_HD constexpr std::size_t table_bytes(std::uint32_t slots, std::uint32_t columns) {
  return std::size_t{slots} * (sizeof(std::uint64_t) + sizeof(std::uint32_t) + columns * sizeof(std::int64_t));
}

/// Tokens or records that may start in one tile: with record ends, every byte may.
MILLRACE_HD constexpr std::uint32_t starts_max(std::uint32_t threads) {
  return threads * kThreadBytes;
}

/// Groups of kThreadBytes in a tile and its halo.
MILLRACE_HD constexpr std::uint32_t tile_groups(std::uint32_t threads) {
  return threads + kHaloBytes / kThreadBytes;
}

MILLRACE_HD constexpr std::size_t count_records_shared_bytes(std::uint32_t threads, std::uint32_t slots,
                                                             std::uint32_t columns) {
  return sizeof(BlockCounters) + table_bytes(slots, columns) + starts_max(threads) * sizeof(std::uint16_t);
}

MILLRACE_HD constexpr std::size_t count_words_shared_bytes(std::uint32_t threads, std::uint32_t slots) {
  return count_records_shared_bytes(threads, slots, 0) +
         tile_groups(threads) * (sizeof(std::uint64_t) + sizeof(std::uint8_t));
}

// With 227 KiB for a block, as devices of capability 9.0 have, a table of words has at least 16,384 slots.
static_assert(count_words_shared_bytes(kBlockThreads, 16'384) <= 232'448);

}  // namespace millrace::cuda
