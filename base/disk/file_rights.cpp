// Owner, group, permissions and access control list of a file, copied to another.
// SPDX-License-Identifier: Apache-2.0
#include "base/disk/file_rights.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <span>
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

// On a disk that keeps no permissions the file has those that all have there.
bool set_permissions(int file, mode_t permissions) {
  return ::fchmod(file, permissions) == 0 || errno == EPERM || errno == ENOSYS || errno == EOPNOTSUPP;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

constexpr const char* kAccessList = "system.posix_acl_access";
constexpr const char* kDefaultList = "system.posix_acl_default";
using AccessList = std::array<std::byte, 8192>;

// Takes the right to execute from the owner and from whatever bounds the others' rights, as creating a file
// with 0666 does: the mask, or the group where there is no mask, and others.
void limit_to_0666(std::span<std::byte> list) {
  struct Entry {
    std::uint16_t tag, rights;
    std::uint32_t who;
  };
  constexpr std::uint16_t kOwner = 0x01;
  constexpr std::uint16_t kGroup = 0x04;
  constexpr std::uint16_t kMask = 0x10;
  constexpr std::uint16_t kOthers = 0x20;
  constexpr std::uint16_t kReadAndWrite = 6;
  constexpr std::size_t kVersionBytes = 4;
  const auto each = [&](auto change) {
    for (std::size_t at = kVersionBytes; at + sizeof(Entry) <= list.size(); at += sizeof(Entry)) {
      Entry entry{};
      std::memcpy(&entry, &list[at], sizeof entry);
      change(entry);
      std::memcpy(&list[at], &entry, sizeof entry);
    }
  };
  bool has_mask = false;
  each([&](const Entry& entry) { has_mask = has_mask || entry.tag == kMask; });
  const std::uint16_t bound = has_mask ? kMask : kGroup;
  each([&](Entry& entry) {
    if (entry.tag == kOwner || entry.tag == bound || entry.tag == kOthers) entry.rights &= kReadAndWrite;
  });
}

// What a new file gets from its directory in place of what umask leaves. Where it cannot be read or given, the
// file stays its owner's.
bool give_rights_of_new_file(int file, const char* path) {
  AccessList list;
  const std::string directory = directory_of(path);
  const ssize_t size = ::getxattr(directory.c_str(), kDefaultList, list.data(), list.size());
  if (size > 0) {
    const std::span<std::byte> given = std::span(list).first(static_cast<std::size_t>(size));
    limit_to_0666(given);
    if (::fsetxattr(file, kAccessList, given.data(), given.size(), 0) == 0) return true;
  }
  const bool has_none = size == 0 || (size < 0 && (errno == ENODATA || errno == EOPNOTSUPP));
  return set_permissions(file, has_none ? permissions_of_new_files() : 0600);
}

// The access control list of the model, or none: one that came from the directory could let others in.
bool copy_access_list(int file, const char* model) {
  AccessList list;
  const ssize_t size = ::lgetxattr(model, kAccessList, list.data(), list.size());
  if (size > 0) return ::fsetxattr(file, kAccessList, list.data(), static_cast<std::size_t>(size), 0) == 0;
  if (size < 0 && errno != ENODATA && errno != EOPNOTSUPP) return false;
  return ::fremovexattr(file, kAccessList) == 0 || errno == ENODATA || errno == EOPNOTSUPP;
}

// Without its group, a file's group and the others may do what both might.
mode_t for_another_group(mode_t permissions) {
  const mode_t both = (permissions >> 3) & permissions & 07;
  return (permissions & kOfOwner) | both << 3 | both;
}

}  // namespace

bool take_rights(int file, const char* model) {
  struct stat status {};
  if (::lstat(model, &status) != 0 && errno != ENOENT) return false;
  if (!S_ISREG(status.st_mode)) return give_rights_of_new_file(file, model);
  mode_t permissions = status.st_mode & kPermissions;
  const auto nobody = static_cast<uid_t>(-1);
  const bool group_kept =
      ::fchown(file, status.st_uid, status.st_gid) == 0 || ::fchown(file, nobody, status.st_gid) == 0;
  if (!group_kept) permissions = for_another_group(permissions);
  if (!copy_access_list(file, model)) permissions &= kOfOwner;
  return set_permissions(file, permissions);
}

}  // namespace millrace
