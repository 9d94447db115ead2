// Names inside commands that messages tell users to type.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// `name` as a shell takes it for one word, in quotes if it needs them; `stand_in` for a name that is too long
/// or too odd to be shown.
std::string shell_word(std::string_view name, std::string_view stand_in);

}  // namespace millrace
