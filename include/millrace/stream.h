// The fluent API: read, find keys, reduce, write. Each step is a value; wrong orders do not compile.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/error.h>
#include <millrace/run.h>

namespace millrace {

/// A reduction of one field, made by count(), sum(2), min(2), max(2) and mean(2).
struct FieldMeasure {
  Reduction reduction = Reduction::count;
  std::uint32_t field = 0;  ///< counted from 1; nothing to a count
};

/// The name of a reduction: `reduce_by_key(sum)`, or with a field `measure({sum(2)})`.
struct FieldReduction {
  Reduction reduction;
  constexpr FieldMeasure operator()(std::uint32_t field) const { return {reduction, field}; }
  constexpr operator Reduction() const { return reduction; }
};
struct CountReduction {
  constexpr FieldMeasure operator()() const { return {}; }
  constexpr operator Reduction() const { return Reduction::count; }
};
inline constexpr CountReduction count{};
inline constexpr FieldReduction sum{Reduction::sum};
inline constexpr FieldReduction min{Reduction::min};
inline constexpr FieldReduction max{Reduction::max};
inline constexpr FieldReduction mean{Reduction::mean};

/// Which fields of a delimited record are the key and the value, counted from 1 as in `cut`.
struct FieldsBy {
  char delimiter = ',';
  std::uint32_t key = 1;
  std::optional<std::uint32_t> value = std::nullopt;  ///< a count needs none
  std::uint32_t scale = 0;                            ///< digits kept after the decimal point
};

// Functions of the user get one record. They run on the reader threads, several at a time: hence const.
template <class F>
using MapResult = std::remove_cvref_t<std::invoke_result_t<const F&, std::string_view>>;
template <class F>
concept MapsRecord = std::copy_constructible<F> && std::invocable<const F&, std::string_view>;
template <class T>
concept Text = std::convertible_to<const T&, std::string_view>;
/// An integer whose every value fits 64 bits with a sign: neither double nor bool, nor size_t and its kind.
template <class T>
concept FitsInt64 = std::integral<T> && !std::same_as<T, bool> && sizeof(T) <= sizeof(std::int64_t) &&
                    (std::signed_integral<T> || sizeof(T) < sizeof(std::int64_t));
template <class T>
concept KeyAndValue = requires(const T& pair) {
  { pair.first } -> std::convertible_to<std::string_view>;
  requires FitsInt64<std::remove_cvref_t<decltype(pair.second)>>;
};
template <class F>
concept MapsToText = MapsRecord<F> && Text<MapResult<F>>;
template <class F>
concept MapsToPair = MapsRecord<F> && KeyAndValue<MapResult<F>>;
template <class F>
concept MapsToTexts = MapsRecord<F> && std::ranges::input_range<MapResult<F>> && !Text<MapResult<F>> &&
                      Text<std::ranges::range_value_t<MapResult<F>>>;

namespace detail {
template <class F>
void require_callable(const F& function) {
  if (is_empty(function)) throw ConfigError({"a map or filter has no function: give it one"});
}
}  // namespace detail

/// A whole job. Converts to Job, so that run() and start() take it.
class [[nodiscard]] WrittenStream {
 public:
  explicit WrittenStream(Job job) : job_(std::move(job)) {}
  /// A second, third … sink for the same rows.
  WrittenStream write(std::string uri) const;
  WrittenStream write(RowFunction callback) const;
  WrittenStream write(std::shared_ptr<Sink> sink) const;
  operator Job() const { return job_; }

 private:
  Job job_;
};

/// Reduced values by key: what is left to say is over which time, how many, in which order and where to.
class [[nodiscard]] KeyedStream {
 public:
  explicit KeyedStream(Job job) : job_(std::move(job)) {}
  /// Tumbling windows of this length on arrival time, instead of one result for the whole stream.
  KeyedStream every(std::chrono::nanoseconds length) const;
  /// Only the first `rows` of each result.
  KeyedStream top(std::size_t rows) const;
  KeyedStream order(Order order) const;
  /// How sinks given by address print rows; `header`: csv and tsv begin with the names of the columns.
  KeyedStream format(Format format, bool header = true) const;
  /// How the job runs: backend, threads, memory, batches.
  KeyedStream with(Options options) const;
  /// Names the job: Job::name.
  KeyedStream name(std::string name) const;
  /// Of the functions given to map, filter and flat_map: Job::version.
  KeyedStream version(std::string version) const;

