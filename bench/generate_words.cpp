// Writes the text of a generate: address to standard output. generate_words 'generate:?words=1M&vocabulary=10k'
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <vector>

#include "io/generate/generator_source.h"
#include "io/uri.h"

int main(int argc, char** argv) try {
  using namespace millrace::io;
  if (argc != 2) return 64;
  const GeneratorPlan plan = parse_generator(parse_uri(argv[1]));
  const ZipfWords maker(plan);
  std::vector<char> line(plan.line * ZipfWords::kRoom);
  for (std::uint64_t word = 0; word < plan.words; word += plan.line) {
    const char* const end = maker.append_line(word, std::min(plan.line, plan.words - word), line.data());
    const auto bytes = static_cast<std::size_t>(end - line.data());
    if (std::fwrite(line.data(), 1, bytes, stdout) != bytes) break;
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::perror("generate_words");
    return 74;
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 64;
}
