// Each place is left when the next one is reached.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/time_spent.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace millrace {
namespace {

using std::chrono::nanoseconds;
using Part = TimeSpent::Part;

template <class Record>
struct Stage {
  std::string_view what;
  Instant Record::*from;
  Instant Record::*to;
};

constexpr Stage<BatchTimes> kBatchStages[] = {{"to fill", &BatchTimes::opened, &BatchTimes::closed},
                                              {"in the queue", &BatchTimes::closed, &BatchTimes::popped},
                                              {"to submit", &BatchTimes::popped, &BatchTimes::submitted},
                                              {"to count", &BatchTimes::submitted, &BatchTimes::finished}};
constexpr Stage<EpochTimes> kEpochStages[] = {{"to mark", &EpochTimes::asked, &EpochTimes::marked},
                                              {"to collect", &EpochTimes::marked, &EpochTimes::collected},
                                              {"to log", &EpochTimes::collected, &EpochTimes::appended},
                                              {"to fold", &EpochTimes::appended, &EpochTimes::folded},
                                              {"to show", &EpochTimes::folded, &EpochTimes::published},
                                              {"to commit", &EpochTimes::published, &EpochTimes::committed}};

template <class Record, class Time>
nanoseconds median(const std::vector<Record>& records, Time time) {
  std::vector<nanoseconds> times;
  for (const Record& record : records) times.push_back(time(record));
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  return *middle;
}

template <class Record, std::size_t n>
std::vector<Part> medians(const std::vector<Record>& records, const Stage<Record> (&stages)[n]) {
  std::vector<Part> parts;
  if (records.empty()) return parts;
  for (const Stage<Record>& stage : stages)
    parts.push_back({stage.what, median(records, [&](const Record& record) {
                       return record.*stage.to - record.*stage.from;
                     })});
  return parts;
}

}  // namespace

TimeSpent time_spent(const Timeline& timeline, unsigned readers, std::size_t sinks, nanoseconds elapsed) {
  const auto spent = [&](Activity activity) {
    return nanoseconds(
        timeline.nanoseconds[static_cast<std::size_t>(activity)].load(std::memory_order_relaxed));
  };
  TimeSpent time;
  time.elapsed = elapsed;
  time.readers = readers;
  time.reading = {{"in their sources", spent(Activity::source)},
                  {"placing records", spent(Activity::placing)},
                  {"waiting", spent(Activity::reader_waits)}};
  time.counting = {{"waiting for the backend", spent(Activity::backend)},
                   {"collecting", spent(Activity::collect)},
                   {"waiting", spent(Activity::engine_waits)}};
  time.finishing = {{"waiting", spent(Activity::committer_waits)}};
  std::vector<BatchTimes> batches = timeline.batches.latest();
  time.batch = medians(batches, kBatchStages);
  std::erase_if(batches, [](const BatchTimes& batch) { return batch.working.count() == 0; });  // not measured
  if (!batches.empty())
    time.batch.push_back(
        {"of that at work", median(batches, [](const BatchTimes& batch) { return batch.working; })});
  const std::vector<EpochTimes> epochs = timeline.epochs.latest();
  time.epoch = medians(epochs, kEpochStages);
  for (std::size_t i = 0; !epochs.empty() && i < std::min(sinks, kSinksTimed); ++i)
    time.sinks.push_back(median(epochs, [i](const EpochTimes& epoch) { return epoch.sinks[i]; }));
  return time;
}

}  // namespace millrace