  /// Goes on from that directory after any end: Job::checkpoint.
  KeyedStream checkpoint(std::string directory) const;
  /// Goes on with outputs that lack earlier rows: Job::accept_gap.
  KeyedStream accept_gap(bool accept = true) const;

  /// To an address, as open_sink understands it.
  WrittenStream write(std::string uri) const;
  /// To a function, called with the rows of each result.
  WrittenStream write(RowFunction callback) const;
  WrittenStream write(std::shared_ptr<Sink> sink) const;

 private:
  Job job_;
};

/// Words, or pieces between delimiters: they can be counted.
class [[nodiscard]] TokenStream {
 public:
  explicit TokenStream(Job job) : job_(std::move(job)) {}
  KeyedStream count() const;

 private:
  Job job_;
};

/// Records with a key field, and perhaps a value field.
class [[nodiscard]] FieldStream {
 public:
  FieldStream(Job job, const FieldsBy& by);
  KeyedStream count() const { return reduce(Reduction::count); }
  KeyedStream sum() const { return reduce(Reduction::sum); }
  KeyedStream min() const { return reduce(Reduction::min); }
  KeyedStream max() const { return reduce(Reduction::max); }
  KeyedStream mean() const { return reduce(Reduction::mean); }
  /// Several at once, each with its own field: measure({count(), sum(2), mean(3)}).
  KeyedStream measure(const std::vector<FieldMeasure>& measures) const;

 private:
  KeyedStream reduce(Reduction reduction) const;
  Job job_;
};

/// Keys with one value each, made by a map that returns a pair.
class [[nodiscard]] PairStream {
 public:
  explicit PairStream(Job job) : job_(std::move(job)) {}
  KeyedStream reduce_by_key(Reduction reduction) const;

 private:
  Job job_;
};

/// Records as they were read, or as functions left them.
class [[nodiscard]] RecordStream {
 public:
  explicit RecordStream(Job job) : job_(std::move(job)) {}

  // Each throws ConfigError if its function is empty.

  /// One record from each; `function` returns a string, or a pair of a key and an integer (FitsInt64).
  template <MapsToText F>
  RecordStream map(F function) const {
    detail::require_callable(function);
    return RecordStream(then([f = std::move(function)](std::string_view record, RecordOut& out) {
      const auto& text = f(record);
      out.record(text);
    }));
  }
  template <MapsToPair F>
  PairStream map(F function) const {
    detail::require_callable(function);
    return PairStream(then([f = std::move(function)](std::string_view record, RecordOut& out) {
      const auto& pair = f(record);
      const std::int64_t value{pair.second};
      out.row(pair.first, {&value, 1});
    }));
  }
  /// Only the records for which `predicate` holds.
  template <class F>
    requires MapsRecord<F> && std::convertible_to<MapResult<F>, bool>
  RecordStream filter(F predicate) const {
    detail::require_callable(predicate);
    return RecordStream(then([f = std::move(predicate)](std::string_view record, RecordOut& out) {
      if (f(record)) out.record(record);
    }));
  }
  /// Any number of records from each; `function` returns a vector of strings, or another range.
  template <MapsToTexts F>
  RecordStream flat_map(F function) const {
    detail::require_callable(function);
    return RecordStream(then([f = std::move(function)](std::string_view record, RecordOut& out) {
      for (const auto& text : f(record)) out.record(text);
    }));
  }

  /// Runs of bytes between white space.
  TokenStream words(WordRule rule = {}) const;
  /// Every piece between delimiters, empty ones too.
  TokenStream split(char delimiter) const;
  /// Delimited fields, without quoting.
  FieldStream fields(const FieldsBy& by = {}) const;
  /// How often each whole record comes.
  KeyedStream count_by_value() const;

 private:
  Job then(HostFunction step) const;
  Job job_;
};

/// Reads what the addresses name, as open_sources understands them.
RecordStream read(std::string uri);
RecordStream read(std::vector<std::string> uris);
RecordStream read(std::initializer_list<std::string> uris);
/// Reads what the caller's own sources give.
RecordStream read(SourceFactory sources);

}  // namespace millrace
