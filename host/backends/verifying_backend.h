// A backend that counts everything twice, with two others, and compares.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <millrace/backend.h>

namespace millrace {

struct VerifyOptions {
  const Plan& plan;
  MemoryBudget& budget;  ///< outlives the backend
  unsigned one_in = 1;   ///< one collect in so many is verified, the first one too
};

/// Hands over what the first one found. Where a collect is verified, both get every batch that it covers, and a
/// difference between what they collect, or between the records that they reject, is an InternalError that
/// names the first key (or record) that differs, with both values. It knows no batch that is not counted: it
/// collects and submits again on the side that could not.
std::unique_ptr<Backend> verifying_backend(std::unique_ptr<Backend> first, std::unique_ptr<Backend> second,
                                           const VerifyOptions& options);

}  // namespace millrace
