// `millrace devices`: what can count, and why something cannot.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <millrace/backend.h>
#include <millrace/source.h>
#include <millrace/version.h>

#include "base/instant.h"
#include "base/machine.h"
#include "host/program/cli/commands.h"
#include "host/program/cli/devices_report.h"
#include "host/program/cli/terminal/human.h"
#include "kernels/cpu/simd/text_kernels.h"

namespace millrace::cli {
namespace {

/// The instruction set that scans text, and those that could.
std::string vector_instructions() {
  std::string others;
  for (const TextKernels* kernels : runnable_kernels())
    if (kernels != &text_kernels())
      others += (others.empty() ? "" : ", ") + std::string(to_string(kernels->level));
  return fmt::format("{} (MILLRACE_SIMD can choose {})", to_string(text_kernels().level), others);
}

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::array kBatchSizes = {kMiB / 16, kMiB, 16 * kMiB, 64 * kMiB};

/// Words as they are in a natural text, in lines; as long as the largest batch.
std::string words_to_measure() {
  const std::string uri = "generate:";
  const auto sources = open_sources(std::span(&uri, 1), {});
  std::string text(kBatchSizes.back(), '\n');
  for (std::size_t filled = 0;;) {
    const auto room = std::as_writable_bytes(std::span(text)).subspan(filled);
    const ReadResult result = sources.front()->read(room, {}, kNever);
    if (result.status != ReadResult::Status::data) return text;  // the next line does not fit
    filled += result.bytes;
  }
}

/// Whether the GPU can be used; if so, both are measured, with the threads and the batches of a job.
std::string cuda_text(const Options& job) {
  const unsigned threads = job.threads != 0 ? job.threads : usable_processors();
  const auto maker_of = [threads](BackendKind kind) -> SizedFactory {
    return [kind, threads](std::size_t batch_bytes) {
      return choose_backend(kind, Plan{}, {.threads = threads, .batch_bytes = batch_bytes}).backend;
    };
  };
  const SizedFactory cpu = maker_of(BackendKind::cpu);
  const SizedFactory gpu = maker_of(BackendKind::cuda);
  std::string text = "can be used";
  std::string measured;
  try {
    const std::size_t gpu_batch = gpu(job.batch_bytes)->batch_bytes();
    const std::vector<Rates> rates = measure_crossover(words_to_measure(), kBatchSizes, cpu, gpu);
    measured = crossover_table(rates) + "auto        " +
               crossover_verdict(rates, cpu(job.batch_bytes)->batch_bytes(), gpu_batch, threads) + '\n';
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
  text += fmt::format("vectors     {}\n", vector_instructions());
  text += fmt::format("memory      {} usable{}\n", human_bytes(static_cast<double>(usable_memory())),
                      limits.memory ? ", limited by a cgroup" : "");
  text += cuda_text(settings.job.options);
  text += fmt::format("default     {}\n", choose_backend(settings.job.options.backend, Plan{}, options).reason);
  print(text);
  return 0;
}

}  // namespace millrace::cli
