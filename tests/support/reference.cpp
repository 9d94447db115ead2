// The plainest way to read records, fields and values. Shares no code with kernels/.
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/reference.h"

#include <algorithm>
#include <sstream>

namespace millrace::reference {
namespace {

std::string text_of(const Batch& batch, std::size_t at, std::size_t length) {
  std::string text;
  for (std::size_t i = at; i < at + length; ++i) text += static_cast<char>(batch.bytes[i]);
  return text;
}

std::vector<std::string> split(const std::string& text, char delimiter) {
  std::vector<std::string> pieces(1);
  for (const char c : text) {
    if (c == delimiter) {
      pieces.emplace_back();
    } else {
      pieces.back() += c;
    }
  }
  return pieces;
}

std::vector<std::string> records_of(const Batch& batch) {
  if (!batch.ends.empty()) {
    std::vector<std::string> records;
    std::size_t begin = 0;
    for (const std::size_t end : batch.ends) {
      records.push_back(text_of(batch, begin, end - begin));
      begin = end;
    }
    return records;
  }
  std::vector<std::string> records = split(text_of(batch, 0, batch.bytes.size()), '\n');
  if (records.back().empty()) records.pop_back();  // what follows the last newline is no record
  // Words end at a carriage return anyway.
  for (std::string& record : records)
    if (!record.empty() && record.back() == '\r') record.pop_back();
  return records;
}

bool belongs_to_word(char c, const WordRule& rule) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  if (rule.alphanumeric) return letter || static_cast<unsigned char>(c) > 127;
  return !(c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r');
}

std::vector<std::string> words_of(const std::string& record, const WordRule& rule) {
  std::vector<std::string> words(1);
  for (char c : record) {
    if (rule.fold_case && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (belongs_to_word(c, rule)) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<Wide> column_values(const std::vector<Wide>& inputs, const std::vector<ValueColumn>& columns) {
  std::vector<Wide> values;
  for (const ValueColumn& column : columns) values.push_back(inputs.at(column.value));
  return values;
}

void count_fields(const Plan& plan, Pane pane, const std::string& record, Answer& answer) {
  const std::vector<ValueColumn> columns = value_columns(plan.measures);
  const std::vector<std::string> fields = split(record, plan.fields.delimiter);
  const auto reject = [&](RejectReason reason) { answer.rejects.emplace(record, reason); };
  if (plan.fields.key > fields.size()) return reject(RejectReason::missing_field);
  std::vector<Wide> inputs;
  for (const std::uint32_t number : plan.fields.values) {
    if (number > fields.size()) return reject(RejectReason::missing_field);
    const auto [value, problem] = value_of(fields[number - 1], plan.fields.scale);
    if (problem) return reject(*problem);
    inputs.push_back(value);
  }
  answer.add(pane, fields[plan.fields.key - 1], 1, column_values(inputs, columns), columns);
}

void count_record(const Plan& plan, Pane pane, const std::string& record, Answer& answer) {
  if (plan.keyed_by == KeyedBy::words) {
    for (const std::string& word : words_of(record, plan.words)) answer.add(pane, word, 1, {}, {});
    return;
  }
  if (plan.keyed_by == KeyedBy::fields) return count_fields(plan, pane, record, answer);
  if (plan.keyed_by == KeyedBy::record) return answer.add(pane, record, 1, {}, {});
  for (const std::string& piece : split(record, plan.fields.delimiter)) answer.add(pane, piece, 1, {}, {});
}

void count_rows(const Plan& plan, const Batch& batch, Answer& answer) {
  const std::vector<ValueColumn> columns = value_columns(plan.measures);
  const std::size_t rows = batch.rows.key_at.size();
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<Wide> inputs;
    for (std::size_t i = 0; i < input_values(plan); ++i) inputs.push_back(batch.rows.values[i * rows + row]);
    answer.add(batch.pane, text_of(batch, batch.rows.key_at[row], batch.rows.key_length[row]), 1,
               column_values(inputs, columns), columns);
  }
}

std::string number(Wide value) {
  const std::string sign = value < 0 ? "-" : "";
  std::string digits;
  do {
    digits.insert(0, 1, static_cast<char>('0' + static_cast<int>(value % 10 < 0 ? -(value % 10) : value % 10)));
    value /= 10;
  } while (value != 0);
  return sign + digits;
}

std::string describe(const std::string& key, const Row& row) {
  std::ostringstream out;
  out << '"' << key.substr(0, 80) << "\" (" << key.size() << " bytes): count " << number(row.count)
      << ", values";
  for (const Wide value : row.values) out << ' ' << number(value);
  return out.str();
}

}  // namespace

void Answer::add(Pane pane, const std::string& key, Wide count, const std::vector<Wide>& values,
                 const std::vector<ValueColumn>& columns) {
  Row& row = panes[pane][key];
  row.count += count;
  if (row.values.empty()) {
    row.values = values;
    return;
  }
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].combine == Combine::sum) row.values[c] += values[c];
    if (columns[c].combine == Combine::min) row.values[c] = std::min(row.values[c], values[c]);
    if (columns[c].combine == Combine::max) row.values[c] = std::max(row.values[c], values[c]);
  }
}

std::pair<Wide, std::optional<RejectReason>> value_of(std::string text, std::size_t scale) {
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.erase(0, 1);
  std::string decimals;
  if (const std::size_t point = text.find('.'); point != std::string::npos) {
    decimals = text.substr(point + 1);
    text.resize(point);
    if (!all_digits(decimals)) return {0, RejectReason::malformed};
    while (decimals.size() > scale && decimals.back() == '0') decimals.pop_back();
    if (decimals.size() > scale) return {0, RejectReason::malformed};
  }
  if (!all_digits(text)) return {0, RejectReason::malformed};
  decimals.resize(scale, '0');
  std::string digits = text + decimals;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > 25) return {0, RejectReason::overflow};
  Wide number = 0;
  for (const char digit : digits) number = number * 10 + (digit - '0');
  if (negative) number = -number;
  if (number > INT64_MAX || number < INT64_MIN) return {0, RejectReason::overflow};
  return {number, std::nullopt};
}

void count(const Plan& plan, const Batch& batch, Answer& answer) {
  if (batch.has_rows) return count_rows(plan, batch, answer);
  for (const std::string& record : records_of(batch)) count_record(plan, batch.pane, record, answer);
}

std::string difference(const Answer& actual, const Answer& expected) {
  for (const auto& [pane, rows] : expected.panes) {
    const auto found = actual.panes.find(pane);
    if (found == actual.panes.end()) return "pane " + std::to_string(pane.index) + " is missing";
    for (const auto& [key, row] : rows) {
      const auto same = found->second.find(key);
      if (same == found->second.end()) return "missing: " + describe(key, row);
      if (same->second != row) return "expected " + describe(key, row) + "; got " + describe(key, same->second);
    }
    for (const auto& [key, row] : found->second)
      if (!rows.contains(key)) return "too much: " + describe(key, row);
  }
  if (actual.panes.size() != expected.panes.size()) return "there are more panes than expected";
  if (actual.rejects.size() != expected.rejects.size())
    return "expected " + std::to_string(expected.rejects.size()) + " rejects, got " +
           std::to_string(actual.rejects.size());
  // Equal records were rejected for equal reasons, so that their order does not matter.
  if (actual.rejects != expected.rejects) return "rejects differ";
  return {};
}

}  // namespace millrace::reference
