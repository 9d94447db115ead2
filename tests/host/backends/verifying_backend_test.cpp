// Two backends held against each other: the contract, and that a wrong one is found out.
// SPDX-License-Identifier: Apache-2.0
#include "host/backends/verifying_backend.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/testing/memory_sink.h>
#include <millrace/testing/memory_source.h>

#include "host/backends/choice.h"
#include "host/engine/pipeline.h"
#include "kernels/cpu/reference_backend.h"
#include "tests/kernels/backend_contract.h"
#include "tests/kernels/backend_plans.h"

namespace millrace::verifying_backend_test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

/// Gives every third batch back uncounted, as a device with full arenas does.
class MoodyBackend final : public Backend {
 public:
  explicit MoodyBackend(std::unique_ptr<Backend> inner) : inner_(std::move(inner)) {}

  std::string_view name() const override { return "moody"; }
  bool may_fail() const override { return true; }
  HostBuffer allocate(std::size_t capacity) override { return inner_->allocate(capacity); }
  std::size_t batch_bytes() const override { return inner_->batch_bytes(); }
  unsigned in_flight_max() const override { return 3; }
  void submit(const Batch& batch) override {
    const bool is_empty = panes_.insert(batch.pane).second;
    if (++submitted_ % 3 == 0 && !is_empty) return uncounted_.push_back(batch.buffer);
    inner_->submit(batch);
  }
  std::optional<Finished> reclaim(Wait wait) override {
    if (uncounted_.empty()) return inner_->reclaim(wait);
    const BufferId buffer = uncounted_.front();
    uncounted_.pop_front();
    return Finished{buffer, false, {}};
  }
  void collect(Pane pane, PartialSink& sink) override {
    panes_.erase(pane);
    inner_->collect(pane, sink);
  }
  std::size_t held_bytes() const override { return inner_->held_bytes(); }

 private:
  std::unique_ptr<Backend> inner_;
  int submitted_ = 0;
  std::set<Pane> panes_;
  std::deque<BufferId> uncounted_;
};

std::unique_ptr<Backend> moody(const Plan& plan, const BackendOptions& options) {
  return std::make_unique<MoodyBackend>(make_reference_backend(plan, options));
}

template <auto first, auto second>
std::unique_ptr<Backend> both(const Plan& plan, const BackendOptions& options) {
  return verifying_backend(first(plan, options), second(plan, options),
                           {.plan = plan, .budget = *options.budget});
}

/// What a wrong backend does to the partials and rejects of a right one.
struct Lie {
  std::function<void(std::vector<Key>& keys, std::vector<std::int64_t>& counts,
                     std::vector<std::int64_t>& values)>
      about_partials = [](auto&, auto&, auto&) {};
  std::function<void(std::vector<Reject>&)> about_rejects = [](auto&) {};
};

class LyingBackend final : public Backend {
 public:
  LyingBackend(std::unique_ptr<Backend> inner, Lie lie) : inner_(std::move(inner)), lie_(std::move(lie)) {}

  std::string_view name() const override { return "liar"; }
  bool may_fail() const override { return false; }
  HostBuffer allocate(std::size_t capacity) override { return inner_->allocate(capacity); }
  std::size_t batch_bytes() const override { return inner_->batch_bytes(); }
  unsigned in_flight_max() const override { return inner_->in_flight_max(); }
  void submit(const Batch& batch) override { inner_->submit(batch); }
  std::optional<Finished> reclaim(Wait wait) override {
    std::optional<Finished> finished = inner_->reclaim(wait);
    if (!finished) return finished;
    rejects_.assign(finished->rejects.begin(), finished->rejects.end());
    lie_.about_rejects(rejects_);
    return Finished{finished->buffer, true, rejects_};
  }
  void collect(Pane pane, PartialSink& sink) override {
    class Twisted final : public PartialSink {
     public:
      Twisted(PartialSink& sink, const Lie& lie) : sink_(sink), lie_(lie) {}
      void add(const Partials& partials) override {
        std::vector<Key> keys(partials.keys.begin(), partials.keys.end());
        std::vector<std::int64_t> counts(partials.counts.begin(), partials.counts.end());
        std::vector<std::int64_t> values(partials.values.begin(), partials.values.end());
        lie_.about_partials(keys, counts, values);
        const std::size_t n = keys.size();
        sink_.add({keys, partials.texts.first(n), counts, values, partials.unique});
      }

     private:
      PartialSink& sink_;
      const Lie& lie_;
    } twisted(sink, lie_);
    inner_->collect(pane, twisted);
  }
  std::size_t held_bytes() const override { return inner_->held_bytes(); }

