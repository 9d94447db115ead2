// Sections of chunks, each with a checksum, and one over all.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/frame.h"

#include <algorithm>
#include <span>

#include <millrace/error.h>

#include "host/log/encoding.h"

namespace millrace {
namespace {

constexpr std::size_t kHeadBytes = 4 + 8 + 1;
constexpr std::size_t kChecksumBytes = 16;
constexpr std::size_t kBufferBytes = std::size_t{64} << 10;
constexpr std::uint64_t kStored = 0;  // the codec of a chunk that is not compressed

// Flags of a frame.
constexpr std::uint64_t kKey = 1;
constexpr std::uint64_t kLast = 2;
constexpr std::uint64_t kCommit = 4;
constexpr std::uint64_t kKnownFlags = kKey | kLast | kCommit;

bool makes_rows(Section section) {
  return section == Section::epoch || section == Section::run;
}

void add_segment(Checksum128& checksum, std::uint64_t segment) {
  std::string bytes;
  put_fixed(bytes, segment, 8);
  checksum.add(bytes);
}

}  // namespace

FrameWriter::FrameWriter(DiskFile& file, std::uint64_t segment, const FrameHead& head) : file_(file) {
  add_segment(checksum_, segment);
  std::string bytes(kFrameMagic);
  put_fixed(bytes, head.epoch.number, 8);
  put_fixed(bytes, (head.key ? kKey : 0U) | (head.last ? kLast : 0U) | (head.commit ? kCommit : 0U), 1);
  put(bytes);
}

void FrameWriter::begin(Section section) {
  section_ = section;
  std::string bytes;
  put_fixed(bytes, static_cast<std::uint64_t>(section), 1);
  put(bytes);
}

bool FrameWriter::make_room(std::size_t bytes) {
  if (!chunk_.empty() && chunk_.size() + bytes > kChunkBytesMax) end_chunk();
  return chunk_.empty();
}

void FrameWriter::end() {
  if (!chunk_.empty()) end_chunk();
  std::string bytes;
  put_fixed(bytes, 0, 4);
  put(bytes);
}

std::uint64_t FrameWriter::finish() {
  begin(Section::end);
  const auto checksum = checksum_.bytes();
  put({checksum.data(), checksum.size()});
  flush();
  return rows_.number();
}

void FrameWriter::add_chunk(std::string_view bytes) {
  check(chunk_.empty(), "a chunk is added between two others");
  chunk_ = bytes;
  end_chunk();
}

void FrameWriter::end_chunk() {
  std::string bytes;
  put_fixed(bytes, chunk_.size(), 4);
  put(bytes);
  bytes.clear();
  put_fixed(bytes, kStored, 1);
  bytes += chunk_;
  put_fixed(bytes, checksum64(bytes), 8);
  put(bytes);
  if (makes_rows(section_)) rows_.add(chunk_);
  const bool large = chunk_.size() > kChunkBytesMax;
  chunk_.clear();
  if (large) chunk_.shrink_to_fit();
}

void FrameWriter::put(std::string_view bytes) {
  checksum_.add(bytes);
  size_ += bytes.size();
  if (out_.size() + bytes.size() > kChunkBytesMax) flush();
  if (bytes.size() > kChunkBytesMax) return file_.write(std::as_bytes(std::span(bytes)));
  out_ += bytes;
}

void FrameWriter::flush() {
  file_.write(std::as_bytes(std::span(out_)));
  out_.clear();
}

FrameReader::FrameReader(const DiskReader& file, std::uint64_t offset, std::uint64_t segment)
    : file_(file), segment_(segment), offset_(offset) {}

std::optional<FrameHead> FrameReader::next() {
  if (!refill(1)) return std::nullopt;
  checksum_.emplace();
  rows_.emplace();
  add_segment(*checksum_, segment_);
  Decoder head(take(kHeadBytes));
  if (head.bytes(kFrameMagic.size()) != kFrameMagic) throw CorruptError("no frame begins here");
  const EpochId epoch{head.fixed(8)};
  const std::uint64_t flags = head.fixed(1);
  return FrameHead{.epoch = epoch,
                   .key = (flags & kKey) != 0,
                   .last = (flags & kLast) != 0,
                   .commit = (flags & kCommit) != 0,
                   .known = flags <= kKnownFlags};
}

void FrameReader::enter(Section section) {
  checksum_.emplace();
  rows_.emplace();
  section_ = section;
}

Section FrameReader::next_section() {
  section_ = static_cast<Section>(Decoder(take(1)).fixed(1));
  if (section_ != Section::end) return section_;
  const auto expected = checksum_->bytes();
  if (take(kChecksumBytes) != std::string_view(expected.data(), expected.size()))
    throw CorruptError("the checksum of a frame is wrong");
  return section_;
}

std::optional<std::string_view> FrameReader::next_chunk() {
  const auto chunk = read_chunk();
  if (!chunk) return std::nullopt;
  if (chunk->codec != kStored) throw TooNewError("a part of it is compressed in a way that is not known here");
  return chunk->bytes;
}

void FrameReader::skip_section() {
  while (read_chunk()) {
  }
}

std::optional<FrameReader::Chunk> FrameReader::read_chunk() {
  const std::uint64_t size = Decoder(take(4)).fixed(4);
  if (size == 0) return std::nullopt;
  if (size > file_.size() - std::min(file_.size(), offset_)) throw CorruptError("it ends too early");
  constexpr std::size_t kCodecBytes = 1;
  const std::string_view all = take(kCodecBytes + size + 8);
  const std::string_view covered = all.substr(0, kCodecBytes + size);
  if (Decoder(all.substr(covered.size())).fixed(8) != checksum64(covered))
    throw CorruptError("the checksum of a chunk is wrong");
  const Chunk chunk{.codec = Decoder(covered).fixed(kCodecBytes), .bytes = covered.substr(kCodecBytes)};
  if (makes_rows(section_)) rows_->add(chunk.bytes);
  return chunk;
}

std::string_view FrameReader::take(std::size_t bytes) {
  if (!refill(bytes)) throw CorruptError("it ends too early");
  const std::string_view taken = std::string_view(buffer_).substr(buffer_at_, bytes);
  buffer_at_ += bytes;
  offset_ += bytes;
  checksum_->add(taken);
  return taken;
}

// Whether there are that many bytes in the buffer now.
bool FrameReader::refill(std::size_t bytes) {
  const std::size_t left = buffer_.size() - buffer_at_;
  if (left >= bytes) return true;
  buffer_.erase(0, buffer_at_);
  buffer_at_ = 0;
  buffer_.resize(std::max(bytes, kBufferBytes));
  const auto room = std::as_writable_bytes(std::span(buffer_)).subspan(left);
  buffer_.resize(left + file_.read_at(offset_ + left, room));
  return buffer_.size() >= bytes;
}

void skip_frame(FrameReader& frames) {
  while (frames.next_section() != Section::end) frames.skip_section();
}

}  // namespace millrace
