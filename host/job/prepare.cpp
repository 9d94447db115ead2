// Defaults, sources, sinks and backend of a job.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/prepare.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <random>
#include <set>

#include "base/machine.h"
#include "host/backends/choice.h"
#include "host/backends/pool.h"
#include "host/job/earlier_run.h"
#include "host/job/function_sink.h"
#include "host/job/zstd_codec.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

constexpr int kConfigProblem = 78;
constexpr int kIoProblem = 74;

// What is wrong in several places.
class Findings {
 public:
  void add(const std::vector<std::string>& texts, int exit_code) {
    if (!texts.empty() && (exit_code_ == 0 || exit_code == kIoProblem)) exit_code_ = exit_code;
    problems_.insert(problems_.end(), texts.begin(), texts.end());
  }
  bool empty() const { return problems_.empty(); }
  template <class Open>
  void gather(Open open) {
    try {
      open();
    } catch (const ConfigError& error) {
      only_ = empty() ? std::current_exception() : nullptr;
      add(error.problems(), error.exit_code());
    } catch (const Error& error) {
      only_ = empty() ? std::current_exception() : nullptr;
      add({error.what()}, error.exit_code());
    }
  }
  void throw_if_any() const {
    if (only_) std::rethrow_exception(only_);
    if (!empty()) throw ConfigError(problems_, exit_code_);
  }

 private:
  std::vector<std::string> problems_;
  int exit_code_ = 0;
  std::exception_ptr only_;  ///< as it was thrown
};

Options with_defaults(Options options, bool durable) {
  if (options.threads == 0) options.threads = usable_processors();
  if (options.readers == 0) options.readers = options.threads;  // many small files keep a processor busy each
  if (options.memory == 0) options.memory = default_memory(usable_memory());
  if (durable && options.commit_every.count() == 0) options.commit_every = 10s;
  return options;
}

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

// Tells it once: until the job is stopped there is nothing to see, and whoever waits does not know for what.
// With a checkpoint what is open stays so.
std::function<void()> when_rows_come(const Job& job, const OnEvent& on_event) {
  if (job.plan.every.count() > 0 || !on_event) return {};
  const std::string when =
      job.checkpoint.empty() ? "rows come when the job is stopped, as with Ctrl-C" : "rows never come";
  return [on_event, when, told = std::make_shared<std::atomic_flag>()] {
    if (told->test_and_set()) return;
    on_event(
        {Event::Level::warning, "the input has no end: " + when + "; for rows each second add --every 1s"});
  };
}

