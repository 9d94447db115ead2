// A table of paths that a signal handler can read.
// SPDX-License-Identifier: Apache-2.0
#include "host/temporaries.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>

#include <millrace/disk.h>
#include <millrace/error.h>

namespace millrace {
namespace {

enum class Slot : int { empty, making, made };

// Outputs are few. What finds no place here is no worse off than after SIGKILL: the next job removes it.
constexpr std::size_t kSlots = 64;

// The path of a slot is written while it is `making`, and then nobody reads it.
std::array<std::atomic<Slot>, kSlots> states;
std::array<std::array<char, PATH_MAX>, kSlots> paths;
std::atomic<bool> ending = false;
std::mutex one_at_a_time;  ///< takes and frees slots; remove_temporaries() must not wait for it

static_assert(std::atomic<Slot>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

}  // namespace

// The slot is taken before `ending` is read, and remove_temporaries() sets `ending` before it looks at the
// slots: one of the two sees the other.
TemporaryInTheMaking::TemporaryInTheMaking(const char* path) : slot_(kSlots) {
  const std::scoped_lock lock(one_at_a_time);
  const std::size_t size = std::strlen(path) + 1;
  const auto* const free = std::ranges::find_if(states, [](const auto& state) { return state == Slot::empty; });
  if (free != states.end() && size <= PATH_MAX) slot_ = static_cast<std::size_t>(free - states.begin());
  if (slot_ < kSlots) states[slot_] = Slot::making;
  if (ending) {
    if (slot_ < kSlots) states[slot_] = Slot::empty;
    throw IoError("cannot create " + std::string(path) + ": the program is ending");
  }
  if (slot_ < kSlots) std::memcpy(paths[slot_].data(), path, size);
}

TemporaryInTheMaking::~TemporaryInTheMaking() {
  if (slot_ < kSlots) states[slot_] = Slot::empty;
}

void TemporaryInTheMaking::keep() noexcept {
  if (slot_ < kSlots) states[slot_] = Slot::made;
  slot_ = kSlots;
}

void forget_temporary(const char* path) noexcept {
  const std::scoped_lock lock(one_at_a_time);
  for (std::size_t i = 0; i < kSlots; ++i)
    if (states[i] == Slot::made && std::strcmp(paths[i].data(), path) == 0) states[i] = Slot::empty;
}

void remove_temporaries() noexcept {
  const int error = errno;
  ending = true;
  constexpr int kTries = 100;  // in a handler that interrupted the making, waiting is in vain
  for (int tries = 0; tries < kTries; ++tries) {
    bool making = false;
    for (std::size_t i = 0; i < kSlots; ++i) {
      const Slot state = states[i];
      if (state == Slot::made) ::unlink(paths[i].data());
      making = making || state == Slot::making;
    }
    if (!making) break;
    const timespec pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
  errno = error;
}

}  // namespace millrace
