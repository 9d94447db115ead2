// Execution of the fake device's work.
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_streams.h"

#include <algorithm>
#include <utility>

#include <millrace/error.h>

namespace millrace::cuda {
namespace {

constexpr std::array kChances = {0.0, 0.1, 0.5, 0.9, 1.0};

}  // namespace

FakeStreams::FakeStreams(std::uint64_t seed)
    : random_(seed),
      eager_(kChances[random_() % kChances.size()]),
      copy_first_(kChances[random_() % kChances.size()]) {}

void FakeStreams::give(Stream stream, std::function<void()> work) {
  queue(stream).push_back({std::move(work), nullptr});
}

Event FakeStreams::make_event() {
  events_.push_back(std::make_shared<bool>(true));
  return Event{static_cast<std::uint32_t>(events_.size() - 1)};
}

void FakeStreams::record(Event event, Stream stream) {
  Done& done = events_.at(number(event));
  done = std::make_shared<bool>(false);
  give(stream, [done] { *done = true; });
}

void FakeStreams::wait(Stream stream, Event event) {
  queue(stream).push_back({[] {}, events_.at(number(event))});
}

bool FakeStreams::step() {
  std::deque<Work>* first = &queue(Stream::copy);
  std::deque<Work>* second = &queue(Stream::compute);
  if (!std::bernoulli_distribution(copy_first_)(random_)) std::swap(first, second);
  std::deque<Work>* queue = can_run(*first) ? first : second;
  if (!can_run(*queue)) {
    check(first->empty() && second->empty(), "an event is recorded before it is waited for");
    return false;
  }
  const Work work = std::move(queue->front());
  queue->pop_front();
  work.run();
  return true;
}

void FakeStreams::run_some() {
  while (std::bernoulli_distribution(eager_)(random_) && step()) {
  }
}

void FakeStreams::run_until(Event event) {
  while (!is_done(event) && step()) {
  }
}

void FakeStreams::run_until_empty(Stream stream) {
  while (!queue(stream).empty()) step();
}

void FakeStreams::run_all() {
  while (step()) {
  }
}

void FakeStreams::drop_all() {
  for (std::deque<Work>& queue : queues_) queue.clear();
}

}  // namespace millrace::cuda
