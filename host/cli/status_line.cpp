// Drawing with carriage return and "erase to the end of the line".
// SPDX-License-Identifier: Apache-2.0
#include "host/cli/status_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace millrace::cli {

void StatusLine::show(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (held_) return;
  winsize size{};
  const bool known = ioctl(descriptor_, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  const std::size_t width = known ? size.ws_col - 1U : 79U;
  write("\r\x1b[K" + std::string(text.substr(0, std::min(text.size(), width))));
  drawn_ = true;
}

void StatusLine::clear() {
  const std::lock_guard lock(mutex_);
  erase();
}

void StatusLine::write_line(std::string_view line) {
  const std::lock_guard lock(mutex_);
  erase();
  write(std::string(line) + '\n');
}

void StatusLine::hold() {
  const std::lock_guard lock(mutex_);
  erase();
  held_ = true;
}

void StatusLine::release() {
  const std::lock_guard lock(mutex_);
  held_ = false;
}

void StatusLine::erase() {
  if (drawn_) write("\r\x1b[K");
  drawn_ = false;
}

void StatusLine::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace millrace::cli
