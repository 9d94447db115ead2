// What the engine knows of its readers: who has marked in the round under way, who has ended, who goes back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <millrace/types.h>

#include "host/engine/reader_mailbox.h"
#include "host/engine/ring.h"

namespace millrace {

/// The engine thread calls it. From being told to go back until a reader has done so, its words count for
/// nothing: it will say them again.
class MarkerRound {
 public:
  /// The mailboxes outlive it.
  MarkerRound(std::size_t readers, ReaderMailboxes& mailboxes);

  /// Asks every reader for its marker.
  void ask(Pane now);
  bool is_open() const { return open_; }
  /// When it was asked for: panes before it are over, and no reader that has marked goes back to one.
  Pane pane() const { return pane_; }
  bool all_marked() const;
  /// Readers go on at once. What they push is popped after the round is closed.
  void release_readers() { mailboxes_.end_round(); }
  void close() { open_ = revoked_ = false; }
  /// Every reader forgets what it has read and goes on from there.
  void rewind(const std::vector<ReaderPosition>& to);

  /// False: it counts for nothing.
  bool on(Marker& marker);
  void on(const Ended& ended);
  void on(const Revoked& revoked);
  void on(const Rewound& rewound) { rewinding_[rewound.reader] = 0; }

  bool listens_to(unsigned reader) const { return rewinding_[reader] == 0; }
  bool any_rewinding() const;
  bool all_ended() const;
  /// A source that has an end was not read to it.
  bool partial() const { return partial_; }
  /// A source was left before all had come that could.
  bool stopped() const { return stopped_; }
  /// A reader lost partitions, and waits for the end of an epoch.
  bool revoked() const { return revoked_; }
  /// Markers have changed something since the last take_changes().
  bool any_changes() const;
  /// What has changed by the markers since the last call.
  std::vector<ReaderPosition> take_changes();

 private:
  ReaderMailboxes& mailboxes_;
  bool open_ = false;
  Pane pane_;
  bool revoked_ = false;
  bool partial_ = false;
  bool stopped_ = false;
  std::vector<char> marked_, ended_, rewinding_;  ///< per reader
  std::vector<ReaderPosition> changes_;
};

}  // namespace millrace
