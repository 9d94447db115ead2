// Jobs on real threads that move to another backend half-way, which may then die.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/testing/memory_sink.h>
#include <millrace/testing/memory_source.h>

#include "host/backends/pool.h"
#include "host/engine/pipeline.h"

namespace millrace::migration_test {
namespace {

using namespace std::chrono_literals;
using testing::MemoryRow;
using testing::MemorySink;
using testing::MemorySource;

constexpr std::size_t kDeviceBatchBytes = 40'000;

/// Counts on the CPU, but looks like a device: larger batches, memory of its own, and it may die.
class FakeDevice final : public Backend {
 public:
  FakeDevice(const Plan& plan, int batches_to_live, std::atomic<std::size_t>& largest)
      : inner_(make_cpu_backend(plan, {.threads = 2})), batches_to_live_(batches_to_live), largest_(largest) {}

  std::string_view name() const override { return "fake device"; }
  bool may_fail() const override { return true; }
  HostBuffer allocate(std::size_t capacity) override { return pageable_buffer(capacity, unlimited_budget()); }
  std::size_t batch_bytes() const override { return kDeviceBatchBytes; }
  unsigned in_flight_max() const override { return 3; }
  void submit(const Batch& batch) override {
    if (batches_to_live_-- == 0) throw DeviceError("it fell off the bus");
    largest_ = std::max(largest_.load(), batch.bytes.size());
    inner_->submit(batch);
  }
  std::optional<Finished> reclaim(Wait wait) override { return inner_->reclaim(wait); }
  void collect(Pane pane, PartialSink& sink) override { inner_->collect(pane, sink); }
  std::size_t held_bytes() const override { return inner_->held_bytes(); }

 private:
  std::unique_ptr<Backend> inner_;
  int batches_to_live_;
  std::atomic<std::size_t>& largest_;
};

/// One job that moves when some of its input is counted. The rest of it comes when it has moved.
class MovingJob {
 public:
  MovingJob(bool replayable, int batches_to_live) : replayable_(replayable), batches_to_live_(batches_to_live) {
    options_.batch_bytes = 4096;
    options_.on_event = [this](const Event& event) {
      if (event.text == "moving") push_the_rest();
    };
    plan_.every = 20ms;
  }

  Pipeline& run() {
    PipelineParts parts{.plan = plan_,
                        .options = options_,
                        .sources = {},
                        .sinks = {sink_},
                        .backend = make_cpu_backend(plan_, {.threads = 2}),
                        .fallback = [this] { return make_cpu_backend(plan_, {.threads = 2}); },
                        .migration = migration(),
                        .log = std::make_unique<NoEpochLog>(),
                        .clock = real_clock(),
                        .budget = unlimited_budget()};
    for (unsigned i = 0; i < kReaders; ++i) parts.sources.push_back(source(i));
    pipeline_.emplace(std::move(parts));
    pipeline_->run();
    return *pipeline_;
  }

  std::map<std::string, std::int64_t> shown() const {
    std::map<std::string, std::int64_t> counts;
    for (const auto& [epoch, rows] : sink_->epochs())
      for (const MemoryRow& row : rows) counts[row.key] += static_cast<std::int64_t>(row.values.at(0));
    return counts;
  }

  std::map<std::string, std::int64_t> truth;
  std::atomic<std::size_t> largest{0};

 private:
  static constexpr unsigned kReaders = 3;

  MigrationOptions migration() {
    MigrationOptions rule;
    rule.after_bytes = 100'000;
    rule.sample_bytes = 20'000;
    rule.start = [this](Sample, TrialLink&) {
      return std::async(std::launch::async, [this] {
        TrialAnswer answer{"moving", {}, std::make_unique<FakeDevice>(plan_, batches_to_live_, largest)};
        answer.pool = make_pool(*answer.backend, kReaders, answer.backend->batch_bytes());
        return answer;
      });
    };
    return rule;
  }

  std::unique_ptr<Source> source(unsigned number) {
    constexpr std::size_t kBeforeTheMove = 60'000;
    auto source = std::make_unique<MemorySource>(Framing{}, replayable_, "memory" + std::to_string(number));
    std::mt19937 random(number);
    std::string bytes;
    for (int i = 0; i < 50'000; ++i) {
      const std::string word = "w" + std::to_string(random() % 2000) + std::string(random() % 12, 'x');
      ++truth[word];
      bytes += word + (random() % 8 == 0 ? '\n' : ' ');
    }
    source->push(bytes.substr(0, kBeforeTheMove));
    rests_.push_back({source.get(), bytes.substr(kBeforeTheMove)});
    return source;
  }

  void push_the_rest() {
    for (const Rest& rest : rests_) {
      rest.source->push(rest.bytes);
      rest.source->finish();
    }
  }

  struct Rest {
    MemorySource* source;
    std::string bytes;
  };

  bool replayable_;
  int batches_to_live_;
  Plan plan_;
  Options options_;
  std::shared_ptr<MemorySink> sink_ = std::make_shared<MemorySink>();
  std::vector<Rest> rests_;
  std::optional<Pipeline> pipeline_;
};

TEST(Move, CountsExactlyAndInLargerBatches) {
  for (const bool replayable : {true, false}) {
    MovingJob job(replayable, 1'000'000);
    Pipeline& pipeline = job.run();
    EXPECT_EQ(pipeline.metrics().backend.get(), "fake device");
    EXPECT_GT(job.largest, 4096U) << "readers fill the buffers that the move has brought";
    EXPECT_EQ(job.shown(), job.truth);
  }
}

TEST(Move, ADeviceThatDiesAfterItLosesAndRepeatsNothing) {
  for (const bool replayable : {true, false})
    for (const int batches_to_live : {0, 1, 7, 20}) {
      MovingJob job(replayable, batches_to_live);
      Pipeline& pipeline = job.run();
      EXPECT_EQ(pipeline.metrics().device_fallbacks, 1U);
      EXPECT_EQ(pipeline.metrics().backend.get(), "cpu");
      EXPECT_EQ(job.shown(), job.truth) << batches_to_live << (replayable ? " replayable" : "");
    }
}

}  // namespace
}  // namespace millrace::migration_test
