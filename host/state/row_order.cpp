// Ranks of rows, the first rows of many, and values that need more than a rank.
// SPDX-License-Identifier: Apache-2.0
#include "host/state/row_order.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "host/state/row_sort.h"

namespace millrace {
namespace {

using RowList = BudgetVector<std::uint32_t>;
using RankList = BudgetVector<std::uint64_t>;

/// What decides the place of a row, but for long keys and means.
struct Place {
  std::uint64_t rank;  ///< the smaller one comes first
  std::uint64_t prefix;
  std::uint32_t row;
};

// Maps larger values to no larger ranks: a sum beyond 64 bits is clamped.
std::uint64_t descending(Int128 value) {
  const Int128 low = std::numeric_limits<std::int64_t>::min();
  const Int128 high = std::numeric_limits<std::int64_t>::max();
  const auto clamped = static_cast<std::int64_t>(std::clamp(value, low, high));
  return ~(static_cast<std::uint64_t>(clamped) ^ (std::uint64_t{1} << 63));
}

Int128 floor_quotient(Int128 sum, std::int64_t count) {
  const Int128 quotient = sum / count;
  return sum % count < 0 ? quotient - 1 : quotient;
}

class RowOrder {
 public:
  RowOrder(const PaneState& state, const Plan& plan)
      : state_(state),
        measure_(plan.measures.front()),
        column_(column_of(measure_, value_columns(plan.measures))) {}

  /// Of a mean it tells only the whole part, of a sum only what 64 bits hold.
  std::uint64_t rank(std::size_t row) const {
    if (!column_) return descending(state_.count(row));
    const Int128 value = state_.value(row, *column_);
    return descending(is_mean() ? floor_quotient(value, state_.count(row)) : value);
  }
  /// Rows of one rank may have different values.
  bool rank_is_rounded() const { return is_mean() || (column_ && state_.is_wide(*column_)); }

  Place place(std::size_t row) const {
    return {rank(row), prefix_of(state_.columns(), row), static_cast<std::uint32_t>(row)};
  }
  bool has_larger_value(const Place& a, const Place& b) const {
    if (a.rank != b.rank || !rank_is_rounded()) return a.rank < b.rank;
    if (is_mean()) return compare_fractions(a.row, b.row) > 0;
    return state_.value(a.row, *column_) > state_.value(b.row, *column_);
  }
  bool comes_before(const Place& a, const Place& b) const {
    if (has_larger_value(a, b)) return true;
    if (has_larger_value(b, a)) return false;
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    char left[8];
    char right[8];
    return state_.text(a.row, left) < state_.text(b.row, right);
  }

 private:
  bool is_mean() const { return measure_.reduction == Reduction::mean; }

  // Means with the same floor differ in remainder / count, both below 2^63: the products fit.
  int compare_fractions(std::size_t a, std::size_t b) const {
    const auto remainder = [&](std::size_t row) {
      const Int128 sum = state_.value(row, *column_);
      return sum - floor_quotient(sum, state_.count(row)) * state_.count(row);
    };
    const Int128 left = remainder(a) * state_.count(b);
    const Int128 right = remainder(b) * state_.count(a);
    return left < right ? -1 : left > right ? 1 : 0;
  }

