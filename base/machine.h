// How many processors and how much memory this process may use: machine, affinity mask and cgroup.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace millrace {

/// Processors of the affinity mask, fewer if a cgroup's quota allows less; at least 1.
unsigned usable_processors();

/// Bytes of the machine, fewer if a cgroup's limit allows less.
std::size_t usable_memory();

/// What a process takes at most beside its memory budget: code, stacks, buffers of fixed size.
inline constexpr std::size_t kBesideBudget = std::size_t{64} << 20;

/// The budget of a job that names none, where so much memory is usable: half of it, less where the other half
/// would be little.
std::size_t default_memory(std::size_t usable);

/// What the cgroups of this process allow, the tightest of all levels; empty where nothing is limited.
struct CgroupLimits {
  std::optional<double> processors;
  std::optional<std::size_t> memory;
};

/// Reads both versions of cgroups under `root`, which holds proc/ and sys/.
CgroupLimits cgroup_limits(const std::string& root = "");

/// Throws LimitError if a budget of `memory` bytes would let the kernel kill the process before the budget is
/// used up.
void check_memory(std::size_t memory, const CgroupLimits& limits);

/// Processors in the affinity mask alone.
unsigned affinity_processors();

}  // namespace millrace
