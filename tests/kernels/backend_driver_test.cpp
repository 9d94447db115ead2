// Batches that a backend gives back uncounted: submitted again when there is room, never lost, never twice.
// SPDX-License-Identifier: Apache-2.0
#include <deque>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include <millrace/error.h>

#include "kernels/backend_driver.h"

namespace millrace::backend_driver_test {
namespace {

/// Has room for some panes, and for some batches in each.
class SmallBackend final : public Backend {
 public:
  SmallBackend(std::size_t panes, std::size_t batches) : panes_most_(panes), batches_most_(batches) {}

  std::string_view name() const override { return "small"; }
  bool may_fail() const override { return false; }
  HostBuffer allocate(std::size_t capacity) override { return pageable_buffer(capacity, unlimited_budget()); }
  std::size_t batch_bytes() const override { return 1; }
  unsigned in_flight_max() const override { return 4; }
  void submit(const Batch& batch) override { in_flight.push_back(batch); }
  std::optional<Finished> reclaim(Wait) override {
    if (in_flight.empty()) return std::nullopt;
    const Batch batch = in_flight.front();
    in_flight.pop_front();
    const bool fits = counted.contains(batch.pane) ? counted[batch.pane].size() < batches_most_
                                                   : counted.size() < panes_most_ && batches_most_ > 0;
    if (fits) counted[batch.pane].push_back(batch.buffer);
    return Finished{foreign ? BufferId{999} : batch.buffer, fits, {}};
  }
  void collect(Pane pane, PartialSink&) override { counted.erase(pane); }
  std::size_t held_bytes() const override { return 0; }

  std::deque<Batch> in_flight;
  std::map<Pane, std::vector<BufferId>> counted;
  bool foreign = false;  ///< gives back what it was not given

 private:
  std::size_t panes_most_;
  std::size_t batches_most_;
};

class BackendDriverTest : public ::testing::Test {
 protected:
  void use(std::size_t panes, std::size_t batches) {
    backend_.emplace(panes, batches);
    driver_.emplace(*backend_, BackendDriver::Owner{.came_back = [this](const Finished& each) { note(each); },
                                                    .collect = [this](Pane pane) { collect(pane); }});
  }
  void note(const Finished& finished) {
    finished.counted ? counted_.push_back(finished.buffer.index) : uncounted_.push_back(finished.buffer.index);
  }
  void collect(Pane pane) {
    collected_.push_back(pane.index);
    in_flight_at_collect_ += backend_->in_flight.size();
    for (const BufferId buffer : backend_->counted[pane]) taken_.insert(buffer.index);
    struct : PartialSink {
      void add(const Partials&) override {}
    } nowhere;
    backend_->collect(pane, nowhere);
  }
  void submit(std::uint32_t buffer, std::int64_t pane) {
    driver_->submit(
        {.buffer = {buffer}, .pane = {pane}, .bytes = {}, .ends = {}, .has_rows = false, .rows = {}});
  }

  std::optional<SmallBackend> backend_;
  std::optional<BackendDriver> driver_;
  std::vector<std::uint32_t> counted_;
  std::vector<std::uint32_t> uncounted_;
  std::vector<std::int64_t> collected_;
  std::multiset<std::uint32_t> taken_;
  std::size_t in_flight_at_collect_ = 0;
};

TEST_F(BackendDriverTest, AFullPaneIsCollectedAndItsBatchCountedAfterAll) {
  use(1, 2);
  for (std::uint32_t buffer = 0; buffer < 4; ++buffer) submit(buffer, 7);
  EXPECT_EQ(driver_->in_flight(), 4U);
  driver_->settle();
  EXPECT_EQ(driver_->in_flight(), 0U);
  EXPECT_EQ(uncounted_, (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(counted_, (std::vector<std::uint32_t>{0, 1, 3, 2}));
  EXPECT_EQ(collected_, (std::vector<std::int64_t>{7}));
  EXPECT_EQ(in_flight_at_collect_, 0U);
  driver_->collect({7});
  EXPECT_EQ(taken_, (std::multiset<std::uint32_t>{0, 1, 2, 3}));
  EXPECT_TRUE(driver_->panes().empty());
}

TEST_F(BackendDriverTest, OtherPanesMakeRoomTheOldestFirst) {
  use(2, 10);
  submit(0, 5);
  submit(1, 6);
  submit(2, 7);
  driver_->settle();
  EXPECT_EQ(counted_, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(collected_, (std::vector<std::int64_t>{7, 7, 5}));
  EXPECT_EQ(driver_->panes(), (std::set<Pane>{{6}, {7}}));
}

TEST_F(BackendDriverTest, APaneThatIsCollectedWhileABatchIsInFlightIsNotForgotten) {
  use(1, 10);
  submit(0, 7);
  driver_->collect({7});
  EXPECT_TRUE(driver_->panes().contains({7}));
  driver_->settle();
  driver_->collect({7});
  EXPECT_FALSE(driver_->panes().contains({7}));
  EXPECT_EQ(taken_, (std::multiset<std::uint32_t>{0}));
}

TEST_F(BackendDriverTest, NothingComesBackWhereNothingIs) {
  use(1, 1);
  EXPECT_FALSE(driver_->reclaim(Wait::yes));
  EXPECT_FALSE(driver_->reclaim(Wait::no));
}

TEST_F(BackendDriverTest, ABackendThatBreaksItsContractIsToldOf) {
  use(1, 0);
  submit(0, 7);
  EXPECT_THROW(driver_->settle(), InternalError) << "it never counts";
  use(1, 1);
  backend_->foreign = true;
  submit(0, 7);
  EXPECT_THROW(driver_->settle(), InternalError) << "it gives back another buffer";
  use(1, 1);
  submit(0, 7);
  backend_->in_flight.clear();
  EXPECT_THROW(driver_->settle(), InternalError) << "it lost a buffer";
}

}  // namespace
}  // namespace millrace::backend_driver_test
