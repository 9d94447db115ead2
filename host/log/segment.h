// Segments: the files of a log. Each is made whole with its first frame, and appended by who made it only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/disk.h>

#include "host/log/frame.h"

namespace millrace {

/// The version of all that is in docs/checkpoint_format.md.
inline constexpr std::uint64_t kLogVersion = 1;

struct SegmentHead {
  std::uint64_t number = 0;       ///< grows by one
  std::uint64_t first_epoch = 0;  ///< from it on, what earlier segments hold is void
  std::uint64_t birth = 0;        ///< see JobId
  std::string job;                ///< canonical_text(job)
};

std::string segment_name(std::uint64_t number);

/// What a segment's file begins with. Its last eight bytes are a checksum of the others, which its frames
/// repeat.
std::string encode(const SegmentHead& head);

/// A frame that is whole.
struct LoggedFrame {
  FrameHead head;
  std::uint64_t offset = 0;
  std::uint64_t rows = 0;  ///< as FrameWriter::finish
};

/// A segment, and those of its frames that are whole.
struct Segment {
  std::filesystem::path path;
  SegmentHead head;
  std::uint64_t checksum = 0;       ///< of the head
  std::vector<LoggedFrame> frames;  ///< in their order
  std::uint64_t bytes = 0;          ///< to the end of the last one
  std::uint64_t file_bytes = 0;     ///< of all
};

/// Reads the whole file, as long as it is now: who made it may append to it. Throws CorruptError if its head or
/// its first frame is none, TooNewError and IoError. `path` stays empty.
Segment read_segment(const DiskReader& growing);
/// The same of a file that is opened for it.
Segment read_segment(Disk& disk, const std::filesystem::path& path);

}  // namespace millrace
