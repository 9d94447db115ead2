// Preloaded into the program: calls of the system that are counted, and that may fail.
// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>

#include "tests/faults/fault.h"

using namespace faults;

namespace {

// A call that returns -1 when it fails.
template <auto Function, typename... Arguments>
int call(Kind kind, const char* name, Arguments... arguments) {
  static const auto real = next(Function, name);
  return fails(kind) ? -1 : real(arguments...);
}

// `move(n)` moves up to n bytes.
template <typename Move>
ssize_t move_bytes(Kind kind, int file, std::size_t size, Move move) {
  if (is_exempt(file) || !fails(kind)) return move(size);
  const ssize_t some = shortened(size);
  return some < 0 ? -1 : move(static_cast<std::size_t>(some));
}

}  // namespace

extern "C" {

// The C library's own names, so that no look-up can need memory.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) noexcept {
  return fails("malloc") ? nullptr : __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  return fails("malloc") ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) noexcept {
  return fails("malloc") ? nullptr : __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return fails("malloc") ? nullptr : __libc_memalign(alignment, size);
}
int posix_memalign(void** made, std::size_t alignment, std::size_t size) noexcept {
  if (fails("malloc")) return ENOMEM;
  *made = __libc_memalign(alignment, size);
  return *made == nullptr ? ENOMEM : 0;
}

ssize_t write(int file, const void* from, std::size_t size) {
  static const auto real = next(&::write, "write");
  return move_bytes("write", file, size, [&](std::size_t n) { return real(file, from, n); });
}
ssize_t read(int file, void* into, std::size_t size) {
  static const auto real = next(&::read, "read");
  return move_bytes("read", file, size, [&](std::size_t n) { return real(file, into, n); });
}
ssize_t pread(int file, void* into, std::size_t size, off_t at) {
  static const auto real = next(&::pread, "pread");
  return move_bytes("pread", file, size, [&](std::size_t n) { return real(file, into, n, at); });
}
ssize_t pread64(int file, void* into, std::size_t size, off64_t at) {
  return pread(file, into, size, at);
}
ssize_t recv(int socket, void* into, std::size_t size, int flags) {
  static const auto real = next(&::recv, "recv");
  return move_bytes("recv", socket, size, [&](std::size_t n) { return real(socket, into, n, flags); });
}

int openat(int directory, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);  // whatever stands there, if the caller gave none
  va_end(rest);
  const int opened = call<&::openat>("open", "openat", directory, path, flags, mode);
  return std::string_view(path) == "/proc/self/fd/2" ? waker(opened) : opened;  // stderr with flags of its own
}
int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return openat(AT_FDCWD, path, flags, mode);
}
int openat64(int directory, const char* path, int flags, ...) __attribute__((alias("openat")));
int open64(const char* path, int flags, ...) __attribute__((alias("open")));
DIR* opendir(const char* path) {
  static const auto real = next(&::opendir, "opendir");
  return fails("open") ? nullptr : real(path);
}
int mkostemp(char* pattern, int flags) {
  return call<&::mkostemp>("open", "mkostemp", pattern, flags);
}

// Closes all the same, as Linux does.
int close(int file) {
  static const auto real = next(&::close, "close");
  forget(file);
  const int result = real(file);
  return fails("close") ? -1 : result;
}

