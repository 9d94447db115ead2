// `millrace devices`: what can count, and why something cannot.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include <millrace/backend.h>
#include <millrace/version.h>

#include "host/cli/commands.h"
#include "host/cli/human.h"
#include "host/cpus.h"

namespace millrace::cli {
namespace {

/// The vector instructions that matter for scanning text, as the kernel names them.
std::string vector_instructions() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    // x86 lists "flags", aarch64 "Features".
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    std::istringstream words(line.substr(std::min(line.find(':') + 1, line.size())));
    std::string seen;
    for (std::string word; words >> word;) {
      if (word == "sse2" || word == "sse4_2" || word == "avx2" || word == "avx512bw" || word == "avx512vbmi2" ||
          word == "asimd" || word == "sve")
        seen += (seen.empty() ? "" : " ") + word;
    }
    return seen;
  }
  return "unknown";
}

std::string cuda_text() {
  try {
    return choose_backend(BackendKind::cuda, Plan{}, {}).reason;
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

int devices_command(const Settings& settings) {
  const CgroupLimits limits = cgroup_limits();
  const BackendOptions options = {.threads = usable_processors()};
  std::string text = fmt::format("processors  {} usable ({} in the affinity mask, {})\n", usable_processors(),
                                 affinity_processors(),
                                 limits.processors ? fmt::format("cgroup quota {:.2f}", *limits.processors)
                                                   : std::string("no cgroup quota"));
  text += fmt::format("vectors     {}\n", vector_instructions());
  text += fmt::format("memory      {} usable{}\n", human_bytes(static_cast<double>(usable_memory())),
                      limits.memory ? ", limited by a cgroup" : "");
  text += fmt::format("cuda        {} (built with: {})\n", cuda_text(), build().cuda);
  text += fmt::format("default     {}\n", choose_backend(settings.job.options.backend, Plan{}, options).reason);
  print(text);
  return 0;
}

}  // namespace millrace::cli
