// What the first bytes of an input tell: that it is no text, or that a byte order mark comes before the text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace millrace::io {

/// What an input holds, by its magic number or byte order mark.
enum class Content : std::uint8_t { text, gzip, zstd, xz, bzip2, lz4, zip, utf16, utf32 };

struct FirstBytes {
  Content content = Content::text;
  std::size_t mark = 0;  ///< bytes before the text: the byte order mark of UTF-8
};

/// As many as are ever needed.
inline constexpr std::size_t kFirstBytes = 10;

/// REQUIRES: `beginning` is the whole input, or kFirstBytes of it or more, or may_turn_out(beginning) is false.
FirstBytes look_at(std::span<const std::byte> beginning);

/// Whether the bytes that follow may make of it what it does not look like yet.
bool may_turn_out(std::span<const std::byte> beginning);

/// One line: why an input that is no text is not counted, and the pipe that makes it text. `name` is its path,
/// or that of a stream that has no name for other programs; `others`: as many more are alike.
std::string why_not_counted(Content content, const std::string& name, std::size_t others = 0);

}  // namespace millrace::io
