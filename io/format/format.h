// Formats and the endings of file names.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include <millrace/sink.h>

namespace millrace::io {

/// The file name extension of a format, without a dot.
std::string_view extension(Format format);

/// The format whose extension a path ends with, if it has one of its own.
std::optional<Format> format_of_ending(std::string_view path);

}  // namespace millrace::io
