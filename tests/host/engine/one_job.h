// A job whose threads are steps that a test takes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/testing/manual_clock.h>
#include <millrace/testing/memory_sink.h>
#include <millrace/testing/memory_source.h>

#include "host/engine/pipeline.h"
#include "tests/host/job/memory_jobs.h"

namespace millrace {

using Totals = std::map<std::string, std::int64_t>;

/// What a job has beside its backend.
struct Around {
  std::unique_ptr<EpochLog> log = std::make_unique<NoEpochLog>();
  MemoryBudget& budget = unlimited_budget();
  std::unique_ptr<Source> source = {};  ///< null: a MemorySource
  HostFunction host = {};
  std::chrono::nanoseconds commit_every{0};
  Plan plan = {};
};

/// One job on one thread, at a time of the test's choice.
class OneJob {
 public:
  explicit OneJob(std::unique_ptr<Backend> backend, StartTrial trial = {}, Around around = {}) {
    Options options;
    options.batch_bytes = 64;
    options.batch_time = std::chrono::milliseconds(1);
    options.commit_every = around.commit_every;
    options.on_event = [this](const Event& event) { told.push_back(event.text); };
    PipelineParts parts{.plan = around.plan,
                        .options = options,
                        .sources = {},
                        .sinks = {sink},
                        .backend = std::move(backend),
                        .fallback = {},
                        .migration = {.start = std::move(trial), .after_bytes = 1, .sample_bytes = 4},
                        .log = std::move(around.log),
                        .clock = clock,
                        .budget = around.budget,
                        .host = std::move(around.host)};
    if (!around.source) {
      auto made = std::make_unique<testing::MemorySource>(Framing{}, false);
      source = made.get();
      around.source = std::move(made);
    }
    parts.sources.push_back(std::move(around.source));
    pipeline.emplace(std::move(parts));
  }

  /// A batch of a word is read, and everybody does what there is to do. Returns when a thread would wake.
  Instant count(std::string_view word) {
    source->push(std::string(word) + "\n");
    settle();
    clock.advance(std::chrono::milliseconds(1));
    return settle();
  }
  Instant settle() {
    for (;;) {
      const std::uint64_t before = notified();
      const Step steps[] = {pipeline->readers()[0]->step(Instant::min()), pipeline->engine().step(),
                            committer_sleeps ? Step::wait() : pipeline->committer().step()};
      Instant wake = kNever;
      bool progress = false;
      for (const Step& step : steps) {
        wake = std::min(wake, step.wake);
        progress |= step.progress;
      }
      if (pipeline->engine().finished() || (!progress && notified() == before)) return wake;
    }
  }
  Totals finish() {
    source->finish();
    return end();
  }
  Totals drain() {
    pipeline->drain();
    return end();
  }
  const Metrics& metrics() const { return pipeline->metrics(); }

  bool committer_sleeps = false;
  testing::ManualClock clock;
  std::vector<std::string> told;
  std::shared_ptr<testing::MemorySink> sink = std::make_shared<testing::MemorySink>();
  testing::MemorySource* source = nullptr;  ///< null: the test has its own
  std::optional<Pipeline> pipeline;

 private:
  Totals end() {
    while (!pipeline->engine().finished()) settle();
    return totals(*sink);
  }
  std::uint64_t notified() {
    return pipeline->ring().readers.seen() + pipeline->ring().engine.seen() + pipeline->committer().work.seen();
  }
};

}  // namespace millrace
