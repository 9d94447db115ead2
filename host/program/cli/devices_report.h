// What `millrace devices` says about CPU and GPU side by side.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "host/job/devices.h"

namespace millrace::cli {

/// A row for each size of batches, under a heading.
std::string rates_table(const BackendComparison& comparison);

/// What `auto` does on such input, and why.
std::string verdict(const BackendComparison& comparison, unsigned threads);

}  // namespace millrace::cli
