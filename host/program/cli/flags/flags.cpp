// The flags, in the order of the help.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/flags.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <millrace/quantity.h>

#include "host/job/devices.h"
#include "host/program/cli/flags/field_numbers.h"
#include "host/program/cli/flags/flag_values.h"

namespace millrace::cli {
namespace {

using Text = std::string_view;

constexpr std::array<Named<KeyedBy>, 4> kBy = {{{"words", KeyedBy::words},
                                                {"split", KeyedBy::split},
                                                {"fields", KeyedBy::fields},
                                                {"lines", KeyedBy::record}}};
constexpr std::array<Named<Order>, 3> kOrders = {
    {{"value", Order::value}, {"key", Order::key}, {"none", Order::none}}};
constexpr std::array<Named<Reduction>, 5> kReductions = {{{"count", Reduction::count},
                                                          {"sum", Reduction::sum},
                                                          {"min", Reduction::min},
                                                          {"max", Reduction::max},
                                                          {"mean", Reduction::mean}}};
constexpr std::array<Named<BackendKind>, 3> kBackends = {
    {{"auto", BackendKind::automatic}, {"cpu", BackendKind::cpu}, {"cuda", BackendKind::cuda}}};
constexpr std::array<Named<OnBadRecord>, 2> kOnBadRecord = {
    {{"skip", OnBadRecord::skip}, {"stop", OnBadRecord::stop}}};
constexpr std::array<Named<Format>, 6> kFormats = {{{"auto", Format::automatic},
                                                    {"table", Format::table},
                                                    {"text", Format::text},
                                                    {"json", Format::json},
                                                    {"csv", Format::csv},
                                                    {"tsv", Format::tsv}}};
constexpr std::array<Named<When>, 3> kWhen = {
    {{"auto", When::automatic}, {"always", When::always}, {"never", When::never}}};
constexpr std::array<Named<LogFormat>, 2> kLogFormats = {
    {{"text", LogFormat::text}, {"json", LogFormat::json}}};

/// The part before `mark`, which is taken off `text` together with the mark.
Text take_until(Text& text, char mark) {
  const std::size_t at = std::min(text.find(mark), text.size());
  const Text part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

/// "sum" or "sum:2", several with commas between them.
void add_measures(Settings& settings, Text text) {
  do {
    Text field = take_until(text, ',');
    const bool named = field.find(':') != Text::npos;
    NamedMeasure measure{parse_name(take_until(field, ':'), kReductions), std::nullopt};
    if (named) measure.field = parse_field(field);
    settings.measures.push_back(measure);
  } while (!text.empty());
}

void add_values(Settings& settings, Text text) {
  settings.names_fields = true;
  do {
    settings.job.plan.fields.values.push_back(parse_field(take_until(text, ',')));
  } while (!text.empty());
}

constexpr Text kWhat = "What is computed";
constexpr Text kInOut = "Input and output";
constexpr Text kSpeed = "Speed and memory";
constexpr Text kManners = "Behaviour";

const std::array kFlags = {
    Flag{"from", "URI", "-", kInOut, "Read a path, a glob, -, tcp://HOST:PORT, generate:?words=N. Repeats.",
         true, [](Settings& s, Text t) { s.job.from.emplace_back(t); }, true},
    Flag{"to", "URI", "stdout:", kInOut, "Write stdout:, a path or a DIRECTORY/. Repeats.", true,
         [](Settings& s, Text t) { s.job.to.emplace_back(t); }, true},
    Flag{"checkpoint", "DIR", "", kInOut, "Keep in DIR what it takes to go on after any end.", true,
         [](Settings& s, Text t) { s.job.checkpoint = parse_directory(t); }},
    Flag{"accept-gap", "", "false", kInOut,
         "With --checkpoint: go on with an output that lacks rows which were shown before.", false,
         [](Settings& s, Text t) { s.job.accept_gap = parse_switch(t); }},
    Flag{"format", "FORMAT", "auto", kInOut, "table, text, json, csv, tsv; auto: by the ending.", true,
         [](Settings& s, Text t) { s.job.layout.format = parse_name(t, kFormats); }},
    Flag{"no-output-header", "", "false", kInOut, "No names of columns in front of csv and tsv.", true,
         [](Settings& s, Text t) { s.job.layout.header = !parse_switch(t); }},
    Flag{"by", "KEYS", "words", kWhat, "Count words, split (at delimiters), fields or lines.", true,
         [](Settings& s, Text t) { s.by = parse_name(t, kBy); }},
    Flag{"every", "TIME", "0", kWhat, "A result per span of arrival time: 1s, 5m; 0: one.", true,
         [](Settings& s, Text t) { s.job.plan.every = parse_duration(t); }},
    Flag{"top", "N", "0", kWhat, "Only the N rows with the largest values; 0: all.", true,
         [](Settings& s, Text t) { s.job.plan.top = parse_count(t); }},
    Flag{"order", "ORDER", "value", kWhat, "Rows by value (largest first), by key, or none.", true,
         [](Settings& s, Text t) { s.job.plan.order = parse_name(t, kOrders); }},
    Flag{"fold-case", "", "false", kWhat, "Words: ASCII letters to lower case.", true,
         [](Settings& s, Text t) { s.job.plan.words.fold_case = parse_switch(t); }},
    Flag{"alphanumeric", "", "false", kWhat, "Words: only letters, digits and bytes from 0x80 on.", true,
         [](Settings& s, Text t) { s.job.plan.words.alphanumeric = parse_switch(t); }},
    Flag{"delimiter", "BYTE", ",", kWhat, "Fields, split: the byte between them; tab, space.", true,
         [](Settings& s, Text t) { s.job.plan.fields.delimiter = parse_byte(t); }},
    Flag{"key", "N", "1", kWhat, "Fields: the key; the first field is 1.", true,
         [](Settings& s, Text t) {
           s.names_fields = true;
           s.job.plan.fields.key = parse_key(t, s.job.plan.fields.delimiter);
         }},
    Flag{"value", "LIST", "", kWhat, "Fields: the values, as 2 or 2,3; the first is 1.", true, add_values,
         true},
    Flag{"measure", "LIST", "", kWhat,
         "count, sum, min, max, mean; sum:2 names its field. Default: sum or count.", true, add_measures, true},
    Flag{"scale", "N", "0", kWhat, "Values: digits after the decimal point, at most 18.", true,
         [](Settings& s, Text t) { s.job.plan.fields.scale = parse_number(t); }},
    Flag{"commit-every", "TIME", "0", kSpeed, "With --checkpoint: keep and show at this age, too; 0: 10s.",
         false, [](Settings& s, Text t) { s.job.options.commit_every = parse_duration(t); }},
    Flag{"backend", "NAME", "auto", kSpeed, "Where keys are counted: auto, cpu or cuda.", true,
         [](Settings& s, Text t) { s.job.options.backend = parse_name(t, kBackends); }},
    Flag{"threads", "N", "0", kSpeed, "CPU workers; 0: the processors it may use.", true,
         [](Settings& s, Text t) { s.job.options.threads = parse_number(t); }},
    Flag{"memory", "SIZE", "0", kSpeed, "Limit for all buffers and keys; 0: half the machine.", true,
         [](Settings& s, Text t) { s.job.options.memory = parse_size(t); }},
    Flag{"readers", "N", "0", kSpeed, "Threads that read input which can be split; 0: as many as --threads.",
         false, [](Settings& s, Text t) { s.job.options.readers = parse_number(t); }},
    Flag{"batch-bytes", "SIZE", "0", kSpeed, "A batch closes at this size; 0: what suits the backend.", false,
         [](Settings& s, Text t) { s.job.options.batch_bytes = parse_size(t); }},
    Flag{"batch-time", "TIME", "100ms", kSpeed, "... or at this age.", false,
         [](Settings& s, Text t) { s.job.options.batch_time = parse_duration(t); }},
    Flag{"batch-records", "N", "0", kSpeed, "... or after this many records or words; 0: no limit.", false,
         [](Settings& s, Text t) { s.job.options.batch_records = parse_count(t); }},
    Flag{"name", "NAME", "", kManners, "The job's name, in messages and in check.", false,
         [](Settings& s, Text t) { s.job.name = t; }},
    Flag{"verify", "[=N]", "false", kManners,
         "Count with two backends, in one epoch in N; exit 70 where they differ.", true,
         [](Settings& s, Text t) { s.job.options.verify = parse_one_in(t); }},
    Flag{"max-record-bytes", "SIZE", "16MiB", kManners, "A longer record is bad.", false,
         [](Settings& s, Text t) { s.job.options.max_record_bytes = parse_size(t); }},
    Flag{"on-bad-record", "WHAT", "skip", kManners, "skip (and count by reason at the end) or stop.", false,
         [](Settings& s, Text t) { s.job.options.on_bad_record = parse_name(t, kOnBadRecord); }},
    Flag{"drain-timeout", "TIME", "60s", kManners, "After a signal, end at once when draining takes longer.",
         false, [](Settings& s, Text t) { s.drain_timeout = parse_duration(t); }},
    Flag{"progress", "WHEN", "auto", kManners, "A line on stderr: auto (on a terminal), always or never.",
         false, [](Settings& s, Text t) { s.progress = parse_name(t, kWhen); }},
    Flag{"color", "WHEN", "auto", kManners,
         "Colours on stderr: auto (on a terminal, unless NO_COLOR), always, never.", false,
         [](Settings& s, Text t) { s.color = parse_name(t, kWhen); }},
    Flag{"log-format", "FORMAT", "text", kManners, "Messages on stderr as text or json.", false,
         [](Settings& s, Text t) { s.log_format = parse_name(t, kLogFormats); }},
    Flag{"verbose", "", "false", kManners, "Say what is chosen and why, and at the end where the time went.",
         false, [](Settings& s, Text t) { s.verbose = parse_switch(t); }, false, 'v'},
    Flag{"quiet", "", "false", kManners, "Only errors on stderr.", false,
         [](Settings& s, Text t) { s.quiet = parse_switch(t); }, false, 'q'},
};

/// Read from the environment, too: where settings come from, and where a job is to fail.
constexpr std::array<std::string_view, 2> kNoFlags = {"config", "fault"};

}  // namespace

std::span<const Flag> flags() {
  return kFlags;
}

const Flag* find_flag(std::string_view name) {
  const auto found = std::ranges::find(kFlags, name, &Flag::name);
  return found == kFlags.end() ? nullptr : &*found;
}

std::vector<std::string_view> flag_names() {
  std::vector<std::string_view> names;
  for (const Flag& flag : kFlags) names.push_back(flag.name);
  return names;
}

std::string_view instead_of(std::string_view name) {
  if (name != "header") return {};
  return "output in csv and tsv begins with a header, unless --no-output-header is given; the header line of "
         "an "
         "input cannot be skipped yet: tail -n +2 FILE | millrace ...";
}

std::string environment_name(std::string_view flag) {
  std::string name = "MILLRACE_";
  for (const char c : flag)
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

SettingMap read_environment(const char* const* environment, std::vector<std::string>& warnings) {
  std::vector<std::string> names;
  for (const std::string_view name : kNoFlags) names.push_back(environment_name(name));
  for (const Flag& flag : kFlags) names.push_back(environment_name(flag.name));
  std::vector<std::string_view> known(names.begin(), names.end());
  known.push_back(vectors_variable());
  SettingMap settings;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const std::string_view name = entry.substr(0, std::min(entry.find('='), entry.size()));
    if (!name.starts_with("MILLRACE_") || name.size() == entry.size()) continue;
    const auto found = std::ranges::find(known, name);
    if (found == known.end()) {
      const std::string guess = did_you_mean(name, known);
      if (name == environment_name("header"))
        warnings.push_back(std::string(name) + " is not a setting: " + std::string(instead_of("header")));
      else if (!guess.empty())
        warnings.push_back(std::string(name) + " is not a setting" + guess);
      continue;
    }
    if (*found == vectors_variable()) continue;  // no setting of a job
    const auto index = static_cast<std::size_t>(found - known.begin());
    const std::string_view flag =
        index < kNoFlags.size() ? kNoFlags[index] : kFlags[index - kNoFlags.size()].name;
    settings.emplace(
        flag, Setting{{std::string(entry.substr(name.size() + 1))}, Origin::environment, std::string(name)});
  }
  return settings;
}

}  // namespace millrace::cli
