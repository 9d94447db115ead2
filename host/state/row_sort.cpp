// Radix sort by the bits of rank and key that differ, seven bytes of the keys at a time.
// SPDX-License-Identifier: Apache-2.0
#include "host/state/row_sort.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <vector>

#include "host/state/sort_key.h"
#include "kernels/key.h"

namespace millrace {
namespace {

constexpr std::size_t kPrefixBytes = kPackedBytesMax;
constexpr std::size_t kFewRows = 64;                            // cheaper to compare
constexpr std::size_t kFetchedAtOnce = 1024;                    // rows whose texts fit the caches of a core
constexpr std::size_t kRowsPerThread = std::size_t{128} << 10;  // fewer are sorted before a thread has begun
constexpr unsigned kLevelsMax = 64;                             // bounds the recursion

/// Seven bytes, and how many there are, of what follows in a hashed key's text, which has eight at least.
std::uint64_t prefix_of_rest(std::string_view text, std::size_t depth) {
  const std::size_t rest = text.size() - depth;
  if (rest > kPrefixBytes) return ordered(Key{load8(text.data() + depth)}) >> 8 << 8 | kGoesOn;
  if (rest == 0) return 0;
  const std::uint64_t last = load8(text.data() + text.size() - 8) >> (8 * (8 - rest));
  return ordered(packed_key(last, static_cast<std::uint32_t>(rest)));
}

/// Two columns of one length.
struct Pairs {
  std::span<std::uint64_t> numbers;
  std::span<std::uint32_t> rows;
  std::size_t size() const { return rows.size(); }
  Pairs sub(std::size_t begin, std::size_t size) const {
    return {numbers.subspan(begin, size), rows.subspan(begin, size)};
  }
  /// Where one of several pieces of about one size begins.
  std::size_t begin(std::size_t piece, std::size_t pieces) const { return size() * piece / pieces; }
  Pairs piece(std::size_t piece, std::size_t pieces) const {
    return sub(begin(piece, pieces), begin(piece + 1, pieces) - begin(piece, pieces));
  }
};

void copy(Pairs from, Pairs to) {
  std::ranges::copy(from.numbers, to.numbers.begin());
  std::ranges::copy(from.rows, to.rows.begin());
}

// What workers do with a piece is a function of its own: its arguments stay in registers, where what a task has
// captured would be read again for each row.

/// Bits of a number, as the number of a bucket.
struct Bucket {
  unsigned shift;
  unsigned width;
  std::size_t of(std::uint64_t number) const { return number >> shift & ((std::size_t{1} << width) - 1); }
};

void count(std::span<const std::uint64_t> numbers, Bucket bucket, std::size_t* counts) {
  for (const std::uint64_t number : numbers) ++counts[bucket.of(number)];
}

void move(Pairs from, Pairs to, Bucket bucket, std::size_t* next) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::size_t place = next[bucket.of(from.numbers[i])]++;
    to.numbers[place] = from.numbers[i];
    to.rows[place] = from.rows[i];
  }
}

/// One step of a radix sort: from `from` to `to`, by some bits of the numbers, keeping the order of equals.
void distribute(Pairs from, Pairs to, Bucket bucket, std::size_t pieces, WorkerPool& workers) {
  const std::size_t buckets = std::size_t{1} << bucket.width;
  std::vector<std::size_t> next(pieces * buckets);
  in_parallel(workers, pieces, [&](std::size_t piece) {
    count(from.piece(piece, pieces).numbers, bucket, &next[piece * buckets]);
  });
  std::size_t sum = 0;
  for (std::size_t at = 0; at < buckets; ++at)
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      std::size_t& each = next[piece * buckets + at];
      sum += std::exchange(each, sum);
    }
  in_parallel(workers, pieces,
              [&](std::size_t piece) { move(from.piece(piece, pieces), to, bucket, &next[piece * buckets]); });
}

class RowSort {
 public:
  RowSort(Pairs all, const Columns& columns, MemoryBudget& budget, WorkerPool& workers)
      : columns_(columns),
        workers_(workers),
        first_(all.rows.data()),
        spare_numbers_(all.size(), BudgetAllocator<std::uint64_t>(budget)),
        spare_rows_(all.size(), BudgetAllocator<std::uint32_t>(budget)) {}

