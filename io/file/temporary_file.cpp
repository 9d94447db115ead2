// Fresh names, locks, and the way from a temporary file to the real one.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/temporary_file.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>

#include <millrace/error.h>

namespace millrace::io {
namespace {

using Path = std::filesystem::path;

constexpr std::string_view kMark = ".millrace-";
constexpr std::string_view kEnd = ".tmp";
constexpr std::size_t kRandomDigits = 8;
constexpr std::size_t kNameMax = 200;  // of the 255 bytes that a file name may have

// ".NAME.millrace-89abcdef.tmp"
std::string fresh_name(std::string_view name) {
  static_assert(kRandomDigits * 4 == 32);
  std::uint32_t random = std::random_device{}();
  std::string digits(kRandomDigits, '0');
  for (char& digit : digits) {
    digit = "0123456789abcdef"[random % 16];
    random /= 16;
  }
  return '.' + std::string(name_kept(name)) + std::string(kMark) + digits + std::string(kEnd);
}

// The NAME of a temporary file; empty: it is none.
std::string_view made_for(std::string_view name) {
  constexpr std::size_t kBehind = kMark.size() + kRandomDigits + kEnd.size();
  if (!name.starts_with('.') || name.size() <= kBehind + 1) return {};
  const std::string_view behind = name.substr(name.size() - kBehind);
  const std::string_view digits = behind.substr(kMark.size(), kRandomDigits);
  if (!behind.starts_with(kMark) || !behind.ends_with(kEnd)) return {};
  if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) return {};
  return name.substr(1, name.size() - kBehind - 1);
}

}  // namespace

TemporaryFile::TemporaryFile(Disk& disk, Path directory, std::string_view name)
    : disk_(disk), directory_(std::move(directory)) {
  constexpr int kTries = 100;
  for (int tries = 0; tries < kTries && !file_; ++tries) {
    path_ = directory_ / fresh_name(name);
    file_ = disk_.create(path_, {.exclusive = true, .owner_only = true, .temporary = true});
  }
  if (!file_) throw IoError("cannot create " + path_.string() + ": all such names are taken");
}

Path TemporaryFile::a_path_for(const Path& directory, std::string_view name) {
  return directory / fresh_name(name);
}

TemporaryFile::~TemporaryFile() {
  if (!file_) return;
  try {
    disk_.remove(path_);
  } catch (...) {
    // It stays until the program ends, or until the next job of this output: nobody reads it.
  }
}

void TemporaryFile::publish(const Path& target, const Path& model) {
  file_->take_rights_of(model);
  file_->sync();
  if (!file_->is_at(path_))
    throw IoError("cannot write " + target.string() + ": somebody removed or replaced " + path_.string());
  disk_.rename(path_, target);
  file_.reset();
  disk_.sync_directory(directory_);
}

void remove_left_overs(Disk& disk, const Path& directory, std::string_view beginning,
                       const std::function<bool(std::string_view)>& ours) {
  try {
    for (const std::string& name : disk.list(directory, '.' + std::string(beginning))) {
      const std::string_view made = made_for(name);
      if (made.empty() || !ours(made)) continue;
      try {
        const auto lock = disk.lock(directory / name);
        if (lock && lock->exclusive()) disk.remove(directory / name);
      } catch (const IoError&) {
        // It belongs to somebody else.
      }
    }
  } catch (const IoError&) {
    // A directory that cannot be read keeps what lies there.
  }
}

std::string_view name_kept(std::string_view name) {
  return name.substr(0, std::min(name.size(), kNameMax));
}

}  // namespace millrace::io
