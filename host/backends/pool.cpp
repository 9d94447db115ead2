// Sizing and allocating the ring's buffers.
// SPDX-License-Identifier: Apache-2.0
#include "host/backends/pool.h"

#include <algorithm>

namespace millrace {

std::size_t pool_size(const Backend& backend, std::size_t readers) {
  return readers + backend.in_flight_max() + 1;
}

std::size_t pool_capacity(const Backend& backend, std::size_t readers, std::size_t memory) {
  const std::size_t share = memory / 4 / pool_size(backend, readers);
  return std::min(std::max(share, std::size_t{4096}), backend.batch_bytes());
}

std::vector<HostBuffer> make_pool(Backend& backend, std::size_t readers, std::size_t capacity) {
  std::vector<HostBuffer> pool(pool_size(backend, readers));
  for (HostBuffer& buffer : pool) buffer = backend.allocate(capacity);
  return pool;
}

}  // namespace millrace
