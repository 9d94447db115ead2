// Searching for record ends from either side.
// SPDX-License-Identifier: Apache-2.0
#include "io/record_ends.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::io {
namespace {

constexpr bool is_space(std::byte byte) {
  const auto value = std::to_integer<unsigned>(byte);
  return value == ' ' || value - '\t' <= '\r' - '\t';
}

std::size_t after(const void* found, std::span<const std::byte> bytes) {
  if (found == nullptr) return 0;
  return static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data()) + 1;
}

}  // namespace

std::size_t after_last_end(std::span<const std::byte> bytes, Framing::Kind kind) {
  if (bytes.empty()) return 0;
  if (kind == Framing::Kind::newline) return after(memrchr(bytes.data(), '\n', bytes.size()), bytes);
  std::size_t end = bytes.size();
  while (end > 0 && !is_space(bytes[end - 1])) --end;
  return end;
}

std::size_t after_first_end(std::span<const std::byte> bytes, std::size_t from, Framing::Kind kind) {
  if (from >= bytes.size()) return 0;
  if (kind == Framing::Kind::newline)
    return after(std::memchr(bytes.data() + from, '\n', bytes.size() - from), bytes);
  for (std::size_t at = from; at < bytes.size(); ++at)
    if (is_space(bytes[at])) return at + 1;
  return 0;
}

// Looks at one record end per `max_record_bytes` where all records are short enough: the last end that the
// longest record allowed could have.
Kept drop_oversized(std::span<std::byte> whole, const Framing& framing, std::vector<OriginRun>* origins) {
  const std::size_t longest = framing.max_record_bytes + 1;
  const OriginRun origin = origins != nullptr ? origins->back() : OriginRun{};
  bool behind_gap = false;
  Kept kept;
  std::size_t at = 0;
  while (at < whole.size()) {
    const std::size_t length = std::min(longest, whole.size() - at);
    const std::size_t good = after_last_end(whole.subspan(at, length), framing.kind);
    if (good > 0) {
      if (std::exchange(behind_gap, false) && origins != nullptr)
        origins->push_back({static_cast<std::uint32_t>(kept.bytes), origin.partition,
                            origin.first_offset + static_cast<std::int64_t>(at)});
      if (kept.bytes != at) std::memmove(whole.data() + kept.bytes, whole.data() + at, good);
      kept.bytes += good;
      at += good;
    } else {
      at = after_first_end(whole, at + length, framing.kind);
      ++kept.oversized;
      behind_gap = true;
    }
  }
  return kept;
}

void list_ends(std::span<const std::byte> whole, Framing::Kind kind, std::vector<std::uint32_t>& ends) {
  ends.clear();
  std::size_t at = 0;
  while (at < whole.size()) {
    at = after_first_end(whole, at, kind);
    ends.push_back(static_cast<std::uint32_t>(at - 1));
  }
}

}  // namespace millrace::io
