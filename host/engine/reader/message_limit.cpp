// Looks at where messages end; moves bytes only behind one that is dropped.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/reader/message_limit.h"

#include <cstring>

namespace millrace {

void drop_oversized(std::span<std::byte> bytes, const Records& messages, std::size_t max_record_bytes,
                    ReadResult& result) {
  std::vector<std::uint32_t>& ends = *messages.ends;
  std::uint32_t begin = 0;
  std::uint32_t kept = 0;
  auto next = ends.begin();
  for (const std::uint32_t end : ends) {
    const std::uint32_t length = end - begin;
    if (length <= max_record_bytes) {
      if (kept != begin) std::memmove(bytes.data() + kept, bytes.data() + begin, length);
      kept += length;
      *next++ = kept;
    }
    begin = end;
  }
  if (next != ends.end() && messages.origins != nullptr) messages.origins->clear();
  result.oversized += static_cast<std::uint64_t>(ends.end() - next);
  ends.erase(next, ends.end());
  result.bytes = kept;
}

}  // namespace millrace
