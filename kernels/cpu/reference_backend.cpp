// The reference backend, the plainest that there can be: each batch is counted in submit.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/reference_backend.h"

#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "base/partial_bytes.h"
#include "kernels/batch_check.h"
#include "kernels/field.h"
#include "kernels/key.h"
#include "kernels/record.h"
#include "kernels/reduce.h"
#include "kernels/token.h"

namespace millrace {
namespace {

using Text = std::basic_string<char, std::char_traits<char>, BudgetAllocator<char>>;

struct Row {
  explicit Row(BudgetVector<std::int64_t> start) : values(std::move(start)) {}
  std::int64_t count = 0;
  BudgetVector<std::int64_t> values;  ///< one per value column
};

/// Keys and their rows. A row whose sum would leave 64 bits is set aside, and its key starts again.
struct ReferencePane {
  using Rows = std::map<Text, Row, std::less<>, BudgetAllocator<std::pair<const Text, Row>>>;
  using Spilled = std::pair<Text, Row>;
  explicit ReferencePane(MemoryBudget& budget)
      : rows(BudgetAllocator<std::pair<const Text, Row>>(budget)), spilled(BudgetAllocator<Spilled>(budget)) {}
  Rows rows;
  BudgetVector<Spilled> spilled;
  std::size_t text_bytes = 0;  ///< of all keys
};

struct Counted {
  BufferId buffer;
  BudgetVector<Reject> rejects;
};

class ReferenceBackend final : public Backend {
 public:
  ReferenceBackend(const Plan& plan, const BackendOptions& options)
      : plan_(plan),
        columns_(value_columns(plan.measures)),
        inputs_(input_values(plan)),
        budget_(*options.budget),
        batch_bytes_(options.batch_bytes == 0 ? std::size_t{1} << 20 : options.batch_bytes),
        rule_(hash_seed(options.hash_seed, options.hash_bits)) {}

  std::string_view name() const override { return "reference"; }
  bool may_fail() const override { return false; }
  HostBuffer allocate(std::size_t capacity) override { return pageable_buffer(capacity, budget_); }
  std::size_t batch_bytes() const override { return batch_bytes_; }
  unsigned in_flight_max() const override { return 1; }

  void submit(const Batch& batch) override;
  std::optional<Finished> reclaim(Wait wait) override;
  void collect(Pane pane, PartialSink& sink) override;
  std::size_t held_bytes() const override;

 private:
  void count_rows(const Batch& batch, ReferencePane& pane);
  void count_record(const char* text, Token record, ReferencePane& pane, BudgetVector<Reject>& rejects);
  void add(std::string_view key, ReferencePane& pane);
  bool sum_would_overflow(const Row& row) const;
  void hand_over(std::string_view text, const Row& row, bool unique, PartialSink& sink) const;

  const Plan plan_;
  const std::vector<ValueColumn> columns_;
  std::vector<std::int64_t> inputs_;  // of the record at hand
  MemoryBudget& budget_;
  const std::size_t batch_bytes_;
  const HashSeed rule_;
  std::map<Pane, ReferencePane> panes_;
  std::deque<Counted> counted_;
  std::optional<Counted> reclaimed_;  // its rejects are lent to the engine until the next call
};

void ReferenceBackend::submit(const Batch& batch) {
  reclaimed_.reset();
  check_batch(batch, plan_.keyed_by, inputs_.size());
  ReferencePane& pane = panes_.try_emplace(batch.pane, budget_).first->second;
  Counted counted{batch.buffer, BudgetVector<Reject>(BudgetAllocator<Reject>(budget_))};
  const char* text = reinterpret_cast<const char*>(batch.bytes.data());
  const auto size = static_cast<std::uint32_t>(batch.bytes.size());
  std::uint32_t begin = 0;
  if (batch.has_rows) {
    count_rows(batch, pane);
  } else if (!batch.ends.empty()) {
    for (const std::uint32_t end : batch.ends) {
      count_record(text, Token{begin, end - begin}, pane, counted.rejects);
      begin = end;
    }
  } else {
    while (begin < size) {
      const Token line = next_piece(text, begin, size, '\n');
      count_record(text, without_carriage_return(text, line), pane, counted.rejects);
      begin = line.offset + line.length + 1;
    }
  }
  counted_.push_back(std::move(counted));
}

void ReferenceBackend::count_rows(const Batch& batch, ReferencePane& pane) {
  const Rows& rows = batch.rows;
  const std::size_t n = rows.key_at.size();
  const char* text = reinterpret_cast<const char*>(batch.bytes.data());
  for (std::size_t row = 0; row < n; ++row) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) inputs_[i] = rows.values[i * n + row];
    add({text + rows.key_at[row], rows.key_length[row]}, pane);
  }
}

