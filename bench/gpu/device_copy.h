// A copy inside the device, which no backend makes: it shows how fast the device's memory is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace millrace::bench {

/// Seconds for copying `bytes` so many times. Both are device memory; nothing else may be under way.
double seconds_of_device_copies(void* to, const void* from, std::size_t bytes, int times);

}  // namespace millrace::bench
