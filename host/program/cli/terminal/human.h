// Numbers and texts as people like to read them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::cli {

/// 1234567 → "1,234,567".
std::string human_count(std::uint64_t number);
/// 1288490189 → "1.2 GiB".
std::string human_bytes(double bytes);
/// "0.85 s", "2 min 3 s", "1 h 2 min".
std::string human_time(std::chrono::nanoseconds time);

}  // namespace millrace::cli
