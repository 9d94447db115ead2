// One thread that waits for a signal, the next tick or the end.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/supervisor.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <spdlog/spdlog.h>

#include <millrace/error.h>

#include "base/start_thread.h"
#include "host/program/cli/abrupt_end.h"
#include "host/program/cli/terminal/progress_text.h"

namespace millrace::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kTick = 200ms;

int must_open(int descriptor, const char* what) {
  if (descriptor < 0) throw IoError::from_errno(what, errno);
  return descriptor;
}

}  // namespace

Supervisor::~Supervisor() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    while (write(leaving_, &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
  }
  for (const int descriptor : {signals_, leaving_})
    if (descriptor >= 0) close(descriptor);
}

void Supervisor::watch(const Manners& manners) {
  manners_ = manners;
  const sigset_t ending = ending_signals();
  signals_ = must_open(signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK), "waiting for signals");
  leaving_ = must_open(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "waiting for the end");
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  thread_ = start_thread([this] { attend(); });
}

Summary Supervisor::run(Job job) {
  struct Ending {
    Supervisor& supervisor;
    ~Ending() {
      const std::lock_guard lock(supervisor.mutex_);
      supervisor.phase_ = Phase::over;
      supervisor.job_ = nullptr;
      supervisor.status_.clear();
    }
  };
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::running;
  }
  std::optional<RunningJob> running;
  const Ending at_the_end{*this};
  running.emplace(start(std::move(job)));
  {
    const std::lock_guard lock(mutex_);
    job_ = &*running;
    if (signal_ != 0) job_->stop();  // it came while the job was starting
  }
  return running->wait();
}

void Supervisor::leave_with(int exit_code) {
  const std::lock_guard lock(mutex_);
  exit_code_ = exit_code;
}

void Supervisor::attend() {
  ProgressText text(std::chrono::steady_clock::now());
  while (true) {
    std::array<pollfd, 2> events = {pollfd{signals_, POLLIN, 0}, pollfd{leaving_, POLLIN, 0}};
    poll(events.data(), events.size(), static_cast<int>(time_to_wait().count()));
    if (events[1].revents != 0) return;
    const std::lock_guard lock(mutex_);
    if (events[0].revents != 0) take_signal();
    if (phase_ == Phase::over) continue;
    const Instant now = std::chrono::steady_clock::now();
    if (now >= drain_deadline_)
      end_at_once("draining took longer than --drain-timeout: rows not written are lost");
    if (manners_.show_progress && job_ != nullptr) status_.show(text.line(job_->progress(), now));
  }
}

std::chrono::milliseconds Supervisor::time_to_wait() {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::over) return 1h;
  const std::chrono::nanoseconds wait = manners_.show_progress ? kTick : 1h;
  const std::chrono::nanoseconds left = drain_deadline_ - std::chrono::steady_clock::now();
  return std::chrono::ceil<std::chrono::milliseconds>(std::clamp(left, std::chrono::nanoseconds{0}, wait));
}

void Supervisor::take_signal() {
  signalfd_siginfo info{};
  if (read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
  const Instant now = std::chrono::steady_clock::now();
  const int signal = static_cast<int>(info.ssi_signo);
  if (exit_code_) end_process(*exit_code_);
  if (signal_ != 0 && now - signal_time_ < manners_.one_event) return;
  const bool again = signal_ != 0;
  if (!again) {
    signal_ = signal;
    signal_time_ = now;
  }
  if (phase_ == Phase::before) end_at_once("ended before anything was read");
  if (again) end_at_once("ended at once by a second signal: rows not written are lost");
  drain_deadline_ = now + std::min<std::chrono::nanoseconds>(manners_.drain_timeout, 8760h);
  if (job_ != nullptr) job_->stop();
  spdlog::info("{}: counting what was read; a second one ends at once", signal_name(signal));
}

void Supervisor::end_at_once(const char* why) {
  end_process(128 + signal_, fmt::format("{}: {}", signal_name(signal_), why));
}

}  // namespace millrace::cli
