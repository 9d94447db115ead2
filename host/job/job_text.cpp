// The canonical text of a job: what is around its plan and decides its rows. As with a plan's, texts are kept.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/job.h>

#include "host/job/prepare.h"

namespace millrace {

std::string canonical_text(const Job& job) {
  const Framing framing = framing_of(job);
  const bool any_separator = framing.kind == Framing::Kind::whitespace;
  std::string text;
  if (!job.name.empty()) text += "name: " + job.name + '\n';
  text += std::string("records: ") + (any_separator ? "words" : "lines") + '\n';
  text += "max-record-bytes: " + std::to_string(framing.max_record_bytes) + '\n';
  if (job.host) text += "functions: " + (job.version.empty() ? "unnamed" : "version " + job.version) + '\n';
  return text + canonical_text(job.plan);
}

}  // namespace millrace
