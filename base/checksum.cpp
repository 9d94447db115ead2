// Checksums by xxHash, compiled into this file.
// SPDX-License-Identifier: Apache-2.0
#include "base/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace millrace {

struct Checksum128::State {
  XXH3_state_t xxh;
};

std::uint64_t checksum64(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t checksum64(std::string_view bytes, std::string_view more) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, bytes.data(), bytes.size());
  XXH3_64bits_update(&state, more.data(), more.size());
  return XXH3_64bits_digest(&state);
}

Checksum128::Checksum128() : state_(std::make_unique<State>()) {
  reset();
}

void Checksum128::reset() {
  XXH3_128bits_reset(&state_->xxh);
}

Checksum128::~Checksum128() = default;

void Checksum128::add(std::string_view bytes) {
  XXH3_128bits_update(&state_->xxh, bytes.data(), bytes.size());
}

std::array<char, 16> Checksum128::bytes() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state_->xxh));
  std::array<char, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(canonical.digest[i]);
  return bytes;
}

std::string Checksum128::hex() const {
  std::string digits;
  for (const char byte : bytes()) {
    const auto value = static_cast<unsigned char>(byte);
    digits += "0123456789abcdef"[value / 16];
    digits += "0123456789abcdef"[value % 16];
  }
  return digits;
}

std::uint64_t Checksum128::number() const {
  return XXH3_128bits_digest(&state_->xxh).high64;
}

}  // namespace millrace
