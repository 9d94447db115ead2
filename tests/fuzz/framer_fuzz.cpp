// Any bytes in any pieces give the records of a plain split. The first bytes choose framing and sizes.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/error.h>

#include "io/framer.h"

namespace {

using millrace::Framing;
using millrace::ReadResult;
using millrace::Records;

struct Result {
  std::string bytes;
  std::uint64_t records = 0;
  std::uint64_t oversized = 0;
};

Result plain(std::string_view input, const Framing& framing) {
  const std::string_view ends = framing.kind == Framing::Kind::newline ? "\n" : " \t\n\v\f\r";
  Result result;
  while (!input.empty()) {
    const std::size_t length = std::min(input.find_first_of(ends), input.size());
    const bool kept = length <= framing.max_record_bytes;
    ++(kept ? result.records : result.oversized);
    if (kept) result.bytes.append(input.substr(0, length)) += length < input.size() ? input[length] : '\n';
    input.remove_prefix(std::min(length + 1, input.size()));
  }
  return result;
}

Result framed(std::string_view input, const Framing& framing, std::size_t piece, std::size_t room_bytes) {
  millrace::io::Framer framer(framing, millrace::unlimited_budget());
  Result result;
  std::vector<std::byte> into(room_bytes);
  std::vector<std::uint32_t> ends;
  const Records records{.ends = &ends};
  bool ended = false;
  for (;;) {
    auto found = framer.next(into, records);
    if (!found && ended) break;
    if (!found && input.empty()) {
      framer.end_input();
      ended = true;
    } else if (!found) {
      const std::span<std::byte> room = framer.room(into);
      const std::size_t bytes = std::min({piece, room.size(), input.size()});
      std::memcpy(room.data(), input.data(), bytes);
      input.remove_prefix(bytes);
      found = framer.added(bytes, into, records);
    }
    if (!found) continue;
    result.oversized += found->oversized;
    if (found->status == ReadResult::Status::too_big) {
      into.resize(found->bytes);
      continue;
    }
    result.bytes.append(reinterpret_cast<const char*>(into.data()), found->bytes);
    result.records += ends.size();
    into.resize(room_bytes);
  }
  result.oversized += framer.nothing(ReadResult::Status::end).oversized;
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const Framing framing{data[0] % 2 == 0 ? Framing::Kind::newline : Framing::Kind::whitespace, data[1]};
  const std::string_view input(reinterpret_cast<const char*>(data) + 4, size - 4);
  const Result expected = plain(input, framing);
  const Result result = framed(input, framing, 1U + data[2], 1U + data[3]);
  millrace::check(result.bytes == expected.bytes, "every byte comes out");
  millrace::check(result.records == expected.records, "every record is listed");
  millrace::check(result.oversized == expected.oversized, "every oversized record is counted");
  return 0;
}
