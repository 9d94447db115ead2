// A device that is lost in mid-run: rows, and all that is told of them, are as if it had never been there.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <millrace/testing/hooked.h>

#include "host/engine/pipeline.h"
#include "tests/host/job/memory_jobs.h"

namespace millrace::lost_device_test {
namespace {

using testing::HookedBackend;
using testing::MemorySink;
using testing::MemorySource;

constexpr std::size_t kRecordMax = 40;

// The record that is too long is met by the first read, and told of with the first marker.
constexpr std::string_view kTooLong = "a-key-of-more-bytes-than-a-record-may-have,1\n";
constexpr std::string_view kInput =
    "a,1\n"
    "b,x\n"
    "a,2\n"
    "no value\n"
    "c,99999999999999999999\n"
    "b,3\n";

/// What a job has shown and told at its end.
struct Outcome {
  std::map<std::string, std::int64_t> rows;
  std::uint64_t bytes_read, batches, fallbacks;
  RejectCounts rejected;
  std::multiset<std::string> bad;  ///< the records that are shown
  std::vector<std::string> told;   ///< warnings
};

/// The sums of kInput, a record a batch. The device is lost in the `nth` call of this name, counted from 1; 0:
/// never. A second source beside it, if there is one, has nothing. What is revoked in the middle ends an epoch.
Outcome run_job(bool replayable, std::string_view call, int nth, std::optional<bool> replayable_beside = {},
                bool revoked = false) {
  Plan plan;
  plan.keyed_by = KeyedBy::fields;
  plan.fields.delimiter = ',';
  plan.fields.key = 1;
  plan.fields.values = {2};
  plan.measures = {{Reduction::sum, 0}};
  Options options;
  options.batch_bytes = 64;
  options.batch_records = 1;
  options.max_record_bytes = kRecordMax;
  std::vector<std::string> told;
  options.on_event = [&told](const Event& event) {
    if (event.level == Event::Level::warning) told.push_back(event.text);
  };
  const auto sink = std::make_shared<MemorySink>();
  auto source = std::make_unique<MemorySource>(Framing{.max_record_bytes = kRecordMax}, replayable);
  source->push(kTooLong);
  const std::size_t middle = kInput.find("no value");
  source->push(kInput.substr(0, middle));
  if (revoked) source->push_revoked();
  source->push(kInput.substr(middle));
  source->finish();
  const auto cpu = [plan] { return make_cpu_backend(plan, {.threads = 2}); };
  PipelineParts parts{.plan = plan,
                      .options = options,
                      .sources = {},
                      .sinks = {sink},
                      .backend = std::make_unique<HookedBackend>(cpu(),
                                                                 [call, nth](std::string_view called) mutable {
                                                                   if (called == call && --nth == 0)
                                                                     throw DeviceError("it fell off the bus");
                                                                 }),
                      .fallback = cpu,
                      .migration = MigrationOptions(),
                      .log = std::make_unique<NoEpochLog>(),
                      .clock = real_clock(),
                      .budget = unlimited_budget()};
  parts.sources.push_back(std::move(source));
  if (replayable_beside) {
    auto beside = std::make_unique<MemorySource>(Framing{}, *replayable_beside);
    beside->finish();
    parts.sources.push_back(std::move(beside));
  }
  Pipeline pipeline(std::move(parts));
  pipeline.run();
  const Metrics& metrics = pipeline.metrics();
  Outcome outcome{totals(*sink), metrics.bytes_read, metrics.batches, metrics.device_fallbacks, {}, {}, told};
  for (const BadRecord& each : metrics.bad_records.get())
    outcome.bad.insert(each.text + ": " + std::to_string(each.field) + each.field_text);
  std::ranges::copy(metrics.rejected, outcome.rejected.begin());
  return outcome;
}

void expect_as_if_never_lost(const Outcome& outcome, const std::string& where) {
  EXPECT_EQ(outcome.rows, (std::map<std::string, std::int64_t>{{"a", 3}, {"b", 3}})) << where;
  EXPECT_EQ(outcome.bytes_read, kInput.size()) << where;
  EXPECT_EQ(outcome.batches, 6U) << where;
  EXPECT_EQ(outcome.rejected, (RejectCounts{1, 1, 1, 1})) << where;
  EXPECT_EQ(outcome.bad, (std::multiset<std::string>{"b,x: 2x", "no value: 2",
                                                     "c,99999999999999999999: 299999999999999999999"}))
      << where;
  EXPECT_EQ(outcome.told,
            std::vector<std::string>(outcome.fallbacks,
                                     "the device failed, going on with the CPU: it fell off the bus"))
      << where;
}

TEST(LostDevice, WhatIsToldIsToldOnce) {
  for (const bool revoked : {false, true})
    for (const bool replayable : {true, false})
      for (const std::string_view call : {"submit", "reclaim", "collect"})
        for (const int nth : {0, 1, 2, 3, 5}) {
          const Outcome outcome = run_job(replayable, call, nth, {}, revoked);
          const auto where = std::string(call) + ' ' + std::to_string(nth) + (replayable ? " replayable" : "") +
                             (revoked ? " in two epochs" : "");
          expect_as_if_never_lost(outcome, where);
          if (nth < 2) {
            EXPECT_EQ(outcome.fallbacks, static_cast<std::uint64_t>(nth)) << where;
          }
        }
}

/// Never finishes a batch, and reads what it has to its very end, as a device does. Keeps what the budget held
/// then.
class LateReader final : public Backend {
 public:
  LateReader(const MemoryBudget& budget, std::size_t& at_the_end) : budget_(budget), at_the_end_(at_the_end) {}
  ~LateReader() override { at_the_end_ = budget_.used(); }

