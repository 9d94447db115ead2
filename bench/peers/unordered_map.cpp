// The word count that most people write first: std::unordered_map<std::string, count>. unordered_map FILE
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <unordered_map>

#include "bench/peers/words.h"

int main(int argc, char** argv) try {
  if (argc != 2) return 64;
  std::ifstream file(argv[1], std::ios::binary);
  std::unordered_map<std::string, std::uint64_t> counts;
  for (std::string word; file >> word;) ++counts[word];
  millrace::bench::print(counts);
} catch (const std::exception& error) {
  std::fprintf(stderr, "unordered_map: %s\n", error.what());
  return 1;
}
