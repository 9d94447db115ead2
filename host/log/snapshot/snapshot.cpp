// One frame with a run for each pane.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/snapshot/snapshot.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "host/log/encoding.h"

namespace millrace {
namespace {

void read_shown(Decoder bytes, bool first, Snapshot& snapshot) {
  if (first) {
    snapshot.shown.id = {bytes.varint()};
    snapshot.shown.frame = bytes.fixed(8);
    const std::uint64_t reasons = bytes.varint();
    for (std::uint64_t reason = 0; reason < reasons; ++reason) {
      const std::uint64_t records = bytes.varint();  // of reasons that are not known here, too
      if (reason < kRejectReasons) snapshot.rejected[reason] = records;
    }
  }
  while (!bytes.empty()) snapshot.panes[{bytes.zigzag()}].closed = true;
}

RunSpan find_wide_run(FrameReader& frame) {
  const std::uint64_t offset = frame.offset();
  auto chunk = frame.next_chunk();
  if (!chunk) throw CorruptError("a run is empty");
  Decoder bytes(*chunk);
  const Pane pane = read_head(bytes, RunWidth::wide).pane;
  RunSpan run{.pane = pane, .offset = offset, .bytes = chunk->size(), .rows = bytes.empty() ? 0U : 1U};
  while ((chunk = frame.next_chunk())) {
    run.bytes += chunk->size();
    run.rows = 1;
  }
  return run;
}

// False: there is something that is not known here.
bool read_frame(FrameReader& frame, const RunPlace& place, Snapshot& snapshot) {
  bool known = true;
  for (Section section = frame.next_section(); section != Section::end; section = frame.next_section()) {
    if (section == Section::shown) {
      for (bool first = true; const auto chunk = frame.next_chunk(); first = false)
        read_shown(Decoder(*chunk), first, snapshot);
    } else if (section == Section::wide_run) {
      RunPlace run = place;
      run.span = find_wide_run(frame);
      snapshot.panes[run.span.pane].runs.push_back(std::move(run));
    } else {
      known = known && section >= Section::optional;
      frame.skip_section();
    }
  }
  return known;
}

// Hands over a reader of its chunks.
void for_each_run(Disk& disk, const Snapshot& snapshot, Codec* codec,
                  const std::function<void(Pane, FrameReader&)>& read) {
  for (const auto& [pane, runs] : snapshot.panes)
    for (const RunPlace& place : runs.runs) {
      const auto file = disk.open(*place.file);
      if (!file) throw CorruptError("it is gone");
      FrameReader frame(*file, place.span.offset, 0, codec);
      frame.enter(Section::wide_run);
      read(pane, frame);
    }
}

}  // namespace

Snapshot read_snapshot(Disk& disk, const std::filesystem::path& path, Codec* codec) {
  const auto file = disk.open(path);
  if (!file) throw CorruptError("it is gone");
  ReadHead head = read_head(*file, FileKind::snapshot);
  Snapshot snapshot{.head = std::move(head.head), .panes = {}, .shown = {}};
  FrameReader frame(*file, head.bytes, head.checksum, codec);
  const auto found = frame.next();
  if (!found) throw CorruptError("it ends too early");
  const RunPlace place{.file = std::make_shared<const std::filesystem::path>(path),
                       .width = RunWidth::wide,
                       .epoch = found->epoch,
                       .span = {}};
  if (!read_frame(frame, place, snapshot) || !found->known)
    throw TooNewError("it has parts of a kind that is not known here");
  snapshot.bytes = frame.offset();
  return snapshot;
}

std::map<Pane, std::uint64_t> count_rows(Disk& disk, const Snapshot& snapshot, Codec* codec) {
  std::map<Pane, std::uint64_t> counts;
  for_each_run(disk, snapshot, codec, [&](Pane pane, FrameReader& frame) {
    RunRow row;
    for (bool first = true; const auto chunk = frame.next_chunk(); first = false) {
      Decoder bytes(*chunk);
      if (first) row.values.resize(read_head(bytes, RunWidth::wide).value_columns);
      for (row.key.clear(); !bytes.empty(); ++counts[pane]) read_row(bytes, RunWidth::wide, row);
    }
  });
  return counts;
}

EpochData read_state(Disk& disk, const Snapshot& snapshot, const EpochReading& reading, Codec* codec) {
  EpochData state;
  state.id = {snapshot.head.first_epoch - 1};
  for_each_run(disk, snapshot, codec, [&](Pane, FrameReader& frame) {
    Columns columns(reading.value_columns, *reading.budget);
    RunReader run(columns, RunWidth::wide, reading.seed);
    while (const auto chunk = frame.next_chunk()) run.read(*chunk);
    columns.unique = true;  // a merge has made it
    state.partials.emplace_back(run.finish(), std::move(columns));
  });
  return state;
}

void write_shown(FrameWriter& frame, const Snapshot& snapshot) {
  frame.begin(Section::shown);
  frame.make_room((3 + kRejectReasons) * kNumberBytesMax);
  put_varint(frame.chunk(), snapshot.shown.id.number);
  put_fixed(frame.chunk(), snapshot.shown.frame, 8);
  put_varint(frame.chunk(), kRejectReasons);
  for (const std::uint64_t records : snapshot.rejected) put_varint(frame.chunk(), records);
  for (const auto& [pane, runs] : snapshot.panes) {
    if (!runs.closed) continue;
    frame.make_room(kNumberBytesMax);
    put_zigzag(frame.chunk(), pane.index);
  }
  frame.end();
}

}  // namespace millrace
