// Which millrace this is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace millrace {

/// What the library was built from and with.
struct Build {
  std::string_view version;   ///< "0.1.0"
  std::string_view compiler;  ///< "GNU 12.2.0"
  std::string_view type;      ///< "Release"
  std::string_view cuda;      ///< the toolkit's version, or why there is none
};

const Build& build() noexcept;

}  // namespace millrace
