// The temporary files of this process, for ends that run no destructors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace {

/// Says that a temporary file is about to be made: remove_temporaries() waits for that. Then call keep() once
/// it is there; without, the destructor takes the word back. Throws IoError where remove_temporaries() was
/// called: the process is ending.
class TemporaryInTheMaking {
 public:
  explicit TemporaryInTheMaking(const char* path);
  TemporaryInTheMaking(const TemporaryInTheMaking&) = delete;
  TemporaryInTheMaking& operator=(const TemporaryInTheMaking&) = delete;
  ~TemporaryInTheMaking();
  void keep() noexcept;

  struct Entry;

 private:
  Entry* entry_ = nullptr;
};

/// It has been renamed or removed. Other paths are ignored.
void forget_temporary(const char* path) noexcept;

}  // namespace millrace
