// One thread that waits for a signal, the next tick or the end.
// SPDX-License-Identifier: Apache-2.0
#include "host/cli/attendant.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <spdlog/spdlog.h>

#include "host/cli/progress_text.h"

namespace millrace::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kTick = 200ms;

int must_open(int descriptor, const char* what) {
  if (descriptor < 0) throw IoError::from_errno(what, errno);
  return descriptor;
}

const char* name_of(int signal) {
  return signal == SIGINT ? "SIGINT" : "SIGTERM";
}

}  // namespace

Attendant::Attendant(StatusLine& status, bool show_progress, std::chrono::nanoseconds drain_timeout)
    : status_(status),
      shows_progress_(show_progress),
      drain_timeout_(drain_timeout),
      start_(std::chrono::steady_clock::now()) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  signals_ = must_open(signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK), "waiting for signals");
  leaving_ = must_open(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "waiting for the end");
  thread_ = std::thread([this] { watch(); });
}

Attendant::~Attendant() {
  leave();
  close(signals_);
  close(leaving_);
}

Summary Attendant::wait_for(RunningJob& job) {
  struct Leaving {
    Attendant& attendant;
    ~Leaving() { attendant.leave(); }
  };
  const Leaving at_the_end{*this};
  job_.store(&job);
  return job.wait();
}

void Attendant::leave() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  while (write(leaving_, &one, sizeof one) < 0 && errno == EINTR) {
  }
  thread_.join();
  status_.clear();
}

void Attendant::watch() {
  ProgressText text(start_);
  while (true) {
    const Instant now = std::chrono::steady_clock::now();
    if (now >= drain_deadline_) end_at_once("draining took longer than --drain-timeout");
    std::chrono::nanoseconds wait = shows_progress_ ? kTick : std::chrono::nanoseconds{1h};
    if (drain_deadline_ != Instant::max()) wait = std::min(wait, drain_deadline_ - now);
    std::array<pollfd, 2> events = {pollfd{signals_, POLLIN, 0}, pollfd{leaving_, POLLIN, 0}};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
    poll(events.data(), events.size(), static_cast<int>(milliseconds));
    if (events[1].revents != 0) return;
    if (events[0].revents != 0) take_signal();
    const RunningJob* job = job_.load();
    if (shows_progress_ && job != nullptr)
      status_.show(text.line(job->progress(), std::chrono::steady_clock::now()));
  }
}

void Attendant::take_signal() {
  signalfd_siginfo info{};
  if (read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
  const bool again = signal_.exchange(static_cast<int>(info.ssi_signo)) != 0;
  if (again) end_at_once("second signal");
  RunningJob* job = job_.load();
  if (job == nullptr) end_at_once("nothing was read yet");
  spdlog::info("{}: counting what was read; a second one ends at once", name_of(signal_.load()));
  drain_deadline_ =
      std::chrono::steady_clock::now() + std::min<std::chrono::nanoseconds>(drain_timeout_, 8760h);
  job->stop();
}

void Attendant::end_at_once(const char* why) {
  spdlog::error("{}: ended at once, {}: rows that were not written are lost", name_of(signal_.load()), why);
  _exit(128 + signal_.load());
}

}  // namespace millrace::cli
