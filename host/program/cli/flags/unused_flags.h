// Flags without effect: the chosen way of counting does not use them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/program/cli/flags/settings.h"

namespace millrace::cli {

struct UnusedFlag {
  std::string_view name;
  std::string why;  ///< and what to do about it
};

/// The flags among `given` that change nothing in the job, which would let the user believe that they do. A
/// switch that is off asks for nothing. REQUIRES: `settings` are read from `given`, keys and measures
/// completed.
std::vector<UnusedFlag> unused_flags(const Settings& settings, const SettingMap& given);

}  // namespace millrace::cli
