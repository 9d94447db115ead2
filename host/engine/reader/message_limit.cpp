// Looks at where messages end; moves bytes only behind one that is dropped.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/reader/message_limit.h"

#include <cstring>

namespace millrace {

void drop_oversized(std::span<std::byte> bytes, std::vector<Record>& messages, std::size_t max_record_bytes,
                    ReadResult& result) {
  std::uint32_t begin = 0;
  std::uint32_t kept = 0;
  auto next = messages.begin();
  for (const Record message : messages) {
    const std::uint32_t length = message.end - begin;
    if (length <= max_record_bytes) {
      if (kept != begin) std::memmove(bytes.data() + kept, bytes.data() + begin, length);
      kept += length;
      *next++ = {kept};
    }
    begin = message.end;
  }
  result.oversized += static_cast<std::uint64_t>(messages.end() - next);
  messages.erase(next, messages.end());
  result.bytes = kept;
}

}  // namespace millrace
