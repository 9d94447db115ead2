// Reading a segment up to the frame that was cut off, if one was.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/segment.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include <millrace/error.h>

#include "host/log/encoding.h"

namespace millrace {
namespace {

constexpr std::string_view kMagic{"MLRACE\0S", 8};
constexpr std::size_t kFixedBytes = 8 + 4 + 4;
constexpr std::size_t kChecksumBytes = 8;
constexpr std::uint64_t kHeadBytesMax = std::uint64_t{1} << 20;

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

std::string read_exactly(const DiskReader& file, std::uint64_t offset, std::uint64_t bytes) {
  std::string read(bytes, '\0');
  if (file.read_at(offset, std::as_writable_bytes(std::span(read))) != bytes)
    throw CorruptError("it ends too early");
  return read;
}

// Returns how long it is.
std::uint64_t read_head(const DiskReader& file, Segment& segment) {
  std::string bytes = read_exactly(file, 0, kFixedBytes);
  Decoder fixed(bytes);
  if (fixed.bytes(kMagic.size()) != kMagic) throw CorruptError("it is no part of a checkpoint");
  const std::uint64_t version = fixed.fixed(4);
  const std::uint64_t size = fixed.fixed(4);
  if (size > kHeadBytesMax) throw CorruptError("its head is too long");
  bytes += read_exactly(file, kFixedBytes, size + kChecksumBytes);
  const std::string_view all(bytes);
  segment.checksum = Decoder(all.substr(kFixedBytes + size)).fixed(kChecksumBytes);
  if (segment.checksum != checksum64(all.substr(0, kFixedBytes + size)))
    throw CorruptError("the checksum of its head is wrong");
  if (version != kLogVersion)
    throw TooNewError("it is of version " + std::to_string(version) + ", and this program reads version " +
                      std::to_string(kLogVersion));
  Decoder rest(all.substr(kFixedBytes, size));
  segment.head.number = rest.varint();
  segment.head.first_epoch = rest.varint();
  segment.head.birth = rest.fixed(8);
  segment.head.job = rest.text();
  return bytes.size();
}

/// Adds those that are whole, from `offset` on. False: there is none.
bool add_frames(const DiskReader& file, std::uint64_t offset, Segment& segment) {
  FrameReader frames(file, offset, segment.checksum);
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

std::string segment_name(std::uint64_t number) {
  std::string digits = std::to_string(number);
  constexpr std::size_t kDigits = 12;
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return "seg-" + digits + ".log";
}

std::string encode(const SegmentHead& head) {
  std::string rest;
  put_varint(rest, head.number);
  put_varint(rest, head.first_epoch);
  put_fixed(rest, head.birth, 8);
  put_text(rest, head.job);
  check(rest.size() <= kHeadBytesMax, "a job's text fits a segment's head");
  std::string bytes(kMagic);
  put_fixed(bytes, kLogVersion, 4);
  put_fixed(bytes, rest.size(), 4);
  bytes += rest;
  put_fixed(bytes, checksum64(bytes), kChecksumBytes);
  return bytes;
}

Segment read_segment(const DiskReader& growing) {
  const FileAsItWas file(growing);
  Segment segment;
  segment.file_bytes = file.size();
  segment.bytes = read_head(file, segment);
  if (!add_frames(file, segment.bytes, segment)) throw CorruptError("its first frame is damaged");
  // A frame that was cut off, as its maker was stopped, ends the segment. Where others follow it was a commit
  // mark, which is not synced, or it was damaged since: then an epoch is missing.
  std::uint64_t from = segment.bytes;
  while (const auto next = find_frame(file, from + 1)) {
    if (add_frames(file, *next, segment))
      from = segment.bytes;
    else
      from = *next;
  }
  return segment;
}

Segment read_segment(Disk& disk, const std::filesystem::path& path) {
  const auto file = disk.open(path);
  if (!file) throw CorruptError("it is not there");
  Segment segment = read_segment(*file);
  segment.path = path;
  return segment;
}

}  // namespace millrace
