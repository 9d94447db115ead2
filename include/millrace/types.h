// The nouns of the house: keys, tokens, panes, batches, partials, aggregates.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

/// A moment on the monotonic clock. Deadlines are instants too.
using Instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using Deadline = Instant;

/// A moment of the calendar, UTC.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

/// What tokens are grouped by. A text of at most 7 bytes is packed whole and can be read back from the
/// key; a longer one is a seeded hash with the top bit set, and its text travels beside it. Two equal
/// hashed keys are the same word only if their texts are equal too. See kernels/key.h.
struct Key {
  std::uint64_t bits = 0;
  friend constexpr auto operator<=>(const Key&, const Key&) = default;
};

/// A run of bytes inside one batch.
struct Token {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  friend constexpr bool operator==(const Token&, const Token&) = default;
};

/// The smallest span of time that state is kept for: pane n covers [n * length, (n + 1) * length) since
/// the Unix epoch. A job without windows has the single pane 0.
struct Pane {
  std::int64_t index = 0;
  friend constexpr auto operator<=>(const Pane&, const Pane&) = default;
};

/// The span between two commits. Grows by one with each epoch that holds anything; the first is 1.
struct EpochId {
  std::uint64_t number = 0;
  friend constexpr auto operator<=>(const EpochId&, const EpochId&) = default;
};

/// What a sink is told of an epoch, the same each time it is shown.
struct Epoch {
  EpochId id;
  /// Microseconds since 1970, UTC, when the epoch ended; larger than that of any epoch before, although clocks
  /// are set back. For stores it is the time of what they write: the later one counts.
  std::int64_t stamp = 0;
  /// Checksum of what the rows are made of, as the log keeps it; 0: the job has no log.
  std::uint64_t frame = 0;
  /// No epoch of the job comes behind it. (Where nothing was left to show, no epoch says so.)
  bool last = false;
  /// Input that has an end was not read to it: the rows hold what was read until the job was stopped.
  bool partial = false;
};

/// An epoch that a sink has finished.
struct Shown {
  EpochId id;
  std::uint64_t frame = 0;  ///< Epoch::frame; 0: it had none, or the sink keeps only its number
  friend bool operator==(const Shown&, const Shown&) = default;
};

/// Tells a job from all others, also from those of the same name.
struct JobId {
  std::string name;         ///< as its user calls it; may be empty
  std::uint64_t birth = 0;  ///< drawn at random when the job was started for the first time
  friend bool operator==(const JobId&, const JobId&) = default;
};

/// Names one batch buffer of the ring, or a one-off buffer for a record that is larger than those.
struct BufferId {
  std::uint32_t index = 0;
  friend constexpr auto operator<=>(const BufferId&, const BufferId&) = default;
};

/// Bytes past the end of every batch that may be read (never used), so that wide loads need no tail case.
inline constexpr std::size_t kSlackBytes = 64;

/// Largest batch or single record: offsets inside a batch are 32 bit, and a GPU wants the sign bit free.
inline constexpr std::size_t kBatchBytesMax = std::size_t{1} << 30;

/// Keys found on the host (by the user's `map`, later by JSON and quoted CSV): nothing is tokenised, and no
/// case is folded. Row i has the key batch.bytes[key_at[i], key_at[i] + key_length[i]).
struct Rows {
  std::span<const std::uint32_t> key_at;
  std::span<const std::uint32_t> key_length;
  /// Column-major: rows x input_values(plan), which measures know by Measure::value, at the plan's scale.
  std::span<const std::int64_t> values;
};

/// Whole records of one pane and one epoch. A job may have batches of both kinds, with rows and without, in one
/// pane, too; where only the host finds keys (KeyedBy::rows) all have rows. Every span belongs to the engine
/// and stays valid until the backend has given the buffer back through `Backend::reclaim`.
struct Batch {
  BufferId buffer;
  Pane pane;
  std::span<const std::byte> bytes;     ///< kSlackBytes more may be read
  std::span<const std::uint32_t> ends;  ///< record i ends at ends[i]; empty: each record ends with '\n'
  bool has_rows = false;                ///< true: `rows` are the input, although there may be none
  Rows rows;
};

/// Why a record was not counted.
enum class RejectReason : std::uint8_t {
  oversized,      ///< longer than max_record_bytes
  missing_field,  ///< fewer fields than the job needs
  malformed,      ///< a value is not a decimal number, or has more digits than the scale allows
  overflow,       ///< a value does not fit 64 bits at the job's scale
};
inline constexpr std::size_t kRejectReasons = 4;
std::string_view to_string(RejectReason reason);

/// A record of a batch that was not counted.
struct Reject {
  Token where;  ///< the record's bytes, without its end
  RejectReason reason = RejectReason::malformed;
};

/// A buffer that a backend has read. `counted == false`: nothing of it was counted, because the pane's
/// memory was full or a sum could have wrapped: collect its pane and submit the batch again.
struct Finished {
  BufferId buffer;
  bool counted = true;
  std::span<const Reject> rejects;  ///< valid until the next call of the backend
  /// That a worker or a device was at work on it, without the time that it waited for one; 0: not measured.
  std::chrono::nanoseconds working{};
};

/// Columns of reduced values, not yet merged with their equals.
struct Partials {
  std::span<const Key> keys;
  std::span<const std::string_view> texts;  ///< the key's bytes if it is hashed, empty if it is packed
  std::span<const std::int64_t> counts;     ///< tokens or rows behind each key
  std::span<const std::int64_t> values;     ///< column-major: keys x value columns
  bool unique = false;                      ///< no key (with its text) comes twice in one collect
};

/// What one window covers: [start, end).
struct Window {
  Timestamp start;
  Timestamp end;
  friend constexpr auto operator<=>(const Window&, const Window&) = default;
};

/// Results have 128 bits, so that no sum of 64-bit values leaves them.
__extension__ using Int128 = __int128;

/// `value` / 10^`scale`, with `scale` digits after the point.
std::string to_string(Int128 value, std::uint32_t scale = 0);

/// What an aggregate says of its key. No job removes any yet.
enum class RowKind : std::uint8_t {
  put,     ///< this is its result, which takes the place of an earlier one
  remove,  ///< it has no result any more: it was evicted, or is no longer among the first
};

/// The exact result for one key in one window. Views are valid only inside the call that hands it over.
struct Aggregate {
  std::optional<Window> window;  ///< empty: the whole stream
  std::string_view key;
  std::int64_t count = 0;  ///< tokens or records behind the key, whatever the measures
  /// One per measure of the plan, at the plan's scale. For a mean it is the sum: the mean is values[i] / count.
  std::span<const Int128> values;
  /// Of a job that shows the first rows only: its place among them by first measure and key, from 1, in
  /// whatever order they are shown. 0: the job shows all.
  std::uint32_t rank = 0;
  RowKind kind = RowKind::put;
};

/// A record that no row holds, and why. Views are valid only inside the call that hands it over.
struct Letter {
  RejectReason reason = RejectReason::malformed;
  std::string_view record;        ///< its bytes, without its end
  std::string_view partition;     ///< the name of the one it came from
  std::int64_t offset = 0;        ///< where it begins there
  std::optional<Timestamp> time;  ///< its own, where the job goes by it
};

}  // namespace millrace
