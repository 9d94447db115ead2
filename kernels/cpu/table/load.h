// Eight bytes of text at once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "kernels/key.h"

namespace millrace {

static_assert(std::endian::native == std::endian::little, "keys are read as they lie in memory");

/// load8 in one instruction; inside larger loops g++ 12 makes eight of that one.
inline std::uint64_t load8_at_once(const char* text) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, text, sizeof bytes);
  return bytes;
}

/// The same as hashed_key. REQUIRES: length > kPackedBytesMax.
inline Key hashed_key_at_once(const char* text, std::uint32_t length, const HashSeed& rule) {
  return hashed_key_of([text](std::uint32_t at) { return load8_at_once(text + at); }, length, rule);
}

}  // namespace millrace
