// Stands in for the device's own copy where the benchmark runs on the fake device.
// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "bench/gpu/device_copy.h"
#include "bench/gpu/workload.h"

namespace millrace::bench {

double seconds_of_device_copies(void* to, const void* from, std::size_t bytes, int times) {
  const Time begin = now();
  for (int i = 0; i < times; ++i) std::memcpy(to, from, bytes);
  return seconds_since(begin);
}

}  // namespace millrace::bench
