// The floor: how many words there are, nothing else, as fast as vectors compare bytes. word_floor FILE
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace {

constexpr std::size_t kReadSize = std::size_t{1} << 18;
constexpr std::size_t kLanes = 64;
constexpr std::size_t kRounds = 255;  // so often can a lane of 8 bits be added to

constexpr bool is_separator(std::uint8_t c) {
  return (c == ' ') | (static_cast<std::uint8_t>(c - '\t') <= '\r' - '\t');
}

constexpr std::uint8_t starts_word(const std::uint8_t* at) {
  return is_separator(at[-1]) & !is_separator(at[0]);
}

// How many of the bytes begin a word; at[-1] is the byte before. The compiler makes vectors of the lanes.
std::uint64_t word_starts(const std::uint8_t* at, std::size_t bytes) {
  std::uint64_t starts = 0;
  while (bytes >= kLanes) {
    const std::size_t rounds = std::min(bytes / kLanes, kRounds);
    std::array<std::uint8_t, kLanes> lanes{};
    for (std::size_t round = 0; round < rounds; ++round, at += kLanes)
      for (std::size_t lane = 0; lane < kLanes; ++lane)
        lanes[lane] = static_cast<std::uint8_t>(lanes[lane] + starts_word(at + lane));
    for (const std::uint8_t lane : lanes) starts += lane;
    bytes -= rounds * kLanes;
  }
  for (; bytes > 0; --bytes, ++at) starts += starts_word(at);
  return starts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const int file = open(argv[1], O_RDONLY | O_CLOEXEC);
  std::vector<std::uint8_t> text(1 + kReadSize, ' ');
  std::uint64_t words = 0;
  ssize_t got = 0;
  while ((got = read(file, text.data() + 1, kReadSize)) > 0) {
    words += word_starts(text.data() + 1, static_cast<std::size_t>(got));
    text[0] = text[static_cast<std::size_t>(got)];
  }
  if (file < 0 || got < 0) {
    std::perror(argv[1]);
    return 1;
  }
  close(file);
  std::printf("%llu\n", static_cast<unsigned long long>(words));
}
