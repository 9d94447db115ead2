// Medians, tables and JSON.
// SPDX-License-Identifier: Apache-2.0
#include "bench/gpu/report.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>

#include <millrace/error.h>

namespace millrace::bench {
namespace {

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return result + '"';
}

std::string least_and_most(const Row& row) {
  if (row.samples.size() < 2) return {};
  const auto [least, most] = std::ranges::minmax(row.samples);
  return shown(least) + " – " + shown(most);
}

std::string exact(double number) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", number);
  return text;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw IoError("cannot write " + path.string());
}

}  // namespace

double median(std::vector<double> samples) {
  check(!samples.empty(), "a median needs a sample");
  std::ranges::sort(samples);
  const std::size_t middle = samples.size() / 2;
  return samples.size() % 2 != 0 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

std::string shown(double number) {
  const int decimals = number >= 100 ? 0 : number >= 10 ? 1 : number >= 1 ? 2 : number >= 0.01 ? 3 : 5;
  char text[400];
  std::snprintf(text, sizeof text, "%.*f", decimals, number);
  return text;
}

void Report::add(Row row) {
  std::cerr << row.section << ": " << row.what << ": "
            << (row.samples.empty() ? "not measured" : shown(median(row.samples)) + ' ' + row.unit)
            << (row.note.empty() ? "" : " (" + row.note + ')') << '\n';
  rows_.push_back(std::move(row));
}

std::string Report::json() const {
  std::string text = "{\n  \"device\": " + in_quotes(device_);
  for (const auto& [name, value] : facts_) text += ",\n  " + in_quotes(name) + ": " + in_quotes(value);
  text += ",\n  \"rows\": [";
  std::string_view separator = "\n";
  for (const Row& row : rows_) {
    text += separator;
    text += "    {\"section\": " + in_quotes(row.section) + ", \"what\": " + in_quotes(row.what) +
            ", \"unit\": " + in_quotes(row.unit) + ", \"samples\": [";
    for (std::size_t i = 0; i < row.samples.size(); ++i) text += (i > 0 ? ", " : "") + exact(row.samples[i]);
    text += "], \"note\": " + in_quotes(row.note) + "}";
    separator = ",\n";
  }
  return text + "\n  ]\n}\n";
}

std::string Report::markdown() const {
  std::string text = "# " + device_ + "\n\n";
  for (const auto& [name, value] : facts_) text += "* " + name + ": " + value + "\n";
  std::string section;
  for (const Row& row : rows_) {
    if (row.section != section) {
      section = row.section;
      text +=
          "\n## " + section + "\n\n| what | median | unit | least – most | note |\n|---|---:|---|---|---|\n";
    }
    text += "| " + row.what + " | " + (row.samples.empty() ? "not measured" : shown(median(row.samples))) +
            " | " + row.unit + " | " + least_and_most(row) + " | " + row.note + " |\n";
  }
  return text;
}

std::string Report::file_name() const {
  std::string name;
  for (const char c : device_) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    const bool kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (kept) name += lower;
    if (!kept && !name.empty() && name.back() != '-') name += '-';
  }
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "device" : name;
}

void Report::write(const std::filesystem::path& folder) const {
  std::filesystem::create_directories(folder);
  write_file(folder / (file_name() + ".json"), json());
  write_file(folder / (file_name() + ".md"), markdown());
}

}  // namespace millrace::bench
