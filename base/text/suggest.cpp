// Edit distance with swaps of neighbours, the commonest slip of fingers.
// SPDX-License-Identifier: Apache-2.0
#include "base/text/suggest.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace millrace {
namespace {

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view misspelt, std::span<const std::string_view> known) {
  std::string_view best;
  // A third of the letters may be wrong, but never the whole word. Among equals the length decides.
  std::pair best_cost(std::max<std::size_t>(1, misspelt.size() / 3) + 1, std::size_t{0});
  for (const std::string_view name : known) {
    const std::size_t longer = std::max(name.size(), misspelt.size()) - std::min(name.size(), misspelt.size());
    if (longer > best_cost.first) continue;  // each letter too many is an edit
    const std::size_t distance = edits(misspelt, name);
    if (distance < name.size() && std::pair(distance, longer) < best_cost) {
      best = name;
      best_cost = {distance, longer};
    }
  }
  return best;
}

std::string did_you_mean(std::string_view misspelt, std::span<const std::string_view> known) {
  const std::string_view name = nearest(misspelt, known);
  return name.empty() ? std::string() : " (did you mean \"" + std::string(name) + "\"?)";
}

}  // namespace millrace
