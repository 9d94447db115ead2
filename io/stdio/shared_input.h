// Standard input that is a file: other programs read on where this one stops.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "io/descriptor.h"

namespace millrace::io {

/// An open file whose offset others share, as in `(millrace; cat) < FILE`. It is read in ranges and with pread,
/// which leave the offset alone. What is finished moves it: the offset is the place before which every record
/// has been shown. It never goes back. Any thread may call it.
class SharedInput {
 public:
  /// `offset`: where the file stands.
  SharedInput(Descriptor file, std::uint64_t offset) : file_(std::move(file)), offset_(offset) {}

  const Descriptor& file() const noexcept { return file_; }
  /// Somebody reads the records that start in [begin, end). REQUIRES: called before anything is finished.
  void expect(std::uint64_t begin, std::uint64_t end);
  /// Somebody begins to read the range that starts at `begin`; false: reading has stopped before it.
  bool begin(std::uint64_t begin);
  /// Reading stops: the place before which all ranges are still to be read to their ends, so that what is
  /// counted has no gaps. It lies behind every range that was begun when somebody asked first.
  std::uint64_t stop();
  /// Of the range that starts at `begin`, all before `next` is finished.
  void finished(std::uint64_t begin, std::uint64_t next);

 private:
  struct Range {
    std::uint64_t next = 0;
    std::uint64_t end = 0;
  };
  Descriptor file_;
  std::mutex mutex_;
  std::map<std::uint64_t, Range> ranges_;  ///< by their beginnings
  std::uint64_t offset_;
  std::uint64_t begun_ = 0;  ///< the end of the furthest range that was begun
  std::optional<std::uint64_t> stop_;
};

}  // namespace millrace::io
