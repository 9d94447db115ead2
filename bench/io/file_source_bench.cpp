// Reading files that are in the page cache: a large one, and many small ones.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "io/file/file_list.h"

namespace millrace::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBytes = std::size_t{64} << 20;
constexpr std::size_t kSmallBytes = 1024;
constexpr std::size_t kSmallFiles = 10'000;

/// Files of this process's own, gone when it ends.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "millrace-bench-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  std::string write(const std::string& name, std::size_t bytes) const {
    std::string text;
    while (text.size() < bytes) text += "some words on a line of text\n";
    std::ofstream(path_ / name) << text.substr(0, bytes);
    return path_ / name;
  }

 private:
  fs::path path_;
};

std::size_t read_all(std::vector<FilePart> parts, std::span<std::byte> into) {
  FileSource source(std::move(parts), {.kind = Framing::Kind::whitespace});
  std::size_t bytes = 0;
  for (;;) {
    const ReadResult result = source.read(into, {}, Deadline::max());
    if (result.status != ReadResult::Status::data) return bytes;
    bytes += result.bytes;
  }
}

void large_file(benchmark::State& bench) {
  const Folder folder;
  const std::array paths = {folder.write("large", kFileBytes)};
  const FileList list = list_files(paths);
  std::vector<std::byte> into(static_cast<std::size_t>(bench.range(0)) << 10);
  for (auto _ : bench) benchmark::DoNotOptimize(read_all(list.files, into));
  bench.SetBytesProcessed(bench.iterations() * static_cast<std::int64_t>(kFileBytes));
}

void small_files(benchmark::State& bench) {
  const Folder folder;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < kSmallFiles; ++i) paths.push_back(folder.write(std::to_string(i), kSmallBytes));
  std::vector<std::byte> into(std::size_t{1} << 20);
  for (auto _ : bench) benchmark::DoNotOptimize(read_all(list_files(paths).files, into));
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(kSmallFiles));
}

BENCHMARK(large_file)->ArgName("KiB")->Arg(64)->Arg(256)->Arg(1024)->Unit(benchmark::kMillisecond);
BENCHMARK(small_files)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace::io
