// A well-kept flat hash map, fed string_views, with a string for each new word only. flat_map FILE
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "bench/peers/words.h"

namespace {

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view word) const { return boost::hash<std::string_view>()(word); }
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) return 64;
  boost::unordered_flat_map<std::string, std::uint64_t, Hash, std::equal_to<>> counts;
  millrace::bench::each_word(argv[1], [&](std::string_view word) {
    if (const auto found = counts.find(word); found != counts.end()) {
      ++found->second;
    } else {
      counts.emplace(word, 1);
    }
  });
  millrace::bench::print(counts);
} catch (const std::exception& error) {
  std::fprintf(stderr, "flat_map: %s\n", error.what());
  return 1;
}
