// Drawing and spelling words.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>

#include "io/generate/generator_source.h"

namespace millrace::io {
namespace {

constexpr unsigned kStepBits = 16;
constexpr std::uint64_t kSyllables = 100;
constexpr std::string_view kConsonants = "bcdfghjklmnprstvwyzq";
constexpr std::string_view kVowels = "aeiou";
constexpr std::size_t kLengthAt = 7;

std::array<char, 2> syllable(std::uint64_t digit) {
  return {kConsonants[digit / 5], kVowels[digit % 5]};
}

// Words of n syllables follow all that are shorter: ranks 0-99 have one, the next 10^4 two.
char* spell(std::uint64_t rank, char* at) {
  std::uint64_t of_this_length = kSyllables;
  std::size_t length = 2;
  while (rank >= of_this_length) {
    rank -= of_this_length;
    of_this_length *= kSyllables;
    length += 2;
  }
  for (std::size_t place = length; place > 0; place -= 2) {
    const std::array<char, 2> letters = syllable(rank % kSyllables);
    at[place - 2] = letters[0];
    at[place - 1] = letters[1];
    rank /= kSyllables;
  }
  return at + length;
}

// The finaliser of SplitMix64 over a counter: every number has its own draw.
std::uint64_t draw(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t bits = seed + number * 0x9e3779b97f4a7c15U;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
  return bits ^ (bits >> 31);
}

// Where the share `u` of all draws lies on the continuous form of Zipf's law over [1, vocabulary + 1).
double inverse(double u, double skew, double vocabulary) {
  const double end = vocabulary + 1;
  if (skew == 0) return 1 + u * vocabulary;
  if (skew == 1) return std::pow(end, u);
  return std::pow(1 + u * (std::pow(end, 1 - skew) - 1), 1 / (1 - skew));
}

}  // namespace

ZipfWords::ZipfWords(const GeneratorPlan& plan) : seed_(draw(plan.seed, 0)), vocabulary_(plan.vocabulary) {
  constexpr std::size_t kSteps = std::size_t{1} << kStepBits;
  for (std::size_t i = 0; i <= kSteps; ++i) {
    const double u = static_cast<double>(i) / kSteps;
    steps_.push_back(inverse(u, plan.skew, static_cast<double>(vocabulary_)) - 1);
  }
  for (std::uint64_t rank = 0; rank < kSyllables + kSyllables * kSyllables; ++rank) {
    std::array<char, 8> word{};
    word[kLengthAt] = static_cast<char>(spell(rank, word.data()) - word.data());
    frequent_.push_back(word);
  }
}

std::uint64_t ZipfWords::rank(std::uint64_t number) const {
  const std::uint64_t bits = draw(seed_, number);
  const std::size_t step = bits >> (64 - kStepBits);
  constexpr double kShare = 0x1p-32;
  const double fraction = static_cast<double>(static_cast<std::uint32_t>(bits >> 16)) * kShare;
  const double place = steps_[step] + (steps_[step + 1] - steps_[step]) * fraction;
  const auto rank = static_cast<std::int64_t>(place);
  return std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(rank, 0)), vocabulary_ - 1);
}

// Longer words are put together from those of one and two syllables.
char* ZipfWords::append(std::uint64_t number, char* at) const {
  constexpr std::uint64_t kPairs = kSyllables * kSyllables;
  const std::uint64_t rank_of_word = rank(number);
  std::uint64_t place = rank_of_word;
  if (place < kSyllables + kPairs) {
    const std::array<char, 8>& word = frequent_[place];
    std::memcpy(at, word.data(), word.size());
    return at + word[kLengthAt];
  }
  place -= kSyllables + kPairs;
  if (place < kPairs * kSyllables) {
    std::memcpy(at, frequent_[kSyllables + place / kSyllables].data(), 4);
    std::memcpy(at + 4, frequent_[place % kSyllables].data(), 2);
    return at + 6;
  }
  place -= kPairs * kSyllables;
  if (place >= kPairs * kPairs) return spell(rank_of_word, at);
  std::memcpy(at, frequent_[kSyllables + place / kPairs].data(), 4);
  std::memcpy(at + 4, frequent_[kSyllables + place % kPairs].data(), 4);
  return at + 8;
}

char* ZipfWords::append_line(std::uint64_t first, std::uint64_t words, char* at) const {
  for (std::uint64_t i = 0; i < words; ++i) {
    at = append(first + i, at);
    *at++ = ' ';
  }
  at[-1] = '\n';
  return at;
}

}  // namespace millrace::io
