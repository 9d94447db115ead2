// Names of enumerators.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/plan.h>
#include <millrace/types.h>

namespace millrace {

std::string_view to_string(RejectReason reason) {
  switch (reason) {
    case RejectReason::oversized: return "oversized";
    case RejectReason::missing_field: return "missing field";
    case RejectReason::malformed: return "malformed value";
    case RejectReason::overflow: return "value overflow";
  }
  return "unknown";
}

std::string_view to_string(Reduction reduction) {
  switch (reduction) {
    case Reduction::count: return "count";
    case Reduction::sum: return "sum";
    case Reduction::min: return "min";
    case Reduction::max: return "max";
    case Reduction::mean: return "mean";
  }
  return "unknown";
}

std::string_view to_string(KeyedBy keyed_by) {
  switch (keyed_by) {
    case KeyedBy::words: return "words";
    case KeyedBy::split: return "split";
    case KeyedBy::fields: return "fields";
    case KeyedBy::record: return "lines";
    case KeyedBy::rows: return "rows";
  }
  return "unknown";
}

std::string_view to_string(Order order) {
  switch (order) {
    case Order::value: return "value";
    case Order::key: return "key";
    case Order::none: return "none";
  }
  return "unknown";
}

}  // namespace millrace
