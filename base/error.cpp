// Texts of errors.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/error.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <limits>
#include <system_error>

#include <millrace/quantity.h>
#include "base/text/printable.h"

namespace millrace {
namespace {

std::string join_lines(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) {
    if (!text.empty()) text += '\n';
    append_printable(problem, text);
  }
  return text;
}

// The ends of lines stay: they are ours, between problems.
std::string printable_lines(std::string_view text) {
  std::string lines;
  while (true) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    append_printable(text.substr(0, length), lines);
    if (length == text.size()) return lines;
    lines += '\n';
    text.remove_prefix(length + 1);
  }
}

// Nobody knows how much of the input is still to come, so the advice leaves room.
std::string advice(std::size_t needed) {
  constexpr std::size_t most = std::size_t{1}
                               << (std::numeric_limits<std::size_t>::digits - 2);  // 3 / 2 of it fit
  return size_text(std::bit_ceil(std::min(needed, most) / 2 * 3));
}

std::string_view remedy(int error_number) {
  switch (error_number) {
    case EMFILE: return ": allow this process more with ulimit -n";
    case ENFILE: return ": close others, or raise fs.file-max";
    default: return "";
  }
}

}  // namespace

std::string excerpt(std::string_view data, std::size_t most) {
  return printable(front(data, most)) + (data.size() > most ? "…" : "");
}

Error::Error(const std::string& text) : std::runtime_error(printable_lines(text)) {}

ConfigError::ConfigError(std::vector<std::string> problems, int exit_code)
    : Error(join_lines(problems)), problems_(std::move(problems)), exit_code_(exit_code) {
  for (std::string& problem : problems_) problem = printable(problem);
}

IoError IoError::from_errno(std::string_view what, int error_number) {
  return IoError(excerpt(what) + ": " + std::generic_category().message(error_number) +
                 std::string(remedy(error_number)));
}

BudgetError::BudgetError(std::string_view what, std::size_t needed, std::size_t limit)
    : Error("the memory budget of " + size_text(limit) + " does not hold the " + std::string(what) +
            ": at least " + size_text(needed) + " are needed so far; try --memory " + advice(needed)),
      needed_(needed) {}

BudgetError BudgetError::machine_is_full(std::string_view what, std::size_t needed) {
  return {"the machine gives no more memory for the " + std::string(what) + " (" + size_text(needed) +
              " were asked for, within the budget): free some, or raise its limit",
          needed};
}

void detail::broken(std::string_view promise, const std::source_location& where) {
  throw InternalError(std::string("internal error: ") + std::string(promise) + " (" + where.file_name() + ":" +
                      std::to_string(where.line()) + ")");
}

}  // namespace millrace
