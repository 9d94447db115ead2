// Exact decimal numbers as text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace millrace::io {

/// `value` / 10^`scale`, with `scale` digits after the point.
void append_decimal(std::int64_t value, std::uint32_t scale, std::string& out);

/// `sum` / 10^`scale` / `count` with `scale` + 6 digits after the point, half to even, without error.
/// REQUIRES: count > 0.
void append_mean(std::int64_t sum, std::int64_t count, std::uint32_t scale, std::string& out);

}  // namespace millrace::io
