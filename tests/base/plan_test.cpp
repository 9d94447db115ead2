// What is wrong with a plan, to the limit, and what its measures need of a backend.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/plan.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::plan_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

Plan fields() {
  Plan plan;
  plan.keyed_by = KeyedBy::fields;
  plan.fields.values = {2};
  plan.measures = {{Reduction::sum, 0}};
  return plan;
}

TEST(Plan, LimitsThemselvesAreAllowed) {
  Plan plan = fields();
  plan.fields.scale = 18;
  plan.fields.values.assign(kMeasuresMax, 1);
  plan.measures.assign(kMeasuresMax, {Reduction::max, kMeasuresMax - 1});
  plan.every = 1ms;
  EXPECT_THAT(problems(plan), IsEmpty());
  EXPECT_THAT(problems(Plan{}), IsEmpty());
}

TEST(Plan, BeyondEachLimitThereIsAProblem) {
  const auto problems_if = [](auto change) {
    Plan plan = fields();
    change(plan);
    return problems(plan);
  };
  EXPECT_THAT(problems_if([](Plan& plan) { plan.fields.scale = 19; }), ElementsAre(HasSubstr("above 18")));
  EXPECT_THAT(problems_if([](Plan& plan) { plan.every = 1ms - 1ns; }), ElementsAre(HasSubstr("at least 1ms")));
  EXPECT_THAT(problems_if([](Plan& plan) { plan.every = -1ns; }), ElementsAre(HasSubstr("negative")));
  EXPECT_THAT(problems_if([](Plan& plan) { plan.measures.clear(); }),
              ElementsAre(HasSubstr("measures nothing")));
  EXPECT_THAT(problems_if([](Plan& plan) { plan.measures.assign(kMeasuresMax + 1, {}); }),
              ElementsAre(HasSubstr("at most 1024")));
  EXPECT_THAT(problems_if([](Plan& plan) { plan.fields.values.assign(kMeasuresMax + 1, 1); }),
              ElementsAre(HasSubstr("at most 1024")));
  EXPECT_THAT(problems_if([](Plan& plan) { plan.measures[0].value = 1; }),
              ElementsAre(HasSubstr("sum needs a value")));
  EXPECT_THAT(problems_if([](Plan& plan) { plan.row_values = 1; }), ElementsAre(HasSubstr("row_values")));
  EXPECT_THAT(problems_if([](Plan& plan) { plan.fields.key = 0; }), ElementsAre(HasSubstr("no field 0")));
  EXPECT_THAT(problems_if([](Plan& plan) { plan.fields.values = {0}; }), ElementsAre(HasSubstr("no field 0")));
  for (const char delimiter : {'\n', '\r'})
    EXPECT_THAT(problems_if([&](Plan& plan) { plan.fields.delimiter = delimiter; }),
                ElementsAre(HasSubstr("line end")));
}

// A mean is shown from a sum, and what two measures read is kept once.
TEST(Plan, MeasuresShareColumns) {
  const std::vector<Measure> measures = {{Reduction::count},   {Reduction::mean, 1}, {Reduction::sum, 1},
                                         {Reduction::min, 1},  {Reduction::sum, 0},  {Reduction::max, 1},
                                         {Reduction::mean, 0}, {Reduction::max, 1}};
  const std::vector<ValueColumn> columns = value_columns(measures);
  EXPECT_THAT(columns, ElementsAre(ValueColumn{Combine::sum, 1}, ValueColumn{Combine::min, 1},
                                   ValueColumn{Combine::sum, 0}, ValueColumn{Combine::max, 1}));
  EXPECT_EQ(column_of(measures[0], columns), std::nullopt);
  EXPECT_EQ(column_of(measures[1], columns), 0U);
  EXPECT_EQ(column_of(measures[6], columns), 2U);
  EXPECT_EQ(column_of({Reduction::min, 0}, columns), std::nullopt);
}

}  // namespace
}  // namespace millrace::plan_test
