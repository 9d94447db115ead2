// Which frames count: what a later segment does not make void, without gaps.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/checkpoint.h"

#include <string>
#include <utility>

#include <millrace/error.h>
#include <millrace/plan.h>

#include "host/log/encoding.h"

namespace millrace {
namespace {

IoError damaged(const std::filesystem::path& path, const std::string& why) {
  return IoError("the checkpoint is damaged: " + excerpt(path.string()) + ": " + why);
}

ConfigError too_new(const std::filesystem::path& path, const std::string& why) {
  return ConfigError({"another build of millrace has written the checkpoint: " + excerpt(path.string()) + ": " +
                      why + ": go on with that one, or a later one"},
                     kRefused);
}

}  // namespace

void look_steadily(Disk& disk, const std::filesystem::path& directory, const std::function<void()>& look) {
  for (;;) {
    const std::vector<std::string> before = disk.list(directory, "snap-");
    try {
      return look();
    } catch (const IoError&) {
      if (disk.list(directory, "snap-") == before) throw;
    }
  }
}

Checkpoint::Checkpoint(Disk& disk, const std::filesystem::path& directory, Codec* codec)
    : disk_(disk), directory_(directory), codec_(codec) {
  find_snapshot();
  for (const std::string& name : disk.list(directory, "seg-")) {
    if (snapshot_ && name <= segment_name(snapshot_->head.number)) continue;
    try {
      segments_.push_back(read_segment(disk, directory / name, codec));
    } catch (const CorruptError& error) {
      throw damaged(directory / name, error.what());
    } catch (const TooNewError& error) {
      throw too_new(directory / name, error.what());
    }
    if (segment_name(segments_.back().head.number) != name)
      throw damaged(directory / name, "it had another name");
    add(segments_.back());
  }
  if (snapshot_ && segments_.empty())
    throw damaged(directory / segment_name(snapshot_->head.number + 1), "it is not there");
}

// One that is damaged is not needed as long as there is another one, or all segments are.
void Checkpoint::find_snapshot() {
  std::vector<std::string> names = disk_.list(directory_, "snap-");
  for (; !snapshot_ && !names.empty(); names.pop_back()) {
    const std::filesystem::path path = directory_ / names.back();
    try {
      Snapshot found = read_snapshot(disk_, path, codec_);
      if (snapshot_name(found.head.number) != names.back()) throw CorruptError("it had another name");
      snapshot_ = std::move(found);
    } catch (const CorruptError& error) {
      damage_.emplace_back(damaged(path, error.what()).what());
    } catch (const TooNewError& error) {
      throw too_new(path, error.what());
    }
  }
}

std::uint64_t Checkpoint::bytes() const {
  std::uint64_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.bytes;
  return bytes;
}

// Without a snapshot the first one has the beginning of the job, else it follows those in the snapshot.
void Checkpoint::require_first(const Segment& segment) const {
  const bool fits = snapshot_ ? segment.head.number == snapshot_->head.number + 1 &&
                                    segment.head.birth == snapshot_->head.birth &&
                                    segment.head.job == snapshot_->head.job
                              : segment.head.number == 1;
  if (!fits) throw damaged(segment.path, "what comes before it is missing");
}

// A segment begins with the epoch behind the last one that counts before it.
void Checkpoint::add(const Segment& segment) {
  const FileHead& head = segment.head;
  const std::size_t index = segments_.size() - 1;
  if (index == 0) require_first(segment);
  if (index > 0 &&
      (head.number != segments_[index - 1].head.number + 1 || head.birth != segments_[0].head.birth))
    throw damaged(segment.path, "it does not follow the one before");
  while (!frames_.empty() && frames_.back().frame.head.epoch.number >= head.first_epoch) {
    if (committed_) throw damaged(segment.path, "it makes an epoch void that was shown");
    frames_.pop_back();
    committed_ = true;  // those before the last one were: the next one proves it
  }
  const std::uint64_t first = snapshot_ ? snapshot_->head.first_epoch : 0;
  const std::uint64_t expected = frames_.empty() ? first : frames_.back().frame.head.epoch.number + 1;
  if (head.first_epoch != expected || !segment.frames.front().head.key)
    throw damaged(segment.path, "epoch " + std::to_string(expected) + " is missing");
  std::uint64_t next = head.first_epoch;
  for (const LoggedFrame& frame : segment.frames) {
    if (frame.head.commit) {
      if (frame.head.epoch.number + 1 != next) throw damaged(segment.path, "an epoch is committed out of turn");
      committed_ = true;
      continue;
    }
    if (frame.head.epoch.number != next++) throw damaged(segment.path, "an epoch is out of turn");
    frames_.push_back({index, frame});
    committed_ = frame.head.epoch.number == 0;
  }
}

void Checkpoint::require_job(const std::string& job) const {
  if (empty() || this->job() == job) return;
  std::string what;
  for (const std::string& name : differences(this->job(), job)) what += (what.empty() ? "" : ", ") + name;
  throw ConfigError(
      {"the checkpoint " + excerpt(directory_.string()) + " is of a job with another meaning of " + what +
       ": go on as it began, or name another directory"},
      kRefused);
}

Recovered Checkpoint::recover(LoggedInputs& inputs, StateRuns& runs) const {
  Recovered recovered;
  recovered.damage = damage_;
  if (snapshot_) recover_snapshot(recovered, runs);
  std::optional<EpochData> last;
  std::vector<RunSpan> spans;
  std::shared_ptr<const std::filesystem::path> path;
  for_each({.inputs = &inputs, .outputs = &recovered.outputs, .runs = &spans},
           [&](EpochData&& epoch, const Kept& kept) {
             if (!path || *path != segments_[kept.segment].path)
               path = std::make_shared<const std::filesystem::path>(segments_[kept.segment].path);
             runs.add(epoch, kept.frame.rows, places_of(path, epoch.id, std::exchange(spans, {})));
             for (std::size_t i = 0; i < kRejectReasons; ++i) recovered.rejected[i] += epoch.rejected[i];
             for (const auto& [pane, none] : epoch.partials) recovered.open.insert(pane);
             if (epoch.id != this->last() || committed_)
               for (const Pane pane : epoch.closed) recovered.open.erase(pane);
             last = std::move(epoch);
           });
  if (committed_) runs.settle({this->last().number + 1});
  recovered.shown = runs.shown();
  if (!last || last->id.number == 0) return recovered;
  recovered.last = last->id;
  recovered.stamp = last->stamp;
  recovered.pane = last->pane;
  recovered.frame = last_rows();
  recovered.finished = last->last && committed_;
  if (!committed_)
    recovered.undecided = {.closed = std::move(last->closed),
                           .last = last->last,
                           .partial = last->partial,
                           .rejected = last->rejected};
  return recovered;
}

void Checkpoint::recover_snapshot(Recovered& recovered, StateRuns& runs) const {
  recovered.rejected = snapshot_->rejected;
  for (const auto& [pane, kept] : snapshot_->panes)
    if (!kept.closed) recovered.open.insert(pane);
  runs.begin(snapshot_->panes, snapshot_->shown, snapshot_->rejected);
}

void Checkpoint::read(const EpochReading& reading, const TakeEpoch& take) const {
  if (snapshot_) {
    const std::filesystem::path path = directory_ / snapshot_name(snapshot_->head.number);
    try {
      if (reading.rows != nullptr) *reading.rows = count_rows(disk_, *snapshot_, codec_);
      if (reading.budget != nullptr) take(read_state(disk_, *snapshot_, reading, codec_), 0);
    } catch (const CorruptError& error) {
      throw damaged(path, error.what());
    }
  }
  for_each(reading, [&](EpochData&& epoch, const Kept& kept) {
    if (epoch.id.number > 0) take(std::move(epoch), kept.frame.rows);
  });
}

void Checkpoint::for_each(const EpochReading& reading,
                          const std::function<void(EpochData&& epoch, const Kept& kept)>& take) const {
  std::size_t open = segments_.size();
  std::unique_ptr<DiskReader> file;
  for (const Kept& kept : frames_) {
    if (std::exchange(open, kept.segment) != kept.segment) file = disk_.open(segments_[kept.segment].path);
    read(kept, file.get(),
         [&](FrameReader& frames, const FrameHead& head) { take(read_epoch(frames, head, reading), kept); });
  }
}

void Checkpoint::read_last(const std::function<void(FrameReader&)>& read) const {
  const auto file = disk_.open(segments_.back().path);
  this->read(frames_.back(), file.get(), [&](FrameReader& frames, const FrameHead&) { read(frames); });
}

void Checkpoint::read(const Kept& kept, const DiskReader* file,
                      const std::function<void(FrameReader&, const FrameHead&)>& read) const {
  const Segment& segment = segments_[kept.segment];
  if (file == nullptr) throw damaged(segment.path, "it is gone");
  try {
    FrameReader frames(*file, kept.frame.offset, segment.checksum, codec_);
    const auto head = frames.next();
    if (!head) throw CorruptError("it has become shorter");
    read(frames, *head);
  } catch (const CorruptError& error) {
    throw damaged(segment.path, error.what());
  } catch (const TooNewError& error) {
    throw too_new(segment.path, error.what());
  }
}

}  // namespace millrace
