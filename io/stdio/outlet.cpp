// Opening for writing, writing all of it, and waiting for who reads slowly.
// SPDX-License-Identifier: Apache-2.0
#include "io/stdio/outlet.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <millrace/error.h>

namespace millrace::io {
namespace {

[[noreturn]] void fail(const std::string& name, int reason) {
  throw IoError::from_errno("cannot write to " + name, reason);
}

int open_for_writing(const std::string& path, int flags) {
  int number = -1;
  do number = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | flags);
  while (number < 0 && errno == EINTR);
  return number;
}

// Another process that shares the output may have made it non-blocking.
void wait_writable(int descriptor, const std::string& name) {
  pollfd output{descriptor, POLLOUT, 0};
  if (::poll(&output, 1, -1) < 0 && errno != EINTR) fail(name, errno);
}

}  // namespace

Outlet::Outlet(int descriptor, std::string name)
    : name_(std::move(name)), own_(::fcntl(descriptor, F_DUPFD_CLOEXEC, 3)), descriptor_(own_.get()) {
  if (!own_) fail(name_, errno);
}

void Outlet::probe() {
  struct stat status {};
  if (descriptor_ >= 0) {
    const int flags = ::fcntl(descriptor_, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) fail(name_, EBADF);
  } else if (::stat(name_.c_str(), &status) == 0 && S_ISFIFO(status.st_mode)) {
    if (::faccessat(AT_FDCWD, name_.c_str(), W_OK, AT_EACCESS) != 0) fail(name_, errno);
  } else {
    open();
  }
}

void Outlet::open() {
  if (descriptor_ >= 0) return;
  Descriptor opened(open_for_writing(name_, O_NONBLOCK));
  if (!opened && errno == ENXIO) {
    if (on_event_) on_event_({Event::Level::warning, "waiting for somebody to read " + name_});
    opened = Descriptor(open_for_writing(name_, 0));
  }
  if (!opened) fail(name_, errno);
  own_ = std::move(opened);
  descriptor_ = own_.get();
}

void Outlet::end_line() {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return;
  // The descriptor may be for writing only.
  const Descriptor file(::open(("/proc/self/fd/" + std::to_string(descriptor_)).c_str(), O_RDONLY | O_CLOEXEC));
  char last = '\n';
  if (file && ::pread(file.get(), &last, 1, status.st_size - 1) == 1 && last != '\n') write("\n");
}

void Outlet::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (written == 0) {
      fail(name_, EIO);
    } else if (errno == EAGAIN) {
      wait_writable(descriptor_, name_);
    } else if (errno == EPIPE) {
      throw OutputClosed("nobody reads the output any more");
    } else if (errno != EINTR) {
      fail(name_, errno);
    }
  }
}

void Outlet::sync() {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return;
  if (::fdatasync(descriptor_) != 0 && errno != EINVAL)  // EINVAL: what the kernel itself takes, as in /proc
    throw IoError::from_errno("cannot sync " + name_, errno);
}

}  // namespace millrace::io
