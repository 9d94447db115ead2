// Words made up from a seed, for tests and measurements.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <millrace/source.h>

#include "io/uri.h"

namespace millrace::io {

/// `generate:?words=N&vocabulary=V&skew=S&seed=X&rate=R&line=W`
///
/// | key        | meaning                                                    | default     |
/// |------------|------------------------------------------------------------|-------------|
/// | words      | words in all; the last line may be shorter                 | no end      |
/// | vocabulary | different words there are                                  | 100k        |
/// | skew       | exponent of Zipf's law, 0 to 4; 0: all words alike         | 1           |
/// | seed       | another seed, another text                                 | 1           |
/// | rate       | words per second over all readers; what was late is caught up | no limit |
/// | line       | words per line, at most 100k                               | 10          |
///
/// Record r is words r*W to r*W+W-1 of the text, between single spaces. Word j is drawn by a counter-based
/// generator from (X, j) alone, so that any record can be made from its number. The word of rank k (from 1)
/// has a probability in proportion to the integral of x^-S from k to k+1, read from a table of 65,536
/// steps between which it is linear. Words are syllables: the 100 most frequent have one (2 letters), the
/// next 10^4 two, the next 10^6 three and so on. The same address gives the same bytes on every machine with
/// IEEE arithmetic, up to the last bit of its pow().
struct GeneratorPlan {
  std::uint64_t words = UINT64_MAX;
  std::uint64_t vocabulary = 100'000;
  double skew = 1;
  std::uint64_t seed = 1;
  std::uint64_t rate = 0;
  std::uint64_t line = 10;
};

/// Throws ConfigError with all that is wrong.
GeneratorPlan parse_generator(const Uri& uri);

/// Each reader makes an equal stretch of all records; where words have no end, nobody ever comes to the end of
/// his. Partitions have that name, and marks count records. Replayable.
SourceList open_generator(const Uri& uri, const std::string& name, const SourceOptions& options);

/// Draws words by their number.
class ZipfWords {
 public:
  explicit ZipfWords(const GeneratorPlan& plan);
  /// More than the longest word with what follows it; append may use all of it.
  static constexpr std::size_t kRoom = 24;
  /// Writes word `number` and returns the place behind it. REQUIRES: kRoom bytes at `at`.
  char* append(std::uint64_t number, char* at) const;
  /// Writes words with a space after each but the last, which has a newline. REQUIRES: kRoom bytes per word.
  char* append_line(std::uint64_t first, std::uint64_t words, char* at) const;

 private:
  std::uint64_t rank(std::uint64_t number) const;

  std::uint64_t seed_;
  std::uint64_t vocabulary_;
  std::vector<double> steps_;                  ///< rank (from 0, with fraction) at each step of the probability
  std::vector<std::array<char, 8>> frequent_;  ///< words of one or two syllables; the last byte is the length
};

}  // namespace millrace::io
