// Compression of a log's chunks: the log needs no library, so who opens it brings one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

/// Codec 1 of docs/checkpoint_format.md. Not thread-safe.
class Codec {
 public:
  Codec() = default;
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;
  virtual ~Codec() = default;

  /// Appends what `data` becomes to `out`. False: it would be more than `most` bytes, and `out` stays as it is.
  virtual bool compress(std::string_view data, std::size_t most, std::string& out) = 0;
  /// Puts what was `data` in place of what `out` holds. Throws CorruptError where `stored` was not made so from
  /// 1 to `most` bytes, and never makes `out` larger than that, whatever it says.
  virtual void decompress(std::string_view stored, std::size_t most, std::string& out) = 0;
};

}  // namespace millrace
