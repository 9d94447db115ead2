// What the 32 lanes of a warp do together. Every lane calls these, whether it has anything to add or not.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/hd.h"

namespace millrace::cuda {

inline constexpr unsigned kAllLanes = 0xffffffffU;

MILLRACE_DEVICE inline unsigned lane() {
  return threadIdx.x & 31;
}

/// The atomic functions know unsigned long long, which is another type than std::uint64_t.
MILLRACE_DEVICE inline unsigned long long* wide(std::uint64_t* number) {
  return reinterpret_cast<unsigned long long*>(number);
}

/// Takes `amount` for this lane from a counter and returns where that begins, with one atomic per warp.
MILLRACE_DEVICE inline std::uint32_t reserve(std::uint32_t* counter, std::uint32_t amount) {
  std::uint32_t up_to_here = amount;
  for (unsigned distance = 1; distance < 32; distance *= 2) {
    const std::uint32_t before = __shfl_up_sync(kAllLanes, up_to_here, distance);
    if (lane() >= distance) up_to_here += before;
  }
  std::uint32_t begin = 0;
  if (lane() == 31 && up_to_here != 0) begin = atomicAdd(counter, up_to_here);
  return __shfl_sync(kAllLanes, begin, 31) + up_to_here - amount;
}

/// Takes one for each lane that wants it.
MILLRACE_DEVICE inline std::uint32_t reserve_one(std::uint32_t* counter, bool wanted) {
  const unsigned lanes = __ballot_sync(kAllLanes, wanted);
  if (lanes == 0) return 0;
  const unsigned first = static_cast<unsigned>(__ffs(static_cast<int>(lanes))) - 1;
  std::uint32_t begin = 0;
  if (lane() == first) begin = atomicAdd(counter, static_cast<unsigned>(__popc(lanes)));
  const unsigned lanes_before = lanes & ((1U << lane()) - 1);
  return __shfl_sync(kAllLanes, begin, static_cast<int>(first)) +
         static_cast<std::uint32_t>(__popc(lanes_before));
}

}  // namespace millrace::cuda
