// Writing epochs to files through the disk seam.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/file_sink.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <millrace/error.h>

#include "io/file/output_path.h"
#include "io/format/format.h"

namespace millrace::io {
namespace {

constexpr std::string_view kPrefix = "epoch-";
constexpr std::size_t kEpochDigits = 12;

std::string epoch_name(EpochId epoch) {
  const std::string digits = std::to_string(epoch.number);
  std::string name(kPrefix);
  name.append(kEpochDigits - std::min(kEpochDigits, digits.size()), '0');
  return name + digits;
}

// The number in "epoch-NUMBER.anything".
std::optional<EpochId> epoch_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  EpochId epoch;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), epoch.number);
  if (error != std::errc{} || end == name.data() + name.size() || *end != '.') return std::nullopt;
  return epoch;
}

// A file shows the rows of an epoch once.
RowLayout without_epochs(RowLayout layout) {
  layout.epoch = false;
  return layout;
}

std::filesystem::path parent_of(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.parent_path();
  return parent.empty() ? "." : parent;
}

}  // namespace

FileSink::FileSink(const RowLayout& layout, std::filesystem::path path, Kind kind, Disk& disk, OnEvent on_event)
    : format_(without_epochs(layout), [this](std::string_view text) { write_text(text); }),
      windowed_(layout.windowed),
      extension_(extension(layout.format)),
      path_(std::move(path)),
      directory_(kind == Kind::directory ? path_ : parent_of(path_)),
      kind_(kind),
      disk_(disk),
      on_event_(std::move(on_event)) {}

std::filesystem::path FileSink::target(EpochId epoch) const {
  return kind_ == Kind::file ? path_ : directory_ / (epoch_name(epoch) + '.' + extension_);
}

std::optional<Shown> FileSink::probe(Deadline) {
  const std::filesystem::path first = target({1});
  disk_.probe(first);
  if (!windowed_) disk_.probe(partial_of(first));
  disk_.probe(TemporaryFile::a_path_for(directory_, first.filename().string()));
  if (kind_ == Kind::file) return std::nullopt;
  was_absent_ = disk_.names_of(directory_) == 0;
  if (was_absent_) return std::nullopt;
  lock_directory();
  return last_in_directory();
}

std::optional<Shown> FileSink::last_in_directory() {
  std::optional<EpochId> last;
  for (const std::string& name : disk_.list(directory_, kPrefix)) last = std::max(last, epoch_of(name));
  return last ? std::optional(Shown{*last}) : std::nullopt;
}

void FileSink::lock_directory() {
  if (!claim_) claim_ = disk_.lock(directory_);
  if (!claim_)
    throw ConfigError({"another job writes to " + directory_.string() +
                       ": name another directory, or start again when that job has ended"});
}

std::optional<Shown> FileSink::open(const JobId& job) {
  if (kind_ == Kind::file) return std::nullopt;
  job_ = job;
  const bool first = !opened_;
  claim();
  if (!manifest_) manifest_.emplace(disk_, directory_);
  const std::optional<Shown> listed = manifest_->last(job);
  if (first) require_as_listed(listed ? listed->id : EpochId{});
  return manifest_->exists() ? listed : last_in_directory();
}

// A start finds epochs in a directory only of a job that goes on. One may be there that was not listed yet.
void FileSink::require_as_listed(EpochId last) const {
  std::size_t behind = 0;
  for (const std::string& name : disk_.list(directory_, kPrefix)) {
    const auto epoch = epoch_of(name);
    behind += epoch && *epoch > last ? 1U : 0U;
  }
  const std::string file = manifest_->last_file();
  if (behind <= 1 && (file.empty() || disk_.names_of(directory_ / file) != 0)) return;
  throw ConfigError(
      {directory_.string() + " is not as its " + std::string(Manifest::kName) +
       " lists it: somebody removed that, or files of it; bring them back, or name another directory"},
      kRefused);
}

