// Where records end in a run of bytes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <millrace/source.h>

namespace millrace::io {

// All functions read byte streams: newline or white-space framing.

/// The place just behind the last record end; 0 if there is none.
std::size_t after_last_end(std::span<const std::byte> bytes, Framing::Kind kind);

/// The place just behind the first record end at or after `from`; 0 if there is none.
std::size_t after_first_end(std::span<const std::byte> bytes, std::size_t from, Framing::Kind kind);

struct Kept {
  std::size_t bytes = 0;
  std::uint64_t oversized = 0;
};

/// Takes records that exceed the limit out of whole records and closes the gaps.
/// Where `origins` are given, the last of them is that of `whole`, and one is added for what lies behind a gap.
Kept drop_oversized(std::span<std::byte> whole, const Framing& framing,
                    std::vector<OriginRun>* origins = nullptr);

/// One entry per record; its end excludes the end mark.
void list_ends(std::span<const std::byte> whole, Framing::Kind kind, std::vector<std::uint32_t>& ends);

}  // namespace millrace::io
