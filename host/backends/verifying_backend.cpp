// Two sides kept in step: a batch is finished when both have counted it.
// SPDX-License-Identifier: Apache-2.0
#include "host/backends/verifying_backend.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/backends/column_diff.h"
#include "host/state/columns.h"
#include "kernels/backend_driver.h"

namespace millrace {
namespace {

using Rejects = BudgetVector<Reject>;

/// One of the two backends, with what it has found and was not asked for yet.
class Side {
 public:
  Side(std::unique_ptr<Backend> backend, std::size_t value_columns, MemoryBudget& budget)
      : backend_(std::move(backend)),
        value_columns_(value_columns),
        budget_(budget),
        driver_(*backend_, {.came_back = [this](const Finished& finished) { keep(finished); },
                            .collect = [this](Pane pane) { gather(pane); }}) {}
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  Backend& backend() const { return *backend_; }

  void submit(const Batch& batch) { driver_.submit(batch); }
  /// Takes back what is finished; with Wait::yes at least one batch, if any is there.
  void reclaim(Wait wait) {
    while (driver_.reclaim(wait)) wait = Wait::no;
  }

  bool has_counted(BufferId buffer) const { return counted_.contains(buffer); }
  Rejects take_rejects(BufferId buffer) { return std::move(counted_.extract(buffer).mapped()); }

  std::size_t held_bytes() const {
    std::size_t bytes = backend_->held_bytes();
    for (const auto& [pane, columns] : gathered_) bytes += columns.bytes();
    return bytes;
  }
  /// Everything counted for a pane.
  Columns collect(Pane pane) {
    driver_.settle();
    if (driver_.panes().contains(pane)) driver_.collect(pane);
    auto found = gathered_.extract(pane);
    return found.empty() ? Columns(value_columns_, budget_) : std::move(found.mapped());
  }

 private:
  void keep(const Finished& finished) {
    if (!finished.counted) return;
    Rejects rejects(finished.rejects.begin(), finished.rejects.end(), BudgetAllocator<Reject>(budget_));
    counted_.emplace(finished.buffer, std::move(rejects));
  }

  // A pane that is gathered twice may hold a key twice.
  void gather(Pane pane) {
    const auto [found, is_new] = gathered_.try_emplace(pane, value_columns_, budget_);
    backend_->collect(pane, found->second);
    found->second.unique = found->second.unique && is_new;
  }

  std::unique_ptr<Backend> backend_;
  std::size_t value_columns_;
  MemoryBudget& budget_;
  std::map<BufferId, Rejects> counted_;  ///< with what was rejected; to be given back
  std::map<Pane, Columns> gathered_;     ///< what the backend gave up before it was asked
  BackendDriver driver_;
};

class VerifyingBackend final : public Backend {
 public:
  VerifyingBackend(std::unique_ptr<Backend> first, std::unique_ptr<Backend> second,
                   const VerifyOptions& options)
      : columns_(value_columns(options.plan.measures)),
        budget_(options.budget),
        one_in_(options.one_in),
        name_(std::string(first->name()) + ", verified by " + std::string(second->name())),
        first_(std::move(first), columns_.size(), budget_),
        second_(std::move(second), columns_.size(), budget_) {}

  std::string_view name() const override { return name_; }
  bool may_fail() const override { return first_.backend().may_fail() || second_.backend().may_fail(); }
  HostBuffer allocate(std::size_t capacity) override { return first_.backend().allocate(capacity); }
  std::size_t batch_bytes() const override { return first_.backend().batch_bytes(); }
  unsigned in_flight_max() const override { return first_.backend().in_flight_max(); }

  void submit(const Batch& batch) override {
    rejects_.reset();
    const auto [pane, is_new] = panes_.try_emplace(batch.pane, false);
    if (is_new) pane->second = begun_++ % one_in_ == 0;
    in_flight_.insert_or_assign(batch.buffer, InFlight{batch.bytes, pane->second});
    first_.submit(batch);
    if (pane->second) second_.submit(batch);
  }

