// Errors of ours say what to do; those of the machine are told here.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/error_report.h"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include <spdlog/spdlog.h>

#include <millrace/error.h>

#include "base/start_thread.h"
#include "host/program/cli/terminal/human.h"
#include "host/program/cli/terminal/log.h"

namespace millrace::cli {
namespace {

constexpr std::size_t kProblemsShown = 20;
constexpr int kInternal = 70;
constexpr int kInputOutput = 74;
constexpr int kLimit = 75;
constexpr std::string_view kLabel = "millrace: error: ";
constexpr std::string_view kOutOfMemory =
    "millrace: error: out of memory: give a limit with --memory, or allow the process more";

int tell(const Error& error) {
  // An error that asks for status 0 is an end that the user wanted, such as a reader that has seen enough.
  if (error.exit_code() == 0) return 0;
  const auto* config = dynamic_cast<const ConfigError*>(&error);
  if (config == nullptr) {
    spdlog::error(error.what());
    return error.exit_code();
  }
  const std::vector<std::string>& problems = config->problems();
  const std::size_t shown = std::min(problems.size(), kProblemsShown);
  for (std::size_t i = 0; i < shown; ++i) spdlog::error(problems[i]);
  if (shown < problems.size())
    spdlog::error("{} more problems are not shown", human_count(problems.size() - shown));
  return error.exit_code();
}

int tell(const std::system_error& error) {
  const std::error_code code = error.code();
  if (code == std::errc::resource_unavailable_try_again) return tell(thread_refused());
  if (code == std::errc::not_enough_memory) throw std::bad_alloc();
  const bool descriptors =
      code == std::errc::too_many_files_open || code == std::errc::too_many_files_open_in_system;
  spdlog::error(descriptors ? IoError::from_errno("cannot open any more", code.value()).what() : error.what());
  return kInputOutput;
}

int tell(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return tell(known);
  } catch (const std::system_error& refused) {
    return tell(refused);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::length_error&) {
    throw std::bad_alloc();  // more was asked for than any machine has
  } catch (const std::exception& unexpected) {
    spdlog::error("internal error: {}", unexpected.what());
    return kInternal;
  }
}

}  // namespace

int report(const std::exception_ptr& error, StatusLine& status) noexcept {
  try {
    return tell(error);
  } catch (const std::bad_alloc&) {
    if (log_has_started())
      spdlog::error(kOutOfMemory.substr(kLabel.size()));
    else
      status.write_line(kOutOfMemory);
    return kLimit;
  }
}

}  // namespace millrace::cli
