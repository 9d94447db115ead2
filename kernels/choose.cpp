// The backends in order of preference, and the choice among them.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <millrace/backend.h>

#include "kernels/cuda/cuda.h"

namespace millrace {
namespace {

/// One way to run a job. `missing` says why it cannot be had here; empty if it can.
struct Candidate {
  BackendKind kind;
  const char* name;
  std::string (*missing)();
  std::unique_ptr<Backend> (*make)(const Plan&, const BackendOptions&);
};

std::string never_missing() {
  return {};
}

constexpr std::array kCandidates = {
    Candidate{BackendKind::cuda, "cuda", cuda_missing, make_cuda_backend},
    Candidate{BackendKind::cpu, "cpu", never_missing, make_cpu_backend},
};

ChosenBackend make_asked(const Candidate& candidate, const Plan& plan, const BackendOptions& options) {
  const std::string missing = candidate.missing();
  if (!missing.empty())
    throw UnavailableError("the backend " + std::string(candidate.name) + " cannot be used: " + missing +
                           "; choose auto or cpu");
  return {candidate.make(plan, options), std::string(candidate.name) + ", as asked"};
}

ChosenBackend make_first(const Plan& plan, const BackendOptions& options) {
  std::string passed_over;
  for (const Candidate& candidate : kCandidates) {
    const std::string missing = candidate.missing();
    if (missing.empty())
      return {candidate.make(plan, options), candidate.name + (passed_over.empty() ? "" : ": " + passed_over)};
    passed_over += (passed_over.empty() ? "" : ", ") + missing;
  }
  throw InternalError("no backend can be used");
}

}  // namespace

ChosenBackend choose_backend(BackendKind kind, const Plan& plan, const BackendOptions& options) {
  const auto asked = std::ranges::find(kCandidates, kind, &Candidate::kind);
  return asked == kCandidates.end() ? make_first(plan, options) : make_asked(*asked, plan, options);
}

}  // namespace millrace