  std::optional<Finished> reclaim(Wait wait) override {
    rejects_.reset();
    first_.reclaim(Wait::no);
    second_.reclaim(Wait::no);
    while (!in_flight_.empty()) {
      const auto done = std::ranges::find_if(in_flight_, [this](const auto& batch) {
        return first_.has_counted(batch.first) && (!batch.second.verified || second_.has_counted(batch.first));
      });
      if (done != in_flight_.end()) return give_back(done->first);
      if (wait == Wait::no) return std::nullopt;
      first_.reclaim(Wait::yes);
      second_.reclaim(Wait::yes);
    }
    return std::nullopt;
  }

  void collect(Pane pane, PartialSink& sink) override {
    rejects_.reset();
    const auto known = panes_.extract(pane);
    if (known.empty()) return;
    const Columns found = first_.collect(pane);
    if (known.mapped()) verify(found, pane);
    if (found.size() != 0) hand_over(found, sink);
  }
  // Both sides are collected to be compared.
  std::size_t held_bytes() const override { return first_.held_bytes() + second_.held_bytes(); }

 private:
  struct InFlight {
    std::span<const std::byte> bytes;
    bool verified;
  };

  Finished give_back(BufferId buffer);
  void verify(const Columns& found, Pane pane);
  void compare_rejects(Rejects first, Rejects second, std::span<const std::byte> bytes) const;
  void hand_over(const Columns& found, PartialSink& sink) const;

  std::vector<ValueColumn> columns_;
  MemoryBudget& budget_;
  const unsigned one_in_;
  std::string name_;
  Side first_;
  Side second_;
  std::map<BufferId, InFlight> in_flight_;
  std::map<Pane, bool> panes_;      ///< since their last collect: whether the second one counts them too
  std::uint64_t begun_ = 0;         ///< panes that were empty and got a batch
  std::optional<Rejects> rejects_;  ///< lent to the engine until the next call
};

Finished VerifyingBackend::give_back(BufferId buffer) {
  const InFlight batch = in_flight_.extract(buffer).mapped();
  rejects_ = first_.take_rejects(buffer);
  if (batch.verified) compare_rejects(*rejects_, second_.take_rejects(buffer), batch.bytes);
  return {buffer, true, *rejects_};
}

void VerifyingBackend::verify(const Columns& found, Pane pane) {
  const Columns expected = second_.collect(pane);
  const std::string difference = first_difference({first_.backend().name(), found},
                                                  {second_.backend().name(), expected}, columns_, budget_);
  if (!difference.empty()) throw InternalError("two backends differ: " + difference);
}

void VerifyingBackend::compare_rejects(Rejects first, Rejects second, std::span<const std::byte> bytes) const {
  const auto by_place = [](const Reject& reject) { return reject.where.offset; };
  std::ranges::sort(first, {}, by_place);
  std::ranges::sort(second, {}, by_place);
  const auto same = [](const Reject& a, const Reject& b) { return a.where == b.where && a.reason == b.reason; };
  const auto [a, b] = std::ranges::mismatch(first, second, same);
  if (a == first.end() && b == second.end()) return;
  const bool a_is_first = b == second.end() || (a != first.end() && a->where.offset <= b->where.offset);
  const Token where = a_is_first ? a->where : b->where;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto says = [&](const Side& side, auto at, auto end) {
    const bool rejects = at != end && at->where == where;
    return std::string(side.backend().name()) +
           (rejects ? " rejects it as " + std::string(to_string(at->reason)) : " does not reject it");
  };
  throw InternalError("two backends differ: of the record \"" +
                      excerpt(text.substr(where.offset, where.length)) + "\" " + says(first_, a, first.end()) +
                      ", " + says(second_, b, second.end()));
}

void VerifyingBackend::hand_over(const Columns& found, PartialSink& sink) const {
  BudgetVector<std::string_view> texts{BudgetAllocator<std::string_view>(budget_)};
  for (std::size_t row = 0; row < found.size(); ++row) texts.push_back(found.hashed_text(row));
  BudgetVector<std::int64_t> values{BudgetAllocator<std::int64_t>(budget_)};
  for (const auto& column : found.values) values.insert(values.end(), column.begin(), column.end());
  sink.add({found.keys, texts, found.counts, values, found.unique});
}

}  // namespace

std::unique_ptr<Backend> verifying_backend(std::unique_ptr<Backend> first, std::unique_ptr<Backend> second,
                                           const VerifyOptions& options) {
  return std::make_unique<VerifyingBackend>(std::move(first), std::move(second), options);
}

}  // namespace millrace
