// Errors: who is at fault decides the type, and the type decides the exit code.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Somebody's data, such as a key or a file name, as messages quote it: printable, and what is longer than
/// `most` bytes is cut there, though not inside a character of UTF-8, and goes on with "…".
std::string excerpt(std::string_view data, std::size_t most = 200);

/// Base of everything that millrace throws. `what()` is one sentence for the user, and printable: quoted data
/// must neither draw on a terminal nor, as a zero byte would, end the text. See printable.h.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& text);
  /// The process's exit status for this error, after sysexits.h.
  virtual int exit_code() const noexcept = 0;
};

/// ConfigError's exit code for a job that may not go on with a checkpoint, or with its outputs, as they are.
inline constexpr int kRefused = 77;

/// The user is wrong. Holds all problems at once, each with what to do about it; `what()` has a line for each.
class ConfigError : public Error {
 public:
  /// `exit_code`: 64 for the command line, 65 for input that is no text, 66 for a missing input, kRefused, or 78 for
  /// a plan or configuration.
  explicit ConfigError(std::vector<std::string> problems, int exit_code = 78);
  const std::vector<std::string>& problems() const noexcept { return problems_; }
  int exit_code() const noexcept override { return exit_code_; }

 private:
  std::vector<std::string> problems_;
  int exit_code_;
};

/// The world failed and may recover: the engine retries a bounded number of times, then the job ends with it.
class TransientError : public Error {
 public:
  /// `exit_code`: 74 for input and output, 69 for a peer that is not there.
  explicit TransientError(const std::string& text, int exit_code = 74) : Error(text), exit_code_(exit_code) {}
  int exit_code() const noexcept override { return exit_code_; }

 private:
  int exit_code_;
};

/// The world failed for good: the text names the file or peer and gives errno's or the peer's words.
class IoError : public Error {
 public:
  using Error::Error;
  /// "WHAT: the text of error_number", and what to do where that is known. WHAT is shortened as by excerpt.
  static IoError from_errno(std::string_view what, int error_number);
  int exit_code() const noexcept override { return 74; }
};

/// Whoever read the output has gone, as `head` does: the program ends quietly.
class OutputClosed : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 0; }
};

/// A service or a device that the job needs is not there.
class UnavailableError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 69; }
};

/// The device failed. The engine goes on with the CPU where the job allows it.
class DeviceError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 69; }
};

/// What the job must hold does not fit its memory budget.
class BudgetError : public Error {
 public:
  BudgetError(std::string_view what, std::size_t needed, std::size_t limit);
  /// The budget would allow it, but the machine does not.
  static BudgetError machine_is_full(std::string_view what, std::size_t needed);
  std::size_t needed() const noexcept { return needed_; }
  int exit_code() const noexcept override { return 75; }

 private:
  BudgetError(const std::string& text, std::size_t needed) : Error(text), needed_(needed) {}
  std::size_t needed_;
};

/// The system refuses what the job needs to run at all, such as another thread.
class LimitError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 75; }
};

/// A record was bad and the job was told to stop on that.
class BadRecordError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 65; }
};

/// We are wrong: a promise of our own code is broken.
class InternalError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 70; }
};

/// Throws InternalError with the place and `promise` unless `condition` holds. Always on.
inline void check(bool condition, std::string_view promise,
                  std::source_location where = std::source_location::current());

namespace detail {
[[noreturn]] void broken(std::string_view promise, const std::source_location& where);
}

inline void check(bool condition, std::string_view promise, std::source_location where) {
  if (!condition) [[unlikely]]
    detail::broken(promise, where);
}

}  // namespace millrace
