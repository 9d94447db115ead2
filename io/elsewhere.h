// Where other programs must fetch the input or take the output.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace millrace::io {

/// The pipe that reads (or writes) such an address by another program, as "curl -sN URL | millrace ..."; empty
/// for schemes that nobody knows, and for names that exist.
std::string pipe_from(std::string_view address);
std::string pipe_to(std::string_view address);

}  // namespace millrace::io
