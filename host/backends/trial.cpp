// Making the other backend, measuring both, and the answer in words.
// SPDX-License-Identifier: Apache-2.0
#include "host/backends/trial.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "host/backends/pool.h"
#include "host/backends/throughput.h"

namespace millrace {
namespace {

std::string gigabytes(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GB/s", rate / 1e9);
  return text;
}

/// Asks the engine to keep quiet while it lives.
class Quiet {
 public:
  explicit Quiet(TrialLink& link) : link_(link) { link_.quiet = true; }
  ~Quiet() { link_.quiet = false; }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  TrialLink& link_;
};

// The sample as one batch in each of the buffers that may be in flight, so that copies and counting overlap
// as they would in the job.
double rate_of_other(Backend& backend, std::vector<HostBuffer>& pool, Sample& sample) {
  const Batch whole = sample.joined(pool.front().bytes().size());
  if (whole.bytes.size() > pool.front().bytes().size())
    throw UnavailableError("the memory left allows another backend only small batches; give more --memory");
  std::vector<Batch> batches(std::min<std::size_t>(backend.in_flight_max(), pool.size()), whole);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    std::memcpy(pool[i].bytes().data(), whole.bytes.data(), whole.bytes.size());
    batches[i].bytes = pool[i].bytes().first(whole.bytes.size());
  }
  return measured_rate(backend, batches);
}

TrialAnswer compared(const TrialOptions& options, Sample& sample, TrialLink& link) {
  TrialAnswer answer;
  answer.backend = options.other();
  const std::string name(answer.backend->name());
  const std::size_t capacity = options.batch_bytes != 0
                                   ? options.batch_bytes
                                   : pool_capacity(*answer.backend, options.readers, options.memory);
  answer.pool = make_pool(*answer.backend, options.readers, capacity);
  if (link.stop) return {};
  const double other = rate_of_other(*answer.backend, answer.pool, sample);
  if (link.stop) return {};
  const std::string found = name + ": " + gigabytes(other) + " on a sample of this input, the CPU ";
  // The CPU can do what it has done: then it need not stop to be measured.
  if (other < kWorthMoving * link.job_rate)
    return {found + gigabytes(link.job_rate) + " so far: staying on the CPU", {}, nullptr};
  double present = 0;
  {
    const std::unique_ptr<Backend> backend = options.present();
    const std::vector<Batch> parts = sample.parts();
    const Quiet quiet(link);
    present = measured_rate(*backend, parts);
  }
  const bool go = other >= kWorthMoving * present;
  answer.reason = found + gigabytes(present) + " with " + std::to_string(options.threads) +
                  " threads: " + (go ? "going on with the GPU" : "staying on the CPU");
  if (!go) return {std::move(answer.reason), {}, nullptr};
  return answer;
}

}  // namespace

TrialAnswer run_trial(const TrialOptions& options, Sample sample, TrialLink& link) {
  try {
    return compared(options, sample, link);
  } catch (const std::exception& error) {
    return {"staying on the CPU: " + std::string(error.what()), {}, nullptr};
  }
}

StartTrial trial_in_background(TrialOptions options) {
  return [options = std::move(options)](Sample sample, TrialLink& link) {
    try {
      return std::async(std::launch::async, [options, sample = std::move(sample), &link]() mutable {
        return run_trial(options, std::move(sample), link);
      });
    } catch (const std::system_error&) {
      throw LimitError("the system allows no thread for a trial");
    }
  };
}

}  // namespace millrace
