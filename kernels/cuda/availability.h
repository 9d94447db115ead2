// What the CUDA backend offers to the choice of a backend; CMake picks the file that keeps it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <millrace/backend.h>

namespace millrace {

/// Why there is certainly no GPU here, as the end of a sentence; empty if there may be one. Looks only: it
/// touches no CUDA and takes no time, so that every job may ask.
std::string cuda_absent();

/// Why no GPU can be used, as the end of a sentence; empty if one can. Starts the driver, which may take a
/// third of a second.
std::string cuda_missing();

/// Throws UnavailableError if no GPU can be used.
std::unique_ptr<Backend> make_cuda_backend(const Plan& plan, const BackendOptions& options);

}  // namespace millrace
