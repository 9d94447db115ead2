// All outputs are told in each key frame.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/logged_outputs.h"

#include <cstddef>
#include <utility>

#include "host/log/encoding.h"

namespace millrace {

void write_outputs(FrameWriter& frame, const std::vector<LoggedOutput>& outputs) {
  if (outputs.empty()) return;
  frame.begin(Section::outputs);
  for (const LoggedOutput& output : outputs) {
    frame.make_room(3 * kNumberBytesMax + output.name.size());
    put_text(frame.chunk(), output.name);
    put_varint(frame.chunk(), output.first.number);
    put_varint(frame.chunk(), output.end.number);
  }
  frame.end();
}

void read_outputs(std::string_view chunk, std::vector<LoggedOutput>& outputs) {
  Decoder bytes(chunk);
  while (!bytes.empty()) {
    LoggedOutput& output = outputs.emplace_back();
    output.name = bytes.text();
    output.first = {bytes.varint()};
    output.end = {bytes.varint()};
    if (output.end.number != 0 && output.end <= output.first)
      throw CorruptError("an output was left out before it began");
  }
}

}  // namespace millrace