 private:
  std::unique_ptr<Backend> inner_;
  Lie lie_;
  std::vector<Reject> rejects_;
};

std::unique_ptr<Backend> liar_found_out(const Plan& plan, const Lie& lie, unsigned one_in = 1) {
  return verifying_backend(std::make_unique<LyingBackend>(make_reference_backend(plan, {}), lie),
                           make_reference_backend(plan, {}),
                           {.plan = plan, .budget = unlimited_budget(), .one_in = one_in});
}

// The sentence that ends a job in which one of the backends lies.
std::string verdict(const Plan& plan, std::vector<TestBatch> batches, const Lie& lie, unsigned one_in = 1) {
  const auto backend = liar_found_out(plan, lie, one_in);
  try {
    answer_of(*backend, plan, batches);
    return {};
  } catch (const InternalError& error) {
    EXPECT_EQ(error.exit_code(), 70);
    return error.what();
  }
}

std::string verdict(const Plan& plan, const std::string& text, const Lie& lie) {
  return verdict(plan, std::vector{text_batch(text)}, lie);
}

/// Says that there was one word more of each than there was.
const Lie kOneMore = {.about_partials = [](auto&, auto& counts, auto&) {
  for (auto& count : counts) ++count;
}};

TEST(VerifyingBackend, FindsNoDifferenceWhereThereIsNone) {
  EXPECT_EQ(verdict(Plan{}, "a b a longer-word", {}), "");
  EXPECT_EQ(verdict(fields_plan(), "k,1,1\nk,2\nlonger-key,x,2\n", {}), "");
}

TEST(VerifyingBackend, NamesTheFirstKeyThatDiffersAndBothValues) {
  const std::string miscounted = verdict(Plan{}, "b a b b", {.about_partials = [](auto&, auto& counts, auto&) {
                                           if (counts[0] == 3) counts[0] = 4;
                                         }});
  EXPECT_THAT(miscounted, HasSubstr("for the key \"b\" liar has count 4, reference has count 3"));

  const std::string missum = verdict(fields_plan(), "longer-key,1,2\nlonger-key,3,4\n",
                                     {.about_partials = [](auto&, auto&, auto& values) { values[0] -= 1000; }});
  EXPECT_THAT(missum, HasSubstr("for the key \"longer-key\" liar has count 2, values -400, "));
  EXPECT_THAT(missum, HasSubstr("reference has count 2, values 600, "));
}

TEST(VerifyingBackend, NamesAKeyThatOnlyOneHas) {
  const std::string invented = verdict(Plan{}, "b c", {.about_partials = [](auto& keys, auto&, auto&) {
                                         if (keys[0].bits % 256 == 'b') keys[0].bits -= 1;
                                       }});
  EXPECT_THAT(invented, HasSubstr("for the key \"a\" liar has count 1, reference has no such key"));
  const std::string lost = verdict(Plan{}, "b \xff", {.about_partials = [](auto& keys, auto& counts, auto&) {
                                     if (keys[0].bits % 256 != 0xff) return;
                                     keys.clear();
                                     counts.clear();
                                   }});
  EXPECT_THAT(lost, HasSubstr("for the key \"\\xff\" liar has no such key, reference has count 1"));
}

