// The canonical text of a plan: a promise to whoever kept one, and the same for plans that mean the same alone.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include <millrace/plan.h>

#include "tests/support/property.h"

namespace millrace::plan_text_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

Plan fields() {
  Plan plan;
  plan.keyed_by = KeyedBy::fields;
  plan.fields = {.delimiter = '\t', .key = 3, .values = {4, 2}, .scale = 2};
  plan.measures = {{Reduction::count}, {Reduction::sum, 1}, {Reduction::mean, 0}};
  plan.every = 90s;
  plan.top = 10;
  plan.order = Order::key;
  return plan;
}

// Checkpoints will hold these texts: who changes one makes them all foreign.
TEST(PlanText, IsWhatItAlwaysWas) {
  EXPECT_EQ(canonical_text(Plan{}),
            "by: words\n"
            "fold-case: false\n"
            "alphanumeric: false\n"
            "measure: count\n"
            "every: 0\n"
            "top: 0\n"
            "order: value\n");
  EXPECT_EQ(canonical_text(fields()),
            "by: fields\n"
            "delimiter: '\\t'\n"
            "key: 3\n"
            "value: 2,4\n"
            "scale: 2\n"
            "measure: count,sum:2,mean:4\n"
            "every: 90s\n"
            "top: 10\n"
            "order: key\n");
  Plan plan;
  plan.keyed_by = KeyedBy::rows;
  plan.row_values = 2;
  plan.measures = {{Reduction::min, 0}, {Reduction::max, 1}};
  plan.order = Order::none;
  EXPECT_EQ(canonical_text(plan),
            "by: rows\nrow-values: 2\nmeasure: min:0,max:1\nevery: 0\ntop: 0\norder: none\n");
  plan = {};
  plan.keyed_by = KeyedBy::split;
  EXPECT_EQ(canonical_text(plan),
            "by: split\ndelimiter: ','\nmeasure: count\nevery: 0\ntop: 0\norder: value\n");
  plan.keyed_by = KeyedBy::record;
  EXPECT_EQ(canonical_text(plan), "by: lines\nmeasure: count\nevery: 0\ntop: 0\norder: value\n");
}

TEST(PlanText, TellsEveryDelimiterApart) {
  Plan plan;
  plan.keyed_by = KeyedBy::split;
  std::set<std::string> texts;
  for (int byte = 0; byte < 256; ++byte) {
    plan.fields.delimiter = static_cast<char>(byte);
    texts.insert(canonical_text(plan));
    EXPECT_EQ(std::ranges::count(canonical_text(plan), '\n'), 6) << byte;
  }
  EXPECT_EQ(texts.size(), 256U);
}

// The order in which a record's values are read is no part of the result, nor is one that is named twice.
TEST(PlanText, IsTheSameForTheSameMeaning) {
  Plan plan = fields();
  plan.fields.values = {2, 4, 2};
  plan.measures = {{Reduction::count, 7}, {Reduction::sum, 2}, {Reduction::mean, 1}};
  EXPECT_NE(plan, fields());
  EXPECT_EQ(canonical_text(plan), canonical_text(fields()));
}

Plan any_plan() {
  Plan plan;
  plan.keyed_by =
      *rc::gen::element(KeyedBy::words, KeyedBy::split, KeyedBy::fields, KeyedBy::record, KeyedBy::rows);
  plan.words = {.fold_case = *rc::gen::arbitrary<bool>(), .alphanumeric = *rc::gen::arbitrary<bool>()};
  plan.fields.delimiter = *rc::gen::element(',', ';', '\t');
  plan.fields.key = *rc::gen::inRange(1U, 4U);
  plan.fields.scale = *rc::gen::inRange(0U, 3U);
  plan.fields.values = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(1U, 4U));
  plan.row_values = plan.keyed_by == KeyedBy::rows ? *rc::gen::inRange(1U, 4U) : 0;
  for (std::uint32_t value = 0; value < input_values(plan); ++value)
    plan.measures.push_back({*rc::gen::element(Reduction::sum, Reduction::mean, Reduction::max), value});
  plan.every = std::chrono::milliseconds(*rc::gen::inRange(0, 3));
  plan.top = *rc::gen::inRange<std::size_t>(0, 3);
  plan.order = *rc::gen::element(Order::value, Order::key, Order::none);
  return plan;
}

