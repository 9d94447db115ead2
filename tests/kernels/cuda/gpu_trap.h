// Kernels and allocations that spoil a device, for tests of what happens then.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace millrace {

/// Starts a kernel that traps; whatever asks the device next learns that it has failed, for good.
void trap_device();

/// Takes memory of the device until no more than `left` bytes can be had, and keeps it. Returns what is left.
std::size_t fill_device(std::size_t left);

}  // namespace millrace