  /// `numbers` are ranks. The keys agree up to `depth`.
  void sort(Pairs pairs, std::size_t depth, unsigned level) {
    const std::size_t pieces = std::clamp<std::size_t>(pairs.size() / kRowsPerThread, 1, workers_.size());
    const SortKey bits = look_at(pairs, depth, pieces);
    if (bits.incomplete()) {
      if (const std::size_t first = split_off(pairs, 64 - bits.of_prefix())) {
        sort(pairs.sub(0, first), depth, level);
        sort(pairs.sub(first, pairs.size() - first), depth, level);
        return;
      }
    }
    compact(pairs, bits, pieces);
    radix_sort(pairs, bits.count(), pieces);
    // Some ties take much longer than others.
    const std::size_t parts = pieces == 1 ? 1 : 4 * pieces;
    std::vector<std::size_t> borders;  // found first: sorting ties changes numbers
    for (std::size_t part = 0; part <= parts; ++part)
      borders.push_back(first_of_equals(pairs, pairs.begin(part, parts)));
    in_parallel(workers_, parts, [&](std::size_t piece) {
      sort_ties(pairs.sub(borders[piece], borders[piece + 1] - borders[piece]), depth, level, bits);
    });
  }

 private:
  struct RankAndPrefix {
    std::uint64_t rank = 0;
    std::uint64_t prefix = 0;
  };
  // Bits that differ from those of the first row.
  RankAndPrefix look_at_piece(Pairs part, std::span<std::uint64_t> prefixes, std::size_t depth,
                              RankAndPrefix first) const {
    RankAndPrefix differ;
    for (std::size_t i = 0; i < part.size(); ++i) {
      prefixes[i] = prefix_of(columns_, part.rows[i], depth);
      differ.rank |= part.numbers[i] ^ first.rank;
      differ.prefix |= prefixes[i] ^ first.prefix;
    }
    return differ;
  }

  // Prefixes go to the spare numbers.
  SortKey look_at(Pairs pairs, std::size_t depth, std::size_t pieces) {
    const RankAndPrefix first{pairs.numbers[0], prefix_of(columns_, pairs.rows[0], depth)};
    std::atomic<std::uint64_t> in_rank = 0;
    std::atomic<std::uint64_t> in_prefix = 0;
    in_parallel(workers_, pieces, [&](std::size_t piece) {
      const Pairs part = pairs.piece(piece, pieces);
      const RankAndPrefix differ = look_at_piece(part, spare_of(part).numbers, depth, first);
      in_rank |= differ.rank;
      in_prefix |= differ.prefix;
    });
    return SortKey(in_rank, in_prefix, first.prefix);
  }

  // Few rows with large counts, as Zipf's law has them, would leave no room for the prefixes of all: they are
  // put first, and the others share all but `bits` of their ranks. Returns how many were put first: 0 if it
  // would not help.
  std::size_t split_off(Pairs pairs, unsigned bits) {
    const std::uint64_t largest = std::ranges::max(pairs.numbers) >> bits;
    const auto is_large = [&](std::uint64_t rank) { return rank >> bits == largest; };
    const auto large = static_cast<std::size_t>(std::ranges::count_if(pairs.numbers, is_large));
    if (large < pairs.size() / 2) return 0;
    const std::size_t first = pairs.size() - large;
    const Pairs spare = spare_of(pairs);
    for (std::size_t i = pairs.size(), to_last = i, to_first = first; i-- > 0;) {
      const bool last = is_large(pairs.numbers[i]);
      const Pairs to = last ? pairs : spare;
      std::size_t& at = last ? to_last : to_first;
      --at;
      to.numbers[at] = pairs.numbers[i];
      to.rows[at] = pairs.rows[i];
    }
    copy(spare.sub(0, first), pairs);
    return first;
  }

  // Makes the ranks numbers that tell of rank and prefix.
  void compact(Pairs pairs, const SortKey& bits, std::size_t pieces) {
    in_parallel(workers_, pieces, [&](std::size_t piece) {
      const Pairs part = pairs.piece(piece, pieces);
      compact_piece(part.numbers, spare_of(part).numbers, bits);
    });
  }
  static void compact_piece(std::span<std::uint64_t> numbers, std::span<const std::uint64_t> prefixes,
                            SortKey bits) {
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = bits.of(numbers[i], prefixes[i]);
  }

  void radix_sort(Pairs pairs, unsigned bits, std::size_t pieces) {
    const unsigned widest = pairs.size() > (std::size_t{1} << 16) ? 11 : 8;
    Pairs from = pairs;
    Pairs to = spare_of(pairs);
    for (unsigned shift = 0; shift < bits; shift += widest) {
      distribute(from, to, {shift, std::min(widest, bits - shift)}, pieces, workers_);
      std::swap(from, to);
    }
    if (from.rows.data() != pairs.rows.data()) copy(from, pairs);
  }

  static std::size_t first_of_equals(Pairs pairs, std::size_t i) {
    while (i > 0 && i < pairs.size() && pairs.numbers[i] == pairs.numbers[i - 1]) ++i;
    return i;
  }

