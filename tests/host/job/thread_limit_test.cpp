// Jobs where the system refuses a thread: rows, or LimitError, and never a hang.
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <limits>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include <millrace/millrace.h>

#include "host/backends/trial.h"
#include "tests/host/job/memory_jobs.h"

namespace {

constexpr int kAny = std::numeric_limits<int>::max();

/// Threads that may still be started.
std::atomic<int> allowed{kAny};

}  // namespace

// Stands before the system's, for every library of this program.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                              void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  if (allowed != kAny && allowed-- <= 0) return EAGAIN;
  return create(thread, attributes, start, argument);
}

namespace millrace::thread_limit_test {
namespace {

using testing::MemorySink;

/// While it lives, only so many threads may be started.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads) { allowed = threads; }
  ~ThreadLimit() { allowed = kAny; }
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;
};

constexpr int kReaders = 3;
constexpr int kNeeded = 2 + kReaders;  // the job's own, the committer's and the readers'

std::map<std::string, std::int64_t> rows_with(int threads) {
  std::string words;
  for (int word = 0; word < 1000; ++word) words += "w" + std::to_string(word % 10) + '\n';
  const auto sink = std::make_shared<MemorySink>();
  Job job;
  job.from_sources.assign(kReaders, text(words));
  job.to_sinks = {sink};
  job.options.threads = 4;
  job.options.batch_bytes = 64;
  const ThreadLimit limit(threads);
  run(std::move(job));
  return totals(*sink);
}

TEST(ThreadLimit, AJobThatLacksAThreadEndsWithASentence) {
  for (int threads = 0; threads < kNeeded; ++threads) {
    try {
      rows_with(threads);
      ADD_FAILURE() << threads << " threads are not enough";
    } catch (const LimitError& error) {
      EXPECT_EQ(error.exit_code(), 75);
      EXPECT_NE(std::string(error.what()).find("ulimit -u"), std::string::npos);
    }
  }
}

TEST(ThreadLimit, FewerWorkersCountTheSame) {
  const auto all = rows_with(kAny);
  EXPECT_EQ(all.size(), 10U);
  for (int threads = kNeeded; threads <= kNeeded + 4; ++threads)
    EXPECT_EQ(rows_with(threads), all) << threads << " threads";
}

TEST(ThreadLimit, WithoutWorkersTheirTasksRunWhereTheyArePosted) {
  const ThreadLimit limit(0);
  WorkerPool pool(3);
  TaskGroup tasks(pool);
  int ran = 0;
  for (int task = 0; task < 2; ++task) tasks.post([&](std::size_t worker) { ran += worker == 0 ? 1 : 0; });
  EXPECT_EQ(ran, 2);
  in_parallel(pool, 3, [&](std::size_t) { ++ran; });
  EXPECT_EQ(ran, 5);
}

TEST(ThreadLimit, ARefusedTrialIsAReasonToStay) {
  const ThreadLimit limit(0);
  TrialLink link;
  const StartTrial start = trial_in_background({});
  EXPECT_THROW(static_cast<void>(start(Sample(64, unlimited_budget()), link)), LimitError);
}

}  // namespace
}  // namespace millrace::thread_limit_test
