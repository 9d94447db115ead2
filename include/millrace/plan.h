// What a job computes: how records become keys, what is measured, over which time, in which order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/types.h>

namespace millrace {

enum class Reduction : std::uint8_t { count, sum, min, max, mean };
std::string_view to_string(Reduction reduction);

/// One result column. `value` numbers an input value column (FieldRule::values, or the columns of Rows);
/// a count needs none.
struct Measure {
  Reduction reduction = Reduction::count;
  std::uint32_t value = 0;
  friend bool operator==(const Measure&, const Measure&) = default;
};

/// Where keys come from.
enum class KeyedBy : std::uint8_t {
  words,   ///< runs of bytes between ASCII white space " \t\n\v\f\r"; bytes >= 0x80 and NUL are word bytes
  split,   ///< every piece of a record between delimiters, empty ones too
  fields,  ///< one delimited field of each record, with values from others
  record,  ///< the whole record
  rows,    ///< only the host finds keys and values: no batch can be counted without rows
};
/// As the flag `--by` names it; rows have none.
std::string_view to_string(KeyedBy keyed_by);

/// How words are told apart and made alike.
struct WordRule {
  bool fold_case = false;     ///< ASCII letters to lower case
  bool alphanumeric = false;  ///< only ASCII letters, digits and bytes >= 0x80 are word bytes
  friend bool operator==(const WordRule&, const WordRule&) = default;
};

/// Fields of a record, without quoting. They count from 1, as in `cut`, `sort -k` and `awk`.
struct FieldRule {
  char delimiter = ',';
  std::uint32_t key = 1;              ///< the field that is the key
  std::vector<std::uint32_t> values;  ///< the fields that are values, in the order of Measure::value
  std::uint32_t scale = 0;            ///< digits kept after the decimal point, at most 18
  friend bool operator==(const FieldRule&, const FieldRule&) = default;
};

enum class Order : std::uint8_t {
  value,  ///< first measure descending, then key bytes ascending
  key,    ///< key bytes ascending
  none,   ///< as they come
};
std::string_view to_string(Order order);

/// How many measures a plan may have, and how many values a record or row.
inline constexpr std::size_t kMeasuresMax = 1024;

/// A plan is a value: the command line, the fluent API and the tests build the same one. It holds data alone,
/// so that two can be compared; the user's functions stand beside it, in Job.
struct Plan {
  KeyedBy keyed_by = KeyedBy::words;
  WordRule words;
  FieldRule fields;              ///< also the delimiter of `split`
  std::uint32_t row_values = 0;  ///< values per row, for KeyedBy::rows: others have those of their fields
  std::vector<Measure> measures = {Measure{}};
  std::chrono::nanoseconds every{0};  ///< length of tumbling windows on arrival time; 0: the whole stream
  std::size_t top = 0;                ///< only the first rows of each window; 0: all
  Order order = Order::value;
  friend bool operator==(const Plan&, const Plan&) = default;
};

/// Everything that is wrong with a plan, each with what to do; empty when it can run.
[[nodiscard]] std::vector<std::string> problems(const Plan& plan);

/// What decides a plan's rows, as text: a line `name: value` for each thing, in a fixed order, by the name of
/// its flag where there is one. Two plans have the same text if they mean the same, and only then: what their
/// way of counting does not use is left out. It is the same on every machine and in every later version, so
/// that it may be kept. REQUIRES: the plan has no problems.
[[nodiscard]] std::string canonical_text(const Plan& plan);

/// The names of the lines that are not in both of two canonical texts with the same value: those of the first
/// in its order, then those that only the second has.
[[nodiscard]] std::vector<std::string> differences(std::string_view text, std::string_view other);

/// How two values of one column become one.
enum class Combine : std::uint8_t { sum, min, max };

/// A column that backends and state keep for each key, beside the count.
struct ValueColumn {
  Combine combine = Combine::sum;
  std::uint32_t value = 0;  ///< the input value column it reads
  friend bool operator==(const ValueColumn&, const ValueColumn&) = default;
};

/// The value columns that the measures need, each once, in order of first use. A mean needs its sum.
std::vector<ValueColumn> value_columns(std::span<const Measure> measures);

/// The value column of a measure; none for a count.
std::optional<std::size_t> column_of(const Measure& measure, std::span<const ValueColumn> columns);

/// Values per record on the input side of the backend, and per row, whatever the plan finds keys by.
std::size_t input_values(const Plan& plan);

/// The value of a measure by the number that the user knows: the field, or the place in a row, from 0 on.
/// REQUIRES: the plan has no problems, and it is no count.
std::uint32_t value_number(const Measure& measure, const Plan& plan);

}  // namespace millrace