  const PaneState& state_;
  Measure measure_;
  std::optional<std::size_t> column_;
};

RowList all_rows(std::size_t size, MemoryBudget& budget) {
  RowList rows(size, BudgetAllocator<std::uint32_t>(budget));
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

/// The first `shown` of all rows, in any order. Twice as many and some more are looked at together, so that
/// little memory is needed and the choice is seldom made.
RowList first_rows(const RowOrder& order, std::size_t size, std::size_t shown, MemoryBudget& budget) {
  constexpr std::size_t kSomeMore = 1024;
  const std::size_t together = std::min(size, 2 * std::min(shown, size) + kSomeMore);
  BudgetVector<Place> places{BudgetAllocator<Place>(budget)};
  places.reserve(together);
  std::uint64_t worst = std::numeric_limits<std::uint64_t>::max();
  const auto choose = [&] {
    if (places.size() <= shown) return;
    std::ranges::nth_element(places, places.begin() + static_cast<std::ptrdiff_t>(shown),
                             [&](const Place& a, const Place& b) { return order.comes_before(a, b); });
    places.resize(shown);
    worst = std::ranges::max(places, {}, &Place::rank).rank;
  };
  for (std::size_t row = 0; row < size; ++row) {
    if (order.rank(row) > worst) continue;
    places.push_back(order.place(row));
    if (places.size() == together) choose();
  }
  choose();
  RowList rows(places.size(), BudgetAllocator<std::uint32_t>(budget));
  std::ranges::transform(places, rows.begin(), &Place::row);
  return rows;
}

/// Numbers the values of the rows, so that equal ones have equal ranks, and puts the rows into their order.
RankList numbered_values(const RowOrder& order, RowList& rows, MemoryBudget& budget) {
  BudgetVector<Place> places{BudgetAllocator<Place>(budget)};
  places.reserve(rows.size());
  for (const std::uint32_t row : rows) places.push_back({order.rank(row), 0, row});
  const auto larger = [&](const Place& a, const Place& b) { return order.has_larger_value(a, b); };
  std::ranges::sort(places, larger);
  RankList ranks(rows.size(), BudgetAllocator<std::uint64_t>(budget));
  for (std::size_t i = 0; i < places.size(); ++i) {
    rows[i] = places[i].row;
    if (i > 0) ranks[i] = ranks[i - 1] + (larger(places[i - 1], places[i]) ? 1 : 0);
  }
  return ranks;
}

RankList ranks_of(const RowOrder& order, RowList& rows, MemoryBudget& budget) {
  if (order.rank_is_rounded()) return numbered_values(order, rows, budget);
  RankList ranks(rows.size(), BudgetAllocator<std::uint64_t>(budget));
  std::ranges::transform(rows, ranks.begin(), [&](std::size_t row) { return order.rank(row); });
  return ranks;
}

void sort_by_value(const RowOrder& order, RowList& rows, const PaneState& state, MemoryBudget& budget,
                   WorkerPool& workers) {
  RankList ranks = ranks_of(order, rows, budget);
  sort_rows(rows, ranks, state.columns(), budget, workers);
}

void sort_by_key(RowList& rows, const PaneState& state, MemoryBudget& budget, WorkerPool& workers) {
  RankList alike(rows.size(), BudgetAllocator<std::uint64_t>(budget));
  sort_rows(rows, alike, state.columns(), budget, workers);
}

/// The place of each row of `rows` in `by_value`, from 1. Both have the same ones.
RowList places_in(const RowList& by_value, const RowList& rows, MemoryBudget& budget) {
  struct Ranked {
    std::uint32_t row;
    std::uint32_t rank;
  };
  BudgetVector<Ranked> ranked{BudgetAllocator<Ranked>(budget)};
  ranked.reserve(rows.size());
  for (const std::uint32_t row : by_value)
    ranked.push_back({row, static_cast<std::uint32_t>(ranked.size() + 1)});
  std::ranges::sort(ranked, {}, &Ranked::row);
  RowList places(rows.size(), BudgetAllocator<std::uint32_t>(budget));
  std::ranges::transform(rows, places.begin(), [&](std::uint32_t row) {
    return std::ranges::lower_bound(ranked, row, {}, &Ranked::row)->rank;
  });
  return places;
}

/// The first rows by value, each with its rank, whatever they are sorted by.
OrderedRows top_rows(const RowOrder& order, const PaneState& state, const Plan& plan, MemoryBudget& budget,
                     WorkerPool& workers) {
  const std::size_t size = state.size();
  RowList rows = plan.top < size ? first_rows(order, size, plan.top, budget) : all_rows(size, budget);
  sort_by_value(order, rows, state, budget, workers);
  if (plan.order != Order::key) {
    RowList ranks(rows.size(), BudgetAllocator<std::uint32_t>(budget));
    std::iota(ranks.begin(), ranks.end(), 1U);
    return {std::move(rows), std::move(ranks)};
  }
  const RowList by_value = rows;
  sort_by_key(rows, state, budget, workers);
  RowList ranks = places_in(by_value, rows, budget);
  return {std::move(rows), std::move(ranks)};
}

}  // namespace

OrderedRows ordered_rows(const PaneState& state, const Plan& plan, MemoryBudget& budget, WorkerPool& workers) {
  const RowOrder order(state, plan);
  if (plan.top != 0) return top_rows(order, state, plan, budget, workers);
  RowList rows = all_rows(state.size(), budget);
  if (plan.order == Order::key) sort_by_key(rows, state, budget, workers);
  if (plan.order == Order::value) sort_by_value(order, rows, state, budget, workers);
  return {std::move(rows), RowList(BudgetAllocator<std::uint32_t>(budget))};
}

}  // namespace millrace
