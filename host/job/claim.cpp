// A prepared job takes what others may want: its checkpoint, then its outputs.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/prepare.h"

#include <memory>
#include <string>
#include <utility>

#include <millrace/error.h>

#include "host/engine/opened_sink.h"

namespace millrace {

void claim(Prepared& prepared) {
  PipelineParts& parts = prepared.parts;
  const EpochId last = parts.recovered.last;
  const bool windowed = parts.plan.every.count() > 0;
  if (prepared.log) {
    auto log = std::make_unique<FrameLog>(*prepared.log);
    if (log->recovered().last != last || (last.number > 0 && log->birth() != parts.job.birth))
      throw ConfigError({"another process has gone on with the checkpoint " +
                         excerpt(prepared.log->directory.string()) + " meanwhile: end it first"},
                        kRefused);
    parts.recovered = log->recovered();
    log->list(outputs_of_run(parts.opened, parts.recovered, windowed));
    parts.log = std::move(log);
    start_log(parts);
  }
  for (std::size_t i = 0; i < parts.sinks.size(); ++i) {
    OpenedSink& opened = parts.opened[i];
    opened.last = parts.sinks[i]->open(parts.job);
    if (opened.last && last.number == 0)
      throw ConfigError({opened.name + " has finished epoch " + std::to_string(opened.last->id.number) +
                         " of this job, which has only begun: give the job an output of its own"});
    require_in_step(opened, parts.recovered, windowed, parts.options.on_event);
  }
}

}  // namespace millrace
