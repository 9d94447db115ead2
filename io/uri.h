// Addresses of sources and sinks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::io {

/// `scheme:path?key=value&key=value`, percent-decoded. A text that does not start with two or more letters
/// (then letters, digits, `+`, `-`) and a colon has no scheme: it is a file's path, taken as it is.
struct Uri {
  std::string text;    ///< as it was written, for errors
  std::string scheme;  ///< in lower case; empty: a path
  std::string path;    ///< all between the scheme's colon and the query
  std::vector<std::pair<std::string, std::string>> query;

  std::optional<std::string> value(std::string_view key) const;
};

/// Throws ConfigError that quotes the address.
Uri parse_uri(std::string_view text);

/// The scheme as it is written; empty: a path.
std::string_view scheme_of(std::string_view text);

/// Whether it is `scheme`, which is in lower case.
bool is_same_scheme(std::string_view written, std::string_view scheme);

/// Whether it has a scheme by its looks, but is a file: "web1:8080.log". Always addresses are "stdin:",
/// "stdout:" and "discard:", which programs and scripts rely on, and what has "//" behind its scheme, which is
/// no name but a path.
bool is_existing_name(std::string_view text);

/// As parse_uri, but a name that exists is a path, whatever it looks like. Sources and sinks decide by it.
Uri parse_address(std::string_view text);

/// Whether it is a file's: a path, or "file:".
bool names_file(const Uri& uri);
/// The path of such an address: "a/b", "file:a/b", "file:/a/b", "file:///a/b". Throws ConfigError if there is
/// none.
std::string file_path(const Uri& uri);

/// Throws ConfigError unless every key of the query is one of `keys`, once. It tells of the first few that are
/// not.
void allow_keys(const Uri& uri, std::initializer_list<std::string_view> keys);

struct HostPort {
  std::string host;  ///< without the brackets of an IPv6 address
  std::string port;  ///< a number from 1 to 65535
};

/// Of an address whose path is `//HOST:PORT`.
HostPort host_and_port(const Uri& uri);

}  // namespace millrace::io
