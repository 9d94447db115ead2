// More than ten thousand random batches, all plans: the device, the CPU and the reference give the same.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/kernels/backend_plans.h"
#include "tests/kernels/cuda/gpu_support.h"
#include "tests/kernels/test_batches.h"

namespace millrace::gpu_random_test {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class T>
  const T& one_of(const std::vector<T>& values) {
    return values[below(values.size())];
  }
  std::uint64_t bits() { return random_(); }

 private:
  std::mt19937_64 random_;
};

std::vector<Plan> all_plans() {
  std::vector<Plan> plans;
  for (const bool fold : {false, true})
    for (const bool alphanumeric : {false, true}) {
      plans.emplace_back();
      plans.back().words = {fold, alphanumeric};
    }
  plans.push_back(split_plan(' '));
  plans.push_back(split_plan('\x80'));
  plans.push_back(record_plan());
  plans.push_back(fields_plan());
  plans.push_back(fields_plan());
  plans.back().measures = {{Reduction::sum, 1}};
  plans.push_back(rows_plan());
  return plans;
}

std::string any_word(Dice& dice) {
  const std::size_t longest = dice.one_in(200) ? 3000 : dice.one_in(10) ? 300 : dice.one_in(3) ? 24 : 7;
  std::string word(1 + dice.below(longest), '\0');
  const std::size_t letters = dice.one_in(4) ? 256 : 2 + dice.below(4);
  for (char& byte : word)
    byte = static_cast<char>(letters == 256 ? dice.below(256) : 'A' + dice.below(letters));
  return word;
}

