// The CPU backend: workers count whole batches, each into its own tables; collect merges those.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <millrace/backend.h>
#include <millrace/worker_pool.h>

#include "kernels/batch_check.h"
#include "kernels/cpu/batch_counter.h"
#include "kernels/cpu/completion_queue.h"
#include "kernels/cpu/table/emit.h"
#include "kernels/cpu/table/pane_table.h"

namespace millrace {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;  // stays in the caches of one core

/// Tables of panes that are over, for the next ones. Any thread may call any function.
class SpareTables {
 public:
  void put(PaneTable table) {
    const std::lock_guard lock(mutex_);
    tables_.push_back(std::move(table));
  }
  std::optional<PaneTable> take() {
    const std::lock_guard lock(mutex_);
    if (tables_.empty()) return std::nullopt;
    std::optional<PaneTable> last(std::move(tables_.back()));
    tables_.pop_back();
    return last;
  }

 private:
  std::mutex mutex_;
  std::vector<PaneTable> tables_;
};

/// A worker's own tables. Its lock is held for a whole batch, so that collect sees batches whole.
struct WorkerTables {
  WorkerTables(const Plan& plan, MemoryBudget& budget) : counter(plan, budget) {}
  std::mutex mutex;
  BatchCounter counter;
  std::map<Pane, PaneTable> panes;
  std::atomic<std::size_t> held =
      0;  ///< bytes of all panes as columns; changes under the lock, can be read without
};

// How many keys tables may have together. Merging fills a table in the order of its own slots, which makes
// long runs of full slots where it has grown too little: room for twice the largest keeps it at most 3/4 full.
std::size_t expected(const std::vector<PaneTable>& tables, std::size_t Expected::*size, std::size_t ranges) {
  std::size_t sum = 0;
  std::size_t largest = 0;
  for (const PaneTable& table : tables) {
    const std::size_t keys = table.sizes().*size;
    sum += keys;
    largest = std::max(largest, keys);
  }
  return std::min(sum, 2 * largest) / ranges;
}

class CpuBackend final : public Backend {
 public:
  CpuBackend(const Plan& plan, const BackendOptions& options)
      : plan_(plan),
        columns_(value_columns(plan.measures)),
        budget_(*options.budget),
        batch_bytes_(options.batch_bytes == 0 ? kBatchBytes : options.batch_bytes),
        rule_{columns_,
              hash_seed(options.hash_seed, options.hash_bits),
              {spread_seed(options.hash_seed)},
              &budget_},
        own_workers_(options.workers == nullptr ? std::make_unique<WorkerPool>(std::max(options.threads, 1U))
                                                : nullptr),
        workers_(own_workers_ ? *own_workers_ : *options.workers),
        batches_(workers_) {
    for (const ValueColumn& column : columns_)
      check(column.value < input_values(plan_), "measures read values that the plan has");
    for (std::size_t i = 0; i < workers_.size(); ++i) tables_.emplace_back(plan_, budget_);
  }

  std::string_view name() const override { return "cpu"; }
  bool may_fail() const override { return false; }
  HostBuffer allocate(std::size_t capacity) override { return pageable_buffer(capacity, budget_); }
  std::size_t batch_bytes() const override { return batch_bytes_; }
  unsigned in_flight_max() const override { return static_cast<unsigned>(workers_.size()); }

  void submit(const Batch& batch) override;
  std::optional<Finished> reclaim(Wait wait) override;
  void collect(Pane pane, PartialSink& sink) override;
  std::size_t held_bytes() const override;

 private:
  void count(WorkerTables& tables, const Batch& batch);
  PaneTable& table_of(WorkerTables& tables, Pane pane);
  std::vector<PaneTable> take_tables(Pane pane);
  std::vector<PaneTable> merge(const std::vector<PaneTable>& tables);

