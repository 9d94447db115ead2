// The table and the sentence.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/devices_report.h"

#include <fmt/format.h>

#include <millrace/backend.h>

#include "host/program/cli/terminal/human.h"

namespace millrace::cli {
namespace {

std::string speed(double rate) {
  return fmt::format("{:.2f} GB/s", rate / 1e9);
}

std::string size_text(std::size_t bytes) {
  return human_bytes(static_cast<double>(bytes));
}

}  // namespace

std::string rates_table(const BackendComparison& comparison) {
  std::string text = fmt::format("            {:>10}  {:>12}  {:>12}\n", "batches", "cpu", "cuda");
  for (const Rates& each : comparison.rates)
    text += fmt::format("            {:>10}  {:>12}  {:>12}\n", size_text(each.batch_bytes),
                        speed(each.present), speed(each.other));
  return text;
}

std::string verdict(const BackendComparison& comparison, unsigned threads) {
  const auto& [rates, cpu, gpu, moves] = comparison;
  return fmt::format(
      "{}: cuda {} with batches of {}, cpu {} with {} and {} threads",
      moves ? fmt::format("goes on with cuda after {} of input like this", size_text(kTrialAfterBytes))
            : std::string("stays on the cpu for input like this"),
      speed(gpu.other), size_text(gpu.batch_bytes), speed(cpu.present), size_text(cpu.batch_bytes), threads);
}

}  // namespace millrace::cli
