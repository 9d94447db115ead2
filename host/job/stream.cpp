// The fluent API: each step copies the job and fills in what it says.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/stream.h>

#include <algorithm>

namespace millrace {
namespace {

/// Hands the records of one host function on to the next.
class NextStep final : public RecordOut {
 public:
  NextStep(const HostFunction& step, RecordOut& out) : step_(step), out_(out) {}
  void record(std::string_view text) override { step_(text, out_); }
  void row(std::string_view, std::span<const std::int64_t>) override {
    check(false, "nothing follows a map that makes pairs");
  }

 private:
  const HostFunction& step_;
  RecordOut& out_;
};

Job with_measure(Job job, Measure measure) {
  job.plan.measures = {measure};
  return job;
}

WrittenStream add_sink(Job job, std::string uri) {
  job.to.push_back(std::move(uri));
  return WrittenStream(std::move(job));
}

WrittenStream add_sink(Job job, RowFunction callback) {
  job.to_functions.push_back(std::move(callback));
  return WrittenStream(std::move(job));
}

WrittenStream add_sink(Job job, std::shared_ptr<Sink> sink) {
  job.to_sinks.push_back(std::move(sink));
  return WrittenStream(std::move(job));
}

}  // namespace

Job RecordStream::then(HostFunction step) const {
  Job job = job_;
  if (!job.host) {
    job.host = std::move(step);
    return job;
  }
  job.host = [first = std::move(job.host), second = std::move(step)](std::string_view record, RecordOut& out) {
    NextStep next(second, out);
    first(record, next);
  };
  return job;
}

TokenStream RecordStream::words(WordRule rule) const {
  Job job = job_;
  job.plan.keyed_by = KeyedBy::words;
  job.plan.words = rule;
  return TokenStream(std::move(job));
}

TokenStream RecordStream::split(char delimiter) const {
  Job job = job_;
  job.plan.keyed_by = KeyedBy::split;
  job.plan.fields.delimiter = delimiter;
  return TokenStream(std::move(job));
}

FieldStream RecordStream::fields(const FieldsBy& by) const {
  return FieldStream(job_, by);
}

KeyedStream RecordStream::count_by_value() const {
  Job job = with_measure(job_, {});
  job.plan.keyed_by = KeyedBy::record;
  return KeyedStream(std::move(job));
}

KeyedStream TokenStream::count() const {
  return KeyedStream(with_measure(job_, {}));
}

FieldStream::FieldStream(Job job, const FieldsBy& by) : job_(std::move(job)) {
  FieldRule& rule = job_.plan.fields;
  job_.plan.keyed_by = KeyedBy::fields;
  rule = {.delimiter = by.delimiter, .key = by.key, .values = {}, .scale = by.scale};
  if (by.value) rule.values.push_back(*by.value);
}

KeyedStream FieldStream::reduce(Reduction reduction) const {
  return KeyedStream(with_measure(job_, {reduction, 0}));
}

KeyedStream FieldStream::measure(const std::vector<FieldMeasure>& measures) const {
  Job job = job_;
  std::vector<std::uint32_t> fields;
  job.plan.measures.clear();
  for (const FieldMeasure& measure : measures) {
    if (measure.reduction == Reduction::count) {
      job.plan.measures.push_back({});
      continue;
    }
    const auto known = std::ranges::find(fields, measure.field);
    job.plan.measures.push_back({measure.reduction, static_cast<std::uint32_t>(known - fields.begin())});
    if (known == fields.end()) fields.push_back(measure.field);
  }
  job.plan.fields.values = std::move(fields);
  return KeyedStream(std::move(job));
}

KeyedStream PairStream::reduce_by_key(Reduction reduction) const {
  Job job = with_measure(job_, {reduction, 0});
  job.plan.keyed_by = KeyedBy::rows;
  job.plan.row_values = 1;
  return KeyedStream(std::move(job));
}

KeyedStream KeyedStream::every(std::chrono::nanoseconds length) const {
  KeyedStream next = *this;
  next.job_.plan.every = length;
  return next;
}

KeyedStream KeyedStream::top(std::size_t rows) const {
  KeyedStream next = *this;
  next.job_.plan.top = rows;
  return next;
}

KeyedStream KeyedStream::order(Order order) const {
  KeyedStream next = *this;
  next.job_.plan.order = order;
  return next;
}

KeyedStream KeyedStream::format(Format format, bool header) const {
  KeyedStream next = *this;
  next.job_.layout.format = format;
  next.job_.layout.header = header;
  return next;
}

KeyedStream KeyedStream::with(Options options) const {
  KeyedStream next = *this;
  next.job_.options = std::move(options);
  return next;
}

KeyedStream KeyedStream::name(std::string name) const {
  KeyedStream next = *this;
  next.job_.name = std::move(name);
  return next;
}

KeyedStream KeyedStream::version(std::string version) const {
  KeyedStream next = *this;
  next.job_.version = std::move(version);
  return next;
}

KeyedStream KeyedStream::accept_gap(bool accept) const {
  KeyedStream next = *this;
  next.job_.accept_gap = accept;
  return next;
}

KeyedStream KeyedStream::checkpoint(std::string directory) const {
  KeyedStream next = *this;
  next.job_.checkpoint = std::move(directory);
  return next;
}

WrittenStream KeyedStream::write(std::string uri) const {
  return add_sink(job_, std::move(uri));
}
WrittenStream KeyedStream::write(RowFunction callback) const {
  return add_sink(job_, std::move(callback));
}
WrittenStream KeyedStream::write(std::shared_ptr<Sink> sink) const {
  return add_sink(job_, std::move(sink));
}

WrittenStream WrittenStream::write(std::string uri) const {
  return add_sink(job_, std::move(uri));
}
WrittenStream WrittenStream::write(RowFunction callback) const {
  return add_sink(job_, std::move(callback));
}
WrittenStream WrittenStream::write(std::shared_ptr<Sink> sink) const {
  return add_sink(job_, std::move(sink));
}

RecordStream read(std::string uri) {
  return read(std::vector<std::string>{std::move(uri)});
}

RecordStream read(std::vector<std::string> uris) {
  Job job;
  job.from = std::move(uris);
  return RecordStream(std::move(job));
}

RecordStream read(std::initializer_list<std::string> uris) {
  return read(std::vector<std::string>(uris));
}

RecordStream read(SourceFactory sources) {
  Job job;
  job.from_sources.push_back(std::move(sources));
  return RecordStream(std::move(job));
}

}  // namespace millrace
