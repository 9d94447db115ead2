// Asking the kernel what it would allow.
// SPDX-License-Identifier: Apache-2.0
#include "base/disk/writable.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <millrace/error.h>

namespace millrace {
namespace {

using Path = std::filesystem::path;

bool may_replace_files_of_all() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  return ::syscall(SYS_capget, &header, sets.data()) == 0 && (sets[0].effective >> CAP_FOWNER & 1) != 0;
}

// In a directory like /tmp files are replaced by their owner and the directory's.
bool belongs_to_another(const struct statx& file, const Path& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0 || (status.st_mode & S_ISVTX) == 0) return false;
  return file.stx_uid != ::geteuid() && status.st_uid != ::geteuid() && !may_replace_files_of_all();
}

// The number of the error that replacing would end with; 0: none that can be seen.
int replacing_fails_with(const Path& path, const Path& directory) {
  struct statx file {};
  if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &file) != 0)
    return errno == ENOENT ? 0 : errno;
  if (S_ISDIR(file.stx_mode)) return EISDIR;
  if ((file.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) return EBUSY;  // a file lent to a container
  if ((file.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) != 0) return EPERM;
  return belongs_to_another(file, directory) ? EPERM : 0;
}

}  // namespace

Path existing_part(Path path) {
  struct stat status {};
  while (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT || !path.has_relative_path())
      throw IoError::from_errno("cannot look at " + path.string(), errno);
    path = path.parent_path();
  }
  return path;
}

void require_writable(const Path& path) {
  const Path directory = existing_part(path.parent_path());
  // Reading it is needed, too: to make its names durable.
  struct stat status {};
  int reason = ::stat(directory.c_str(), &status) != 0 ? errno : S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
  if (reason == 0 && ::faccessat(AT_FDCWD, directory.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0)
    reason = errno;
  const std::string what = "cannot write " + path.string();
  if (reason != 0)
    throw IoError::from_errno(what + ", as no file can be made in " + directory.string(), reason);
  reason = replacing_fails_with(path, directory);
  if (reason != 0) throw IoError::from_errno(what, reason);
}

}  // namespace millrace
