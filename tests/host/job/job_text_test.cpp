// The canonical text of a job: what is around its plan and decides its rows.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/millrace.h>

namespace millrace::job_text_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

const auto kKeep = [](std::string_view) { return true; };

// Checkpoints will hold these texts: who changes one makes them all foreign.
TEST(JobText, IsWhatItAlwaysWas) {
  const Job plain = read("a").words().count().write("-");
  EXPECT_EQ(canonical_text(plain), "records: words\nmax-record-bytes: 16777216\n" + canonical_text(plain.plan));
  const Job job = read("a").filter(kKeep).words().count().name("hourly").version("2").write("-");
  EXPECT_EQ(canonical_text(job),
            "name: hourly\nrecords: lines\nmax-record-bytes: 16777216\nfunctions: version 2\n" +
                canonical_text(job.plan));
}

TEST(JobText, TellsWhatDecidesTheRowsAndNothingElse) {
  const KeyedStream words = read("a").words().count();
  const std::string text = canonical_text(Job(words.write("-")));
  const auto changed = [&](const KeyedStream& other) {
    return differences(text, canonical_text(other.write("-")));
  };
  EXPECT_THAT(changed(words.name("x")), ElementsAre("name"));
  EXPECT_THAT(changed(words.every(1s)), ElementsAre("every"));
  EXPECT_THAT(changed(read("a").filter(kKeep).words().count()), ElementsAre("records", "functions"));
  Options options;
  options.max_record_bytes = 100;
  EXPECT_THAT(changed(words.with(options)), ElementsAre("max-record-bytes"));

  Job other = read("b").words().count().format(Format::csv).version("of no functions").write("c");
  other.options.threads = 7;
  other.options.batch_bytes = 4096;
  other.options.backend = BackendKind::cpu;
  other.options.on_bad_record = OnBadRecord::stop;
  EXPECT_EQ(canonical_text(other), text);
}

// Functions cannot be compared, so that only their version tells.
TEST(JobText, AVersionTellsWhenFunctionsChange) {
  const KeyedStream words = read("a").filter(kKeep).words().count();
  const auto text = [](const KeyedStream& stream) { return canonical_text(Job(stream.write("-"))); };
  EXPECT_THAT(differences(text(words), text(words.version("1"))), ElementsAre("functions"));
  EXPECT_THAT(differences(text(words.version("1")), text(words.version("2"))), ElementsAre("functions"));
  EXPECT_NE(text(words.version("unnamed")), text(words));
}

}  // namespace
}  // namespace millrace::job_text_test
