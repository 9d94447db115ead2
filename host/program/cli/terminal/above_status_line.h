// Rows on the terminal whose last line shows progress.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include <millrace/sink.h>

#include "host/program/cli/terminal/status_line.h"

namespace millrace::cli {

/// Keeps the status line off the terminal while rows are written to it.
class AboveStatusLine final : public Sink {
 public:
  AboveStatusLine(std::unique_ptr<Sink> sink, StatusLine& status) : sink_(std::move(sink)), status_(status) {}
  std::optional<Shown> probe(Deadline deadline) override { return sink_->probe(deadline); }
  std::optional<Shown> open(const JobId& job) override { return sink_->open(job); }
  void begin(const Epoch& epoch) override { sink_->begin(epoch); }
  void write(std::span<const Aggregate> rows) override {
    status_.hold();
    sink_->write(rows);
  }
  void write_letters(std::span<const Letter> letters) override {
    status_.hold();
    sink_->write_letters(letters);
  }
  void finish(const Epoch& epoch) override {
    status_.hold();
    sink_->finish(epoch);
    status_.release();
  }
  void abandon(EpochId epoch) noexcept override {
    sink_->abandon(epoch);
    status_.release();
  }
  Delivery delivery() const override { return sink_->delivery(); }
  bool remembers() const override { return sink_->remembers(); }

 private:
  std::unique_ptr<Sink> sink_;
  StatusLine& status_;
};

}  // namespace millrace::cli
