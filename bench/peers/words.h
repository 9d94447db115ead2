// What the C++ peers share: the words of a file, and printing a table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace millrace::bench {

constexpr std::size_t kReadSize = std::size_t{1} << 20;

constexpr std::array<bool, 256> separators() {
  std::array<bool, 256> table{};
  for (const char c : {' ', '\t', '\n', '\v', '\f', '\r'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}

/// Calls use(string_view) with each run of bytes between ASCII white space.
template <typename Use>
void each_word(const char* path, Use use) {
  static constexpr std::array<bool, 256> kSeparator = separators();
  std::vector<char> text(kReadSize);
  std::size_t kept = 0;  // the start of a word whose end has not been read yet
  const auto is_separator = [](char c) { return kSeparator[static_cast<unsigned char>(c)]; };

  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) throw std::runtime_error("cannot open the file");
  while (true) {
    if (text.size() - kept < kReadSize / 2) text.resize(2 * text.size());
    const ssize_t got = read(file, text.data() + kept, text.size() - kept);
    if (got < 0) throw std::runtime_error("cannot read the file");
    if (got == 0) break;
    const char* const end = text.data() + kept + got;
    const char* word = text.data();
    const char* at = text.data() + kept;
    while (true) {
      while (at != end && !is_separator(*at)) ++at;
      if (at == end) break;
      if (at != word) use(std::string_view(word, static_cast<std::size_t>(at - word)));
      word = ++at;
    }
    kept = static_cast<std::size_t>(end - word);
    std::memmove(text.data(), word, kept);
  }
  if (kept > 0) use(std::string_view(text.data(), kept));
  close(file);
}

/// Prints key<TAB>count lines, in the order of the table.
template <typename Table>
void print(const Table& table) {
  for (const auto& [word, count] : table)
    std::printf("%.*s\t%llu\n", static_cast<int>(word.size()), word.data(),
                static_cast<unsigned long long>(count));
}

}  // namespace millrace::bench
