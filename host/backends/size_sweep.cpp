// Batches made of one text, and the measurement over them.
// SPDX-License-Identifier: Apache-2.0
#include "host/backends/size_sweep.h"

#include <algorithm>
#include <cstring>

#include "host/backends/throughput.h"

namespace millrace {
namespace {

/// Some pieces of the text in the backend's own memory.
std::vector<Batch> pieces_of(std::string_view text, std::size_t size, Backend& backend,
                             std::vector<HostBuffer>& memory) {
  std::vector<Batch> pieces;
  while (pieces.size() <= backend.in_flight_max() && text.size() >= size) {
    const std::string_view piece = text.substr(0, text.rfind('\n', size - 1) + 1);
    check(!piece.empty(), "a text that is measured has lines");
    memory.push_back(backend.allocate(size));
    std::memcpy(memory.back().bytes().data(), piece.data(), piece.size());
    Batch batch;
    batch.bytes = memory.back().bytes().first(piece.size());
    pieces.push_back(batch);
    text.remove_prefix(piece.size());
  }
  check(!pieces.empty(), "a text that is measured fills a batch");
  return pieces;
}

// As many batches as make up the text, and enough to overlap. Several may share their memory: it is only read.
double rate(std::string_view text, std::size_t size, const SizedFactory& make) {
  std::vector<HostBuffer> memory;
  const std::unique_ptr<Backend> backend = make(size);
  const std::vector<Batch> pieces = pieces_of(text, size, *backend, memory);
  std::vector<Batch> batches(
      std::max<std::size_t>(text.size() / size, std::size_t{2} * backend->in_flight_max()));
  for (std::size_t i = 0; i < batches.size(); ++i) batches[i] = pieces[i % pieces.size()];
  return measured_rate(*backend, batches);
}

}  // namespace

std::vector<Rates> measure_crossover(std::string_view text, std::span<const std::size_t> sizes,
                                     const SizedFactory& present, const SizedFactory& other) {
  std::vector<Rates> rates;
  for (const std::size_t size : sizes)
    rates.push_back({size, rate(text, size, present), rate(text, size, other)});
  return rates;
}

}  // namespace millrace
