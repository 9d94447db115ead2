// Doubles for the simulator: every choice they make is drawn from one seeded generator.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <millrace/backend.h>
#include <millrace/clock.h>
#include <millrace/sink.h>
#include <millrace/source.h>

#include "host/epoch_log.h"
#include "host/pane.h"
#include "kernels/key.h"

namespace millrace::simulation {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : generator_(seed) {}
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(generator_); }
  bool one_in(int n) { return between(1, n) == 1; }

 private:
  std::mt19937_64 generator_;
};

using Counts = std::map<std::string, std::int64_t>;
using WindowCounts = std::map<std::pair<std::optional<Window>, std::string>, std::int64_t>;

/// Words from a list, one record each; fails, idles and stops short at random.
class SimSource final : public Source {
 public:
  SimSource(std::vector<std::string> words, bool replayable, bool messages, const Clock& clock, Dice& dice)
      : words_(std::move(words)),
        replayable_(replayable),
        messages_(messages),
        clock_(clock),
        dice_(dice),
        read_at_(words_.size()) {}

  ReadResult read(std::span<std::byte> into, std::vector<Record>* records, Deadline) override {
    if (records != nullptr) records->clear();
    stumble();
    if (dice_.one_in(5)) return {.status = ReadResult::Status::idle};
    if (next_ == words_.size()) return {.status = ReadResult::Status::end};
    if (revocations_ < 2 && dice_.one_in(40)) {
      ++revocations_;
      return {.status = ReadResult::Status::revoked};
    }
    std::size_t bytes = 0;
    for (int left = dice_.between(1, 6); left > 0 && next_ < words_.size(); --left) {
      const std::string text = words_[next_] + (messages_ ? "" : "\n");
      if (text.size() > into.size() - bytes) break;
      std::memcpy(into.data() + bytes, text.data(), text.size());
      if (records != nullptr) records->push_back({static_cast<std::uint32_t>(bytes + words_[next_].size())});
      bytes += text.size();
      read_at_[next_++] = clock_.now();
    }
    if (bytes == 0) return {.status = ReadResult::Status::too_big, .bytes = words_[next_].size() + 1};
    return {.status = ReadResult::Status::data, .bytes = bytes};
  }
  Offsets position() const override { return {{"sim", static_cast<std::int64_t>(next_)}}; }
  bool replayable() const override { return replayable_; }
  bool messages() const override { return messages_; }
  void seek(const Offsets& offsets) override {
    stumble();
    next_ = static_cast<std::size_t>(offsets.at(0).next);
  }
  void committed(const Offsets& offsets) override {
    stumble();
    committed_ = static_cast<std::size_t>(offsets.at(0).next);
  }
  void wake() noexcept override {}

  std::size_t next() const { return next_; }
  std::size_t committed() const { return committed_; }
  void add_prefix(std::size_t end, Counts& counts) const {
    for (std::size_t i = 0; i < end; ++i) ++counts[words_[i]];
  }
  /// All that was read, each record in the window in which it was read last.
  void add_read(const PaneClock& panes, WindowCounts& counts) const {
    for (std::size_t i = 0; i < next_; ++i) ++counts[{panes.window(panes.at(read_at_[i])), words_[i]}];
  }

 private:
  void stumble() {
    if (dice_.one_in(20)) throw TransientError("the source stumbled");
  }

  std::vector<std::string> words_;
  bool replayable_;
  bool messages_;
  const Clock& clock_;
  Dice& dice_;
  std::vector<Instant> read_at_;
  std::size_t next_ = 0;
  std::size_t committed_ = 0;
  int revocations_ = 0;
};

/// Counts words with maps. Finishes batches in any order, gives some back uncounted, and dies on demand.
class SimBackend final : public Backend {
 public:
  SimBackend(Dice& dice, bool mortal, std::string_view name = "simulated")
      : dice_(dice), mortal_(mortal), name_(name), panes_max_(dice.between(1, 3)) {}

  std::string_view name() const override { return name_; }
  bool may_fail() const override { return mortal_; }
  HostBuffer allocate(std::size_t capacity) override { return pageable_buffer(capacity, unlimited_budget()); }
  std::size_t batch_bytes() const override { return 64; }
  unsigned in_flight_max() const override { return 2; }
  int panes_max() const override { return panes_max_; }

  void submit(const Batch& batch) override {
    stumble();
    if (!panes_.contains(batch.pane))
      check(static_cast<int>(panes_.size()) < panes_max_, "no more panes than panes_max");
    panes_[batch.pane];
    in_flight_.push_back(batch);
  }

