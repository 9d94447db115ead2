// The SIMT shim: whose turn it is, and who waits for whom.
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/simt.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/fibres.h"

SimtIndex threadIdx;
SimtIndex blockIdx;
SimtSize blockDim;
SimtSize gridDim;

namespace simt {
namespace {

using detail::Meeting;

constexpr unsigned kWarpLanes = 32;
constexpr std::size_t kSharedAlignment = 128;
constexpr unsigned kTouchesMax = 64;  // in a row: a thread that waits for another one must let it go on

struct Cancelled {};

struct SharedMemory {
  explicit SharedMemory(std::size_t size)
      : bytes(static_cast<unsigned char*>(::operator new(size, std::align_val_t{kSharedAlignment}))) {}
  ~SharedMemory() { ::operator delete(bytes, std::align_val_t{kSharedAlignment}); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  unsigned char* bytes;
};

struct Warp {
  Meeting meetings[2];  // lanes may still read the last one while others are on their way to the next
  unsigned now = 0;
};

struct Block;

struct Thread {
  Block* block = nullptr;
  unsigned number = 0;
  std::size_t fibre = 0;
  const char* waits_at = nullptr;
  std::source_location where;
  bool returned = true;
};

struct Block {
  unsigned number = 0;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  std::unique_ptr<SharedMemory> shared;
  unsigned at_barrier = 0;
  std::source_location barrier;
  unsigned returned = 0;
};

bool same_place(const std::source_location& a, const std::source_location& b) {
  return a.line() == b.line() && a.column() == b.column() && std::strcmp(a.file_name(), b.file_name()) == 0;
}

std::string text_of(const char* what, const std::source_location& where) {
  std::ostringstream text;
  text << what << " (" << where.file_name() << ':' << where.line() << ':' << where.column() << ')';
  return text.str();
}

std::string name_of(const Thread& thread) {
  return "thread " + std::to_string(thread.number) + " of block " + std::to_string(thread.block->number);
}

/// What the threads of a block do, those that do the same together.
std::string describe(const Block& block) {
  struct Group {
    std::string doing;
    unsigned first;
    unsigned threads;
  };
  std::vector<Group> groups;
  for (const Thread& thread : block.threads) {
    const std::string doing = thread.returned ? "returned" : "at " + text_of(thread.waits_at, thread.where);
    const auto same = std::ranges::find(groups, doing, &Group::doing);
    if (same == groups.end()) {
      groups.push_back({doing, thread.number, 1});
    } else {
      ++same->threads;
    }
  }
  std::ostringstream text;
  text << "block " << block.number << " cannot go on:";
  for (const Group& group : groups)
    text << ' ' << group.threads << " threads, the first being " << group.first << ", " << group.doing << ';';
  std::string sentence = text.str();
  sentence.pop_back();
  return sentence;
}

/// Runs launches one after the other, on fibres that it keeps.
class Machine {
 public:
  std::uint64_t launch(unsigned grid, unsigned block, std::size_t shared_bytes,
                       const std::function<void(unsigned char*)>& kernel, const Schedule& schedule);
  const Meeting& meet_warp(const char* what, unsigned mask, std::uint64_t brings, std::source_location where);
  void meet_block(std::source_location where);
  void touch();

 private:
  void prepare(unsigned grid, unsigned block, std::size_t shared_bytes, const Schedule& schedule);
  void begin(Block& block);
  void run_thread(std::size_t fibre);
  void finish(Thread& thread);
  void cancel();
  void wait(Thread& thread, const char* what, std::source_location where);
  void let_others_go_on();
  Thread& pick();
  void now_runs(Thread& thread);
  std::uint32_t below(std::size_t limit) {
    return static_cast<std::uint32_t>(std::uint64_t{random_()} * limit >> 32);
  }