std::string any_value(Dice& dice) {
  static const std::vector<std::string> odd = {"",
                                               "-",
                                               "x",
                                               "1.234",
                                               "9223372036854775807",
                                               "-9223372036854775808",
                                               "92233720368547758.07",
                                               "99999999999999999999",
                                               "+7",
                                               "00.10"};
  if (dice.one_in(20)) return dice.one_of(odd);
  return std::to_string(static_cast<long>(dice.below(20'000)) - 10'000) + (dice.one_in(2) ? ".25" : "");
}

std::string any_record(Dice& dice, const Plan& plan, const std::vector<std::string>& words) {
  static const std::vector<std::string> separators = {" ", " ", "\t", "\v", "\f", "\r", "  "};
  std::string record;
  if (plan.keyed_by == KeyedBy::fields)
    record = dice.one_of(words) + ',' + any_value(dice) + ',' + any_value(dice);
  else
    for (std::size_t n = dice.below(12); n > 0; --n)
      record += dice.one_of(words) + (plan.keyed_by == KeyedBy::split ? std::string(1, plan.fields.delimiter)
                                                                      : dice.one_of(separators));
  std::erase(record, '\n');
  return record;
}

TestBatch any_rows(Dice& dice, const Plan& plan, const std::vector<std::string>& words) {
  TestBatch batch;
  for (std::size_t n = dice.below(30); n > 0; --n) batch.bytes += dice.one_of(words);
  batch.has_rows = true;
  const std::size_t rows = batch.bytes.empty() ? 0 : dice.below(2000);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t at = dice.below(batch.bytes.size());
    const std::size_t length = dice.below(std::min<std::size_t>(batch.bytes.size() - at, 20) + 1);
    batch.key_at.push_back(static_cast<std::uint32_t>(at));
    batch.key_length.push_back(static_cast<std::uint32_t>(length));
  }
  for (std::size_t i = 0; i < input_values(plan) * rows; ++i)
    batch.values.push_back(static_cast<std::int64_t>(dice.one_in(500) ? dice.bits() : dice.below(1000)));
  return batch;
}

TestBatch any_batch(Dice& dice, const Plan& plan, const std::vector<std::string>& words) {
  const Pane pane{static_cast<std::int64_t>(dice.below(3))};
  if (plan.keyed_by == KeyedBy::rows || dice.one_in(4)) {
    TestBatch batch = any_rows(dice, plan, words);
    batch.pane = pane;
    return batch;
  }
  std::vector<std::string> records;
  for (std::size_t n = dice.below(dice.one_in(10) ? 1500 : 40); n > 0; --n)
    records.push_back(any_record(dice, plan, words));
  if (dice.one_in(3) && !records.empty()) return message_batch(records, pane);
  std::string text;
  for (const std::string& record : records) text += record + '\n';
  if (!text.empty() && dice.one_in(3)) text.pop_back();
  return text_batch(text, pane);
}

std::string hex(std::string_view bytes) {
  std::ostringstream out;
  out << std::hex;
  for (const char byte : bytes.substr(0, 2000)) out << (static_cast<unsigned>(byte) & 0xff) << ' ';
  return out.str();
}

struct Round {
  Plan plan;
  BackendOptions options;
  cuda::CudaTuning tuning;
  std::vector<TestBatch> batches;

  std::string describe() const {
    std::ostringstream out;
    out << "keyed by " << static_cast<int>(plan.keyed_by) << ", fold " << plan.words.fold_case
        << ", alphanumeric " << plan.words.alphanumeric << ", " << plan.measures.size()
        << " measures, hash_bits " << options.hash_bits << ", table_slots " << tuning.table_slots << ", arena "
        << tuning.arena_bytes;
    return out.str();
  }
};

// Rounds differ in their seed only, so that one can be run alone.
Round round_of(std::uint64_t seed, std::size_t number) {
  static const std::vector<Plan> plans = all_plans();
  static const std::vector<cuda::CudaTuning> tunings = {
      {},
      {.table_slots = 4},
      {.arena_bytes = std::size_t{1} << 20},
      {.arena_bytes = std::size_t{256} << 10, .sort_bits = 3}};
  Dice dice(seed + number * 1'000'003);
  Round round;
  round.plan = plans[number % plans.size()];
  round.tuning = tunings[number / plans.size() % tunings.size()];
  round.options.hash_seed = dice.bits();
  round.options.hash_bits = dice.one_in(4) ? static_cast<unsigned>(dice.below(16)) : 63;
  std::vector<std::string> words(1 + dice.below(dice.one_in(3) ? 3000 : 60));
  std::ranges::generate(words, [&] { return any_word(dice); });
  for (std::size_t i = 0; i < by_level(100, 4); ++i)
    round.batches.push_back(any_batch(dice, round.plan, words));
  return round;
}

// Which single batch is enough to be wrong, if there is one.
std::string narrowed(const Round& round) {
  for (std::size_t i = 0; i < round.batches.size(); ++i) {
    std::vector<TestBatch> one = {round.batches[i]};
    const auto backend = make_gpu_backend(round.plan, round.options, round.tuning);
    const std::string difference =
        reference::difference(answer_of(*backend, round.plan, one), expected_of(round.plan, one));
    if (difference.empty()) continue;
    return "batch " + std::to_string(i) + " alone is wrong: " + difference + "; " +
           std::to_string(one[0].bytes.size()) + " bytes, " + std::to_string(one[0].ends.size()) + " ends, " +
           std::to_string(one[0].key_at.size()) + " rows; it begins " + hex(one[0].bytes);
  }
  return "no batch is wrong alone";
}

TEST(GpuRandom, BatchesOfAllPlans) {
  const std::uint64_t seed = test_seed();
  std::size_t batches = 0;
  cuda::CudaCounters sums;
  for (std::size_t number = 0; number < by_level(120, 10); ++number) {
    Round round = round_of(seed, number);
    batches += round.batches.size();
    const auto gpu = make_gpu_backend(round.plan, round.options, round.tuning);
    const auto cpu = make_cpu_backend(round.plan, round.options);
    const reference::Answer expected = expected_of(round.plan, round.batches);
    const std::string of_gpu = reference::difference(answer_of(*gpu, round.plan, round.batches), expected);
    const std::string of_cpu = reference::difference(answer_of(*cpu, round.plan, round.batches), expected);
    EXPECT_EQ(of_cpu, "") << "MILLRACE_SEED=" << seed << " round " << number;
    EXPECT_EQ(of_gpu, "") << "MILLRACE_SEED=" << seed << " round " << number << ": " << round.describe() << "; "
                          << describe(gpu->counters()) << "; " << narrowed(round);
    sums.batches += gpu->counters().batches;
    sums.merges += gpu->counters().merges;
    sums.refused += gpu->counters().refused;
    sums.on_host += gpu->counters().on_host;
    sums.tokens += gpu->counters().tokens;
    sums.spilled += gpu->counters().spilled;
    if (::testing::Test::HasFailure()) break;
  }
  std::cerr << "  " << batches << " batches, MILLRACE_SEED=" << seed << ": " << describe(sums) << '\n';
}

}  // namespace
}  // namespace millrace::gpu_random_test
