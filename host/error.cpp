// Texts of errors.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/error.h>

#include <bit>
#include <cerrno>
#include <system_error>

#include <millrace/quantity.h>

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

std::string without_zero_bytes(const std::string& text) {
  std::string whole;
  for (const char byte : text) {
    if (byte == '\0')
      whole += "\\x00";
    else
      whole += byte;
  }
  return whole;
}

// Nobody knows how much of the input is still to come, so the advice leaves room.
std::string advice(std::size_t needed) {
  return size_text(std::bit_ceil(needed + needed / 2));
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
  if (data.size() <= most) return std::string(data);
  const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(data[at]) & 0xC0U) == 0x80; };
  std::size_t end = most;
  while (end > 0 && end + 3 > most && continues(end)) --end;
  return std::string(data.substr(0, end)) + "…";
}

Error::Error(const std::string& text) : std::runtime_error(without_zero_bytes(text)) {}

ConfigError::ConfigError(std::vector<std::string> problems, int exit_code)
    : Error(join_lines(problems)), problems_(std::move(problems)), exit_code_(exit_code) {}

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
