// Runs a command and writes to FILE what it took: "wall cpu rss", in seconds and bytes. launch FILE COMMAND...
// SPDX-License-Identifier: Apache-2.0
//
// A process inherits the peak of memory of the one that started it, so a small one must start what is measured.
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  const auto begin = std::chrono::steady_clock::now();
  pid_t child = 0;
  if (const int error = posix_spawnp(&child, argv[2], nullptr, nullptr, argv + 2, environ); error != 0) {
    std::fprintf(stderr, "launch: %s: %s\n", argv[2], std::strerror(error));
    return 127;
  }
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child) return 71;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  std::FILE* const report = std::fopen(argv[1], "w");
  if (report == nullptr) return 74;
  std::fprintf(report, "%.6f %.6f %ld\n", wall.count(), seconds(usage.ru_utime) + seconds(usage.ru_stime),
               usage.ru_maxrss * 1024);
  if (std::fclose(report) != 0) return 74;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
