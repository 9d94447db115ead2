// Whole jobs: files, readers, backend, committer, and a sink that forgets.
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/machine.h"
#include "bench/gpu/sections.h"
#include "host/backends/pool.h"
#include "host/engine/pipeline.h"
#include "io/discard_sink.h"
#include "io/file/file_list.h"
#include "kernels/cuda/cuda_backend.h"

namespace millrace::bench {
namespace {

/// A text file, removed at the end.
class ScratchFile {
 public:
  ScratchFile(const Bench& bench, const Text& text) : path_(bench.scratch / "millrace-bench.txt") {
    std::ofstream file(path_, std::ios::binary);
    for (; bytes == 0 || bytes + text.bytes.size() <= bench.scale.file_bytes; bytes += text.bytes.size()) {
      file << text.bytes;
      words += count_words(text.bytes);
    }
    file.close();
    if (!file) throw IoError("cannot write " + path_.string());
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  std::string path() const { return path_.string(); }
  std::uint64_t bytes = 0;
  std::uint64_t words = 0;

 private:
  std::filesystem::path path_;
};

std::vector<std::unique_ptr<Source>> open(const ScratchFile& file, unsigned readers) {
  const std::vector<std::string> paths = {file.path()};
  const Framing framing{.kind = Framing::Kind::whitespace};
  std::vector<std::unique_ptr<Source>> sources;
  const std::uint64_t smallest = std::min<std::uint64_t>(io::kSmallestPart, file.bytes / readers);
  for (auto& parts : io::split_files(io::list_files(paths).files, readers, smallest))
    sources.push_back(std::make_unique<io::FileSource>(std::move(parts), framing));
  return sources;
}

/// GB/s of one job, from the start of its threads to their end; buffers are pinned before.
double run_job(const Bench& bench, const ScratchFile& file, unsigned readers, bool on_gpu) {
  MemoryBudget budget(usable_memory() / 2);
  const Clock& clock = real_clock();
  PipelineParts parts{.plan = {}, .clock = clock, .budget = budget};
  parts.sources = open(file, readers);
  parts.sinks = {std::make_shared<io::DiscardSink>()};
  const BackendOptions options{.threads = usable_processors(), .hash_seed = 0x5eed, .budget = &budget};
  if (on_gpu)
    parts.backend = cuda::make_cuda_backend(bench.device, Plan{}, options, {});
  else
    parts.backend = make_cpu_backend(Plan{}, options);
  parts.options.threads = options.threads;
  parts.options.readers = readers;
  parts.options.memory = budget.limit();
  parts.options.batch_bytes = pool_capacity(*parts.backend, parts.sources.size(), budget.limit());
  parts.log = std::make_unique<NoEpochLog>();
  Pipeline pipeline(std::move(parts));
  const Time begin = now();
  pipeline.run();
  const double seconds = seconds_since(begin);
  check(pipeline.metrics().tokens == file.words, "as many words are counted as are in the file");
  return static_cast<double>(file.bytes) / seconds / 1e9;
}

}  // namespace

void measure_from_files(const Bench& bench) {
  for (const Text& text : bench.texts) {
    const ScratchFile file(bench, text);
    for (const bool on_gpu : {true, false})
      for (const unsigned readers : bench.scale.readers) {
        run_job(bench, file, readers, on_gpu);
        std::vector<double> samples;
        for (int i = 0; i < bench.scale.repeats; ++i) samples.push_back(run_job(bench, file, readers, on_gpu));
        bench.report.add({"From files",
                          text.name + ", " + std::to_string(readers) + " readers, " + (on_gpu ? "GPU" : "CPU"),
                          "GB/s", samples, "a whole job on a file in the page cache"});
      }
  }
}

}  // namespace millrace::bench
