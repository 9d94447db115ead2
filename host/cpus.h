// How many processors and how much memory this process may use: machine, affinity mask and cgroup.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace millrace {

/// Processors of the affinity mask, fewer if a cgroup's quota allows less; at least 1.
unsigned usable_processors();

/// Bytes of the machine, fewer if a cgroup's limit allows less. A job takes half of it by default.
std::size_t usable_memory();

/// What the cgroups of this process allow, the tightest of all levels; empty where nothing is limited.
struct CgroupLimits {
  std::optional<double> processors;
  std::optional<std::size_t> memory;
};

/// Reads both versions of cgroups under `root`, which holds proc/ and sys/.
CgroupLimits cgroup_limits(const std::string& root = "");

/// Processors in the affinity mask alone.
unsigned affinity_processors();

}  // namespace millrace
