// What a partial takes in host memory once it is collected.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

/// Of a partial in columns: its key, its count, its values and where its text ends. The bytes of its text come
/// on top, if it has any.
constexpr std::size_t partial_bytes(std::size_t value_columns) {
  return (3 + value_columns) * sizeof(std::uint64_t);
}

}  // namespace millrace
