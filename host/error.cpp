// Texts of errors.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/error.h>

#include <system_error>

namespace millrace {
namespace {

std::string join_lines(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) {
    if (!text.empty()) text += '\n';
    text += problem;
  }
  return text;
}

std::string mebibytes(std::size_t bytes) {
  return std::to_string((bytes + (1U << 20) - 1) >> 20) + "MiB";
}

}  // namespace

ConfigError::ConfigError(std::vector<std::string> problems, int exit_code)
    : Error(join_lines(problems)), problems_(std::move(problems)), exit_code_(exit_code) {}

IoError IoError::from_errno(std::string_view what, int error_number) {
  return IoError(std::string(what) + ": " + std::generic_category().message(error_number));
}

BudgetError::BudgetError(std::string_view what, std::size_t needed, std::size_t limit)
    : Error("the memory budget of " + mebibytes(limit) + " does not hold the " + std::string(what) +
            ": at least " + mebibytes(needed) + " are needed; give more with --memory"),
      needed_(needed) {}

void detail::broken(std::string_view promise, const std::source_location& where) {
  throw InternalError(std::string("internal error: ") + std::string(promise) + " (" + where.file_name() + ":" +
                      std::to_string(where.line()) + ")");
}

}  // namespace millrace
