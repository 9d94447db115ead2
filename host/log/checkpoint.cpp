// Which frames count: what a later segment does not make void, without gaps.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/checkpoint.h"

#include <string>
#include <utility>

#include <millrace/error.h>

#include "host/log/encoding.h"

namespace millrace {
namespace {

IoError damaged(const std::filesystem::path& path, const std::string& why) {
  return IoError("the checkpoint is damaged: " + path.string() + ": " + why);
}

}  // namespace

Checkpoint::Checkpoint(Disk& disk, std::filesystem::path directory) : disk_(disk) {
  for (const std::string& name : disk.list(directory, "seg-")) {
    try {
      segments_.push_back(read_segment(disk, directory / name));
    } catch (const CorruptError& error) {
      throw damaged(directory / name, error.what());
    }
    add(segments_.back());
  }
}

// A segment begins with the epoch behind the last one that counts before it.
void Checkpoint::add(const Segment& segment) {
  const SegmentHead& head = segment.head;
  const std::size_t index = segments_.size() - 1;
  if (index > 0 &&
      (head.number != segments_[index - 1].head.number + 1 || head.birth != segments_[0].head.birth))
    throw damaged(segment.path, "it does not follow the one before");
  while (!frames_.empty() && frames_.back().frame.head.epoch.number >= head.first_epoch) {
    frames_.pop_back();
    committed_ = true;  // those before the last one were: the next one proves it
  }
  const std::uint64_t expected = frames_.empty() ? 0 : frames_.back().frame.head.epoch.number + 1;
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

void Checkpoint::read(const EpochReading& reading, const TakeEpoch& take) const {
  std::size_t open = segments_.size();
  std::unique_ptr<DiskReader> file;
  for (const Kept& kept : frames_) {
    if (std::exchange(open, kept.segment) != kept.segment) file = disk_.open(segments_[kept.segment].path);
    EpochData epoch = read(kept, file.get(), reading);
    if (epoch.id.number > 0) take(std::move(epoch));
  }
}

EpochData Checkpoint::read_last(const EpochReading& reading) const {
  return read(frames_.back(), disk_.open(segments_.back().path).get(), reading);
}

EpochData Checkpoint::read(const Kept& kept, const DiskReader* file, const EpochReading& reading) const {
  const Segment& segment = segments_[kept.segment];
  if (file == nullptr) throw damaged(segment.path, "it is gone");
  try {
    FrameReader frames(*file, kept.frame.offset, segment.checksum);
    const auto head = frames.next();
    if (!head) throw CorruptError("it has become shorter");
    return read_epoch(frames, *head, reading);
  } catch (const CorruptError& error) {
    throw damaged(segment.path, error.what());
  }
}

}  // namespace millrace
