// The choice of a backend.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/backend.h>

#include "kernels/cuda/availability.h"

namespace millrace::choose_test {
namespace {

using ::testing::HasSubstr;

TEST(Choose, CpuIsThereAlways) {
  const ChosenBackend chosen = choose_backend(BackendKind::cpu, Plan{}, {});
  EXPECT_EQ(chosen.backend->name(), "cpu");
  EXPECT_EQ(chosen.reason, "cpu, as asked");
  EXPECT_FALSE(chosen.upgrade) << "who asks for it gets no other";
}

TEST(Choose, OptionsReachTheBackend) {
  for (const BackendKind kind : {BackendKind::cpu, BackendKind::automatic}) {
    const ChosenBackend chosen = choose_backend(kind, Plan{}, {.threads = 3, .batch_bytes = 12'345});
    EXPECT_EQ(chosen.backend->batch_bytes(), 12'345U);
    EXPECT_EQ(chosen.backend->in_flight_max(), 3U);
  }
}

TEST(Choose, AutomaticStartsOnTheCpu) {
  const ChosenBackend chosen = choose_backend(BackendKind::automatic, Plan{}, {});
  EXPECT_EQ(chosen.backend->name(), "cpu");
  EXPECT_THAT(chosen.reason, HasSubstr("cpu"));
  EXPECT_EQ(chosen.reason.find('\n'), std::string::npos);
}

TEST(Choose, AutomaticSaysWhyThereIsNoGpu) {
  if (cuda_absent().empty()) GTEST_SKIP() << "there may be a GPU";
  const ChosenBackend chosen = choose_backend(BackendKind::automatic, Plan{}, {});
  EXPECT_EQ(chosen.reason, "cpu: " + cuda_absent());
  EXPECT_FALSE(chosen.upgrade);
}

TEST(Choose, AutomaticOffersTheGpuForMuchInput) {
  if (!cuda_absent().empty()) GTEST_SKIP() << cuda_absent();
  const ChosenBackend chosen = choose_backend(BackendKind::automatic, Plan{}, {});
  EXPECT_THAT(chosen.reason, HasSubstr("1 GiB"));
  EXPECT_TRUE(chosen.upgrade);
}

TEST(Choose, CudaFailsClearlyWithoutAGpu) {
  if (cuda_missing().empty()) GTEST_SKIP() << "there is a GPU";
  try {
    choose_backend(BackendKind::cuda, Plan{}, {});
    FAIL() << "a backend was made of nothing";
  } catch (const UnavailableError& error) {
    EXPECT_EQ(error.what(), "the backend cuda cannot be used: " + cuda_missing() + "; choose auto or cpu");
  }
  EXPECT_THROW(make_cuda_backend(Plan{}, {}), UnavailableError);
}

}  // namespace
}  // namespace millrace::choose_test
