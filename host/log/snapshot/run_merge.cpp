// A heap of cursors; equal keys are added as they meet.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/snapshot/run_merge.h"

#include <algorithm>
#include <map>
#include <utility>

#include <millrace/error.h>

namespace millrace {
namespace {

constexpr std::size_t kReadAheadBytes = std::size_t{64} << 10;  // of a FrameReader

}  // namespace

std::size_t memory_of(const RunPlace& run) {
  return kReadAheadBytes + static_cast<std::size_t>(std::min<std::uint64_t>(run.span.bytes, kChunkBytesMax));
}

RunCursor::RunCursor(std::shared_ptr<const DiskReader> file, const RunPlace& place, std::size_t value_columns,
                     Codec* codec)
    : file_(std::move(file)), frames_(*file_, place.span.offset, 0, codec), width_(place.width) {
  frames_.enter(place.width == RunWidth::wide ? Section::wide_run : Section::run);
  row_.values.resize(value_columns);
}

bool RunCursor::next() {
  while (chunk_.empty())
    if (!next_chunk()) return false;
  read_row(chunk_, width_, row_);
  return true;
}

bool RunCursor::next_chunk() {
  const auto bytes = frames_.next_chunk();
  if (!bytes) return false;
  chunk_ = Decoder(*bytes);
  row_.key.clear();
  if (!std::exchange(begun_, true) && read_head(chunk_, width_).value_columns != row_.values.size())
    throw CorruptError("a run has other values than the job");
  return true;
}

RunMerge::RunMerge(Disk& disk, std::span<const RunPlace> runs, std::span<const ValueColumn> columns,
                   Codec* codec)
    : columns_(columns.begin(), columns.end()) {
  std::map<std::filesystem::path, std::shared_ptr<const DiskReader>> files;
  for (const RunPlace& run : runs) {
    auto& file = files[*run.file];
    if (!file) file = disk.open(*run.file);
    if (!file) throw CorruptError(run.file->filename().string() + " is gone");
    cursors_.emplace_back(file, run, columns.size(), codec);
  }
  for (std::size_t i = 0; i < cursors_.size(); ++i)
    if (cursors_[i].next()) heap_.push_back(i);
  std::ranges::make_heap(heap_, [this](std::size_t a, std::size_t b) { return is_later(a, b); });
}

bool RunMerge::is_later(std::size_t a, std::size_t b) const {
  return cursors_[a].row().key > cursors_[b].row().key;
}

const RunRow* RunMerge::next() {
  if (heap_.empty()) return nullptr;
  row_ = cursors_[heap_.front()].row();
  advance_first();
  while (!heap_.empty() && cursors_[heap_.front()].row().key == row_.key) {
    add(cursors_[heap_.front()].row());
    advance_first();
  }
  return &row_;
}

void RunMerge::advance_first() {
  const auto later = [this](std::size_t a, std::size_t b) { return is_later(a, b); };
  std::ranges::pop_heap(heap_, later);
  if (cursors_[heap_.back()].next())
    std::ranges::push_heap(heap_, later);
  else
    heap_.pop_back();
}

void RunMerge::add(const RunRow& more) {
  if (__builtin_add_overflow(row_.count, more.count, &row_.count))
    throw CorruptError("no job has counted that much");
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Int128& value = row_.values[i];
    switch (columns_[i].combine) {
      case Combine::sum: value += more.values[i]; break;
      case Combine::min: value = std::min(value, more.values[i]); break;
      case Combine::max: value = std::max(value, more.values[i]); break;
    }
  }
}

}  // namespace millrace
