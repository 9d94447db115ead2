// What is told of how inputs begin, and what is not.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/input_warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace millrace::input_warnings_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Plan lines() {
  Plan plan;
  plan.keyed_by = KeyedBy::record;
  return plan;
}
Plan fields(std::uint32_t key, std::vector<std::uint32_t> values = {}, char delimiter = ',') {
  Plan plan;
  plan.keyed_by = KeyedBy::fields;
  plan.fields = {.delimiter = delimiter, .key = key, .values = std::move(values)};
  return plan;
}

Job job_of(Plan plan, OnEvent on_event, HostFunction host = {}) {
  Job job{.host = std::move(host), .plan = std::move(plan)};
  job.options.on_event = std::move(on_event);
  return job;
}

/// All that is told of one input.
std::vector<std::string> told(const Plan& plan, const std::string& name, std::string_view beginning,
                              const HostFunction& host = {}) {
  std::vector<std::string> texts;
  InputWarnings look(job_of(
      plan, [&](const Event& event) { texts.push_back(event.text); }, host));
  if (look.wanted()) look.see(name, beginning);
  look.tell_last();
  return texts;
}

TEST(InputWarnings, LinesThatEndWithAReturnAlone) {
  EXPECT_THAT(told(lines(), "mac.txt", "a\rb\r"),
              ElementsAre("mac.txt ends its lines with \\r alone, which ends no record here: tr '\\r' '\\n' < "
                          "mac.txt | millrace ..."));
  EXPECT_THAT(told(fields(1), "stdin", "a\rb\r"),
              ElementsAre(HasSubstr(": ... | tr '\\r' '\\n' | millrace ...")));
  for (const std::string_view text : {"a\r\nb\r\n", "a\rb\rc\n", "a\r", "", "ab"})
    EXPECT_THAT(told(lines(), "x", text), IsEmpty()) << text;
  EXPECT_THAT(told(Plan{}, "mac.txt", "a\rb\r"), IsEmpty()) << "a return ends a word";
}

TEST(InputWarnings, AQuotedFieldMattersUpToTheLastThatIsUsed) {
  const std::string_view third_is_quoted = "a,1,\"q\",4,5\n";
  for (const auto& [key, values] :
       {std::pair(1U, std::vector<std::uint32_t>{5, 2}), std::pair(1U, std::vector<std::uint32_t>{2, 5}),
        std::pair(5U, std::vector<std::uint32_t>{2}), std::pair(3U, std::vector<std::uint32_t>{})})
    EXPECT_THAT(told(fields(key, values), "x", third_is_quoted), SizeIs(1));
  EXPECT_THAT(told(fields(1, {2}), "x", third_is_quoted), IsEmpty());
}

TEST(InputWarnings, QuotedFieldsAreToldOnceAtTheEnd) {
  std::vector<std::string> texts;
  InputWarnings look(job_of(fields(2, {5}), [&](const Event& event) { texts.push_back(event.text); }));
  look.see("a.csv", "1,3,\"Brown, Mr. Owen\",10,88\r\n2,1,x,71,12\n3,\"3\",x,18,77");
  look.see("b.csv", "\"x\"\n");
  EXPECT_THAT(texts, IsEmpty());
  look.tell_last();
  look.tell_last();
  EXPECT_THAT(
      texts,
      ElementsAre("3 records seen in the first 64 KiB of a.csv and 1 more inputs have a field that begins "
                  "with a quote; quoting is not understood yet, so that quotes are counted and a "
                  "delimiter between them ends the field: mlr --icsv --otsv cat a.csv | millrace ... "
                  "with --delimiter tab"));
}

TEST(InputWarnings, QuotesThatChangeNothingAreNotToldOf) {
  EXPECT_THAT(told(fields(1, {2}), "x", "a,1,\"b, c\"\n"), IsEmpty()) << "behind the last field that is used";
  EXPECT_THAT(told(fields(2), "x", "a 5\",2\n"), IsEmpty()) << "inside a field";
  EXPECT_THAT(told(fields(7, {}, ' '), "x", "1.2.3.4 - - \"GET / HTTP/1.1\" 200\n"), IsEmpty()) << "a log";
  EXPECT_THAT(told(lines(), "x", "\"a\"\n"), IsEmpty());
  EXPECT_THAT(told(fields(2, {}, ';'), "x", "a;\"b\"\n"), ElementsAre(HasSubstr("--icsv --ifs ';' --otsv")));
}

