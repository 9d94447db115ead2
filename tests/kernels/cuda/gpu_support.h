// What the tests on a real GPU share: sizes, tunings, counts of words that do not depend on any backend.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/backend.h>

#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/device_api.h"

namespace millrace {

/// `full`, or `few` where MILLRACE_TEST_LEVEL is "short" or "rehearsal": under checkers that slow a device
/// down, and on the fake device.
std::size_t by_level(std::size_t full, std::size_t few);
/// n, a 64th ("short") or a 1024th ("rehearsal").
std::size_t scaled(std::size_t n);

/// The seed of this run: MILLRACE_SEED, or a new one. Printed at start.
std::uint64_t test_seed();

/// A backend on the first device. On the levels above it is given a small arena and small batches.
std::unique_ptr<cuda::CudaBackend> make_gpu_backend(const Plan& plan, BackendOptions options = {},
                                                    cuda::CudaTuning tuning = {});

/// Counts of words, found here. Two that differ in any word or count are different, whatever the order of
/// adding: that is as sure as two hashes of 64 bits are.
class WordCounts {
 public:
  /// All words of a text.
  void add_text(std::string_view text);
  void add(std::string_view word, std::uint64_t count);

  friend bool operator==(const WordCounts&, const WordCounts&) = default;
  friend std::ostream& operator<<(std::ostream& out, const WordCounts& counts) {
    return out << counts.words_ << " words, sums " << counts.sum_ << ' ' << counts.other_sum_;
  }
  std::uint64_t words() const { return words_; }

 private:
  std::uint64_t words_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t other_sum_ = 0;
};

/// Gathers what is collected, as counts and, where that is asked for, word by word.
class WordSink : public PartialSink {
 public:
  explicit WordSink(bool keep_words = false) : keep_words_(keep_words) {}
  void add(const Partials& partials) override;

  WordCounts counts;
  std::uint64_t rows = 0;
  std::map<std::string, std::uint64_t> words;  ///< empty unless kept

 private:
  bool keep_words_;
};

/// Copies texts into the backend's own buffers and submits them, as the engine does; collects pane 0 where the
/// backend asks for it.
class Feeder {
 public:
  Feeder(Backend& backend, std::size_t capacity, PartialSink& sink);
  /// REQUIRES: no more than the capacity.
  void feed(std::string_view text);
  /// Waits for all batches.
  void settle();
  /// Settles and collects.
  void finish();

 private:
  void take_back();

  Backend& backend_;
  PartialSink& sink_;
  std::vector<HostBuffer> buffers_;
  std::vector<std::size_t> sizes_;
  std::vector<std::uint32_t> free_;
};

/// Cuts a text at separators into pieces of about `bytes`.
std::vector<std::string_view> cut(std::string_view text, std::size_t bytes);

/// Expects that a backend so tuned counts the pieces right; says on standard error what it did. When it does
/// not, tries again and tells the words that differ, and whether the second try was right.
void expect_right_counts(const std::vector<std::string_view>& pieces, const cuda::CudaTuning& tuning,
                         const BackendOptions& options = {});

/// What the backend has done, on one line.
std::string describe(const cuda::CudaCounters& counters);

}  // namespace millrace
