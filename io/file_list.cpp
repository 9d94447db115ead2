// Looking at paths before anything is read.
// SPDX-License-Identifier: Apache-2.0
#include "io/file_list.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <unordered_map>

#include <millrace/error.h>

namespace millrace::io {
namespace {

std::string text_of(int error_number) {
  return std::generic_category().message(error_number);
}

bool is_pattern(const std::string& path) {
  return path.find_first_of("*?[") != std::string::npos;
}

std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return paths;
}

// Files made by the kernel as they are read say that they are empty.
bool has_unknown_size(const std::string& path, const struct stat& status) {
  if (status.st_size > 0) return false;
  std::array<std::byte, 1> byte{};
  return read_at(open_for_reading(path), 0, byte, path) > 0;
}

class Lister {
 public:
  void add(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) return add(path, status);
    const int reason = errno;
    if (reason != ENOENT || !is_pattern(path)) return complain(path, text_of(reason));
    bool any = false;
    for (const std::string& match : matches(path)) {
      const bool known = ::stat(match.c_str(), &status) == 0;
      if (known && S_ISDIR(status.st_mode)) continue;
      any = true;
      if (known)
        add(match, status);
      else
        complain(match, text_of(errno));
    }
    if (!any) complain(path, "no file matches this pattern");
  }
  FileList take() { return std::move(list_); }

 private:
  void add(const std::string& path, const struct stat& status) {
    if (S_ISDIR(status.st_mode)) return complain(path, "is a directory; name its files, as in " + path + "/*");
    if (::access(path.c_str(), R_OK) != 0) return complain(path, text_of(errno));
    if (!S_ISREG(status.st_mode) || has_unknown_size(path, status)) return list_.streams.push_back(path);
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const unsigned times = ++seen_[path];
    const std::string partition = times == 1 ? path : path + '#' + std::to_string(times);
    list_.files.push_back({path, partition, 0, size, size, false, nullptr});
  }
  void complain(const std::string& path, const std::string& reason) {
    list_.problems.push_back("cannot read " + path + ": " + reason);
  }

  FileList list_;
  std::unordered_map<std::string, unsigned> seen_;
};

}  // namespace

FileList list_files(std::span<const std::string> paths) {
  Lister lister;
  for (const std::string& path : paths) lister.add(path);
  return lister.take();
}

std::optional<FilePart> as_file(int number, const std::string& name) {
  Descriptor opened = duplicate(number, name);
  struct stat status {};
  if (::fstat(opened.get(), &status) != 0) throw IoError::from_errno("cannot read " + name, errno);
  if (S_ISDIR(status.st_mode)) throw IoError::from_errno("cannot read " + name, EISDIR);
  if (!S_ISREG(status.st_mode) || status.st_size == 0) return std::nullopt;
  const off_t here = ::lseek(opened.get(), 0, SEEK_CUR);
  if (here < 0) throw IoError::from_errno("cannot read " + name, errno);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto offset = static_cast<std::uint64_t>(here);
  FilePart file{name, name, std::min(offset, size), size, size};
  file.opened = std::make_shared<SharedInput>(std::move(opened), offset);
  return file;
}

}  // namespace millrace::io
