// Reading a segment up to the frame that was cut off, if one was.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/segment.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "host/log/encoding.h"

namespace millrace {
namespace {

/// A file as long as it was when it was opened. A frame that is appended meanwhile would be cut off by one look
/// and, with others behind it, be whole by the next one, as if it had been damaged.
class FileAsItWas final : public DiskReader {
 public:
  explicit FileAsItWas(const DiskReader& file) : file_(file), size_(file.size()) {}

  std::uint64_t size() const override { return size_; }
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
    const std::uint64_t left = size_ - std::min(offset, size_);
    return file_.read_at(offset, bytes.first(std::min<std::uint64_t>(left, bytes.size())));
  }

 private:
  const DiskReader& file_;
  std::uint64_t size_;
};

/// Adds those that are whole, from `offset` on. False: there is none.
bool add_frames(const DiskReader& file, std::uint64_t offset, Codec* codec, Segment& segment) {
  FrameReader frames(file, offset, segment.checksum, codec);
  bool any = false;
  try {
    while (const auto head = frames.next()) {
      const std::uint64_t begin = std::exchange(offset, 0);
      skip_frame(frames);
      if (!head->known) throw TooNewError("it has frames of a kind that is not known here");
      segment.frames.push_back({.head = *head, .offset = begin, .rows = frames.rows_checksum()});
      segment.bytes = offset = frames.offset();
      any = true;
    }
  } catch (const CorruptError&) {
    return any;
  }
  return any;
}

/// Where the next frame seems to begin, from `offset` on.
std::optional<std::uint64_t> find_frame(const DiskReader& file, std::uint64_t offset) {
  std::string block(std::size_t{64} << 10, '\0');
  for (;;) {
    const std::size_t size = file.read_at(offset, std::as_writable_bytes(std::span(block)));
    const std::size_t found = std::string_view(block).substr(0, size).find(kFrameMagic);
    if (found != std::string_view::npos) return offset + found;
    if (size < block.size()) return std::nullopt;
    offset += size - (kFrameMagic.size() - 1);
  }
}

}  // namespace

Segment read_segment(const DiskReader& growing, Codec* codec) {
  const FileAsItWas file(growing);
  ReadHead read = read_head(file, FileKind::segment);
  Segment segment{
      .path = {}, .head = std::move(read.head), .checksum = read.checksum, .frames = {}, .bytes = read.bytes};
  segment.file_bytes = file.size();
  if (!add_frames(file, segment.bytes, codec, segment)) throw CorruptError("its first frame is damaged");
  // A frame that was cut off, as its maker was stopped, ends the segment. Where others follow it was a commit
  // mark, which is not synced, or it was damaged since: then an epoch is missing.
  std::uint64_t from = segment.bytes;
  while (const auto next = find_frame(file, from + 1)) {
    if (add_frames(file, *next, codec, segment))
      from = segment.bytes;
    else
      from = *next;
  }
  return segment;
}

Segment read_segment(Disk& disk, const std::filesystem::path& path, Codec* codec) {
  const auto file = disk.open(path);
  if (!file) throw CorruptError("it is not there");
  Segment segment = read_segment(*file, codec);
  segment.path = path;
  return segment;
}

}  // namespace millrace
