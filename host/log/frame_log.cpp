// One fsync an epoch; a segment is renamed to its name when its first frame is durable.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/frame_log.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/error.h>

#include "host/log/encoding.h"

namespace millrace {
namespace {

constexpr std::string_view kLockName = "LOCK";

std::unique_ptr<DiskLock> lock_directory(const FrameLogOptions& options) {
  options.disk.create_directories(options.directory, {.owner_only = true});
  const std::filesystem::path path = options.directory / kLockName;
  if (options.disk.names_of(path) == 0) options.disk.create(path, {.exclusive = true, .owner_only = true});
  auto lock = options.disk.lock(path);
  if (lock && lock->exclusive()) return lock;
  const std::string where = excerpt(options.directory.string());
  if (!lock)
    throw ConfigError({"another process uses the checkpoint " + where + ": end it first, or name another one"},
                      kRefused);
  throw ConfigError({"the file system of the checkpoint " + where +
                     " knows no locks, so that two processes could use it: put it on another one"},
                    kRefused);
}

// Nobody else can be making them: the lock is held.
Checkpoint clean_and_read(const FrameLogOptions& options) {
  for (const std::string& name : options.disk.list(options.directory, "."))
    if (name.ends_with(".tmp")) options.disk.remove(options.directory / name);
  return Checkpoint(options.disk, options.directory, options.codec.get());
}

}  // namespace

FrameLog::FrameLog(const FrameLogOptions& options)
    : options_(options),
      lock_(lock_directory(options)),
      found_(clean_and_read(options)),
      birth_(options.birth),
      runs_(options.windowed) {
  if (found_.empty()) return;
  found_.require_job(options_.job);
  birth_ = found_.birth();
  number_ = found_.last_segment();
  recovered_ = found_.recover(inputs_, runs_);
  bytes_behind_ = found_.bytes();
  if (!found_.snapshot()) return;
  snapshots_ = {found_.snapshot()->head.number};
  snapshot_bytes_ = found_.snapshot()->bytes;
}

void FrameLog::replay(const TakeEpoch& take) {
  found_.read({.budget = &options_.budget, .value_columns = options_.columns.size(), .seed = options_.seed},
              take);
}

// What was found may have been read from the page cache only: the names of segments become durable, and the
// undecided epoch is written anew. The first frame of a job resolves where its inputs begin.
void FrameLog::start(const std::vector<ReaderInputs>& readers) {
  inputs_.start(readers);
  if (found_.empty()) {
    begin_segment({.key = true}, [this](FrameWriter& frame) { return write_key(frame, {}); });
    return;
  }
  options_.disk.sync_directory(options_.directory);
  if (!recovered_.undecided) return;
  const FrameHead head{.epoch = recovered_.last, .key = true, .last = recovered_.undecided->last};
  const std::vector<RunSpan> runs = begin_segment(head, [this](FrameWriter& frame) {
    std::vector<RunSpan> copied;
    found_.read_last([&](FrameReader& found) { copied = copy_epoch(found, frame); });
    inputs_.write(frame);
    write_outputs(frame, outputs_);
    return copied;
  });
  EpochData again;
  again.id = recovered_.last;
  again.closed = recovered_.undecided->closed;
  again.rejected = recovered_.undecided->rejected;
  runs_.add(again, rows_, places_of(path_, again.id, runs));
  check(rows_ == recovered_.frame, "a frame that is written anew has the rows that it had");
}

std::uint64_t FrameLog::append(const EpochData& epoch) {
  check(!failed_, "a log that has failed takes no more");
  check_place();
  inputs_.merge(epoch.found, epoch.marks);
  const bool begins = segment_ == nullptr || bytes_ >= options_.segment_bytes ||
                      (bytes_ >= options_.segment_bytes / 4 && snapshot_is_due(bytes_behind_ + bytes_));
  const FrameHead head{.epoch = epoch.id, .key = begins, .last = epoch.last};
  const auto write_sections = [&](FrameWriter& frame) {
    return begins ? write_key(frame, epoch)
                  : write_epoch(frame, epoch, nullptr, options_.budget, options_.workers);
  };
  std::vector<RunSpan> runs;
  if (begins) {
    runs = begin_segment(head, write_sections);
  } else {
    failed_ = true;
    runs = write(head, write_sections);
    segment_->sync();
    failed_ = false;
  }
  runs_.add(epoch, rows_, places_of(path_, epoch.id, runs));
  return rows_;
}

// Of what was not synced may be lost that the epoch was shown: then the next frame says it, or the sinks do.
// Behind the last epoch there is none.
void FrameLog::commit(EpochId id) {
  check(!failed_, "a log that has failed takes no more");
  failed_ = true;
  FrameWriter frame(*segment_, checksum_, {.epoch = id, .commit = true});
  frame.finish();
  bytes_ += frame.size();
  if (last_) segment_->sync();
  failed_ = false;
}

bool FrameLog::snapshot_is_due(std::uint64_t bytes) const {
  return !snapshot_ && number_ > 0 && bytes >= std::max(options_.segment_bytes, snapshot_bytes_);
}

// The segments until now go into a snapshot when they are as long as the last one: so writing snapshots takes
// no more than writing frames, and a start reads no more than twice the state, or what a segment holds.
void FrameLog::begin_snapshot(EpochId first) {
  bytes_behind_ += std::exchange(bytes_, 0);
  if (!snapshot_is_due(bytes_behind_)) return;
  runs_.settle(first);
  const FileHead head{.kind = FileKind::snapshot,
                      .number = number_,
                      .first_epoch = first.number,
                      .birth = birth_,
                      .job = options_.job};
  const SnapshotOptions how{.directory = options_.directory,
                            .disk = options_.disk,
                            .columns = options_.columns,
                            .budget = options_.budget,
                            .memory = options_.snapshot_memory,
                            .codec = options_.codec.get()};
  snapshot_.emplace(
      how,
      Snapshot{.head = head, .panes = runs_.panes(), .shown = runs_.shown(), .rejected = runs_.rejected()});
  bytes_in_ = bytes_behind_;
}

bool FrameLog::work() {
  if (!snapshot_ || failed_) return false;
  try {
    if (snapshot_->step()) return true;
    keep_snapshot();
  } catch (const CorruptError& error) {
    snapshot_.reset();
    throw IoError(std::string("what was written cannot be read again: ") + error.what());
  } catch (const Error&) {
    snapshot_.reset();
    throw;
  }
  return false;
}

// The one before stays, with the segments behind it: the new one may rot.
void FrameLog::keep_snapshot() {
  const SnapshotWriter& made = *snapshot_;
  runs_.replace({made.head().first_epoch}, made.runs());
  snapshot_bytes_ = made.bytes();
  bytes_behind_ -= bytes_in_;
  snapshots_.push_back(made.head().number);
  snapshot_.reset();
  if (snapshots_.size() < 2) return;
  const std::uint64_t before = snapshots_[snapshots_.size() - 2];
  const std::uint64_t last = snapshots_.back();
  snapshots_ = {before, last};
  Disk& disk = options_.disk;
  for (const std::string& name : disk.list(options_.directory, "snap-"))
    if (name != snapshot_name(before) && name != snapshot_name(last)) disk.remove(options_.directory / name);
  for (const std::string& name : disk.list(options_.directory, "seg-"))
    if (name <= segment_name(before)) disk.remove(options_.directory / name);
}

std::vector<RunSpan> FrameLog::begin_segment(const FrameHead& head, const WriteSections& write_sections) {
  begin_snapshot(head.epoch);
  failed_ = true;
  const std::filesystem::path path = options_.directory / segment_name(number_ + 1);
  const std::filesystem::path temporary = options_.directory / ("." + path.filename().string() + ".tmp");
  check_place();
  if (options_.disk.names_of(path) != 0) throw other_process();
  auto made = options_.disk.create(temporary, {.exclusive = true, .owner_only = true, .temporary = true});
  if (!made) throw IoError("cannot create " + temporary.string() + ": somebody else makes it");
  segment_ = std::move(made);
  const std::string begin = encode({.kind = FileKind::segment,
                                    .number = number_ + 1,
                                    .first_epoch = head.epoch.number,
                                    .birth = birth_,
                                    .job = options_.job});
  segment_->write(std::as_bytes(std::span(begin)));
  checksum_ = Decoder(std::string_view(begin).substr(begin.size() - 8)).fixed(8);
  bytes_ = begin.size();
  std::vector<RunSpan> runs = write(head, write_sections);
  segment_->sync();
  options_.disk.rename(temporary, path);
  options_.disk.sync_directory(options_.directory);
  path_ = std::make_shared<const std::filesystem::path>(path);
  ++number_;
  failed_ = false;
  return runs;
}

std::vector<RunSpan> FrameLog::write_key(FrameWriter& frame, const EpochData& epoch) const {
  std::vector<RunSpan> runs = write_epoch(frame, epoch, &inputs_, options_.budget, options_.workers);
  write_outputs(frame, outputs_);
  return runs;
}

std::vector<RunSpan> FrameLog::write(const FrameHead& head, const WriteSections& write_sections) {
  FrameWriter frame(*segment_, checksum_, head, options_.codec.get());
  std::vector<RunSpan> runs = write_sections(frame);
  for (RunSpan& run : runs) run.offset += bytes_;
  rows_ = frame.finish();
  bytes_ += frame.size();
  last_ = head.last;
  return runs;
}

// Who removes the lock of another process may have begun to write here. What is written to a segment that is
// not there any more is lost.
void FrameLog::check_place() const {
  if (!lock_->is_at(options_.directory / kLockName)) throw other_process();
  if (path_ && !segment_->is_at(*path_)) throw other_process();
}

IoError FrameLog::other_process() const {
  return IoError("the checkpoint " + excerpt(options_.directory.string()) +
                 " was moved, removed or written to by another process: leave it alone while its job runs");
}

}  // namespace millrace