void ReferenceBackend::count_record(const char* text, Token record, ReferencePane& pane,
                                    BudgetVector<Reject>& rejects) {
  const std::uint32_t end = record.offset + record.length;
  if (plan_.keyed_by == KeyedBy::words) {
    std::string word;
    for (std::uint32_t at = record.offset;;) {
      const Token token = next_token(text, at, end, plan_.words.alphanumeric);
      if (token.length == 0) return;
      word.assign(text + token.offset, token.length);
      if (plan_.words.fold_case)
        for (char& c : word) c = fold_case(c);
      add(word, pane);
      at = token.offset + token.length;
    }
  }
  if (plan_.keyed_by == KeyedBy::split) {
    for (std::uint32_t at = record.offset;;) {
      const Token piece = next_piece(text, at, end, plan_.fields.delimiter);
      add({text + piece.offset, piece.length}, pane);
      at = piece.offset + piece.length + 1;
      if (at > end) return;
    }
  }
  if (plan_.keyed_by == KeyedBy::record) return add({text + record.offset, record.length}, pane);
  const FieldRule& rule = plan_.fields;
  const FieldView view{rule.delimiter, rule.key, rule.values.data(),
                       static_cast<std::uint32_t>(rule.values.size()), rule.scale};
  const RecordFields fields = read_fields(text, record, view, inputs_.data());
  if (!fields.counted) return rejects.push_back({record, fields.reason});
  add({text + fields.key.offset, fields.key.length}, pane);
}

void ReferenceBackend::add(std::string_view key, ReferencePane& pane) {
  auto found = pane.rows.find(key);
  if (found != pane.rows.end() && sum_would_overflow(found->second)) {
    pane.spilled.emplace_back(found->first, std::move(found->second));
    pane.rows.erase(found);
    found = pane.rows.end();
  }
  if (found == pane.rows.end()) {
    BudgetVector<std::int64_t> start{BudgetAllocator<std::int64_t>(budget_)};
    for (const ValueColumn& column : columns_) start.push_back(identity(column.combine));
    found = pane.rows.emplace(Text(key, BudgetAllocator<char>(budget_)), Row(std::move(start))).first;
    pane.text_bytes += key.size();
  }
  Row& row = found->second;
  ++row.count;
  for (std::size_t c = 0; c < columns_.size(); ++c)
    row.values[c] = reduce(columns_[c].combine, row.values[c], inputs_[columns_[c].value]);
}

bool ReferenceBackend::sum_would_overflow(const Row& row) const {
  for (std::size_t c = 0; c < columns_.size(); ++c)
    if (columns_[c].combine == Combine::sum && sum_overflows(row.values[c], inputs_[columns_[c].value]))
      return true;
  return false;
}

std::optional<Finished> ReferenceBackend::reclaim(Wait) {
  reclaimed_.reset();
  if (counted_.empty()) return std::nullopt;
  reclaimed_.emplace(std::move(counted_.front()));
  counted_.pop_front();
  return Finished{reclaimed_->buffer, true, reclaimed_->rejects};
}

void ReferenceBackend::collect(Pane pane, PartialSink& sink) {
  reclaimed_.reset();
  const auto node = panes_.extract(pane);
  if (node.empty()) return;
  const ReferencePane& taken = node.mapped();
  const bool unique = taken.spilled.empty();
  for (const auto& [text, row] : taken.rows) hand_over(text, row, unique, sink);
  for (const auto& [text, row] : taken.spilled) hand_over(text, row, unique, sink);
}

std::size_t ReferenceBackend::held_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [id, pane] : panes_)
    bytes += (pane.rows.size() + pane.spilled.size()) * partial_bytes(columns_.size()) + pane.text_bytes;
  return bytes;
}

// One row at a time: slow, and nothing to get wrong.
void ReferenceBackend::hand_over(std::string_view text, const Row& row, bool unique, PartialSink& sink) const {
  const Key key = make_key(text.data(), static_cast<std::uint32_t>(text.size()), rule_);
  const std::string_view beside = is_packed(key) ? std::string_view() : text;
  sink.add({{&key, 1}, {&beside, 1}, {&row.count, 1}, row.values, unique});
}

}  // namespace

std::unique_ptr<Backend> make_reference_backend(const Plan& plan, const BackendOptions& options) {
  return std::make_unique<ReferenceBackend>(plan, options);
}

}  // namespace millrace