int fsync(int file) {
  return call<&::fsync>("fsync", "fsync", file);
}
int fdatasync(int file) {
  return call<&::fdatasync>("fsync", "fdatasync", file);
}
int ftruncate(int file, off_t size) noexcept {
  return call<&::ftruncate>("truncate", "ftruncate", file, size);
}
int rename(const char* from, const char* to) noexcept {
  return call<&::rename>("rename", "rename", from, to);
}
int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  return call<&::renameat>("rename", "renameat", from_directory, from, to_directory, to);
}
int renameat2(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) noexcept {
  return call<&::renameat2>("rename", "renameat2", from_directory, from, to_directory, to, flags);
}
int link(const char* from, const char* to) noexcept {
  return call<&::link>("link", "link", from, to);
}
int linkat(int from_directory, const char* from, int to_directory, const char* to, int flags) noexcept {
  return call<&::linkat>("link", "linkat", from_directory, from, to_directory, to, flags);
}
int unlink(const char* path) noexcept {
  return call<&::unlink>("unlink", "unlink", path);
}
int unlinkat(int directory, const char* path, int flags) noexcept {
  return call<&::unlinkat>("unlink", "unlinkat", directory, path, flags);
}
int mkdir(const char* path, mode_t mode) noexcept {
  return call<&::mkdir>("mkdir", "mkdir", path, mode);
}
int chmod(const char* path, mode_t mode) noexcept {
  return call<&::chmod>("chmod", "chmod", path, mode);
}
int fchmod(int file, mode_t mode) noexcept {
  return call<&::fchmod>("chmod", "fchmod", file, mode);
}
int chown(const char* path, uid_t user, gid_t group) noexcept {
  return call<&::chown>("chown", "chown", path, user, group);
}
int fchown(int file, uid_t user, gid_t group) noexcept {
  return call<&::fchown>("chown", "fchown", file, user, group);
}
int flock(int file, int how) noexcept {
  return call<&::flock>("flock", "flock", file, how);
}
int dup(int file) noexcept {
  return call<&::dup>("dup", "dup", file);
}
int fcntl(int file, int command, ...) {
  static const auto real = next(&::fcntl, "fcntl");
  va_list rest;
  va_start(rest, command);
  void* argument = va_arg(rest, void*);
  va_end(rest);
  const bool copies = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  const bool locks =
      command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW;
  return (copies && fails("dup")) || (locks && fails("flock")) ? -1 : real(file, command, argument);
}
int stat(const char* path, struct stat* found) noexcept {
  return call<&::stat>("stat", "stat", path, found);
}
int lstat(const char* path, struct stat* found) noexcept {
  return call<&::lstat>("stat", "lstat", path, found);
}
int fstat(int file, struct stat* found) noexcept {
  return call<&::fstat>("stat", "fstat", file, found);
}
int fstat64(int file, struct stat64* found) noexcept {
  return call<&::fstat64>("stat", "fstat64", file, found);
}
int fstatat(int directory, const char* path, struct stat* found, int flags) noexcept {
  return call<&::fstatat>("stat", "fstatat", directory, path, found, flags);
}
int statx(int directory, const char* path, int flags, unsigned wanted, struct statx* found) noexcept {
  return call<&::statx>("stat", "statx", directory, path, flags, wanted, found);
}
int access(const char* path, int how) noexcept {
  return call<&::access>("stat", "access", path, how);
}
int faccessat(int directory, const char* path, int how, int flags) noexcept {
  return call<&::faccessat>("stat", "faccessat", directory, path, how, flags);
}
ssize_t lgetxattr(const char* path, const char* name, void* into, std::size_t size) noexcept {
  static const auto real = next(&::lgetxattr, "lgetxattr");
  return fails("xattr") ? -1 : real(path, name, into, size);
}
ssize_t getxattr(const char* path, const char* name, void* into, std::size_t size) noexcept {
  static const auto real = next(&::getxattr, "getxattr");
  return fails("xattr") ? -1 : real(path, name, into, size);
}
int fsetxattr(int file, const char* name, const void* value, std::size_t size, int flags) noexcept {
  return call<&::fsetxattr>("xattr", "fsetxattr", file, name, value, size, flags);
}
int fremovexattr(int file, const char* name) noexcept {
  return call<&::fremovexattr>("xattr", "fremovexattr", file, name);
}
ssize_t readlink(const char* path, char* into, std::size_t size) noexcept {
  static const auto real = next(&::readlink, "readlink");
  return fails("readlink") ? -1 : real(path, into, size);
}
char* realpath(const char* path, char* into) noexcept {
  static const auto real = next(&::realpath, "realpath");
  return fails("readlink") ? nullptr : real(path, into);
}

void* mmap(void* where, std::size_t size, int protection, int flags, int file, off_t at) noexcept {
  static const auto real = next(&::mmap, "mmap");
  return fails("mmap") ? MAP_FAILED : real(where, size, protection, flags, file, at);
}
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
  static const auto real = next(&::pthread_create, "pthread_create");
  return fails("pthread_create") ? errno : real(thread, attributes, start, argument);
}

int eventfd(unsigned value, int flags) noexcept {
  return waker(call<&::eventfd>("eventfd", "eventfd", value, flags));
}
int signalfd(int file, const sigset_t* signals, int flags) noexcept {
  return waker(call<&::signalfd>("signalfd", "signalfd", file, signals, flags));
}
int timerfd_create(clockid_t clock, int flags) noexcept {
  return waker(call<&::timerfd_create>("timerfd", "timerfd_create", clock, flags));
}
int epoll_create1(int flags) noexcept {
  return call<&::epoll_create1>("epoll_create", "epoll_create1", flags);
}
int poll(pollfd* files, nfds_t count, int timeout) {
  return call<&::poll>("poll", "poll", files, count, timeout);
}
int ppoll(pollfd* files, nfds_t count, const timespec* timeout, const sigset_t* signals) {
  return call<&::ppoll>("poll", "ppoll", files, count, timeout, signals);
}
int socket(int domain, int type, int protocol) noexcept {
  return call<&::socket>("socket", "socket", domain, type, protocol);
}
int connect(int socket, const sockaddr* address, socklen_t size) {
  return call<&::connect>("connect", "connect", socket, address, size);
}

}  // extern "C"