TEST(VerifyingBackend, ComparesWhatIsRejected) {
  const std::string reason =
      verdict(fields_plan(), "k,1,1\nbad\n",
              {.about_rejects = [](auto& rejects) { rejects[0].reason = RejectReason::overflow; }});
  EXPECT_THAT(
      reason,
      HasSubstr("of the record \"bad\" liar rejects it as value overflow, reference rejects it as missing"));
  const std::string missed =
      verdict(fields_plan(), "k,1,1\nbad\n", {.about_rejects = [](auto& rejects) { rejects.clear(); }});
  EXPECT_THAT(missed,
              HasSubstr("of the record \"bad\" liar does not reject it, reference rejects it as missing"));
  const std::string invented = verdict(fields_plan(), "k,1,1\nbad\n", {.about_rejects = [](auto& rejects) {
                                         rejects.insert(rejects.begin(), {{0, 5}, RejectReason::malformed});
                                       }});
  EXPECT_THAT(invented, HasSubstr("of the record \"k,1,1\" liar rejects it as malformed"));
}

TEST(VerifyingBackend, NamesTheFirstThatDiffersThoughLaterOnesAreAlike) {
  const std::string record = verdict(fields_plan(), "bad\nworse\n", {.about_rejects = [](auto& rejects) {
                                       const bool in_order = rejects[0].where.offset == 0;
                                       rejects.erase(in_order ? rejects.begin() : rejects.begin() + 1);
                                     }});
  EXPECT_THAT(record,
              HasSubstr("of the record \"bad\" liar does not reject it, reference rejects it as missing"));
  const std::string key = verdict(Plan{}, "a b", {.about_partials = [](auto& keys, auto&, auto&) {
                                    for (Key& each : keys)
                                      if (each.bits % 256 == 'a') each.bits += 2;
                                  }});
  EXPECT_THAT(key, HasSubstr("for the key \"a\" liar has no such key, reference has count 1"));
}

TEST(VerifyingBackend, NamesEachValue) {
  const std::string text = verdict(
      fields_plan(), "k,1,2\n", {.about_partials = [](auto&, auto&, auto& values) { values.back() += 1000; }});
  const std::size_t liar = text.find("liar has count 1, values ");
  const std::size_t plain = text.find("reference has count 1, values ");
  ASSERT_TRUE(liar != std::string::npos && plain != std::string::npos) << text;
  const std::string right = text.substr(plain + std::string("reference has count 1, values ").size());
  EXPECT_EQ(std::ranges::count(right, ','),
            static_cast<std::ptrdiff_t>(value_columns(fields_plan().measures).size() - 1));
  EXPECT_EQ(text.find("values " + right + ","), std::string::npos) << "they differ in the last one";
}

TEST(VerifyingBackend, MayFailIfOneOfTheTwoMay) {
  const Plan plan;
  const auto may_fail = [&](auto first, auto second) {
    return verifying_backend(first(plan, BackendOptions{}), second(plan, BackendOptions{}),
                             {.plan = plan, .budget = unlimited_budget()})
        ->may_fail();
  };
  EXPECT_FALSE(may_fail(make_cpu_backend, make_reference_backend));
  EXPECT_TRUE(may_fail(moody, make_cpu_backend));
  EXPECT_TRUE(may_fail(make_cpu_backend, moody));
  const auto backend = both<make_cpu_backend, moody>(plan, BackendOptions{});
  EXPECT_EQ(backend->name(), "cpu, verified by moody");
}

TEST(VerifyingBackend, TheReasonSaysByWhomAndHowOften) {
  const auto reason = [](BackendKind kind, unsigned verify) {
    Options options;
    options.backend = kind;
    options.verify = verify;
    return choose_for_job(Plan{}, options, BackendOptions{}, std::nullopt).reason;
  };
  const std::string stays = ": a verified job stays on the CPU unless cuda is asked for";
  EXPECT_EQ(reason(BackendKind::automatic, 1), "cpu, verified by the reference backend" + stays);
  EXPECT_EQ(reason(BackendKind::automatic, 2),
            "cpu, verified by the reference backend in one epoch in 2" + stays);
  EXPECT_THAT(reason(BackendKind::cpu, 1), EndsWith(", verified by the reference backend"));
  EXPECT_THAT(reason(BackendKind::cpu, 3), EndsWith(", verified by the reference backend in one epoch in 3"));
}

