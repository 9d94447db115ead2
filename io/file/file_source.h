// Regular files and ranges of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <millrace/source.h>

#include "io/descriptor.h"
#include "io/partitions.h"
#include "io/stdio/shared_input.h"

namespace millrace::io {

/// The records of one regular file that start in [begin, end). The file is the bytes it had when it was
/// looked at: records that are appended later are not read, and what is cut off before it is read is missed
/// with a warning.
struct FilePart {
  std::string path;
  std::string name;  ///< of its partition
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t size = 0;               ///< of the whole file
  bool aligned = true;                  ///< begin is no place inside a record, which would not be this part's
  std::shared_ptr<SharedInput> opened;  ///< set where there is no path to open: standard input
  /// That the file is not as it was when it was looked at was told. The ranges of a file share it; null: nobody
  /// has told it.
  std::shared_ptr<std::atomic_flag> told;
  // Of what was looked at, so that another file in its place is noticed.
  Identity identity = {};
  Beginning beginning = {};
};

/// Ranges are no smaller than this.
inline constexpr std::uint64_t kSmallestPart = std::uint64_t{4} << 20;

/// All files in order are one tape, and each reader gets an equal stretch of it: large files are cut into
/// ranges, small ones stay whole. Of an input that others share each reader gets a
/// range in turn, so that what they have read lies together. Readers that would get nothing are left out.
std::vector<std::vector<FilePart>> split_files(std::vector<FilePart> files, unsigned readers,
                                               std::uint64_t smallest = kSmallestPart);

/// Reads its parts in order, each a partition. Marks count bytes from the start of the file.
///
/// A file may hold less than its size says. If it became shorter, that is told as a warning, the records that
/// are still there are counted, and the one that was cut through is not. Otherwise the kernel makes the file up
/// as it is read, as those of sysfs: it is read to its end without a word.
///
/// A file may hold more. If its last record had no end, what was appended to that record by the time it is read
/// belongs to it. If another file has taken its place, that is told as a warning, and the records that start
/// before the old size are read from the new file.
class FileSource final : public Source {
 public:
  FileSource(std::vector<FilePart> parts, const Framing& framing, OnEvent on_event = {});

  ReadResult read(std::span<std::byte> into, const Records& records, Deadline deadline) override;
  /// Goes on with a shared input until there are no gaps before what others have begun.
  ReadResult drain(std::span<std::byte> into, const Records& records) override;
  std::span<const Partition> partitions() const override { return partitions_.list(); }
  void marks(Marks& changed) override { partitions_.marks(changed); }
  bool replayable() const override;
  void seek(std::span<const Mark> marks) override;
  void committed(std::span<const Mark> marks) override;
  void wake() noexcept override {}
  std::optional<std::uint64_t> bytes_total() const override;

 private:
  struct Whole {
    std::size_t bytes = 0;    ///< of the records, a '\n' added at the end of the file included
    std::size_t of_file = 0;  ///< how far they reach in the file
  };
  FilePart& part() { return parts_[partitions_.current()]; }
  bool is_left_out();
  void open_part();
  bool find_first_record();
  std::optional<ReadResult> read_part(std::span<std::byte> into, const Records& records);
  Whole cut(std::span<std::byte> into, std::size_t got) const;
  std::optional<ReadResult> pass_long_record(std::size_t seen);
  std::size_t read_here(std::uint64_t offset, std::span<std::byte> into);
  void notice_another_file();
  bool has_grown();
  void tell_early_end(std::uint64_t size_now);
  void tell(std::string text);
  std::optional<std::uint64_t> find_end(std::uint64_t from, std::uint64_t limit);

  std::vector<FilePart> parts_;
  Partitions partitions_;  ///< the same
  Framing framing_;
  OnEvent on_event_;
  bool draining_ = false;
  // Of the current part, since it was opened:
  std::shared_ptr<const Descriptor> file_;  ///< null: not yet
  std::uint64_t end_ = 0;        ///< as the part's, or before it if the file holds less than its size said
  std::uint64_t size_ = 0;       ///< likewise, or behind it if the last record has grown
  std::uint64_t size_told_ = 0;  ///< what the file's size was when it was last looked at
  bool has_grown_ = false;
  bool cut_off_ = false;        ///< the file became shorter: what lies before size_ without an end is no record
  bool at_record_ = false;      ///< it stands at a record's start
  std::uint64_t searched_ = 0;  ///< the record that is looked at does not end before
  std::uint64_t oversized_ = 0;
};

}  // namespace millrace::io
