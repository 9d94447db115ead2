// "Did you mean": the known name nearest to a misspelt one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace millrace {

/// The nearest of `known`, if it is near enough to be what was meant; empty otherwise.
std::string_view nearest(std::string_view misspelt, std::span<const std::string_view> known);

/// ` (did you mean "NAME"?)`, or nothing.
std::string did_you_mean(std::string_view misspelt, std::span<const std::string_view> known);

}  // namespace millrace
