// What a batch costs beside reading and counting it: a source and a backend that do nothing.
// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include <benchmark/benchmark.h>

#include <millrace/testing/memory_sink.h>

#include "host/engine/pipeline.h"

namespace millrace {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{64} << 10;
constexpr std::uint64_t kBatches = 20'000;

/// Says that it has filled what it was given.
class NoSource final : public Source {
 public:
  explicit NoSource(std::uint64_t batches) : left_(batches) {}
  ReadResult read(std::span<std::byte> into, const Records&, Deadline) override {
    if (left_ == 0) return {ReadResult::Status::end};
    --left_;
    return {ReadResult::Status::data, into.size()};
  }
  std::span<const Partition> partitions() const override { return {}; }
  void marks(Marks&) override {}
  bool replayable() const override { return true; }
  void seek(std::span<const Mark>) override {}
  void wake() noexcept override {}

 private:
  std::uint64_t left_;
};

/// Has finished a batch as soon as it gets it.
class NoBackend final : public Backend {
 public:
  std::string_view name() const override { return "none"; }
  bool may_fail() const override { return false; }
  HostBuffer allocate(std::size_t capacity) override { return pageable_buffer(capacity, unlimited_budget()); }
  std::size_t batch_bytes() const override { return kBatchBytes; }
  unsigned in_flight_max() const override { return 2; }
  void submit(const Batch& batch) override { finished_.push_back(batch.buffer); }
  std::optional<Finished> reclaim(Wait) override {
    if (finished_.empty()) return std::nullopt;
    const Finished finished{finished_.front(), true, {}};
    finished_.pop_front();
    return finished;
  }
  void collect(Pane, PartialSink&) override {}
  std::size_t held_bytes() const override { return 0; }

 private:
  std::deque<BufferId> finished_;
};

void run_pipeline(std::size_t readers) {
  MigrationOptions none;
  PipelineParts parts{.plan = {},
                      .options = {.batch_bytes = kBatchBytes},
                      .sources = {},
                      .sinks = {std::make_shared<testing::MemorySink>()},
                      .backend = std::make_unique<NoBackend>(),
                      .fallback = {},
                      .migration = std::move(none),
                      .log = std::make_unique<NoEpochLog>(),
                      .clock = real_clock(),
                      .budget = unlimited_budget()};
  for (std::size_t i = 0; i < readers; ++i)
    parts.sources.push_back(std::make_unique<NoSource>(kBatches / readers));
  Pipeline(std::move(parts)).run();
}

void hand_over(benchmark::State& bench) {
  for (auto _ : bench) run_pipeline(static_cast<std::size_t>(bench.range(0)));
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(kBatches));
}

BENCHMARK(hand_over)
    ->ArgName("readers")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
}  // namespace millrace
