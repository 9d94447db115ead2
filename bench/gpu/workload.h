// Texts, and the feeding of a backend with them as fast as it takes them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/backend.h>

namespace millrace::bench {

using Time = std::chrono::steady_clock::time_point;
inline Time now() {
  return std::chrono::steady_clock::now();
}
inline double seconds_since(Time begin) {
  return std::chrono::duration<double>(now() - begin).count();
}

struct Text {
  std::string name;
  std::string bytes;
};

/// FOLDER/NAME.txt, repeated, and cut after a word. Without such a file a text is made up, and its name says
/// so.
Text repeated_text(const std::filesystem::path& folder, const std::string& name, std::size_t bytes);
/// `words` words of so many letters, all different, in an order without order.
std::string distinct_words(std::size_t words, unsigned letters);
std::uint64_t count_words(std::string_view text);

/// A text in a backend's own memory, cut between words into batches.
struct Load {
  Load(Backend& backend, std::string_view text, std::size_t batch_bytes);
  HostBuffer buffer;
  std::vector<Batch> batches;
  std::vector<std::uint64_t> words;  ///< of each batch
};

struct Feeding {
  double seconds = 0;          ///< from the first batch to the last one counted
  double collect_seconds = 0;  ///< from there to the last row
  std::uint64_t bytes = 0;
  std::uint64_t rows = 0;
};

/// Feeds the batches in turn, again and again, until `bytes` have been given; then collects. Throws
/// InternalError if the sum of the counts is not the number of words.
Feeding feed(Backend& backend, const Load& load, std::uint64_t bytes);

}  // namespace millrace::bench
