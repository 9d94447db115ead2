// The user's functions over records: what they are given, and what they give out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <type_traits>

namespace millrace {

/// Receives what a host function makes of one record. Views need to live only during the call. A record or key
/// above Options::max_record_bytes is bad, as if it were read; what does not suit the plan throws ConfigError.
class RecordOut {
 public:
  virtual ~RecordOut() = default;
  /// A new record, for words, split, fields and record keys.
  virtual void record(std::string_view text) = 0;
  /// A key with its values, for KeyedBy::rows; as many values as the plan's `row_values`.
  virtual void row(std::string_view key, std::span<const std::int64_t> values) = 0;
};

/// The user's map, filter and flat_map, composed. Each reader thread calls it; it must be thread-safe. What it
/// throws ends the job, TransientError too: records that it has given out may have been counted.
using HostFunction = std::function<void(std::string_view record, RecordOut& out)>;

namespace detail {
/// Whether a function of the user cannot be called: an empty std::function, a null pointer.
template <class F>
bool is_empty(const F& function) {
  if constexpr (std::is_constructible_v<F, std::nullptr_t> && std::is_constructible_v<bool, const F&>)
    return !static_cast<bool>(function);
  return false;
}
}  // namespace detail

}  // namespace millrace
