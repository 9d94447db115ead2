// The backend of a job: what was asked for, whether it is verified, and whether a GPU may pay.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include <millrace/backend.h>
#include <millrace/options.h>

namespace millrace {

/// choose_backend for a job. No upgrade is offered for input that is known to be small, or that two backends
/// count side by side. REQUIRES: options.threads is chosen; backend_options.budget outlives what is returned.
ChosenBackend choose_for_job(const Plan& plan, const Options& options, const BackendOptions& backend_options,
                             std::optional<std::uint64_t> input_bytes);

}  // namespace millrace
