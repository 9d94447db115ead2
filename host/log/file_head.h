// What every file of a checkpoint begins with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <millrace/disk.h>

namespace millrace {

/// The version of all that is in docs/checkpoint_format.md.
inline constexpr std::uint64_t kLogVersion = 1;

enum class FileKind : char { segment = 'S', snapshot = 'P' };

struct FileHead {
  FileKind kind = FileKind::segment;
  std::uint64_t number = 0;  ///< of segments it grows by one; a snapshot has that of the last segment in it
  /// Of a segment: from it on, what earlier segments hold is void. Of a snapshot: the first that is not in it.
  std::uint64_t first_epoch = 0;
  std::uint64_t birth = 0;  ///< see JobId
  std::string job;          ///< canonical_text(job)
};

std::string segment_name(std::uint64_t number);
std::string snapshot_name(std::uint64_t number);

/// Its last eight bytes are a checksum of the others, which the file's frames repeat.
std::string encode(const FileHead& head);

struct ReadHead {
  FileHead head;
  std::uint64_t checksum = 0;
  std::uint64_t bytes = 0;  ///< of it
};

/// Throws CorruptError if the file does not begin so, TooNewError and IoError.
ReadHead read_head(const DiskReader& file, FileKind kind);

}  // namespace millrace
