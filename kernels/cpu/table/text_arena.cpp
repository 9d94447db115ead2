// Chunks of text that grow with what is stored.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/table/text_arena.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr std::size_t kChunkMax = std::size_t{1} << 20;

}  // namespace

std::string_view TextArena::copy(std::string_view text) {
  if (chunks_.empty() || chunks_.back().capacity() - chunks_.back().size() < text.size()) {
    Chunk chunk(chunks_.get_allocator());
    chunk.reserve(std::max(next_chunk_, text.size()));
    chunks_.push_back(std::move(chunk));
    next_chunk_ = std::min(2 * next_chunk_, kChunkMax);
  }
  Chunk& chunk = chunks_.back();
  const std::size_t at = chunk.size();
  chunk.insert(chunk.end(), text.begin(), text.end());
  bytes_ += text.size();
  return {chunk.data() + at, text.size()};
}

}  // namespace millrace
