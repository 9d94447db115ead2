// A file of a disk in memory: what readers find, and what the power cannot take.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <millrace/testing/power_loss.h>

namespace millrace::testing {

/// Bytes twice: those that readers find, as in a page cache, and those that are stored.
class FakeFile {
 public:
  static constexpr std::size_t kSectorBytes = 512;  ///< that are stored together or not at all

  explicit FakeFile(unsigned permissions_given) : permissions(permissions_given) {}

  unsigned permissions;           ///< as chmod takes them
  std::weak_ptr<const int> lock;  ///< held while somebody keeps it

  const std::string& bytes() const { return bytes_; }
  void truncate() {
    bytes_.clear();
    clean_ = 0;
  }
  void append(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) bytes_ += static_cast<char>(byte);
  }
  /// Stores what came since the last sync, whether that one failed or not: where one failed, there are zeros.
  void sync() {
    stored_.resize(clean_);
    stored_.append(bytes_, clean_);
    clean_ = bytes_.size();
  }
  /// What it should have stored counts as stored from now on.
  void fail_sync() { clean_ = bytes_.size(); }

  /// See FakeDisk::crash().
  void lose_power(PowerLoss& loss) {
    lock.reset();
    if (bytes_ == stored_) return;
    const auto [least, most] = std::minmax({bytes_.size(), stored_.size()});
    const std::array sizes{stored_.size(), bytes_.size(), least + loss.draw(most - least)};
    const std::size_t size = sizes[loss.draw(sizes.size() - 1)];
    bytes_.resize(most);
    stored_.resize(most);
    const std::vector<bool> survives = loss.survivors((most + kSectorBytes - 1) / kSectorBytes);
    for (std::size_t i = 0; i < survives.size(); ++i)
      if (survives[i]) stored_.replace(i * kSectorBytes, kSectorBytes, bytes_, i * kSectorBytes, kSectorBytes);
    stored_.resize(size);
    bytes_ = stored_;
    clean_ = size;
  }

 private:
  std::string bytes_;
  std::string stored_;
  std::size_t clean_ = 0;  ///< no sync stores what lies before it
};

}  // namespace millrace::testing
