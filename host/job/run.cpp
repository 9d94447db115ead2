// From a job as data to a pipeline under way.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/run.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <numeric>
#include <random>
#include <thread>

#include "base/machine.h"
#include "base/start_thread.h"
#include "host/backends/choice.h"
#include "host/backends/pool.h"
#include "host/engine/pipeline.h"
#include "host/job/first_look.h"
#include "host/job/function_sink.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kThreadsMax = 1024;

Options with_defaults(Options options) {
  if (options.threads == 0) options.threads = usable_processors();
  if (options.readers == 0) options.readers = options.threads;  // many small files keep a processor busy each
  if (options.memory == 0) options.memory = default_memory(usable_memory());
  return options;
}

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

// Word jobs on bytes need no lines: then a line may be longer than any batch. How batches are closed has no say
// here, as it must not change what a record is.
Framing framing_of(const Plan& plan, const Options& options) {
  const bool any_separator = plan.keyed_by == KeyedBy::words && !plan.host;
  return {.kind = any_separator ? Framing::Kind::whitespace : Framing::Kind::newline,
          .max_record_bytes = options.max_record_bytes};
}

// Null pointers and empty functions, which cannot be called.
constexpr auto is_empty = [](const auto& object) { return !object; };

// Tells it once: until the job is stopped there is nothing to see, and whoever waits does not know for what.
std::function<void()> when_rows_come(const Plan& plan, const OnEvent& on_event) {
  if (plan.every.count() > 0 || !on_event) return {};
  return [on_event, told = std::make_shared<std::atomic_flag>()] {
    if (told->test_and_set()) return;
    on_event(
        {Event::Level::warning,
         "the input has no end: rows come when the job is stopped, as with Ctrl-C; for rows each second add "
         "--every 1s"});
  };
}

SourceOptions source_options(const Job& job, const Options& options, MemoryBudget& budget,
                             const std::shared_ptr<FirstLook>& first_look) {
  return {.framing = framing_of(job.plan, options),
          .readers = options.readers,
          .windowed = job.plan.every.count() > 0,
          .on_event = options.on_event,
          .on_beginning = look_with(first_look),
          .on_endless = when_rows_come(job.plan, options.on_event),
          .budget = &budget};
}

// Opens the caller's own sources. True: one of them has no end.
bool add_own_sources(const Job& job, const SourceOptions& how, SourceList& sources) {
  bool any_endless = false;
  for (const SourceFactory& make : job.from_sources) {
    SourceList made = make(how);
    if (std::ranges::any_of(made, is_empty))
      throw ConfigError({"a function that makes sources gave a null one: let it leave that out, or throw"});
    any_endless |= std::ranges::any_of(made, [](const auto& source) { return source->endless(); });
    std::ranges::move(made, std::back_inserter(sources));
  }
  return any_endless;
}

// Without a checkpoint epochs count from 1: they would replace other results of the same name.
void refuse_earlier_results(Sink& sink, const std::string& uri) {
  const auto last = sink.last_finished();
  if (!last) return;
  throw ConfigError({excerpt(uri) + " holds results of an earlier run (up to epoch " +
                     std::to_string(last->number) + "): name an empty directory, or remove them"});
}

// Two sinks of one file would each write it; two of one stream would show all rows twice.
void add_repeated_outputs(const std::vector<std::string>& outputs, std::vector<std::string>& problems) {
  std::map<std::string, std::string> first_of;
  for (const std::string& output : outputs) {
    const auto [known, is_new] = first_of.emplace(output_identity(output), output);
    if (is_new) continue;
    problems.push_back(known->second == output
                           ? "the output " + excerpt(output) + " is named twice: name it once"
                           : "the outputs " + excerpt(known->second) + " and " + excerpt(output) +
                                 " are the same: name it once");
  }
}

// A partial result replaces what has its name.
void add_outputs_in_the_way(const Job& job, std::vector<std::string>& problems) {
  if (job.plan.every.count() > 0) return;  // windows are never partial
  for (const std::string& output : job.to) {
    const auto partial = partial_output(output);
    if (!partial) continue;
    const auto is_partial = [&](const std::string& other) {
      return output_identity(other) == partial->identity;
    };
    const auto reads_it = [&](const std::string& input) { return is_input(input, partial->identity); };
    const bool is_output = std::ranges::any_of(job.to, is_partial);
    if (is_output || (partial->exists && std::ranges::any_of(job.from, reads_it)))
      problems.push_back("a partial result of " + excerpt(output) + " would replace " + excerpt(partial->path) +
                         ", which is " + (is_output ? "another output" : "an input") +
                         " of this job: name another output");
  }
}

