// How deeply a TOML text nests, found without recursion.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace millrace::cli {

/// Where brackets stand inside one another, or a key has parts joined by dots, more than `most` times: as many
/// calls deep a parser would go. Texts and comments do not count. Beyond the first error of the text the answer
/// may be wrong.
std::optional<std::size_t> find_nesting(std::string_view toml, std::size_t most);

}  // namespace millrace::cli
