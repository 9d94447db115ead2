// Writing rows to a descriptor.
// SPDX-License-Identifier: Apache-2.0
#include "io/stdout_sink.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <millrace/error.h>

namespace millrace::io {
namespace {

constexpr std::size_t kFlushBytes = std::size_t{256} << 10;
constexpr std::size_t kRowsAtATime = 16384;

// Waits where the output was made non-blocking by another process that shares it.
void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd output{descriptor, POLLOUT, 0};
      ::poll(&output, 1, -1);
    } else if (errno == EPIPE) {
      throw OutputClosed("nobody reads the output any more");
    } else if (errno != EINTR) {
      throw IoError::from_errno("cannot write to the output", errno);
    }
  }
}

}  // namespace

StdoutSink::StdoutSink(const RowLayout& layout, int descriptor) : format_(layout), descriptor_(descriptor) {}

void StdoutSink::begin(const Epoch&) {
  if (header_written_) return;
  write_all(descriptor_, format_.header());
  header_written_ = true;
}

void StdoutSink::write(std::span<const Aggregate> rows) {
  while (!rows.empty()) {
    const std::span<const Aggregate> some = rows.first(std::min(rows.size(), kRowsAtATime));
    rows = rows.subspan(some.size());
    format_.add(some, text_);
    if (text_.size() >= kFlushBytes) flush();
  }
}

void StdoutSink::finish(EpochId) {
  flush();
}

void StdoutSink::abandon(EpochId) noexcept {
  text_.clear();
  format_.restart();
}

void StdoutSink::flush() {
  write_all(descriptor_, text_);
  text_.clear();
}

}  // namespace millrace::io
