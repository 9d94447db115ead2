// A look at how inputs begin, for what a job will not count as its user expects.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <millrace/job.h>

namespace millrace {

/// Tells of lines that end with `\r` alone and of a header line that is counted, when it sees the first, and of
/// quoted fields, with their number, at the end. Any thread may call it.
class InputWarnings {
 public:
  explicit InputWarnings(const Job& job);

  /// Whether there is anything to look for.
  bool wanted() const { return is_by_lines_ && on_event_; }
  void see(const std::string& name, std::string_view beginning);
  void tell_last();

 private:
  bool has_bare_returns(std::string_view beginning) const;
  bool has_header(const std::string& name, std::string_view beginning) const;
  std::uint64_t quoted_records(std::string_view beginning) const;
  bool has_quoted_field(std::string_view record) const;
  void tell(std::string text) const;

  const OnEvent on_event_;
  const bool is_by_lines_;   ///< records end with lines, whatever is made of them
  const bool is_by_fields_;  ///< their fields are looked for as they are
  const bool only_counts_;   ///< no field has to be a number
  const char delimiter_;
  const std::uint32_t last_field_;  ///< that the job uses

  std::mutex mutex_;
  bool told_returns_ = false;
  bool told_header_ = false;
  std::uint64_t quoted_ = 0;  ///< records
  std::string first_quoted_;  ///< the input that had the first of them
  std::size_t other_inputs_ = 0;
};

/// Empty if there is nothing to look for.
OnBeginning watch_beginnings(const std::shared_ptr<InputWarnings>& input_warnings);

}  // namespace millrace
