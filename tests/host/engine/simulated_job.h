// One job with its schedule: readers, engine and committer on one thread, with failures and crashes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <millrace/testing/fake_disk.h>
#include <millrace/testing/manual_clock.h>

#include "host/backends/pool.h"
#include "host/backends/verifying_backend.h"
#include "host/engine/pipeline.h"
#include "tests/host/engine/simulated_backend.h"
#include "tests/host/engine/simulated_log.h"
#include "tests/host/engine/simulated_outputs.h"
#include "tests/host/engine/simulated_source.h"
#include "tests/host/engine/simulated_threads.h"

namespace millrace::simulation {

using namespace std::chrono_literals;

inline constexpr std::string_view kMovedTo = "moved to";

inline constexpr std::size_t kBesideGiants = 24'000;  ///< more than the state of any job takes here

/// Throws or reports through `wrong` when a promise is broken.
class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : dice_(seed), power_(seed) {
    make_plan();
    make_parts();
  }

  std::string run() {
    if (dice_.one_in(50)) return run_refused();
    const int drain_at = dice_.one_in(4) ? dice_.between(1, 400) : -1;
    if (durable_ && replayable_ && dice_.one_in(2)) crash_at_ = dice_.between(1, 300);
    for (int step = 0; pipeline_; ++step) {
      if (step > 200'000) return "stuck: the job never ends";
      if (pipeline_->engine().finished()) {
        if (!durable_ || log_.finished) break;
        crash(step);  // it was drained, and has not closed what is open: the next run goes on
        continue;
      }
      if (step == drain_at) drain();
      if (step == crash_at_) crash(step);
      if (!pipeline_) break;
      if (trial_ && dice_.one_in(answers_slowly_ ? 200 : 5)) answer_trial();
      take_step(step);
      if (!pipeline_) break;
      check_committed();
      moved_ = moved_ || pipeline_->metrics().backend.get() == kMovedTo;
      if (dice_.one_in(10)) clock_.advance(std::chrono::milliseconds(dice_.between(1, 60)));
      if (clock_jumps_ && dice_.one_in(30))
        clock_.set_wall(std::chrono::milliseconds(dice_.between(-300, 500)));
      if (!drained_ && dice_.one_in(quiet_sources_ ? 100 : 3)) any_source().come();
      if (!wrong_.empty()) return wrong_;
      if (!outputs_.wrong().empty()) return outputs_.wrong();
    }
    return verdict();
  }

  // The system refuses a thread when those before it are at work already. Nobody may go on sleeping.
  std::string run_refused() {
    threads_->refuse_behind(static_cast<std::size_t>(dice_.between(0, static_cast<int>(sources_.size()))));
    for (int step = dice_.between(0, 100); step > 0 && wrong_.empty(); --step) {
      if (!threads_->step()) break;
      if (dice_.one_in(10)) clock_.advance(1ms);
    }
    pipeline_->fail(std::make_exception_ptr(LimitError("a thread was refused")));
    if (!threads_->all_awake()) return "stuck: a thread was refused, and nobody wakes those before it";
    if (!outputs_.all()[0]->epochs().empty()) return "rows of a job that never began";
    return wrong_;
  }

  bool moved() const { return moved_; }
  bool died_after_the_move() const { return moved_ && pipeline_->metrics().device_fallbacks > 0; }
  /// How often an epoch was in the log, and nobody knew who had it.
  std::uint64_t undecided() const { return undecided_; }
  /// How often an output was refused that lacked rows.
  std::uint64_t refused() const { return outputs_.refused(); }

 private:
  void make_plan() {
    plan_.order = dice_.one_in(2) ? Order::value : Order::none;
    if (dice_.one_in(2)) plan_.every = std::chrono::milliseconds(dice_.between(1, 200));
    if (dice_.one_in(4)) host_ = [](std::string_view record, RecordOut& out) { out.record(record); };
    options_.batch_bytes = static_cast<std::size_t>(dice_.between(16, 96));
    options_.batch_time = dice_.one_in(4) ? 1h : std::chrono::milliseconds(dice_.between(1, 50));
    if (dice_.one_in(4)) options_.batch_records = static_cast<std::size_t>(dice_.between(1, 5));
    clock_jumps_ = dice_.one_in(3);
    quiet_sources_ = dice_.one_in(2);
    if (dice_.one_in(3)) options_.commit_every = std::chrono::milliseconds(dice_.between(1, 100));
    options_.retries = 1000;
    options_.retry_pause = 1us;
    if (host_ || !dice_.one_in(6)) return;
    giant_ = 3 * static_cast<std::size_t>(dice_.between(10'000, 20'000));
  }

  // A tight one holds the buffer of one giant record at a time, beside those that readers keep of theirs.
  void make_budget(std::size_t readers) {
    const std::size_t staged = options_.batch_records != 0 ? readers : 0;
    budget_.emplace(giant_ == 0 ? std::numeric_limits<std::size_t>::max()
                                : kBesideGiants + (1 + staged) * (giant_ + 2 * kSlackBytes));
  }

  // Giants are bad records: what is counted would fill the state.
  std::vector<std::string> any_words() {
    std::vector<std::string> words = random_words(dice_);
    if (giant_ == 0) return words;
    for (std::string& word : words)
      if (dice_.one_in(8)) word.assign(giant_, 'd');
    return words;
  }

  void make_parts() {
    replayable_ = dice_.one_in(2);
    durable_ = dice_.one_in(2);
    mortal_ = dice_.one_in(2);
    moves_ = dice_.one_in(2);  // then only the backend that is moved to can die
    std::vector<std::vector<std::string>> words(static_cast<std::size_t>(dice_.between(1, 3)));
    for (auto& each : words) each = any_words();
    start(std::move(words), durable_ ? open_log() : nullptr);
  }

  std::unique_ptr<FrameLog> open_log() {
    return simulation::open_log(disk_, workers_, dice_.one_in(2) ? 1 << 20 : dice_.between(1, 2000),
                                plan_.every.count() > 0);
  }

  // Of each reader the words that are left to it.
  void start(std::vector<std::vector<std::string>> words, std::unique_ptr<FrameLog> log) {
    make_budget(words.size());
    Recovered recovered = log ? log->recovered() : Recovered{};
    std::vector<std::shared_ptr<Sink>> sinks = outputs_.choose(log.get(), plan_.every.count() > 0);
    PipelineParts parts{.plan = plan_,
                        .options = options_,
                        .sources = {},
                        .sinks = std::move(sinks),
                        .backend = first_backend(),
                        .fallback = [this] { return std::make_unique<SimBackend>(dice_, false); },
                        .migration = moves_ ? any_migration() : MigrationOptions{},
                        .log = std::make_unique<SimLog>(std::move(log), plan_.every.count() > 0, log_,
                                                        [this] { check_positions(); }),
                        .clock = clock_,
                        .budget = *budget_,
                        .host = host_,
                        .recovered = std::move(recovered)};
    for (auto& each : words) {
      auto source = std::make_unique<SimSource>("input " + std::to_string(++inputs_), std::move(each),
                                                replayable_, dice_.one_in(2), clock_, dice_);
      sources_.push_back(source.get());
      parts.sources.push_back(std::move(source));
    }
    start_log(parts);
    if (parts.log->durable()) parts.opened = outputs_.open();
    pipeline_.emplace(std::move(parts));
    threads_.emplace(*pipeline_, sources_, clock_, dice_);
    for (SimSource* source : sources_) {
      source->set_panes(pipeline_->panes());
      source->set_meanwhile([this] { let_others_work(); });
    }
    told_.assign(sources_.size(), 0);
  }

  void take_step(int step) {
    try {
      if (!threads_->step()) pass_time();
    } catch (const IoError&) {
      if (!disk_fails_) throw;
      crash(step);
    }
  }

  // The process ends here, and another begins, with as many readers as it likes; the power may be lost, too,
  // and the disk fail. What sinks have finished they may tell.
  void crash(int step) {
    if (log_.finished) return;
    std::vector<SimPast> before;
    for (const SimSource* source : sources_) before.push_back(source->past());
    moved_ = drained_ = false;
    while (!begin_again(before)) {
    }
    if (dice_.one_in(2)) crash_at_ = step + dice_.between(1, 300);
  }

  bool begin_again(const std::vector<SimPast>& before) {
    trial_.reset();
    threads_.reset();
    pipeline_.reset();
    sources_.clear();
    disk_.fail_after(0);
    if (dice_.one_in(2)) disk_.crash(power_);
    if (dice_.one_in(4)) rot_snapshot(disk_, dice_);
    disk_fails_ = dice_.one_in(3);
    if (disk_fails_) disk_.fail_from(static_cast<std::uint64_t>(dice_.between(1, 60)));
    if (dice_.one_in(2)) clock_.advance(std::chrono::milliseconds(dice_.between(1, 500)));
    if (clock_jumps_) clock_.set_wall(std::chrono::milliseconds(dice_.between(-300, 500)));
    try {
      go_on(before, open_log());
      return true;
    } catch (const IoError&) {
      if (!disk_fails_) throw;
      return false;
    }
  }

  // What is left of the input is dealt out anew.
  void go_on(const std::vector<SimPast>& before, std::unique_ptr<FrameLog> log) {
    const auto& undecided = log->recovered().undecided;
    std::vector<std::vector<std::string>> words(static_cast<std::size_t>(dice_.between(1, 4)));
    PastCounts past = past_;
    for (const SimPast& source : before) {
      const std::size_t end = read_of(source.name, log->inputs());
      past.add(source, end);
      if (undecided && undecided->last) continue;
      for (std::size_t i = end; i < source.words.size(); ++i)
        words[static_cast<std::size_t>(dice_.between(0, 100)) % words.size()].push_back(source.words[i]);
    }
    undecided_ += undecided ? 1U : 0U;
    if (log->recovered().finished) {  // though nobody has heard that its last mark is on the disk
      past_ = std::move(past);
      return;
    }
    start(std::move(words), std::move(log));
    past_ = std::move(past);
  }

  // Where the last epoch in the log ends in the words of a source.
  std::size_t marked(std::size_t source) const {
    const bool known = source < log_.marks.size() && !log_.marks[source].empty();
    return known ? static_cast<std::size_t>(log_.marks[source][0].next) : 0;
  }

  // A read takes its time.
  void let_others_work() {
    for (int i = dice_.between(0, 8); i > 0; --i) threads_->step();
    if (dice_.one_in(2)) clock_.advance(std::chrono::milliseconds(dice_.between(1, 60)));
  }

  std::unique_ptr<Backend> first_backend() {
    auto backend = std::make_unique<SimBackend>(dice_, mortal_ && !moves_);
    if (!dice_.one_in(8)) return backend;
    auto second = std::make_unique<SimBackend>(dice_, backend->may_fail());
    return verifying_backend(
        std::move(backend), std::move(second),
        {.plan = plan_, .budget = unlimited_budget(), .one_in = static_cast<unsigned>(dice_.between(1, 3))});
  }

  // A trial that is answered at any later time, or at once.
  MigrationOptions any_migration() {
    answers_slowly_ = dice_.one_in(2);
    MigrationOptions rule;
    rule.after_bytes = static_cast<std::uint64_t>(dice_.between(0, 200));
    rule.sample_bytes = static_cast<std::size_t>(dice_.between(1, 100));
    rule.start = [this](Sample sample, TrialLink&) {
      if (sample.parts().empty()) wrong_ = "an empty sample";
      trial_.emplace();
      std::future<TrialAnswer> answer = trial_->get_future();
      if (dice_.one_in(4)) answer_trial();
      return answer;
    };
    return rule;
  }

  void answer_trial() {
    TrialAnswer answer;
    if (!dice_.one_in(4)) {
      answer.backend = std::make_unique<SimBackend>(dice_, mortal_, kMovedTo);
      answer.pool =
          make_pool(*answer.backend, sources_.size(), static_cast<std::size_t>(dice_.between(16, 200)));
    }
    trial_->set_value(std::move(answer));
    trial_.reset();
  }

  // What is read from now on comes from nowhere: only being woken ends a wait in a source.
  void drain() {
    drained_ = true;
    pipeline_->drain();
  }

  SimSource& any_source() {
    return *sources_[static_cast<std::size_t>(dice_.between(0, static_cast<int>(sources_.size()) - 1))];
  }

  // All sleep: until the first one's time, or until something comes.
  void pass_time() {
    const Instant wake = threads_->next_wake();
    if (wake != kNever) return clock_.advance(wake - clock_.now());
    if (!drained_ && dice_.one_in(4)) return drain();
    if (drained_ || std::ranges::none_of(sources_, &SimSource::waits))
      wrong_ = "stuck: all sleep, and nobody will wake them";
    check_shown();
    any_source().come();
  }

  // Where nobody waits for the end of a window, none is open.
  void check_shown() {
    if (plan_.every.count() == 0) return;
    Counts read = past_.counts;
    for (const SimSource* source : sources_) source->add_prefix(source->next(), read);
    if (read != counts_of(*outputs_.all()[0])) wrong_ = "a window has ended, and nobody will wake to show it";
  }

  // What a source was told is finished must be in the log, or without a checkpoint have been shown.
  void check_committed() {
    bool news = false;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      news = std::exchange(told_[i], sources_[i]->committed()) != sources_[i]->committed() || news;
      if (durable_ && told_[i] > marked(i))
        wrong_ = "a source was told that records are finished which no frame has";
    }
    if (durable_ || !news) return;
    Counts committed;
    for (const SimSource* source : sources_) source->add_prefix(source->committed(), committed);
    Counts shown = counts_of(*outputs_.all()[0]);
    for (const auto& [word, count] : committed)
      if (shown[word] < count) wrong_ = "a source was told that records are finished which nobody has seen";
  }

