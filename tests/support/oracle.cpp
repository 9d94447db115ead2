// An independent count, to compare millrace with: plain, slow, and linked to nothing of ours.
// SPDX-License-Identifier: Apache-2.0
//
//   oracle words | split D | fields D KEY [VALUE SCALE]   [-- FILE...]
//
// Fields count from 1. Reads standard input where no file is named. Writes
// key<TAB>count[<TAB>sum<TAB>min<TAB>max], the largest count first, equal counts by key bytes. Tells on
// standard error how many records were rejected.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using Number = __int128;

struct Tally {
  std::uint64_t count = 0;
  Number sum = 0;
  Number min = 0;
  Number max = 0;
};

struct Job {
  enum class Kind { words, split, fields } kind = Kind::words;
  char delimiter = ' ';
  std::size_t key = 1;
  std::optional<std::size_t> value;
  std::size_t scale = 0;
  std::vector<std::string> files;
};

struct Counts {
  std::unordered_map<std::string, Tally> tallies;
  std::uint64_t rejected = 0;
};

[[noreturn]] void usage() {
  std::cerr << "usage: oracle words | split D | fields D KEY [VALUE SCALE]   [-- FILE...]\n";
  std::exit(64);
}

Job parse_arguments(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  Job job;
  if (const auto dashes = std::find(words.begin(), words.end(), "--"); dashes != words.end()) {
    job.files.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
  }
  const auto delimiter = [&](const std::string& word) {
    if (word == "\\t") return '\t';
    if (word.size() != 1) usage();
    return word[0];
  };
  if (words.size() == 1 && words[0] == "words") return job;
  if (words.size() == 2 && words[0] == "split") {
    job.kind = Job::Kind::split;
    job.delimiter = delimiter(words[1]);
    return job;
  }
  if ((words.size() == 3 || words.size() == 5) && words[0] == "fields") {
    job.kind = Job::Kind::fields;
    job.delimiter = delimiter(words[1]);
    job.key = std::stoul(words[2]);
    if (words.size() == 5) {
      job.value = std::stoul(words[3]);
      job.scale = std::stoul(words[4]);
    }
    if (job.key == 0 || job.value == 0) usage();
    return job;
  }
  usage();
}

std::vector<std::string> pieces_of(const std::string& record, char delimiter) {
  std::vector<std::string> pieces;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = record.find(delimiter, begin);
    pieces.push_back(record.substr(begin, end - begin));
    if (end == std::string::npos) return pieces;
    begin = end + 1;
  }
}

// [+-]digits[.digits], exactly, times 10^scale; nothing if it is no such number or leaves 64 bits.
std::optional<Number> parse_number(const std::string& text, std::size_t scale) {
  std::size_t at = 0;
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) at = 1;
  std::string digits;
  std::size_t integer_digits = 0;
  for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])); ++at, ++integer_digits)
    digits += text[at];
  if (integer_digits == 0) return std::nullopt;
  std::size_t decimals = 0;
  if (at < text.size()) {
    if (text[at++] != '.') return std::nullopt;
    const std::size_t first = at;
    for (; at < text.size(); ++at) {
      if (!std::isdigit(static_cast<unsigned char>(text[at]))) return std::nullopt;
      if (decimals < scale) {
        digits += text[at];
        ++decimals;
      } else if (text[at] != '0') {
        return std::nullopt;
      }
    }
    if (at == first) return std::nullopt;
  }
  digits.append(scale - decimals, '0');
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > 20) return std::nullopt;
  Number number = 0;
  for (const char digit : digits) number = 10 * number + (digit - '0');
  if (minus) number = -number;
  const Number limit = static_cast<Number>(1) << 63;
  if (number >= limit || number < -limit) return std::nullopt;
  return number;
}

void count_words(std::istream& in, Counts& counts) {
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const char* separators = " \t\n\v\f\r";
  std::size_t begin = text.find_first_not_of(separators);
  while (begin != std::string::npos) {
    const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
    ++counts.tallies[text.substr(begin, end - begin)].count;
    begin = text.find_first_not_of(separators, end);
  }
}

void count_fields(const Job& job, const std::vector<std::string>& fields, Counts& counts) {
  std::optional<Number> number = 0;
  if (job.value)
    number = *job.value <= fields.size() ? parse_number(fields[*job.value - 1], job.scale) : std::nullopt;
  if (job.key > fields.size() || !number) {
    ++counts.rejected;
    return;
  }
  Tally& tally = counts.tallies[fields[job.key - 1]];
  tally.min = tally.count == 0 ? *number : std::min(tally.min, *number);
  tally.max = tally.count == 0 ? *number : std::max(tally.max, *number);
  tally.sum += *number;
  ++tally.count;
}

void count(const Job& job, std::istream& in, Counts& counts) {
  if (job.kind == Job::Kind::words) return count_words(in, counts);
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    const std::vector<std::string> pieces = pieces_of(line, job.delimiter);
    if (job.kind == Job::Kind::fields) {
      count_fields(job, pieces, counts);
    } else {
      for (const std::string& piece : pieces) ++counts.tallies[piece].count;
    }
  }
}

std::string printed(Number number, std::size_t scale) {
  const bool minus = number < 0;
  std::string digits;
  for (; number != 0 || digits.size() <= scale; number /= 10) {
    const int digit = static_cast<int>(number % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + std::abs(digit)));
  }
  if (scale > 0) digits.insert(digits.size() - scale, 1, '.');
  if (minus) digits.insert(digits.begin(), '-');
  return digits;
}

void print(const Job& job, const Counts& counts) {
  std::vector<std::pair<std::string, Tally>> rows(counts.tallies.begin(), counts.tallies.end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.second.count != b.second.count ? a.second.count > b.second.count : a.first < b.first;
  });
  for (const auto& [key, tally] : rows) {
    std::cout << key << '\t' << tally.count;
    if (job.value)
      for (const Number number : {tally.sum, tally.min, tally.max})
        std::cout << '\t' << printed(number, job.scale);
    std::cout << '\n';
  }
  if (counts.rejected > 0) std::cerr << "oracle: " << counts.rejected << " records rejected\n";
}

}  // namespace

int main(int argc, char** argv) try {
  const Job job = parse_arguments(argc, argv);
  Counts counts;
  if (job.files.empty()) count(job, std::cin, counts);
  for (const std::string& path : job.files) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error(path + ": cannot be opened");
    count(job, file, counts);
  }
  print(job, counts);
} catch (const std::exception& error) {
  std::cerr << "oracle: " << error.what() << '\n';
  return 66;
}
