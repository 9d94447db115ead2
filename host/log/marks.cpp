// The latest mark of each partition.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/marks.h"

#include <algorithm>
#include <iterator>
#include <ranges>

namespace millrace {

void merge_marks(Marks& into, const Marks& news) {
  if (news.empty()) return;
  into.insert(into.end(), news.begin(), news.end());
  std::ranges::stable_sort(into, {}, &Mark::partition);
  // Of equals unique keeps the first it meets: from behind, that is the latest.
  const auto older = std::ranges::unique(std::views::reverse(into), {}, &Mark::partition);
  into.erase(into.begin(), older.begin().base());
}

void merge_marks(std::vector<Marks>& into, const std::vector<Marks>& news) {
  into.resize(std::max(into.size(), news.size()));
  for (std::size_t reader = 0; reader < news.size(); ++reader) merge_marks(into[reader], news[reader]);
}

}  // namespace millrace
