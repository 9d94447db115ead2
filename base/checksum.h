// Checksums of what is on disk.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace {

/// XXH3 with 64 bits.
std::uint64_t checksum64(std::string_view bytes);
/// Of both, the one behind the other.
std::uint64_t checksum64(std::string_view bytes, std::string_view more);

/// XXH3 with 128 bits, as its canonical 16 bytes, of what is added in any number of pieces.
class Checksum128 {
 public:
  Checksum128();
  ~Checksum128();
  Checksum128(const Checksum128&) = delete;
  Checksum128& operator=(const Checksum128&) = delete;

  void add(std::string_view bytes);
  /// Forgets what was added.
  void reset();
  /// Of what was added until now.
  std::array<char, 16> bytes() const;
  /// The same as 32 hexadecimal digits.
  std::string hex() const;
  /// Its first 64 bits as a number.
  std::uint64_t number() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