  std::string_view name() const override { return "late"; }
  bool may_fail() const override { return true; }
  HostBuffer allocate(std::size_t capacity) override { return pageable_buffer(capacity, unlimited_budget()); }
  std::size_t batch_bytes() const override { return 1 << 20; }
  unsigned in_flight_max() const override { return 3; }
  void submit(const Batch& batch) override {
    if (!batch.ends.empty()) throw IoError("something else fails");
  }
  std::optional<Finished> reclaim(Wait) override { return std::nullopt; }
  void collect(Pane, PartialSink&) override {}
  std::size_t held_bytes() const override { return 0; }

 private:
  const MemoryBudget& budget_;
  std::size_t& at_the_end_;
};

TEST(LostDevice, ABackendEndsBeforeTheBatchesThatItMayStillRead) {
  MemoryBudget budget(std::size_t{1} << 30);
  std::size_t at_the_end = 0;
  Options options;
  options.batch_bytes = std::size_t{1} << 20;
  auto source = std::make_unique<MemorySource>(Framing{.kind = Framing::Kind::message});
  for (int i = 0; i < 10'000; ++i) source->push("a");
  source->finish();
  PipelineParts parts{.plan = {},
                      .options = options,
                      .sources = {},
                      .sinks = {std::make_shared<MemorySink>()},
                      .backend = std::make_unique<LateReader>(budget, at_the_end),
                      .fallback = {},
                      .migration = MigrationOptions(),
                      .log = std::make_unique<NoEpochLog>(),
                      .clock = real_clock(),
                      .budget = budget};
  parts.sources.push_back(std::move(source));
  std::size_t with_its_batches = 0;
  {
    Pipeline pipeline(std::move(parts));
    EXPECT_THROW(pipeline.run(), IoError);
    with_its_batches = budget.used();
  }
  EXPECT_EQ(at_the_end, with_its_batches) << "the ends of its records are gone";
}

// One that cannot is enough: nobody goes back, and what was counted is held.
TEST(LostDevice, SourcesGoBackOnlyIfAllOfThemCan) {
  for (const bool first : {true, false})
    for (const bool second : {true, false})
      for (const std::string_view call : {"reclaim", "collect"}) {
        const Outcome outcome = run_job(first, call, 1, second);
        EXPECT_EQ(outcome.rows, (std::map<std::string, std::int64_t>{{"a", 3}, {"b", 3}})) << first << second;
        EXPECT_EQ(outcome.batches, 6U) << first << second;
        EXPECT_EQ(outcome.fallbacks, 1U);
      }
}

}  // namespace
}  // namespace millrace::lost_device_test
