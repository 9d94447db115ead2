// Plans and inputs that backends are tried with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <rapidcheck.h>

#include "tests/kernels/test_batches.h"

namespace millrace {

inline Plan record_plan() {
  Plan plan;
  plan.keyed_by = KeyedBy::record;
  return plan;
}

inline Plan split_plan(char delimiter) {
  Plan plan;
  plan.keyed_by = KeyedBy::split;
  plan.fields.delimiter = delimiter;
  return plan;
}

/// Every reduction, over two value columns.
inline std::vector<Measure> all_measures() {
  return {{Reduction::sum, 1}, {Reduction::count},  {Reduction::min, 0}, {Reduction::mean, 0},
          {Reduction::max, 1}, {Reduction::sum, 1}, {Reduction::max, 0}, {Reduction::min, 1}};
}

/// Key in field 1, values with two decimals in fields 2 and 3, commas between.
inline Plan fields_plan() {
  Plan plan;
  plan.keyed_by = KeyedBy::fields;
  plan.fields = {.delimiter = ',', .key = 1, .values = {2, 3}, .scale = 0};
  plan.measures = all_measures();
  plan.fields.scale = 2;
  return plan;
}

inline Plan rows_plan() {
  Plan plan;
  plan.keyed_by = KeyedBy::rows;
  plan.row_values = 2;
  plan.measures = all_measures();
  return plan;
}

inline rc::Gen<Plan> any_plan() {
  return rc::gen::exec([] {
    Plan plan;
    plan.keyed_by = *rc::gen::element(KeyedBy::words, KeyedBy::split, KeyedBy::fields, KeyedBy::record);
    plan.words = {*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>()};
    plan.fields.delimiter = *rc::gen::element(',', ' ', 'a', '\0', '\r', '\x80');
    if (plan.keyed_by != KeyedBy::fields) return plan;
    plan.fields.key = *rc::gen::inRange(1U, 4U);
    plan.fields.scale = *rc::gen::element(0U, 1U, 2U, 18U);
    const auto values = *rc::gen::inRange(0U, 3U);
    for (unsigned i = 0; i < values; ++i) {
      plan.fields.values.push_back(*rc::gen::inRange(1U, 4U));
      for (const Reduction reduction : {Reduction::sum, Reduction::min, Reduction::max})
        if (*rc::gen::arbitrary<bool>()) plan.measures.push_back({reduction, i});
    }
    return plan;
  });
}

/// Records without newlines, rich in separators, NUL, high bytes, numbers and long words.
inline rc::Gen<std::vector<std::string>> any_records() {
  using namespace std::string_literals;
  const auto piece =
      rc::gen::element(" "s, ","s, ","s, "\t"s, "\r"s, "\0"s, "a"s, "B"s, "b"s, "\x80"s, "\xff"s, "-"s, "1"s,
                       "-2.5"s, "0.30"s, "9223372036854775807"s, "-9223372036854775808"s,
                       "99999999999999999999"s, "longerword"s, "LongerWord"s, "longerwore"s, "sevenby"s,
                       "eightbyt"s, "word-that-is-longer-than-one-block-of-sixty-four-bytes-by-a-few"s);
  const auto record = rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const auto& pieces) {
    std::string text;
    for (const std::string& p : pieces) text += p;
    return text;
  });
  return rc::gen::resize(12, rc::gen::container<std::vector<std::string>>(record));
}

/// The records in batches of any size, in any order, some with record ends and some with newlines.
inline rc::Gen<std::vector<TestBatch>> any_cutting(const std::vector<std::string>& records) {
  return rc::gen::exec([records] {
    std::vector<TestBatch> batches;
    for (std::size_t at = 0; at < records.size();) {
      const std::size_t n = *rc::gen::inRange<std::size_t>(1, records.size() - at + 1);
      const std::vector<std::string> part(records.begin() + static_cast<std::ptrdiff_t>(at),
                                          records.begin() + static_cast<std::ptrdiff_t>(at + n));
      if (*rc::gen::arbitrary<bool>()) {
        batches.push_back(message_batch(part));
      } else {
        std::string text;
        // A line loses one carriage return before its newline; a message keeps it.
        for (const std::string& record : part) text += record + (record.ends_with('\r') ? "\r\n" : "\n");
        batches.push_back(text_batch(text));
      }
      std::swap(batches.back(), batches[*rc::gen::inRange<std::size_t>(0, batches.size())]);
      at += n;
    }
    return batches;
  });
}

}  // namespace millrace
