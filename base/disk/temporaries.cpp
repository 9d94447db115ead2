// A list of paths that a signal handler can read.
// SPDX-License-Identifier: Apache-2.0
#include "base/disk/temporaries.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <millrace/disk.h>
#include <millrace/error.h>

namespace millrace {

// The path is written while the entry is `making`, and then no signal handler reads it.
struct TemporaryInTheMaking::Entry {
  enum class State : int { unused, making, made };
  std::atomic<State> state = State::unused;
  std::array<char, PATH_MAX> path = {};
  Entry* next = nullptr;
};

namespace {

using Entry = TemporaryInTheMaking::Entry;
using State = Entry::State;

// Entries are added in front and never freed, so that a signal handler can walk along them at any moment.
std::atomic<Entry*> newest = nullptr;
std::atomic<bool> ending = false;
std::mutex one_at_a_time;  ///< takes and frees entries; remove_temporaries() must not wait for it

static_assert(std::atomic<State>::is_always_lock_free && std::atomic<bool>::is_always_lock_free &&
              std::atomic<Entry*>::is_always_lock_free);

Entry& unused_entry() {
  for (Entry* entry = newest; entry != nullptr; entry = entry->next)
    if (entry->state == State::unused) return *entry;
  auto added = std::make_unique<Entry>();
  added->next = newest;
  newest = added.get();
  return *added.release();
}

}  // namespace

// The entry is taken before `ending` is read, and remove_temporaries() sets `ending` before it looks at the
// entries: one of the two sees the other. The kernel takes no path that is too long for an entry.
TemporaryInTheMaking::TemporaryInTheMaking(const char* path) {
  const std::scoped_lock lock(one_at_a_time);
  const std::size_t size = std::strlen(path) + 1;
  if (size > PATH_MAX) throw IoError::from_errno("cannot create " + std::string(path), ENAMETOOLONG);
  entry_ = &unused_entry();
  entry_->state = State::making;
  if (ending) {
    entry_->state = State::unused;
    throw IoError("cannot create " + std::string(path) + ": the program is ending");
  }
  std::memcpy(entry_->path.data(), path, size);
}

TemporaryInTheMaking::~TemporaryInTheMaking() {
  if (entry_ != nullptr) entry_->state = State::unused;
}

void TemporaryInTheMaking::keep() noexcept {
  std::exchange(entry_, nullptr)->state = State::made;
}

void forget_temporary(const char* path) noexcept {
  const std::scoped_lock lock(one_at_a_time);
  for (Entry* entry = newest; entry != nullptr; entry = entry->next)
    if (entry->state == State::made && std::strcmp(entry->path.data(), path) == 0) entry->state = State::unused;
}

void remove_temporaries() noexcept {
  const int error = errno;
  ending = true;
  constexpr int kTries = 100;  // in a handler that interrupted the making, waiting is in vain
  for (int tries = 0; tries < kTries; ++tries) {
    bool making = false;
    for (const Entry* entry = newest; entry != nullptr; entry = entry->next) {
      const State state = entry->state;
      if (state == State::made) ::unlink(entry->path.data());
      making = making || state == State::making;
    }
    if (!making) break;
    const timespec pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
  errno = error;
}

}  // namespace millrace
