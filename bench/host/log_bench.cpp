// What a durable epoch costs beside the bare append and fsync of its bytes, and what a start reads.
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "host/job/zstd_codec.h"
#include "host/log/frame_log.h"
#include "host/state/pane_state.h"

namespace millrace {
namespace {

/// In the working directory, so that it can be chosen which disk is measured.
class Directory {
 public:
  Directory() {
    std::string name = "log_bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = std::filesystem::absolute(name);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

Columns keys(std::size_t count, std::size_t step = 1) {
  Columns columns(0, unlimited_budget());
  const HashSeed seed = hash_seed(1, 63);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string text = "word" + std::to_string(i * step * 2654435761U % 1'000'000'007U);
    const Key key = make_key(text.data(), static_cast<std::uint32_t>(text.size()), seed);
    columns.append(key, is_packed(key) ? std::string_view() : std::string_view(text), 3);
  }
  columns.unique = true;
  return columns;
}

class Job {
 public:
  /// The second argument of a benchmark: whether chunks are compressed.
  Job(const benchmark::State& state, std::uint64_t segment_bytes) : segment_bytes_(segment_bytes) {
    if (state.range(1) != 0) codec_ = make_zstd_codec();
  }

  FrameLogOptions options() {
    return {.directory = directory_.path() / "cp",
            .disk = real_disk(),
            .job = "keyed by: words\n",
            .birth = 1,
            .seed = hash_seed(1, 63),
            .budget = unlimited_budget(),
            .workers = workers_,
            .segment_bytes = segment_bytes_,
            .codec = codec_};
  }
  void begin() {
    log_.emplace(options());
    log_->start({});
  }
  void append(Columns columns) {
    EpochData epoch;
    epoch.id = {++epochs_};
    epoch.stamp = static_cast<std::int64_t>(epochs_);
    epoch.partials.emplace_back(Pane{}, std::move(columns));
    log_->append(epoch);
    log_->commit(epoch.id);
  }
  FrameLog& log() { return *log_; }
  void end() { log_.reset(); }
  std::uint64_t bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory_.path() / "cp"))
      bytes += file.file_size();
    return bytes;
  }

 private:
  Directory directory_;
  std::uint64_t segment_bytes_;
  std::shared_ptr<Codec> codec_;
  WorkerPool workers_{2};
  std::optional<FrameLog> log_;
  std::uint64_t epochs_ = 0;
};

void append_epoch(benchmark::State& state) {
  Job job(state, std::uint64_t{1} << 40);
  job.begin();
  const std::uint64_t before = job.bytes();
  for (auto each : state) {
    state.PauseTiming();
    Columns columns = keys(static_cast<std::size_t>(state.range(0)));
    state.ResumeTiming();
    job.append(std::move(columns));
  }
  state.counters["bytes"] = static_cast<double>(job.bytes() - before) / static_cast<double>(state.iterations());
}

// The same bytes without order, checksums and all that.
void bare_append(benchmark::State& state) {
  const Directory directory;
  const auto file = real_disk().create(directory.path() / "bare", {});
  const std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)));
  for (auto each : state) {
    file->write(bytes);
    file->sync();
  }
}

void fold_epoch(benchmark::State& state) {
  PaneState pane({}, 3, unlimited_budget());
  pane.merge(keys(1'000'000));
  for (auto each : state) {
    state.PauseTiming();
    Columns more = keys(static_cast<std::size_t>(state.range(0)));
    more.unique = false;
    state.ResumeTiming();
    pane.merge(std::move(more));
  }
}

void make_snapshot(benchmark::State& state) {
  for (auto each : state) {
    state.PauseTiming();
    Job job(state, 1);
    job.begin();
    job.append(keys(static_cast<std::size_t>(state.range(0))));
    while (job.log().work()) {  // of nothing
    }
    job.append(keys(static_cast<std::size_t>(state.range(0))));  // the segment of the first is complete
    state.ResumeTiming();
    while (job.log().work()) {
    }
    state.counters["bytes"] = static_cast<double>(job.bytes());
  }
}

// A start: everything is read, and the state made from it.
void start_again(benchmark::State& state) {
  Job job(state, std::uint64_t{4} << 20);
  job.begin();
  for (int i = 0; i < 4; ++i) {
    job.append(keys(static_cast<std::size_t>(state.range(0))));
    while (job.log().work()) {
    }
  }
  job.end();
  for (auto each : state) {
    const FrameLogOptions options = job.options();
    FrameLog log(options);
    PaneState pane({}, 3, unlimited_budget());
    log.replay([&](EpochData&& epoch, std::uint64_t) {
      for (auto& [of, partials] : epoch.partials) pane.merge(std::move(partials));
    });
    benchmark::DoNotOptimize(pane.size());
  }
  state.counters["bytes"] = static_cast<double>(job.bytes());
}

const std::vector<std::string> kArguments{"keys", "zstd"};
BENCHMARK(append_epoch)
    ->ArgNames(kArguments)
    ->ArgsProduct({{20'000, 1'000'000}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(bare_append)->Arg(190'000)->Arg(9'000'000)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(fold_epoch)->Arg(20'000)->Unit(benchmark::kMillisecond);
BENCHMARK(make_snapshot)
    ->ArgNames(kArguments)
    ->ArgsProduct({{1'000'000}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(3);
BENCHMARK(start_again)
    ->ArgNames(kArguments)
    ->ArgsProduct({{1'000'000}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace millrace
