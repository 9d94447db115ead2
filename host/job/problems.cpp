// What is wrong with a job as it is written, before anything of it is opened.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/job.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "base/text/printable.h"
#include "host/job/prepare.h"

namespace millrace {
namespace {

constexpr unsigned kThreadsMax = 1024;
constexpr std::size_t kLabelBytesMax = 100;

// Two sinks of one file would each write it; two of one stream would show all rows twice.
void add_repeated_outputs(const std::vector<std::string>& outputs, std::vector<std::string>& problems) {
  std::map<std::string, std::string> first_of;
  for (const std::string& output : outputs) {
    const auto [known, is_new] = first_of.emplace(output_identity(output), output);
    if (is_new) continue;
    problems.push_back(known->second == output
                           ? "the output " + excerpt(output) + " is named twice: name it once"
                           : "the outputs " + excerpt(known->second) + " and " + excerpt(output) +
                                 " are the same: name it once");
  }
}

// Each would take the other's files for foreign ones, or for its own.
void add_checkpoint_among_outputs(const Job& job, std::vector<std::string>& problems) {
  const auto place = [](std::string path) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return output_identity(path);
  };
  const auto parent = [](const std::string& path) {
    const std::string of = std::filesystem::path(path).parent_path().string();
    return of.empty() ? "." : of;
  };
  const std::string directory = place(job.checkpoint);
  for (const std::string& output : job.to)
    if (place(output) == directory || place(parent(output)) == directory)
      problems.push_back("the output " + excerpt(output) + " is in the checkpoint: give each its own place");
}

// What one run has written the next one would count: the same command would not go on but begin with more.
void add_outputs_among_inputs(const Job& job, std::vector<std::string>& problems) {
  for (const std::string& input : job.from) {
    const std::filesystem::path checkpoint = job.checkpoint;
    if (names_input(input, checkpoint / "LOCK") || names_input(input, checkpoint / "seg-000000000001.log"))
      problems.push_back("the checkpoint's files are among the input " + excerpt(input) +
                         ": name another directory for it");
    for (const std::string& output : job.to) {
      const bool is_directory = output.ends_with('/');
      bool reads =
          is_directory && std::ranges::any_of(std::array{".txt", ".csv", ".tsv", ".json"}, [&](auto ending) {
            return names_input(input, output + "epoch-000000000001" + ending);
          });
      if (partial_output(output))
        reads = is_input(input, output_identity(output)) || names_input(input, output);
      if (reads)
        problems.push_back("the output " + excerpt(output) + " is also an input, " + excerpt(input) +
                           ": with a checkpoint it would be counted by the next run; write elsewhere");
    }
  }
}

// A partial result replaces what has its name.
void add_outputs_in_the_way(const Job& job, std::vector<std::string>& problems) {
  if (job.plan.every.count() > 0 || !job.checkpoint.empty()) return;  // such rows are never partial
  for (const std::string& output : job.to) {
    const auto partial = partial_output(output);
    if (!partial) continue;
    const auto is_partial = [&](const std::string& other) {
      return output_identity(other) == partial->identity;
    };
    const auto reads_it = [&](const std::string& input) { return is_input(input, partial->identity); };
    const bool is_output = std::ranges::any_of(job.to, is_partial);
    if (is_output || (partial->exists && std::ranges::any_of(job.from, reads_it)))
      problems.push_back("a partial result of " + excerpt(output) + " would replace " + excerpt(partial->path) +
                         ", which is " + (is_output ? "another output" : "an input") +
                         " of this job: name another output");
  }
}

// What the caller's own sources, sinks and functions have wrong, as far as it shows before they are called.
void add_problems_of_objects(const Job& job, std::vector<std::string>& found) {
  if (std::ranges::any_of(job.from_sources, is_empty))
    found.emplace_back("a function that makes sources is empty: give one that can be called");
  if (std::ranges::any_of(job.to_sinks, is_empty)) found.emplace_back("a sink is null: give one that exists");
  if (std::ranges::any_of(job.to_functions, is_empty))
    found.emplace_back("a function for the rows is empty: give one that can be called");
  for (auto sink = job.to_sinks.begin(); sink != job.to_sinks.end(); ++sink)
    if (*sink && std::find(job.to_sinks.begin(), sink, *sink) != sink)
      found.emplace_back("a sink is given twice: give it once");
}

// Both are lines of canonical texts; a name may become one of a file, too.
void add_problems_of_labels(const Job& job, std::vector<std::string>& found) {
  const auto is_label = [](const std::string& text) {
    return text.size() <= kLabelBytesMax && printable(text) == text;
  };
  if (!is_label(job.name) || job.name.find('/') != std::string::npos)
    found.push_back("the name of the job, \"" + excerpt(job.name) +
                    "\", must be printable, without '/' and of at most 100 bytes: give another");
  if (!is_label(job.version))
    found.push_back("the version of the job's functions, \"" + excerpt(job.version) +
                    "\", must be printable and of at most 100 bytes: give another");
}

}  // namespace

std::vector<std::string> problems(const Job& job) {
  std::vector<std::string> found = problems(job.plan);
  const Options& options = job.options;
  add_problems_of_labels(job, found);
  if (!job.checkpoint.empty() && job.host && job.version.empty())
    found.emplace_back(
        "functions have no version by which a checkpoint knows them: add version(\"1\"), and another one "
        "when they change");
  if (job.plan.keyed_by == KeyedBy::rows && !job.host)
    found.emplace_back("rows come from a host function: add a map");
  if (job.seams.backend && options.verify != 0)
    found.emplace_back("verify chooses both backends: leave it out, or the caller's own backend");
  if (job.from.empty() && job.from_sources.empty()) found.emplace_back("nothing to read: name an input");
  if (job.to.empty() && job.to_sinks.empty() && job.to_functions.empty())
    found.emplace_back("nowhere to write: name an output");
  add_repeated_outputs(job.to, found);
  add_outputs_in_the_way(job, found);
  if (!job.checkpoint.empty()) {
    add_checkpoint_among_outputs(job, found);
    add_outputs_among_inputs(job, found);
  }
  add_problems_of_objects(job, found);
  if (options.threads > kThreadsMax || options.readers > kThreadsMax)
    found.emplace_back("threads and readers are limited to 1024 each: give fewer");
  if (options.batch_bytes > kBatchBytesMax)
    found.emplace_back("batch-bytes is above 1GiB: choose a smaller batch");
  if (options.batch_bytes != 0 && options.batch_bytes < 64)
    found.emplace_back("batch-bytes is below 64B: choose a larger batch");
  if (options.max_record_bytes == 0 || options.max_record_bytes > kBatchBytesMax / 2)
    found.emplace_back("max-record-bytes must lie between 1B and 512MiB");
  if (options.batch_time.count() <= 0) found.emplace_back("batch-time must be above 0");
  if (options.commit_every.count() < 0 || options.retry_pause.count() < 0)
    found.emplace_back("commit-every and the pause between retries cannot be negative");
  return found;
}

}  // namespace millrace
