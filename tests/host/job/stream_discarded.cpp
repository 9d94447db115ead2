// Steps of the fluent API whose value is dropped: the compiler must warn of each marked line, and of no other.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/millrace.h>

using namespace std::chrono_literals;

void drop_everything() {
  using namespace millrace;
  const std::shared_ptr<Sink> sink;
  const std::vector<std::string> uris;
  const auto same = [](std::string_view record) { return std::string(record); };
  const auto pair = [](std::string_view record) { return std::pair(std::string(record), 1); };
  const auto all = [](std::string_view) { return true; };
  const auto many = [](std::string_view record) { return std::vector{std::string(record)}; };
  const auto rows = [](std::span<const Aggregate>) {};
  const auto sources = [](const SourceOptions&) { return SourceList(); };

  read("a");      // dropped
  read({"a"});    // dropped
  read(uris);     // dropped
  read(sources);  // dropped
  const RecordStream records = read("a");
  records.map(same);         // dropped
  records.map(pair);         // dropped
  records.filter(all);       // dropped
  records.flat_map(many);    // dropped
  records.words();           // dropped
  records.split(',');        // dropped
  records.fields();          // dropped
  records.count_by_value();  // dropped

  records.words().count();  // dropped
  const FieldStream fields = records.fields({.value = 2});
  fields.count();                        // dropped
  fields.sum();                          // dropped
  fields.min();                          // dropped
  fields.max();                          // dropped
  fields.mean();                         // dropped
  fields.measure({count()});             // dropped
  records.map(pair).reduce_by_key(sum);  // dropped

  const KeyedStream keyed = fields.sum();
  keyed.every(1s);            // dropped
  keyed.top(1);               // dropped
  keyed.order(Order::key);    // dropped
  keyed.format(Format::csv);  // dropped
  keyed.with(Options());      // dropped
  keyed.write("-");           // dropped
  keyed.write(rows);          // dropped
  keyed.write(sink);          // dropped

  const WrittenStream written = keyed.write("-");
  written.write("b");      // dropped
  written.write(rows);     // dropped
  written.write(sink);     // dropped
  problems(Job(written));  // dropped
  start(written);          // dropped
  RunningJob job = start(written);
  job.finished();  // dropped
  job.progress();  // dropped
  job.stop();
  job.wait();
  run(written);
}
