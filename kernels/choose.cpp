// The backends that can be asked for, and what is chosen where none is.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <millrace/backend.h>

#include "kernels/cuda/availability.h"

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

// A driver takes longer to start than most inputs take to count: the CPU begins at once.
ChosenBackend make_automatic(const Plan& plan, const BackendOptions& options) {
  const std::string absent = cuda_absent();
  if (!absent.empty()) return {make_cpu_backend(plan, options), "cpu: " + absent};
  return {make_cpu_backend(plan, options),
          "cpu at first: cuda is tried after " + std::to_string(kTrialAfterBytes >> 30) +
              " GiB of input, if the job takes much longer",
          [plan, options] { return make_cuda_backend(plan, options); }};
}

}  // namespace

ChosenBackend choose_backend(BackendKind kind, const Plan& plan, const BackendOptions& options) {
  const auto asked = std::ranges::find(kCandidates, kind, &Candidate::kind);
  return asked == kCandidates.end() ? make_automatic(plan, options) : make_asked(*asked, plan, options);
}

}  // namespace millrace
