// Bytes from outside, on a terminal.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

/// What stands at the front of bytes that may be anything.
struct Character {
  char32_t code = 0;      ///< of what is no UTF-8: the byte
  std::size_t bytes = 1;  ///< of what is no UTF-8: one
  bool utf8 = true;       ///< it is well formed: no overlong form, no surrogate, nothing above U+10FFFF
};

/// REQUIRES: !text.empty().
Character first_character(std::string_view text);

/// Whether a terminal would obey it instead of showing it: C0, DEL, C1, and the controls of bidirectional text,
/// with which a text reads differently from what it is.
bool is_control(char32_t code);

/// The front of `text`: at most `most` bytes, and no character cut in two.
std::string_view front(std::string_view text, std::size_t most);

/// Appends the text as a terminal may have it: control characters as `\n`, `\t`, `\r`, `\x1b` or `\u202e`,
/// bytes that are no UTF-8 as `\xff`. Once more, it changes nothing: a backslash stays as it is.
void append_printable(std::string_view text, std::string& out);
std::string printable(std::string_view text);

}  // namespace millrace