  std::optional<Finished> reclaim(Wait wait) override {
    stumble();
    if (in_flight_.empty() || (wait == Wait::no && dice_.one_in(2))) return std::nullopt;
    const auto chosen = in_flight_.begin() + dice_.between(0, static_cast<int>(in_flight_.size()) - 1);
    const Batch batch = *chosen;
    in_flight_.erase(chosen);
    Counts& counts = panes_[batch.pane];
    if (!counts.empty() && dice_.one_in(10))
      return Finished{.buffer = batch.buffer, .counted = false, .rejects = {}};
    count(batch, counts);
    return Finished{.buffer = batch.buffer, .counted = true, .rejects = {}};
  }

  void collect(Pane pane, PartialSink& sink) override {
    stumble();
    for (const auto& [word, count] : panes_[pane]) {
      const Key key = make_key(word.data(), static_cast<std::uint32_t>(word.size()), hash_rule(1, 4));
      const std::string_view text = is_packed(key) ? std::string_view() : std::string_view(word);
      sink.add({.keys = {&key, 1}, .texts = {&text, 1}, .counts = {&count, 1}, .values = {}, .unique = true});
      stumble();
    }
    panes_.erase(pane);
  }

 private:
  void stumble() {
    if (mortal_ && dice_.one_in(150)) throw DeviceError("the device fell over");
  }
  static void count(const Batch& batch, Counts& counts) {
    const std::string_view bytes(reinterpret_cast<const char*>(batch.bytes.data()), batch.bytes.size());
    std::string word;
    std::size_t next_end = 0;
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
      const bool record_end = next_end < batch.ends.size() && batch.ends[next_end] == at;
      if (record_end) ++next_end;
      const bool separator = at == bytes.size() || bytes[at] == '\n';
      if ((record_end || separator) && !word.empty()) ++counts[std::exchange(word, {})];
      if (at < bytes.size() && !separator) word += bytes[at];
    }
  }

  Dice& dice_;
  bool mortal_;
  std::string_view name_;
  int panes_max_;
  std::vector<Batch> in_flight_;
  std::map<Pane, Counts> panes_;
};

/// Keeps what every finished epoch showed; fails at random.
class SimSink final : public Sink {
 public:
  SimSink(Dice& dice, Delivery delivery) : dice_(dice), delivery_(delivery) {}

  void begin(const Epoch& told) override {
    const EpochId epoch = told.id;
    stumble();
    check(!open_ && (epochs_.empty() || epochs_.back().id < epoch), "epochs come in order");
    open_ = true;
    rows_.clear();
  }
  void write(std::span<const Aggregate> rows) override {
    stumble();
    for (const Aggregate& row : rows)
      rows_.push_back({row.window, std::string(row.key), static_cast<std::int64_t>(row.values[0])});
  }
  void finish(EpochId epoch) override {
    stumble();
    epochs_.push_back({epoch, rows_});
    open_ = false;
  }
  void abandon(EpochId) noexcept override { open_ = false; }
  std::optional<EpochId> last_finished() override { return std::nullopt; }
  Delivery delivery() const override { return delivery_; }

  struct Row {
    std::optional<Window> window;
    std::string key;
    std::int64_t count;
  };
  struct Epoch {
    EpochId id;
    std::vector<Row> rows;
  };
  const std::vector<Epoch>& epochs() const { return epochs_; }

 private:
  void stumble() {
    if (dice_.one_in(30)) throw TransientError("the sink stumbled");
  }
  Dice& dice_;
  Delivery delivery_;
  bool open_ = false;
  std::vector<Row> rows_;
  std::vector<Epoch> epochs_;
};

/// Sums up what the epochs hold, to hold it against the positions they claim.
class SimLog final : public EpochLog {
 public:
  explicit SimLog(bool durable) : durable_(durable) {}
  bool durable() const override { return durable_; }
  void append(const EpochData& epoch) override {
    check(epoch.id.number == ++appended_, "epochs are numbered without gaps");
    positions = epoch.positions;
    for (const auto& [pane, columns] : epoch.partials) {
      for (std::size_t row = 0; row < columns.size(); ++row) {
        char scratch[8];
        const Key key = columns.keys[row];
        const std::string_view text =
            is_packed(key) ? std::string_view(scratch, unpack(key, scratch)) : columns.hashed_text(row);
        counts[std::string(text)] += columns.counts[row];
      }
    }
    if (on_append) on_append();
  }
  void commit(EpochId id) override { check(id.number == ++committed_, "epochs are committed in order"); }

  std::vector<Offsets> positions;
  Counts counts;
  std::function<void()> on_append;

 private:
  bool durable_;
  std::uint64_t appended_ = 0;
  std::uint64_t committed_ = 0;
};

}  // namespace millrace::simulation
