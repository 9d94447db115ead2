// Writing epochs to files through the disk seam.
// SPDX-License-Identifier: Apache-2.0
#include "io/file_sink.h"

#include <algorithm>
#include <charconv>

#include <millrace/error.h>

namespace millrace::io {
namespace {

constexpr std::size_t kFlushBytes = std::size_t{1} << 20;
constexpr std::size_t kRowsAtATime = 16384;
constexpr std::string_view kPrefix = "epoch-";
constexpr std::string_view kTemporary = ".tmp";
constexpr std::size_t kEpochDigits = 12;

std::string epoch_name(EpochId epoch) {
  const std::string digits = std::to_string(epoch.number);
  std::string name(kPrefix);
  name.append(kEpochDigits - std::min(kEpochDigits, digits.size()), '0');
  return name + digits;
}

// The number in "epoch-NUMBER.anything".
std::optional<EpochId> epoch_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  EpochId epoch;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), epoch.number);
  if (error != std::errc{} || end == name.data() + name.size() || *end != '.') return std::nullopt;
  return epoch;
}

bool is_left_over(std::string_view name) {
  return name.starts_with('.') && name.ends_with(kTemporary) && epoch_of(name.substr(1));
}

std::filesystem::path parent_of(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.parent_path();
  return parent.empty() ? "." : parent;
}

}  // namespace

FileSink::FileSink(const RowLayout& layout, std::filesystem::path path, Kind kind, Disk& disk)
    : format_(layout),
      extension_(extension(layout.format)),
      path_(std::move(path)),
      directory_(kind == Kind::directory ? path_ : parent_of(path_)),
      kind_(kind),
      disk_(disk) {
  if (kind_ == Kind::file) return;
  disk_.create_directories(directory_);
  for (const std::string& name : disk_.list(directory_))
    if (is_left_over(name)) disk_.remove(directory_ / name);
}

FileSink::~FileSink() {
  if (file_) abandon({});
}

std::filesystem::path FileSink::target(EpochId epoch) const {
  return kind_ == Kind::file ? path_ : directory_ / (epoch_name(epoch) + '.' + extension_);
}

void FileSink::begin(const Epoch& epoch) {
  check(!file_, "an epoch of a sink ends before the next begins");
  temporary_ = directory_ / ('.' + target(epoch.id).filename().string() + std::string(kTemporary));
  file_ = disk_.create(temporary_);
  format_.restart();
  text_ = format_.header();
}

void FileSink::write(std::span<const Aggregate> rows) {
  while (!rows.empty()) {
    const std::span<const Aggregate> some = rows.first(std::min(rows.size(), kRowsAtATime));
    rows = rows.subspan(some.size());
    format_.add(some, text_);
    if (text_.size() >= kFlushBytes) flush();
  }
}

void FileSink::finish(EpochId epoch) {
  flush();
  file_->sync();
  file_.reset();
  disk_.rename(temporary_, target(epoch));
  disk_.sync_directory(directory_);
}

void FileSink::abandon(EpochId) noexcept {
  text_.clear();
  if (!file_) return;
  file_.reset();
  try {
    disk_.remove(temporary_);
  } catch (const Error&) {
    // It stays as a left-over, which the next process removes: nobody reads it.
  }
}

std::optional<EpochId> FileSink::last_finished() {
  if (kind_ == Kind::file) return std::nullopt;
  std::optional<EpochId> last;
  for (const std::string& name : disk_.list(directory_)) last = std::max(last, epoch_of(name));
  return last;
}

void FileSink::flush() {
  file_->write(std::as_bytes(std::span(text_)));
  text_.clear();
}

}  // namespace millrace::io
