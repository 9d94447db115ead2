// Regular files and ranges of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <millrace/source.h>

#include "io/descriptor.h"

namespace millrace::io {

/// The records of one regular file that start in [begin, end). The file is the bytes it had when it was
/// looked at: what is appended later is not read.
struct FilePart {
  std::string path;
  std::string partition;  ///< its name in offsets
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t size = 0;                    ///< of the whole file
  bool may_split_record = false;             ///< begin may lie inside a record, which is not this part's
  std::shared_ptr<const Descriptor> opened;  ///< set where there is no path to open: standard input
};

/// Ranges are no smaller than this.
inline constexpr std::uint64_t kSmallestPart = std::uint64_t{4} << 20;

/// All files in order are one tape, and each reader gets an equal stretch of it: large files are cut into
/// ranges named PARTITION@BEGIN-END, small ones stay whole. Readers that would get nothing are left out.
std::vector<std::vector<FilePart>> share_out(std::vector<FilePart> files, unsigned readers,
                                             std::uint64_t smallest = kSmallestPart);

/// Reads its parts in order. Offsets count bytes from the start of the file, and tell of the parts begun so
/// far; a part that seek is not told of is read from its start.
class FileSource final : public Source {
 public:
  FileSource(std::vector<FilePart> parts, const Framing& framing);

  ReadResult read(std::span<std::byte> into, std::vector<Record>* records, Deadline deadline) override;
  Offsets position() const override;
  bool replayable() const override;
  void seek(const Offsets& offsets) override;
  void committed(const Offsets&) override {}
  void wake() noexcept override {}
  std::optional<std::uint64_t> bytes_total() const override;

 private:
  struct Whole {
    std::size_t bytes = 0;    ///< of the records, a '\n' added at the end of the file included
    std::size_t of_file = 0;  ///< how far they reach in the file
  };
  const FilePart& part() const { return parts_[current_]; }
  void open_part();
  void find_first_record();
  std::optional<ReadResult> read_part(std::span<std::byte> into, std::vector<Record>* records);
  Whole cut(std::span<std::byte> into, std::size_t got) const;
  std::optional<ReadResult> pass_long_record(std::size_t seen);
  void read_exactly(std::uint64_t offset, std::span<std::byte> into) const;
  std::optional<std::uint64_t> find_end(std::uint64_t from, std::uint64_t limit) const;

  std::vector<FilePart> parts_;
  std::vector<std::uint64_t> next_;  ///< for each part, the next byte to read
  Framing framing_;
  std::size_t current_ = 0;
  bool ready_ = false;  ///< the current part is open and stands at a record's start
  std::shared_ptr<const Descriptor> file_;
  std::uint64_t oversized_ = 0;
};

}  // namespace millrace::io
