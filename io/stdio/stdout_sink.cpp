// Writing rows as they come.
// SPDX-License-Identifier: Apache-2.0
#include "io/stdio/stdout_sink.h"

namespace millrace::io {

void StdoutSink::begin(const Epoch& epoch) {
  outlet_.open();
  if (may_repeat_) outlet_.end_line();
  format_.set_epoch(epoch.id);
  if (header_written_) return;
  format_.add_header();
  format_.flush();
  header_written_ = true;
}

void StdoutSink::finish(const Epoch&) {
  format_.flush();
  outlet_.sync();
}

}  // namespace millrace::io
