// Each order, and who must wake for it.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/reader_mailbox.h"

#include "host/log/marks.h"

namespace millrace {

ReaderMailboxes::ReaderMailboxes(std::size_t readers, EventCount& asleep,
                                 std::function<void(std::size_t reader)> wake_source)
    : asleep_(asleep), wake_source_(std::move(wake_source)) {
  for (std::size_t reader = 0; reader < readers; ++reader)
    mailboxes_.push_back(std::make_unique<ReaderMailbox>());
}

void ReaderMailboxes::ask_for_markers() {
  tell(Where::anywhere, [](ReaderMailbox::Orders& orders, std::size_t) {
    ++orders.round;
    orders.round_open = true;
  });
}

// Who has marked waits outside its source.
void ReaderMailboxes::end_round() {
  tell(Where::outside_sources, [](ReaderMailbox::Orders& orders, std::size_t) { orders.round_open = false; });
}

void ReaderMailboxes::drain() {
  tell(Where::anywhere, [](ReaderMailbox::Orders& orders, std::size_t) { orders.drain = true; });
}

void ReaderMailboxes::rewind(std::span<const ReaderPosition> to) {
  tell(Where::anywhere, [to](ReaderMailbox::Orders& orders, std::size_t reader) {
    orders.rewind = to[reader];
    orders.round_open = false;
  });
}

// Who has reported a revocation waits for it outside its source; others have time until their sources bring
// something.
void ReaderMailboxes::epoch_over(std::span<const Marks> finished) {
  tell(Where::outside_sources, [finished](ReaderMailbox::Orders& orders, std::size_t reader) {
    orders.epoch_over = true;
    if (!finished.empty()) merge_marks(orders.committed, finished[reader]);
  });
}

void ReaderMailboxes::tell(Where waiting,
                           const std::function<void(ReaderMailbox::Orders&, std::size_t reader)>& order) {
  for (std::size_t reader = 0; reader < mailboxes_.size(); ++reader) {
    mailboxes_[reader]->change([&](ReaderMailbox::Orders& orders) { order(orders, reader); });
    if (waiting == Where::anywhere) wake_source_(reader);
  }
  asleep_.notify();
}

}  // namespace millrace
