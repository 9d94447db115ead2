// Pane by pane, a few rows at a time; synced as it grows, so that no sync takes long.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/snapshot/snapshot_writer.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include <millrace/error.h>

#include "host/log/encoding.h"

namespace millrace {
namespace {

constexpr std::size_t kRowsAtOnce = 8192;
constexpr std::size_t kChunksAtOnce = 4;
constexpr std::uint64_t kSyncBytes = std::uint64_t{8} << 20;

// How many of the first fit together: two at least, or nothing would ever be merged.
std::size_t runs_at_once(std::span<const RunPlace> runs, std::size_t memory) {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    taken += memory_of(runs[i]);
    if (taken > memory && i >= 2) return i;
  }
  return runs.size();
}

}  // namespace

SnapshotWriter::SnapshotWriter(const SnapshotOptions& options, Snapshot snapshot)
    : options_(options),
      snapshot_(std::move(snapshot)),
      memory_(options.budget),
      pane_(snapshot_.panes.end()) {}

SnapshotWriter::~SnapshotWriter() {
  remove_temporaries();
}

bool SnapshotWriter::step() {
  if (written_) return verify();
  if (!out_.file)
    begin();
  else if (merge_)
    merge_rows();
  else if (pane_ != snapshot_.panes.end())
    begin_run();
  else
    publish();
  return true;
}

void SnapshotWriter::begin() {
  std::size_t wanted = 0;
  for (const auto& [pane, runs] : snapshot_.panes)
    for (const RunPlace& run : runs.runs) wanted += memory_of(run);
  memory_.set(std::min(options_.memory, wanted), "a snapshot of the checkpoint");
  const std::string name = snapshot_name(snapshot_.head.number);
  const std::string head = encode(snapshot_.head);
  out_ = create(options_.directory / ('.' + name + ".tmp"), head,
                Decoder(std::string_view(head).substr(head.size() - 8)).fixed(8));
  write_shown(*out_.frame, snapshot_);
  pane_ = snapshot_.panes.begin();
}

SnapshotWriter::Output SnapshotWriter::create(const std::filesystem::path& path, const std::string& head,
                                              std::uint64_t checksum) {
  Output made{.path = std::make_shared<const std::filesystem::path>(path),
              .file = options_.disk.create(path, {.exclusive = true, .owner_only = true, .temporary = true}),
              .begin = head.size(),
              .frame = nullptr};
  if (!made.file) throw IoError("cannot create " + path.string() + ": somebody else makes it");
  made.file->write(std::as_bytes(std::span(head)));
  const FrameHead first{.epoch = {snapshot_.head.first_epoch - 1}, .key = true};
  made.frame = std::make_unique<FrameWriter>(*made.file, checksum, first, options_.codec);
  return made;
}

// Of the runs of a pane all that fit are merged; the last merge goes to the snapshot.
void SnapshotWriter::begin_run() {
  std::vector<RunPlace>& runs = pane_->second.runs;
  if (runs.empty()) {
    ++pane_;
    return;
  }
  const std::size_t count = runs_at_once(runs, options_.memory);
  merge_.emplace(options_.disk, std::span(runs).first(count), options_.columns, options_.codec);
  const bool last = count == runs.size();
  runs.erase(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(count));
  if (!last) {
    const std::string name = '.' + snapshot_name(snapshot_.head.number) + '.' + std::to_string(between_.size());
    between_.push_back(create(options_.directory / (name + ".tmp"), "", 0));
  }
  Output& out = last ? out_ : between_.back();
  out.frame->begin(Section::wide_run);
  data_before_ = out.frame->data_size();
  made_ = {.file = out.path,
           .width = RunWidth::wide,
           .epoch = {snapshot_.head.first_epoch - 1},
           .span = {.pane = pane_->first, .offset = out.begin + out.frame->size()}};
  out.frame->make_room(2 * kNumberBytesMax);
  put_head(out.frame->chunk(), RunWidth::wide,
           {.pane = pane_->first, .value_columns = options_.columns.size()});
  rows_.emplace(*out.frame);
}

void SnapshotWriter::merge_rows() {
  for (std::size_t i = 0; i < kRowsAtOnce; ++i) {
    const RunRow* row = merge_->next();
    if (row == nullptr) return end_run();
    rows_->add(row->key, row->count, row->values);
    ++made_.span.rows;
  }
  if (out_.frame->size() < synced_ + kSyncBytes) return;
  synced_ = out_.frame->size();
  out_.file->sync();
}

void SnapshotWriter::end_run() {
  const bool last = made_.file == out_.path;
  Output& out = last ? out_ : between_.back();
  out.frame->end();
  made_.span.bytes = out.frame->data_size() - data_before_;
  merge_.reset();
  rows_.reset();
  if (last) {
    runs_.push_back(made_);
    ++pane_;
    return;
  }
  out.frame->finish();
  out.frame.reset();  // with its buffers: there may be many
  pane_->second.runs.push_back(made_);
}

void SnapshotWriter::publish() {
  out_.frame->finish();
  bytes_ = out_.begin + out_.frame->size();
  out_.file->sync();
  const std::filesystem::path path = options_.directory / snapshot_name(snapshot_.head.number);
  options_.disk.rename(*out_.path, path);
  options_.disk.sync_directory(options_.directory);
  out_.path = std::make_shared<const std::filesystem::path>(path);
  for (RunPlace& run : runs_) run.file = out_.path;
  written_ = options_.disk.open(path);
  if (!written_) throw CorruptError("it is gone");
  const ReadHead head = read_head(*written_, FileKind::snapshot);
  reader_.emplace(*written_, head.bytes, head.checksum, options_.codec);
  if (!reader_->next() || reader_->next_section() == Section::end) throw CorruptError("it is empty");
  remove_temporaries();
}

bool SnapshotWriter::verify() {
  for (std::size_t i = 0; i < kChunksAtOnce; ++i)
    if (!reader_->next_chunk() && reader_->next_section() == Section::end) return false;
  return true;
}

void SnapshotWriter::remove_temporaries() noexcept {
  if (!written_ && out_.file) between_.push_back(std::move(out_));
  for (const Output& made : between_) {
    try {
      options_.disk.remove(*made.path);
    } catch (const Error&) {
      // The next run removes it.
    }
  }
  between_.clear();
}

}  // namespace millrace
