// The buffers of a ring: how many, how large, and from whose memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include <millrace/backend.h>

namespace millrace {

/// One open buffer per reader, those in flight, and one in the queue: then a reader can go on filling while
/// the backend is busy, and the backend never waits for a reader that has finished one.
std::size_t pool_size(const Backend& backend, std::size_t readers);

/// The capacity that suits the backend, or less in a small budget: the ring may take a quarter of it; the
/// rest is for keys.
std::size_t pool_capacity(const Backend& backend, std::size_t readers, std::size_t memory);

/// Throws BudgetError.
std::vector<HostBuffer> make_pool(Backend& backend, std::size_t readers, std::size_t capacity);

}  // namespace millrace
