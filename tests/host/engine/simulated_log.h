// A log that is watched: the real one on a disk that fails, or none.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/log/frame_log.h"
#include "host/log/marks.h"
#include "tests/host/engine/simulated_source.h"

namespace millrace::simulation {

/// What a log has been told.
struct Logged {
  static void add(const EpochData& epoch, Counts& counts) {
    for (const auto& [pane, columns] : epoch.partials)
      for (std::size_t row = 0; row < columns.size(); ++row) {
        char scratch[8];
        counts[std::string(columns.text(row, scratch))] += columns.counts[row];
      }
  }
  EpochId last;
  std::int64_t stamp = 0;
  std::vector<Marks> marks;          ///< per reader of the run
  Counts counts;                     ///< of all epochs
  std::map<EpochId, Counts> epochs;  ///< of each, as it was appended last
  bool finished = false;             ///< the last epoch was committed: there is no next run
};

/// Opens the real one. The disk and the workers outlive it.
inline std::unique_ptr<FrameLog> open_log(Disk& disk, WorkerPool& workers, int segment_bytes, bool windowed) {
  return std::make_unique<FrameLog>(
      FrameLogOptions{.directory = "checkpoint",
                      .disk = disk,
                      .job = "simulated",
                      .windowed = windowed,
                      .seed = kSeed,
                      .budget = unlimited_budget(),
                      .workers = workers,
                      .segment_bytes = static_cast<std::uint64_t>(segment_bytes)});
}

/// The newest snapshot has changed on the disk, if there is another one.
inline void rot_snapshot(testing::FakeDisk& disk, Dice& dice) {
  const std::vector<std::string> names = disk.list("checkpoint", "snap-");
  if (names.size() < 2) return;
  const std::string path = "checkpoint/" + names.back();
  std::string bytes = disk.contents(path).value();
  if (bytes.empty()) return;
  bytes[static_cast<std::size_t>(dice.between(0, static_cast<int>(bytes.size()) - 1))] ^= 1;
  const auto file = disk.create(path, {});
  file->write(std::as_bytes(std::span(bytes)));
  file->sync();
}

/// The log of one run. `log` null: epochs live in memory only.
class SimLog final : public EpochLog {
 public:
  SimLog(std::unique_ptr<FrameLog> log, bool windowed, Logged& logged, std::function<void()> on_append)
      : log_(std::move(log)), windowed_(windowed), logged_(logged), on_append_(std::move(on_append)) {
    logged_ = {.epochs = std::move(logged_.epochs)};
    if (!log_) return;
    logged_.last = log_->recovered().last;
    logged_.stamp = log_->recovered().stamp;
    std::erase_if(logged_.epochs, [this](const auto& each) { return each.first > logged_.last; });
    log_->replay([this](EpochData&& epoch, std::uint64_t frame) {
      if (frame == 0) begin_with_snapshot(epoch.id);
      if (frame != 0 || !windowed_) Logged::add(epoch, logged_.counts);
    });
  }
  bool durable() const override { return log_ != nullptr; }
  bool work() override { return log_ && log_->work(); }
  void replay(const TakeEpoch& take) override {
    if (log_) log_->replay(take);
  }
  void start(const std::vector<ReaderInputs>& readers) override { log_->start(readers); }
  std::uint64_t append(const EpochData& epoch) override {
    check(epoch.id.number == logged_.last.number + 1, "epochs are numbered without gaps");
    check(epoch.stamp > logged_.stamp, "stamps grow, over restarts, too");
    logged_.last = epoch.id;
    logged_.stamp = epoch.stamp;
    last_ = epoch.last;
    merge_marks(logged_.marks, epoch.marks);
    Logged::add(epoch, logged_.counts);
    Logged::add(epoch, logged_.epochs[epoch.id] = {});
    const std::uint64_t frame = log_ ? log_->append(epoch) : 0;
    on_append_();
    return frame;
  }
  void commit(EpochId id) override {
    if (log_) log_->commit(id);
    logged_.finished = last_ || (log_ && log_->recovered().undecided && id == log_->recovered().last &&
                                 log_->recovered().undecided->last);
  }

 private:
  // Windows that were shown are in no snapshot.
  void begin_with_snapshot(EpochId last) {
    if (!windowed_) return;
    for (const auto& [id, counts] : logged_.epochs)
      if (id <= last)
        for (const auto& [word, count] : counts) logged_.counts[word] += count;
  }

  std::unique_ptr<FrameLog> log_;
  bool windowed_;
  Logged& logged_;
  std::function<void()> on_append_;
  bool last_ = false;  ///< see Epoch
};

}  // namespace millrace::simulation
