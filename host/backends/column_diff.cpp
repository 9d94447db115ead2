// Both sides in the order of their keys, side by side.
// SPDX-License-Identifier: Apache-2.0
#include "host/backends/column_diff.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include <millrace/error.h>

#include "kernels/key.h"

namespace millrace {
namespace {

using Wide = __int128;  // sums of partials need more than 64 bits

std::string decimal(Wide number) {
  const bool negative = number < 0;
  std::string digits;
  do {
    const int digit = static_cast<int>(number % 10);
    digits += static_cast<char>('0' + (negative ? -digit : digit));
    number /= 10;
  } while (number != 0);
  if (negative) digits += '-';
  return {digits.rbegin(), digits.rend()};
}

struct Merged {
  std::string key;
  Wide count = 0;
  std::vector<Wide> values;

  std::string text() const {
    std::string words = "count " + decimal(count);
    for (std::size_t i = 0; i < values.size(); ++i) words += (i == 0 ? ", values " : ", ") + decimal(values[i]);
    return words;
  }
};

/// Walks over columns in the order of their keys, merging equal ones.
class InOrder {
 public:
  InOrder(const Columns& rows, std::span<const ValueColumn> columns, MemoryBudget& budget)
      : rows_(rows), columns_(columns), order_(rows.size(), BudgetAllocator<std::uint32_t>(budget)) {
    std::iota(order_.begin(), order_.end(), std::uint32_t{0});
    std::ranges::sort(order_, [this](std::uint32_t a, std::uint32_t b) { return text(a) < text(b); });
  }

  std::optional<Merged> next() {
    if (at_ == order_.size()) return std::nullopt;
    Merged merged{std::string(text(order_[at_]).view()), 0, {}};
    for (bool first = true; at_ < order_.size() && text(order_[at_]).view() == merged.key; first = false)
      add(order_[at_++], first, merged);
    return merged;
  }

 private:
  /// A key's text, which for a packed key is nowhere in memory.
  struct Text {
    char packed[8] = {};
    std::uint32_t packed_length = 0;
    std::string_view hashed;
    std::string_view view() const { return hashed.empty() ? std::string_view(packed, packed_length) : hashed; }
    bool operator<(const Text& other) const { return view() < other.view(); }
  };
  Text text(std::uint32_t row) const {
    Text found;
    if (is_packed(rows_.keys[row])) {
      found.packed_length = unpack(rows_.keys[row], found.packed);
    } else {
      found.hashed = rows_.hashed_text(row);
    }
    return found;
  }
  void add(std::uint32_t row, bool first, Merged& merged) const {
    merged.count += rows_.counts[row];
    merged.values.resize(columns_.size());
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const Wide value = rows_.values[c][row];
      Wide& kept = merged.values[c];
      if (first) {
        kept = value;
      } else if (columns_[c].combine == Combine::sum) {
        kept += value;
      } else {
        kept = columns_[c].combine == Combine::min ? std::min(kept, value) : std::max(kept, value);
      }
    }
  }

  const Columns& rows_;
  std::span<const ValueColumn> columns_;
  BudgetVector<std::uint32_t> order_;
  std::size_t at_ = 0;
};

}  // namespace

std::string first_difference(const Finding& a, const Finding& b, std::span<const ValueColumn> columns,
                             MemoryBudget& budget) {
  InOrder left(a.columns, columns, budget);
  InOrder right(b.columns, columns, budget);
  for (;;) {
    const std::optional<Merged> x = left.next();
    const std::optional<Merged> y = right.next();
    if (!x && !y) return {};
    if (x && y && x->key == y->key && x->count == y->count && x->values == y->values) continue;
    const bool x_has_it = x && (!y || x->key <= y->key);
    const bool y_has_it = y && (!x || y->key <= x->key);
    const auto says = [](std::string_view who, bool has_it, const std::optional<Merged>& found) {
      return std::string(who) + " has " + (has_it ? found->text() : "no such key");
    };
    return "for the key \"" + excerpt(x_has_it ? x->key : y->key) + "\" " + says(a.who, x_has_it, x) + ", " +
           says(b.who, y_has_it, y);
  }
}

}  // namespace millrace
