// Reads what is to fail from the environment when main() begins, and keeps the counts.
// SPDX-License-Identifier: Apache-2.0
//
// FAULT_COUNTS  a file that receives the counts, as an array of Count; it is right even after SIGKILL
// FAULT_CALL    the kind of call that fails; without it none does
// FAULT_AT      the first that fails, counted from 1
// FAULT_TIMES   how many fail in a row
// FAULT_ERROR   errno, as a number; without it a call moves half the bytes it was asked for, or FAULT_BYTES
// FAULT_FROM    counting begins with the first call of this kind; without it, with main()
#include "tests/faults/fault.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

namespace faults {
namespace {

// As the driver reads it.
struct Count {
  std::array<char, 24> kind;
  std::atomic<std::uint64_t> calls;
};

struct Fault {
  std::size_t kind = kKinds.size();
  std::size_t from = kKinds.size();
  std::uint64_t at = 0;
  std::uint64_t times = 1;
  int error = 0;
  std::size_t bytes = SIZE_MAX;
};

constinit Fault fault;
constinit std::atomic<bool> counting = false;
constinit std::array<Count, kKinds.size()> unread_counts = {};
constinit Count* counts = unread_counts.data();
constinit std::array<std::atomic<bool>, 4096> wakers = {};

bool is_small(int file) {
  return file >= 0 && static_cast<std::size_t>(file) < wakers.size();
}

std::size_t kind_in(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? kKinds.size() : index_of(value);
}

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* value = std::getenv(variable);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

void share_counts(const char* path) {
  const int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  constexpr std::size_t bytes = sizeof(Count) * kKinds.size();
  if (file < 0 || ftruncate(file, bytes) != 0) std::abort();
  void* shared = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (shared == MAP_FAILED) std::abort();
  close(file);
  counts = static_cast<Count*>(shared);
  for (std::size_t i = 0; i < kKinds.size(); ++i)
    std::copy(kKinds[i].begin(), kKinds[i].end(), counts[i].kind.begin());
}

int (*the_main)(int, char**, char**) = nullptr;

int counted_main(int argc, char** argv, char** environment) {
  if (const char* path = std::getenv("FAULT_COUNTS")) share_counts(path);
  fault = {kind_in("FAULT_CALL"),
           kind_in("FAULT_FROM"),
           number_of("FAULT_AT", 1),
           number_of("FAULT_TIMES", 1),
           static_cast<int>(number_of("FAULT_ERROR", 0)),
           number_of("FAULT_BYTES", SIZE_MAX)};
  counting = fault.from == kKinds.size();
  return the_main(argc, argv, environment);
}

}  // namespace

bool fails(Kind kind) {
  if (kind.index == fault.from) counting = true;
  if (!counting) return false;
  const std::uint64_t number = ++counts[kind.index].calls;
  if (kind.index != fault.kind || number < fault.at || number - fault.at >= fault.times) return false;
  ++counts[index_of("failed")].calls;
  errno = fault.error;
  return true;
}

ssize_t shortened(std::size_t size) {
  if (fault.error != 0) return -1;
  return static_cast<ssize_t>(fault.bytes == SIZE_MAX ? size - size / 2 : std::min(size, fault.bytes));
}

int waker(int file) {
  if (is_small(file)) wakers[static_cast<std::size_t>(file)] = true;
  return file;
}

void forget(int file) {
  if (is_small(file)) wakers[static_cast<std::size_t>(file)] = false;
}

bool is_exempt(int file) {
  return file == STDERR_FILENO || (is_small(file) && wakers[static_cast<std::size_t>(file)]);
}

}  // namespace faults

extern "C" int __libc_start_main(int (*main)(int, char**, char**), int argc, char** argv, void (*init)(),
                                 void (*fini)(), void (*loader_fini)(), void* stack_end) {
  faults::the_main = main;
  const auto real = faults::next(&__libc_start_main, "__libc_start_main");
  return real(faults::counted_main, argc, argv, init, fini, loader_fini, stack_end);
}