  std::mutex mutex_;
  Fibres fibres_{[this](std::size_t fibre) { run_thread(fibre); }};
  const std::function<void(unsigned char*)>* kernel_ = nullptr;
  std::mt19937 random_;
  std::uint32_t yields_below_ = 0;
  unsigned touches_ = 0;
  std::uint64_t switches_ = 0;
  std::size_t shared_bytes_ = 0;
  std::vector<unsigned> blocks_to_begin_;
  std::deque<Block> blocks_;
  std::vector<Thread*> by_fibre_;
  std::vector<Thread*> ready_;
  Thread* running_ = nullptr;
  bool cancelled_ = false;
  std::exception_ptr error_;
};

// Its fibres hold on to it until the process ends.
Machine& machine() {
  static Machine& machine = *new Machine;
  return machine;
}

std::uint64_t Machine::launch(unsigned grid, unsigned block, std::size_t shared_bytes,
                              const std::function<void(unsigned char*)>& kernel, const Schedule& schedule) {
  const std::lock_guard lock(mutex_);
  kernel_ = &kernel;
  prepare(grid, block, shared_bytes, schedule);
  for (Block& place : blocks_) begin(place);
  if (!ready_.empty()) fibres_.run(pick().fibre);
  const auto stuck =
      std::ranges::find_if(blocks_, [&](const Block& place) { return place.returned < place.threads.size(); });
  if (error_ == nullptr && stuck != blocks_.end())
    error_ = std::make_exception_ptr(Divergence(describe(*stuck)));
  if (error_ != nullptr) {
    cancel();
    std::rethrow_exception(std::exchange(error_, nullptr));
  }
  return switches_;
}

void Machine::prepare(unsigned grid, unsigned block, std::size_t shared_bytes, const Schedule& schedule) {
  if (grid == 0 || block == 0 || block > 1024) throw Divergence("a launch needs blocks, and 1 to 1024 threads");
  gridDim.x = grid;
  blockDim.x = block;
  random_.seed(static_cast<std::mt19937::result_type>(schedule.seed ^ schedule.seed >> 32));
  yields_below_ = static_cast<std::uint32_t>(schedule.yields * 0xffffffff);
  switches_ = 0;
  touches_ = 0;
  shared_bytes_ = shared_bytes;
  cancelled_ = false;
  blocks_to_begin_.resize(grid);
  for (unsigned i = 0; i < grid; ++i) blocks_to_begin_[i] = i;
  std::ranges::shuffle(blocks_to_begin_, random_);

  const unsigned at_once = std::clamp(schedule.blocks_at_once, 1U, grid);
  fibres_.make(std::size_t{at_once} * block);
  blocks_.clear();
  blocks_.resize(at_once);
  by_fibre_.clear();
  for (Block& place : blocks_) {
    place.threads.reserve(block);
    for (unsigned number = 0; number < block; ++number)
      by_fibre_.push_back(&place.threads.emplace_back(Thread{&place, number, by_fibre_.size()}));
  }
}

/// Begins the next block, if there is one, in the place of one that is done.
void Machine::begin(Block& block) {
  if (blocks_to_begin_.empty() || cancelled_) return;
  block.number = blocks_to_begin_.back();
  blocks_to_begin_.pop_back();
  block.warps.assign((block.threads.size() + kWarpLanes - 1) / kWarpLanes, Warp{});
  block.at_barrier = 0;
  block.returned = 0;
  block.shared.reset();
  block.shared = std::make_unique<SharedMemory>(shared_bytes_);
  for (std::size_t at = 0; at < shared_bytes_; at += sizeof(std::uint32_t)) {
    const auto garbage = static_cast<std::uint32_t>(random_());
    std::memcpy(block.shared->bytes + at, &garbage, std::min(sizeof garbage, shared_bytes_ - at));
  }
  for (Thread& thread : block.threads) {
    thread.returned = false;
    ready_.push_back(&thread);
  }
}

/// The life of a thread, on its fibre. Afterwards somebody else goes on; the fibre is woken for its next
/// thread.
void Machine::run_thread(std::size_t fibre) {
  Thread& thread = *by_fibre_[fibre];
  now_runs(thread);
  try {
    if (!cancelled_) (*kernel_)(thread.block->shared->bytes);
  } catch (const Cancelled&) {
  } catch (...) {
    if (error_ == nullptr) error_ = std::current_exception();
  }
  finish(thread);
}

void Machine::finish(Thread& thread) {
  thread.returned = true;
  if (++thread.block->returned == thread.block->threads.size()) begin(*thread.block);
  if (ready_.empty() || (error_ != nullptr && !cancelled_)) return fibres_.switch_to_host();
  Thread& next = pick();
  ++switches_;
  if (&next != &thread) fibres_.switch_to(next.fibre);
}

/// Ends all threads, so that nothing of the launch is left on a stack.
void Machine::cancel() {
  cancelled_ = true;
  ready_.clear();
  for (Thread* thread : by_fibre_)
    if (!thread->returned) ready_.push_back(thread);
  if (!ready_.empty()) fibres_.run(pick().fibre);
}

Thread& Machine::pick() {
  std::swap(ready_[below(ready_.size())], ready_.back());
  Thread& thread = *ready_.back();
  ready_.pop_back();
  return thread;
}

void Machine::now_runs(Thread& thread) {
  running_ = &thread;
  touches_ = 0;
  threadIdx.x = thread.number;
  blockIdx.x = thread.block->number;
}

/// Comes back when this thread is picked. Without anybody to pick, the host sees that nobody can go on.
void Machine::let_others_go_on() {
  Thread& thread = *running_;
  Thread* next = ready_.empty() ? nullptr : &pick();
  if (next != &thread) {
    ++switches_;
    if (next == nullptr) {
      fibres_.switch_to_host();
    } else {
      fibres_.switch_to(next->fibre);
    }
  }
  if (cancelled_) throw Cancelled{};
  now_runs(thread);
}

void Machine::wait(Thread& thread, const char* what, std::source_location where) {
  thread.waits_at = what;
  thread.where = where;
}

const Meeting& Machine::meet_warp(const char* what, unsigned mask, std::uint64_t brings,
                                  std::source_location where) {
  Thread& thread = *running_;
  if (mask != 0xffffffffU)
    throw Divergence(name_of(thread) + " wants only some lanes at " + text_of(what, where));
  const unsigned lane = thread.number % kWarpLanes;
  Warp& warp = thread.block->warps[thread.number / kWarpLanes];
  Meeting& meeting = warp.meetings[warp.now];
  if (meeting.arrived == 0) {
    meeting.what = what;
    meeting.where = where;
    meeting.nonzero = 0;
  } else if (std::strcmp(meeting.what, what) != 0 || !same_place(meeting.where, where)) {
    throw Divergence(name_of(thread) + " is at " + text_of(what, where) +
                     ", but other lanes of its warp are at " + text_of(meeting.what, meeting.where));
  }
  meeting.brought[lane] = brings;
  meeting.nonzero |= (brings != 0 ? 1U : 0U) << lane;
  wait(thread, what, where);
  if (++meeting.arrived == kWarpLanes) {
    warp.now ^= 1;
    warp.meetings[warp.now].arrived = 0;
    for (unsigned i = 0; i < kWarpLanes; ++i)
      ready_.push_back(&thread.block->threads[thread.number - lane + i]);
  }
  let_others_go_on();
  return meeting;
}

void Machine::meet_block(std::source_location where) {
  Thread& thread = *running_;
  Block& block = *thread.block;
  if (block.at_barrier == 0) {
    block.barrier = where;
  } else if (!same_place(block.barrier, where)) {
    throw Divergence(name_of(thread) + " is at " + text_of("__syncthreads", where) +
                     ", but other threads of its block are at " + text_of("__syncthreads", block.barrier));
  }
  wait(thread, "__syncthreads", where);
  if (++block.at_barrier == block.threads.size()) {
    block.at_barrier = 0;
    for (Thread& each : block.threads) ready_.push_back(&each);
  }
  let_others_go_on();
}

void Machine::touch() {
  if (++touches_ < kTouchesMax && random_() >= yields_below_) return;
  ready_.push_back(running_);
  let_others_go_on();
}

}  // namespace

namespace detail {

const Meeting& meet_warp(const char* what, unsigned mask, std::uint64_t brings, std::source_location where) {
  return machine().meet_warp(what, mask, brings, where);
}
void meet_block(std::source_location where) {
  machine().meet_block(where);
}
void touch() {
  machine().touch();
}

}  // namespace detail

std::uint64_t seed_from_environment() {
  const char* text = std::getenv("MILLRACE_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

std::uint64_t launch(unsigned grid, unsigned block, std::size_t shared_bytes,
                     const std::function<void(unsigned char* shared)>& kernel, const Schedule& schedule) {
  return machine().launch(grid, block, shared_bytes, kernel, schedule);
}

}  // namespace simt
