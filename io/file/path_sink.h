// The sink that the path of an output asks for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <millrace/sink.h>

namespace millrace::io {

/// Throws ConfigError, and IoError where the path cannot be followed or what it names is not open.
std::unique_ptr<Sink> open_path(const std::string& path, const RowLayout& layout, Disk& disk,
                                const OnEvent& on_event);

}  // namespace millrace::io
