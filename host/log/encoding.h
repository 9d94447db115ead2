// Numbers and texts as bytes, and back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <millrace/types.h>

namespace millrace {

/// What was read is not what was written.
class CorruptError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What was read is whole, and of a later version of the format.
class TooNewError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Of a varint or zigzag number of 64 bits.
inline constexpr std::size_t kNumberBytesMax = 10;

/// Fixed numbers are little-endian; a varint has seven bits a byte, the lowest first, and the top bit of each
/// byte but the last is set; zigzag makes small varints of small negative numbers. As in Protocol Buffers.
inline void put_fixed(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}
inline void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
inline void put_zigzag(std::string& out, std::int64_t value) {
  put_varint(out, static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
}
/// The same of a number of 128 bits: at most 19 bytes.
inline void put_wide(std::string& out, Int128 value) {
  const auto narrow = static_cast<std::int64_t>(value);
  if (narrow == value) return put_zigzag(out, narrow);
  auto bits = static_cast<unsigned __int128>(value) << 1 ^ static_cast<unsigned __int128>(value >> 127);
  for (; bits >= 0x80; bits >>= 7) out += static_cast<char>(static_cast<unsigned char>(bits) | 0x80);
  out += static_cast<char>(bits);
}
/// Its length as a varint, and its bytes.
inline void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

/// Reads what was put from front to back. Functions throw CorruptError where that can't be what was put.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::string_view bytes(std::size_t size) {
    if (size > rest_.size()) throw CorruptError("it ends too early");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint64_t fixed(unsigned size) {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (const char byte : bytes(size)) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(byte)) << shift;
      shift += 8;
    }
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t byte = fixed(1);
      const std::uint64_t bits = byte & 0x7f;
      if (shift == 63 && byte > 1) break;
      value |= bits << shift;
      if (byte < 0x80) return value;
    }
    throw CorruptError("a number has more than 64 bits");
  }
  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1)));
  }
  Int128 wide() {
    unsigned __int128 value = 0;
    for (unsigned shift = 0; shift < 128; shift += 7) {
      const unsigned __int128 byte = fixed(1);
      if (shift == 126 && byte > 3) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return static_cast<Int128>(value >> 1 ^ (0 - (value & 1)));
    }
    throw CorruptError("a number has more than 128 bits");
  }
  std::string_view text() {
    const std::uint64_t size = varint();
    if (size > rest_.size()) throw CorruptError("it ends too early");
    return bytes(size);
  }

 private:
  std::string_view rest_;
};

}  // namespace millrace
