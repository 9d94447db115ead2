// Waiting and opening where signals interrupt.
// SPDX-License-Identifier: Apache-2.0
#include "io/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "tests/io/temporary_directory.h"

namespace millrace::testing::descriptor_test {
namespace {

using namespace std::chrono_literals;

/// Interrupts a thread that runs `work`, again and again, until it has returned or `times` are over; then
/// calls `afterwards`, which lets it return.
void interrupt(const std::function<void()>& work, int times, const std::function<void()>& afterwards) {
  struct sigaction action {};  // without SA_RESTART
  action.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
  std::atomic<bool> over = false;
  std::thread thread([&] {
    work();
    over = true;
  });
  for (int i = 0; i < times && !over; ++i) {
    ::pthread_kill(thread.native_handle(), SIGUSR1);
    std::this_thread::sleep_for(1ms);
  }
  afterwards();
  thread.join();
}

TEST(Waker, AnInterruptedWaitEndsAsIfWoken) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const io::Descriptor silent(ends[0]);
  const io::Descriptor writer(ends[1]);
  io::Waker waker;
  const auto wake = [&] { waker.wake(); };
  const auto begin = std::chrono::steady_clock::now();
  const auto far = begin + 1h;
  interrupt([&] { EXPECT_FALSE(waker.wait(far)); }, 30'000, wake);
  waker.wait(begin);  // takes the wake, if that was not
  interrupt([&] { EXPECT_FALSE(waker.wait_readable(silent.get(), far)); }, 30'000, wake);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
}

TEST(Waker, AWaitSpendsTheWakesThatEndIt) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const io::Descriptor reader(ends[0]);
  const io::Descriptor writer(ends[1]);
  io::Waker waker;
  waker.wake();
  waker.wake();
  EXPECT_FALSE(waker.wait(Deadline::max()));
  EXPECT_TRUE(waker.wait(Instant::min()));
  ASSERT_EQ(::write(writer.get(), "x", 1), 1);
  waker.wake();
  EXPECT_FALSE(waker.wait_readable(reader.get(), Deadline::max()));
  EXPECT_TRUE(waker.wait_readable(reader.get(), Deadline::max()));
}

TEST(OpenForReading, IsTriedAgainWhenItIsInterrupted) {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "fifo").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto open = [&] { EXPECT_NO_THROW(EXPECT_TRUE(io::open_for_reading(path))); };
  const auto let_it = [&] { const io::Descriptor writer(::open(path.c_str(), O_RDWR | O_CLOEXEC)); };
  interrupt(open, 50, let_it);
}

}  // namespace
}  // namespace millrace::testing::descriptor_test