TEST(InputWarnings, AHeaderThatIsCounted) {
  EXPECT_THAT(
      told(fields(1), "c.csv", "city,qty\nrome,1\n"),
      ElementsAre("the first line of c.csv looks like a header, and is counted: \"city,qty\"; to leave it out: "
                  "tail -n +2 c.csv | millrace ..."));
  EXPECT_THAT(told(fields(1, {}, '\t'), "C.TSV", "a\tb\r\nc\t2\r\n"), SizeIs(1));
  EXPECT_THAT(told(fields(1), "c.csv", "rome,1\noslo,2\n"), IsEmpty());
  EXPECT_THAT(told(fields(1), "c.csv", "a,b\nc,d\n"), IsEmpty()) << "nothing tells them apart";
  EXPECT_THAT(told(fields(1), "c.txt", "city,qty\nrome,1\n"), IsEmpty());
  EXPECT_THAT(told(fields(1, {2}), "c.csv", "city,qty\nrome,1\n"), IsEmpty()) << "it is told as a bad record";
}

TEST(InputWarnings, EveryEndingOfATableMayHaveAHeader) {
  for (const std::string name : {"a.csv", "a.tsv", "A.CSV", "A.TSV"})
    EXPECT_THAT(told(fields(1), name, "city,qty\nrome,1\n"), SizeIs(1)) << name;
}

TEST(InputWarnings, AHeaderIsShownWithoutItsEndAndShortened) {
  EXPECT_THAT(told(fields(1), "c.csv", "city,qty\r\nrome,1\r\n"), ElementsAre(HasSubstr("\"city,qty\";")));
  EXPECT_THAT(told(fields(1), "c.csv", std::string(100, 'h') + "\nrome,1\n"),
              ElementsAre(AllOf(HasSubstr(std::string(50, 'h')), Not(HasSubstr(std::string(61, 'h'))))));
  EXPECT_THAT(told(fields(1), "c.csv", "\nrome,1\n"), IsEmpty()) << "an empty line names nothing";
}

TEST(InputWarnings, ReturnsAndHeadersAreToldOfTheFirstInputAlone) {
  std::vector<std::string> texts;
  InputWarnings look(job_of(fields(1), [&](const Event& event) {
    EXPECT_EQ(event.level, Event::Level::warning);
    texts.push_back(event.text);
  }));
  for (const std::string number : {"1", "2"}) {
    look.see("mac" + number, "a\rb\r");
    look.see("head" + number + ".csv", "city,qty\nrome,1\n");
  }
  EXPECT_THAT(texts, ElementsAre(HasSubstr("mac1 ends"), HasSubstr("head1.csv looks")));
}

TEST(InputWarnings, AStreamIsPipedAndHasNoNameForACommand) {
  for (const std::string name : {"stdin", "/dev/stdin", "/proc/self/fd/0"})
    EXPECT_THAT(told(lines(), name, "a\rb\r"), ElementsAre(HasSubstr("here: ... | tr '\\r' '\\n' | millrace")));
}

// Functions get lines, and what they make of them nobody knows.
TEST(InputWarnings, HostFunctionsGetLinesWhoseFieldsAreNotLookedAt) {
  const HostFunction host = [](std::string_view record, RecordOut& out) { out.record(record); };
  for (const Plan& plan : {Plan{}, fields(1)}) {
    EXPECT_THAT(told(plan, "mac.txt", "a\rb\r", host), SizeIs(1));
    EXPECT_THAT(told(plan, "c.csv", "city,qty\n\"rome\",1\n", host), IsEmpty());
  }
}

TEST(InputWarnings, OneQuotedRecordIsToldAsOne) {
  EXPECT_THAT(
      told(fields(2, {}, '\t'), "x", "a\n\"b\"\t1\n"),
      ElementsAre("1 record seen in the first 64 KiB of x has a field that begins with a quote; quoting is "
                  "not understood yet, so that quotes are counted and a delimiter between them ends the "
                  "field: mlr --icsv --ifs tab --otsv cat x | millrace ... with --delimiter tab"));
}

TEST(InputWarnings, InputsWithoutQuotesAreNotAmongThoseThatHaveThem) {
  std::vector<std::string> texts;
  InputWarnings look(job_of(fields(1), [&](const Event& event) { texts.push_back(event.text); }));
  for (const auto& [name, text] : {std::pair("a", "x\n"), std::pair("b", "\"x\"\n"), std::pair("c", "x\n"),
                                   std::pair("d", "\"x\"\n"), std::pair("e", "\"x\"\n")})
    look.see(name, text);
  look.tell_last();
  EXPECT_THAT(texts, ElementsAre(HasSubstr("3 records seen in the first 64 KiB of b and 2 more inputs have")));
}

}  // namespace
}  // namespace millrace::input_warnings_test
