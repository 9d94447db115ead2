// Two backends side by side over batches of several sizes: where one overtakes the other.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <millrace/backend.h>

namespace millrace {

/// What both do with batches of one size, in bytes per second.
struct Rates {
  std::size_t batch_bytes = 0;
  double present = 0;
  double other = 0;
};

/// Makes a backend for batches of that size; may throw an Error.
using SizedFactory = std::function<std::unique_ptr<Backend>(std::size_t batch_bytes)>;

/// Counts `text` over and over, cut into batches of each size in turn. Throws what the backends throw.
/// REQUIRES: `text` has a newline in each stretch as long as the smallest size.
std::vector<Rates> measure_crossover(std::string_view text, std::span<const std::size_t> sizes,
                                     const SizedFactory& present, const SizedFactory& other);

}  // namespace millrace
