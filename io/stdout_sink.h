// Standard output, or any open descriptor, as a sink.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <millrace/sink.h>

#include "io/row_format.h"

namespace millrace::io {

/// Writes rows as they come and keeps no more than a part of them. Throws OutputClosed if nobody reads any
/// more; the program must ignore SIGPIPE for that.
class StdoutSink final : public Sink {
 public:
  /// `descriptor` stays the caller's.
  explicit StdoutSink(const RowLayout& layout, int descriptor = 1);

  void begin(const Epoch& epoch) override;
  void write(std::span<const Aggregate> rows) override;
  void finish(EpochId epoch) override;
  void abandon(EpochId epoch) noexcept override;
  std::optional<EpochId> last_finished() override { return std::nullopt; }
  Delivery delivery() const override { return Delivery::at_least_once; }

 private:
  void flush();

  RowFormat format_;
  int descriptor_;
  bool header_written_ = false;
  std::string text_;  ///< not written yet
};

}  // namespace millrace::io
