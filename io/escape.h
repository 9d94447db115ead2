// Keys as text of the row formats.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace millrace::io {

/// Whether bytes are well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes);

/// Tab, newline, carriage return and backslash as `\t \n \r \\`; all other bytes as they are.
void append_text(std::string_view key, std::string& out);

/// Within quotes, which are doubled, if the key holds a comma, a quote or a line end.
void append_csv(std::string_view key, std::string& out);

/// A JSON string with its quotes; what a terminal would obey is escaped in it. REQUIRES: is_utf8(text).
void append_json_string(std::string_view text, std::string& out);

/// RFC 4648, with padding.
void append_base64(std::string_view bytes, std::string& out);

/// Characters that a terminal shows: UTF-8 sequences count once.
std::size_t display_width(std::string_view text);

}  // namespace millrace::io
