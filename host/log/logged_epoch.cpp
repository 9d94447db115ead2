// Sections of an epoch, one after the other.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/logged_epoch.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "host/log/encoding.h"
#include "host/log/run.h"

namespace millrace {
namespace {

void write_facts(FrameWriter& frame, const EpochData& epoch) {
  frame.begin(Section::epoch);
  frame.make_room((4 + kRejectReasons) * kNumberBytesMax);
  std::string& out = frame.chunk();
  put_zigzag(out, epoch.stamp);
  put_zigzag(out, epoch.pane.index);
  put_fixed(out, epoch.partial ? 1 : 0, 1);
  put_varint(out, kRejectReasons);
  for (const std::uint64_t records : epoch.rejected) put_varint(out, records);
  for (const Pane pane : epoch.closed) {
    frame.make_room(kNumberBytesMax);
    put_zigzag(out, pane.index);
  }
  frame.end();
}

void read_facts(Decoder bytes, bool first, EpochData& epoch) {
  if (first) {
    epoch.stamp = bytes.zigzag();
    epoch.pane = {bytes.zigzag()};
    epoch.partial = bytes.fixed(1) != 0;
    const std::uint64_t reasons = bytes.varint();
    for (std::uint64_t reason = 0; reason < reasons; ++reason) {
      const std::uint64_t records = bytes.varint();  // of reasons that are not known here, too
      if (reason < epoch.rejected.size()) epoch.rejected[reason] = records;
    }
  }
  while (!bytes.empty()) epoch.closed.push_back({bytes.zigzag()});
}

// The first chunk of a run that begins there.
RunSpan begin_run(std::uint64_t offset, std::string_view chunk) {
  Decoder bytes(chunk);
  const RunHead head = read_head(bytes, RunWidth::narrow);
  return {.pane = head.pane, .offset = offset, .bytes = chunk.size(), .rows = head.rows};
}

// Passes it.
RunSpan find_run(FrameReader& frames) {
  const std::uint64_t offset = frames.offset();
  auto chunk = frames.next_chunk();
  if (!chunk) throw CorruptError("a run is empty");
  RunSpan run = begin_run(offset, *chunk);
  while ((chunk = frames.next_chunk())) run.bytes += chunk->size();
  return run;
}

void read_run(FrameReader& frames, const EpochReading& reading, EpochData& epoch) {
  Columns columns(reading.value_columns, reading.budget != nullptr ? *reading.budget : unlimited_budget());
  if (reading.budget == nullptr) {
    const RunSpan found = find_run(frames);
    if (reading.runs != nullptr) reading.runs->push_back(found);
    if (reading.rows != nullptr) (*reading.rows)[found.pane] += found.rows;
    epoch.partials.emplace_back(found.pane, std::move(columns));
    return;
  }
  RunReader run(columns, RunWidth::narrow, reading.seed);
  while (const auto chunk = frames.next_chunk()) run.read(*chunk);
  const Pane pane = run.finish();
  if (reading.rows != nullptr) (*reading.rows)[pane] += columns.size();
  epoch.partials.emplace_back(pane, std::move(columns));
}

void read_chunk(Section section, std::string_view chunk, bool first, const EpochReading& reading,
                EpochData& epoch) {
  if (section == Section::epoch) return read_facts(Decoder(chunk), first, epoch);
  if (section == Section::outputs && reading.outputs != nullptr) read_outputs(chunk, *reading.outputs);
  if (section == Section::partitions && reading.inputs != nullptr) reading.inputs->read_partitions(chunk);
  if (section == Section::marks && reading.inputs != nullptr) reading.inputs->read_marks(chunk);
}

bool is_known(Section section) {
  return section <= Section::run || section == Section::outputs;
}

}  // namespace

std::vector<RunSpan> write_epoch(FrameWriter& frame, const EpochData& epoch, const LoggedInputs* inputs,
                                 MemoryBudget& budget, WorkerPool& workers) {
  write_facts(frame, epoch);
  if (inputs != nullptr) {
    inputs->write(frame);
  } else {
    write_found(frame, epoch.found);
    write_marks(frame, epoch.marks);
  }
  std::vector<RunSpan> runs;
  for (const auto& [pane, columns] : epoch.partials) {
    const std::uint64_t offset = frame.size() + 1;
    const std::uint64_t before = frame.data_size();
    write_run(frame, pane, columns, by_key(columns, budget, workers));
    runs.push_back(
        {.pane = pane, .offset = offset, .bytes = frame.data_size() - before, .rows = columns.size()});
  }
  return runs;
}

std::vector<RunSpan> copy_epoch(FrameReader& from, FrameWriter& to) {
  std::vector<RunSpan> runs;
  for (Section section = from.next_section(); section != Section::end; section = from.next_section()) {
    if (section == Section::partitions || section == Section::marks || section == Section::outputs) {
      from.skip_section();
      continue;
    }
    to.begin(section);
    const std::uint64_t offset = to.size();
    const std::uint64_t before = to.data_size();
    bool first = true;
    while (const auto chunk = from.next_chunk()) {
      if (section == Section::run && std::exchange(first, false)) runs.push_back(begin_run(offset, *chunk));
      to.add_chunk(*chunk);
    }
    to.end();
    if (!first) runs.back().bytes = to.data_size() - before;
  }
  return runs;
}

EpochData read_epoch(FrameReader& frames, const FrameHead& head, const EpochReading& reading) {
  EpochData epoch;
  epoch.id = head.epoch;
  epoch.last = head.last;
  if (head.key && reading.outputs != nullptr) reading.outputs->clear();
  bool has_facts = false;
  for (Section section = frames.next_section(); section != Section::end; section = frames.next_section()) {
    if (section == Section::run) {
      read_run(frames, reading, epoch);
      continue;
    }
    if (section >= Section::optional) {
      frames.skip_section();
      continue;
    }
    if (!is_known(section)) throw TooNewError("it has sections of a kind that is not known here");
    if (section == Section::partitions && head.key && reading.inputs != nullptr) reading.inputs->clear();
    has_facts = has_facts || section == Section::epoch;
    bool first = true;
    while (const auto chunk = frames.next_chunk()) {
      read_chunk(section, *chunk, first, reading, epoch);
      first = false;
    }
  }
  if (!has_facts) throw CorruptError("an epoch says nothing of itself");
  return epoch;
}

}  // namespace millrace
