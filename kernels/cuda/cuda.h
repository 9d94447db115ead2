// What the CUDA backend offers to the choice of a backend; CMake picks the file that keeps it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <millrace/backend.h>

namespace millrace {

/// Why no GPU can be used, as the end of a sentence; empty if one can.
std::string cuda_missing();

/// Throws UnavailableError if no GPU can be used.
std::unique_ptr<Backend> make_cuda_backend(const Plan& plan, const BackendOptions& options);

}  // namespace millrace
