// Carriage returns, header lines, quotes.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/input_warnings.h"

#include <algorithm>
#include <array>

#include <millrace/error.h>
#include "base/text/shell_word.h"

#include "kernels/field.h"

namespace millrace {
namespace {

constexpr std::size_t kHeaderShown = 60;

bool has_digit(std::string_view text) {
  return text.find_first_of("0123456789") != std::string_view::npos;
}

std::string_view line_of(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

// How `command`, which reads a file, gets such an input: from a file, or from what comes through a pipe.
std::string piped(const std::string& name, std::string_view command, std::string_view before_file) {
  const bool is_stream = name == "stdin" || name.starts_with("/dev/") || name.starts_with("/proc/");
  if (is_stream) return "... | " + std::string(command) + " | millrace ...";
  return std::string(command) + std::string(before_file) + shell_word(name, "FILE") + " | millrace ...";
}

// Miller's name for it; an argument that no shell takes apart.
std::string separator_option(char delimiter) {
  switch (delimiter) {
    case ',': return "";
    case '\t': return " --ifs tab";
    default: return std::string(" --ifs '") + delimiter + '\'';
  }
}

bool is_about_tables(const std::string& name) {
  constexpr std::array<std::string_view, 4> kEndings = {".csv", ".tsv", ".CSV", ".TSV"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return name.ends_with(ending); });
}

std::uint32_t last_field_of(const FieldRule& fields) {
  return fields.values.empty() ? fields.key : std::max(fields.key, std::ranges::max(fields.values));
}

}  // namespace

InputWarnings::InputWarnings(const Job& job)
    : on_event_(job.options.on_event),
      is_by_lines_(job.plan.keyed_by != KeyedBy::words || job.host),
      is_by_fields_(job.plan.keyed_by == KeyedBy::fields && !job.host),
      only_counts_(job.plan.fields.values.empty()),
      delimiter_(job.plan.fields.delimiter),
      last_field_(last_field_of(job.plan.fields)) {}

void InputWarnings::see(const std::string& name, std::string_view beginning) {
  const std::scoped_lock lock(mutex_);
  if (!told_returns_ && has_bare_returns(beginning)) {
    told_returns_ = true;
    tell(excerpt(name) +
         " ends its lines with \\r alone, which ends no record here: " + piped(name, "tr '\\r' '\\n'", " < "));
  }
  if (!is_by_fields_) return;
  if (!told_header_ && has_header(name, beginning)) {
    told_header_ = true;
    tell("the first line of " + excerpt(name) + " looks like a header, and is counted: \"" +
         excerpt(line_of(beginning), kHeaderShown) + "\"; to leave it out: " + piped(name, "tail -n +2", " "));
  }
  const std::uint64_t quoted = quoted_records(beginning);
  if (quoted == 0) return;
  if (quoted_ == 0)
    first_quoted_ = name;
  else
    ++other_inputs_;
  quoted_ += quoted;
}

void InputWarnings::tell_last() {
  const std::scoped_lock lock(mutex_);
  if (quoted_ == 0) return;
  std::string text = std::to_string(quoted_) + (quoted_ == 1 ? " record" : " records") +
                     " seen in the first 64 KiB of " + excerpt(first_quoted_);
  if (other_inputs_ > 0) text += " and " + std::to_string(other_inputs_) + " more inputs";
  text += std::string(quoted_ == 1 ? " has" : " have") +
          " a field that begins with a quote; quoting is not understood yet, so that quotes are counted and a "
          "delimiter "
          "between them ends the field: ";
  tell(text + piped(first_quoted_, "mlr --icsv" + separator_option(delimiter_) + " --otsv cat", " ") +
       " with --delimiter tab");
  quoted_ = 0;
}

// One that is followed by nothing may be half of a line end of DOS.
bool InputWarnings::has_bare_returns(std::string_view beginning) const {
  return beginning.substr(0, std::max<std::size_t>(beginning.size(), 1) - 1).find('\r') !=
             std::string_view::npos &&
         beginning.find('\n') == std::string_view::npos;
}

// Names have no digits, and the records below them do.
bool InputWarnings::has_header(const std::string& name, std::string_view beginning) const {
  const std::size_t end = beginning.find('\n');
  if (!only_counts_ || end == std::string_view::npos || !is_about_tables(name)) return false;
  const std::string_view header = line_of(beginning);
  return !header.empty() && !has_digit(header) && has_digit(line_of(beginning.substr(end + 1)));
}

std::uint64_t InputWarnings::quoted_records(std::string_view beginning) const {
  // Between spaces, quotes are those of a log, which awk does not mind, either.
  if (delimiter_ == ' ' || beginning.find('"') == std::string_view::npos) return 0;
  std::uint64_t records = 0;
  while (!beginning.empty()) {
    const std::string_view record = line_of(beginning);
    if (has_quoted_field(record)) ++records;
    beginning.remove_prefix(std::min(beginning.find('\n'), beginning.size() - 1) + 1);
  }
  return records;
}

// Fields behind the last one that is used may hold what they like.
bool InputWarnings::has_quoted_field(std::string_view record) const {
  const auto size = static_cast<std::uint32_t>(record.size());
  std::uint32_t from = 0;
  for (std::uint32_t field = 0; field < last_field_ && from <= size; ++field) {
    const Token piece = next_piece(record.data(), from, size, delimiter_);
    if (piece.length > 0 && record[piece.offset] == '"') return true;
    from = piece.offset + piece.length + 1;
  }
  return false;
}

void InputWarnings::tell(std::string text) const {
  if (on_event_) on_event_({Event::Level::warning, std::move(text)});
}

OnBeginning watch_beginnings(const std::shared_ptr<InputWarnings>& input_warnings) {
  if (!input_warnings->wanted()) return {};
  return [input_warnings](const std::string& name, std::span<const std::byte> bytes) {
    input_warnings->see(name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
}

}  // namespace millrace
