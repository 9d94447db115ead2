// The table and the sentence.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/devices_report.h"

#include <fmt/format.h>

#include "host/backends/trial.h"
#include "host/program/cli/terminal/human.h"

namespace millrace::cli {
namespace {

std::string speed(double rate) {
  return fmt::format("{:.2f} GB/s", rate / 1e9);
}

std::string size_text(std::size_t bytes) {
  return human_bytes(static_cast<double>(bytes));
}

/// The rates of the largest size that is not above `batch_bytes`, or of the smallest.
const Rates& rates_at(std::span<const Rates> rates, std::size_t batch_bytes) {
  const Rates* found = &rates.front();
  for (const Rates& each : rates)
    if (each.batch_bytes <= batch_bytes) found = &each;
  return *found;
}

}  // namespace

std::string crossover_table(std::span<const Rates> rates) {
  std::string text = fmt::format("            {:>10}  {:>12}  {:>12}\n", "batches", "cpu", "cuda");
  for (const Rates& each : rates)
    text += fmt::format("            {:>10}  {:>12}  {:>12}\n", size_text(each.batch_bytes),
                        speed(each.present), speed(each.other));
  return text;
}

std::string crossover_verdict(std::span<const Rates> rates, std::size_t cpu_batch, std::size_t gpu_batch,
                              unsigned threads) {
  const Rates& cpu = rates_at(rates, cpu_batch);
  const Rates& gpu = rates_at(rates, gpu_batch);
  const bool go = gpu.other >= kWorthMoving * cpu.present;
  return fmt::format(
      "{}: cuda {} with batches of {}, cpu {} with {} and {} threads",
      go ? fmt::format("goes on with cuda after {} of input like this", size_text(kTrialAfterBytes))
         : std::string("stays on the cpu for input like this"),
      speed(gpu.other), size_text(gpu.batch_bytes), speed(cpu.present), size_text(cpu.batch_bytes), threads);
}

}  // namespace millrace::cli
