// Keys, or pieces of them, as text of the row formats.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace millrace::io {

/// Whether bytes are well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes);

/// Tab, newline, carriage return and backslash as `\t \n \r \\`; all other bytes as they are.
void append_tsv(std::string_view key, std::string& out);

/// All bytes as they are.
void append_raw(std::string_view key, std::string& out);

/// Whether CSV has the key within quotes: it holds a comma, a quote or a line end.
bool needs_quotes(std::string_view key);

/// What stands within quotes of CSV.
void append_doubling_quotes(std::string_view key, std::string& out);

/// What stands within quotes of JSON; what a terminal would obey is escaped in it. REQUIRES: is_utf8(text).
void append_json(std::string_view text, std::string& out);

/// RFC 4648, with padding.
void append_base64(std::string_view bytes, std::string& out);

/// Characters that a terminal shows: UTF-8 sequences count once.
std::size_t display_width(std::string_view text);

}  // namespace millrace::io
