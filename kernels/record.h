// The key and the values of one record of a fields job, or why it cannot be counted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <millrace/types.h>

#include "kernels/field.h"
#include "kernels/hd.h"
#include "kernels/value.h"

namespace millrace {

/// FieldRule as a device can read it, with the numbers that the user gave: they count from 1.
struct FieldView {
  char delimiter = ',';
  std::uint32_t key = 1;
  const std::uint32_t* values = nullptr;  ///< the numbers of the value fields
  std::uint32_t value_count = 0;
  std::uint32_t scale = 0;
};

struct RecordFields {
  Token key;
  bool counted = false;
  RejectReason reason = RejectReason::missing_field;  ///< where it is not counted
};

/// Reads the key and writes `rule.value_count` values. Every field that the rule names is needed; the
/// first problem, in the order key, values, is the reason. `find(index)` gives a field of the record, where
/// the first has index 0: here alone the numbers of users become those of the kernels.
template <class Find>
MILLRACE_HD constexpr RecordFields read_fields(const char* text, Find find, const FieldView& rule,
                                               std::int64_t* values) {
  const Field key = find(rule.key - 1);
  if (!key.found) return {};
  for (std::uint32_t i = 0; i < rule.value_count; ++i) {
    const Field field = find(rule.values[i] - 1);
    if (!field.found) return {};
    const Value value = parse_value(text + field.where.offset, field.where.length, rule.scale);
    if (value.status == ValueStatus::malformed) return {{}, false, RejectReason::malformed};
    if (value.status == ValueStatus::overflow) return {{}, false, RejectReason::overflow};
    values[i] = value.number;
  }
  return {key.where, true, {}};
}

/// The same, from the bytes of a record.
MILLRACE_HD constexpr RecordFields read_fields(const char* text, Token record, const FieldView& rule,
                                               std::int64_t* values) {
  const auto find = [&](std::uint32_t index) { return find_field(text, record, rule.delimiter, index); };
  return read_fields(text, find, rule, values);
}

namespace detail {
constexpr std::uint32_t kSecondField[] = {2};
constexpr RecordFields read_example(const char* text, std::uint32_t length) {
  std::int64_t value[1] = {};
  return read_fields(text, Token{0, length}, FieldView{',', 1, kSecondField, 1, 0}, value);
}
}  // namespace detail

static_assert(detail::read_example("k,1", 3).counted && detail::read_example("k,1", 3).key == Token{0, 1});
static_assert(!detail::read_example("k", 1).counted);
static_assert(detail::read_example("k", 1).reason == RejectReason::missing_field);
static_assert(detail::read_example("k,x", 3).reason == RejectReason::malformed);
static_assert(detail::read_example("k,9223372036854775808", 21).reason == RejectReason::overflow);

}  // namespace millrace
