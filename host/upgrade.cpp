// From the first byte to the trial's answer.
// SPDX-License-Identifier: Apache-2.0
#include "host/upgrade.h"

#include <chrono>
#include <utility>

namespace millrace {

void Upgrade::see(const Batch& batch) {
  if (!gathering_) return;
  if (seen_ < rule_.after_bytes) {
    seen_ += batch.bytes.size();
    return;
  }
  try {
    gather(batch);
  } catch (const std::exception& error) {
    // Too little memory, or no thread: the job itself may still have all it needs.
    gathering_ = false;
    sample_.reset();
    refused_.emplace("no other backend is tried: " + std::string(error.what()));
  }
}

void Upgrade::gather(const Batch& batch) {
  if (!sample_) {
    // The ring that would follow holds several times the sample. What is left must do for the job's keys.
    constexpr std::size_t kTimesSample = 8;
    const std::size_t left = budget_.limit() - budget_.used();
    if (left / kTimesSample < rule_.sample_bytes) {
      gathering_ = false;
      refused_.emplace("no other backend is tried: its buffers would take most of the memory that is left; "
                       "give more --memory");
      return;
    }
    sample_.emplace(rule_.sample_bytes + 1, budget_);  // a full batch fits, with the newline behind it
  }
  if (sample_->add(batch)) return;
  gathering_ = false;
  future_ = rule_.start(std::move(*sample_), link_);
  sample_.reset();
}

std::optional<TrialAnswer> Upgrade::answer() {
  if (refused_) return std::exchange(refused_, std::nullopt);
  if (!future_.valid() || future_.wait_for(std::chrono::seconds::zero()) != std::future_status::ready)
    return std::nullopt;
  return future_.get();
}

}  // namespace millrace
