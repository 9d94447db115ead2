// Jobs for a backend with their input in memory: the same bytes on every machine.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <millrace/backend.h>

namespace millrace::bench {

/// May be moved, not copied: batches are views.
struct Job {
  std::string name;
  Plan plan;
  std::vector<char> text;             ///< with slack
  std::vector<std::uint32_t> key_at;  ///< for rows: in their batch
  std::vector<std::uint32_t> key_length;
  std::vector<std::int64_t> values;
  std::vector<Batch> batches;  ///< views of all that
  std::int64_t keys = 0;       ///< what the counts add up to

  std::size_t bytes() const { return text.size() - kSlackBytes; }
};

/// Lines of words by Zipf's law over `vocabulary`; some are long. A sentence per line, with its capital and
/// stop.
std::string sentences(std::size_t bytes, std::uint64_t vocabulary, double skew);

/// All make about so many bytes of text, in batches as the CPU backend wants them.
Job words(std::size_t bytes);         ///< of 30,000 different ones, as in a book
Job folded_words(std::size_t bytes);  ///< the same, alphanumeric and in lower case
Job many_words(std::size_t bytes);    ///< of a million, all alike
Job pieces(std::size_t bytes);        ///< between commas
Job field_sums(std::size_t bytes);    ///< per customer, over a decimal field
Job row_sums(std::size_t bytes);      ///< words that the host has found, each with a value

/// Counts the whole job as one pane, and collects it. Throws InternalError if keys were lost or made up.
void count(const Job& job, Backend& backend);

}  // namespace millrace::bench
