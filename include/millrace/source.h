// Where records come from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <millrace/event.h>
#include <millrace/memory_budget.h>
#include <millrace/partition.h>
#include <millrace/types.h>

namespace millrace {

/// What ends a record. A `\r` before a newline is left in the bytes; who reads fields drops it.
struct Framing {
  enum class Kind : std::uint8_t {
    newline,     ///< '\n'
    whitespace,  ///< any of " \t\n\v\f\r": for word jobs, so that a record is no longer than a word
    message,     ///< the source's own messages; the bytes between them mean nothing
  };
  Kind kind = Kind::newline;
  /// A longer record is skipped and counted as ReadResult::oversized. Its end is not part of its length.
  std::size_t max_record_bytes = std::size_t{16} << 20;
};

/// What a read tells of its records beside their bytes, column by column: those for which there is a place.
/// Places are counted from the start of the read.
struct Records {
  std::vector<std::uint32_t>* ends = nullptr;  ///< of each record, its end mark excluded
  std::vector<OriginRun>* origins = nullptr;   ///< of the bytes, in order
  void clear() const {
    if (ends != nullptr) ends->clear();
    if (origins != nullptr) origins->clear();
  }
};

struct ReadResult {
  enum class Status : std::uint8_t {
    data,       ///< whole records were written, each followed by its end (messages may be empty)
    idle,       ///< nothing came before the deadline, or wake() was called
    end,        ///< there is nothing more, ever
    caught_up,  ///< there is nothing more for now, and the source was made to end there: that is whole
    broken,     ///< there is nothing more, though the input has not ended: what was read is kept, and partial
    too_big,    ///< the next record does not fit: call again with at least `bytes` of room
    revoked,    ///< partitions were taken away: mark, commit, then go on reading
  };
  Status status = Status::idle;
  std::size_t bytes = 0;
  std::uint64_t oversized = 0;  ///< records skipped by this call for exceeding max_record_bytes
};

/// One reader thread calls everything but wake(). May throw TransientError (the reader calls again after
/// a pause, a bounded number of times; nothing is lost) and IoError (the job ends).
class Source {
 public:
  virtual ~Source() = default;

  /// Writes whole records to the front of `into` and returns what was written. An unfinished record stays
  /// inside, so that marks never cover it; the end of a file or connection ends the record before
  /// it. Every record of newline or white-space framing is followed by its end: a source adds a '\n'
  /// where input ends without one. Message framing: records are back to back. May return fewer bytes
  /// than fit. Waits until `deadline` at most; a deadline in the past means "do not wait".
  /// The columns of `records` that are given are emptied first. A source that does not know its origins, as
  /// where it has left something out, gives none.
  virtual ReadResult read(std::span<std::byte> into, const Records& records, Deadline deadline) = 0;

  /// What it reads. The list only grows; what can be told before the first read is.
  virtual std::span<const Partition> partitions() const = 0;
  /// Appends how far read has come, for each partition that is new, or where that has changed, since the last
  /// call or seek; the first call tells of all.
  virtual void marks(Marks& changed) = 0;
  /// Whether seek can go back to any earlier marks.
  virtual bool replayable() const = 0;
  /// Whether records are messages, back to back: then only `ends` tell where they end.
  virtual bool messages() const { return false; }
  /// Goes back to `marks`, one for each partition; one that has none is read from its beginning.
  /// REQUIRES: replayable().
  virtual void seek(std::span<const Mark> marks) = 0;
  /// Everything before these marks is finished for good.
  virtual void committed(std::span<const Mark> marks) { static_cast<void>(marks); }
  /// Ends a waiting read at once, or the next one. Any thread may call it.
  virtual void wake() noexcept = 0;
  /// Whether it goes on until it is told to stop, as a feed does: then what was read until that is whole.
  virtual bool endless() const { return false; }
  /// Reading is to stop before the end. Hands over, as read does, what the source holds of an unfinished record
  /// if that counts as one: a word does, half a line does not. Called until it returns no data; nothing
  /// follows.
  virtual ReadResult drain(std::span<std::byte> into, const Records& records) {
    static_cast<void>(into);
    static_cast<void>(records);
    return {ReadResult::Status::end};
  }
  /// How many bytes there are to read in all, where that is known: for progress and its forecast.
  virtual std::optional<std::uint64_t> bytes_total() const { return std::nullopt; }
};

/// How far an earlier run of a job came, of all its readers together: Mark::partition counts in this list.
struct Resume {
  std::vector<Partition> partitions;
  Marks marks;
};

/// Looks at the beginning of an input that has a name, at most kBeginningBytes, without its byte order mark.
/// Several threads may call it at once.
using OnBeginning = std::function<void(const std::string& name, std::span<const std::byte> bytes)>;
inline constexpr std::size_t kBeginningBytes = std::size_t{64} << 10;

struct SourceOptions {
  Framing framing;
  unsigned readers = 1;   ///< sources to return at most, for what can be split
  bool windowed = false;  ///< the job shows windows as they end: a pipe is then a feed, and endless
  OnEvent on_event = {};  ///< outlives the sources
  /// Sees the beginnings of files and streams, of many files the first few. Empty: nobody wants to.
  OnBeginning on_beginning = {};
  /// Called when an input that goes on until it is stopped is there, as when a connection is made. May be
  /// empty.
  std::function<void()> on_endless = {};
  /// For what a source holds between two reads: unfinished records, queues of client libraries. Outlives the
  /// sources.
  MemoryBudget* budget = &unlimited_budget();
  /// Go on from there: what is left is dealt out to however many readers there are now. What an earlier run did
  /// not know is new. Null: from the beginning. It is read while sources are opened.
  const Resume* resume = nullptr;
};

using SourceList = std::vector<std::unique_ptr<Source>>;

/// Opens what the addresses name: paths, globs, "-" or "stdin:", "file:PATH", "tcp://HOST:PORT",
/// "generate:…". A name that exists is a path, whatever it looks like, unless it is "-", "stdin:" or has "://".
/// All files together are shared out among `readers` sources. A directory is skipped and told where there is
/// something else to read. Throws ConfigError with every problem at once (exit code 66 if an input is missing).
SourceList open_sources(std::span<const std::string> uris, const SourceOptions& options);

/// Whether one of the regular files that the address names is the one with this output_identity.
bool is_input(const std::string& uri, const std::string& identity);

/// Whether the address names that path, or is a pattern of it, whether there is such a file yet or not.
bool names_input(const std::string& uri, const std::filesystem::path& path);

}  // namespace millrace
