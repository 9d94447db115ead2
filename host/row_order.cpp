// Sorting rows by a rank and a key prefix that fit registers; texts are compared only on ties.
// SPDX-License-Identifier: Apache-2.0
#include "host/row_order.h"

#include <algorithm>
#include <limits>

#include "kernels/key.h"

namespace millrace {
namespace {

struct SortKey {
  std::uint64_t rank;    ///< smaller comes first
  std::uint64_t prefix;  ///< the first seven bytes of the key, then its length up to seven
  std::uint32_t row;
};

// Maps larger values to smaller ranks. A sum beyond 64 bits is clamped: it cannot be shown anyway.
std::uint64_t descending(WideSum value) {
  const WideSum low = std::numeric_limits<std::int64_t>::min();
  const WideSum high = std::numeric_limits<std::int64_t>::max();
  const auto clamped = static_cast<std::int64_t>(std::clamp(value, low, high));
  return ~(static_cast<std::uint64_t>(clamped) ^ (std::uint64_t{1} << 63));
}

WideSum floor_quotient(WideSum sum, std::int64_t count) {
  const WideSum quotient = sum / count;
  return sum % count < 0 ? quotient - 1 : quotient;
}

class RowOrder {
 public:
  RowOrder(const PaneState& state, const Plan& plan)
      : state_(state),
        measure_(plan.measures.front()),
        column_(column_of(measure_, value_columns(plan.measures))) {}

  std::uint64_t rank(std::size_t row) const {
    if (!column_) return descending(state_.count(row));
    const WideSum value = state_.value(row, *column_);
    return descending(measure_.reduction == Reduction::mean ? floor_quotient(value, state_.count(row)) : value);
  }

  std::uint64_t prefix(std::size_t row) const {
    const Key key = state_.key(row);
    if (is_packed(key)) return ordered(key);
    char scratch[8];
    return ordered(pack(state_.text(row, scratch).data(), kPackedBytesMax));
  }

  bool by_value(const SortKey& a, const SortKey& b) const {
    if (a.rank != b.rank) return a.rank < b.rank;
    if (measure_.reduction == Reduction::mean) {
      const int difference = compare_fractions(a.row, b.row);
      if (difference != 0) return difference > 0;
    }
    return by_key(a, b);
  }

  bool by_key(const SortKey& a, const SortKey& b) const {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    char left[8];
    char right[8];
    return state_.text(a.row, left) < state_.text(b.row, right);
  }

 private:
  // Means with the same floor differ in remainder / count, both below 2^63: the products fit.
  int compare_fractions(std::size_t a, std::size_t b) const {
    const auto remainder = [&](std::size_t row) {
      const WideSum sum = state_.value(row, *column_);
      return sum - floor_quotient(sum, state_.count(row)) * state_.count(row);
    };
    const WideSum left = remainder(a) * state_.count(b);
    const WideSum right = remainder(b) * state_.count(a);
    return left < right ? -1 : left > right ? 1 : 0;
  }

  const PaneState& state_;
  Measure measure_;
  std::optional<std::size_t> column_;
};

}  // namespace

BudgetVector<std::uint32_t> ordered_rows(const PaneState& state, const Plan& plan, MemoryBudget& budget) {
  BudgetVector<std::uint32_t> rows{BudgetAllocator<std::uint32_t>(budget)};
  const std::size_t size = state.size();
  const std::size_t shown = plan.top == 0 ? size : std::min(plan.top, size);
  rows.resize(shown);
  if (plan.order == Order::none && plan.top == 0) {
    for (std::size_t row = 0; row < size; ++row) rows[row] = static_cast<std::uint32_t>(row);
    return rows;
  }

  const RowOrder order(state, plan);
  BudgetVector<SortKey> keys{BudgetAllocator<SortKey>(budget)};
  keys.reserve(size);
  const bool ranked = plan.top != 0 || plan.order == Order::value;
  for (std::size_t row = 0; row < size; ++row)
    keys.push_back({ranked ? order.rank(row) : 0, order.prefix(row), static_cast<std::uint32_t>(row)});

  const auto by_value = [&](const SortKey& a, const SortKey& b) { return order.by_value(a, b); };
  const auto by_key = [&](const SortKey& a, const SortKey& b) { return order.by_key(a, b); };
  const auto end = keys.begin() + static_cast<std::ptrdiff_t>(shown);
  if (shown < size) std::nth_element(keys.begin(), end, keys.end(), by_value);
  if (plan.order == Order::key) {
    std::sort(keys.begin(), end, by_key);
  } else {
    std::sort(keys.begin(), end, by_value);
  }
  std::transform(keys.begin(), end, rows.begin(), [](const SortKey& key) { return key.row; });
  return rows;
}

}  // namespace millrace
