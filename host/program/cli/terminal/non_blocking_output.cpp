// A descriptor of our own where that can be had, a look before each write where not.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/non_blocking_output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <climits>
#include <cstring>

namespace millrace::cli {
namespace {

mode_t type_of(int descriptor) noexcept {
  struct stat status {};
  return fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

// Opened anew it has flags of its own. A file would begin at its front again, and a device might act on it.
int open_anew(int descriptor) noexcept {
  if (type_of(descriptor) != S_IFIFO && isatty(descriptor) != 1) return -1;
  std::array<char, 32> path{"/proc/self/fd/"};
  std::to_chars(path.data() + std::strlen(path.data()), path.data() + path.size() - 1, descriptor);
  return open(path.data(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

NonBlockingOutput::NonBlockingOutput(int descriptor) noexcept
    : descriptor_(descriptor), own_(open_anew(descriptor)), is_socket_(type_of(descriptor) == S_IFSOCK) {}

NonBlockingOutput::~NonBlockingOutput() {
  if (own_ >= 0) close(own_);
}

void NonBlockingOutput::add(std::initializer_list<std::string_view> pieces) noexcept {
  std::size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  flush();
  if (size > bytes_.size() - kept_) return;
  for (const std::string_view piece : pieces) {
    std::ranges::copy(piece, bytes_.begin() + static_cast<std::ptrdiff_t>(kept_));
    kept_ += piece.size();
  }
  flush();
}

bool NonBlockingOutput::flush() noexcept {
  while (kept_ > 0) {
    const std::ptrdiff_t written = write_some();
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    // What fails for good would fail for the rest, too.
    const std::size_t gone = written < 0 ? kept_ : static_cast<std::size_t>(written);
    std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(gone),
              bytes_.begin() + static_cast<std::ptrdiff_t>(kept_), bytes_.begin());
    kept_ -= gone;
  }
  return true;
}

std::ptrdiff_t NonBlockingOutput::write_some() const noexcept {
  if (is_socket_) return send(descriptor_, bytes_.data(), kept_, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (own_ >= 0) return write(own_, bytes_.data(), kept_);
  // A pipe that says so takes PIPE_BUF bytes, unless another process is quicker: then this waits after all.
  pollfd room{descriptor_, POLLOUT, 0};
  if (poll(&room, 1, 0) == 0) errno = EAGAIN;
  return room.revents == 0 ? -1 : write(descriptor_, bytes_.data(), std::min<std::size_t>(kept_, PIPE_BUF));
}

void NonBlockingOutput::wait(Deadline deadline) const noexcept {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd room{descriptor_, POLLOUT, 0};
  poll(&room, 1, static_cast<int>(std::clamp(left, milliseconds{0}, milliseconds{1000}).count()));
}

}  // namespace millrace::cli