  // An epoch that covers everything must hold exactly the records below its positions.
  void check_positions() {
    const bool on_mortal =
        moves_ ? pipeline_->metrics().backend.get() == kMovedTo : pipeline_->metrics().device_fallbacks == 0;
    const bool covers_everything = durable_ || (mortal_ && replayable_ && on_mortal);
    if (!covers_everything) return;
    Counts truth = past_.counts;
    for (std::size_t i = 0; i < sources_.size(); ++i) sources_[i]->add_prefix(marked(i), truth);
    if (truth != log_.counts) wrong_ = "the positions lie: an epoch holds other records than it says";
  }

  std::string verdict() const {
    WindowCounts begun = past_.begun;
    WindowCounts returned = past_.returned;
    for (const SimSource* source : sources_) {
      source->add_read(source->next(), begun, returned);
      if (!outputs_.all()[0]->epochs().empty() && source->committed() > source->next())
        return "committed what was not read";
    }
    std::string wrong = outputs_.verdict(plan_.every.count() > 0, begun, returned);
    if (!wrong.empty()) return wrong;
    if (!pipeline_) return "";
    if (!times_go_on(pipeline_->metrics().timeline))
      return "a batch or an epoch passes its places in another order, or one of them never";
    return verdict_on_counters(pipeline_->metrics(), sources_, past_);
  }

  Dice dice_;
  std::optional<MemoryBudget> budget_;
  testing::ManualClock clock_;
  Plan plan_;
  HostFunction host_;
  Options options_;
  bool replayable_ = false;
  bool durable_ = false;
  bool mortal_ = false;
  bool moves_ = false;
  bool moved_ = false;
  bool answers_slowly_ = false;
  bool drained_ = false;
  bool clock_jumps_ = false;
  bool quiet_sources_ = false;
  std::size_t giant_ = 0;                           ///< length of some records where the budget is tight
  std::optional<std::promise<TrialAnswer>> trial_;  ///< under way
  std::vector<SimSource*> sources_;
  SimOutputs outputs_{dice_};
  testing::FakeDisk disk_;
  std::mt19937_64 power_;
  bool disk_fails_ = false;
  WorkerPool workers_{1};
  Logged log_;
  int inputs_ = 0;
  int crash_at_ = -1;
  std::uint64_t undecided_ = 0;
  PastCounts past_;
  std::optional<Pipeline> pipeline_;
  std::optional<SimThreads> threads_;
  std::vector<std::size_t> told_;  ///< by source: what it was told last is committed
  std::string wrong_;
};

}  // namespace millrace::simulation
