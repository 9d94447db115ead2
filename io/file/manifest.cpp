// Lists of results: written anew by each run, and appended to by that run alone.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/manifest.h"

#include <charconv>
#include <span>
#include <string_view>
#include <utility>

#include <millrace/error.h>

#include "base/text/moment.h"
#include "io/file/temporary_file.h"

namespace millrace::io {
namespace {

constexpr std::string_view kNames = "epoch\tstart\tend\tfile\trows\tbytes\tchecksum\tframe\tjob";
constexpr std::size_t kColumns = 9;

std::string hex(std::uint64_t number) {
  std::string digits(16, '0');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, number /= 16)
    *digit = "0123456789abcdef"[number % 16];
  return digits;
}

std::vector<std::string_view> columns_of(std::string_view line) {
  std::vector<std::string_view> columns;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = line.find('\t');
    columns.push_back(line.substr(0, end));
    if (end != std::string_view::npos) line.remove_prefix(end + 1);
  }
  return columns;
}

IoError no_list(const std::filesystem::path& path) {
  return IoError(path.string() + " is damaged, or no list of results: remove it, or name another directory");
}

std::uint64_t number_of(std::string_view text, int base, const std::filesystem::path& path) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) throw no_list(path);
  return number;
}

std::string read_whole(const DiskReader& file) {
  std::string text(file.size(), '\0');
  text.resize(file.read_at(0, std::as_writable_bytes(std::span(text))));
  return text;
}

}  // namespace

Manifest::Manifest(Disk& disk, std::filesystem::path directory)
    : disk_(disk), directory_(std::move(directory)) {
  const auto file = disk_.open(directory_ / kName);
  if (!file) return;
  exists_ = true;
  lines_ = read_whole(*file);
  lines_.resize(lines_.rfind('\n') + 1);
  std::string_view rest = lines_;
  for (bool names = true; !rest.empty(); names = false) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (names ? line != kNames : columns_of(line).size() != kColumns) throw no_list(directory_ / kName);
    if (!names) last_ = line;
    rest.remove_prefix(line.size() + 1);
  }
}

std::optional<Shown> Manifest::last(const JobId& job) const {
  if (last_.empty()) return std::nullopt;
  const std::vector<std::string_view> columns = columns_of(last_);
  const std::filesystem::path path = directory_ / kName;
  if (number_of(columns[8], 16, path) != job.birth)
    throw ConfigError(
        {directory_.string() + " has results of another job: give this one a directory of its own"}, kRefused);
  return Shown{{number_of(columns[0], 10, path)}, number_of(columns[7], 16, path)};
}

std::string Manifest::last_file() const {
  return last_.empty() ? "" : std::string(columns_of(last_)[3]);
}

void Manifest::begin(const JobId& job) {
  if (file_) return;
  job_ = hex(job.birth);
  if (lines_.empty()) lines_ = std::string(kNames) + '\n';
  const std::filesystem::path temporary = TemporaryFile::a_path_for(directory_, kName);
  file_ = disk_.create(temporary, {.exclusive = true, .temporary = true});
  if (!file_) throw IoError("cannot create " + temporary.string() + ": the name is taken");
  append(std::exchange(lines_, {}));
  disk_.rename(temporary, directory_ / kName);
  disk_.sync_directory(directory_);
  exists_ = true;
}

void Manifest::append(const std::string& text) {
  file_->write(std::as_bytes(std::span(text)));
  file_->sync();
}

void Manifest::add(const Published& published) {
  check(file_ != nullptr, "a list is begun before it is added to");
  if (!file_->is_at(directory_ / kName))
    throw IoError("somebody removed or replaced " + (directory_ / kName).string() +
                  " while the job wrote to it");
  last_ = std::to_string(published.shown.id.number) + '\t';
  if (published.windows) last_ += iso_8601(published.windows->start);
  last_ += '\t';
  if (published.windows) last_ += iso_8601(published.windows->end);
  last_ += '\t' + published.file + '\t' + std::to_string(published.rows) + '\t' +
           std::to_string(published.bytes) + '\t' + published.checksum + '\t' + hex(published.shown.frame) +
           '\t' + job_;
  append(last_ + '\n');
}

}  // namespace millrace::io
