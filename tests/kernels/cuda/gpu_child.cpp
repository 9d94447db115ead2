// What children do: trap the device in the middle of something, or fill its memory first.
// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/cuda/gpu_child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <thread>

#include <gtest/gtest.h>

#include <millrace/testing/hooked.h>
#include <millrace/testing/memory_sink.h>
#include <millrace/testing/memory_source.h>

#include "host/engine/pipeline.h"
#include "tests/kernels/cuda/gpu_support.h"
#include "tests/kernels/cuda/gpu_trap.h"

namespace millrace {
namespace {

constexpr unsigned kSecondsMax = 120;

std::string prose(std::size_t words) {
  std::string text;
  for (std::size_t i = 0; i < words; ++i)
    text += "word" + std::to_string(i * 7919 % 3000) + (i % 5 == 0 ? "-of-some-length\n" : " ");
  return text;
}

bool is(bool right, std::string_view what) {
  if (!right) std::cerr << "not as it should be: " << what << '\n';
  return right;
}

/// Calls until the device's failure is told.
int expect_device_error(std::string_view call, const std::function<void()>& again) {
  for (int tries = 0; tries < 100; ++tries) {
    try {
      again();
    } catch (const DeviceError& error) {
      std::cerr << "  " << call << ": " << error.what() << '\n';
      return is(std::string_view(error.what()).find("cudaError") != std::string_view::npos,
                "it names CUDA's error")
                 ? 0
                 : 1;
    }
  }
  std::cerr << call << " never failed\n";
  return 1;
}

// One call of each kind after the trap. Whatever comes, destructors must end.
int trap_at(std::string_view call) {
  const std::string text = prose(by_level(20'000, 500));
  const auto backend = make_gpu_backend(Plan{}, {.batch_bytes = std::size_t{1} << 20});
  WordSink sink;
  Feeder feeder(*backend, std::size_t{1} << 20, sink);
  for (int i = 0; i < 10; ++i) feeder.feed(text);
  feeder.settle();
  const HostBuffer spare = backend->allocate(std::size_t{1} << 20);
  Batch batch{.buffer = {99}, .pane = {}, .bytes = spare.bytes().first(1000), .ends = {}, .rows = {}};
  if (call == "reclaim") backend->submit(batch);
  trap_device();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // till the failure has arrived
  if (call == "submit") return expect_device_error(call, [&] { backend->submit(batch); });
  if (call == "collect") return expect_device_error(call, [&] { backend->collect({}, sink); });
  if (call == "allocate") return expect_device_error(call, [&] { backend->allocate(4096); });
  return expect_device_error(call, [&] {
    batch.buffer.index++;
    backend->reclaim(Wait::yes);
    backend->submit(batch);
  });
}

/// Traps at the 20th batch.
std::unique_ptr<Backend> mortal_backend(const Plan& plan, const BackendOptions& options, int& submits) {
  return std::make_unique<testing::HookedBackend>(make_gpu_backend(plan, options),
                                                  [&submits](std::string_view call) {
                                                    if (call == "submit" && ++submits == 20) trap_device();
                                                  });
}

int trap_in_a_job(bool replayable) {
  const std::string text = prose(by_level(600'000, 40'000));
  WordCounts expected;
  expected.add_text(text);
  const Plan plan;
  Options options;
  options.threads = 2;
  options.readers = 1;
  options.memory = std::size_t{1} << 30;
  options.batch_bytes = by_level(std::size_t{64} << 10, std::size_t{8} << 10);
  std::string told;
  options.on_event = [&told](const Event& event) { told += event.text + '\n'; };
  auto source = std::make_unique<testing::MemorySource>(Framing{.kind = Framing::Kind::whitespace}, replayable);
  source->push(text);
  source->finish();
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(std::move(source));
  const auto sink = std::make_shared<testing::MemorySink>();
  MemoryBudget budget(options.memory);
  const BackendOptions backend_options{.threads = 2, .batch_bytes = options.batch_bytes, .budget = &budget};
  int submits = 0;
  // FilledBatch afterwards: g++ 12 destroys members twice when what initialises a later one throws.
  const Clock& clock = real_clock();
  PipelineParts parts{.plan = {}, .clock = clock, .budget = budget};
  parts.options = options;
  parts.sources = std::move(sources);
  parts.sinks = {sink};
  parts.backend = mortal_backend(plan, backend_options, submits);
  parts.fallback = [=] { return make_cpu_backend(plan, backend_options); };
  parts.log = std::make_unique<NoEpochLog>();
  Pipeline pipeline(std::move(parts));
  pipeline.run();
  WordCounts counted;
  for (const testing::MemoryRow& row : sink->rows())
    counted.add(row.key, static_cast<std::uint64_t>(row.count));
  std::cerr << "  " << submits << " batches were given to the device; " << told;
  bool right = is(submits >= 20, "the device was used");
  right &= is(pipeline.metrics().device_fallbacks == 1, "the job went over to the CPU once");
  right &= is(told.find("cudaError") != std::string::npos, "the event names CUDA's error");
  right &= is(counted == expected, "the counts are right");
  return right ? 0 : 1;
}

int count_on_a_full_device(std::size_t left) {
  const std::size_t is_left = fill_device(left);
  const std::string text = prose(by_level(300'000, 30'000));
  try {
    expect_right_counts(cut(text, std::size_t{256} << 10), {});
  } catch (const Error& error) {  // unavailable at start or, where a kernel finds no room, a device that failed
    std::cerr << "given up with " << (is_left >> 10) << " KiB left: " << error.what() << '\n';
    return is(left < std::size_t{1} << 30, "a GiB is enough") ? 0 : 1;
  }
  return ::testing::Test::HasFailure() ? 1 : 0;
}

}  // namespace

ChildResult run_in_child(std::string_view name) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = "'" + program + "' --child=" + std::string(name) + " 2>&1";
  ChildResult result;
  std::FILE* output = popen(command.c_str(), "r");
  if (output == nullptr) return {127, "the child cannot be started"};
  std::array<char, 4096> part;
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), output))
    result.output.append(part.data(), got);
  const int status = pclose(output);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

int child_main(std::string_view name) {
  alarm(kSecondsMax);
  if (name == "trap-replayable") return trap_in_a_job(true);
  if (name == "trap-once") return trap_in_a_job(false);
  if (name.starts_with("trap-")) return trap_at(name.substr(5));
  if (name.starts_with("full-")) return count_on_a_full_device(std::stoul(std::string(name.substr(5))) << 20);
  std::cerr << "no child is called " << name << '\n';
  return 64;
}

}  // namespace millrace
