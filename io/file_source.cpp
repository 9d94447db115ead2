// Reading ranges of files with pread.
// SPDX-License-Identifier: Apache-2.0
#include "io/file_source.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include <millrace/error.h>

#include "io/record_ends.h"

namespace millrace::io {
namespace {

constexpr std::size_t kSearchBytes = std::size_t{64} << 10;
constexpr std::uint64_t kSmallBytes = std::uint64_t{128} << 10;

}  // namespace

FileSource::FileSource(std::vector<FilePart> parts, const Framing& framing)
    : parts_(std::move(parts)), framing_(framing) {
  check(framing.kind != Framing::Kind::message, "files have no messages");
  for (const FilePart& part : parts_) next_.push_back(part.begin);
}

ReadResult FileSource::read(std::span<std::byte> into, std::vector<Record>* records, Deadline) {
  check(!into.empty(), "a read needs room");
  if (records != nullptr) records->clear();
  for (; current_ < parts_.size(); ++current_, ready_ = false) {
    if (next_[current_] >= part().end) continue;
    if (!ready_) open_part();
    if (auto result = read_part(into, records)) return *result;
  }
  file_.reset();
  return {ReadResult::Status::end, 0, std::exchange(oversized_, 0)};
}

void FileSource::open_part() {
  file_ = part().opened;
  if (!file_) file_ = std::make_shared<const Descriptor>(open_for_reading(part().path));
  // Advice only: its failure changes nothing. A small file is read at once.
  if (part().end - part().begin > kSmallBytes) ::posix_fadvise(file_->get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  if (part().may_split_record && next_[current_] == part().begin) find_first_record();
  ready_ = true;
}

// A record that starts before the range belongs to the range before. A range without any record start is
// passed over whole.
void FileSource::find_first_record() {
  next_[current_] = find_end(part().begin - 1, part().end - 1).value_or(part().end);
}

std::optional<ReadResult> FileSource::read_part(std::span<std::byte> into, std::vector<Record>* records) {
  std::uint64_t& next = next_[current_];
  while (next < part().end) {
    const std::size_t got = std::min(into.size(), part().size - next);
    read_exactly(next, into.first(got));
    const Whole whole = cut(into, got);
    if (whole.bytes == 0) {
      if (auto too_big = pass_long_record(got)) return too_big;
      continue;
    }
    Kept kept{whole.bytes, 0};
    if (whole.bytes > framing_.max_record_bytes) kept = drop_oversized(into.first(whole.bytes), framing_);
    next += whole.of_file;
    oversized_ += kept.oversized;
    if (kept.bytes == 0) continue;
    if (records != nullptr) list_records(into.first(kept.bytes), framing_.kind, *records);
    return ReadResult{ReadResult::Status::data, kept.bytes, std::exchange(oversized_, 0)};
  }
  return std::nullopt;
}

// The last record of a range is the one that holds the byte before the range's end.
FileSource::Whole FileSource::cut(std::span<std::byte> into, std::size_t got) const {
  const std::span<std::byte> bytes = into.first(got);
  const std::uint64_t next = next_[current_];
  const std::uint64_t own = part().end - next;
  if (part().end < part().size && got >= own) {
    const std::size_t end = after_first_end(bytes, own - 1, framing_.kind);
    if (end > 0) return {end, end};
  }
  const std::size_t end = after_last_end(bytes, framing_.kind);
  const bool at_end_of_file = next + got == part().size;
  if (!at_end_of_file || end == got || got == into.size()) return {end, end};
  into[got] = std::byte{'\n'};
  return {got + 1, got};
}

// `seen` bytes of the next record are not all of it. Nothing if it is oversized and was passed over.
std::optional<ReadResult> FileSource::pass_long_record(std::size_t seen) {
  std::uint64_t& next = next_[current_];
  const auto end = find_end(next + seen, part().size);
  const std::uint64_t length = end ? *end - 1 - next : part().size - next;
  if (length <= framing_.max_record_bytes)
    return ReadResult{ReadResult::Status::too_big, length + 1, std::exchange(oversized_, 0)};
  ++oversized_;
  next = end.value_or(part().size);
  return std::nullopt;
}

void FileSource::read_exactly(std::uint64_t offset, std::span<std::byte> into) const {
  if (read_at(*file_, offset, into, part().path) < into.size())
    throw IoError("cannot read " + part().path + ": it became shorter while it was being read");
}

// The place behind the first record end in [from, limit).
std::optional<std::uint64_t> FileSource::find_end(std::uint64_t from, std::uint64_t limit) const {
  if (from >= limit) return std::nullopt;
  const std::uint64_t most = std::min<std::uint64_t>(kSearchBytes, limit - from);
  const auto bytes = std::make_unique_for_overwrite<std::byte[]>(most);
  while (from < limit) {
    const std::span<std::byte> piece(bytes.get(), std::min(most, limit - from));
    read_exactly(from, piece);
    if (const std::size_t end = after_first_end(piece, 0, framing_.kind)) return from + end;
    from += piece.size();
  }
  return std::nullopt;
}

Offsets FileSource::position() const {
  Offsets offsets;
  for (std::size_t i = 0; i < parts_.size() && i <= current_; ++i)
    offsets.push_back({parts_[i].partition, static_cast<std::int64_t>(next_[i])});
  return offsets;
}

bool FileSource::replayable() const {
  return std::ranges::all_of(parts_, [](const FilePart& part) { return part.opened == nullptr; });
}

void FileSource::seek(const Offsets& offsets) {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto told = std::ranges::find(offsets, parts_[i].partition, &Offset::partition);
    next_[i] = told == offsets.end() ? parts_[i].begin : static_cast<std::uint64_t>(told->next);
    if (next_[i] < parts_[i].begin || next_[i] > parts_[i].size)
      throw IoError("cannot go on reading " + parts_[i].path + " at byte " + std::to_string(next_[i]) +
                    ": it is not the file that was read before");
  }
  current_ = 0;
  ready_ = false;
}

std::optional<std::uint64_t> FileSource::bytes_total() const {
  std::uint64_t total = 0;
  for (const FilePart& part : parts_) total += part.end - part.begin;
  return total;
}

}  // namespace millrace::io
