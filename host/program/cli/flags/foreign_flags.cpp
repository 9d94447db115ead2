// What users of Spark, awk, cut, sort, Miller and others type.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/foreign_flags.h"

#include <algorithm>
#include <array>
#include <utility>

namespace millrace::cli {
namespace {

constexpr std::string_view kTumbling = "windows follow one another without overlap: --every TIME";
constexpr std::string_view kCheckpoint = "to go on after any end: --checkpoint DIR";
constexpr std::string_view kFollow = "a file is read to its end: tail -F FILE | millrace --every 1s";
constexpr std::string_view kFilter = "choose lines before: grep PATTERN FILE | millrace ...";
constexpr std::string_view kSkip = "skip a header line before: tail -n +2 FILE | millrace ...";
constexpr std::string_view kTop = "for the first N rows: --top N";
constexpr std::string_view kKey = "for a field as the key: --key N";
constexpr std::string_view kDelimiter = "for the byte between fields: --delimiter BYTE";
constexpr std::string_view kReverse = "the smallest first: millrace ... | tac";
constexpr std::string_view kDistinct = "for the number of keys: millrace ... | wc -l";
constexpr std::string_view kCsv =
    "fields are read with --key N --value N, without quoting; rows are written with --format csv";

constexpr std::array<std::pair<std::string_view, std::string_view>, 43> kAdvice = {{
    {"--window", kTumbling},
    {"--slide", "sliding windows are not in this version; --every TIME makes windows without overlap"},
    {"--interval", kTumbling},
    {"--batch-interval", kTumbling},
    {"--trigger", kTumbling},
    {"--watermark", "windows are of arrival time: --every TIME"},
    {"--checkpoint-location", kCheckpoint},
    {"--checkpoint-dir", kCheckpoint},
    {"--state", kCheckpoint},
    {"--follow", kFollow},
    {"--tail", kFollow},
    {"--filter", kFilter},
    {"--where", kFilter},
    {"--grep", kFilter},
    {"--match", kFilter},
    {"--skip", kSkip},
    {"--skip-lines", kSkip},
    {"--skip-records", kSkip},
    {"--skip-header", kSkip},
    {"--has-header", kSkip},
    {"--input-header", kSkip},
    {"--header-lines", kSkip},
    {"--headers", kSkip},
    {"--limit", kTop},
    {"--head", kTop},
    {"-n", kTop},
    {"--group-by", kKey},
    {"--column", kKey},
    {"--field", kKey},
    {"-k", kKey},
    {"--separator", kDelimiter},
    {"--sep", kDelimiter},
    {"--fs", kDelimiter},
    {"-d", kDelimiter},
    {"-F", kDelimiter},
    {"--output", "for the output: --to PATH"},
    {"-o", "for the output: --to PATH"},
    {"--input", "for the input: --from PATH, or only PATH"},
    {"--sum", "for sums of field N: --value N"},
    {"--reverse", kReverse},
    {"-r", kReverse},
    {"--distinct", kDistinct},
    {"--csv", kCsv},
}};

}  // namespace

std::string_view advice_on(std::string_view foreign_flag) {
  const auto found =
      std::ranges::find(kAdvice, foreign_flag, &std::pair<std::string_view, std::string_view>::first);
  return found == kAdvice.end() ? std::string_view() : found->second;
}

}  // namespace millrace::cli
