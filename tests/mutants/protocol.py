# Rules of the exactly-once protocol that scripts/mutate breaks one by one: the simulation must notice, or a test that says why.
# SPDX-License-Identifier: Apache-2.0
# What is wrong, where, the right text, the wrong text, and the test: its program, and perhaps its cases.
MUTANTS = (
    ("protocol: sinks have an epoch before its frame is durable", "host/log/frame_log.cpp",
     "    segment_->sync();\n    failed_ = false;\n", "    failed_ = false;\n", "simulation_test"),
    ("protocol: a tail that only the page cache has is trusted", "host/log/frame_log.cpp",
     "  if (!recovered_.undecided) return;\n", "  if (number_ > 0) return;\n", "simulation_test"),
    ("protocol: sources are told that an epoch is finished before it has a frame", "host/engine/engine_epoch.cpp",
     "  shared_.committer.accept(std::exchange(epoch_, {}));\n",
     "  if (shared_.durable) shared_.readers.epoch_over(epoch_.finished);\n"
     "  shared_.committer.accept(std::exchange(epoch_, {}));\n", "simulation_test"),
    ("protocol: an epoch is marked before sinks have it", "host/engine/committer.cpp",
     "  const std::uint64_t frame = shared_.log.append(epoch);\n",
     "  const std::uint64_t frame = shared_.log.append(epoch);\n  shared_.log.commit(epoch.id);\n", "simulation_test"),
    ("protocol: behind a new deal of the inputs a frame tells changes only", "host/log/frame_log.cpp",
     "return begins ? write_key", "return false ? write_key", "simulation_test"),
    ("protocol: a sink gets the undecided epoch although it has it", "host/engine/committer.cpp",
     "sink.finished = sink.last && is_same(*sink.last, Shown{told_.id, told_.frame});", "sink.finished = false;",
     "simulation_test"),
    ("protocol: what was written anew counts twice", "host/log/checkpoint.cpp",
     "frames_.back().frame.head.epoch.number >= head.first_epoch", "false", "simulation_test"),
    ("protocol: a snapshot that may rot is the only one to go on from", "host/log/frame_log.cpp",
     "if (name <= segment_name(before))", "if (name <= segment_name(last))", "simulation_test"),
    ("protocol: rows that come again come in another order", "host/engine/pipeline.cpp",
     "  if (parts.log->durable() && parts.plan.order == Order::none) parts.plan.order = Order::key;\n", "",
     "engine_test DurableEpoch.RowsInNoOrder*"),
)
