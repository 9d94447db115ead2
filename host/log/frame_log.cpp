// One fsync an epoch; a segment is renamed to its name when its first frame is durable.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/frame_log.h"

#include <span>
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
  return Checkpoint(options.disk, options.directory);
}

}  // namespace

FrameLog::FrameLog(const FrameLogOptions& options)
    : options_(options),
      lock_(lock_directory(options)),
      found_(clean_and_read(options)),
      birth_(options.birth) {
  if (found_.empty()) return;
  found_.require_job(options_.job);
  birth_ = found_.birth();
  number_ = found_.last_segment();
  recovered_ = found_.recover(inputs_);
}

void FrameLog::replay(const TakeEpoch& take) {
  found_.read({.budget = &options_.budget, .value_columns = options_.value_columns, .seed = options_.seed},
              take);
}

// What was found may have been read from the page cache only: the names of segments become durable, and the
// undecided epoch is written anew. The first frame of a job resolves where its inputs begin.
void FrameLog::start(const std::vector<ReaderInputs>& readers) {
  inputs_.start(readers);
  if (found_.empty()) {
    begin_segment({.key = true}, [this](FrameWriter& frame) {
      write_epoch(frame, {}, &inputs_, options_.budget, options_.workers);
    });
    return;
  }
  options_.disk.sync_directory(options_.directory);
  if (!recovered_.undecided) return;
  const FrameHead head{.epoch = recovered_.last, .key = true, .last = recovered_.undecided->last};
  begin_segment(head, [this](FrameWriter& frame) {
    found_.read_last([&](FrameReader& found) { copy_epoch(found, frame); });
    inputs_.write(frame);
  });
  check(rows_ == recovered_.frame, "a frame that is written anew has the rows that it had");
}

std::uint64_t FrameLog::append(const EpochData& epoch) {
  check(!failed_, "a log that has failed takes no more");
  inputs_.merge(epoch.found, epoch.marks);
  const bool begins = segment_ == nullptr || bytes_ >= options_.segment_bytes;
  const FrameHead head{.epoch = epoch.id, .key = begins, .last = epoch.last};
  const auto write_sections = [&](FrameWriter& frame) {
    write_epoch(frame, epoch, begins ? &inputs_ : nullptr, options_.budget, options_.workers);
  };
  if (begins) {
    begin_segment(head, write_sections);
  } else {
    failed_ = true;
    write(head, write_sections);
    segment_->sync();
    failed_ = false;
  }
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

void FrameLog::begin_segment(const FrameHead& head, const WriteSections& write_sections) {
  failed_ = true;
  const std::filesystem::path path = options_.directory / segment_name(number_ + 1);
  const std::filesystem::path temporary = options_.directory / ("." + path.filename().string() + ".tmp");
  check_place(path);
  auto made = options_.disk.create(temporary, {.exclusive = true, .owner_only = true, .temporary = true});
  if (!made) throw IoError("cannot create " + temporary.string() + ": somebody else makes it");
  segment_ = std::move(made);
  const std::string begin =
      encode({.number = number_ + 1, .first_epoch = head.epoch.number, .birth = birth_, .job = options_.job});
  segment_->write(std::as_bytes(std::span(begin)));
  checksum_ = Decoder(std::string_view(begin).substr(begin.size() - 8)).fixed(8);
  bytes_ = begin.size();
  write(head, write_sections);
  segment_->sync();
  options_.disk.rename(temporary, path);
  options_.disk.sync_directory(options_.directory);
  ++number_;
  failed_ = false;
}

void FrameLog::write(const FrameHead& head, const WriteSections& write_sections) {
  FrameWriter frame(*segment_, checksum_, head);
  write_sections(frame);
  rows_ = frame.finish();
  bytes_ += frame.size();
  last_ = head.last;
}

// Who removes the lock of another process may have begun to write here.
void FrameLog::check_place(const std::filesystem::path& path) const {
  if (lock_->is_at(options_.directory / kLockName) && options_.disk.names_of(path) == 0) return;
  throw IoError("another process writes to the checkpoint " + excerpt(options_.directory.string()) +
                ": end it, and never remove a LOCK");
}

}  // namespace millrace
