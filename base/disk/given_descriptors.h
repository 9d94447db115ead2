// Which open descriptors may be named as inputs and outputs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace {

/// For the start of a program whose user names descriptors, as in `/dev/fd/3`: what is open now is what it was
/// given, and what is opened later is its own and cannot be named. Without this call all may be.
void note_given_descriptors();

/// Whether the descriptor was open at that call, if there was one.
bool is_given_descriptor(int descriptor);

}  // namespace millrace
