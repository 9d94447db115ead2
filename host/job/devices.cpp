// Looking at the machine, and trying both.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/devices.h"

#include <array>
#include <span>
#include <string>
#include <utility>

#include <millrace/backend.h>
#include <millrace/source.h>

#include "base/instant.h"
#include "base/machine.h"
#include "host/backends/trial.h"
#include "kernels/cpu/simd/text_kernels.h"

namespace millrace {
namespace {

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

/// The rates of the largest size that is not above `batch_bytes`, or of the smallest.
const Rates& rates_at(std::span<const Rates> rates, std::size_t batch_bytes) {
  const Rates* found = &rates.front();
  for (const Rates& each : rates)
    if (each.batch_bytes <= batch_bytes) found = &each;
  return *found;
}

}  // namespace

VectorInstructions vector_instructions() {
  VectorInstructions found{to_string(text_kernels().level), {}};
  for (const TextKernels* kernels : runnable_kernels())
    if (kernels != &text_kernels()) found.others.push_back(to_string(kernels->level));
  return found;
}

std::string_view vectors_variable() {
  return kSimdVariable;
}

BackendComparison compare_backends(const Options& options) {
  const unsigned threads = options.threads != 0 ? options.threads : usable_processors();
  const auto maker_of = [threads](BackendKind kind) -> SizedFactory {
    return [kind, threads](std::size_t batch_bytes) {
      return choose_backend(kind, Plan{}, {.threads = threads, .batch_bytes = batch_bytes}).backend;
    };
  };
  const SizedFactory cpu = maker_of(BackendKind::cpu);
  const SizedFactory gpu = maker_of(BackendKind::cuda);
  const std::size_t gpu_batch = gpu(options.batch_bytes)->batch_bytes();
  return compare(measure_crossover(words_to_measure(), kBatchSizes, cpu, gpu),
                 cpu(options.batch_bytes)->batch_bytes(), gpu_batch);
}

BackendComparison compare(std::vector<Rates> rates, std::size_t cpu_batch, std::size_t gpu_batch) {
  const Rates cpu = rates_at(rates, cpu_batch);
  const Rates gpu = rates_at(rates, gpu_batch);
  return {std::move(rates), cpu, gpu, gpu.other >= kWorthMoving * cpu.present};
}

}  // namespace millrace
