// Which call of the system fails, and how often each was made.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace faults {

inline constexpr std::array<std::string_view, 30> kKinds = {
    "failed",  "malloc",         "write",   "fsync",   "rename", "open",     "read",     "pread",
    "mmap",    "pthread_create", "eventfd", "poll",    "close",  "unlink",   "mkdir",    "stat",
    "dup",     "flock",          "link",    "chmod",   "chown",  "readlink", "truncate", "signalfd",
    "timerfd", "epoll_create",   "socket",  "connect", "recv",   "xattr"};

constexpr std::size_t index_of(std::string_view kind) {
  return static_cast<std::size_t>(std::find(kKinds.begin(), kKinds.end(), kind) - kKinds.begin());
}

/// A kind of call, by its name in kKinds.
struct Kind {
  consteval Kind(const char* name) : index(index_of(name)) {}
  std::size_t index;
};

/// Counts a call. True: it fails, and errno says why.
bool fails(Kind kind);

/// How many bytes a call moves that is to fail and does not: -1 if it does.
ssize_t shortened(std::size_t size);

/// Marks a descriptor that only wakes somebody up; gives it back.
int waker(int file);
/// For whoever closes it.
void forget(int file);
/// Reads and writes of wakers and of stderr fail in no real system.
bool is_exempt(int file);

/// The function of that name which would have been called without us.
template <typename Function>
Function* next(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace faults
