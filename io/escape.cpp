// Escaping for text, table, CSV and JSON.
// SPDX-License-Identifier: Apache-2.0
#include "io/escape.h"

#include <algorithm>
#include <cstdint>

namespace millrace::io {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

unsigned value_of(char c) {
  return static_cast<unsigned char>(c);
}

void append_hex(char c, std::string& out) {
  out += kHex[value_of(c) >> 4];
  out += kHex[value_of(c) & 15];
}

// The letter behind the backslash; 0: the byte stands for itself.
char text_escape(char c) {
  switch (c) {
    case '\t': return 't';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\\': return '\\';
    default: return 0;
  }
}

bool is_control(char c) {
  return value_of(c) < 0x20 || c == 0x7f;
}

// Bytes of the well-formed sequence at the front; 0 if there is none (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const unsigned first = value_of(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  const unsigned second = value_of(text[1]);
  const unsigned lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if (value_of(text[i]) >> 6 != 2) return 0;
  return length;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

void append_text(std::string_view key, std::string& out) {
  if (std::ranges::none_of(key, text_escape)) {
    out += key;
    return;
  }
  for (const char c : key) {
    const char letter = text_escape(c);
    if (letter != 0) out += '\\';
    out += letter != 0 ? letter : c;
  }
}

void append_printable(std::string_view key, std::string& out) {
  const bool utf8 = is_utf8(key);
  for (const char c : key) {
    if (const char letter = text_escape(c)) {
      out += '\\';
      out += letter;
    } else if (is_control(c) || (!utf8 && value_of(c) >= 0x80)) {
      out += "\\x";
      append_hex(c, out);
    } else {
      out += c;
    }
  }
}

void append_csv(std::string_view key, std::string& out) {
  if (key.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += key;
    return;
  }
  out += '"';
  for (const char c : key) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (const char letter = text_escape(c)) {
      out += '\\';
      out += letter;
    } else if (is_control(c)) {
      out += "\\u00";
      append_hex(c, out);
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_base64(std::string_view bytes, std::string& out) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < count ? value_of(bytes[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) out += j <= count ? kDigits[group >> (18 - 6 * j) & 63] : '=';
  }
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return value_of(c) >> 6 != 2; }));
}

}  // namespace millrace::io
