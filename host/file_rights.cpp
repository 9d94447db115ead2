// Owner, group, permissions and access control list of a file, copied to another.
// SPDX-License-Identifier: Apache-2.0
#include "host/file_rights.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>

namespace millrace {
namespace {

constexpr mode_t kPermissions = 0777;
constexpr mode_t kOfOwner = 0700;

// umask() tells only by setting it, which another thread's new file would feel. Where the kernel tells nothing,
// the file stays its owner's.
mode_t permissions_of_new_files() {
  constexpr std::string_view kLabel = "Umask:";
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(kLabel)) return 0666 & ~std::strtoul(line.c_str() + kLabel.size(), nullptr, 8);
  return 0600;
}

// The access control list of the model, or none: one that came from the directory could let others in.
bool copy_access_list(int file, const char* model) {
  constexpr const char* kName = "system.posix_acl_access";
  std::array<char, 8192> list;
  const ssize_t size = ::lgetxattr(model, kName, list.data(), list.size());
  if (size > 0) return ::fsetxattr(file, kName, list.data(), static_cast<std::size_t>(size), 0) == 0;
  if (size < 0 && errno != ENODATA && errno != EOPNOTSUPP) return false;
  return ::fremovexattr(file, kName) == 0 || errno == ENODATA || errno == EOPNOTSUPP;
}

// Without its group, a file's group and the others may do what both might.
mode_t for_another_group(mode_t permissions) {
  const mode_t both = (permissions >> 3) & permissions & 07;
  return (permissions & kOfOwner) | both << 3 | both;
}

// On a disk that keeps no permissions the file has those that all have there.
bool set_permissions(int file, mode_t permissions) {
  return ::fchmod(file, permissions) == 0 || errno == EPERM || errno == ENOSYS || errno == EOPNOTSUPP;
}

}  // namespace

bool take_rights(int file, const char* model) {
  struct stat status {};
  if (::lstat(model, &status) != 0 && errno != ENOENT) return false;
  if (!S_ISREG(status.st_mode)) return set_permissions(file, permissions_of_new_files());
  mode_t permissions = status.st_mode & kPermissions;
  const auto nobody = static_cast<uid_t>(-1);
  const bool group_kept =
      ::fchown(file, status.st_uid, status.st_gid) == 0 || ::fchown(file, nobody, status.st_gid) == 0;
  if (!group_kept) permissions = for_another_group(permissions);
  if (!copy_access_list(file, model)) permissions &= kOfOwner;
  return set_permissions(file, permissions);
}

}  // namespace millrace
