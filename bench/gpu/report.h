// What was measured, as a table for people and as JSON.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::bench {

/// One measurement, made several times.
struct Row {
  std::string section;
  std::string what;
  std::string unit;
  std::vector<double> samples;  ///< none: it was not measured, and the note says why
  std::string note;
};

/// The middle one, or the mean of the two in the middle. REQUIRES: there is one.
double median(std::vector<double> samples);

/// A number with about three significant digits, never with an exponent.
std::string shown(double number);

class Report {
 public:
  using Facts = std::vector<std::pair<std::string, std::string>>;

  /// `device` names the files, `facts` say where the numbers come from.
  Report(std::string device, Facts facts) : device_(std::move(device)), facts_(std::move(facts)) {}

  /// Rows of one section come together. Tells it on standard error, too.
  void add(Row row);
  std::string json() const;
  std::string markdown() const;
  /// The device's name in letters, digits and hyphens.
  std::string file_name() const;
  /// Writes FOLDER/NAME.json and FOLDER/NAME.md. Throws IoError.
  void write(const std::filesystem::path& folder) const;

 private:
  std::string device_;
  Facts facts_;
  std::vector<Row> rows_;
};

}  // namespace millrace::bench
