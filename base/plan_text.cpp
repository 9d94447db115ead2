// The canonical text of a plan, and how two differ.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/plan.h>

#include <algorithm>
#include <set>

#include <millrace/quantity.h>

#include "base/text/printable.h"

namespace millrace {
namespace {

// Texts that were kept are compared with what this writes. Nothing of it changes; what is new gets a line,
// which is left out where it has the value that held before there was one.

void add_line(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\n");
}

std::string_view text_of(bool is_set) {
  return is_set ? "true" : "false";
}

void append_item(std::string& list, std::string_view item) {
  if (!list.empty()) list += ',';
  list += item;
}

// A record is counted if all of them are decimals, in whatever order.
std::string values_text(const std::vector<std::uint32_t>& values) {
  std::string text;
  for (const std::uint32_t field : std::set(values.begin(), values.end()))
    append_item(text, std::to_string(field));
  return text;
}

// As the flag reads it: "count,sum:4".
std::string measures_text(const Plan& plan) {
  std::string text;
  for (const Measure& measure : plan.measures) {
    std::string item(to_string(measure.reduction));
    if (measure.reduction != Reduction::count) item += ':' + std::to_string(value_number(measure, plan));
    append_item(text, item);
  }
  return text;
}

void add_delimiter(std::string& text, const FieldRule& rule) {
  add_line(text, "delimiter", '\'' + printable({&rule.delimiter, 1}) + '\'');
}

void add_fields(std::string& text, const FieldRule& rule) {
  add_delimiter(text, rule);
  add_line(text, "key", std::to_string(rule.key));
  if (rule.values.empty()) return;
  add_line(text, "value", values_text(rule.values));
  add_line(text, "scale", std::to_string(rule.scale));
}

void add_keys(std::string& text, const Plan& plan) {
  add_line(text, "by", to_string(plan.keyed_by));
  switch (plan.keyed_by) {
    case KeyedBy::words:
      add_line(text, "fold-case", text_of(plan.words.fold_case));
      add_line(text, "alphanumeric", text_of(plan.words.alphanumeric));
      break;
    case KeyedBy::split: add_delimiter(text, plan.fields); break;
    case KeyedBy::fields: add_fields(text, plan.fields); break;
    case KeyedBy::rows: add_line(text, "row-values", std::to_string(plan.row_values)); break;
    case KeyedBy::record: break;
  }
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::string canonical_text(const Plan& plan) {
  std::string text;
  add_keys(text, plan);
  add_line(text, "measure", measures_text(plan));
  add_line(text, "every", duration_text(plan.every));
  add_line(text, "top", std::to_string(plan.top));
  // The first rows by value come in that order if none is asked for.
  const bool by_value = plan.top != 0 && plan.order == Order::none;
  add_line(text, "order", to_string(by_value ? Order::value : plan.order));
  return text;
}

std::vector<std::string> differences(std::string_view text, std::string_view other) {
  const std::vector<std::string_view> first = lines_of(text);
  const std::vector<std::string_view> second = lines_of(other);
  std::vector<std::string> names;
  const auto add_missing = [&names](const auto& lines, const auto& others) {
    for (const std::string_view line : lines) {
      const std::string_view name = line.substr(0, line.find(':'));
      const bool is_there = std::ranges::find(others, line) != others.end();
      if (!is_there && std::ranges::find(names, name) == names.end()) names.emplace_back(name);
    }
  };
  add_missing(first, second);
  add_missing(second, first);
  return names;
}

}  // namespace millrace
