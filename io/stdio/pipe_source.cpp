// Waiting for a stream and framing what comes.
// SPDX-License-Identifier: Apache-2.0
#include "io/stdio/pipe_source.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>

#include <millrace/error.h>

#include "io/news.h"

namespace millrace::io {
namespace {

constexpr int kPipeBytes = 1 << 20;

// When a terminal is closed, its end may be seen before the SIGHUP that it sends, which is to say how the job
// ends.
constexpr std::chrono::seconds kUntilSignal{1};

}  // namespace

PipeSource::PipeSource(Descriptor input, std::string name, const SourceOptions& options)
    : input_(std::move(input)),
      partitions_(std::move(name)),
      beginning_(partitions_.name(), options.on_beginning),
      framer_(options.framing, *options.budget),
      is_terminal_(::isatty(input_.get()) == 1 || errno == EIO),
      endless_(options.windowed),
      on_event_(options.on_event) {
  // A larger pipe means fewer turns between writer and reader. What is no pipe refuses, and that is fine.
  ::fcntl(input_.get(), F_SETPIPE_SZ, kPipeBytes);
}

ReadResult PipeSource::read(std::span<std::byte> into, const Records& records, Deadline deadline) {
  records.clear();
  for (;;) {
    if (auto found = framer_.next(into, records)) return *found;
    if (ending_ != ReadResult::Status::idle) {
      partitions_.finish();
      return framer_.nothing(ending_);
    }
    if (!beginning_.is_ready() && !waker_.wait_readable(input_.get(), deadline))
      return framer_.nothing(ReadResult::Status::idle);

    const std::span<std::byte> room = framer_.room(into);
    const ssize_t got = beginning_.read(input_.get(), room);
    if (got < 0 && errno != EINTR && errno != EAGAIN) break_off(errno);
    if (got == 0 && has_hung_up()) {
      if (!waker_.wait(std::chrono::steady_clock::now() + kUntilSignal))
        return framer_.nothing(ReadResult::Status::idle);
      break_off(EIO);
    } else if (got == 0) {
      framer_.end_input();
      ending_ = ReadResult::Status::end;
    } else if (got > 0) {
      received_ += static_cast<std::uint64_t>(got);
      if (auto found = framer_.added(static_cast<std::size_t>(got), into, records)) return *found;
      if (std::chrono::steady_clock::now() >= deadline) return framer_.nothing(ReadResult::Status::idle);
    }
  }
}

// A terminal that was closed gives an end, too, as after Ctrl-D.
bool PipeSource::has_hung_up() const {
  pollfd terminal{input_.get(), POLLIN, 0};
  return is_terminal_ && ::poll(&terminal, 1, 0) > 0 && (terminal.revents & (POLLHUP | POLLERR)) != 0;
}

void PipeSource::break_off(int error_number) {
  if (received_ == 0) throw IoError::from_errno("cannot read " + partitions_.name(), error_number);
  ending_ = ReadResult::Status::broken;
  tell_broken(on_event_, partitions_.name(), received_, framer_.drop_unfinished(),
              std::generic_category().message(error_number));
}

// What the beginning holds back is input, too.
std::optional<ReadResult> PipeSource::take_held_back(std::span<std::byte> into, const Records& records) {
  beginning_.end_input();
  while (beginning_.is_ready()) {
    if (auto found = framer_.next(into, records)) return found;
    const ssize_t got = beginning_.read(input_.get(), framer_.room(into));
    if (got <= 0) break;
    received_ += static_cast<std::uint64_t>(got);
    if (auto found = framer_.added(static_cast<std::size_t>(got), into, records)) return found;
  }
  return std::nullopt;
}

ReadResult PipeSource::drain(std::span<std::byte> into, const Records& records) {
  records.clear();
  if (auto found = take_held_back(into, records)) return *found;
  if (auto found = framer_.drain(into, records)) return *found;
  tell_unfinished(on_event_, partitions_.name(), framer_.drop_unfinished());
  return framer_.nothing(ReadResult::Status::end);
}

void PipeSource::seek(std::span<const Mark>) {
  check(false, "a stream cannot go back");
}

Descriptor open_stream(const std::string& path) {
  return open_for_reading(path, O_NONBLOCK);
}

}  // namespace millrace::io
