// From a job as data to a pipeline under way.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/run.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <numeric>
#include <thread>

#include "base/start_thread.h"
#include "host/engine/time_spent.h"
#include "host/job/prepare.h"

namespace millrace {
namespace {

// Of a job that is over nothing is opened and nothing runs.
PipelineParts without_outputs(PipelineParts parts) {
  parts.sinks.clear();
  parts.recovered = {};
  return parts;
}

}  // namespace

struct RunningJob::Impl {
  explicit Impl(Job job)
      : clock(clock_of(job)), budget(memory_of(job)), input_warnings(std::make_shared<InputWarnings>(job)) {
    const std::string runs_on = job.name.empty() ? "" : "the job " + job.name + " runs on ";
    Prepared prepared = prepare(std::move(job), budget, input_warnings);
    bytes_total = prepared.bytes_total;
    faults = std::move(prepared.faults);
    const OnEvent& on_event = prepared.parts.options.on_event;
    if (on_event) on_event({Event::Level::info, runs_on + prepared.reason});
    sinks = prepared.parts.sinks.size();
    if (prepared.over) {
      if (on_event)
        on_event(
            {Event::Level::warning,
             "the job has ended before, and there is nothing new to read: it shows nothing again. To begin "
             "anew, name another checkpoint"});
      pipeline.emplace(without_outputs(std::move(prepared.parts)));
      end_clock();
      ended.set_value();
      return;
    }
    claim(prepared);
    pipeline.emplace(std::move(prepared.parts));
    thread = start_thread([this] {
      try {
        pipeline->run();
        input_warnings->tell_last();
        end_clock();
        ended.set_value();
      } catch (...) {
        end_clock();
        ended.set_exception(std::current_exception());
      }
    });
  }
  ~Impl() {
    if (!finished) pipeline->drain();
  }

  void end_clock() {
    elapsed_at_end = (clock.now() - begun).count();
    finished = true;
  }
  std::chrono::nanoseconds elapsed() const {
    return finished ? std::chrono::nanoseconds(elapsed_at_end) : clock.now() - begun;
  }

  const Clock& clock;
  const Instant begun = clock.now();
  std::atomic<std::int64_t> elapsed_at_end{0};  ///< nanoseconds
  std::size_t sinks = 0;
  MemoryBudget budget;
  std::shared_ptr<InputWarnings> input_warnings;
  std::optional<std::uint64_t> bytes_total;
  std::unique_ptr<Faults> faults;  ///< outlives the pipeline
  std::optional<Pipeline> pipeline;
  std::promise<void> ended;
  const std::shared_future<void> end = ended.get_future().share();
  std::atomic<bool> finished{false};
  std::jthread thread;  ///< last: it ends before what it uses
};

RunningJob::RunningJob(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RunningJob::RunningJob(RunningJob&&) noexcept = default;
RunningJob& RunningJob::operator=(RunningJob&&) noexcept = default;
RunningJob::~RunningJob() = default;

RunningJob::Impl& RunningJob::impl() const {
  if (!impl_) throw ConfigError({"this RunningJob was moved from: ask the one that it was moved to"});
  return *impl_;
}

void RunningJob::stop() {
  impl().pipeline->drain();
}

Summary RunningJob::wait() {
  if (impl().pipeline->runs_this_thread())
    throw ConfigError(
        {"a function of the job waits for the job's end, which waits for the function: call stop() there, "
         "and wait elsewhere"});
  impl().end.get();
  return {.progress = progress(), .time = time_spent(), .partial = impl().pipeline->partial()};
}

bool RunningJob::finished() const {
  return impl().finished;
}

Progress RunningJob::progress() const {
  const Metrics& metrics = impl().pipeline->metrics();
  Progress progress{.bytes_read = metrics.bytes_read,
                    .bytes_total = impl().bytes_total,
                    .batches = metrics.batches,
                    .batches_repeated = metrics.batches_repeated,
                    .epochs = metrics.epochs,
                    .tokens = metrics.tokens,
                    .rows = metrics.rows,
                    .device_fallbacks = metrics.device_fallbacks,
                    .retries = metrics.retries,
                    .rejected = {},
                    .bad_records = metrics.bad_records.get(),
                    .memory_used = impl().budget.used(),
                    .memory_peak = impl().budget.peak(),
                    .backend = metrics.backend.get()};
  std::ranges::copy(metrics.rejected, progress.rejected.begin());
  return progress;
}

TimeSpent RunningJob::time_spent() const {
  Pipeline& pipeline = *impl().pipeline;
  return millrace::time_spent(pipeline.metrics().timeline, static_cast<unsigned>(pipeline.readers().size()),
                              impl().sinks, impl().elapsed());
}

std::uint64_t Progress::rejected_total() const {
  return std::accumulate(rejected.begin(), rejected.end(), std::uint64_t{0});
}

RunningJob start(Job job) {
  return RunningJob(std::make_unique<RunningJob::Impl>(std::move(job)));
}

Summary run(Job job) {
  return start(std::move(job)).wait();
}

}  // namespace millrace
