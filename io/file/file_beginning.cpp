// A look at a file costs a read; of many, only the first few are shown around.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/file_beginning.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/checksum.h"

namespace millrace::io {
namespace {

constexpr std::size_t kShownMax = 64;

}  // namespace

Beginning beginning_of(const Descriptor& file, const std::string& name, std::uint32_t length) {
  std::array<std::byte, Beginning::kLengthMax> bytes;
  const std::size_t got = read_at(file, 0, std::span(bytes).first(length), name);
  return {checksum64({reinterpret_cast<const char*>(bytes.data()), got}), static_cast<std::uint32_t>(got)};
}

FirstBytes FileBeginning::look(const Descriptor& file, const std::string& name) {
  const bool shows = on_beginning_ && shown_ < kShownMax;
  bytes_.resize(shows ? kBeginningBytes : kFirstBytes);
  const auto bytes = std::span(bytes_).first(read_at(file, 0, bytes_, name));
  const FirstBytes first = look_at(bytes);
  if (shows && first.content == Content::text) {
    ++shown_;
    on_beginning_(name, bytes.subspan(first.mark));
  }
  return first;
}

}  // namespace millrace::io
