// Sinks and sources with points to fail at around their calls.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include <millrace/sink.h>
#include <millrace/source.h>

#include "host/job/faults/fault_plan.h"

namespace millrace {

/// The plan outlives both. Of a call that fails after all ("finished") the reply is lost.
class FaultySink final : public Sink {
 public:
  FaultySink(std::shared_ptr<Sink> sink, FaultPlan& plan) : sink_(std::move(sink)), plan_(plan) {}

  std::optional<Shown> probe(Deadline deadline) override { return sink_->probe(deadline); }
  std::optional<Shown> open(const JobId& job) override {
    plan_.reach("sink.open");
    const std::optional<Shown> last = sink_->open(job);
    plan_.reach("sink.opened");
    return last;
  }
  void begin(const Epoch& epoch) override {
    plan_.reach("sink.begin");
    sink_->begin(epoch);
    plan_.reach("sink.begun");
  }
  void write(std::span<const Aggregate> rows) override {
    plan_.reach("sink.write");
    sink_->write(rows);
    plan_.reach("sink.written");
  }
  void write_letters(std::span<const Letter> letters) override {
    plan_.reach("sink.write");
    sink_->write_letters(letters);
    plan_.reach("sink.written");
  }
  void finish(const Epoch& epoch) override {
    plan_.reach("sink.finish");
    sink_->finish(epoch);
    plan_.reach("sink.finished");
  }
  void abandon(EpochId epoch) noexcept override { sink_->abandon(epoch); }
  Delivery delivery() const override { return sink_->delivery(); }
  bool remembers() const override { return sink_->remembers(); }

 private:
  std::shared_ptr<Sink> sink_;
  FaultPlan& plan_;
};

class FaultySource final : public Source {
 public:
  FaultySource(std::unique_ptr<Source> source, FaultPlan& plan) : source_(std::move(source)), plan_(plan) {}

  ReadResult read(std::span<std::byte> into, const Records& records, Deadline deadline) override {
    plan_.reach("source.read");
    return source_->read(into, records, deadline);
  }
  std::span<const Partition> partitions() const override { return source_->partitions(); }
  void marks(Marks& changed) override { source_->marks(changed); }
  bool replayable() const override { return source_->replayable(); }
  bool messages() const override { return source_->messages(); }
  void seek(std::span<const Mark> marks) override { source_->seek(marks); }
  void committed(std::span<const Mark> marks) override {
    plan_.reach("source.commit");
    source_->committed(marks);
    plan_.reach("source.committed");
  }
  void wake() noexcept override { source_->wake(); }
  bool endless() const override { return source_->endless(); }
  ReadResult drain(std::span<std::byte> into, const Records& records) override {
    return source_->drain(into, records);
  }
  std::optional<std::uint64_t> bytes_total() const override { return source_->bytes_total(); }

 private:
  std::unique_ptr<Source> source_;
  FaultPlan& plan_;
};

}  // namespace millrace
