// Reading and waiting with POSIX calls.
// SPDX-License-Identifier: Apache-2.0
#include "io/descriptor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include <millrace/error.h>

namespace millrace::io {
namespace {

timespec time_left(Deadline deadline) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const Instant now = std::chrono::steady_clock::now();
  if (deadline <= now) return {0, 0};
  const std::int64_t left = (deadline - now).count();
  return {static_cast<time_t>(left / kSecond), static_cast<long>(left % kSecond)};
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Descriptor open_for_reading(const std::string& path, int flags) {
  Descriptor opened;
  do opened = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | flags));
  while (!opened && errno == EINTR);
  if (!opened) throw IoError::from_errno("cannot read " + path, errno);
  return opened;
}

Descriptor duplicate(int number, const std::string& name) {
  Descriptor copy(::fcntl(number, F_DUPFD_CLOEXEC, 3));
  if (!copy) throw IoError::from_errno("cannot read " + name, errno);
  return copy;
}

std::size_t read_at(const Descriptor& file, std::uint64_t offset, std::span<std::byte> into,
                    const std::string& name) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got =
        ::pread(file.get(), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError::from_errno("cannot read " + name, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Waker::Waker() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) throw IoError::from_errno("cannot make an event descriptor", errno);
}

void Waker::wake() noexcept {
  const std::uint64_t one = 1;
  while (::write(event_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

bool Waker::wait_readable(int number, Deadline deadline) {
  std::array<pollfd, 2> fds{{{number, POLLIN, 0}, {event_.get(), POLLIN, 0}}};
  const timespec timeout = time_left(deadline);
  if (::ppoll(fds.data(), fds.size(), &timeout, nullptr) < 0) {
    if (errno == EINTR) return false;
    throw IoError::from_errno("cannot wait for input", errno);
  }
  if (fds[1].revents == 0) return fds[0].revents != 0;
  std::uint64_t wakes = 0;
  [[maybe_unused]] const ssize_t taken = ::read(event_.get(), &wakes, sizeof wakes);
  return false;  // also if there is something to read: it may be less than a record, and the wake is spent
}

bool Waker::wait(Deadline deadline) {
  pollfd event{event_.get(), POLLIN, 0};
  const timespec timeout = time_left(deadline);
  const int ready = ::ppoll(&event, 1, &timeout, nullptr);
  if (ready == 0) return true;
  if (ready < 0) {
    if (errno == EINTR) return false;
    throw IoError::from_errno("cannot wait", errno);
  }
  std::uint64_t wakes = 0;
  [[maybe_unused]] const ssize_t taken = ::read(event_.get(), &wakes, sizeof wakes);
  return false;
}

}  // namespace millrace::io
