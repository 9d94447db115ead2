// Following links by hand, as they may lead to what is not there yet, or to what must not be replaced.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/output_path.h"

#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include <millrace/error.h>

namespace millrace::io {
namespace {

namespace fs = std::filesystem;

constexpr int kLinksMax = 40;  // as in the kernel

[[noreturn]] void fail(const std::string& path, int reason) {
  throw IoError::from_errno("cannot write " + path, reason);
}

// What may not be looked at could be anything, and is never taken for nothing.
bool means_absent(int reason) {
  return reason == ENOENT || reason == ENOTDIR;
}

// The kernel's view of a path, and whether it lets us follow its links.
std::optional<struct stat> look(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return status;
  if (!means_absent(errno)) fail(path, errno);
  return std::nullopt;
}

bool is_link(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return S_ISLNK(status.st_mode);
  if (!means_absent(errno)) fail(path.string(), errno);
  return false;
}

// Without links; nothing: there is no such path.
std::optional<fs::path> without_links(const fs::path& path) {
  std::error_code error;
  fs::path found = fs::canonical(path, error);
  if (!error) return found;
  if (!means_absent(error.value())) fail(path.string(), error.value());
  return std::nullopt;
}

// As the kernel writes it: no descriptor is named "01".
bool is_number(std::string_view name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos &&
         (name == "0" || !name.starts_with('0'));
}

// The entries of /proc/PID/fd are links to no path, although they look so: they lead to what is open.
bool lists_descriptors(const fs::path& directory) {
  return directory.filename() == "fd" && directory.native().starts_with("/proc/");
}

// As parts of one process may stand in two places: /proc/PID/fd and /proc/PID/task/TID/fd.
bool is_ours(const fs::path& directory) {
  const auto self = without_links("/proc/self");
  return self && directory.native().starts_with(self->native() + '/');
}

fs::path without_last_slashes(const std::string& path) {
  const std::size_t last = path.find_last_not_of('/');
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

OutputPath::Kind kind_of(const struct stat& status) {
  using enum OutputPath::Kind;
  if (S_ISREG(status.st_mode)) return file;
  if (S_ISDIR(status.st_mode)) return directory;
  return S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode) ? stream : other;
}

}  // namespace

OutputPath follow(const std::string& path) {
  std::error_code error;
  const fs::path named = fs::absolute(without_last_slashes(path), error);
  if (error) fail(path, error.value());
  const auto status = look(named.string());
  OutputPath output{status ? kind_of(*status) : OutputPath::Kind::absent, named};
  for (int links = 0;; ++links) {
    const auto directory = without_links(output.path.parent_path());
    if (!directory) break;  // there is none yet
    const std::string name = output.path.filename().string();
    output.path = *directory / name;
    if (lists_descriptors(*directory)) {
      if (!is_number(name)) fail(path, ENOENT);
      output.kind = OutputPath::Kind::stream;
      if (!is_ours(*directory)) break;
      output.kind = OutputPath::Kind::descriptor;
      std::from_chars(name.data(), name.data() + name.size(), output.descriptor);
      break;
    }
    if (!is_link(output.path)) break;
    if (links == kLinksMax) fail(path, ELOOP);
    const fs::path target = fs::read_symlink(output.path, error);
    if (error) fail(path, error.value());
    output.path = *directory / target;  // which is `target` alone if that is absolute
  }
  if (output.kind == OutputPath::Kind::directory)
    output.path = without_links(output.path).value_or(output.path);
  return output;
}

fs::path partial_of(fs::path file) {
  return file += ".partial";
}

std::optional<int> descriptor_of(const std::string& path) {
  try {
    const OutputPath found = follow(path);
    if (found.kind == OutputPath::Kind::descriptor) return found.descriptor;
  } catch (const IoError&) {
    // Opening it tells what is wrong with it.
  }
  return std::nullopt;
}

std::string identity_of(const OutputPath& output) {
  if (output.kind == OutputPath::Kind::descriptor) return identity_of_descriptor(output.descriptor);
  if (const auto status = look(output.path.string())) return identity_of(status->st_dev, status->st_ino);
  std::error_code error;
  const fs::path path = fs::weakly_canonical(output.path, error);
  if (error) fail(output.path.string(), error.value());
  const auto directory = look(path.parent_path().string());
  return directory ? identity_of(directory->st_dev, directory->st_ino) + '/' + path.filename().string()
                   : path.string();
}

std::string identity_of(std::uint64_t device, std::uint64_t inode) {
  return std::to_string(device) + ':' + std::to_string(inode);
}

std::string identity_of_descriptor(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) == 0) return identity_of(status.st_dev, status.st_ino);
  return "descriptor " + std::to_string(descriptor);
}

}  // namespace millrace::io
