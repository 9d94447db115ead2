// Drawing with carriage return and "erase to the end of the line".
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/status_line.h"

#include <sys/ioctl.h>

#include <chrono>
#include <utility>

namespace millrace::cli {
namespace {

constexpr std::string_view kErase = "\r\x1b[K";

}  // namespace

void StatusLine::show(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (held_ || !output_.flush()) return;
  winsize size{};
  const bool known = ioctl(descriptor_, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  const std::size_t width = known ? size.ws_col - 1U : 79U;
  output_.add({kErase, text.substr(0, width)});
  drawn_ = true;
}

void StatusLine::clear() {
  const std::lock_guard lock(mutex_);
  output_.add({erasure()});
}

void StatusLine::write_line(std::string_view line) {
  const std::lock_guard lock(mutex_);
  output_.add({erasure(), line, "\n"});
}

void StatusLine::hold() {
  const std::lock_guard lock(mutex_);
  output_.add({erasure()});
  held_ = true;
}

void StatusLine::release() {
  const std::lock_guard lock(mutex_);
  held_ = false;
}

void StatusLine::finish(Deadline deadline) {
  const auto written = [this] {
    const std::lock_guard lock(mutex_);
    output_.add({erasure()});
    return output_.flush();
  };
  while (!written() && std::chrono::steady_clock::now() < deadline) output_.wait(deadline);
}

std::string_view StatusLine::erasure() {
  return std::exchange(drawn_, false) ? kErase : std::string_view();
}

}  // namespace millrace::cli
