// Writing rows as they come.
// SPDX-License-Identifier: Apache-2.0
#include "io/stdout_sink.h"

#include <algorithm>

namespace millrace::io {
namespace {

constexpr std::size_t kFlushBytes = std::size_t{256} << 10;
constexpr std::size_t kRowsAtATime = 16384;

}  // namespace

void StdoutSink::begin(const Epoch&) {
  outlet_.open();
  if (header_written_) return;
  outlet_.write(format_.header());
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
  outlet_.sync();
}

void StdoutSink::abandon(EpochId) noexcept {
  text_.clear();
  format_.restart();
}

void StdoutSink::flush() {
  outlet_.write(text_);
  text_.clear();
}

}  // namespace millrace::io
