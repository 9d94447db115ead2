// One fsync an epoch; a segment is renamed to its name when its first frame is durable.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/frame_log.h"

#include <span>
#include <string_view>
#include <utility>

#include <millrace/error.h>
#include <millrace/plan.h>

#include "host/log/encoding.h"

namespace millrace {
namespace {

constexpr int kRefused = 77;

std::unique_ptr<DiskLock> lock_directory(const FrameLogOptions& options) {
  options.disk.create_directories(options.directory, {.owner_only = true});
  const std::filesystem::path path = options.directory / "LOCK";
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

void check_job(const Checkpoint& found, const FrameLogOptions& options) {
  if (found.empty() || found.job() == options.job) return;
  std::string what;
  for (const std::string& name : differences(found.job(), options.job))
    what += (what.empty() ? "" : ", ") + name;
  throw ConfigError(
      {"the checkpoint " + excerpt(options.directory.string()) + " is of a job with another meaning of " +
       what + ": go on as it began, or name another directory"},
      kRefused);
}

}  // namespace

FrameLog::FrameLog(const FrameLogOptions& options)
    : options_(options),
      lock_(lock_directory(options)),
      found_(clean_and_read(options)),
      birth_(options.birth) {
  if (found_.empty()) return;
  check_job(found_, options_);
  birth_ = found_.birth();
  number_ = found_.last_segment();
  recovered_.last = found_.last();
  std::optional<EpochData> last;
  found_.read({.inputs = &inputs_}, [&](EpochData&& epoch) {
    for (const auto& [pane, none] : epoch.partials) recovered_.open.insert(pane);
    const bool undecided = epoch.id == found_.last() && !found_.committed();
    if (!undecided)
      for (const Pane pane : epoch.closed) recovered_.open.erase(pane);
    last = std::move(epoch);
  });
  if (!last) return;
  recovered_.stamp = last->stamp;
  recovered_.pane = last->pane;
  recovered_.frame = found_.last_rows();
  recovered_.finished = last->last && found_.committed();
  if (found_.committed()) return;
  recovered_.undecided = {.closed = std::move(last->closed), .last = last->last, .partial = last->partial};
}

void FrameLog::replay(const TakeEpoch& take) {
  found_.read(with_partials(), take);
}

EpochReading FrameLog::with_partials() const {
  return {.budget = &options_.budget, .value_columns = options_.value_columns, .seed = options_.seed};
}

// The undecided epoch may have been read from the page cache only. The first frame of a job resolves where its
// inputs begin.
void FrameLog::start(const std::vector<ReaderInputs>& readers) {
  inputs_.start(readers);
  if (found_.empty()) return begin_segment({}, RunOrder::key);
  if (!recovered_.undecided) return;
  begin_segment(found_.read_last(with_partials()), RunOrder::as_read);
  check(rows_ == recovered_.frame, "a frame that is written anew has the rows that it had");
}

std::uint64_t FrameLog::append(const EpochData& epoch) {
  check(!failed_, "a log that has failed takes no more");
  failed_ = true;
  inputs_.merge(epoch.marks);
  if (segment_ == nullptr || bytes_ >= options_.segment_bytes) {
    begin_segment(epoch, RunOrder::key);
  } else {
    rows_ = write({.epoch = epoch.id, .last = epoch.last}, epoch, RunOrder::key);
    segment_->sync();
  }
  failed_ = false;
  return rows_;
}

// What was not synced may be lost: then the next frame says it, or the sinks do.
void FrameLog::commit(EpochId id) {
  check(!failed_, "a log that has failed takes no more");
  failed_ = true;
  FrameWriter frame(*segment_, checksum_, {.epoch = id, .commit = true});
  frame.finish();
  bytes_ += frame.size();
  failed_ = false;
}

void FrameLog::begin_segment(const EpochData& epoch, RunOrder order) {
  const std::filesystem::path path = options_.directory / segment_name(number_ + 1);
  const std::filesystem::path temporary = options_.directory / ("." + path.filename().string() + ".tmp");
  const std::string head =
      encode({.number = number_ + 1, .first_epoch = epoch.id.number, .birth = birth_, .job = options_.job});
  auto made = options_.disk.create(temporary, {.exclusive = true, .owner_only = true, .temporary = true});
  if (!made) throw IoError("cannot create " + temporary.string() + ": somebody else makes it");
  segment_ = std::move(made);
  segment_->write(std::as_bytes(std::span(head)));
  checksum_ = Decoder(std::string_view(head).substr(head.size() - 8)).fixed(8);
  bytes_ = head.size();
  rows_ = write({.epoch = epoch.id, .key = true, .last = epoch.last}, epoch, order);
  segment_->sync();
  options_.disk.rename(temporary, path);
  options_.disk.sync_directory(options_.directory);
  ++number_;
}

std::uint64_t FrameLog::write(const FrameHead& head, const EpochData& epoch, RunOrder order) {
  FrameWriter frame(*segment_, checksum_, head);
  write_epoch(frame, epoch, head.key ? &inputs_ : nullptr, order, options_.budget, options_.workers);
  const std::uint64_t rows = frame.finish();
  bytes_ += frame.size();
  return rows;
}

}  // namespace millrace
