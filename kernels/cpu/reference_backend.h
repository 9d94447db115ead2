// A backend that is obviously right: one thread, one map per pane, one byte at a time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <millrace/backend.h>

namespace millrace {

/// What other backends are verified with. It shares no table, no scan and no merge with the CPU backend; it
/// is some ten times slower.
std::unique_ptr<Backend> make_reference_backend(const Plan& plan, const BackendOptions& options);

}  // namespace millrace
