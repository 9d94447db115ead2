// Standard output, or whatever else takes rows at once, as a sink.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>

#include <millrace/sink.h>

#include "io/format/row_format.h"
#include "io/stdio/outlet.h"

namespace millrace::io {

/// Writes rows as they come. What goes to a file is synced at the end of each epoch. Throws OutputClosed if
/// nobody reads any more; the program must ignore SIGPIPE for that.
class StdoutSink final : public Sink {
 public:
  explicit StdoutSink(const RowLayout& layout, Outlet outlet = Outlet(1))
      : format_(layout, [this](std::string_view text) { outlet_.write(text); }),
        outlet_(std::move(outlet)),
        may_repeat_(layout.epoch) {}

  std::optional<Shown> probe(Deadline) override {
    outlet_.probe();
    return std::nullopt;
  }
  void begin(const Epoch& epoch) override;
  void write(std::span<const Aggregate> rows) override { format_.add(rows); }
  void finish(const Epoch& epoch) override;
  void abandon(EpochId) noexcept override { format_.restart(); }
  Delivery delivery() const override { return Delivery::at_least_once; }

 private:
  RowFormat format_;
  Outlet outlet_;
  bool may_repeat_;  ///< rows of a run that was ended
  bool header_written_ = false;
};

}  // namespace millrace::io
