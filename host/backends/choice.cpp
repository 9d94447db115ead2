// Options, plan and input decide.
// SPDX-License-Identifier: Apache-2.0
#include "host/backends/choice.h"

#include <utility>

#include "host/backends/verifying_backend.h"
#include "kernels/cpu/reference_backend.h"

namespace millrace {
namespace {

/// A trial and a move must pay for themselves in the second half of the input.
constexpr std::uint64_t kUpgradeInputBytes = 2 * kTrialAfterBytes;

// A backend is verified with one that has little in common with it: the CPU with the reference backend, and a
// GPU with the CPU, which can nearly keep up.
ChosenBackend verified(const Plan& plan, const Options& options, const BackendOptions& backend_options) {
  const bool on_gpu = options.backend == BackendKind::cuda;
  ChosenBackend chosen = choose_backend(on_gpu ? BackendKind::cuda : BackendKind::cpu, plan, backend_options);
  std::unique_ptr<Backend> second =
      on_gpu ? make_cpu_backend(plan, backend_options) : make_reference_backend(plan, backend_options);
  std::string with = ", verified by the " + std::string(second->name()) + " backend";
  if (options.verify > 1) with += " in one epoch in " + std::to_string(options.verify);
  chosen.backend =
      verifying_backend(std::move(chosen.backend), std::move(second),
                        {.plan = plan, .budget = *backend_options.budget, .one_in = options.verify});
  chosen.reason = options.backend == BackendKind::automatic
                      ? "cpu" + with + ": a verified job stays on the CPU unless cuda is asked for"
                      : chosen.reason + with;
  return chosen;
}

}  // namespace

ChosenBackend choose_for_job(const Plan& plan, const Options& options, const BackendOptions& backend_options,
                             std::optional<std::uint64_t> input_bytes) {
  if (options.verify != 0) return verified(plan, options, backend_options);
  ChosenBackend chosen = choose_backend(options.backend, plan, backend_options);
  if (chosen.upgrade && input_bytes && *input_bytes < kUpgradeInputBytes) {
    chosen.upgrade = nullptr;
    chosen.reason = "cpu: cuda is not tried for less than " + std::to_string(kUpgradeInputBytes >> 30) + " GiB";
  }
  return chosen;
}

}  // namespace millrace