/// A change of one member, the line that tells of it, and the plans whose rows it changes.
struct Change {
  std::string line;
  std::function<void(Plan&)> make;
  std::function<bool(const Plan&)> matters = [](const Plan&) { return true; };
};

std::vector<Change> changes() {
  const auto by = [](auto... kinds) {
    return [=](const Plan& plan) { return ((plan.keyed_by == kinds) || ...); };
  };
  const auto fields_with_values = [](const Plan& plan) {
    return plan.keyed_by == KeyedBy::fields && !plan.fields.values.empty();
  };
  const auto has_values = [](const Plan& plan) { return input_values(plan) > 0; };
  const auto never = [](const Plan&) { return false; };
  return {
      {"fold-case", [](Plan& p) { p.words.fold_case = !p.words.fold_case; }, by(KeyedBy::words)},
      {"alphanumeric", [](Plan& p) { p.words.alphanumeric = !p.words.alphanumeric; }, by(KeyedBy::words)},
      {"delimiter", [](Plan& p) { p.fields.delimiter = '|'; }, by(KeyedBy::split, KeyedBy::fields)},
      {"key", [](Plan& p) { ++p.fields.key; }, by(KeyedBy::fields)},
      {"value", [](Plan& p) { p.fields.values.push_back(9); }, by(KeyedBy::fields)},
      {"scale", [](Plan& p) { ++p.fields.scale; }, fields_with_values},
      {"row-values", [](Plan& p) { ++p.row_values; }, by(KeyedBy::rows)},
      {"measure", [](Plan& p) { p.measures.push_back({}); }},
      {"measure", [](Plan& p) { std::ranges::reverse(p.measures); }, has_values},
      {"measure", [](Plan& p) { ++p.measures.front().value; }, never},  // a count has none
      {"every", [](Plan& p) { p.every += 1ms; }},
      {"top", [](Plan& p) { ++p.top; }},
      {"order", [](Plan& p) { p.order = p.order == Order::key ? Order::none : Order::key; }},
      {"order", [](Plan& p) { p.order = p.order == Order::value ? Order::none : Order::value; },
       [](const Plan& p) { return p.top == 0 || p.order == Order::key; }},
  };
}

TEST(PlanText, ChangesWithEveryMemberThatChangesTheRowsAndWithNoOther) {
  check_property(200, [] {
    const Plan plan = any_plan();
    const std::string text = canonical_text(plan);
    RC_ASSERT(text == canonical_text(Plan(plan)));
    for (const Change& change : changes()) {
      Plan changed = plan;
      change.make(changed);
      RC_ASSERT((changed != plan) || plan.measures.size() == 1);
      const std::vector<std::string> names = differences(text, canonical_text(changed));
      if (!change.matters(plan)) RC_ASSERT(names.empty());
      if (change.matters(plan)) RC_ASSERT(std::ranges::count(names, change.line) == 1);
    }
  });
}

TEST(PlanText, DifferencesAreNamedOnceInTheOrderOfTheFirst) {
  EXPECT_THAT(differences(canonical_text(fields()), canonical_text(fields())), IsEmpty());
  Plan other = fields();
  other.top = 0;
  other.fields.key = 1;
  EXPECT_THAT(differences(canonical_text(fields()), canonical_text(other)), ElementsAre("key", "top"));
  EXPECT_THAT(differences("a: 1\nb: 2\n", "c: 1\nb: 2\nb2: 1\n"), ElementsAre("a", "c", "b2"));
  EXPECT_THAT(differences("", "a: 1\n"), ElementsAre("a"));
  EXPECT_THAT(differences("a: 1", "a: 1\n"), IsEmpty());
}

}  // namespace
}  // namespace millrace::plan_text_test
