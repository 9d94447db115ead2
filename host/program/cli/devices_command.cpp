// `millrace devices`: what can count, and why something cannot.
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <millrace/backend.h>
#include <millrace/error.h>
#include <millrace/version.h>

#include "base/machine.h"
#include "host/job/devices.h"
#include "host/program/cli/commands.h"
#include "host/program/cli/devices_report.h"
#include "host/program/cli/terminal/human.h"

namespace millrace::cli {
namespace {

std::string vectors_text() {
  const VectorInstructions found = vector_instructions();
  return fmt::format("{} ({} can choose {})", found.chosen, vectors_variable(), fmt::join(found.others, ", "));
}

/// Whether the GPU can be used; if so, both are measured.
std::string cuda_text(const Options& job) {
  std::string text = "can be used";
  std::string measured;
  try {
    const BackendComparison comparison = compare_backends(job);
    const unsigned threads = job.threads != 0 ? job.threads : usable_processors();
    measured = rates_table(comparison) + "auto        " + verdict(comparison, threads) + '\n';
  } catch (const Error& error) {
    text = error.what();
  }
  return fmt::format("cuda        {} (built with: {})\n{}", text, build().cuda, measured);
}

}  // namespace

int devices_command(const Settings& settings) {
  const CgroupLimits limits = cgroup_limits();
  const BackendOptions options = {.threads = usable_processors()};
  std::string text = fmt::format("processors  {} usable ({} in the affinity mask, {})\n", usable_processors(),
                                 affinity_processors(),
                                 limits.processors ? fmt::format("cgroup quota {:.2f}", *limits.processors)
                                                   : std::string("no cgroup quota"));
  text += fmt::format("vectors     {}\n", vectors_text());
  text += fmt::format("memory      {} usable{}\n", human_bytes(static_cast<double>(usable_memory())),
                      limits.memory ? ", limited by a cgroup" : "");
  text += cuda_text(settings.job.options);
  text += fmt::format("default     {}\n", choose_backend(settings.job.options.backend, Plan{}, options).reason);
  print(text);
  return 0;
}

}  // namespace millrace::cli
