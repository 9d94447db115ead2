// Flags for each reader.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/marker_round.h"

#include <algorithm>
#include <utility>

#include <millrace/error.h>

#include "host/log/marks.h"

namespace millrace {
namespace {

constexpr auto is_set = [](char flag) { return flag != 0; };

}  // namespace

MarkerRound::MarkerRound(std::size_t readers, ReaderMailboxes& mailboxes)
    : mailboxes_(mailboxes), marked_(readers), ended_(readers), rewinding_(readers), changes_(readers) {}

void MarkerRound::ask(Pane now) {
  open_ = true;
  pane_ = now;
  std::ranges::fill(marked_, 0);
  mailboxes_.ask_for_markers();
}

bool MarkerRound::all_marked() const {
  return open_ && std::ranges::all_of(marked_, is_set);
}

void MarkerRound::rewind(const std::vector<ReaderPosition>& to) {
  open_ = revoked_ = partial_ = stopped_ = false;
  std::ranges::fill(rewinding_, 1);
  std::ranges::fill(ended_, 0);
  for (std::size_t reader = 0; reader < changes_.size(); ++reader) changes_[reader] = {{}, to[reader].bytes};
  mailboxes_.rewind(to);
}

bool MarkerRound::on(Marker& marker) {
  if (!listens_to(marker.reader)) return false;
  check(open_ && !marked_[marker.reader], "a reader marks once in a round");
  marked_[marker.reader] = 1;
  merge_marks(changes_[marker.reader].marks, marker.position.marks);
  changes_[marker.reader].bytes = marker.position.bytes;
  return true;
}

bool MarkerRound::any_changes() const {
  return std::ranges::any_of(changes_, [](const ReaderPosition& change) { return !change.marks.empty(); });
}

std::vector<ReaderPosition> MarkerRound::take_changes() {
  std::vector<ReaderPosition> changes = changes_;
  for (ReaderPosition& change : changes_) change.marks.clear();
  return changes;
}

void MarkerRound::on(const Ended& ended) {
  if (!listens_to(ended.reader)) return;
  ended_[ended.reader] = 1;
  partial_ = partial_ || ended.partial;
  stopped_ = stopped_ || ended.stopped;
}

void MarkerRound::on(const Revoked& revoked) {
  if (listens_to(revoked.reader)) revoked_ = true;
}

bool MarkerRound::any_rewinding() const {
  return std::ranges::any_of(rewinding_, is_set);
}

bool MarkerRound::all_ended() const {
  return std::ranges::all_of(ended_, is_set);
}

}  // namespace millrace
