// Where aggregates go.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/disk.h>
#include <millrace/error.h>
#include <millrace/event.h>
#include <millrace/functions.h>
#include <millrace/plan.h>
#include <millrace/types.h>

namespace millrace {

/// What a sink promises when an epoch is written again under its id.
enum class Delivery : std::uint8_t {
  idempotent,     ///< the second writing changes nothing
  transactional,  ///< an epoch is seen whole and once, or not at all
  at_least_once,  ///< rows may be seen again
};

/// How long a start or a check lets a sink look around.
inline constexpr std::chrono::seconds kProbeTime{3};

/// One thread at a time calls everything: who starts the job calls probe and open, then the committer begin,
/// write 0..n times, and finish or abandon, for epochs that have something to show: rows, or the end of a job
/// without windows. Making a sink changes nothing outside. May throw TransientError and IoError. After a
/// TransientError the epoch is abandoned, the sink is opened again and the epoch repeated, a bounded number of
/// times; no other sink of the job notices.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Looks whether the sink can be written to, by `deadline`, and changes nothing outside. Throws what begin
  /// would: it is asked before anything is read. Returns the last epoch that the sink holds, whichever job it
  /// is of, as far as can be seen.
  virtual std::optional<Shown> probe(Deadline deadline) {
    static_cast<void>(deadline);
    return std::nullopt;
  }
  /// Claims what it writes to, so that another job is refused from now on, and one that had it before can
  /// finish nothing any more. Called after every probe has succeeded and before anything is read, and again
  /// after each failure, as a reply may be lost, or the claim; a check never calls it. What it made goes with
  /// the sink if no epoch was finished. Returns the epoch of that job which it finished last, which then is not
  /// shown again; nothing if it has finished none or cannot tell.
  virtual std::optional<Shown> open(const JobId& job) {
    static_cast<void>(job);
    return std::nullopt;
  }
  virtual void begin(const Epoch& epoch) = 0;
  /// Rows of one window come together, in order; the next window's may follow in the same call.
  virtual void write(std::span<const Aggregate> rows) = 0;
  /// Records that no row holds. A sink that has no place for them throws InternalError, as this does.
  virtual void write_letters(std::span<const Letter> letters) {
    check(letters.empty(), "a sink without a place for letters gets none");
  }
  /// The epoch is durable outside when this returns.
  virtual void finish(const Epoch& epoch) = 0;
  /// Forgets what was written since begin. The same id comes again with the same rows in the same order, or
  /// never.
  virtual void abandon(EpochId epoch) noexcept = 0;
  virtual Delivery delivery() const = 0;
  /// Whether probe and open tell what it holds for whoever comes later, so that nothing from them means that it
  /// holds nothing. A job with a checkpoint is refused where such a sink lacks rows that were shown before.
  virtual bool remembers() const { return false; }
};

/// How rows look as text.
enum class Format : std::uint8_t {
  automatic,  ///< chosen for each output, see format_for
  table,      ///< aligned columns for people
  text,       ///< key<TAB>value, the bytes of keys as they are
  json,       ///< one object per line
  csv,        ///< RFC 4180
  tsv,        ///< as text; tab, newline, carriage return and backslash are escaped in keys
};

/// What a row consists of: [start, end,] key, one column per measure[, epoch].
struct RowLayout {
  Format format = Format::automatic;
  bool header = true;  ///< csv and tsv begin with a line that names the columns; other formats have none
  bool windowed = false;
  bool epoch = false;  ///< an output that may show rows again tells the epoch of each, so that it is seen
  std::vector<Measure> measures;
  std::vector<std::string> names;  ///< of the measures, e.g. "count", "sum_2"
  std::uint32_t scale = 0;         ///< digits after the decimal point of all but counts
};

/// The format of an output's rows. Where `asked` leaves it open, a path's ending tells it (.csv, .tsv, .json);
/// standard output on a terminal has tables, all else has text, as files in a directory do.
Format format_for(const std::string& uri, Format asked);

/// As people write it: "csv".
std::string_view to_string(Format format);

/// The layout of a plan's rows, with names made from its measures.
RowLayout row_layout(const Plan& plan);

/// Opens what the address names: "stdout:" or "-", "discard:", "file:PATH" or a path. A path that ends with '/'
/// is a directory, which gets a file per epoch; another path is one file, for jobs without windows, which is
/// replaced when the rows are complete. What cannot be replaced (/dev/stdout, /dev/fd/N, a FIFO, a device) is
/// written to as rows come. `on_event` hears of what is not as one might think. Throws ConfigError and IoError.
std::unique_ptr<Sink> open_sink(const std::string& uri, const RowLayout& layout, Disk& disk,
                                const OnEvent& on_event = {});

/// The same text for addresses of one output, however they are spelt: by links, hard links, or what is open.
std::string output_identity(const std::string& uri);

/// What a checkpoint calls an output, in all runs and whatever it leads to: an absolute path, else the address.
std::string output_name(const std::string& uri);

/// Where a partial result of an output goes, and what output_identity tells of that place.
struct PartialOutput {
  std::string path;
  std::string identity;
  bool exists = false;
};

/// Nothing for what is no file to be replaced, or cannot be looked at.
std::optional<PartialOutput> partial_output(const std::string& uri);

/// Called with rows of one epoch, in order, once or several times; may take the epoch, too. May be called
/// again with the same rows if it throws TransientError.
class RowFunction {
 public:
  using Rows = std::span<const Aggregate>;
  template <class F>
    requires std::invocable<F&, Rows, const Epoch&>
  RowFunction(F function) {
    if (!detail::is_empty(function)) call_ = std::move(function);
  }
  template <class F>
    requires std::invocable<F&, Rows>
  RowFunction(F function) {
    if (!detail::is_empty(function))
      call_ = [f = std::move(function)](Rows rows, const Epoch&) mutable { f(rows); };
  }

  /// Whether it can be called: it was not made from an empty std::function or a null pointer.
  explicit operator bool() const { return static_cast<bool>(call_); }
  void operator()(Rows rows, const Epoch& epoch) const { call_(rows, epoch); }

 private:
  std::function<void(Rows, const Epoch&)> call_;
};

}  // namespace millrace
