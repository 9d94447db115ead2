// From the first byte to the trial's answer.
// SPDX-License-Identifier: Apache-2.0
#include "host/backends/migration.h"

#include <chrono>
#include <utility>

namespace millrace {

void Migration::see(const Batch& batch) {
  if (!gathering_) return;
  if (!sample_ && !may_pay()) {
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

bool Migration::may_pay() {
  if (seen_ < options_.after_bytes) return false;
  const std::chrono::nanoseconds run = clock_.now() - began_;
  const auto seen = static_cast<double>(seen_);
  if (run.count() > 0) link_.job_rate = seen / std::chrono::duration<double>(run).count();
  if (!options_.input_bytes) return run >= options_.time_run;
  const double left = static_cast<double>(*options_.input_bytes) - seen;
  return left * static_cast<double>(run.count()) >= seen * static_cast<double>(options_.time_left.count());
}

void Migration::gather(const Batch& batch) {
  if (!sample_) {
    // The ring that would follow holds several times the sample. What is left must do for the job's keys.
    constexpr std::size_t kTimesSample = 8;
    const std::size_t left = budget_.limit() - budget_.used();
    if (left / kTimesSample < options_.sample_bytes) {
      gathering_ = false;
      refused_.emplace(
          "no other backend is tried: its buffers would take most of the memory that is left; "
          "give more --memory");
      return;
    }
    sample_.emplace(options_.sample_bytes + 1, budget_);  // a full batch fits, with the newline behind it
  }
  if (sample_->add(batch)) return;
  gathering_ = false;
  future_ = options_.start(std::move(*sample_), link_);
  sample_.reset();
}

std::optional<TrialAnswer> Migration::answer() {
  if (refused_) return std::exchange(refused_, std::nullopt);
  if (!future_.valid() || future_.wait_for(std::chrono::seconds::zero()) != std::future_status::ready)
    return std::nullopt;
  return future_.get();
}

}  // namespace millrace
