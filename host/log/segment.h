// Segments: the files of a log. Each is made whole with its first frame, and appended by who made it only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include <millrace/disk.h>

#include "host/log/file_head.h"
#include "host/log/frame.h"

namespace millrace {

/// A frame that is whole.
struct LoggedFrame {
  FrameHead head;
  std::uint64_t offset = 0;
  std::uint64_t rows = 0;  ///< as FrameWriter::finish
};

/// A segment, and those of its frames that are whole.
struct Segment {
  std::filesystem::path path;
  FileHead head;
  std::uint64_t checksum = 0;       ///< of the head
  std::vector<LoggedFrame> frames;  ///< in their order
  std::uint64_t bytes = 0;          ///< to the end of the last one
  std::uint64_t file_bytes = 0;     ///< of all
};

/// Reads the whole file, as long as it is now: who made it may append to it. Throws CorruptError if its head or
/// its first frame is none, TooNewError and IoError. `path` stays empty. `codec`: see FrameReader.
Segment read_segment(const DiskReader& growing, Codec* codec = nullptr);
/// The same of a file that is opened for it.
Segment read_segment(Disk& disk, const std::filesystem::path& path, Codec* codec = nullptr);

}  // namespace millrace
