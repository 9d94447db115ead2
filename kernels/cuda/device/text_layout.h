// How a text lies in a pane's arena: the key's bits, its length, and its bytes, padded with zeros.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/hd.h"

namespace millrace::cuda {

/// Words of 8 bytes before the text's own: the key's bits, and the length.
inline constexpr std::uint32_t kTextHeaderWords = 2;

/// Words that a text of this length takes.
MILLRACE_HD constexpr std::uint32_t text_words(std::uint32_t length) {
  return kTextHeaderWords + (length + 7) / 8;
}

}  // namespace millrace::cuda
