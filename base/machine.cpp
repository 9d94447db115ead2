// Reading the affinity mask and the cgroup files.
// SPDX-License-Identifier: Apache-2.0
#include "base/machine.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>

#include <millrace/error.h>
#include <millrace/quantity.h>

namespace millrace {
namespace {

template <class T>
void tighten(std::optional<T>& limit, T value) {
  limit = limit ? std::min(*limit, value) : value;
}

/// Calls `read(directory)` for the cgroup and everything above it. In a container the path that the
/// kernel tells may lie outside what is mounted: such levels are not there, and the mount itself counts.
/// Names are strings, as joining paths writes to memory that was refused (libstdc++ 12).
template <class Read>
void for_each_level(const std::string& mount, std::string group, Read read) {
  while (true) {
    read(mount + '/' + group);
    if (group.empty()) return;
    const std::size_t slash = group.rfind('/');
    group.erase(slash == std::string::npos ? 0 : slash);
  }
}

void read_v2(const std::string& level, CgroupLimits& limits) {
  // "max 100000" and "max" do not parse as numbers: no limit.
  double quota = 0;
  double period = 0;
  if (std::ifstream(level + "/cpu.max") >> quota >> period && period > 0)
    tighten(limits.processors, quota / period);
  std::size_t memory = 0;
  if (std::ifstream(level + "/memory.max") >> memory) tighten(limits.memory, memory);
}

void read_v1_processors(const std::string& level, CgroupLimits& limits) {
  double quota = 0;
  double period = 0;
  if (std::ifstream(level + "/cpu.cfs_quota_us") >> quota &&
      std::ifstream(level + "/cpu.cfs_period_us") >> period && quota > 0 && period > 0)
    tighten(limits.processors, quota / period);
}

void read_v1_memory(const std::string& level, CgroupLimits& limits) {
  std::size_t memory = 0;
  if (std::ifstream(level + "/memory.limit_in_bytes") >> memory) tighten(limits.memory, memory);
}

bool names_controller(std::string_view list, std::string_view controller) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == controller) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

std::size_t default_memory(std::size_t usable) {
  const std::size_t rest = usable > kBesideBudget ? usable - kBesideBudget : 0;
  return std::min(usable / 2, std::max(rest, usable / 4));
}

void check_memory(std::size_t memory, const CgroupLimits& limits) {
  const std::size_t limit = limits.memory.value_or(std::numeric_limits<std::size_t>::max());
  if (memory <= limit && limit - memory >= kBesideBudget) return;
  const std::size_t fitting = default_memory(limit);
  const std::string advice = fitting + kBesideBudget <= limit
                                 ? "try --memory " + std::to_string(fitting >> 20) + "MiB"
                                 : "leave --memory out";
  throw LimitError("the control group (cgroup) of this process allows " + size_text(limit) +
                   ", which does not hold a memory budget of " + size_text(memory) + " and the " +
                   size_text(kBesideBudget) + " that the program may need beside it: " + advice +
                   ", or raise the limit");
}

CgroupLimits cgroup_limits(const std::string& root) {
  CgroupLimits limits;
  const std::string mount = root + "/sys/fs/cgroup";
  std::ifstream groups(root + "/proc/self/cgroup");
  // Each line is "number:controllers:path"; version 2 has number 0 and no controllers.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty())
      for_each_level(mount, group, [&](const std::string& level) { read_v2(level, limits); });
    if (names_controller(controllers, "cpu"))
      for_each_level(mount + "/cpu", group,
                     [&](const std::string& level) { read_v1_processors(level, limits); });
    if (names_controller(controllers, "memory"))
      for_each_level(mount + "/memory", group,
                     [&](const std::string& level) { read_v1_memory(level, limits); });
  }
  return limits;
}

unsigned affinity_processors() {
  // The kernel refuses a mask that is smaller than its own: grow until it fits.
  for (std::size_t processors = 1024; processors <= (std::size_t{1} << 20); processors *= 2) {
    cpu_set_t* mask = CPU_ALLOC(processors);
    if (mask == nullptr) return 1;
    const std::size_t bytes = CPU_ALLOC_SIZE(processors);
    const int failed = sched_getaffinity(0, bytes, mask);
    const bool too_small = failed != 0 && errno == EINVAL;
    const int count = failed == 0 ? CPU_COUNT_S(bytes, mask) : 1;
    CPU_FREE(mask);
    if (!too_small) return static_cast<unsigned>(std::max(count, 1));
  }
  return 1;
}

unsigned usable_processors() {
  const unsigned allowed = affinity_processors();
  const std::optional<double> quota = cgroup_limits().processors;
  if (!quota) return allowed;
  // A quota of 1.5 keeps two threads busy most of the time.
  return std::clamp(static_cast<unsigned>(std::ceil(*quota)), 1U, allowed);
}

std::size_t usable_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGESIZE);
  const std::size_t machine = pages > 0 && page_bytes > 0
                                  ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_bytes)
                                  : std::size_t{1} << 30;
  return std::min(machine, cgroup_limits().memory.value_or(machine));
}

}  // namespace millrace
