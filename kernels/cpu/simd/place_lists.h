// Sorts keys by their length.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/simd/text_kernels.h"

namespace millrace {

/// TextKernels::sort_by_length for machines without an instruction for it. Writes each key to two lists, of
/// which one moves on, so that no branch depends on the text. Inlined, so that each caller's instruction set is
/// used.
[[gnu::always_inline]] inline PlaceLists append_places(const std::uint16_t* edges, std::size_t keys,
                                                       PlaceLists to) {
  Place* const first = to.medium_end;
  for (std::size_t i = 0; i < keys; ++i) {
    const std::uint32_t length = std::uint32_t{edges[2 * i + 1]} - edges[2 * i];
    const Place place = edges[2 * i] | length << 16;
    *to.short_end = place;
    *to.medium_end = place;
    const bool is_short = length <= kShortKeyMax;
    to.short_end += is_short;
    to.medium_end += !is_short;
  }
  // Few keys get here. Those that are too long leave the list again.
  const Place* const last = to.medium_end;
  to.medium_end = first;
  for (const Place* at = first; at != last; ++at) {
    const Place place = *at;
    *to.long_end = place;
    *to.medium_end = place;
    const bool is_medium = length_of(place) <= kMediumKeyMax;
    to.medium_end += is_medium;
    to.long_end += !is_medium;
  }
  return to;
}

}  // namespace millrace
