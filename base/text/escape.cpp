// Escaping for TSV, CSV and JSON.
// SPDX-License-Identifier: Apache-2.0
#include "base/text/escape.h"

#include <algorithm>
#include <cstdint>

#include "base/text/printable.h"

namespace millrace::io {
namespace {

unsigned value_of(char c) {
  return static_cast<unsigned char>(c);
}

// So many bytes at the front are of one kind.
template <class IsOfKind>
std::size_t run(std::string_view text, IsOfKind is_of_kind) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_of_kind) - text.begin());
}

// The letter behind the backslash; 0: the byte stands for itself.
char letter_of(char c) {
  switch (c) {
    case '\t': return 't';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\\': return '\\';
    default: return 0;
  }
}

// Of a JSON string: what stands for itself, whatever is beside it.
bool is_plain(char c) {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

void append_json_escape(char32_t code, std::string& out) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += "0123456789abcdef"[code >> shift & 15];
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (true) {
    bytes.remove_prefix(run(bytes, [](char c) { return value_of(c) < 0x80; }));
    if (bytes.empty()) return true;
    const Character next = first_character(bytes);
    if (!next.utf8) return false;
    bytes.remove_prefix(next.bytes);
  }
}

void append_tsv(std::string_view key, std::string& out) {
  if (std::ranges::none_of(key, letter_of)) {
    out += key;
    return;
  }
  for (const char c : key) {
    const char letter = letter_of(c);
    if (letter != 0) out += '\\';
    out += letter != 0 ? letter : c;
  }
}

void append_raw(std::string_view key, std::string& out) {
  out += key;
}

bool needs_quotes(std::string_view key) {
  return key.find_first_of(",\"\r\n") != std::string_view::npos;
}

void append_doubling_quotes(std::string_view key, std::string& out) {
  for (const char c : key) {
    if (c == '"') out += '"';
    out += c;
  }
}

void append_json(std::string_view text, std::string& out) {
  while (true) {
    const std::size_t plain = run(text, is_plain);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    const Character next = first_character(text);
    const char letter = next.code == '"' ? '"' : letter_of(text[0]);
    if (letter != 0)
      out += {'\\', letter};
    else if (is_control(next.code))
      append_json_escape(next.code, out);
    else
      out += text.substr(0, next.bytes);
    text.remove_prefix(next.bytes);
  }
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