std::vector<std::shared_ptr<Sink>> open_all_sinks(const Job& job, const OnEvent& on_event) {
  RowLayout layout = row_layout(job.plan);
  layout.format = job.layout.format;
  layout.header = job.layout.header;
  std::vector<std::shared_ptr<Sink>> sinks;
  for (const std::string& uri : job.to) sinks.push_back(open_sink(uri, layout, real_disk(), on_event));
  sinks.insert(sinks.end(), job.to_sinks.begin(), job.to_sinks.end());
  for (const auto& sink : sinks) sink->probe(std::chrono::steady_clock::now() + kProbeTime);
  for (std::size_t i = 0; i < job.to.size(); ++i) refuse_earlier_results(*sinks[i], job.to[i]);
  for (const RowFunction& function : job.to_functions)
    sinks.push_back(std::make_shared<FunctionSink>(function));
  return sinks;
}

// Last of all that may refuse the start: what opened sinks have made goes again only with them.
void claim_outputs(const std::vector<std::shared_ptr<Sink>>& sinks) {
  for (const auto& sink : sinks) sink->open();
}

std::optional<std::uint64_t> total_bytes(const SourceList& sources) {
  std::uint64_t total = 0;
  for (const auto& source : sources) {
    const auto bytes = source->bytes_total();
    if (!bytes) return std::nullopt;
    total += *bytes;
  }
  return total;
}

// What a job that starts on the CPU may go over to. A trial in vain costs a second of one processor, which is
// 5 % of what all of them do in 20 s / threads; and it is over before the input is.
MigrationOptions migration_for(const ChosenBackend& chosen, const Plan& plan,
                               const BackendOptions& backend_options, const Options& options,
                               const SourceList& sources) {
  if (!chosen.upgrade) return {};
  const std::size_t readers = sources.size();
  MigrationOptions rule;
  rule.input_bytes = total_bytes(sources);
  rule.time_left = std::max<std::chrono::nanoseconds>(3s, 20s / options.threads);
  rule.time_run = 20s;
  if (options.batch_bytes != 0) rule.sample_bytes = std::min(rule.sample_bytes, options.batch_bytes);
  // A ring of that many buffers may take a quarter of the memory: readers, about 3 in flight, one queued.
  rule.sample_bytes = std::min(rule.sample_bytes, options.memory / 4 / (readers + 4));
  rule.start = trial_in_background(
      {.other = chosen.upgrade,
       .present = [plan, backend_options] { return make_cpu_backend(plan, backend_options); },
       .readers = readers,
       .threads = options.threads,
       .batch_bytes = options.batch_bytes,
       .memory = options.memory});
  return rule;
}

PipelineParts make_parts(Job& job, MemoryBudget& budget, const std::shared_ptr<FirstLook>& first_look) {
  Options options = with_defaults(std::move(job.options));
  const SourceOptions how = source_options(job, options, budget, first_look);
  SourceList sources;
  if (!job.from.empty()) sources = open_sources(job.from, how);
  const bool own_endless = add_own_sources(job, how, sources);
  auto sinks = open_all_sinks(job, options.on_event);
  if (own_endless && how.on_endless) how.on_endless();
  const BackendOptions backend_options{.threads = options.threads,
                                       .batch_bytes = options.batch_bytes,
                                       .hash_seed = random_seed(),
                                       .budget = &budget};
  ChosenBackend chosen = choose_for_job(job.plan, options, backend_options, total_bytes(sources));
  if (options.on_event) options.on_event({Event::Level::info, chosen.reason});
  MigrationOptions migration = migration_for(chosen, job.plan, backend_options, options, sources);
  if (options.batch_bytes == 0)
    options.batch_bytes = pool_capacity(*chosen.backend, sources.size(), options.memory);
  BackendFactory fallback;
  if (migration.start || (chosen.backend->may_fail() && options.backend == BackendKind::automatic))
    fallback = [plan = job.plan, backend_options] { return make_cpu_backend(plan, backend_options); };
  claim_outputs(sinks);
  return {.plan = std::move(job.plan),
          .options = std::move(options),
          .sources = std::move(sources),
          .sinks = std::move(sinks),
          .backend = std::move(chosen.backend),
          .fallback = std::move(fallback),
          .migration = std::move(migration),
          .log = std::make_unique<NoEpochLog>(),
          .clock = real_clock(),
          .budget = budget,
          .state_seed = random_seed()};
}