  // What equal numbers leave open.
  void sort_ties(Pairs pairs, std::size_t depth, unsigned level, const SortKey& bits) {
    std::size_t fetched = 0;
    for (std::size_t begin = 0; begin < pairs.size();) {
      if (begin >= fetched) fetched = fetch_texts(pairs, fetched, bits);
      std::size_t end = begin + 1;
      while (end < pairs.size() && pairs.numbers[end] == pairs.numbers[begin]) ++end;
      if (end - begin > 1) sort_equals(pairs.sub(begin, end - begin), depth, level, bits);
      begin = end;
    }
  }

  // Texts lie anywhere in memory: those of the next rows that must be compared are fetched together. Returns
  // how far that goes.
  std::size_t fetch_texts(Pairs pairs, std::size_t begin, const SortKey& bits) const {
    const std::size_t end = std::min(begin + kFetchedAtOnce, pairs.size());
    if (bits.incomplete()) return end;
    const auto is_compared = [&](std::size_t i) {
      const std::uint64_t number = pairs.numbers[i];
      return bits.goes_on(number) && ((i > begin && number == pairs.numbers[i - 1]) ||
                                      (i + 1 < pairs.size() && number == pairs.numbers[i + 1]));
    };
    for (std::size_t i = begin; i < end; ++i)
      if (is_compared(i)) columns_.prefetch_text_end(pairs.rows[i]);
    for (std::size_t i = begin; i < end; ++i)
      if (is_compared(i)) columns_.prefetch_text(pairs.rows[i]);
    return end;
  }

  // Rows of one rank whose keys agree in what was looked at.
  void sort_equals(Pairs pairs, std::size_t depth, unsigned level, const SortKey& bits) {
    if (!bits.incomplete()) {
      if (!bits.goes_on(pairs.numbers[0])) return;
      depth += kPrefixBytes;
      if (pairs.size() <= kFewRows) return sort_few(pairs.rows, depth);
      depth = common_bytes(pairs.rows, depth);
    }
    if (pairs.size() <= kFewRows || level == kLevelsMax) {
      std::ranges::sort(pairs.rows, [this](std::size_t a, std::size_t b) {
        char left[8];
        char right[8];
        return columns_.text(a, left) < columns_.text(b, right);
      });
      return;
    }
    std::ranges::fill(pairs.numbers, 0);
    sort(pairs, depth, level + 1);
  }

  // Rows of one rank whose keys are longer than `depth` and agree so far.
  void sort_few(std::span<std::uint32_t> rows, std::size_t depth) const {
    struct Few {
      std::uint64_t prefix;
      std::uint32_t row;
    };
    std::array<Few, kFewRows> few;
    const auto rest = [&](std::uint32_t row) { return columns_.hashed_text(row).substr(depth); };
    for (std::size_t i = 0; i < rows.size(); ++i)
      few[i] = {prefix_of_rest(columns_.hashed_text(rows[i]), depth), rows[i]};
    std::ranges::sort(std::span(few).first(rows.size()), [&](const Few& a, const Few& b) {
      return a.prefix != b.prefix ? a.prefix < b.prefix : rest(a.row) < rest(b.row);
    });
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = few[i].row;
  }

  // How many bytes all keys have in common, if they have `depth` in common.
  std::size_t common_bytes(std::span<const std::uint32_t> rows, std::size_t depth) const {
    std::string_view common = columns_.hashed_text(rows[0]);
    for (const std::uint32_t row : rows) {
      const std::string_view text = columns_.hashed_text(row);
      const auto differ = std::mismatch(common.begin() + static_cast<std::ptrdiff_t>(depth), common.end(),
                                        text.begin() + static_cast<std::ptrdiff_t>(depth), text.end());
      common = common.substr(0, static_cast<std::size_t>(differ.first - common.begin()));
    }
    return common.size();
  }

  // Its own for each part of all, so that parts can be sorted at the same time.
  Pairs spare_of(Pairs part) {
    const auto begin = static_cast<std::size_t>(part.rows.data() - first_);
    return Pairs{spare_numbers_, spare_rows_}.sub(begin, part.size());
  }

  const Columns& columns_;
  WorkerPool& workers_;
  const std::uint32_t* first_;
  BudgetVector<std::uint64_t> spare_numbers_;
  BudgetVector<std::uint32_t> spare_rows_;
};

}  // namespace

std::uint64_t prefix_of(const Columns& columns, std::size_t row, std::size_t depth) {
  const Key key = columns.keys[row];
  if (is_packed(key)) return ordered(key);
  return prefix_of_rest(columns.hashed_text(row), depth);
}

void sort_rows(std::span<std::uint32_t> rows, std::span<std::uint64_t> ranks, const Columns& columns,
               MemoryBudget& budget, WorkerPool& workers) {
  const Pairs all{ranks, rows};
  if (all.size() > 1) RowSort(all, columns, budget, workers).sort(all, 0, 1);
}

}  // namespace millrace
