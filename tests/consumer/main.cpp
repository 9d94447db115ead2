// Counts the words of a file with an installed millrace and checks the result.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/millrace.h>

#include <cstdint>
#include <iostream>
#include <map>
#include <string>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::map<std::string, std::int64_t> counts;
  millrace::run(millrace::read(argv[1]).words().count().write([&](std::span<const millrace::Aggregate> rows) {
    for (const millrace::Aggregate& row : rows) counts[std::string(row.key)] = row.count;
  }));
  for (const auto& [word, n] : counts) std::cout << word << ' ' << n << '\n';
  return counts == std::map<std::string, std::int64_t>{{"be", 2}, {"or", 1}, {"to", 2}} ? 0 : 1;
}
