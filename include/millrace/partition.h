// Partitions of inputs, how far they were read, and where bytes came from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// What something is, whatever its name: a file that was renamed keeps its identity, one that took its place
/// has another. Zero: not known.
struct Identity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  explicit operator bool() const { return *this != Identity{}; }
  friend bool operator==(const Identity&, const Identity&) = default;
};

/// How something begins, by which a file is told from one that was removed and left it its number.
struct Beginning {
  static constexpr std::uint32_t kLengthMax = 4096;
  std::uint64_t checksum = 0;  ///< of the first bytes
  std::uint32_t length = 0;    ///< how many: all there were, up to kLengthMax
  friend bool operator==(const Beginning&, const Beginning&) = default;
};

/// A part of an input that is read from front to back: a range of a file, a connection. It stays as it is told
/// first; how far it was read is told by marks.
struct Partition {
  static constexpr std::int64_t kOpenEnd = -1;
  /// Of what it is a part of: a path, an address. Several ranges of one file have one name, which tells nothing
  /// of who reads them.
  std::string name;
  Identity identity = {};
  Beginning beginning = {};
  std::int64_t end = kOpenEnd;  ///< the records that start before it are its own
  bool aligned = true;          ///< its first position is where a record starts
  friend bool operator==(const Partition&, const Partition&) = default;
};

/// How far a partition was read.
struct Mark {
  std::uint32_t partition = 0;  ///< counted in the source's own list
  std::int64_t next = 0;        ///< the next position to read: a byte, or a message
  bool done = false;            ///< there is nothing more to read
  friend bool operator==(const Mark&, const Mark&) = default;
};
using Marks = std::vector<Mark>;

/// Where what was read came from: from `first` on, until the next run begins, byte `first` + n is byte
/// `first_offset` + n of the partition. Of messages both count messages.
struct OriginRun {
  std::uint32_t first = 0;
  std::uint32_t partition = 0;  ///< counted in the source's own list
  std::int64_t first_offset = 0;
  friend bool operator==(const OriginRun&, const OriginRun&) = default;
};

}  // namespace millrace
