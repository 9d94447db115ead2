// What an engine does, and what it tells.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/engine.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/partial_bytes.h"
#include "host/backends/pool.h"
#include "kernels/cpu/reference_backend.h"
#include "tests/host/engine/one_job.h"

namespace millrace::engine_test {
namespace {

using namespace std::chrono_literals;

/// Counts in submit, so that it is known when, under a name of its own. Gives the batch of one number back
/// uncounted, once.
class OtherBackend final : public Backend {
 public:
  explicit OtherBackend(std::string_view name, int gives_back = -1)
      : inner_(make_reference_backend(Plan{}, {})), name_(name), gives_back_(gives_back) {}
  std::string_view name() const override { return name_; }
  bool may_fail() const override { return false; }
  HostBuffer allocate(std::size_t capacity) override { return inner_->allocate(capacity); }
  std::size_t batch_bytes() const override { return inner_->batch_bytes(); }
  unsigned in_flight_max() const override { return inner_->in_flight_max(); }
  void submit(const Batch& batch) override {
    if (number_++ == gives_back_) {
      given_back_ = batch.buffer;
    } else {
      inner_->submit(batch);
    }
  }
  std::optional<Finished> reclaim(Wait wait) override {
    if (!given_back_) return inner_->reclaim(wait);
    return Finished{.buffer = *std::exchange(given_back_, std::nullopt), .counted = false, .rejects = {}};
  }
  void collect(Pane pane, PartialSink& sink) override { inner_->collect(pane, sink); }
  std::size_t held_bytes() const override { return inner_->held_bytes(); }
  int submitted() const { return number_; }

 private:
  std::unique_ptr<Backend> inner_;
  std::string name_;
  int gives_back_;
  int number_ = 0;
  std::optional<BufferId> given_back_;
};

/// Keeps nothing but the number of epochs.
class CountingLog final : public EpochLog {
 public:
  CountingLog(int& epochs, bool durable) : epochs_(epochs), durable_(durable) {}
  bool durable() const override { return durable_; }
  std::uint64_t append(const EpochData&) override { return static_cast<std::uint64_t>(++epochs_); }
  void commit(EpochId) override {}