  const Plan plan_;
  const std::vector<ValueColumn> columns_;
  MemoryBudget& budget_;
  const std::size_t batch_bytes_;
  const TableOptions rule_;
  std::deque<WorkerTables> tables_;
  SpareTables spare_;
  bool has_collected_ = false;
  CompletionQueue completed_;
  std::size_t in_flight_ = 0;
  std::optional<Done> reclaimed_;                  // its rejects are lent to the engine until the next call
  const std::unique_ptr<WorkerPool> own_workers_;  // where it was lent none
  WorkerPool& workers_;
  TaskGroup batches_;  // last: ends before the rest goes
};

void CpuBackend::submit(const Batch& batch) {
  completed_.throw_if_failed();
  reclaimed_.reset();
  check_batch(batch, plan_.keyed_by, input_values(plan_));
  batches_.post([this, batch](std::size_t worker) { count(tables_[worker], batch); });
  ++in_flight_;
}

// An error is told before the lock goes, or collect might take half a batch for a whole one.
void CpuBackend::count(WorkerTables& tables, const Batch& batch) {
  const std::lock_guard lock(tables.mutex);
  try {
    Done done{batch.buffer, BudgetVector<Reject>(BudgetAllocator<Reject>(budget_))};
    PaneTable& table = table_of(tables, batch.pane);
    const std::size_t before = table.column_bytes();
    const auto begin = std::chrono::steady_clock::now();
    tables.counter.count(batch, table, done.rejects);
    done.working = std::chrono::steady_clock::now() - begin;
    tables.held += table.column_bytes() - before;
    completed_.push(std::move(done));
  } catch (...) {
    completed_.fail(std::current_exception());
  }
}

PaneTable& CpuBackend::table_of(WorkerTables& tables, Pane pane) {
  if (const auto found = tables.panes.find(pane); found != tables.panes.end()) return found->second;
  if (std::optional<PaneTable> spare = spare_.take()) {
    spare->reuse();
    return tables.panes.emplace(pane, std::move(*spare)).first->second;
  }
  return tables.panes.try_emplace(pane, rule_).first->second;
}

std::optional<Finished> CpuBackend::reclaim(Wait wait) {
  completed_.throw_if_failed();
  reclaimed_.reset();
  if (in_flight_ == 0) return std::nullopt;
  reclaimed_ = completed_.pop(wait);
  if (!reclaimed_) return std::nullopt;
  --in_flight_;
  return Finished{reclaimed_->buffer, true, reclaimed_->rejects, reclaimed_->working};
}

void CpuBackend::collect(Pane pane, PartialSink& sink) {
  completed_.throw_if_failed();
  reclaimed_.reset();
  std::vector<PaneTable> tables = take_tables(pane);
  // Spare tables must not take the memory that rows need. A job that collects once does not come back.
  const bool plenty = budget_.used() <= budget_.limit() / 4;
  const bool reuse = std::exchange(has_collected_, true) && plenty &&
                     std::ranges::all_of(tables, &PaneTable::is_worth_reusing);
  std::vector<PaneTable> merged;
  if (tables.size() > 1) {
    merged = merge(tables);
    for (PaneTable& table : tables)
      table.forget_keys(reuse ? PaneTable::Memory::kept : PaneTable::Memory::given_back);
  }
  std::vector<const PaneTable*> all;
  for (const PaneTable& table : tables) all.push_back(&table);
  for (const PaneTable& table : merged) all.push_back(&table);
  emit(all, columns_.size(), budget_, sink);
  if (!reuse) return;
  for (PaneTable& table : tables) spare_.put(std::move(table));
}

std::vector<PaneTable> CpuBackend::take_tables(Pane pane) {
  std::vector<PaneTable> taken;
  for (WorkerTables& tables : tables_) {
    const std::lock_guard lock(tables.mutex);
    const auto node = tables.panes.extract(pane);
    if (node.empty()) continue;
    tables.held -= node.mapped().column_bytes();
    taken.push_back(std::move(node.mapped()));
  }
  completed_.throw_if_failed();  // a batch may have failed meanwhile, half counted
  return taken;
}

std::size_t CpuBackend::held_bytes() const {
  std::size_t bytes = 0;
  for (const WorkerTables& tables : tables_) bytes += tables.held;
  return bytes;
}

// Each task merges one range of the keys of all tables, so that none waits for another.
std::vector<PaneTable> CpuBackend::merge(const std::vector<PaneTable>& tables) {
  const unsigned range_bits =
      std::min(static_cast<unsigned>(std::bit_width(workers_.size() - 1)), kRangeBitsMax);
  const std::size_t ranges = std::size_t{1} << range_bits;
  TableOptions rule = rule_;
  rule.order.range_bits = range_bits;
  const Expected sizes{expected(tables, &Expected::short_keys, ranges),
                       expected(tables, &Expected::medium_keys, ranges),
                       expected(tables, &Expected::long_keys, ranges)};
  std::vector<PaneTable> merged;
  for (std::size_t range = 0; range < ranges; ++range) merged.emplace_back(rule, sizes);

  in_parallel(workers_, ranges, [&](std::size_t range) {
    try {
      for (const PaneTable& table : tables)
        merged[range].add_range(table, static_cast<unsigned>(range), range_bits);
    } catch (...) {
      completed_.fail(std::current_exception());
    }
  });
  completed_.throw_if_failed();
  return merged;
}

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(const Plan& plan, const BackendOptions& options) {
  return std::make_unique<CpuBackend>(plan, options);
}

}  // namespace millrace
