// Exact decimal numbers as text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <millrace/types.h>

namespace millrace::io {

/// `value` / 10^`scale`, with `scale` digits after the point.
void append_decimal(Int128 value, std::uint32_t scale, std::string& out);

/// `sum` / 10^`scale` / `count` with `scale` + 6 digits after the point, half to even, without error.
/// REQUIRES: count > 0; the mean fits 64 bits.
void append_mean(Int128 sum, std::int64_t count, std::uint32_t scale, std::string& out);

}  // namespace millrace::io
