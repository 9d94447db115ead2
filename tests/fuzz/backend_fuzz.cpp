// The CPU backend gives the reference's answer, whatever the plan, the batches and the hash.
// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "tests/fuzz/input.h"
#include "tests/kernels/test_batches.h"

using namespace millrace;

namespace {

Plan choose_plan(FuzzInput& input) {
  Plan plan;
  plan.keyed_by = static_cast<KeyedBy>(input.choose(5));
  plan.words = {input.choose(2) == 1, input.choose(2) == 1};
  plan.fields.delimiter = static_cast<char>(input.choose(256));
  plan.fields.key = 1 + input.choose(4);
  plan.fields.scale = input.choose(19);
  const unsigned values = input.choose(3);
  if (plan.keyed_by == KeyedBy::rows) plan.row_values = values;
  if (plan.keyed_by == KeyedBy::fields)
    for (unsigned i = 0; i < values; ++i) plan.fields.values.push_back(1 + input.choose(4));
  if (input_values(plan) > 0)
    for (unsigned measures = input.choose(5); measures > 0; --measures)
      plan.measures.push_back({static_cast<Reduction>(input.choose(5)), input.choose(values)});
  return plan;
}

// Each line is a row: its key is the whole line, and its first bytes are its values.
TestBatch rows_batch(const std::string& text, std::size_t values) {
  TestBatch batch;
  batch.bytes = text;
  batch.has_rows = true;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    batch.key_at.push_back(static_cast<std::uint32_t>(begin));
    batch.key_length.push_back(static_cast<std::uint32_t>(end - begin));
    begin = end + 1;
  }
  batch.values.resize(values * batch.key_at.size());
  if (!batch.values.empty())
    std::memcpy(batch.values.data(), text.data(), std::min(text.size(), batch.values.size() * 8));
  return batch;
}

TestBatch lines_as_messages(const std::string& text) {
  std::vector<std::string> records(1);
  for (const char c : text) {
    if (c == '\n') {
      records.emplace_back();
    } else {
      records.back() += c;
    }
  }
  return message_batch(records);
}

// 0x1d ends a batch of rows, 0x1e one of text, and 0x1f one of messages.
std::vector<TestBatch> cut(const Plan& plan, const std::string& text) {
  std::vector<TestBatch> batches;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find_first_of("\x1d\x1e\x1f", begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const char kind = end < text.size() ? text[end] : '\x1e';
    if (plan.keyed_by == KeyedBy::rows || kind == '\x1d') {
      batches.push_back(rows_batch(part, input_values(plan)));
    } else if (kind == '\x1f') {
      batches.push_back(lines_as_messages(part));
    } else {
      batches.push_back(text_batch(part));
    }
    batches.back().pane = {static_cast<std::int64_t>(part.size() % 2)};
    begin = end + 1;
  }
  return batches;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  GTEST_FLAG_SET(break_on_failure, true);  // the driver checks what it is given
  FuzzInput input(data, size);
  const BackendOptions options{
      .threads = 1 + input.choose(3), .hash_seed = input.choose(256), .hash_bits = input.choose(64)};
  const Plan plan = choose_plan(input);
  std::vector<TestBatch> batches = cut(plan, input.rest());
  const auto backend = make_cpu_backend(plan, options);
  const std::string difference =
      reference::difference(answer_of(*backend, plan, batches), expected_of(plan, batches));
  require(difference.empty(), difference);
  return 0;
}
