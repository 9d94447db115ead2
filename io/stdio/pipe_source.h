// Pipes, FIFOs, terminals: what can be read once, from front to back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <millrace/source.h>

#include "io/descriptor.h"
#include "io/framer.h"
#include "io/partitions.h"
#include "io/stdio/stream_beginning.h"

namespace millrace::io {

/// Reads an open descriptor until its end. Its one partition is `name`; marks count bytes. For a job with
/// windows it is a feed, which goes on until the job is stopped. An error that comes before anything was read
/// is thrown, as is one where the first bytes are no text; later it breaks the input, as with a socket that is
/// reset or a terminal that is closed, and what came is kept.
class PipeSource final : public Source {
 public:
  PipeSource(Descriptor input, std::string name, const SourceOptions& options);

  ReadResult read(std::span<std::byte> into, const Records& records, Deadline deadline) override;
  std::span<const Partition> partitions() const override { return partitions_.list(); }
  void marks(Marks& changed) override {
    partitions_.read_to(framer_.consumed());
    partitions_.marks(changed);
  }
  bool replayable() const override { return false; }
  void seek(std::span<const Mark> marks) override;
  void wake() noexcept override { waker_.wake(); }
  bool endless() const override { return endless_; }
  ReadResult drain(std::span<std::byte> into, const Records& records) override;

 private:
  bool has_hung_up() const;
  void break_off(int error_number);
  std::optional<ReadResult> take_held_back(std::span<std::byte> into, const Records& records);

  Descriptor input_;
  Partitions partitions_;
  StreamBeginning beginning_;
  Framer framer_;
  Waker waker_;
  bool is_terminal_;
  bool endless_;
  OnEvent on_event_;
  std::uint64_t received_ = 0;
  ReadResult::Status ending_ = ReadResult::Status::idle;  ///< end or broken, when nothing more comes
};

/// Opens a FIFO or a device without waiting for its writer. Throws IoError.
Descriptor open_stream(const std::string& path);

}  // namespace millrace::io