void FileSink::claim() {
  if (kind_ == Kind::file || opened_) return;
  if (made_.empty()) made_ = disk_.create_directories(directory_, {});
  lock_directory();
  if (was_absent_ && last_in_directory())
    throw ConfigError({"another job has written to " + directory_.string() +
                       " since this one started: name another directory"});
  opened_ = true;
}

// The temporary file lies where it was made: if the directory is exchanged behind this, renaming it fails.
void FileSink::require_same_directory() const {
  if (claim_ && !claim_->is_at(directory_))
    throw IoError("cannot write to " + directory_.string() +
                  ": the directory was moved, removed or replaced while the job wrote to it");
}

void FileSink::remove_what_killed_jobs_left() {
  if (kind_ == Kind::file) {
    const std::string name = path_.filename().string();
    const std::string_view kept = name_kept(name);
    remove_left_overs(disk_, directory_, kept, [&](std::string_view made) { return made == kept; });
  } else {
    remove_left_overs(disk_, directory_, kPrefix,
                      [](std::string_view made) { return epoch_of(made).has_value(); });
    remove_left_overs(disk_, directory_, Manifest::kName,
                      [](std::string_view made) { return made == Manifest::kName; });
  }
}

// Only while nobody else can have claimed them.
void FileSink::remove_made_directories() {
  if (made_.empty()) return;
  if (!claim_) claim_ = disk_.lock(directory_);
  if (!claim_ || !claim_->is_at(directory_)) return;
  for (; !made_.empty(); made_.pop_back()) disk_.remove_directory(made_.back());
}

FileSink::~FileSink() {
  temporary_.reset();
  try {
    remove_made_directories();
  } catch (...) {
    // Somebody has put something there, and keeps it.
  }
}

void FileSink::begin(const Epoch& epoch) {
  check(!temporary_, "an epoch of a sink ends before the next begins");
  claim();
  require_same_directory();
  if (!std::exchange(begun_, true)) remove_what_killed_jobs_left();
  if (manifest_ && epoch.frame != 0) manifest_->begin(job_);
  temporary_.emplace(disk_, directory_, target(epoch.id).filename().string());
  published_ = {.shown = {epoch.id, epoch.frame}, .windows = std::nullopt, .file = {}, .checksum = {}};
  checksum_.reset();
  partial_ = epoch.partial && !windowed_;
  format_.restart();
  format_.add_header();
}

void FileSink::write(std::span<const Aggregate> rows) {
  format_.add(rows);
  published_.rows += rows.size();
  if (rows.empty() || !rows.front().window) return;
  if (!published_.windows) published_.windows = rows.front().window;
  published_.windows->end = rows.back().window->end;
}

void FileSink::write_text(std::string_view text) {
  temporary_->write(std::as_bytes(std::span(text)));
  if (!manifest_) return;
  checksum_.add(text);
  published_.bytes += text.size();
}

// Behind the file: a line tells of nothing that is not there.
void FileSink::list(const Epoch& epoch) {
  if (!manifest_ || epoch.frame == 0) return;
  published_.file = target(epoch.id).filename().string();
  published_.checksum = checksum_.hex();
  manifest_->add(published_);
}

void FileSink::finish(const Epoch& epoch) {
  format_.flush();
  require_same_directory();
  const std::filesystem::path whole = target(epoch.id);
  std::filesystem::path written = whole;
  if (partial_) written = partial_of(whole);
  const bool replaces = disk_.names_of(whole) > 0;
  const bool linked = disk_.names_of(written) > 1;
  temporary_->publish(written, replaces ? whole : written);
  temporary_.reset();
  list(epoch);
  made_.clear();
  if (linked)
    warn("the file " + written.string() +
         " had other names, too (hard links): they keep what it held, and only this one has the new rows");
  if (partial_)
    warn("the partial rows are in " + written.string() +
         (replaces ? ": " + whole.string() + " is as it was" : ""));
}

void FileSink::abandon(EpochId) noexcept {
  format_.restart();
  temporary_.reset();
}

void FileSink::warn(const std::string& text) const {
  if (on_event_) on_event_({Event::Level::warning, text});
}

}  // namespace millrace::io
