// Making texts, cutting them into batches, counting them.
// SPDX-License-Identifier: Apache-2.0
#include "bench/kernels/jobs.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include <millrace/error.h>

#include "host/backends/batch_loop.h"
#include "io/generate/generator_source.h"

namespace millrace::bench {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;
constexpr std::uint64_t kBook = 30'000;  // different words

/// Draws words from the generator. Of those with more than one syllable a fifth is doubled and a twentieth
/// repeated four times: medium and long keys, about as many as in English.
class Words {
 public:
  Words(std::uint64_t vocabulary, double skew) : maker_({.vocabulary = vocabulary, .skew = skew}) {}

  void append_to(std::string& text) {
    char word[io::ZipfWords::kRoom];
    const std::string_view syllables(word, static_cast<std::size_t>(maker_.append(next_++, word) - word));
    for (int i = copies(syllables); i > 0; --i) text += syllables;
  }

 private:
  static int copies(std::string_view word) {
    if (word.size() <= 2 || word[0] > 'g') return 1;
    return word[0] == 'g' ? 4 : 2;
  }

  io::ZipfWords maker_;
  std::uint64_t next_ = 0;
};

std::string records(std::size_t bytes) {
  Words words(kBook, 1);
  std::string text;
  for (std::uint64_t cents = 1; text.size() < bytes; cents = cents * 48'271 % 2'147'483'647) {
    words.append_to(text);
    text += ',' + std::to_string(cents % 50) + ',' + std::to_string(cents % 100'000) + '.' +
            std::to_string(10 + cents % 90) + '\n';
  }
  return text;
}

bool ends_word(char c) {
  return c == ' ' || c == '\n';
}

Job job(std::string name, Plan plan, const std::string& text, std::int64_t keys) {
  Job job{.name = std::move(name), .plan = std::move(plan), .text = {text.begin(), text.end()}, .keys = keys};
  job.text.resize(text.size() + kSlackBytes);
  const auto bytes = std::as_bytes(std::span(job.text)).first(text.size());
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.rfind('\n', std::min(begin + kBatchBytes, text.size()) - 1) + 1;
    check(end > begin, "lines are shorter than batches");
    job.batches.push_back({.bytes = bytes.subspan(begin, end - begin)});
    begin = end;
  }
  return job;
}

Job job_of_sentences(std::string name, WordRule rule, const std::string& text) {
  return job(std::move(name), {.words = rule}, text, std::ranges::count_if(text, ends_word));
}

/// Counts what it is given.
class Total final : public PartialSink {
 public:
  void add(const Partials& partials) override {
    for (const std::int64_t count : partials.counts) keys += count;
  }
  std::int64_t keys = 0;
};

}  // namespace

std::string sentences(std::size_t bytes, std::uint64_t vocabulary, double skew) {
  constexpr int kWordsPerLine = 10;
  Words words(vocabulary, skew);
  std::string text;
  while (text.size() < bytes) {
    const std::size_t begin = text.size();
    for (int i = 0; i < kWordsPerLine; ++i) {
      words.append_to(text);
      text += ' ';
    }
    text[begin] = static_cast<char>(std::toupper(text[begin]));
    text.back() = '.';
    text += '\n';
  }
  return text;
}

Job words(std::size_t bytes) {
  return job_of_sentences("words", {}, sentences(bytes, kBook, 1));
}

Job folded_words(std::size_t bytes) {
  return job_of_sentences("folded words", {.fold_case = true, .alphanumeric = true},
                          sentences(bytes, kBook, 1));
}

Job many_words(std::size_t bytes) {
  return job_of_sentences("many words", {}, sentences(bytes, 1'000'000, 0));
}

Job pieces(std::size_t bytes) {
  const std::string text = records(bytes);
  const auto ends_piece = [](char c) { return c == ',' || c == '\n'; };
  return job("pieces", {.keyed_by = KeyedBy::split}, text, std::ranges::count_if(text, ends_piece));
}

Job field_sums(std::size_t bytes) {
  const std::string text = records(bytes);
  Plan plan;  // step by step: g++ 12 takes a list of it all for a mistake
  plan.keyed_by = KeyedBy::fields;
  plan.fields.values = {3};
  plan.fields.scale = 2;
  plan.measures = {{Reduction::sum, 0}};
  return job("field sums", std::move(plan), text, std::ranges::count(text, '\n'));
}

Job row_sums(std::size_t bytes) {
  const std::string text = sentences(bytes, kBook, 1);
  Job rows = job("row sums", {.keyed_by = KeyedBy::rows, .row_values = 1, .measures = {{Reduction::sum, 0}}},
                 text, std::ranges::count_if(text, ends_word));
  std::vector<std::size_t> first = {0};  // row of each batch
  for (const Batch& batch : rows.batches) {
    std::uint32_t begin = 0;
    for (std::uint32_t at = 0; at < batch.bytes.size(); ++at) {
      if (!ends_word(static_cast<char>(batch.bytes[at]))) continue;
      rows.key_at.push_back(begin);
      rows.key_length.push_back(at - begin);
      rows.values.push_back(at % 1000);
      begin = at + 1;
    }
    first.push_back(rows.values.size());
  }
  for (std::size_t i = 0; i < rows.batches.size(); ++i) {
    const std::size_t size = first[i + 1] - first[i];
    rows.batches[i].has_rows = true;
    rows.batches[i].rows = {std::span(rows.key_at).subspan(first[i], size),
                            std::span(rows.key_length).subspan(first[i], size),
                            std::span(rows.values).subspan(first[i], size)};
  }
  return rows;
}

void count(const Job& job, Backend& backend) {
  Total total;
  BatchLoop loop(backend, job.batches, total);
  for (std::size_t i = 0; i < job.batches.size(); ++i) loop.submit();
  loop.settle();
  loop.collect();
  check(total.keys == job.keys, "as many keys are counted as were given");
}

}  // namespace millrace::bench
