// What is said at the end of records that were not counted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <millrace/run.h>

namespace millrace::cli {

/// "3 records were not counted: 2 malformed value, 1 missing field", the first few of them, and what to do
/// where the cause is known; "5 of 6 records" if most were not. Empty if all were.
std::string rejected_text(const Progress& progress, const Plan& plan);

}  // namespace millrace::cli
