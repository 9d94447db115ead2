// Runs kernel bodies on the CPU: include it before a kernel's header, and call simt::launch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <type_traits>

#include "tests/support/simt_meeting.h"

// Each thread of a block is a fibre. Threads take turns where they meet (at __syncthreads and what warps do
// together) and, at random, where they touch memory atomically; a seed decides whose turn it is. Shared memory
// is an allocation of exactly the size asked for, with garbage in it, so that sanitizers see what goes wrong
// there.
//
// It finds: wrong results, undefined behaviour, accesses outside of memory, shared memory that is read before
// it is written, threads that do not meet where they must, and most wrong orders of atomic steps. It cannot
// find: races between plain accesses, missing fences and what else the memory model allows, since only one
// thread runs at a time; warps of which only some lanes meet are refused. Those need a device.
namespace simt {

/// MILLRACE_SEED if it is set, else 1.
std::uint64_t seed_from_environment();

struct Schedule {
  std::uint64_t seed = seed_from_environment();
  double yields = 0.1;          ///< how often another thread may go on before an atomic access
  unsigned blocks_at_once = 2;  ///< that take turns; all blocks begin in a random order
};

/// Threads did not meet where the rules of CUDA want them to. Says which, and where they were.
class Divergence : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Runs grid x block threads of a kernel, which is handed the dynamic shared memory of its block. Returns how
/// often control went from one thread to another. What the kernel throws comes out. One launch at a time runs;
/// others wait.
std::uint64_t launch(unsigned grid, unsigned block, std::size_t shared_bytes,
                     const std::function<void(unsigned char* shared)>& kernel, const Schedule& schedule = {});

namespace detail {

template <class T>
std::uint64_t to_bits(T value) {
  static_assert(std::is_arithmetic_v<T>, "lanes exchange numbers");
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

template <class T>
T from_bits(std::uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Device code calls every 64-bit number unsigned long long; std::memcpy accesses it whatever its type is.
template <class T>
T load(const T* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// All that an atomic access is, while only one thread runs.
template <class T, class Change>
T update(T* number, Change change) {
  touch();
  const T before = load(number);
  const T after = change(before);
  std::memcpy(number, &after, sizeof after);
  return before;
}

}  // namespace detail
}  // namespace simt

// CUDA's names, with the types that CUDA gives them, so that what compiles here compiles there.

struct SimtIndex {
  unsigned x = 0, y = 0, z = 0;
};
struct SimtSize {
  unsigned x = 1, y = 1, z = 1;
};
extern SimtIndex threadIdx;
extern SimtIndex blockIdx;
extern SimtSize blockDim;
extern SimtSize gridDim;

inline void __syncthreads(std::source_location where = std::source_location::current()) {
  simt::detail::meet_block(where);
}
inline void __syncwarp(unsigned mask = 0xffffffffU,
                       std::source_location where = std::source_location::current()) {
  simt::detail::meet_warp("__syncwarp", mask, 0, where);
}
inline unsigned __ballot_sync(unsigned mask, int predicate,
                              std::source_location where = std::source_location::current()) {
  return simt::detail::meet_warp("__ballot_sync", mask, predicate != 0 ? 1 : 0, where).nonzero;
}
inline int __any_sync(unsigned mask, int predicate,
                      std::source_location where = std::source_location::current()) {
  return simt::detail::meet_warp("__any_sync", mask, predicate != 0 ? 1 : 0, where).nonzero != 0 ? 1 : 0;
}
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, std::source_location where = std::source_location::current()) {
  const auto& meeting = simt::detail::meet_warp("__shfl_sync", mask, simt::detail::to_bits(value), where);
  return simt::detail::from_bits<T>(meeting.brought[static_cast<unsigned>(lane) % 32]);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta,
                 std::source_location where = std::source_location::current()) {
  const auto& meeting = simt::detail::meet_warp("__shfl_up_sync", mask, simt::detail::to_bits(value), where);
  const unsigned lane = threadIdx.x % 32;
  return lane < delta ? value : simt::detail::from_bits<T>(meeting.brought[lane - delta]);
}

inline int __popc(unsigned bits) {
  return __builtin_popcount(bits);
}
inline int __ffs(int bits) {
  return __builtin_ffs(bits);
}
inline int __ffsll(long long bits) {
  return __builtin_ffsll(bits);
}

inline void __threadfence() {
  simt::detail::touch();
}
template <class T>
T __ldcg(const T* from) {
  simt::detail::touch();
  return simt::detail::load(from);
}

inline unsigned atomicAdd(unsigned* number, unsigned amount) {
  return simt::detail::update(number, [=](unsigned before) { return before + amount; });
}
inline unsigned long long atomicAdd(unsigned long long* number, unsigned long long amount) {
  return simt::detail::update(number, [=](unsigned long long before) { return before + amount; });
}
inline unsigned long long atomicCAS(unsigned long long* number, unsigned long long expected,
                                    unsigned long long wanted) {
  return simt::detail::update(number,
                              [=](unsigned long long before) { return before == expected ? wanted : before; });
}
inline unsigned atomicOr(unsigned* number, unsigned bits) {
  return simt::detail::update(number, [=](unsigned before) { return before | bits; });
}
inline unsigned long long atomicMax(unsigned long long* number, unsigned long long other) {
  return simt::detail::update(number,
                              [=](unsigned long long before) { return before > other ? before : other; });
}
inline long long atomicMax(long long* number, long long other) {
  return simt::detail::update(number, [=](long long before) { return before > other ? before : other; });
}
inline long long atomicMin(long long* number, long long other) {
  return simt::detail::update(number, [=](long long before) { return before < other ? before : other; });
}