std::size_t budget_of(const Job& job) {
  return job.options.memory != 0 ? job.options.memory : default_memory(usable_memory());
}

// What the caller's own sources, sinks and functions have wrong, as far as it shows before they are called.
void add_problems_of_objects(const Job& job, std::vector<std::string>& found) {
  if (std::ranges::any_of(job.from_sources, is_empty))
    found.emplace_back("a function that makes sources is empty: give one that can be called");
  if (std::ranges::any_of(job.to_sinks, is_empty)) found.emplace_back("a sink is null: give one that exists");
  if (std::ranges::any_of(job.to_functions, is_empty))
    found.emplace_back("a function for the rows is empty: give one that can be called");
  for (auto sink = job.to_sinks.begin(); sink != job.to_sinks.end(); ++sink)
    if (*sink && std::find(job.to_sinks.begin(), sink, *sink) != sink)
      found.emplace_back("a sink is given twice: give it once");
}

}  // namespace

struct RunningJob::Impl {
  explicit Impl(Job& job)
      : budget(budget_of(job)),
        first_look(std::make_shared<FirstLook>(job.plan, job.options.on_event)),
        parts(make_parts(job, budget, first_look)) {
    bytes_total = total_bytes(parts->sources);
    pipeline.emplace(std::move(*parts));
    parts.reset();
    thread = start_thread([this] {
      try {
        pipeline->run();
        first_look->tell_last();
        finished = true;
        ended.set_value();
      } catch (...) {
        finished = true;
        ended.set_exception(std::current_exception());
      }
    });
  }
  ~Impl() {
    if (!finished) pipeline->drain();
  }

  MemoryBudget budget;
  std::shared_ptr<FirstLook> first_look;
  std::optional<PipelineParts> parts;
  std::optional<std::uint64_t> bytes_total;
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
  return {.progress = progress(), .partial = impl().pipeline->partial()};
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

std::uint64_t Progress::rejected_total() const {
  return std::accumulate(rejected.begin(), rejected.end(), std::uint64_t{0});
}

std::vector<std::string> problems(const Job& job) {
  std::vector<std::string> found = problems(job.plan);
  const Options& options = job.options;
  if (job.from.empty() && job.from_sources.empty()) found.emplace_back("nothing to read: name an input");
  if (job.to.empty() && job.to_sinks.empty() && job.to_functions.empty())
    found.emplace_back("nowhere to write: name an output");
  add_repeated_outputs(job.to, found);
  add_outputs_in_the_way(job, found);
  add_problems_of_objects(job, found);
  if (options.threads > kThreadsMax || options.readers > kThreadsMax)
    found.emplace_back("threads and readers are limited to 1024 each: give fewer");
  if (options.batch_bytes > kBatchBytesMax)
    found.emplace_back("batch-bytes is above 1GiB: choose a smaller batch");
  if (options.batch_bytes != 0 && options.batch_bytes < 64)
    found.emplace_back("batch-bytes is below 64B: choose a larger batch");
  if (options.max_record_bytes == 0 || options.max_record_bytes > kBatchBytesMax / 2)
    found.emplace_back("max-record-bytes must lie between 1B and 512MiB");
  if (options.batch_time.count() <= 0) found.emplace_back("batch-time must be above 0");
  if (options.commit_every.count() < 0 || options.retry_pause.count() < 0)
    found.emplace_back("commit-every and the pause between retries cannot be negative");
  return found;
}

RunningJob start(Job job) {
  if (std::vector<std::string> found = problems(job); !found.empty()) throw ConfigError(std::move(found));
  if (job.options.memory != 0) check_memory(job.options.memory, cgroup_limits());
  return RunningJob(std::make_unique<RunningJob::Impl>(job));
}

Summary run(Job job) {
  return start(std::move(job)).wait();
}

}  // namespace millrace