TEST(VerifyingBackend, RejectsMayComeInAnyOrderButAreOfTheSameBytes) {
  const Plan plan = fields_plan();
  const auto reversed = [&] {
    return std::make_unique<LyingBackend>(
        make_reference_backend(plan, {}),
        Lie{.about_rejects = [](auto& rejects) { std::ranges::reverse(rejects); }});
  };
  const VerifyOptions options{.plan = plan, .budget = unlimited_budget()};
  std::vector<TestBatch> batches{text_batch("bad\nworse\nk,1,1\nk,x,1\n")};
  const auto first = verifying_backend(reversed(), make_reference_backend(plan, {}), options);
  EXPECT_NO_THROW(answer_of(*first, plan, batches));
  const auto second = verifying_backend(make_reference_backend(plan, {}), reversed(), options);
  EXPECT_NO_THROW(answer_of(*second, plan, batches));
  EXPECT_NE(verdict(plan, "k,1,1\nbad\n", {.about_rejects = [](auto& rejects) { --rejects[0].where.length; }}),
            "");
}

TEST(VerifyingBackend, LooksAtOneCollectInSoMany) {
  std::vector<TestBatch> batches;
  for (std::int64_t pane = 0; pane < 4; ++pane)
    batches.push_back(text_batch("w" + std::to_string(pane), {pane}));
  const auto lie_about = [](char number) {
    return Lie{.about_partials = [number](auto& keys, auto& counts, auto&) {
      if ((keys[0].bits >> 8) % 256 == static_cast<unsigned char>(number)) ++counts[0];
    }};
  };
  const std::vector<TestBatch> of_one_pane{text_batch("w0"), text_batch("w0 w1"), text_batch("w2")};
  EXPECT_EQ(verdict(Plan{}, of_one_pane, {}, 2), "") << "both get all of a pane, or the second one nothing";
  EXPECT_NE(verdict(Plan{}, of_one_pane, kOneMore, 2), "");
  EXPECT_NE(verdict(Plan{}, batches, lie_about('0'), 3), "");
  EXPECT_EQ(verdict(Plan{}, batches, lie_about('1'), 3), "");
  EXPECT_EQ(verdict(Plan{}, batches, lie_about('2'), 3), "");
  EXPECT_NE(verdict(Plan{}, batches, lie_about('3'), 3), "");
}

TEST(VerifyingBackend, ADifferenceEndsTheJobBeforeItsEpochIsShown) {
  const auto sink = std::make_shared<testing::MemorySink>();
  auto source = std::make_unique<testing::MemorySource>(Framing{});
  source->push("a few words");
  source->finish();
  // Made first: g++ 12 destroys members twice when what initialises a later one throws.
  Plan plan;
  Options options;
  options.batch_bytes = 4096;
  auto backend = liar_found_out(plan, kOneMore);
  auto log = std::make_unique<NoEpochLog>();
  const Clock& clock = real_clock();
  PipelineParts parts{.plan = std::move(plan),
                      .options = std::move(options),
                      .sources = {},
                      .sinks = {},
                      .backend = std::move(backend),
                      .fallback = {},
                      .migration = {},
                      .log = std::move(log),
                      .clock = clock,
                      .budget = unlimited_budget()};
  parts.sinks.push_back(sink);
  parts.sources.push_back(std::move(source));
  Pipeline pipeline(std::move(parts));
  EXPECT_THROW(pipeline.run(), InternalError);
  EXPECT_TRUE(sink->epochs().empty());
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Verifying, BackendContract,
                         ::testing::Values(BackendCase{"cpu_plain_",
                                                       both<make_cpu_backend, make_reference_backend>, 3},
                                           BackendCase{"moody_cpu_", both<moody, make_cpu_backend>, 2},
                                           BackendCase{"cpu_moody_", both<make_cpu_backend, moody>, 2},
                                           BackendCase{"moody_moody_", both<moody, moody>, 1}),
                         ::testing::PrintToStringParamName());

}  // namespace millrace::verifying_backend_test
