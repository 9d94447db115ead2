// Tests that spoil the device for the rest of their process run in a process of their own: this program again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace millrace {

struct ChildResult {
  int exit_code = 0;   ///< 128 + the signal, if one ended it
  std::string output;  ///< standard output and standard error
};

/// Runs `gpu_test --child=NAME`; after two minutes it is ended.
ChildResult run_in_child(std::string_view name);

/// What the child does; returns its exit code, 0 if all was as it should be.
int child_main(std::string_view name);

}  // namespace millrace
