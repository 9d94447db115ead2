// A format's name is also the ending of its files, except for text and tables.
// SPDX-License-Identifier: Apache-2.0
#include "io/format/format.h"

#include <string>

namespace millrace {

std::string_view to_string(Format format) {
  switch (format) {
    case Format::automatic: return "auto";
    case Format::table: return "table";
    case Format::text: return "text";
    case Format::json: return "json";
    case Format::csv: return "csv";
    case Format::tsv: return "tsv";
  }
  return "unknown";
}

}  // namespace millrace

namespace millrace::io {

std::string_view extension(Format format) {
  const bool has_its_own = format == Format::json || format == Format::csv || format == Format::tsv;
  return has_its_own ? to_string(format) : "txt";
}

std::optional<Format> format_of_ending(std::string_view path) {
  for (const Format format : {Format::json, Format::csv, Format::tsv})
    if (path.ends_with('.' + std::string(extension(format)))) return format;
  return std::nullopt;
}

}  // namespace millrace::io
