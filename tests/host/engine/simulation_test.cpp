// Simulation: readers, engine and committer on one thread, under random schedules with failures and crashes.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "tests/host/engine/simulated_job.h"

namespace millrace::simulation::simulation_test {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Tally {
  std::uint64_t moves = 0;
  std::uint64_t deaths_after_a_move = 0;
  std::uint64_t undecided_epochs = 0;
  std::uint64_t refused_outputs = 0;
};

std::string outcome(std::uint64_t seed, Tally& tally) {
  try {
    Simulation simulation(seed);
    const std::string wrong = simulation.run();
    tally.moves += simulation.moved() ? 1U : 0U;
    tally.deaths_after_a_move += simulation.died_after_the_move() ? 1U : 0U;
    tally.undecided_epochs += simulation.undecided();
    tally.refused_outputs += simulation.refused();
    return wrong;
  } catch (const std::exception& error) {
    return error.what();
  }
}

// MILLRACE_SEEDS sets how many schedules are tried, MILLRACE_SEED the first one.
TEST(Simulation, RandomSchedulesAreExact) {
  const std::uint64_t first = from_environment("MILLRACE_SEED", 1);
  const std::uint64_t seeds = from_environment("MILLRACE_SEEDS", 3000);
  Tally tally;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const std::string wrong = outcome(seed, tally);
    ASSERT_EQ(wrong, "") << "reproduce with MILLRACE_SEED=" << seed << " MILLRACE_SEEDS=1";
  }
  if (seeds < 1000) return;
  EXPECT_GT(tally.moves, seeds / 10) << "hardly any schedule moves to another backend";
  EXPECT_GT(tally.deaths_after_a_move, seeds / 50) << "hardly any device dies after a move";
  EXPECT_GT(tally.undecided_epochs, seeds / 100) << "hardly any crash comes where an epoch is undecided";
  EXPECT_GT(tally.refused_outputs, seeds / 100) << "hardly any output comes back that lacks rows";
}

}  // namespace
}  // namespace millrace::simulation::simulation_test
