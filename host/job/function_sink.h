// The sink behind write(callback): hands rows to the user's function.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <millrace/sink.h>

namespace millrace {

class FunctionSink final : public Sink {
 public:
  explicit FunctionSink(RowFunction function) : function_(std::move(function)) {}

  void begin(const Epoch& epoch) override { epoch_ = epoch; }
  void write(std::span<const Aggregate> rows) override { function_(rows, epoch_); }
  void finish(const Epoch&) override {}
  void abandon(EpochId) noexcept override {}
  Delivery delivery() const override { return Delivery::at_least_once; }

 private:
  RowFunction function_;
  Epoch epoch_;
};

}  // namespace millrace
