// When a running job tries another backend: after so much input, on a sample of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <future>
#include <optional>

#include <millrace/backend.h>

#include "host/sample.h"
#include "host/trial.h"

namespace millrace {

struct UpgradeRule {
  StartTrial start;  ///< empty: the job stays on its backend
  std::uint64_t after_bytes = kTrialAfterBytes;
  std::size_t sample_bytes = std::size_t{64} << 20;  ///< one batch of the other backend
};

/// Counts what the engine submits, copies a sample and waits for the trial's answer. The engine thread calls
/// everything; the destructor waits for a trial under way.
class Upgrade {
 public:
  Upgrade(UpgradeRule rule, MemoryBudget& budget) : rule_(std::move(rule)), budget_(budget) {}
  ~Upgrade() { link_.stop = true; }
  Upgrade(const Upgrade&) = delete;
  Upgrade& operator=(const Upgrade&) = delete;

  /// The batch is about to be counted.
  void see(const Batch& batch);
  /// The answer, once it is there. Only one comes.
  std::optional<TrialAnswer> answer();
  /// An answer is being worked out: ask again soon.
  bool is_trying() const { return future_.valid(); }
  bool wants_quiet() const { return link_.quiet; }

 private:
  void gather(const Batch& batch);

  UpgradeRule rule_;
  MemoryBudget& budget_;
  std::uint64_t seen_ = 0;  ///< bytes
  bool gathering_ = true;   ///< no trial has been started yet
  std::optional<Sample> sample_;
  std::optional<TrialAnswer> refused_;  ///< the answer, where no trial was possible
  TrialLink link_;
  std::future<TrialAnswer> future_;  ///< last: it ends before what it uses
};

}  // namespace millrace
