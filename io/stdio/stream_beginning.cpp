// Holding back, looking, giving out.
// SPDX-License-Identifier: Apache-2.0
#include "io/stdio/stream_beginning.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <millrace/error.h>

#include "io/first_bytes.h"

namespace millrace::io {

ssize_t StreamBeginning::read(int descriptor, std::span<std::byte> into) {
  if (over_) return ::read(descriptor, into.data(), into.size());
  if (!decided_) {
    if (fill(descriptor) < 0) return -1;
    if (!ended_ && may_turn_out(held_)) {
      errno = EAGAIN;
      return -1;
    }
    decide();
  }
  return give(into);
}

ssize_t StreamBeginning::fill(int descriptor) {
  const std::size_t before = held_.size();
  held_.resize(kBeginningBytes);
  const ssize_t got = ::read(descriptor, held_.data() + before, held_.size() - before);
  const int error = errno;
  held_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  ended_ = got == 0;
  errno = error;
  return got;
}

void StreamBeginning::decide() {
  const FirstBytes first = look_at(held_);
  if (first.content != Content::text) throw ConfigError({why_not_counted(first.content, name_)}, 65);
  decided_ = true;
  given_ = first.mark;
  if (on_beginning_) on_beginning_(name_, std::span(held_).subspan(given_));
}

// An end that was read is told when all is given, and not asked for again: a terminal would wait for a second
// one.
ssize_t StreamBeginning::give(std::span<std::byte> into) {
  const std::size_t bytes = std::min(into.size(), held_.size() - given_);
  std::copy_n(held_.begin() + static_cast<std::ptrdiff_t>(given_), bytes, into.begin());
  given_ += bytes;
  over_ = given_ == held_.size() && (!ended_ || bytes == 0);
  if (over_) held_ = {};
  if (bytes > 0 || ended_) return static_cast<ssize_t>(bytes);
  errno = EAGAIN;
  return -1;
}

void StreamBeginning::end_input() {
  if (decided_) return;
  ended_ = true;
  decide();
}

}  // namespace millrace::io
