// Finds or adds the text of a long key in a pane's arena: a lock-free hash table of places.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cuda/device/text_layout.h"
#include "kernels/cuda/device/token_text.h"
#include "kernels/cuda/device/warp.h"
#include "kernels/cuda/device_types.h"
#include "kernels/hd.h"

namespace millrace::cuda {

/// A text becomes visible with one compare-and-swap, when it is complete. Threads that add the same text at the
/// same moment all copy it, and all but one copy are left unused. Texts are never moved or taken out, so that a
/// batch which fails leaves nothing but texts without entries.
class TextIndex {
 public:
  MILLRACE_DEVICE TextIndex(const PaneArena& pane, BatchControl* control) : pane_(pane), control_(control) {}

  /// The place of the token's text, for lanes that want one; all lanes of the warp call it. If there is no room
  /// the batch fails, and the result means nothing.
  MILLRACE_DEVICE std::uint32_t place_of(bool wanted, const TokenText& token, Key key) const {
    const std::uint64_t mixed = mix(key.bits);
    const auto tag = static_cast<std::uint32_t>(mixed >> 32);
    Search search{static_cast<std::uint32_t>(mixed) & pane_.slot_mask};
    if (wanted) walk(search, token, key, tag);
    const bool adds = wanted && !search.found;
    const std::uint32_t words = adds ? text_words(token.length) : 0;
    const std::uint32_t place = reserve(&pane_.control->text_words, words);
    if (!adds) return search.place;
    if (std::uint64_t{place} + words > pane_.text_capacity) {
      fail();
      return 0;
    }
    write(place, token, key);
    return publish(search, place, token, key, tag);
  }

 private:
  static constexpr std::uint32_t kProbesMax = 1024;

  struct Search {
    std::uint32_t slot;
    std::uint32_t probes = 0;
    std::uint32_t place = 0;
    bool found = false;
  };

  /// Goes on to the token's text or to a free slot, which the search then names.
  MILLRACE_DEVICE void walk(Search& search, const TokenText& token, Key key, std::uint32_t tag) const {
    for (; search.probes < kProbesMax; ++search.probes, search.slot = (search.slot + 1) & pane_.slot_mask) {
      const std::uint64_t seen = __ldcg(wide(pane_.slots + search.slot));
      if (seen == 0 || is_token(search, seen, token, key, tag)) return;
    }
  }

  MILLRACE_DEVICE bool is_token(Search& search, std::uint64_t seen, const TokenText& token, Key key,
                                std::uint32_t tag) const {
    if (static_cast<std::uint32_t>(seen >> 32) != tag) return false;
    __threadfence();  // the text was written before the slot, and is read after it
    const std::uint32_t place = static_cast<std::uint32_t>(seen) - 1;
    const std::uint64_t* text = pane_.texts + place;
    if (load(text) != key.bits || load(text + 1) != token.length) return false;
    for (std::uint32_t offset = 0; offset < token.length; offset += 8)
      if (load(text + kTextHeaderWords + offset / 8) != token.load_padded(offset)) return false;
    search.place = place;
    search.found = true;
    return true;
  }

  /// From the second-level cache: a multiprocessor's own may hold what was there before the text.
  MILLRACE_DEVICE static std::uint64_t load(const std::uint64_t* word) {
    return __ldcg(reinterpret_cast<const unsigned long long*>(word));
  }

  MILLRACE_DEVICE void write(std::uint32_t place, const TokenText& token, Key key) const {
    std::uint64_t* text = pane_.texts + place;
    text[0] = key.bits;
    text[1] = token.length;
    for (std::uint32_t offset = 0; offset < token.length; offset += 8)
      text[kTextHeaderWords + offset / 8] = token.load_padded(offset);
    __threadfence();
  }

  MILLRACE_DEVICE std::uint32_t publish(Search& search, std::uint32_t place, const TokenText& token, Key key,
                                        std::uint32_t tag) const {
    const std::uint64_t mine = std::uint64_t{tag} << 32 | (place + 1);
    while (search.probes < kProbesMax) {
      const std::uint64_t seen = atomicCAS(wide(pane_.slots + search.slot), 0ULL, mine);
      if (seen == 0) return place;
      if (!is_token(search, seen, token, key, tag)) walk(search, token, key, tag);
      if (search.found) return search.place;
    }
    fail();
    return 0;
  }

  MILLRACE_DEVICE void fail() const { atomicOr(&control_->failures, static_cast<unsigned>(kTextsFull)); }

  const PaneArena& pane_;
  BatchControl* control_;
};

}  // namespace millrace::cuda
