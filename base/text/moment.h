// Moments as text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <millrace/types.h>

namespace millrace {

/// ISO 8601 in UTC with milliseconds; what is finer is cut off.
std::string iso_8601(Timestamp moment);

}  // namespace millrace
