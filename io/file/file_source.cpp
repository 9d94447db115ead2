// Reading ranges of files with pread.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/file_source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <millrace/error.h>

#include "io/record_ends.h"

namespace millrace::io {
namespace {

constexpr std::size_t kSearchBytes = std::size_t{64} << 10;
constexpr std::uint64_t kSearchedAtOnce = std::uint64_t{16} << 20;
constexpr std::uint64_t kSmallBytes = std::uint64_t{128} << 10;
// Files that the kernel makes up say that they have a page, which has 64 KiB at most.
constexpr std::uint64_t kMadeUpBytes = std::uint64_t{64} << 10;

struct stat look_at(const Descriptor& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw IoError::from_errno("cannot read " + path, errno);
  return status;
}

std::uint64_t size_of(const Descriptor& file, const std::string& path) {
  return static_cast<std::uint64_t>(look_at(file, path).st_size);
}

}  // namespace

FileSource::FileSource(std::vector<FilePart> parts, const Framing& framing, OnEvent on_event)
    : parts_(std::move(parts)), framing_(framing), on_event_(std::move(on_event)) {
  check(framing.kind != Framing::Kind::message, "files have no messages");
  for (FilePart& part : parts_) {
    partitions_.add({.name = std::move(part.name),
                     .identity = part.identity,
                     .beginning = part.beginning,
                     .end = static_cast<std::int64_t>(part.end),
                     .aligned = part.aligned},
                    part.begin);
    if (part.opened) part.opened->expect(part.begin, part.end);
  }
}

ReadResult FileSource::read(std::span<std::byte> into, const Records& records, Deadline) {
  check(!into.empty(), "a read needs room");
  records.clear();
  for (; !partitions_.at_end(); partitions_.pass(), file_.reset()) {
    if (partitions_.done() || is_left_out()) continue;
    const bool may_begin = file_ || !part().opened || part().opened->begin(part().begin);
    if (!may_begin) return {ReadResult::Status::idle, 0, std::exchange(oversized_, 0)};
    if (!file_) open_part();
    if (!find_first_record()) return {ReadResult::Status::idle, 0, std::exchange(oversized_, 0)};
    if (auto result = read_part(into, records)) return *result;
    partitions_.finish();  // it may end before its size says so
  }
  return {ReadResult::Status::end, 0, std::exchange(oversized_, 0)};
}

// It does not go on for a record that is too long anyway and whose end may be a terabyte away.
ReadResult FileSource::drain(std::span<std::byte> into, const Records& records) {
  draining_ = true;
  std::uint64_t oversized = 0;
  for (;;) {
    ReadResult result = read(into, records, Deadline{});
    oversized += result.oversized;
    const bool searches = result.status == ReadResult::Status::idle && !partitions_.at_end() &&
                          searched_ <= partitions_.next() + framing_.max_record_bytes;
    if (searches) continue;
    result.oversized = oversized;
    return result;
  }
}

bool FileSource::is_left_out() {
  return draining_ && (!part().opened || part().begin >= part().opened->stop());
}

void FileSource::open_part() {
  size_told_ = part().size;
  if (part().opened) {
    file_ = {part().opened, &part().opened->file()};
  } else {  // without waiting, should it be a FIFO now
    file_ = std::make_shared<const Descriptor>(open_for_reading(part().path, O_NONBLOCK));
    notice_another_file();
  }
  size_ = size_told_;
  end_ = std::min(part().end, size_);
  cut_off_ = false;
  has_grown_ = false;
  searched_ = 0;
  at_record_ = part().aligned || partitions_.next() != part().begin;
  // Advice only: its failure changes nothing. A small file is read at once.
  if (part().end - part().begin > kSmallBytes) ::posix_fadvise(file_->get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

// The old size still bounds what is read of it, as other readers may have read their ranges before.
void FileSource::notice_another_file() {
  FilePart& part = parts_[partitions_.current()];
  const struct stat now = look_at(*file_, part.path);
  if (!S_ISREG(now.st_mode) && !S_ISBLK(now.st_mode))
    throw IoError("cannot read " + part.path + ": it was a file when the job began, and is none any more");
  if (!part.identity || part.identity == Identity{now.st_dev, now.st_ino}) return;
  tell(part.path + " was replaced by another file, of " + std::to_string(now.st_size) + " bytes instead of " +
       std::to_string(part.size) + ": of that one the records are counted that start before the old size");
  size_told_ = static_cast<std::uint64_t>(now.st_size);
  part.size = std::max(part.size, size_told_);
}

// Asked when the file ends in the midst of a record. Once, as who writes faster than we read would never let
// go.
bool FileSource::has_grown() {
  if (has_grown_ || size_ < size_told_) return false;
  const std::uint64_t size_now = size_of(*file_, part().path);
  has_grown_ = size_now > size_;
  if (has_grown_) part().size = size_told_ = size_ = size_now;
  return has_grown_;
}

// A record that starts before the range belongs to the range before. A range without any record start is
// passed over whole. False: not found yet.
bool FileSource::find_first_record() {
  if (at_record_) return true;
  const auto end = find_end(part().begin - 1, end_ - 1);
  if (!end && searched_ + 1 < end_) return false;
  partitions_.read_to(end.value_or(std::max(part().begin, end_)));
  at_record_ = true;
  return true;
}

std::optional<ReadResult> FileSource::read_part(std::span<std::byte> into, const Records& records) {
  while (partitions_.next() < end_) {
    const std::uint64_t next = partitions_.next();
    const std::size_t got = read_here(next, into.first(std::min(into.size(), size_ - next)));
    if (got == 0) break;
    const bool unfinished = next + got == size_ && after_last_end(into.first(got), framing_.kind) < got;
    if (unfinished && has_grown()) continue;
    const Whole whole = cut(into, got);
    if (whole.bytes == 0) {
      if (auto too_big = pass_long_record(got)) return too_big;
      continue;
    }
    Kept kept{whole.bytes, 0};
    if (records.origins != nullptr)
      records.origins->assign(
          {{0, static_cast<std::uint32_t>(partitions_.current()), static_cast<std::int64_t>(next)}});
    if (whole.bytes > framing_.max_record_bytes)
      kept = drop_oversized(into.first(whole.bytes), framing_, records.origins);
    partitions_.read_to(next + whole.of_file);
    oversized_ += kept.oversized;
    if (kept.bytes == 0) continue;
    if (records.ends != nullptr) list_ends(into.first(kept.bytes), framing_.kind, *records.ends);
    return ReadResult{ReadResult::Status::data, kept.bytes, std::exchange(oversized_, 0)};
  }
  return std::nullopt;
}

// The last record of a range is the one that holds the byte before the range's end.
FileSource::Whole FileSource::cut(std::span<std::byte> into, std::size_t got) const {
  const std::span<std::byte> bytes = into.first(got);
  const std::uint64_t next = partitions_.next();
  const std::uint64_t own = end_ - next;
  if (end_ < size_ && got >= own) {
    const std::size_t end = after_first_end(bytes, own - 1, framing_.kind);
    if (end > 0) return {end, end};
  }
  const std::size_t end = after_last_end(bytes, framing_.kind);
  const bool at_end_of_file = next + got == size_ && !cut_off_;
  if (!at_end_of_file || end == got || got == into.size()) return {end, end};
  into[got] = std::byte{'\n'};
  return {got + 1, got};
}

// `seen` bytes of the next record are not all of it. Nothing if it is oversized and was passed over; idle if
// its end is not found yet.
std::optional<ReadResult> FileSource::pass_long_record(std::size_t seen) {
  const std::uint64_t next = partitions_.next();
  const auto end = find_end(next + seen, size_);
  if (!end && (searched_ < size_ || has_grown()))
    return ReadResult{ReadResult::Status::idle, 0, std::exchange(oversized_, 0)};
  if (!end && cut_off_) {
    end_ = next;
    return std::nullopt;
  }
  const std::uint64_t length = end ? *end - 1 - next : size_ - next;
  if (length <= framing_.max_record_bytes)
    return ReadResult{ReadResult::Status::too_big, length + 1, std::exchange(oversized_, 0)};
  ++oversized_;
  partitions_.read_to(end.value_or(size_));
  return std::nullopt;
}

// Fewer bytes than `into` has room for: the file ends before its size said so, and size_ tells where.
std::size_t FileSource::read_here(std::uint64_t offset, std::span<std::byte> into) {
  std::size_t got = 0;
  std::uint64_t size_now = size_;
  // A file that has its size again was emptied and written anew in between: what it holds now is read.
  for (int tries = 0; tries < 2 && size_now >= size_; ++tries) {
    got += read_at(*file_, offset + got, into.subspan(got), part().path);
    if (got == into.size()) return got;
    size_now = size_of(*file_, part().path);
  }
  cut_off_ = size_now < size_told_;
  size_ = offset + got;
  end_ = std::min(end_, size_);
  tell_early_end(size_now);
  return got;
}

void FileSource::tell_early_end(std::uint64_t size_now) {
  const std::uint64_t size = size_told_;
  if (!cut_off_ && size <= kMadeUpBytes) return;
  if (cut_off_)
    tell(part().path + " became shorter while it was read, from " + std::to_string(size) + " to " +
         std::to_string(size_now) + " bytes: what was cut off is not counted");
  else
    tell(part().path + " ends after " + std::to_string(size_) + " bytes, though its size says " +
         std::to_string(size) + ": that is all there is to count");
}

void FileSource::tell(std::string text) {
  std::shared_ptr<std::atomic_flag>& told = part().told;
  if (!told) told = std::make_shared<std::atomic_flag>();
  if (!told->test_and_set() && on_event_) on_event_({Event::Level::warning, std::move(text)});
}

// The place behind the first record end in [from, limit). A search of gigabytes must not keep the reader from
// its orders: it stops at searched_, and the next one goes on there.
std::optional<std::uint64_t> FileSource::find_end(std::uint64_t from, std::uint64_t limit) {
  from = std::max(from, searched_);
  const std::uint64_t stop = std::min(limit, from + kSearchedAtOnce);
  const auto bytes = std::make_unique_for_overwrite<std::byte[]>(kSearchBytes);
  while (from < stop) {
    const std::span<std::byte> piece(bytes.get(), std::min<std::uint64_t>(kSearchBytes, stop - from));
    const std::size_t got = read_here(from, piece);
    if (const std::size_t end = after_first_end(piece.first(got), 0, framing_.kind)) return from + end;
    from += got;
    if (got < piece.size()) break;
  }
  searched_ = from;
  return std::nullopt;
}

bool FileSource::replayable() const {
  return std::ranges::all_of(parts_, [](const FilePart& part) { return part.opened == nullptr; });
}

void FileSource::seek(std::span<const Mark> marks) {
  for (const Mark& mark : marks) {
    const FilePart& part = parts_.at(mark.partition);
    const auto next = static_cast<std::uint64_t>(mark.next);
    if (next < part.begin || next > part.size)
      throw IoError("cannot go on reading " + part.path + " at byte " + std::to_string(mark.next) +
                    ": it is not the file that was read before");
  }
  partitions_.seek(marks);
  file_.reset();
}

// Whoever reads standard input after this program goes on behind what has been shown.
void FileSource::committed(std::span<const Mark> marks) {
  for (const Mark& mark : marks) {
    const FilePart& part = parts_[mark.partition];
    if (part.opened) part.opened->finished(part.begin, static_cast<std::uint64_t>(mark.next));
  }
}

std::optional<std::uint64_t> FileSource::bytes_total() const {
  std::uint64_t total = 0;
  for (const FilePart& part : parts_) total += part.end - part.begin;
  return total;
}

}  // namespace millrace::io
