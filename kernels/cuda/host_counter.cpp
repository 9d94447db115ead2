// The CPU's tables, used for what a device cannot take.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/host_counter.h"

#include <array>

#include "kernels/cpu/table/emit.h"

namespace millrace::cuda {
namespace {

/// Passes partials on as not unique: the device has some of the same keys.
class Shared final : public PartialSink {
 public:
  explicit Shared(PartialSink& sink) : sink_(sink) {}
  void add(const Partials& partials) override {
    Partials shared = partials;
    shared.unique = false;
    sink_.add(shared);
  }

 private:
  PartialSink& sink_;
};

}  // namespace

HostCounter::HostCounter(const Plan& plan, const BackendOptions& options)
    : plan_(plan),
      columns_(value_columns(plan.measures)),
      budget_(*options.budget),
      rule_{columns_,
            hash_seed(options.hash_seed, options.hash_bits),
            {spread_seed(options.hash_seed)},
            &budget_},
      counter_(plan_, budget_) {}

void HostCounter::count(const Batch& batch, BudgetVector<Reject>& rejects) {
  counter_.count(batch, panes_.try_emplace(batch.pane, rule_).first->second, rejects);
}

std::size_t HostCounter::held_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [pane, table] : panes_) bytes += table.column_bytes();
  return bytes;
}

void HostCounter::collect(Pane pane, bool alone, PartialSink& sink) {
  const auto node = panes_.extract(pane);
  if (node.empty()) return;
  const std::array tables = {static_cast<const PaneTable*>(&node.mapped())};
  if (alone) return emit(tables, columns_.size(), budget_, sink);
  Shared shared(sink);
  emit(tables, columns_.size(), budget_, shared);
}

}  // namespace millrace::cuda
