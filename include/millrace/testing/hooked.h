// Doubles that run a hook before every call: it may throw, sleep or count.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include <millrace/backend.h>
#include <millrace/sink.h>
#include <millrace/source.h>

namespace millrace::testing {

/// Gets the name of the call that is about to be made, such as "read". To fail, throw TransientError,
/// IoError or DeviceError; to be slow, sleep.
using Hook = std::function<void(std::string_view call)>;

class HookedSource final : public Source {
 public:
  HookedSource(std::unique_ptr<Source> inner, Hook hook) : inner_(std::move(inner)), hook_(std::move(hook)) {}

  ReadResult read(std::span<std::byte> into, const Records& records, Deadline deadline) override {
    hook_("read");
    return inner_->read(into, records, deadline);
  }
  std::span<const Partition> partitions() const override { return inner_->partitions(); }
  void marks(Marks& changed) override { inner_->marks(changed); }
  bool replayable() const override { return inner_->replayable(); }
  bool messages() const override { return inner_->messages(); }
  void seek(std::span<const Mark> marks) override {
    hook_("seek");
    inner_->seek(marks);
  }
  void committed(std::span<const Mark> marks) override {
    hook_("committed");
    inner_->committed(marks);
  }
  void wake() noexcept override { inner_->wake(); }
  bool endless() const override { return inner_->endless(); }
  ReadResult drain(std::span<std::byte> into, const Records& records) override {
    hook_("drain");
    return inner_->drain(into, records);
  }
  std::optional<std::uint64_t> bytes_total() const override { return inner_->bytes_total(); }

 private:
  std::unique_ptr<Source> inner_;
  Hook hook_;
};

class HookedBackend final : public Backend {
 public:
  HookedBackend(std::unique_ptr<Backend> inner, Hook hook) : inner_(std::move(inner)), hook_(std::move(hook)) {}

  std::string_view name() const override { return "hooked"; }
  bool may_fail() const override { return true; }
  HostBuffer allocate(std::size_t capacity) override { return inner_->allocate(capacity); }
  std::size_t batch_bytes() const override { return inner_->batch_bytes(); }
  unsigned in_flight_max() const override { return inner_->in_flight_max(); }
  void submit(const Batch& batch) override {
    hook_("submit");
    inner_->submit(batch);
  }
  std::optional<Finished> reclaim(Wait wait) override {
    hook_("reclaim");
    return inner_->reclaim(wait);
  }
  void collect(Pane pane, PartialSink& sink) override {
    hook_("collect");
    inner_->collect(pane, sink);
  }
  std::size_t held_bytes() const override { return inner_->held_bytes(); }

 private:
  std::unique_ptr<Backend> inner_;
  Hook hook_;
};

class HookedSink final : public Sink {
 public:
  HookedSink(std::shared_ptr<Sink> inner, Hook hook) : inner_(std::move(inner)), hook_(std::move(hook)) {}

  std::optional<Shown> probe(Deadline deadline) override { return inner_->probe(deadline); }
  std::optional<Shown> open(const JobId& job) override {
    hook_("open");
    return inner_->open(job);
  }
  void begin(const Epoch& epoch) override {
    hook_("begin");
    inner_->begin(epoch);
  }
  void write(std::span<const Aggregate> rows) override {
    hook_("write");
    inner_->write(rows);
  }
  void write_letters(std::span<const Letter> letters) override {
    hook_("write_letters");
    inner_->write_letters(letters);
  }
  void finish(const Epoch& epoch) override {
    hook_("finish");
    inner_->finish(epoch);
  }
  void abandon(EpochId epoch) noexcept override { inner_->abandon(epoch); }
  Delivery delivery() const override { return inner_->delivery(); }
  bool remembers() const override { return inner_->remembers(); }

 private:
  std::shared_ptr<Sink> inner_;
  Hook hook_;
};

}  // namespace millrace::testing
