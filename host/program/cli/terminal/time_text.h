// Where the time of a job went, in words.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <millrace/run.h>

namespace millrace::cli {

/// A line for each kind of thread, and one for the way of a batch and of an epoch: "time: 2 readers in 5.2 s:
/// 71% in their sources, 0% placing records, 3% waiting".
std::vector<std::string> time_text(const TimeSpent& time);

}  // namespace millrace::cli