 private:
  int& epochs_;
  bool durable_;
};

/// A trial that the test answers.
struct Trial {
  StartTrial start() {
    return [this](Sample, TrialLink& given) {
      link = &given;
      return promise.get_future();
    };
  }
  std::promise<TrialAnswer> promise;
  TrialLink* link = nullptr;  ///< once it has begun
};

TEST(Engine, TellsTheNameOfItsBackendFromTheStart) {
  const OneJob job(std::make_unique<OtherBackend>("some backend"));
  EXPECT_EQ(job.metrics().backend.get(), "some backend");
}

TEST(Engine, AnEpochIsStampedWhenItEndsAndTheLastOneSaysSo) {
  OneJob job(std::make_unique<OtherBackend>("cpu"));
  job.count("a");
  job.finish();
  const Epoch told = job.sink->told();
  EXPECT_EQ(told.stamp,
            std::chrono::floor<std::chrono::microseconds>(job.clock.wall()).time_since_epoch().count());
  EXPECT_TRUE(told.last);
}

TEST(Engine, ABatchThatIsGivenBackIsCountedOnceAndToldOf) {
  for (const int number : {0, 1, 2}) {
    OneJob job(std::make_unique<OtherBackend>("picky", number));
    for (const std::string_view word : {"a", "b", "a"}) job.count(word);
    EXPECT_EQ(job.finish(), (Totals{{"a", 2}, {"b", 1}}));
    EXPECT_EQ(job.metrics().batches, 3U);
    EXPECT_EQ(job.metrics().batches_repeated, 1U);
  }
}

// No window and no commit is due: the move itself ends an epoch.
TEST(Engine, AJobWithoutWindowsMovesWhenTheTrialIsAnswered) {
  Trial trial;
  OneJob job(std::make_unique<OtherBackend>("old"), trial.start());
  for (int i = 0; i < 4; ++i) job.count("a");
  ASSERT_TRUE(trial.link);
  EXPECT_EQ(job.metrics().backend.get(), "old");
  TrialAnswer answer{"the new one is faster", {}, std::make_unique<OtherBackend>("new")};
  answer.pool = make_pool(*answer.backend, 1, 64);
  trial.promise.set_value(std::move(answer));
  job.settle();
  EXPECT_EQ(job.metrics().backend.get(), "new");
  EXPECT_EQ(job.told, std::vector<std::string>{"the new one is faster"});
  job.count("b");
  EXPECT_EQ(job.finish(), (Totals{{"a", 4}, {"b", 1}}));
}

TEST(Engine, AsksForATrialsAnswerThoughNothingElseHappensAndTellsIt) {
  Trial trial;
  OneJob job(std::make_unique<OtherBackend>("old"), trial.start());
  Instant wake = kNever;
  for (int i = 0; i < 4; ++i) wake = job.count("a");
  ASSERT_TRUE(trial.link);
  ASSERT_LT(wake, job.clock.now() + 1s);
  EXPECT_GT(wake, job.clock.now()) << "but not again and again";
  trial.promise.set_value({"staying on the old one", {}, nullptr});
  job.clock.advance(wake - job.clock.now());
  EXPECT_EQ(job.settle(), kNever);
  EXPECT_EQ(job.told, std::vector<std::string>{"staying on the old one"});
  EXPECT_EQ(job.metrics().backend.get(), "old");
}

TEST(Engine, GivesTheProcessorsNoWorkWhileATrialMeasuresThem) {
  Trial trial;
  auto backend = std::make_unique<OtherBackend>("old");
  const OtherBackend& watched = *backend;
  OneJob job(std::move(backend), trial.start());
  for (int i = 0; i < 4; ++i) job.count("a");
  ASSERT_TRUE(trial.link);
  trial.link->quiet = true;
  job.count("b");
  EXPECT_EQ(watched.submitted(), 4);
  trial.link->quiet = false;
  job.settle();
  EXPECT_EQ(watched.submitted(), 5);
  trial.promise.set_value({});
  EXPECT_EQ(job.finish(), (Totals{{"a", 4}, {"b", 1}}));
}

std::string word_of_many_bytes(int number) {
  return "a-word-of-many-bytes" + std::to_string(1000 + number);
}
constexpr std::size_t kManyBytes = 24 + partial_bytes(0);  ///< that one takes as columns

// Nothing else ends one: the job has no windows, and is not told when to commit.
TEST(Engine, AnEpochOfADurableLogIsDueWhenItTakesAnEighthOfTheMemory) {
  constexpr int kWords = 1200;
  for (const bool durable : {false, true})
    for (const int given_back : {-1, 600}) {  // then what was counted before it is collected
      MemoryBudget budget(8 * 400 * kManyBytes);
      int epochs = 0;
      OneJob job(std::make_unique<OtherBackend>("cpu", given_back), {},
                 {std::make_unique<CountingLog>(epochs, durable), budget});
      for (int i = 1; i <= kWords; ++i) {
        job.count(word_of_many_bytes(i));
        EXPECT_EQ(epochs, durable ? i / 400 : 0) << i << " words, of which " << given_back << " comes back";
      }
      job.finish();
    }
}

// What the next epoch holds must not fill the memory that collecting it takes.
TEST(Engine, NothingIsAddedToALargeEpochWhileTheCommitterIsBusyAndMemoryIsShort) {
  MemoryBudget budget(8 * 400 * kManyBytes);
  Reservation rest(budget);
  int epochs = 0;
  auto backend = std::make_unique<OtherBackend>("cpu");
  const OtherBackend& watched = *backend;
  OneJob job(std::move(backend), {}, {std::make_unique<CountingLog>(epochs, true), budget});
  job.committer_sleeps = true;
  for (int i = 1; i <= 800; ++i) job.count(word_of_many_bytes(i));
  ASSERT_EQ(watched.held_bytes(), budget.limit() / 8) << "one epoch waits, and the next one is as large";
  job.count("a");
  EXPECT_EQ(watched.submitted(), 801) << "there is memory enough";
  rest.set(budget.limit() / 2, "rest");
  job.count("a");
  EXPECT_EQ(watched.submitted(), 801);
  job.committer_sleeps = false;
  job.settle();
  EXPECT_EQ(watched.submitted(), 802);
  EXPECT_EQ(epochs, 2);
  job.finish();
}

TEST(Pipeline, TheFirstErrorIsTheOneThatIsTold) {
  OneJob job(std::make_unique<OtherBackend>("cpu"));
  job.pipeline->fail(std::make_exception_ptr(IoError("the first")));
  job.pipeline->fail(std::make_exception_ptr(IoError("the second")));
  try {
    job.pipeline->run();
    FAIL() << "the job ends with the error";
  } catch (const IoError& error) {
    EXPECT_STREQ(error.what(), "the first");
  }
}

}  // namespace
}  // namespace millrace::engine_test
