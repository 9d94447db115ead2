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
constexpr unsigned kCodecBytes = 1;
constexpr std::size_t kCompressedBytesMin = 1024;

// Codecs of a chunk.
constexpr std::uint64_t kStored = 0;
constexpr std::uint64_t kZstd = 1;

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

void let_go(std::string& bytes) {
  bytes.clear();
  bytes.shrink_to_fit();
}

}  // namespace

FrameWriter::FrameWriter(DiskFile& file, std::uint64_t segment, const FrameHead& head, Codec* codec)
    : file_(file), codec_(codec) {
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
  const bool compressed = compress_chunk();
  const std::string_view stored = compressed ? compressed_ : chunk_;
  std::string head;
  put_fixed(head, stored.size(), 4);
  put_fixed(head, compressed ? kZstd : kStored, kCodecBytes);
  put(head);
  put(stored);
  std::string checksum;
  put_fixed(checksum, checksum64(std::string_view(head).substr(4), stored), 8);
  put(checksum);
  if (makes_rows(section_)) rows_.add(chunk_);
  data_size_ += chunk_.size();
  if (chunk_.size() > kChunkBytesMax)
    let_go(chunk_);
  else
    chunk_.clear();
}

// An eighth is worth it. What is larger than others stays as it is, so that a reader knows a limit.
bool FrameWriter::compress_chunk() {
  const std::size_t size = chunk_.size();
  if (codec_ == nullptr || size < kCompressedBytesMin || size > kChunkBytesMax) return false;
  compressed_.clear();
  return codec_->compress(chunk_, size - size / 8, compressed_);
}

void FrameWriter::put(std::string_view bytes) {
  checksum_.add(bytes);
  size_ += bytes.size();
  if (out_.size() + bytes.size() > kBufferBytes) flush();
  if (bytes.size() > kBufferBytes) return file_.write(std::as_bytes(std::span(bytes)));
  out_ += bytes;
}

void FrameWriter::flush() {
  file_.write(std::as_bytes(std::span(out_)));
  out_.clear();
}

FrameReader::FrameReader(const DiskReader& file, std::uint64_t offset, std::uint64_t segment, Codec* codec)
    : file_(file), segment_(segment), codec_(codec), offset_(offset) {}

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
  const std::string_view data = data_of(*chunk);
  if (makes_rows(section_)) rows_->add(data);
  return data;
}

void FrameReader::skip_section() {
  if (makes_rows(section_)) {
    while (next_chunk()) {
    }
  } else {
    while (read_chunk()) {
    }
  }
}

// Between two calls there is one chunk in memory, and what was read ahead.
std::string_view FrameReader::data_of(const Chunk& chunk) {
  if (chunk.codec == kStored) {
    let_go(data_);
    return chunk.bytes;
  }
  if (chunk.codec != kZstd) throw TooNewError("a part of it is compressed in a way that is not known here");
  if (codec_ == nullptr) throw TooNewError("a part of it is compressed with zstd, which is not built in here");
  codec_->decompress(chunk.bytes, kChunkBytesMax, data_);
  if (buffer_.size() > kBufferBytes) {  // then it has this chunk alone
    let_go(buffer_);
    buffer_at_ = 0;
  }
  return data_;
}

std::optional<FrameReader::Chunk> FrameReader::read_chunk() {
  const std::uint64_t size = Decoder(take(4)).fixed(4);
  if (size == 0) return std::nullopt;
  if (size > file_.size() - std::min(file_.size(), offset_)) throw CorruptError("it ends too early");
  const std::string_view all = take(kCodecBytes + size + 8);
  const std::string_view covered = all.substr(0, kCodecBytes + size);
  if (Decoder(all.substr(covered.size())).fixed(8) != checksum64(covered))
    throw CorruptError("the checksum of a chunk is wrong");
  return Chunk{.codec = Decoder(covered).fixed(kCodecBytes), .bytes = covered.substr(kCodecBytes)};
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
