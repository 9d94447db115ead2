// The first bytes of files, which are looked at before anything is read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <millrace/partition.h>
#include <millrace/source.h>

#include "io/descriptor.h"
#include "io/first_bytes.h"

namespace millrace::io {

/// Of the first `length` bytes, or of all if there are fewer. Throws IoError.
Beginning beginning_of(const Descriptor& file, const std::string& name, std::uint32_t length);

/// Looks at files, and lets who wants it look at the first few of them.
class FileBeginning {
 public:
  explicit FileBeginning(OnBeginning on_beginning) : on_beginning_(std::move(on_beginning)) {}
  /// Throws IoError.
  FirstBytes look(const Descriptor& file, const std::string& name);

 private:
  OnBeginning on_beginning_;
  std::size_t shown_ = 0;
  std::vector<std::byte> bytes_;
};

}  // namespace millrace::io
