// Finding the field that a record was rejected for.
// SPDX-License-Identifier: Apache-2.0
#include "host/state/bad_records.h"

#include <algorithm>

#include <millrace/error.h>

#include "kernels/field.h"
#include "kernels/value.h"

namespace millrace {
namespace {

constexpr std::size_t kRecordShown = 80;
constexpr std::size_t kFieldShown = 40;

bool is_why(RejectReason reason, const Field& field, const char* text, std::uint32_t scale) {
  if (reason == RejectReason::missing_field) return !field.found;
  if (!field.found) return false;
  const ValueStatus status = parse_value(text + field.where.offset, field.where.length, scale).status;
  return status == (reason == RejectReason::overflow ? ValueStatus::overflow : ValueStatus::malformed);
}

}  // namespace

BadRecord describe(RejectReason reason, std::string_view record, const Plan& plan) {
  BadRecord bad{.reason = reason, .text = excerpt(record, kRecordShown)};
  if (plan.keyed_by != KeyedBy::fields || reason == RejectReason::oversized) return bad;
  std::vector<std::uint32_t> fields = plan.fields.values;
  if (reason == RejectReason::missing_field) fields.insert(fields.begin(), plan.fields.key);
  const Token whole{0, static_cast<std::uint32_t>(record.size())};
  for (const std::uint32_t number : fields) {
    const Field field = find_field(record.data(), whole, plan.fields.delimiter, number - 1);
    if (!is_why(reason, field, record.data(), plan.fields.scale)) continue;
    bad.field = number;
    if (field.found)
      bad.field_text = excerpt(record.substr(field.where.offset, field.where.length), kFieldShown);
    break;
  }
  return bad;
}

std::string BadRecord::place() const {
  return input.empty() ? "" : " (" + input + " at offset " + std::to_string(offset) + ')';
}

void add_shown(std::vector<BadRecord>& shown, const std::vector<BadRecord>& more) {
  const std::size_t room = kBadRecordsShown - std::min(shown.size(), kBadRecordsShown);
  shown.insert(shown.end(), more.begin(),
               more.begin() + static_cast<std::ptrdiff_t>(std::min(room, more.size())));
}

}  // namespace millrace
