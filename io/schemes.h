// The one table of addresses: what each scheme opens, and by which program it is served where it is not here.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/sink.h>

#include "io/uri.h"

namespace millrace::io {

class Inputs;

enum class Use : std::uint8_t { input, output };

struct Scheme {
  std::string_view name;  ///< in lower case
  /// Adds what the address names. Null: it is no input here.
  void (*add_input)(const Uri& uri, Inputs& inputs) = nullptr;
  /// Null: it is no output here.
  std::unique_ptr<Sink> (*open_output)(const Uri& uri, const RowLayout& layout, Disk& disk,
                                       const OnEvent& on_event) = nullptr;
  /// Commands that read and write it, if it is not here. URL stands for the address.
  std::string_view reads = {};
  std::string_view writes = {};
};

/// What is here for this use, as in the order of the table.
std::vector<std::string_view> schemes_for(Use use);

/// The row of an address; a path is of "file". Throws ConfigError, with what is known, where the scheme has no
/// such use here.
const Scheme& find_scheme(const Uri& uri, Use use);

/// The pipe that reads (or writes) such an address by another program, as "curl -sN URL | millrace ..."; empty
/// for schemes that are here or that nobody knows, and for names that exist.
std::string other_program(std::string_view address, Use use);
/// Throws ConfigError with that pipe if there is one.
void refuse_elsewhere(const std::string& address, Use use);

}  // namespace millrace::io