SourceOptions source_options(const Job& job, const Options& options, MemoryBudget& budget,
                             const std::shared_ptr<InputWarnings>& input_warnings, const Resume* resume) {
  return {.framing = framing_of(job),
          .readers = options.readers,
          .windowed = job.plan.every.count() > 0,
          .on_event = options.on_event,
          .on_beginning = watch_beginnings(input_warnings),
          .on_endless = when_rows_come(job, options.on_event),
          .budget = &budget,
          .resume = resume};
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

// What the job with a checkpoint does not promise: what it reads of other inputs than these may be lost.
void tell_of_checkpoint(const SourceList& sources, const std::optional<EarlierRun>& earlier,
                        const OnEvent& on_event) {
  if (!on_event) return;
  if (earlier)
    for (const std::string& damage : earlier->recovered.damage)
      on_event({Event::Level::warning, damage + "; older files serve"});
  for (const auto& source : sources) {
    const auto partitions = source->partitions();
    const bool stored =
        std::ranges::all_of(partitions, [](const Partition& each) { return bool{each.identity}; });
    if (source->replayable() || (stored && !partitions.empty())) continue;
    on_event(
        {Event::Level::warning, (partitions.empty() ? "an input" : partitions[0].name) +
                                    " cannot be read again: if the job is killed, what it has read since its "
                                    "last epoch is lost"});
  }
}

// Of a job that begins epochs count from 1: they would replace other results of the same name.
void refuse_earlier_results(const std::optional<Shown>& shown, const std::string& uri) {
  if (!shown) return;
  throw ConfigError({excerpt(uri) + " holds results of an earlier run (up to epoch " +
                     std::to_string(shown->id.number) + "): name an empty directory, or remove them"});
}

struct Sinks {
  bool accept_gap = false;  ///< see Job
  std::vector<std::shared_ptr<Sink>> sinks = {};
  std::vector<OpenedSink> opened = {};  ///< what is known of each
  void add(std::shared_ptr<Sink> sink, std::string name = OpenedSink{}.name, std::string listed_as = {}) {
    opened.push_back({.name = std::move(name),
                      .listed_as = std::move(listed_as),
                      .remembers = sink && sink->remembers(),
                      .accept_gap = accept_gap});
    sinks.push_back(std::move(sink));
  }
  const std::optional<Shown>& probe_last() {
    return opened.back().last = sinks.back()->probe(std::chrono::steady_clock::now() + kProbeTime);
  }
};

// Sinks of addresses, then those of the caller, then functions.
Sinks open_sinks(const Job& job, Disk& disk, bool goes_on, Findings& findings) {
  const RowLayout layout = layout_of(job);
  Sinks all{.accept_gap = job.accept_gap};
  std::set<std::string> identities;
  for (const std::string& uri : job.to) {
    if (!identities.insert(output_identity(uri)).second) continue;  // told already
    findings.gather([&] {
      all.add(open_sink(uri, layout, disk, job.options.on_event), excerpt(uri), output_name(uri));
      const std::optional<Shown>& shown = all.probe_last();
      if (!goes_on) refuse_earlier_results(shown, uri);
    });
  }
  for (const auto& sink : job.to_sinks) {
    all.add(sink);
    if (sink) findings.gather([&] { all.probe_last(); });
  }
  for (const RowFunction& function : job.to_functions) all.add(std::make_shared<FunctionSink>(function));
  return all;
}

// Rows that an output lacks would be missing for good, and whoever reads it would not know.
void refuse_gaps(const std::vector<OpenedSink>& sinks, const Recovered& recovered, const Plan& plan) {
  std::vector<std::string> texts;
  for (const OpenedSink& sink : sinks)
    if (const auto gap = gap_of(sink, recovered, plan.every.count() > 0); gap && is_refused(sink))
      texts.push_back(refusal_of(sink, *gap));
  if (!texts.empty()) throw ConfigError(texts, kRefused);
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

ChosenBackend choose(const Job& job, const Options& options, const BackendOptions& backend_options,
                     std::optional<std::uint64_t> input_bytes) {
  if (!job.seams.backend) return choose_for_job(job.plan, options, backend_options, input_bytes);
  ChosenBackend chosen;
  chosen.backend = job.seams.backend(job.plan, backend_options);
  if (!chosen.backend)
    throw ConfigError({"the function that makes the backend gave a null one: let it make one, or throw"});
  chosen.reason = std::string(chosen.backend->name()) + ": the caller's own backend";
  return chosen;
}

// What a job that starts on the CPU may go over to. A trial in vain costs a second of one processor, which is
// 5 % of what all of them do in 20 s / threads; and it is over before the input is.
MigrationOptions migration_for(const ChosenBackend& chosen, const Plan& plan,
                               const BackendOptions& backend_options, const Options& options,
                               const SourceList& sources) {
  if (!chosen.upgrade) return {};
  const std::size_t readers = sources.size();
  MigrationOptions migration;
  migration.input_bytes = total_bytes(sources);
  migration.time_left = std::max<std::chrono::nanoseconds>(3s, 20s / options.threads);
  migration.time_run = 20s;
  if (options.batch_bytes != 0) migration.sample_bytes = std::min(migration.sample_bytes, options.batch_bytes);
  // A ring of that many buffers may take a quarter of the memory: readers, about 3 in flight, one queued.
  migration.sample_bytes = std::min(migration.sample_bytes, options.memory / 4 / (readers + 4));
  BackendOptions alone = backend_options;
  alone.workers = nullptr;  // so that it is measured as it was: the job's workers may be busy with a sort
  migration.start = trial_in_background({.other = chosen.upgrade,
                                         .present = [plan, alone] { return make_cpu_backend(plan, alone); },
                                         .readers = readers,
                                         .threads = options.threads,
                                         .batch_bytes = options.batch_bytes,
                                         .memory = options.memory});
  return migration;
}

// Null: the job fails when the world does, and no sooner.
std::unique_ptr<Faults> make_faults(const Job& job) {
  if (job.seams.faults.empty()) return nullptr;
  return std::make_unique<Faults>(job.seams.faults, disk_of(job), job.options.on_event);
}

// Nothing: the job has no checkpoint.
std::optional<FrameLogOptions> log_options(const Job& job, Disk& disk, const JobId& id,
                                           const BackendOptions& backend) {
  if (job.checkpoint.empty()) return std::nullopt;
  return FrameLogOptions{.directory = job.checkpoint,
                         .disk = disk,
                         .job = canonical_text(job),
                         .birth = id.birth,
                         .columns = value_columns(job.plan.measures),
                         .windowed = job.plan.every.count() > 0,
                         .seed = hash_seed(backend.hash_seed, backend.hash_bits),
                         .budget = *backend.budget,
                         .workers = *backend.workers,
                         .codec = make_zstd_codec()};
}

}  // namespace

std::size_t memory_of(const Job& job) {
  return job.options.memory != 0 ? job.options.memory : default_memory(usable_memory());
}

// Word jobs on bytes need no lines: then a line may be longer than any batch. How batches are closed has no say
// here, as it must not change what a record is.
Framing framing_of(const Job& job) {
  const bool any_separator = job.plan.keyed_by == KeyedBy::words && !job.host;
  return {.kind = any_separator ? Framing::Kind::whitespace : Framing::Kind::newline,
          .max_record_bytes = job.options.max_record_bytes};
}

const Clock& clock_of(const Job& job) {
  return job.seams.clock != nullptr ? *job.seams.clock : real_clock();
}

Disk& disk_of(const Job& job) {
  return job.seams.disk != nullptr ? *job.seams.disk : real_disk();
}

RowLayout layout_of(const Job& job) {
  RowLayout layout = row_layout(job.plan);
  layout.format = job.layout.format;
  layout.header = job.layout.header;
  layout.epoch = !job.checkpoint.empty();
  return layout;
}

Prepared prepare(Job job, MemoryBudget& budget, const std::shared_ptr<InputWarnings>& input_warnings) {
  Findings findings;
  findings.add(problems(job), kConfigProblem);
  const bool sound = findings.empty();
  if (job.options.memory != 0) findings.gather([&] { check_memory(job.options.memory, cgroup_limits()); });
  const bool durable = !job.checkpoint.empty();
  if (durable) job.checkpoint = std::filesystem::absolute(job.checkpoint);  // the working directory may change
  Options options = with_defaults(job.options, durable);
  if (!sound) options.readers = 1;  // their number may be what is wrong

  std::unique_ptr<Faults> faults;
  findings.gather([&] { faults = make_faults(job); });
  Disk& log_disk = faults ? faults->log() : disk_of(job);
  std::optional<EarlierRun> earlier;
  if (sound && durable) findings.gather([&] { earlier = look_for_earlier_run(job, log_disk); });
  const SourceOptions how =
      source_options(job, options, budget, input_warnings, earlier ? &earlier->inputs : nullptr);
  SourceList sources;
  bool own_endless = false;
  if (!job.from.empty()) findings.gather([&] { sources = open_sources(job.from, how); });
  if (sound) findings.gather([&] { own_endless = add_own_sources(job, how, sources); });
  Sinks sinks = open_sinks(job, faults ? faults->outputs() : disk_of(job), earlier.has_value(), findings);
  std::vector<ReaderPosition> positions = first_positions(sources);
  const bool over = earlier && is_over(*earlier, positions);
  if (earlier && !over) findings.gather([&] { refuse_gaps(sinks.opened, earlier->recovered, job.plan); });
  const std::optional<std::uint64_t> bytes = total_bytes(sources);
  auto workers = std::make_unique<WorkerPool>(options.threads);
  const BackendOptions backend_options{.workers = workers.get(),
                                       .threads = options.threads,
                                       .batch_bytes = options.batch_bytes,
                                       .hash_seed = random_seed(),
                                       .budget = &budget};
  ChosenBackend chosen;
  if (sound) findings.gather([&] { chosen = choose(job, options, backend_options, bytes); });
  findings.throw_if_any();

  if (faults) faults->stand_before(sources, sinks.sinks);
  if (own_endless && how.on_endless) how.on_endless();
  if (durable) tell_of_checkpoint(sources, earlier, options.on_event);
  MigrationOptions migration = migration_for(chosen, job.plan, backend_options, options, sources);
  if (options.batch_bytes == 0)
    options.batch_bytes = pool_capacity(*chosen.backend, sources.size(), options.memory);
  BackendFactory fallback;
  if (migration.start || (chosen.backend->may_fail() && options.backend == BackendKind::automatic))
    fallback = [plan = job.plan, backend_options] { return make_cpu_backend(plan, backend_options); };
  const JobId id{.name = job.name, .birth = earlier ? earlier->birth : random_seed()};
  std::optional<FrameLogOptions> log = log_options(job, log_disk, id, backend_options);
  return {.faults = std::move(faults),
          .parts = {.workers = std::move(workers),
                    .plan = std::move(job.plan),
                    .options = std::move(options),
                    .sources = std::move(sources),
                    .sinks = std::move(sinks.sinks),
                    .backend = std::move(chosen.backend),
                    .fallback = std::move(fallback),
                    .migration = std::move(migration),
                    .log = std::make_unique<NoEpochLog>(),
                    .clock = clock_of(job),
                    .budget = budget,
                    .state_seed = random_seed(),
                    .job = id,
                    .host = std::move(job.host),
                    .recovered = earlier ? std::move(earlier->recovered) : Recovered{},
                    .positions = std::move(positions),
                    .opened = std::move(sinks.opened)},
          .reason = std::move(chosen.reason),
          .bytes_total = bytes,
          .log = std::move(log),
          .over = over};
}

}  // namespace millrace
