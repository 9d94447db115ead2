// Frames: what an epoch is on disk, one behind the other in a segment. See docs/checkpoint_format.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/disk.h>
#include <millrace/types.h>

#include "base/checksum.h"
#include "host/log/codec.h"

namespace millrace {

/// Who reads or writes a frame needs a few times as much memory. No item of a section is cut by a chunk: one
/// that is larger, as a row with a long key, has a chunk of its own.
inline constexpr std::size_t kChunkBytesMax = std::size_t{1} << 20;

/// What each frame begins with.
inline constexpr std::string_view kFrameMagic = "FRAM";

/// Numbers on disk: they keep their meaning.
enum class Section : std::uint8_t {
  end = 0,         ///< there are no more
  epoch = 1,       ///< stamp, clock, closed panes, rejects
  partitions = 2,  ///< all there are, in a key frame; else those that were found
  marks = 3,       ///< that have changed
  run = 4,         ///< partials of a pane, by key
  shown = 5,       ///< of a snapshot: what was shown last, and which of its panes were closed
  wide_run = 6,    ///< of a snapshot: all that was counted for a pane, by key
  outputs = 7,     ///< all there are, in a key frame
  optional = 128,  ///< from here on a reader may skip what it does not know
};

struct FrameHead {
  EpochId epoch;
  bool key = false;     ///< tells of all partitions, not of changes
  bool last = false;    ///< see Epoch
  bool commit = false;  ///< the epoch's own frame came before; this one says that it was shown, and no more
  bool known = true;    ///< false: it is of a kind that only later versions know
};

/// Writes one frame. Not thread-safe.
class FrameWriter {
 public:
  /// `segment`: the checksum of the segment's head, so that frames of others are none here. The file and the
  /// codec outlive it; null: chunks are stored as they are.
  FrameWriter(DiskFile& file, std::uint64_t segment, const FrameHead& head, Codec* codec = nullptr);

  void begin(Section section);
  /// Makes room for an item of at most that many bytes, which is to be appended to chunk() then. True: it is
  /// the first of its chunk.
  bool make_room(std::size_t bytes);
  std::string& chunk() { return chunk_; }
  /// Adds a chunk as it was read. REQUIRES: nothing was appended to the one under way.
  void add_chunk(std::string_view bytes);
  /// Of the section that was begun.
  void end();
  /// The last call: all is written, and not yet synced. Returns a checksum of the sections that rows are made
  /// of.
  std::uint64_t finish();
  /// Bytes of it until now.
  std::uint64_t size() const { return size_; }
  /// Bytes that its chunks hold until now, not compressed.
  std::uint64_t data_size() const { return data_size_; }

 private:
  void end_chunk();
  bool compress_chunk();
  void put(std::string_view bytes);
  void flush();

  DiskFile& file_;
  Codec* codec_;
  Checksum128 checksum_;
  Checksum128 rows_;
  Section section_ = Section::end;
  std::string chunk_;
  std::string compressed_;
  std::string out_;  ///< not yet written
  std::uint64_t size_ = 0;
  std::uint64_t data_size_ = 0;
};

/// Reads the frames of a segment. Functions throw CorruptError where a frame is none, or was cut off, and
/// IoError. Not thread-safe.
class FrameReader {
 public:
  /// The first frame begins at `offset`. The file and the codec outlive it; null: chunks that are compressed
  /// cannot be read.
  FrameReader(const DiskReader& file, std::uint64_t offset, std::uint64_t segment, Codec* codec = nullptr);

  /// Where the next frame begins. REQUIRES: the one before was read to its end.
  std::uint64_t offset() const { return offset_; }
  /// The next frame's head; nothing: there is none.
  std::optional<FrameHead> next();
  /// Goes on behind the kind of a section in the middle of a frame; only its chunks may be read then.
  void enter(Section section);
  /// The next section of the frame; after Section::end the frame is whole, and its checksum right.
  Section next_section();
  /// What the next chunk of the section holds; nothing: there is none. Valid until the next call. Throws
  /// TooNewError if it is compressed in a way that cannot be read here.
  std::optional<std::string_view> next_chunk();
  /// Passes what is left of the section, and so checks it. Throws as next_chunk() where rows are made of it.
  void skip_section();
  /// After Section::end: as FrameWriter::finish.
  std::uint64_t rows_checksum() const { return rows_->number(); }

 private:
  struct Chunk {
    std::uint64_t codec;
    std::string_view bytes;
  };
  std::optional<Chunk> read_chunk();
  std::string_view data_of(const Chunk& chunk);
  std::string_view take(std::size_t bytes);
  bool refill(std::size_t bytes);

  const DiskReader& file_;
  std::uint64_t segment_;
  Codec* codec_;
  std::uint64_t offset_;  ///< of what comes next
  std::string buffer_;    ///< what was read ahead
  std::size_t buffer_at_ = 0;
  std::string data_;  ///< of a chunk that was compressed
  std::optional<Checksum128> checksum_;
  std::optional<Checksum128> rows_;
  Section section_ = Section::end;
};

/// Reads what is left of a frame, and so checks it.
void skip_frame(FrameReader& frames);

}  // namespace millrace
