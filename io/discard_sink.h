// A sink that forgets everything: to measure what comes before it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <millrace/sink.h>

namespace millrace::io {

class DiscardSink final : public Sink {
 public:
  void begin(const Epoch&) override {}
  void write(std::span<const Aggregate>) override {}
  void finish(const Epoch&) override {}
  void abandon(EpochId) noexcept override {}
  Delivery delivery() const override { return Delivery::idempotent; }
};

}  // namespace millrace::io
