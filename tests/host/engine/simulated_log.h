// A log in memory, and what of a job it keeps when that crashes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/log/epoch_log.h"
#include "host/log/marks.h"
#include "host/log/recovered.h"
#include "tests/host/engine/simulated_sink.h"

namespace millrace::simulation {

/// Outlives the runs of a job. Every frame is on the disk when it is appended.
class KeptLog {
 public:
  void append(const EpochData& epoch) {
    check(epoch.id.number == last_.number + 1 && !undecided_, "epochs are numbered without gaps");
    check(epoch.stamp > stamp_, "stamps grow, over restarts, too");
    last_ = epoch.id;
    stamp_ = epoch.stamp;
    pane_ = epoch.pane;
    merge_marks(marks, epoch.marks);
    for (const auto& [pane, columns] : epoch.partials) {
      open_.emplace_back(pane, Words());
      for (std::size_t row = 0; row < columns.size(); ++row) add(columns, row);
    }
    undecided_.emplace();
    undecided_->id = epoch.id;
    undecided_->stamp = epoch.stamp;
    undecided_->closed = epoch.closed;
    undecided_->last = epoch.last;
    undecided_->partial = epoch.partial;
  }
  void commit(EpochId id) {
    check(undecided_ && undecided_->id == id, "the epoch that was appended is committed");
    for (const Pane pane : undecided_->closed)
      std::erase_if(open_, [pane](const auto& partials) { return partials.first == pane; });
    finished_ = undecided_->last;
    undecided_.reset();
  }

  /// What the next run gets. The budget outlives it.
  Recovered recover(MemoryBudget& budget) const {
    Recovered recovered{.last = last_, .stamp = stamp_, .pane = pane_, .open = {}, .frame = frame_of(last_)};
    for (const auto& [pane, words] : open_) {
      Columns columns(0, budget);
      for (const auto& [word, count] : words) {
        const Key key = make_key(word.data(), static_cast<std::uint32_t>(word.size()), kSeed);
        columns.append(key, is_packed(key) ? std::string_view() : std::string_view(word), count);
      }
      columns.unique = false;  // it may come of several collects
      recovered.open.emplace_back(pane, std::move(columns));
    }
    if (!undecided_) return recovered;
    EpochData& again = recovered.undecided.emplace();
    again.id = undecided_->id;
    again.stamp = undecided_->stamp;
    again.closed = undecided_->closed;
    again.last = undecided_->last;
    again.partial = undecided_->partial;
    return recovered;
  }
  /// The last epoch was shown: there is no next run.
  bool finished() const { return finished_; }
  /// The last epoch is there: a next run only shows it.
  bool over() const { return undecided_ && undecided_->last; }

  std::vector<Marks> marks;  ///< per reader of the run
  Counts counts;             ///< of all epochs

 private:
  using Words = std::vector<std::pair<std::string, std::int64_t>>;

  void add(const Columns& columns, std::size_t row) {
    char scratch[8];
    const Key key = columns.keys[row];
    const std::string_view text =
        is_packed(key) ? std::string_view(scratch, unpack(key, scratch)) : columns.hashed_text(row);
    counts[std::string(text)] += columns.counts[row];
    open_.back().second.emplace_back(text, columns.counts[row]);
  }

  EpochId last_;
  std::int64_t stamp_ = 0;
  std::optional<Pane> pane_;
  /// Partials as they came: rows that have no order of their own are shown in that of the first ones.
  std::vector<std::pair<Pane, Words>> open_;
  bool finished_ = false;
  std::optional<EpochData> undecided_;  ///< without partials and marks
};

/// The log of one run.
class SimLog final : public EpochLog {
 public:
  SimLog(KeptLog& kept, bool durable, std::function<void()> on_append)
      : kept_(kept), durable_(durable), on_append_(std::move(on_append)) {}
  bool durable() const override { return durable_; }
  std::uint64_t append(const EpochData& epoch) override {
    kept_.append(epoch);
    on_append_();
    return frame_of(epoch.id);
  }
  void commit(EpochId id) override { kept_.commit(id); }

 private:
  KeptLog& kept_;
  bool durable_;
  std::function<void()> on_append_;
};

}  // namespace millrace::simulation
