// What of a disk in memory survives when the power goes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace millrace::testing {

/// Draws what survives of all that was not made durable.
class PowerLoss {
 public:
  /// Nothing does.
  PowerLoss() = default;
  /// Whatever `random` says; it outlives this.
  explicit PowerLoss(std::mt19937_64& random) : random_(&random) {}

  /// From 0 to `most`; 0 where nothing survives.
  std::size_t draw(std::size_t most) {
    return random_ == nullptr ? 0 : std::uniform_int_distribution<std::size_t>(0, most)(*random_);
  }
  /// Which of `count` things survive: sometimes none, sometimes all, else any of them.
  std::vector<bool> survivors(std::size_t count) {
    constexpr std::size_t kAll = 4;
    const std::size_t luck = draw(kAll);
    std::vector<bool> survive(count);
    for (std::size_t i = 0; i < count; ++i) survive[i] = draw(kAll - 1) < luck;
    return survive;
  }

 private:
  std::mt19937_64* random_ = nullptr;
};

}  // namespace millrace::testing
