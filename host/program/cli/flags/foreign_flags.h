// Flags of other programs that are tried here first.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace millrace::cli {

/// What to type instead of a flag that others have, without its value: "--follow"; empty if it is not known.
std::string_view advice_on(std::string_view foreign_flag);

}  // namespace millrace::cli
