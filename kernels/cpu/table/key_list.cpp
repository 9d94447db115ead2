// Counts go by length class; values one by one.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/table/key_list.h"

#include <algorithm>

namespace millrace {

void KeyList::flush(PaneTable& table, std::span<const std::int64_t> values) {
  const std::size_t keys = size();
  edges_ = 0;
  if (values.empty()) {
    classes_.sort(text_kernels(), base_, places_.data(), keys);
    return table.count(classes_);
  }
  constexpr std::size_t kAhead = 16;  // keys whose memory is on its way
  const std::size_t columns = values.size() / keys;
  const auto text = [&](std::size_t i) { return base_ + places_[2 * i]; };
  const auto length = [&](std::size_t i) { return std::uint32_t{places_[2 * i + 1]} - places_[2 * i]; };
  const bool is_large = table.is_large();
  for (std::size_t i = 0; is_large && i < std::min(kAhead, keys); ++i) table.prefetch(text(i), length(i));
  for (std::size_t i = 0; i < keys; ++i) {
    if (is_large && i + kAhead < keys) table.prefetch(text(i + kAhead), length(i + kAhead));
    table.add(text(i), length(i), values.data() + i * columns);
  }
}

}  // namespace millrace
