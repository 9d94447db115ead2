// Decoding UTF-8, and writing what a terminal would obey by its number.
// SPDX-License-Identifier: Apache-2.0
#include "base/text/printable.h"

#include <algorithm>

namespace millrace {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool continues(std::string_view text, std::size_t at) {
  return byte_at(text, at) >> 6 == 2;
}

// Bytes of the well-formed sequence at the front; 0 if there is none (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const unsigned first = byte_at(text, 0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  const unsigned second = byte_at(text, 1);
  const unsigned lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if (!continues(text, i)) return 0;
  return length;
}

bool is_ascii_printable(char c) {
  return c >= ' ' && c <= '~';
}

void append_hex(char32_t code, std::size_t digits, std::string& out) {
  while (digits-- > 0) out += "0123456789abcdef"[code >> (4 * digits) & 15];
}

void append_escaped(const Character& character, std::string& out) {
  out += '\\';
  switch (character.code) {
    case '\n': out += 'n'; return;
    case '\t': out += 't'; return;
    case '\r': out += 'r'; return;
    default: break;
  }
  const bool byte = character.bytes == 1;
  out += byte ? 'x' : 'u';
  append_hex(character.code, byte ? 2 : 4, out);
}

}  // namespace

Character first_character(std::string_view text) {
  const std::size_t length = sequence_length(text);
  const unsigned first = byte_at(text, 0);
  if (length < 2) return {first, 1, length == 1};
  char32_t code = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte_at(text, i) & 0x3f);
  return {code, length, true};
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e || code == 0x200f ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

std::string_view front(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && end + 3 > most && continues(text, end)) --end;
  return text.substr(0, end);
}

void append_printable(std::string_view text, std::string& out) {
  while (true) {
    const auto plain =
        static_cast<std::size_t>(std::ranges::find_if_not(text, is_ascii_printable) - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    const Character next = first_character(text);
    if (next.utf8 && !is_control(next.code))
      out += text.substr(0, next.bytes);
    else
      append_escaped(next, out);
    text.remove_prefix(next.bytes);
  }
}

std::string printable(std::string_view text) {
  std::string result;
  append_printable(text, result);
  return result;
}

}  // namespace millrace
